/*
 * canary: rules of the code under test, broken on purpose: for a whole run, which the judge then
 * has to catch (a test of the test), or while one office writes what all others have to refuse.
 *
 * The linker puts our functions before the real ones (--wrap), so that what is shipped knows
 * nothing of it.
 */
#ifndef TESTS_FUNDS_CANARY_H
#define TESTS_FUNDS_CANARY_H

#include <stdbool.h>

/* canary_choose(): "cover", "owner", "rule" or "unit" (canary.c) from now on; false: there is no
 * such thing. */
bool canary_choose(const char *name);

/* canary_cheat(): no debit needs cover, until it is switched off. */
void canary_cheat(bool on);

#endif
