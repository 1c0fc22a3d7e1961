/*
 * theirs: what is known of the commits that a peer has, told by itself over one link.
 *
 *   has      its heads, by its last HEADS or STORED and by its pushes since
 *   base     its heads at the last time when we knew all of them
 *   summary  commits of its past, by its last SUMMARY
 *   dropped  commits that it will not keep, and whose past it has or dropped; the last of them
 *   recent   ids that it has and that were replaced in 'has', newest first out of a ring
 *
 * Owns all of it. Bounded: HEADS_MAX and THEIRS_HEADS_MAX, SUMMARY_IDS_MAX, THEIRS_RECENT.
 */
#ifndef PROTO_THEIRS_H
#define PROTO_THEIRS_H

#include "proto/idset.h"
#include "proto/message.h"

enum {
    THEIRS_HEADS_MAX = 2 * HEADS_MAX, /* told, and pushed since */
    THEIRS_RECENT = 512,
    THEIRS_DROPPED = 256, /* of more some are sent, and dropped, again */
};

struct theirs_head {
    char label[LABEL_BYTES_MAX + 1];
    struct oid id;
};

struct theirs {
    bool known;               /* a whole HEADS was read */
    bool summarized;          /* a SUMMARY was read */
    struct theirs_head *told; /* as HEADS told, ascending by label */
    uint32_t told_count;
    struct idset has, base, summary;
    struct oid recent[THEIRS_RECENT];
    uint32_t recent_count, recent_next;
    struct oid dropped[THEIRS_DROPPED];
    uint32_t dropped_count, dropped_next;
};

void theirs_release(struct theirs *t);

/*
 * theirs_take_heads(), _stored(), _summary(): what a message tells.
 * Errors: ST_NO_MEMORY  unchanged
 *         ST_PROTOCOL   a change of HEADS before whole HEADS; unchanged
 *         ST_TOO_LARGE  more than HEADS_MAX heads in all; unchanged
 */
MUST_USE enum status theirs_take_heads(struct theirs *t, const struct msg_heads *m);
MUST_USE enum status theirs_take_stored(struct theirs *t, const struct msg_stored *m);
MUST_USE enum status theirs_take_summary(struct theirs *t, const struct msg_summary *m);

/* theirs_forget_dropped(): it asks for more: what it would not keep before it may keep now. */
void theirs_forget_dropped(struct theirs *t);

/* theirs_note(): it has this commit, and so its parents. Errors: ST_NO_MEMORY */
MUST_USE enum status theirs_note(struct theirs *t, const struct oid *id, const struct oid *parents,
                                 uint32_t parent_count);

/* theirs_settle(): all of 'has' is known here. Errors: ST_NO_MEMORY */
MUST_USE enum status theirs_settle(struct theirs *t);

/* theirs_recall(): it has this, though it may be no head of it. */
void theirs_recall(struct theirs *t, const struct oid *id);

/* theirs_knows(): it certainly has this; false may mean that we do not remember. */
bool theirs_knows(const struct theirs *t, const struct oid *id);

#endif
