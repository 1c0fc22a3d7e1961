/*
 * many: many seeds, in several processes side by side; what happened in all of them together, and
 * what never did.
 */
#ifndef TESTS_SIM_MANY_H
#define TESTS_SIM_MANY_H

#include <stdbool.h>
#include <stdint.h>

enum { MANY_JOBS_MAX = 64 };

struct many_options {
    uint64_t first, count;
    uint32_t jobs;
    bool all;    /* go on after a failure */
    bool hashes; /* print each seed's trace hash, and nothing else */
};

/* many_run(): 0; 1: a seed failed, or something never happened. */
int many_run(const struct many_options *o);

#endif
