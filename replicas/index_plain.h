/*
 * index_plain: the part of the index that never touches the disk: sealed values in clear, in a
 * database in memory that is attached to the index's, so that lists and searches reach them too.
 *
 *   plain.row(id, type, fields, waiting)  {name: value} of the sealed fields that could be read
 *   plain.stale(id, type)                 records to be read again
 *
 * Empty until somebody asks for it; then it follows the rows. It grows by the size of the values
 * and about 100 bytes a record. For index*.c and plain.c only.
 */
#ifndef REPLICAS_INDEX_PLAIN_H
#define REPLICAS_INDEX_PLAIN_H

#include <sqlite3.h>

#include "proto/limits.h"
#include "replicas/fault.h"
#include "replicas/index.h"

struct index_plain {
    sqlite3 *db; /* of the index; borrowed */
    sqlite3_stmt *mark, *drop, *next, *put, *done;
    bool begun;      /* every row with a sealed value was marked once */
    struct oid seen; /* the state whose class keys what waits was last read with */
};

/* index_plain_open(): attach the tables to a connection whose table 'record' is there. Errors: as
 * sql_run() */
MUST_USE enum status index_plain_open(sqlite3 *db, struct index_plain *out, struct fault *f);
void index_plain_close(struct index_plain *p);

/* index_plain_begin(): the first time, mark every record with a sealed value. */
MUST_USE enum status index_plain_begin(struct index_plain *p, struct fault *f);

/* index_plain_mark(): what was read of a record is not to be used any more: read it again. Nothing
 * before index_plain_begin(). */
MUST_USE enum status index_plain_mark(struct index_plain *p, struct bytes id, struct bytes type,
                                      struct fault *f);

/* index_plain_again(): mark the records of which something was waiting. */
MUST_USE enum status index_plain_again(struct index_plain *p, struct fault *f);

/* index_plain_next(): one marked record; *found_out false: there is none. */
MUST_USE enum status index_plain_next(struct index_plain *p, struct index_id *out, bool *found_out,
                                      struct fault *f);

/* index_plain_put(): what was read of it; an empty 'fields': it has nothing. It is marked no more.
 */
MUST_USE enum status index_plain_put(struct index_plain *p, const struct index_id *id,
                                     struct bytes fields, uint32_t waiting, struct fault *f);

/* index_plain_forget(): all of it, as before index_plain_begin(). */
MUST_USE enum status index_plain_forget(struct index_plain *p, struct fault *f);

#endif
