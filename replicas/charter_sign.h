/*
 * charter_sign: signatures under a charter version: what is signed, and how it stands in the file.
 */
#ifndef REPLICAS_CHARTER_SIGN_H
#define REPLICAS_CHARTER_SIGN_H

#include "replicas/charter.h"

/* charter_sign(): fill s->signature; s->key, s->admin and s->round are set. */
void charter_sign(uint32_t version, const struct digest *hash, const uint8_t secret[static 64],
                  struct charter_signature *s);

/* charter_sign_verify(): Errors: ST_BAD_SIGNATURE */
MUST_USE enum status charter_sign_verify(uint32_t version, const struct digest *hash,
                                         const struct charter_signature *s);

/* charter_sign_armour(): the signature as ssh-keygen writes it, appended. */
void charter_sign_armour(const struct charter_signature *s, struct buf *out);

/* charter_sign_read(): the exact inverse, into s->key and s->signature.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL */
MUST_USE enum status charter_sign_read(struct bytes armour, struct charter_signature *s);

#endif
