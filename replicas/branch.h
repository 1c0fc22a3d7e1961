/*
 * branch: two successors of one charter version, each signed by a majority: proof against every
 * admin in both. Each member keeps the branch it has and refuses commits that name the other; both
 * are kept in the home's folder "evidence" (charter-<version>-<hash>.json), and a person decides.
 */
#ifndef REPLICAS_BRANCH_H
#define REPLICAS_BRANCH_H

#include "replicas/replica.h"

enum {
    BRANCH_MAX = 16,       /* other successors that peers may show: a quota */
    BRANCH_HELD_MAX = 256, /* with the versions that were left, which commits may name for ever */
};

struct branch_pair {
    uint32_t version;
    struct digest ours, other;
};

/* branch_load(): the evidence of before. Errors: ST_IO, ST_NO_MEMORY */
MUST_USE enum status branch_load(struct replica *r, struct fault *f);

/* branch_see(): a version's file that is not the one we have: kept where it is another successor,
 * by a majority, of one that we have. Errors: LOCAL only */
MUST_USE enum status branch_see(struct replica *r, struct bytes file, struct fault *f);

/* branch_at(): the other successors known, by index; false: no more. */
bool branch_at(const struct replica *r, uint32_t index, struct branch_pair *out);

/* branch_charter(): the version that a commit names, of the chain or of a branch left; or NULL. */
const struct charter *branch_charter(const struct replica *r, uint32_t version,
                                     const struct digest *hash);

/*
 * branch_choose(): go over to the other successor whose hash begins with 'hash' (8 hex digits at
 * least): our versions from there on become the evidence, and what was written under them no
 * longer counts. Durable on return.
 * Errors: ST_NOT_FOUND  none of that hash; LOCAL
 */
MUST_USE enum status branch_choose(struct replica *r, struct bytes hash, struct fault *f);

/* branch_choices(): how often branch_choose() went through since this replica was opened. */
uint32_t branch_choices(const struct replica *r);

#endif
