/*
 * charter_file: one version's exact bytes as they are written, and what may stand in them. Knows
 * one version only; the rules between versions are charter_chain's.
 */
#ifndef REPLICAS_CHARTER_FILE_H
#define REPLICAS_CHARTER_FILE_H

#include "replicas/charter.h"

/* charter_file_add_body(): the body's bytes from c's members, retired, limits_json, schema_json,
 * network, previous and version, appended. Check buf_status(). */
void charter_file_add_body(const struct charter *c, struct buf *out);

/* charter_file_hash(): BLAKE2b-256 of a body. */
void charter_file_hash(struct bytes body, struct digest *out);

/* charter_file_add(): the whole file around 'body' with c's signatures, appended. */
void charter_file_add(const struct charter *c, struct bytes body, struct buf *out);

void charter_file_free(struct charter *c);

/* charter_file_check_member(): label, role, rights and address as they may stand in a charter.
 * Errors: ST_BAD_VALUE */
MUST_USE enum status charter_file_check_member(const struct charter_member *m, struct fault *f);

/* charter_file_check_network(): a name of 1 to NAME_BYTES_MAX bytes without control characters. */
bool charter_file_check_network(struct bytes name);

#endif
