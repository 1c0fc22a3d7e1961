/*
 * bases: the joins that were made last, by the commits that were joined. Offices that have heard
 * the same build on the same commits, each of them: their base is joined once.
 */
#ifndef REPLICAS_BASES_H
#define REPLICAS_BASES_H

#include "proto/id.h"
#include "proto/limits.h"

enum { BASES_MAX = 32 }; /* as many offices as may have heard the same at one time */

struct base {
    uint32_t parents[PARENTS_MAX]; /* nodes of the graph, ascending */
    uint32_t count;                /* 0: free */
    struct oid tree;
};

struct bases {
    struct base kept[BASES_MAX];
    uint32_t next; /* the oldest gives way */
};

/* bases_find(): the join of these nodes' trees, in whatever order they come, or NULL; lent until
 * the next bases_keep(). The caller checks that the store still has it. */
const struct oid *bases_find(const struct bases *b, const uint32_t *parents, uint32_t count);
void bases_keep(struct bases *b, const uint32_t *parents, uint32_t count, const struct oid *tree);

#endif
