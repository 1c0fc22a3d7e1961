/*
 * outbox: the effects of one step, in order, and the memory that they lend until the next step.
 *
 * Owns the list (of fixed size, taken at the start, so that an effect always has a place) and the
 * blocks behind outbox_keep(). Invariant: count <= EFFECTS_MAX; whoever adds many effects asks
 * outbox_is_tight() first and goes on in a later step.
 */
#ifndef PROTO_OUTBOX_H
#define PROTO_OUTBOX_H

#include "proto/core.h"

struct outbox_block;

struct outbox {
    struct core_effect *list;
    uint32_t count;
    struct outbox_block *blocks;
};

/* Errors: ST_NO_MEMORY */
MUST_USE enum status outbox_init(struct outbox *o);
void outbox_release(struct outbox *o);

/* outbox_reset(): a new step begins; what was lent is gone. */
void outbox_reset(struct outbox *o);

/* outbox_is_tight(): too little room is left for another round of work of one link. */
bool outbox_is_tight(const struct outbox *o);

/* outbox_add(): one more effect, zeroed but for these. Only when there is room. */
struct core_effect *outbox_add(struct outbox *o, enum core_effect_kind kind, link_id link);

/* outbox_keep(): a copy that lives until the next step; NULL: no memory. */
void *outbox_keep(struct outbox *o, const void *data, size_t count);

/*
 * outbox_keep_items(): copies of all runs of bytes, and the array of them, for an effect.
 * Errors: ST_NO_MEMORY
 */
MUST_USE enum status outbox_keep_items(struct outbox *o, const struct bytes *items, uint32_t count,
                                       const struct bytes **out);

/* outbox_log(): a line for the journal of the machine, 'level' 3 .. 7; dropped where it has no
 * room or memory. */
void outbox_log(struct outbox *o, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
