/*
 * disclosed: what was disclosed (disclosure.h), on the side of who may read it: opening, following,
 * and whether a member may hold an item because of it.
 */
#ifndef REPLICAS_DISCLOSED_H
#define REPLICAS_DISCLOSED_H

#include "replicas/disclosure.h"

/* disclosed_find(): the key of an item of a record that was disclosed to us.
 * Errors: ST_NOT_FOUND  it was not, or the disclosure is not here; LOCAL */
MUST_USE enum status disclosed_find(struct replica *r, struct bytes type, struct bytes record,
                                    const struct digest *name, struct seal_key *out,
                                    struct fault *f);

/* disclosed_follow(): what a record of type disclosure gives to us is wanted: its item, then the
 * items of the values. done_out: there is nothing more to want. */
MUST_USE enum status disclosed_follow(struct replica *r, const struct record *record,
                                      bool *done_out, struct fault *f);

/* disclosed_allows(): whether an item of these facts was disclosed to the member of that label: by
 * the state's records. Needs the index: false without one. Errors: LOCAL */
MUST_USE enum status disclosed_allows(struct replica *r, const char *label,
                                      const struct vault_facts *facts, bool *out, struct fault *f);

#endif
