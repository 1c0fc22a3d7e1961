/*
 * kinds: the transactions that are cut off, each by a name. 'prepare' brings the offices to where
 * it begins, 'run' is recorded. Both do what a daemon or a command does, by the same calls.
 */
#ifndef TESTS_CRASH_KINDS_H
#define TESTS_CRASH_KINDS_H

#include "tests/crash/stage.h"

struct kind {
    const char *name;
    void (*prepare)(struct stage *s);
    void (*run)(struct stage *s);
    bool often; /* one of those that continuous integration takes */
};

struct kinds {
    const struct kind *list;
    size_t count;
};

extern const struct kinds kinds_records, kinds_charters, kinds_sealed, kinds_files;

/* kinds_plain(): two offices; the subject, which founded the network and is its admin, has families
 * ids[0] and ids[1] in its packs, and ids[2] only in its journal. */
void kinds_plain(struct stage *s);

#endif
