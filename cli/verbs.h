/*
 * verbs: the table of commands: one entry each. Options of a command are names with a space between
 * them; a name that ends in '=' takes a value.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/call.h"

enum {
    VERBS_ARGUMENTS_MAX = 1100, /* words of a command line, options included */
    VERBS_OPTIONS_MAX = 16,     /* of one verb */
    VERBS_OPTION_BYTES = 32,    /* "--name" and its NUL */
    VERBS_EXAMPLES_MAX = 4,
};

enum verbs_group {
    VERBS_BEGIN,
    VERBS_RECORDS,
    VERBS_STORY,
    VERBS_FUNDS,
    VERBS_SYNC,
    VERBS_CARE,
    VERBS_GROUPS
};

struct verbs_entry {
    const char *name;
    enum verbs_group group;
    const char *usage;   /* behind "minga " */
    const char *summary; /* trn() */
    const char *options;
    uint32_t words_min, words_max;
    int (*run)(struct call *c);
    const char *examples[VERBS_EXAMPLES_MAX]; /* behind "minga "; up to the first NULL */
    const char *details; /* trn(); a paragraph for the verb's own help, or NULL */
};

const struct verbs_entry *verbs_find(const char *name); /* NULL: none */
const char *verbs_nearest(const char *name);            /* NULL: nothing near */
const struct verbs_entry *verbs_at(uint32_t index);     /* NULL: past the end */

/* verbs_option(): the option "--name" (text, 'bytes' of it), without its dashes, from a table that
 * stays; NULL: the verb has none of that name. */
const char *verbs_option(const struct verbs_entry *verb, const char *text, size_t bytes,
                         bool *wants_value_out);

/* verbs_options(): every "--name" of a verb; returns their number. */
uint32_t verbs_options(const struct verbs_entry *verb,
                       char out[static VERBS_OPTIONS_MAX][VERBS_OPTION_BYTES]);

#endif
