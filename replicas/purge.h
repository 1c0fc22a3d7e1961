/*
 * purge: carrying out orders to erase (erasure.h), unasked, on every member that may hold sealed
 * values; and saying so.
 *
 * Once an order is settled: every salt that the record, and what is erased with it, was ever sealed
 * with by a commit that the order covers is refused for good, and all that was made with it goes
 * out of the vault; index rows are made anew; vault and index are checkpointed, so that no page
 * keeps a byte of it; then a record of type `confirmation` says so: "erasure", "office". Its id is
 * derived from "<erasure's id>/<label>". It counts where that label wrote it, with the order in its
 * past.
 *
 * Commits that come later, from members long lost or from backups, and do not have the order in
 * their past are treated in the same way. Every step may be done twice: after a crash all orders
 * are looked at again.
 */
#ifndef REPLICAS_PURGE_H
#define REPLICAS_PURGE_H

#include "replicas/erasure.h"
#include "replicas/tend.h"

#define PURGE_CONFIRMATION "confirmation"

struct purge; /* of one replica */

/* purge_step(): of tend. Errors: as replica_write(); LOCAL */
MUST_USE enum status purge_step(struct tending *now, struct fault *f);

/* purge_confirmation(): the id of a member's confirmation. */
void purge_confirmation(const struct digest *network, const char *erasure, const char *label,
                        char out[static RECORD_ID_TEXT + 1]);

/* purge_confirmed(): the commit by which 'label' confirmed an order (its node), GRAPH_NONE: none.
 */
MUST_USE enum status purge_confirmed(struct replica *r, const struct erasure *e,
                                     const struct erasure_order *order, const char *label,
                                     uint32_t *node_out, struct fault *f);

void purge_free(struct purge *p);

#endif
