/*
 * invitation: the link by which an office joins a network: "minga:" and base64url text, short
 * enough for a message or a QR code. Whoever holds it can join once: it is a secret.
 *
 * Bytes (msgpack array): [1, network id, newest charter's hash, address, inviter's key, id, secret,
 * label, role, expires], then the first 4 bytes of BLAKE2b over "minga/link/1" and them, so that a
 * link cut short or mistyped is told from one that is not known.
 */
#ifndef REPLICAS_INVITATION_H
#define REPLICAS_INVITATION_H

#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/charter.h"

enum {
    INVITATION_ID_BYTES = 16,
    INVITATION_SECRET_BYTES = 32,
    INVITATION_LINK_MAX = 1024, /* characters, without a NUL */
};

struct invitation {
    struct digest network;
    struct digest charter;               /* hash of the newest version when it was made */
    char address[ADDRESS_BYTES_MAX + 1]; /* the inviter's, host:port */
    struct key inviter;
    uint8_t id[INVITATION_ID_BYTES];
    uint8_t secret[INVITATION_SECRET_BYTES];
    char label[LABEL_BYTES_MAX + 1]; /* what the newcomer will be called */
    enum charter_role role;
    int64_t expires; /* seconds since 1970, 1 .. 2^53 - 1 */
};

/* invitation_encode(): the link's text, appended. Check buf_status(). */
void invitation_encode(const struct invitation *i, struct buf *out);

/*
 * invitation_decode(): the exact inverse; white space around it is passed over.
 * Errors: ST_MALFORMED  no link, cut short or mistyped (the fault says what to do)
 *         ST_NO_MEMORY; *out is unchanged
 */
MUST_USE enum status invitation_decode(struct bytes text, struct invitation *out, struct fault *f);

#endif
