/*
 * tree_entry: the entries of one git tree object, read and written in order. For tree*.c only.
 *
 *   <mode> SP <name> NUL <20 bytes>
 *
 * ordered by name in byte order, a folder's as if it ended in '/': the order of paths.
 */
#ifndef REPLICAS_TREE_ENTRY_H
#define REPLICAS_TREE_ENTRY_H

#include "replicas/tree.h"

struct tree_entry {
    struct bytes name; /* 1 .. TREE_PATH_MAX bytes, none of them '/' */
    bool folder;
    struct oid id;
};

struct tree_entry_cursor {
    struct bytes data;       /* borrowed */
    size_t start, next;      /* of the entry in front, and of the one behind it */
    struct tree_entry entry; /* valid unless 'end' */
    bool end;
};

/*
 * tree_entry_first(): stand on the first entry. tree_entry_next(): on the one behind.
 * Errors: ST_MALFORMED  no form of a tree with folders and plain files only
 */
MUST_USE enum status tree_entry_first(struct bytes data, struct tree_entry_cursor *out);
MUST_USE enum status tree_entry_next(struct tree_entry_cursor *c);

/* tree_entry_compare(): in git's order; 0 for the same name and kind. */
int tree_entry_compare(const struct tree_entry *a, const struct tree_entry *b);

void tree_entry_add(struct buf *out, const struct tree_entry *e);

/* tree_entry_read(): a tree's bytes as store_read() lends them; none for "no tree".
 * Errors: ST_CORRUPT  it is missing, or damaged; else as store_read() */
MUST_USE enum status tree_entry_read(struct store *s, const struct oid *id, struct bytes *out,
                                     struct fault *f);

/* tree_entry_load(): a copy of a tree's bytes in place of what 'out' held, so that callbacks may
 * tidy the store. Errors: as tree_entry_read() */
MUST_USE enum status tree_entry_load(struct store *s, const struct oid *id, struct buf *out,
                                     struct fault *f);

/* tree_entry_damaged(): ST_CORRUPT, with the tree's id in the text. */
enum status tree_entry_damaged(const struct oid *tree, struct fault *f);

/* tree_entry_save(): check and write a tree; its id is zero where 'data' is empty. */
MUST_USE enum status tree_entry_save(struct store *s, const struct buf *data,
                                     const struct oid *near, struct oid *out, struct fault *f);

/* tree_entry_none(): a zero id, or the empty tree's. */
bool tree_entry_none(const struct oid *id);

#endif
