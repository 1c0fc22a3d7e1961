/*
 * counting: which commits of a history have to count, by the words of the design and without the
 * code under test: what keys in force wrote, the kept heads of retired keys, and all that these
 * reach.
 */
#ifndef TESTS_SIM_COUNTING_H
#define TESTS_SIM_COUNTING_H

#include "replicas/graph.h"

/* counting_wrong(): the last commit that counts and should not, or the other way round;
 * GRAPH_NONE: there is none. waiting_out: how many do not count. */
uint32_t counting_wrong(const struct graph *g, const struct charter *newest, uint32_t *waiting_out);

#endif
