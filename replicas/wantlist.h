/*
 * wantlist: what is wanted and need not be on the disk yet: facts by name, in memory. Most items
 * come seconds after the commit that names them, and then no file ever hears of the wish.
 *
 * Invariants: names ascend, each stands once; at most WANTLIST_MAX.
 */
#ifndef REPLICAS_WANTLIST_H
#define REPLICAS_WANTLIST_H

#include "replicas/vault.h"

enum { WANTLIST_MAX = 65536 }; /* 12 MiB: what comes with some 32,000 records */

struct wantlist {
    struct vault_facts *facts; /* in no order */
    uint32_t *order;           /* their places by name; behind 'count' those that are free */
    uint32_t count, capacity;
};

void wantlist_release(struct wantlist *l);

/* wantlist_add(): what is not in it yet, while it is not full. Errors: ST_NO_MEMORY */
MUST_USE enum status wantlist_add(struct wantlist *l, const struct vault_facts *facts);
bool wantlist_is_full(const struct wantlist *l);

/* wantlist_find(): to be read or changed, but for its name, until the next call; NULL: none. */
struct vault_facts *wantlist_find(const struct wantlist *l, const struct digest *name);
/* wantlist_at(): by the order of names; place < count. */
const struct vault_facts *wantlist_at(const struct wantlist *l, uint32_t place);
/* wantlist_behind(): how many names are not behind 'name'. */
uint32_t wantlist_behind(const struct wantlist *l, const struct digest *name);

/* wantlist_remove(): whether it was there. wantlist_clear(): all of it. */
bool wantlist_remove(struct wantlist *l, const struct digest *name);
void wantlist_clear(struct wantlist *l);

#endif
