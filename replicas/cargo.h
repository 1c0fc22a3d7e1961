/*
 * cargo: the sealed items of a bundle: which of them go to an office, and what becomes of those
 * that come. Who may hold what is custody's to say: a partner gets none.
 */
#ifndef REPLICAS_CARGO_H
#define REPLICAS_CARGO_H

#include "replicas/parcel.h"
#include "replicas/verb.h"

enum { CARGO_RECORDS_MAX = 64 }; /* records one request may name */

/* The words 'sealed' and 'wanted' of courier.h. Errors: as courier_run() */
MUST_USE enum status cargo_sealed(const struct verb_call *call, struct fault *f);
MUST_USE enum status cargo_wanted(const struct verb_call *call, struct fault *f);

/* cargo_wishes(): names of what we wait for and the member of key 'from' may hold, for a receipt:
 * RECEIPT_WANTS_MAX at most, appended. */
MUST_USE enum status cargo_wishes(struct replica *r, const struct key *from, struct buf *out,
                                  struct fault *f);

struct cargo_kept {
    uint32_t fresh, held, unwanted;
    void *user;
    void (*refuse)(void *user, const struct digest *name, const char *reason);
};

/* cargo_keep(): the items of a parcel; durable with the next replica_sync(). One that is not what
 * its name says is refused, the others are kept. Errors: LOCAL */
MUST_USE enum status cargo_keep(struct replica *r, const struct parcel *p, struct cargo_kept *kept,
                                struct fault *f);

#endif
