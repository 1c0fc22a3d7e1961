/*
 * derive: a commit's operations from its trees: the difference between the join of its parents'
 * trees and its own. With it a history can be judged from the git repository alone.
 */
#ifndef REPLICAS_DERIVE_H
#define REPLICAS_DERIVE_H

#include "replicas/op.h"
#include "replicas/tree.h"

/*
 * derive_operations(): what leads from tree 'base' to 'tree' by 'change', canonical once encoded.
 * Account stubs are left out: replay writes them from their entries and so checks them.
 * Errors: ST_WRONG_OPERATION  something no operation can do (a record gone, a foreign change)
 *         ST_NOT_CANONICAL    a file at a place, or in a form, that no commit makes
 *         ST_CORRUPT, ST_NO_MEMORY
 */
MUST_USE enum status derive_operations(struct store *s, const struct oid *base,
                                       const struct oid *tree, const struct change *change,
                                       struct op_list *out, struct fault *f);

/* derive_order(): every commit that refs under 'refs/' reach, parents first (ascending by height,
 * id); a fresh array freed with mem_free(). Commits that cannot be read or parsed are told to
 * 'broken' and left out. */
typedef void (*derive_broken_fn)(void *user, const struct oid *id, enum status code,
                                 const char *text);
MUST_USE enum status derive_order(struct store *s, derive_broken_fn broken, void *user,
                                  struct oid **out, size_t *count_out, struct fault *f);

#endif
