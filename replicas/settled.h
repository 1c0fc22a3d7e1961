/*
 * settled: how far a commit has come: in the past of how many of the offices' own commits. A commit
 * below a majority of the offices is settled: no one office can undo that it was seen.
 *
 * The offices are those in force by the newest charter; auditors and partners do not count. An
 * office stands for what its own key wrote and what that reaches, so its own commits count for it.
 */
#ifndef REPLICAS_SETTLED_H
#define REPLICAS_SETTLED_H

#include "replicas/replica.h"

struct settled {
    struct graph *graph;
    uint32_t offices;           /* in force */
    uint32_t keys[MEMBERS_MAX]; /* of those that have written */
    uint32_t key_count;
};

/* settled_begin(): for the graph as it is now; owns nothing. */
void settled_begin(struct settled *s, struct replica *r);

/* settled_by(): how many offices have the commit in the past of what they wrote, or wrote it. */
uint32_t settled_by(const struct settled *s, uint32_t node);

/* settled_enough(): whether so many are a majority. */
bool settled_enough(const struct settled *s, uint32_t by);

/* settled_waiting(): how many commits of this office that hold operations are not settled yet. */
uint32_t settled_waiting(struct replica *r);

#endif
