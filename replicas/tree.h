/*
 * tree: git trees by path: find, edit in a batch, walk, difference, join. Equal subtrees are never
 * entered; no git_diff. Paths are relative, '/'-separated, at most TREE_PATH_MAX bytes and
 * TREE_DEPTH_MAX levels; blobs have mode 100644; there are no empty trees but the empty root.
 */
#ifndef REPLICAS_TREE_H
#define REPLICAS_TREE_H

#include "replicas/store.h"

enum { TREE_PATH_MAX = 320, TREE_DEPTH_MAX = 8 };

struct tree_change {
    const char *path; /* of a blob */
    struct oid blob;  /* zero: remove */
};

/* tree_empty(): the id of the empty tree (4b825dc6…); also means "no tree" as a zero oid does. */
void tree_empty(struct oid *out);

/* Errors: ST_NOT_FOUND  no blob at that path; else as store_read() */
MUST_USE enum status tree_find(struct store *s, const struct oid *root, const char *path,
                               struct oid *blob_out, struct fault *f);

/* tree_find_tree(): the same for a folder. */
MUST_USE enum status tree_find_tree(struct store *s, const struct oid *root, const char *path,
                                    struct oid *tree_out, struct fault *f);

/* tree_edit(): the root after 'count' changes, ascending by path (byte order), no path twice. Each
 * rewritten tree names the one it replaced as 'near'. */
MUST_USE enum status tree_edit(struct store *s, const struct oid *root,
                               const struct tree_change *changes, size_t count,
                               struct oid *root_out, struct fault *f);

/* A callback that returns anything but ST_OK ends the walk with that status. */
typedef enum status (*tree_each_fn)(void *user, const char *path, const struct oid *blob);
/* tree_walk(): every blob below 'prefix' ("" for all, else "records/visit"), in git's order. */
MUST_USE enum status tree_walk(struct store *s, const struct oid *root, const char *prefix,
                               tree_each_fn each, void *user, struct fault *f);

typedef enum status (*tree_diff_fn)(void *user, const char *path, const struct oid *a,
                                    const struct oid *b); /* zero: not there */
MUST_USE enum status tree_diff(struct store *s, const struct oid *a, const struct oid *b,
                               tree_diff_fn each, void *user, struct fault *f);

/* tree_join(): the union of two trees; where both have a blob of other bytes, 'resolve' gives the
 * joined blob. */
typedef enum status (*tree_resolve_fn)(void *user, const char *path, const struct oid *a,
                                       const struct oid *b, struct oid *joined_out);
MUST_USE enum status tree_join(struct store *s, const struct oid *a, const struct oid *b,
                               tree_resolve_fn resolve, void *user, struct oid *root_out,
                               struct fault *f);

/* tree_check(): the exact canonical bytes of a git tree (order, modes, names), for replays of
 * foreign repositories. Errors: ST_MALFORMED, ST_NOT_CANONICAL */
MUST_USE enum status tree_check(struct bytes data);

#endif
