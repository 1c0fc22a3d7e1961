/*
 * tree_pair: two trees walked side by side, for their difference and their join. An explicit stack
 * of levels; who walks goes down only where ids differ.
 */
#ifndef REPLICAS_TREE_PAIR_H
#define REPLICAS_TREE_PAIR_H

#include "replicas/tree_entry.h"
#include "replicas/tree_path.h"

struct tree_pair_side {
    struct buf data; /* a copy: callbacks may tidy the store */
    struct tree_entry_cursor cursor;
    struct oid id;
};

struct tree_pair_level {
    struct tree_pair_side a, b;
    struct buf out;          /* of a join */
    size_t path_count;       /* of the path to this folder */
    struct tree_entry child; /* what the level below is joining */
};

struct tree_pair {
    struct store *s;
    struct tree_pair_level levels[TREE_DEPTH_MAX];
    size_t depth;
    struct tree_path path;
    struct fault *f;
};

/* tree_pair_enter(): stand at the start of two folders (either may be none) on p->depth, whose path
 * is p->path. Errors: as tree_entry_read() */
MUST_USE enum status tree_pair_enter(struct tree_pair *p, const struct oid *a, const struct oid *b);

/* tree_pair_enter_below(): the same, a level deeper. Errors: ST_CORRUPT  deeper than any of ours */
MUST_USE enum status tree_pair_enter_below(struct tree_pair *p, const struct oid *a,
                                           const struct oid *b);

/*
 * tree_pair_next(): take the next name of either side off both, and make p->path its path. Where a
 * side lacks it, its id is zero. The name borrows from the level's data. Not at the level's end.
 * Errors: ST_CORRUPT  a tree is malformed, a path too long
 */
MUST_USE enum status tree_pair_next(struct tree_pair *p, struct tree_pair_level *l,
                                    struct tree_entry *out, struct oid *a_out, struct oid *b_out);

bool tree_pair_level_ends(const struct tree_pair_level *l);

void tree_pair_release(struct tree_pair *p);

#endif
