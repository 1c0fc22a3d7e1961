/*
 * call: one command as it was typed, and the ways in which it ends.
 *
 * Errors: two lines for a person ("minga: what happened", then what to do), or with --json one
 * object on standard error. Data goes to standard output, everything else to standard error.
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "proto/control.h"
#include "replicas/fault.h"
#include "replicas/home.h"

enum call_exit { /* docs/CLI.md; verb_exit() gives the others */
                 CALL_DONE = 0,
                 CALL_FAILED = 1,
                 CALL_USAGE = 2,
                 CALL_PARTLY = 3,
                 CALL_NEEDS_PERSON = 4,
                 CALL_NOT_VERIFIED = 5,
};

struct verbs_entry;

struct call_option {
    const char *name, *value; /* value "" for a switch */
};

struct call { /* borrows from main's arguments */
    const struct verbs_entry *verb;
    char home[HOME_PATH_MAX];
    bool home_is_default; /* nobody named one */
    bool json, no_input, quiet, verbose, no_color, help, version;
    uint32_t word_count;
    const char *words[CONTROL_WORDS_MAX];
    uint32_t option_count;
    struct call_option options[CONTROL_OPTIONS_MAX]; /* of the verb, no name twice */
};

/* call_option(): an option's value, "" for a switch; NULL: not given. */
const char *call_option(const struct call *c, const char *name);
bool call_has(const struct call *c, const char *name);

/* call_fail(): say what went wrong; returns the exit code of f->code. */
int call_fail(const struct call *c, const struct fault *f);

/* call_end(): say how a request ended ("ok" says nothing); returns its exit code. */
int call_end(const struct call *c, const char *code, const char *text, const char *fix, int exit);

/* call_say(): one line for a person on standard error; nothing with --quiet or --json. */
void call_say(const struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* call_row(): one JSON object (text, with its braces) as the answer in --json mode. */
void call_row(const struct call *c, struct bytes json);

#endif
