/*
 * wrote: which commit wrote which entry, noted as commits come: for a replica without a journal,
 * which cannot be asked afterwards. A book needs it (booking_origin.c).
 */
#ifndef REPLICAS_WROTE_H
#define REPLICAS_WROTE_H

#include "replicas/op_list.h"

struct wrote_entry {
    uint32_t node;
    uint8_t entry[ENTRY_ID_BYTES];
};

struct wrote {
    struct wrote_entry *list; /* ascending by node */
    uint32_t count, room;
};

/* wrote_note(): commit 'node' holds these operations. Errors: ST_NO_MEMORY */
MUST_USE enum status wrote_note(struct wrote *w, uint32_t node, const struct op_list *ops);

/* wrote_first(): where the entries of commit 'node' begin in the list. */
uint32_t wrote_first(const struct wrote *w, uint32_t node);

void wrote_free(struct wrote *w); /* NULL: nothing happens */

#endif
