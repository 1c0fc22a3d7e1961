/*
 * view: this side as the shell last told it: the newest charter, the heads, the invitations. The
 * core decides by it and never looks behind it.
 *
 * Owns copies of everything. Invariants: the charter's version never goes back; labels of 'groups'
 * ascend; 'heads' is all their ids.
 */
#ifndef PROTO_VIEW_H
#define PROTO_VIEW_H

#include "proto/core.h"
#include "proto/idset.h"
#include "proto/message.h"

struct view_member {
    char label[LABEL_BYTES_MAX + 1];
    char address[ADDRESS_BYTES_MAX + 1]; /* "" unknown */
    struct key key;
    uint8_t x25519[KEY_BYTES]; /* the key as Noise shows it */
    enum core_role role;
};

struct view_retired { /* a former member's key */
    struct key key;
    uint8_t x25519[KEY_BYTES];
};

struct view_motion {
    struct bytes bytes; /* owned */
    uint64_t since;     /* the generation of motions in which it came to be so */
};

struct view_group { /* the heads of one label: ids[first .. first + count - 1] */
    char label[LABEL_BYTES_MAX + 1];
    uint32_t first, count;
    uint64_t changed; /* the generation of 'heads' in which they came to be these */
};

struct view_invitation {
    uint8_t id[64];
    size_t id_bytes;
    uint8_t secret[KEY_BYTES];
    bool expired, used;
    struct key used_by;
};

struct view {
    uint32_t version; /* 0: no charter yet */
    struct digest hash;
    struct view_member *members;
    uint32_t member_count;
    struct bytes *files; /* owned; versions 1 .. version */
    struct view_retired *retired;
    uint32_t retired_count;

    uint64_t motioned; /* the generation of motions: one more with every change */
    struct view_motion *motions;
    uint32_t motion_count;

    uint64_t generation; /* of the heads: 1 with the first CORE_HEADS */
    uint64_t whole;      /* the generation in which a label was last lost */
    struct view_group *groups;
    uint32_t group_count;
    struct oid *ids; /* by group, ascending inside */
    struct idset heads;

    struct view_invitation *invitations;
    uint32_t invitation_count;
};

void view_release(struct view *v);

/*
 * view_set_charter(), view_set_motions(), view_set_heads(), view_set_invitations(): take what the
 * event tells. Of motions the first MOTIONS_MAX count.
 * Errors: ST_NO_MEMORY   nothing has changed
 *         ST_MALFORMED   a member's key has no X25519 form; nothing has changed
 *         ST_TOO_LARGE   over a limit of limits.h; nothing has changed
 */
MUST_USE enum status view_set_charter(struct view *v, const struct core_event *e);
MUST_USE enum status view_set_motions(struct view *v, const struct core_event *e);
MUST_USE enum status view_set_heads(struct view *v, const struct core_event *e);
MUST_USE enum status view_set_invitations(struct view *v, const struct core_event *e);

/* Those that give a pointer give NULL where there is none. */
const struct view_member *view_member_of_key(const struct view *v, const struct key *key);
const struct view_member *view_member_of_x25519(const struct view *v,
                                                const uint8_t key[static KEY_BYTES]);
const struct view_retired *view_retired_x25519(const struct view *v,
                                               const uint8_t key[static KEY_BYTES]);

/* view_is_retired(): the key is a former member's. view_role(): of a member; CORE_PARTNER, the
 * least, of anybody else. */
bool view_is_retired(const struct view *v, const struct key *key);
enum core_role view_role(const struct view *v, const struct key *key);
const struct view_invitation *view_invitation(const struct view *v, struct bytes id);

/* view_tell_heads(): HEADS of what changed after generation 'since' (0: whole). Borrows labels. */
void view_tell_heads(const struct view *v, uint64_t since, struct msg_heads *out);

#endif
