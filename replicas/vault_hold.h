/*
 * vault_hold: items into the vault's trees, one or all that are recent (vault_recent.h), and out of
 * them; and the rows of 'recent'.
 */
#ifndef REPLICAS_VAULT_HOLD_H
#define REPLICAS_VAULT_HOLD_H

#include "replicas/vault_query.h"
#include "replicas/vault_recent.h"

struct vault_holder {
    struct vault_facts last; /* whose owner is 'owner': items of one record come together */
    int64_t owner;           /* 0: none, or it may be gone */
};

/* vault_hold_is_named(): whether 'item' is what 'facts' name. vault_hold_give(): it, appended.
 * Errors: ST_CORRUPT  it is not; ST_NO_MEMORY */
bool vault_hold_is_named(const struct vault_facts *facts, struct bytes item);
MUST_USE enum status vault_hold_give(const struct vault_facts *facts, struct bytes item,
                                     struct buf *out, struct fault *f);

/* vault_hold_get(): one out of the trees; out: NULL, or its bytes, appended. Errors: as vault_get()
 */
MUST_USE enum status vault_hold_get(struct vault_queries *q, const struct digest *name,
                                    struct vault_facts *facts_out, struct buf *out,
                                    struct fault *f);

/* vault_hold_each(): what the trees hold of one record, as vault_each(). */
MUST_USE enum status vault_hold_each(struct vault_queries *q, struct bytes type,
                                     struct bytes record, vault_fn each, void *user,
                                     struct fault *f);

/* vault_hold(): one that may be held already, in an open transaction. Errors: as vault_put() */
MUST_USE enum status vault_hold(struct vault_queries *q, struct vault_holder *h,
                                const struct vault_facts *facts, struct bytes item,
                                struct fault *f);

/* vault_hold_recent(): all of 'recent', whose rows go; it stays as it is until they are gone for
 * good. In an open transaction. Errors: as vault_put() */
MUST_USE enum status vault_hold_recent(struct vault_queries *q, struct vault_holder *h,
                                       const struct vault_recent *recent, struct fault *f);

/* vault_hold_row(): what is recent and in no row yet, as one. In an open transaction. */
MUST_USE enum status vault_hold_row(struct vault_queries *q, const struct vault_recent *recent,
                                    struct fault *f);
/* vault_hold_load(): the rows into 'recent', which is empty. Errors: ST_CORRUPT, ST_IO,
 * ST_NO_MEMORY */
MUST_USE enum status vault_hold_load(struct vault_queries *q, struct vault_recent *recent,
                                     struct fault *f);

#endif
