/*
 * roster: who is a member, and who is invited: the verbs member, invite and whoami, and the stored
 * invitations that the daemon answers joiners with.
 *
 * An invitation is one file of mode 0600, home/invitations/<id in hex>, msgpack:
 * [1, id, secret, label, role, admin, treasurer, expires, key that used it or an empty binary].
 * It is used by one key; the same key is admitted again as often as it asks.
 */
#ifndef REPLICAS_ROSTER_H
#define REPLICAS_ROSTER_H

#include "replicas/invitation.h"
#include "replicas/verb.h"

/* roster_member(): member [list] | show LABEL; a row each: label, role, rights, fingerprint, key,
 * address, self, seq. */
MUST_USE enum status roster_member(const struct verb_call *call, struct fault *f);

/* roster_invite(): invite LABEL [role] [rights=admin,treasurer] [expires=7d] [address=HOST:PORT];
 * row: link, expires, role, label. Errors: ST_NOT_ALLOWED (no admin), ST_EXISTS, ST_USAGE */
MUST_USE enum status roster_invite(const struct verb_call *call, struct fault *f);

/* roster_whoami(): row: network, network_id, office, role, rights, fingerprint, key, address. */
MUST_USE enum status roster_whoami(const struct verb_call *call, struct fault *f);

struct roster_invitation {
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

/* roster_invitations(): every stored one, also expired and used ones, at most INVITATIONS_MAX, in
 * order of their ids; each lent for the call, wiped after it. */
typedef void (*roster_invitation_fn)(void *user, const struct roster_invitation *i);
MUST_USE enum status roster_invitations(struct replica *r, roster_invitation_fn each, void *user,
                                        struct fault *f);

/*
 * roster_admit(): make 'key' a member by an invitation; the charter is durable on return.
 * address    where the newcomer listens, host:port, or empty.
 * label_out  LABEL_BYTES_MAX + 1 bytes: what it is called.
 * Errors: ST_NOT_FOUND  no such invitation; ST_EXPIRED; ST_USED  by another key
 *         ST_EXISTS, ST_NOT_ALLOWED, ST_NEEDS_PERSON  as charter_add_member(); ST_IO, ST_DISK_FULL
 */
MUST_USE enum status roster_admit(struct replica *r, struct bytes id, const struct key *key,
                                  struct bytes address, char *label_out, struct fault *f);

enum { ROSTER_FINGERPRINT_BYTES = 64 };

/* roster_fingerprint(): "SHA256:…" as ssh-keygen -l shows it, with a NUL. */
void roster_fingerprint(const struct key *key, char out[static ROSTER_FINGERPRINT_BYTES]);

#endif
