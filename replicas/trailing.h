/*
 * trailing: a walk along a trail under way: its steps, its sums, and the accounts that it has to
 * visit. Private to trail*.c.
 */
#ifndef REPLICAS_TRAILING_H
#define REPLICAS_TRAILING_H

#include "replicas/trail.h"

enum { TRAILING_SUMS_MAX = 8 }; /* kinds times currencies: more than anybody keeps books in */

struct trailing_queued {
    uint32_t account, depth;
};

struct trailing {
    const struct book *book;
    struct trail *out;
    enum trail_part part;
    uint32_t list_max;
    bool *entries, *enterprises; /* listed already, in this part */
    bool *queued;                /* accounts that were */
    struct trailing_queued *queue;
    uint32_t queue_count;
    bool grant; /* one was reached */
};

/* Sums of entries, by kind and currency. */
struct trailing_total {
    struct trail_step of[TRAILING_SUMS_MAX];
    uint32_t count;
};

/* trailing_add(): one step. Errors of all: ST_NO_MEMORY */
MUST_USE enum status trailing_add(struct trailing *w, enum trail_thing thing, enum trail_why why,
                                  uint32_t index, uint32_t depth);
MUST_USE enum status trailing_gap(struct trailing *w, enum trail_why why, uint32_t depth);

/* trailing_entry(): an entry once in each part. */
MUST_USE enum status trailing_entry(struct trailing *w, enum trail_why why, uint32_t entry,
                                    uint32_t depth);

/* trailing_sum(): count an entry; trailing_sums(): a step for each sum. */
void trailing_sum(struct trailing_total *s, const struct book *b, uint32_t entry);
MUST_USE enum status trailing_sums(struct trailing *w, const struct trailing_total *s,
                                   enum trail_why why, uint32_t index, uint32_t depth);

/* trailing_full(): whether so many of a kind are enough to list. */
bool trailing_full(const struct trailing *w, uint32_t listed);

/* trailing_stands(): neither reversed nor a reversal. trailing_moves(): what moves money from one
 * account to another: a grant, exchange, allotment or pass. */
bool trailing_stands(const struct book_entry *e);
/* trailing_handed(): the first handing over of a purchase that stands; BOOK_NONE: there is none. */
uint32_t trailing_handed(const struct book *b, uint32_t purchase);
bool trailing_moves(const struct book_entry *e);

/* trailing_queue(): an account that has to be visited, once; trailing_queue_of(): those that an
 * entry debits on the way up, credits on the way down. */
void trailing_queue(struct trailing *w, uint32_t account, uint32_t depth);
void trailing_queue_of(struct trailing *w, uint32_t entry, uint32_t depth);

/* trailing_accounts(): visit the accounts that wait, and those that they lead to. */
MUST_USE enum status trailing_accounts(struct trailing *w);

#endif
