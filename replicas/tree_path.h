/*
 * tree_path: a path that grows and shrinks by whole names while a tree is walked.
 */
#ifndef REPLICAS_TREE_PATH_H
#define REPLICAS_TREE_PATH_H

#include "replicas/tree.h"

struct tree_path {
    char text[TREE_PATH_MAX + 1];
    size_t count;
};

/* tree_path_push(): append '/' where needed and 'name'. Errors: ST_TOO_LARGE  *p is unchanged */
MUST_USE enum status tree_path_push(struct tree_path *p, struct bytes name);

/* tree_path_cut(): back to the first 'count' bytes (<= p->count). */
void tree_path_cut(struct tree_path *p, size_t count);

#endif
