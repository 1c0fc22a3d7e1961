/*
 * trail: the way of money through a book, from any entry or record: up to the grant, down to
 * purchases, receipts, documents and the transfer of ownership.
 *
 * An entry that names another is followed to it. Money in an account is pooled: no credit of it
 * belongs to one debit, so the walk goes from an entry to the account and from there to everything
 * that fed it, and says so. The same holds of an enterprise: all that was paid to it stands behind
 * all that was bought for it. Nothing is linked one to one that the entries do not link.
 *
 * Pure: a book and a place in it in, a list of steps out.
 */
#ifndef REPLICAS_TRAIL_H
#define REPLICAS_TRAIL_H

#include "replicas/book.h"
#include "replicas/verb.h"

enum trail_part { TRAIL_SUBJECT, TRAIL_UP, TRAIL_DOWN };

enum trail_thing {
    TRAIL_ENTRY,
    TRAIL_ACCOUNT,
    TRAIL_ENTERPRISE,
    TRAIL_HOUSEHOLD,
    TRAIL_VISIT,
    TRAIL_SESSION,
    TRAIL_INCOME,
    TRAIL_CONTACT,
    TRAIL_PROGRAMME,
    TRAIL_DOCUMENT,
    TRAIL_SUM, /* of entries of a kind, listed or not */
    TRAIL_GAP, /* something that should be there and is not */
};

enum trail_why {
    TRAIL_IS_SUBJECT,
    TRAIL_OF,         /* what the subject belongs to: an enterprise's household, a purchase … */
    TRAIL_AWARDED,    /* to the enterprise */
    TRAIL_PAID,       /* to the enterprise */
    TRAIL_BOUGHT,     /* for the enterprise */
    TRAIL_HANDED,     /* the purchase is the enterprise's own */
    TRAIL_REVERSES,   /* what the subject undoes */
    TRAIL_REVERSED,   /* what undoes it */
    TRAIL_FROM,       /* the account that it was paid from */
    TRAIL_FED,        /* a credit of that account */
    TRAIL_INTO,       /* the account that it went to */
    TRAIL_SPENT,      /* a debit of that account */
    TRAIL_GAVE_BACK,  /* SUM: reversals that credit an account */
    TRAIL_MORE,       /* SUM: of those that are not listed */
    TRAIL_ALL,        /* SUM: of all of that kind that stand */
    TRAIL_NO_AWARD,   /* GAP: nothing was awarded to the enterprise */
    TRAIL_NO_PAYMENT, /* GAP: nothing was paid to it */
    TRAIL_NO_GRANT,   /* GAP: no grant was reached */
    TRAIL_NO_MONEY,   /* GAP: such a record has no part in money */
    TRAIL_NO_ENTRY,   /* GAP: what it names is not here */
    TRAIL_WHYS,
};

struct trail_step {
    enum trail_part part;
    enum trail_thing thing;
    enum trail_why why;
    uint32_t index; /* in the book's list; SUM: of its enterprise or account, or BOOK_NONE */
    uint32_t depth; /* 0: next to the subject */
    /* SUM: */
    enum book_kind kind;
    uint32_t count;
    int64_t amount; /* never beyond INT64_MAX */
    char currency[4];
    uint32_t receipts, handed; /* PURCHASE, EXPENSE: of these, with a receipt; handed over */
};

struct trail {
    struct trail_step *steps; /* the subject first, then UP, then DOWN */
    uint32_t count, room;
};

enum { TRAIL_LIST_MAX = 20 }; /* entries of one kind that are listed one by one */

/* trail_walk(): from a thing of the book; list_max: 0 all. Release it either way.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status trail_walk(const struct book *b, enum trail_thing thing, uint32_t index,
                                uint32_t list_max, struct trail *out);
void trail_release(struct trail *t);

/* trail_why_word(): "paid", "from", "fed", … */
const char *trail_why_word(enum trail_why why);

/*
 * trail_find(): the thing that a person means: the beginning of an id, an entry's ref, a receipt's
 * number, a record's number. A file stands for what it is attached to.
 * Errors: ST_NOT_FOUND; ST_AMBIGUOUS  names the candidates; as lookup_id()
 */
MUST_USE enum status trail_find(struct replica *r, const struct book *b, struct bytes text,
                                enum trail_thing *thing_out, uint32_t *index_out, struct fault *f);

/*
 * trail_verb(): trail WORD… [--limit N]: a row a step: docs/CLI.md. Of every entry and record who
 * wrote it last, with the signature verified anew, and how far that has come.
 */
MUST_USE enum status trail_verb(const struct verb_call *call, struct fault *f);

#endif
