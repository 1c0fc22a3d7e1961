/*
 * vault_query: the statements on the vault's tables (vault_file.h), prepared once and kept, and the
 * way of a row into struct vault_facts and back. What they mean together: vault.c.
 */
#ifndef REPLICAS_VAULT_QUERY_H
#define REPLICAS_VAULT_QUERY_H

#include "replicas/vault.h"
#include "replicas/vault_file.h"

enum vault_query {
    VAULT_QUERY_BEGIN,
    VAULT_QUERY_COMMIT,
    VAULT_QUERY_FIND_OWNER,
    VAULT_QUERY_ADD_OWNER,
    VAULT_QUERY_PUT,
    VAULT_QUERY_PUT_RECENT,
    VAULT_QUERY_GET_RECENT,
    VAULT_QUERY_DROP_RECENT,
    VAULT_QUERY_GET,
    VAULT_QUERY_HAS,
    VAULT_QUERY_HAS_ANY,
    VAULT_QUERY_WANT,
    VAULT_QUERY_IS_WANTED,
    VAULT_QUERY_WANTED,
    VAULT_QUERY_RAISE_WANT,
    VAULT_QUERY_IS_BELOW,
    VAULT_QUERY_RAISE_ITEM,
    VAULT_QUERY_UNWANT,
    VAULT_QUERY_WANTS,
    VAULT_QUERY_COUNT_WANTS,
    VAULT_QUERY_REFUSE,
    VAULT_QUERY_IS_REFUSED,
    VAULT_QUERY_ANY_REFUSED,
    VAULT_QUERY_DROP_SALT,
    VAULT_QUERY_DISOWN_SALT,
    VAULT_QUERY_UNWANT_SALT,
    VAULT_QUERY_IS_SHARED,
    VAULT_QUERY_DROP_RECORD,
    VAULT_QUERY_HAND_ITEM,
    VAULT_QUERY_DISOWN_RECORD,
    VAULT_QUERY_UNWANT_RECORD,
    VAULT_QUERY_HAND_WANT,
    VAULT_QUERY_DROP_CLASS,
    VAULT_QUERY_DISOWN_CLASS,
    VAULT_QUERY_UNWANT_CLASS,
    VAULT_QUERY_SET_MARK,
    VAULT_QUERY_HAS_MARK,
    VAULT_QUERY_DROP_MARK,
    VAULT_QUERIES,
};

struct vault_queries {
    struct vault_file file;
    sqlite3_stmt *statements[VAULT_QUERIES];
};

/* vault_query_open(): as vault_open(). On error *out is as zeroed. */
MUST_USE enum status vault_query_open(const char *path, struct bytes image,
                                      struct vault_queries *out, struct fault *f);
void vault_query_close(struct vault_queries *q);

/* vault_query_ready(): open the file again where a rewrite could not, and prepare. */
MUST_USE enum status vault_query_ready(struct vault_queries *q, struct fault *f);
/* vault_query_rewrite(): as vault_file_rewrite(). */
MUST_USE enum status vault_query_rewrite(struct vault_queries *q, struct fault *f);
/* vault_query_is_open(): whether a transaction is: SQLite ends one by itself where memory or the
 * disk fails within it. */
bool vault_query_is_open(const struct vault_queries *q);
/* vault_query_rollback(): end the transaction, if one is open, without a trace. */
void vault_query_rollback(struct vault_queries *q);

/* vault_query_take(): a statement, reset and without parameters. Reset it after its last row. */
MUST_USE enum status vault_query_take(struct vault_queries *q, enum vault_query which,
                                      sqlite3_stmt **out, struct fault *f);
MUST_USE enum status vault_query_step(const struct vault_queries *q, sqlite3_stmt *statement,
                                      bool *row_out, struct fault *f);
/* vault_query_told(): ST_OK, or the fault of a failed call. */
MUST_USE enum status vault_query_told(const struct vault_queries *q, enum status status,
                                      struct fault *f);

/* vault_query_ask(): whether a query has a row; 'blob' is its parameter, or {NULL, 0}. */
MUST_USE enum status vault_query_ask(struct vault_queries *q, enum vault_query which,
                                     struct bytes blob, bool *out, struct fault *f);

/* vault_query_change(): run a write; its parameter is 'blob', or 'number' where blob is {NULL, 0};
 * how many rows it changed. */
MUST_USE enum status vault_query_change(struct vault_queries *q, enum vault_query which,
                                        struct bytes blob, int number, uint64_t *count_out,
                                        struct fault *f);

/* vault_query_of_record(): run a statement about what a record has of a salt; how many rows it
 * changed, or gave (0, 1). */
MUST_USE enum status vault_query_of_record(struct vault_queries *q, enum vault_query which,
                                           const struct seal_id *salt, const char *record,
                                           uint64_t *count_out, struct fault *f);

/* vault_query_count_wants(): how many the file wants: chunks of files [1], and others [0]. */
MUST_USE enum status vault_query_count_wants(struct vault_queries *q, uint64_t out[static 2],
                                             struct fault *f);

/* vault_query_owner(): the row of what items of one record, class and salt share, made where it is
 * missing. */
MUST_USE enum status vault_query_owner(struct vault_queries *q, const struct vault_facts *facts,
                                       int64_t *out, struct fault *f);

/*
 * Parameters of a statement, lent until it is reset; 0 or a code of SQLite: or them together for
 * vault_query_bound(). Facts are ?1 name, ?2 kind, ?3 class, ?4 type, ?5 record, ?6 salt, ?7
 * reader; an owner is ?3 to ?6 of them.
 */
int vault_query_bind_blob(sqlite3_stmt *statement, int which, const void *data, size_t count);
int vault_query_bind_owner(sqlite3_stmt *statement, const struct vault_facts *facts);
int vault_query_bind_facts(sqlite3_stmt *statement, const struct vault_facts *facts);
MUST_USE enum status vault_query_bound(int failed, struct fault *f);

/* The columns of a row that vault_query_facts() reads, from the tables that hold items. */
#define VAULT_QUERY_FACTS "name, kind, class, type, record, salt, reader"
#define VAULT_QUERY_HELD " FROM item LEFT JOIN owner ON owner.id = owner"

/* vault_query_facts(): of the row where 'statement' stands: a damaged file may give back anything.
 * Errors: ST_CORRUPT */
MUST_USE enum status vault_query_facts(sqlite3_stmt *statement, struct vault_facts *out,
                                       struct fault *f);

#endif
