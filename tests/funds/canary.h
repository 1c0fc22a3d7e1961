/*
 * canary: what minga-funds-canary breaks on purpose: "cover", "owner", "rule" or "unit" (canary.c).
 */
#ifndef TESTS_FUNDS_CANARY_H
#define TESTS_FUNDS_CANARY_H

#include <stdbool.h>

/* canary_choose(): break it from now on; false: there is no such thing. */
bool canary_choose(const char *name);

#endif
