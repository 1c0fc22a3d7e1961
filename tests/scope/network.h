/*
 * network: the charter of three members, for what needs one: who is in force, and what entries
 * post.
 */
#ifndef TESTS_SCOPE_NETWORK_H
#define TESTS_SCOPE_NETWORK_H

#include "replicas/charter.h"
#include "tests/scope/history.h"

struct network {
    struct charter_chain chain;
    struct key keys[HISTORY_MEMBERS];
};

/* network_labels: of the members, in their order. */
extern const char *const network_labels[HISTORY_MEMBERS];

/* network_found(): with entries of three types, all of pool.CLP: a "gift" credits the member that
 * its office names, a "payment" debits its writer, a "loan" does both. Release it. */
void network_found(struct network *n);
void network_release(struct network *n);

#endif
