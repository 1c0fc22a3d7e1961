/*
 * nearest: "did you mean": the closest of some names by edit distance.
 */
#ifndef REPLICAS_NEAREST_H
#define REPLICAS_NEAREST_H

#include "proto/bytes.h"

enum { NEAREST_BYTES_MAX = 64 }; /* longer texts are near nothing */

/* nearest_distance(): insertions, deletions, replacements and swaps of neighbours that lead
 * from a to b;
 * NEAREST_BYTES_MAX + 1 where either is longer than that. */
unsigned nearest_distance(struct bytes a, struct bytes b);

/* A search under way; begin with a zeroed one and 'wanted'. */
struct nearest {
    struct bytes wanted;
    const char *best; /* the answer: NULL where nothing is near enough to be meant */
    unsigned distance;
};

/* nearest_offer(): 'name' (borrowed for as long as the answer is used) is one candidate. */
void nearest_offer(struct nearest *n, const char *name);

#endif
