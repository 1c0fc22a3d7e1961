/*
 * network: the charter of three members and a reader, for what needs one: who is in force, and
 * what entries post.
 */
#ifndef TESTS_SCOPE_NETWORK_H
#define TESTS_SCOPE_NETWORK_H

#include "replicas/charter.h"
#include "replicas/home.h"
#include "tests/scope/history.h"

enum { NETWORK_READER = HISTORY_MEMBERS, NETWORK_MEMBERS }; /* the reader never writes */

struct network {
    struct charter_chain chain;
    struct home_identity identities[NETWORK_MEMBERS];
};

/* network_labels: of the members, in their order. */
extern const char *const network_labels[NETWORK_MEMBERS];

/* network_found(): with records of a type "case" that have a field "a", and entries of three types,
 * all of pool.CLP: a "gift" credits the member that its office names, a "payment" debits its
 * writer, a "loan" does both. Release it. */
void network_found(struct network *n);
void network_release(struct network *n);

#endif
