/*
 * erasure: orders to erase a record's sealed values, as the history has them. Read from commits and
 * not from the state, so that an order that was given cannot be taken back.
 *
 * All about erasing record R stands in one record of type `erasure`, whose id is derived
 * (op_record_id) from R's id. Setting its field "record" to R's id proposes. Adding one's own label
 * to its set "approvals" approves the proposal that stands in the base of that commit; it counts
 * where the label is the writer's and is not the proposer's. From the approving commit on there is
 * an order; where the charter of the proposing commit knows one office alone, that commit is the
 * order itself. Several may follow each other.
 *
 * An order covers what was written to the record, and to its attachments, documents, decisions and
 * disclosures, by commits that do not have it in their past. It is permanent, and carried out, once
 * a majority of the offices has it in theirs (settled.h).
 */
#ifndef REPLICAS_ERASURE_H
#define REPLICAS_ERASURE_H

#include "replicas/replica.h"

#define ERASURE_TYPE "erasure"

struct erasure_order {
    uint32_t proposed; /* node */
    uint32_t approved; /* node: the order; of one office alone the proposal itself */
    uint32_t by;       /* how many offices have it in their past */
    bool settled;
};

struct erasure { /* all about one record */
    char id[RECORD_ID_TEXT + 1];
    char target[RECORD_ID_TEXT + 1];
    uint32_t proposed; /* the newest proposal (greatest change): node; GRAPH_NONE: none */
    bool open;         /* nobody has approved that one */
    uint32_t offices;  /* in force, for 'by' */
    struct erasure_order *orders; /* owned; the order of their nodes */
    uint32_t order_count, order_capacity;
};

/* erasure_id(): of the record of type erasure that is about 'target' (hex digits). */
void erasure_id(const struct digest *network, struct bytes target, char out[static 25]);

/* erasure_read(): what the state's history says about erasing 'target'; nothing where there is no
 * such record. Release it either way. Errors: LOCAL only */
MUST_USE enum status erasure_read(struct replica *r, struct bytes target, struct erasure *out,
                                  struct fault *f);
void erasure_release(struct erasure *e);

/* erasure_covers(): whether an order (a settled one alone, or any) covers what 'node' wrote. */
bool erasure_covers(struct graph *g, const struct erasure *e, uint32_t node, bool settled_only);

/* erasure_target(): the record whose orders cover a record: itself; of attachments, documents,
 * decisions and disclosures the one that they are about (beside themselves). "" where none can: an
 * order itself. */
void erasure_target(const struct record *record, char out[static ENTRY_ID_TEXT + 1]);

/* erasure_follows(): whether records of a type are erased with the one that they are about. */
bool erasure_follows(struct bytes type);

/*
 * erasure_spares(): whether the salt of a value of 'record' that 'change' wrote may be used on: no
 * order, settled or not, covers it. Cheap where nothing was ordered.
 */
MUST_USE enum status erasure_spares(struct replica *r, const struct record *record,
                                    const struct change *change, bool *out, struct fault *f);

#endif
