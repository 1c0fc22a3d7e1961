/*
 * account: what an entry posts, and where. Money is an integer of minor units and an ISO 4217 code.
 * docs/FORMATS.md.
 */
#ifndef REPLICAS_ACCOUNT_H
#define REPLICAS_ACCOUNT_H

#include "replicas/schema.h"
#include "replicas/tree.h"

struct account_posting {
    char owner[33]; /* office label */
    char line[65];
    char currency[4];
    int64_t amount; /* signed minor units, never 0 */
};

/*
 * account_postings(): what 'content' (checked against its type) posts, written by 'writer'.
 * Errors: ST_BAD_VALUE    an amount <= 0 or beyond 2^53 - 1, a currency unknown, a line that is no
 *                         name, two postings to one account
 *         ST_NOT_ALLOWED  the entry's office is not the writer ("is":"writer")
 */
MUST_USE enum status account_postings(const struct schema_type *type, struct bytes content,
                                      struct bytes writer,
                                      struct account_posting out[SCHEMA_POSTINGS_MAX],
                                      uint32_t *count_out, struct fault *f);

/*
 * account_reversed(): what a reversal by 'by' of an entry of this type and content posts: the
 * opposite of all that the entry posted. Only the owner of an account gives a credit back, so 'by'
 * owns every account that this debits, and one of the accounts at least: at most one member does.
 * What moves no money its own writer takes back; the reversal posts nothing.
 * Errors: ST_NOT_ALLOWED  it is for somebody else to reverse
 *         ST_BAD_VALUE    it is a reversal itself, or posts nothing and names no writer
 *         ST_CORRUPT      content that its type never admitted; ST_NO_MEMORY
 */
MUST_USE enum status account_reversed(const struct schema_type *type, struct bytes content,
                                      struct bytes by,
                                      struct account_posting out[SCHEMA_POSTINGS_MAX],
                                      uint32_t *count_out, struct fault *f);

/* account_folder(): "accounts/<owner>/<line>.<CUR>"; account_stub(): with "/h/h/h/<entry id>". */
void account_folder(const struct account_posting *p, char out[static TREE_PATH_MAX]);
void account_stub(const struct account_posting *p, const char *entry_id_hex,
                  char out[static TREE_PATH_MAX]);

/* Wide: no count of stubs that a memory holds makes it overflow, so that no credit, however large,
 * keeps an owner from its account. */
__extension__ typedef __int128 account_sum;

/* The sums of account folders, remembered by tree id, and the folder that each account had last;
 * bounded. */
struct account_memo;
MUST_USE enum status account_memo_create(struct account_memo **out);
void account_memo_free(struct account_memo *m);

/* account_balance(): the sum of a folder's stubs (0 for a zero oid), from memory where known.
 * Errors: ST_CORRUPT    a stub that is no canonical integer; as store_read()
 *         ST_TOO_LARGE  beyond 2^63 */
MUST_USE enum status account_balance(struct account_memo *m, struct store *s,
                                     const struct oid *folder, int64_t *out, struct fault *f);

/* account_follow(): the sum of a folder (0 for a zero oid) of the account at 'path'
 * (account_folder()). Where it is not known it is that of the folder that this account had when it
 * was followed last, and the difference of the two: an account of many stubs is read once, not
 * after each join. Errors: ST_CORRUPT, as account_balance() */
MUST_USE enum status account_follow(struct account_memo *m, struct store *s, const char *path,
                                    const struct oid *folder, account_sum *out, struct fault *f);
/* account_learn(): the sum of a new folder, known from the old one's and what was posted. */
void account_learn(struct account_memo *m, const struct oid *folder, account_sum sum);

#endif
