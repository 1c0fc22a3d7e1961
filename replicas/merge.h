/*
 * merge: the join of whole trees: records as CRDTs, everything else as a union of files.
 */
#ifndef REPLICAS_MERGE_H
#define REPLICAS_MERGE_H

#include "replicas/tree.h"

/* merge_trees(): the join of two trees; walks only where ids differ. 'a' or 'b' may be zero.
 * Errors: as tree_join(); ST_CORRUPT  a record that is not canonical */
MUST_USE enum status merge_trees(struct store *s, const struct oid *a, const struct oid *b,
                                 struct oid *out, struct fault *f);

/* merge_blobs(): the join of two versions of one file, by what its path says it is. */
MUST_USE enum status merge_blobs(struct store *s, const char *path, const struct oid *a,
                                 const struct oid *b, struct oid *out, struct fault *f);

#endif
