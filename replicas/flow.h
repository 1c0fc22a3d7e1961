/*
 * flow: the way of the money in one currency, as a graph: from whoever gave it, through the grant,
 * the exchange and the pool, to offices and lines, to what was disbursed and spent, to receipts,
 * and to what was handed over. Entries that were reversed are not in it.
 *
 * Invariant: what flows into a node that anything flows out of, flows out of it, and that for each
 * kind of proof apart behind the pool. Where an owner spent more than it had (after a fork), the
 * difference comes out of a node of its own, FLOW_OVERDRAWN.
 *
 * Purchases prove a disbursement up to its amount: what an enterprise bought beyond is not drawn.
 */
#ifndef REPLICAS_FLOW_H
#define REPLICAS_FLOW_H

#include "replicas/book.h"

enum flow_role {
    FLOW_FUNDER,     /* name: who; currency: of the grant */
    FLOW_EARLIER,    /* name: the currency that an earlier exchange came from */
    FLOW_GRANT,      /* granted in 'currency' */
    FLOW_OVERDRAWN,  /* what was spent without being there */
    FLOW_POOL,       /* what there is to allot */
    FLOW_OFFICE,     /* name: label */
    FLOW_UNALLOTTED, /* still in the pool */
    FLOW_EXCHANGED,  /* name: the currency it was exchanged to */
    FLOW_LINE,       /* name: of the budget */
    FLOW_DISBURSED,  /* to enterprises */
    FLOW_EXPENSES,
    FLOW_LEFT, /* allotted, not spent */
    FLOW_BOUGHT_RECEIPT,
    FLOW_BOUGHT_BARE, /* without a receipt */
    FLOW_UNBOUGHT,    /* disbursed, and no purchase on record */
    FLOW_SPENT_RECEIPT,
    FLOW_SPENT_BARE,
    FLOW_HANDED_OVER,
    FLOW_NOT_HANDED_OVER,
    FLOW_ROLES,
};

enum flow_proof {
    FLOW_GIVEN,    /* up to the pool, or exchanged out of it: no receipt is asked */
    FLOW_PROVEN,   /* a receipt stands behind it */
    FLOW_UNPROVEN, /* spent, and no receipt */
    FLOW_UNSPENT,
    FLOW_PROOFS,
};

enum {
    FLOW_COLUMNS = 8,
    FLOW_NAMES_MAX = 12, /* of one role: the smaller ones are drawn as one, named "…" */
    FLOW_CURRENCIES_MAX = 16,
};

struct flow_node {
    enum flow_role role;
    uint32_t column;  /* 0 .. FLOW_COLUMNS - 1 */
    const char *name; /* lent by the book; "": it has none */
    char currency[4]; /* of 'given'; "" */
    int64_t given;    /* before it was exchanged; 0: it never was */
    int64_t in, out;  /* minor units of the flow's currency */
    uint32_t rank;    /* lines: by what most of it was used for, so that few ribbons cross */
};

struct flow_link {
    uint32_t from, to;
    enum flow_proof proof;
    int64_t amount; /* > 0 */
};

struct flow {
    char currency[4];
    struct flow_node *nodes; /* by column, then as they are drawn */
    uint32_t node_count, node_capacity;
    struct flow_link *links; /* by from, then to, then proof */
    uint32_t link_count, link_capacity;
    bool failed; /* sticky while it is made */
};

/* flow_currencies(): those in which money was allotted, spent or is left, as they come in the book.
 * Returns their number. */
uint32_t flow_currencies(const struct book *b, char out[static FLOW_CURRENCIES_MAX][4]);

/* flow_read(): of one currency; release it. The book has to outlive it. Errors: ST_NO_MEMORY */
MUST_USE enum status flow_read(const struct book *b, const char *currency, struct flow *out);
void flow_release(struct flow *f);

#endif
