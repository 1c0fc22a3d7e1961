/*
 * command: an entry's words for `add` as the words of `fund`, the command for people.
 */
#ifndef TESTS_FUNDS_COMMAND_H
#define TESTS_FUNDS_COMMAND_H

#include "tests/funds/story.h"

/* command_make(): to the same effect, typed at the office of this label. false: there is no such
 * command (it is another office's entry, or says what no option says). */
bool command_make(const struct act *entry, const char *label, bool anyway, struct act *out);

#endif
