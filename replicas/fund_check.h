/*
 * fund_check: what speaks against an entry that a person is about to write: what the rules of an
 * audit would find in it, a day that is still to come, another office's enterprise or purchase, a
 * second transfer of one purchase. And what nobody may write at all: an account that would go below
 * zero, a second reversal. Reads a book, writes nothing.
 */
#ifndef REPLICAS_FUND_CHECK_H
#define REPLICAS_FUND_CHECK_H

#include "replicas/account.h"
#include "replicas/book.h"

enum { FUND_CHECK_ACCOUNTS_MAX = 16 }; /* that one entry, or the reversal of one, posts to */

/* An account as it stands and as it would. */
struct fund_check_account {
    struct account_posting posting; /* what the entry posts to it */
    int64_t before;
};

struct fund_check {
    struct book *book; /* of the state; gets the entry at its end for the time of a check */
    struct book_entry entry;
    book_text_at called; /* the number by which a finding names it */
    const char *label;   /* ours */
    int32_t latest;      /* the last day that is not still to come; BOOK_NO_DAY: not known */
    bool paper;          /* a file will be attached to it */
    bool anyway;
    struct buf overridden; /* JSON texts with commas between: what was written all the same */
    struct fund_check_account accounts[FUND_CHECK_ACCOUNTS_MAX];
    uint32_t account_count;
};

void fund_check_release(struct fund_check *c);

/*
 * fund_check_run(): Errors: ST_NEEDS_PERSON  what --anyway writes all the same (not with 'anyway')
 *                           ST_OVERDRAWN     names who could pass or allot; ST_NO_MEMORY
 */
MUST_USE enum status fund_check_run(struct fund_check *c, struct fault *f);

/* fund_check_reversal(): whether we may reverse entry 'about' of the book; fills the accounts with
 * what it posts. Errors: ST_NOT_ALLOWED, ST_EXISTS (reversed before), ST_NO_MEMORY */
MUST_USE enum status fund_check_reversal(struct fund_check *c, uint32_t about, struct fault *f);

/* fund_check_sum(): what an enterprise has of a kind in a currency, reversed entries left out. */
int64_t fund_check_sum(const struct book *b, uint32_t enterprise, enum book_kind kind,
                       const char *currency);

/* fund_check_balance(): of an account of the book; 0 where there is none. */
int64_t fund_check_balance(const struct book *b, const char *owner, const char *line,
                           const char *currency);

#endif
