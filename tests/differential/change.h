/*
 * change: what a mutant differs in. Everything is decided by a chance, which its seed decides.
 */
#ifndef TESTS_DIFFERENTIAL_CHANGE_H
#define TESTS_DIFFERENTIAL_CHANGE_H

#include "proto/item.h"

struct chance {
    uint64_t state;
};

uint32_t chance_below(struct chance *c, uint32_t bound);

/* change_item(): one or two members; 'room' holds what they then borrow. 'other' and 'tree': a
 * commit and a tree of the history. */
void change_item(struct item *item, struct bytes *subject, const struct oid *other,
                 const struct oid *tree, struct chance *c, struct buf *room);

/* change_bytes(): a few bytes of anything. change_text(): header lines and bytes of a commit
 * without signature. change_armour(): a signature as a header, mostly as git folds it.
 * change_unsign(): a commit without its signature. All are appended to 'out'. */
void change_bytes(struct bytes in, struct chance *c, struct buf *out);
void change_text(struct bytes in, struct chance *c, struct buf *out);
void change_armour(struct bytes armour, struct chance *c, struct buf *out);
void change_unsign(struct bytes commit, struct buf *out);

/* change_tree(): an entry's mode, name or place. change_descend(): one of its folders; false: it
 * has none. */
void change_tree(struct bytes in, struct chance *c, struct buf *out);
bool change_descend(struct bytes tree, struct chance *c, struct oid *id);

#endif
