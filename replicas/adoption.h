/*
 * adoption: commits of retired keys that are accepted and do not count: which they are, and how a
 * member takes responsibility for them, by a commit that has their heads among its parents.
 *
 * An office whose key was replaced under its label, from one charter version to the next, adopts
 * its old key's heads by itself, with the first commit of the new one. One that was removed and
 * comes again later does not: in between anybody may have held the old key, so a person looks first
 * (member show) and decides (member adopt).
 */
#ifndef REPLICAS_ADOPTION_H
#define REPLICAS_ADOPTION_H

#include "replicas/verb.h"

/* adoption_heads(): the newest of the commits that wait, an antichain: by keys of this label that
 * are retired or frozen. At most 'max' of them, the number in *count_out. */
void adoption_heads(struct replica *r, struct bytes label, uint32_t *out, uint32_t max,
                    uint32_t *count_out);

/* What waits under a label. */
struct adoption_waiting {
    uint32_t commits;
    int64_t first, last; /* their dates, as their writer says; seconds since 1970 */
};
void adoption_waiting(struct replica *r, struct bytes label, struct adoption_waiting *out);

/*
 * adoption_adopt(): commits of ours over these heads, as many as it takes; not durable before
 * replica_sync().
 * Errors: as replica_write()
 */
MUST_USE enum status adoption_adopt(struct replica *r, const uint32_t *heads, uint32_t count,
                                    struct bytes author, struct fault *f);

/* adoption_own(): before our key's first commit: adopt what its predecessor under our label left.
 * wrote_out: there was something. Errors: as replica_write() */
MUST_USE enum status adoption_own(struct replica *r, struct bytes author, bool *wrote_out,
                                  struct fault *f);

/* adoption_add(): "quarantine":{…} of a label, as a member of an open object: commits, since,
 * until, and the newest of them as log's rows. Errors: ST_NO_MEMORY, as replica_item() */
MUST_USE enum status adoption_add(struct replica *r, struct bytes label, struct buf *out,
                                  struct fault *f);

/* adoption_verb(): member adopt LABEL [COMMIT]: all that waits, or that commit and what it builds
 * on; a row: label, adopted (commits), commit.
 * Errors: ST_USAGE, ST_NOT_FOUND (no such label), ST_NOTHING (nothing of it waits) */
MUST_USE enum status adoption_verb(const struct verb_call *call, struct fault *f);

struct tending;
/* adoption_step(): of tend: adoption_own(). */
MUST_USE enum status adoption_step(struct tending *now, struct fault *f);

#endif
