/*
 * iati_groups: what was spent, by currency, budget line and month, so that no sum tells what fewer
 * than a small cell of enterprises were paid. Private to iati*.c.
 */
#ifndef REPLICAS_IATI_GROUPS_H
#define REPLICAS_IATI_GROUPS_H

#include "replicas/book.h"

struct iati_group {
    const char *currency;
    const char *line;    /* NULL: several lines */
    int32_t first, last; /* days of its entries */
    int64_t amount;      /* minor units, > 0 */
    uint32_t entries;
    bool of_people;       /* some of it was paid to enterprises: to a small cell of them at least */
    uint32_t enterprises; /* that were */
};

struct iati_groups {
    struct iati_group *items; /* by currency, line, first day; those of several lines last */
    uint32_t count;
    uint32_t left_out; /* entries that no group could hold */
};

/* iati_groups_init(): of what was spent and not reversed. Errors: ST_NO_MEMORY: *out is empty */
MUST_USE enum status iati_groups_init(const struct book *b, uint32_t small_cell,
                                      struct iati_groups *out);
void iati_groups_release(struct iati_groups *g);

#endif
