/*
 * sql: the thin wrapper around SQLite: results become a status and a fault, and four functions of
 * ours are known inside, over one JSON object of values and lists of values:
 *
 *   reads(json, name)        the value of that name: text as fold.h folds it, an integer, 0 or 1;
 *                            NULL where there is none, or a list
 *   has(json, name)          whether there is a member of that name, null or not
 *   holds(json, name, text)  whether the list of that name has an element that folds to 'text'
 *   found(json, text)        whether any value, or element of a list, contains the folded 'text'
 */
#ifndef REPLICAS_SQL_H
#define REPLICAS_SQL_H

#include <sqlite3.h>

#include "proto/bytes.h"
#include "replicas/fault.h"

/* sql_status(): ST_OK for OK, ROW and DONE; else the fault, read from 'db' at once.
 * Errors: ST_CORRUPT, ST_DISK_FULL, ST_NO_MEMORY, ST_LOCKED, ST_IO */
MUST_USE enum status sql_status(sqlite3 *db, int result, struct fault *f);

/* sql_open(): a database at 'path' (NULL: in memory) with our functions. Close with sql_close(). */
MUST_USE enum status sql_open(const char *path, sqlite3 **out, struct fault *f);
void sql_close(sqlite3 *db);

/* sql_run(): statements without parameters; rows are dropped. */
MUST_USE enum status sql_run(sqlite3 *db, const char *text, struct fault *f);

/* sql_prepare(): free with sqlite3_finalize(). */
MUST_USE enum status sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **out,
                                 struct fault *f);

/* sql_step(): *row_out: a row is there; false: done, and the statement is reset. */
MUST_USE enum status sql_step(sqlite3_stmt *statement, bool *row_out, struct fault *f);

/* sql_bind(): lend 'text' as parameter 'which' (from 1) until the statement is reset or rebound. */
MUST_USE enum status sql_bind(sqlite3_stmt *statement, int which, struct bytes text,
                              struct fault *f);

/* sql_bind_value(): a canonical JSON value as reads() would give it. 'text' keeps what is lent. */
MUST_USE enum status sql_bind_value(sqlite3_stmt *statement, int which, struct bytes json,
                                    struct buf *text, struct fault *f);

/* sql_column(): a text column of the current row; lent until the next step. */
struct bytes sql_column(sqlite3_stmt *statement, int which);

#endif
