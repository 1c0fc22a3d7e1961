/*
 * founder: a test key, and the first charter version that it founds and signs, so that mutants get
 * behind signatures. Made once; never freed.
 */
#ifndef TESTS_FUZZ_FOUNDER_H
#define TESTS_FUZZ_FOUNDER_H

#include "replicas/charter.h"

/* founder_secret(): libsodium's 64-byte form; founder_key(): its public half. */
const uint8_t *founder_secret(void);
const struct key *founder_key(void);

/* founder_chain(): a chain of that one version; borrowed. */
const struct charter_chain *founder_chain(void);

/* founder_follow(): a second version is made the founder chain's successor: network and hash. */
void founder_follow(struct charter *c);

/* founder_sign(): the whole file of 'c', signed by the founder alone, appended. */
void founder_sign(struct charter *c, struct buf *out);

#endif
