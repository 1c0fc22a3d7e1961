/*
 * provenance: what stands behind a commit, as `log` and `trail` say it: who wrote it, whose key
 * signed it and what became of that key, how far it has come, and between which times others saw
 * it.
 */
#ifndef REPLICAS_PROVENANCE_H
#define REPLICAS_PROVENANCE_H

#include "replicas/bracket.h"
#include "replicas/settled.h"

struct provenance { /* gathered once for many commits, of the graph as it is now */
    struct replica *replica;
    struct settled settled;
    struct brackets *brackets;
};

/* provenance_begin(): provenance_end() either way. Errors: ST_NO_MEMORY */
MUST_USE enum status provenance_begin(struct provenance *p, struct replica *r);
void provenance_end(struct provenance *p);

/* provenance_facts(): "commit", "change", "office", "author", "time", "seq", "height", "counted" as
 * the first members of an open object. */
void provenance_facts(const struct provenance *p, uint32_t node, struct bytes author,
                      struct buf *out);

/* provenance_standing(): ,"settled","not_before","not_after","back_dated": the last ones. */
void provenance_standing(const struct provenance *p, uint32_t node, struct buf *out);

/*
 * provenance_add(): one commit as a whole object, with "signature" ("good" or "bad": verified anew)
 * and "key" {"fingerprint","state"}; appended. state: "in force", "retired" or "frozen"; beside
 * "counted", which is false of what waits in quarantine.
 * Errors: ST_CORRUPT (its commit is missing or no commit), ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status provenance_add(const struct provenance *p, uint32_t node, struct buf *out,
                                    struct fault *f);

#endif
