/*
 * index_file: the SQLite file of the index: its tables, its format, the tree it stands at, and the
 * statements that write it. Made anew where it is damaged or of another format. For index*.c only.
 */
#ifndef REPLICAS_INDEX_FILE_H
#define REPLICAS_INDEX_FILE_H

#include <sqlite3.h>

#include "proto/id.h"
#include "replicas/fault.h"
#include "replicas/index_plain.h"

enum { INDEX_FILE_CACHE_KIB = 4096 }; /* pages kept in memory */

struct index_file {
    sqlite3 *db;
    sqlite3_stmt *put, *drop; /* kept: to prepare them costs more than a row */
    sqlite3_stmt *mark;       /* NULL: a making anew has failed */
    struct index_plain plain; /* in memory only */
    char *path;               /* NULL: in memory */
    struct oid tree;
    bool placed; /* 'tree' holds the rows; false: none were ever written */
};

/* index_file_open(): at 'path' (mode 0600; NULL: in memory), made where it is missing or damaged.
 * Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY: nothing to close */
MUST_USE enum status index_file_open(const char *path, struct index_file *out, struct fault *f);
void index_file_close(struct index_file *x);

/* index_file_anew(): without any row. Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY: try again before
 * anything else but closing */
MUST_USE enum status index_file_anew(struct index_file *x, struct fault *f);

/* index_file_mark(): one line of 'place', within whatever transaction is open; x->tree and
 * x->placed are the caller's to follow. Errors: as sql_step() */
MUST_USE enum status index_file_mark(struct index_file *x, const char *name, const char *value,
                                     struct fault *f);

/* index_file_cache(): keep up to 'kib' of pages; INDEX_FILE_CACHE_KIB gives memory back. */
void index_file_cache(struct index_file *x, int kib);

#endif
