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

/* account_folder(): "accounts/<owner>/<line>.<CUR>"; account_stub(): with "/h/h/h/<entry id>". */
void account_folder(const struct account_posting *p, char out[static TREE_PATH_MAX]);
void account_stub(const struct account_posting *p, const char *entry_id_hex,
                  char out[static TREE_PATH_MAX]);

/* The sums of account folders, remembered by tree id; bounded. */
struct account_memo;
MUST_USE enum status account_memo_create(struct account_memo **out);
void account_memo_free(struct account_memo *m);

/* account_balance(): the sum of a folder's stubs (0 for a zero oid), from memory where known.
 * Errors: ST_CORRUPT  a stub that is no canonical integer; as store_read() */
MUST_USE enum status account_balance(struct account_memo *m, struct store *s,
                                     const struct oid *folder, int64_t *out, struct fault *f);
/* account_learn(): the sum of a new folder, known from the old one's and what was posted. */
void account_learn(struct account_memo *m, const struct oid *folder, int64_t sum);

#endif
