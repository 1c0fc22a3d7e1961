/*
 * holdings: what this office knows that another one holds, by its key: from its last receipt or
 * bundle, from the last bundle written for it, and from its own commits. A wrong guess costs bytes,
 * or a second bundle, never history: whoever lacks what a commit builds on says so.
 *
 *   bundles/<first half of the key, hex>.has    what its last receipt or bundle said
 *   bundles/<first half of the key, hex>.given  what was here when a bundle was written for it
 *
 * msgpack: [1, key, charter version, heads, wants], heads and wants as in receipt.h.
 */
#ifndef REPLICAS_HOLDINGS_H
#define REPLICAS_HOLDINGS_H

#include "replicas/replica.h"

enum holdings_kind { HOLDINGS_HAS, HOLDINGS_GIVEN };

struct holdings {
    uint32_t charter; /* 0: not known */
    struct buf heads; /* oids, one behind the other */
    struct buf wants; /* names of sealed items, likewise */
};

void holdings_release(struct holdings *h);

/* holdings_tips(): the tips of this replica, those that count first, HEADS_MAX at most; appended.
 */
MUST_USE enum status holdings_tips(struct replica *r, struct buf *out);

/* holdings_load(): empty where nothing is kept. Errors: ST_IO, ST_NO_MEMORY, ST_CORRUPT */
MUST_USE enum status holdings_load(struct replica *r, enum holdings_kind kind,
                                   const struct key *key, struct holdings *out, struct fault *f);

/* holdings_keep(): durable on return; what was kept of that key before is replaced. */
MUST_USE enum status holdings_keep(struct replica *r, enum holdings_kind kind,
                                   const struct key *key, const struct holdings *h,
                                   struct fault *f);

/*
 * holdings_known(): ids of commits that the member of that key holds, as far as this replica has
 * them, into heads; its charter version. since_last: the bundle that was last written for it
 * counts as read. basis_out: "receipt", "given", "commits" or "nothing", a constant.
 */
MUST_USE enum status holdings_known(struct replica *r, const struct key *key, bool since_last,
                                    struct holdings *out, const char **basis_out, struct fault *f);

#endif
