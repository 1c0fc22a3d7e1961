/*
 * index_steps: which rows of the index a difference of state trees writes and removes, by the paths
 * of records. Accounts, charters and whatever else lies in a tree are no rows.
 */
#ifndef REPLICAS_INDEX_STEPS_H
#define REPLICAS_INDEX_STEPS_H

#include "proto/id.h"
#include "proto/limits.h"

struct index_step {
    struct oid blob; /* the record's file; zero: it is gone */
    uint32_t type;   /* in types */
    char id[ENTRY_ID_TEXT + 1];
};

struct index_steps {
    struct index_step *list; /* in the order of their coming */
    size_t count, capacity;
    char (*types)[NAME_BYTES_MAX + 1];
    uint32_t type_count;
};

/* index_steps_add(): a tree_diff_fn with a struct index_steps as its user.
 * Errors: ST_NO_MEMORY  the steps before stay */
MUST_USE enum status index_steps_add(void *user, const char *path, const struct oid *a,
                                     const struct oid *b);
void index_steps_release(struct index_steps *s);

#endif
