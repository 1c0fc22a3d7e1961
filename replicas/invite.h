/*
 * invite: who is invited: the verb invite, and the stored invitations that the daemon answers
 * joiners with.
 *
 * An invitation is one file of mode 0600, home/invitations/<id in hex>, msgpack:
 * [1, id, secret, label, role, admin, treasurer, expires, key that used it or an empty binary].
 * It is used by one key; the same key is admitted again as often as it asks.
 */
#ifndef REPLICAS_INVITE_H
#define REPLICAS_INVITE_H

#include "replicas/invitation.h"
#include "replicas/verb.h"

/* invite_new(): invite LABEL [role] [rights=admin,treasurer] [expires=7d] [address=HOST:PORT];
 * row: link, expires, role, label. Errors: ST_NOT_ALLOWED (no admin), ST_EXISTS, ST_USAGE */
MUST_USE enum status invite_new(const struct verb_call *call, struct fault *f);

struct invite {
    uint8_t id[INVITATION_ID_BYTES];
    uint8_t secret[INVITATION_SECRET_BYTES];
    char label[LABEL_BYTES_MAX + 1];
    enum charter_role role;
    bool admin, treasurer;
    int64_t expires; /* seconds since 1970 */
    bool expired;    /* by this machine's clock, now */
    bool used;
    struct key used_by;
};

/* invite_each(): every stored one, also expired and used ones, at most INVITATIONS_MAX, in order
 * of their ids; each lent for the call, wiped after it. */
typedef void (*invite_fn)(void *user, const struct invite *i);
MUST_USE enum status invite_each(struct replica *r, invite_fn each, void *user, struct fault *f);

/*
 * invite_admit(): make 'key' a member by an invitation; the charter is durable on return.
 * address    where the newcomer listens, host:port, or empty.
 * label_out  LABEL_BYTES_MAX + 1 bytes: what it is called.
 * Errors: ST_NOT_FOUND  no such invitation; ST_EXPIRED; ST_USED  by another key
 *         ST_EXISTS, ST_NOT_ALLOWED, ST_NEEDS_PERSON  as charter_add_member(); ST_IO, ST_DISK_FULL
 */
MUST_USE enum status invite_admit(struct replica *r, struct bytes id, const struct key *key,
                                  struct bytes address, char *label_out, struct fault *f);

#endif
