/*
 * office: a real replica for each key of the model's histories: on a disk and a repository in
 * memory, with a charter that has all keys in force from the start, as the model has.
 */
#ifndef TESTS_MODEL_OFFICE_H
#define TESTS_MODEL_OFFICE_H

#include "replicas/replica.h"
#include "tests/model/model.h"
#include "tests/sim/simdisk.h"

enum { OFFICE_KEYS = 5, OFFICE_CHARTERS = OFFICE_KEYS }; /* A founds, then one more each version */

/* The network of all histories. */
struct office_network {
    struct digest id;
    struct home_identity identities[OFFICE_KEYS];
    struct charter_chain chain;
};

struct office {
    const struct office_network *network;
    uint32_t key;
    struct simdisk *disk;
    struct disk table;
    struct backing kept, lent; /* lent: as the store takes it, without its end */
    struct replica *replica;
    bool *has; /* by commit of the history */
};

/* office_network_make(): the same each time. */
void office_network_make(struct office_network *n);
/* office_network_council(): two versions, all keys admins from the second on. */
void office_network_council(struct office_network *n);
/* office_network_next(): the next version, signed by every admin of the one before. 'next' holds
 * what is new; its number, its network and what it follows are filled in. */
void office_network_next(struct office_network *n, struct charter *next);
void office_network_release(struct office_network *n);

/* office_label(): "office-a" for key 0; of MODEL_LABEL_BYTES. */
void office_label(uint32_t key, char *out);

/* office_begin(): a fresh replica of 'key', 0 for A; nothing is in it. 'commits' of the history.
 * office_reopen(): the power goes, and it recovers. */
void office_begin(struct office *o, const struct office_network *n, uint32_t key, uint32_t commits);
void office_reopen(struct office *o);
void office_end(struct office *o);

/* office_must(): ST_OK, or the test ends. */
void office_must(enum status st, const char *what, const struct fault *f);

#endif
