/*
 * index: the SQLite file that answers lists, filters, searches and beginnings of ids. Derived: it
 * can be deleted at any time and is built anew from the state tree.
 *
 *   record(id, type, fields, conflicts, sealed)  one row a record or entry; fields is the JSON
 *                                        object of reading_fields(); sealed: how many of them are
 *   place(name, value)                   the state tree the rows stand for, the charter whose
 *                                        schema its indexes follow
 *
 * It moves from the tree it stands at to another by their difference, in one transaction.
 * Every field that the schema marks, every key and every entry's ref has an index of its own.
 *
 * The file holds no sealed value in clear. What this office can read stands beside it in memory
 * (index_plain.h), for the questions that reach sealed fields: after plain_update() they reach all.
 */
#ifndef REPLICAS_INDEX_H
#define REPLICAS_INDEX_H

#include "replicas/charter.h"
#include "replicas/fault.h"
#include "replicas/store.h"

struct index;
struct index_plain;

/* index_open(): at 'path' (mode 0600), made where it is missing, and made anew where it is damaged
 * or of another format; NULL: in memory. Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY */
MUST_USE enum status index_open(const char *path, struct index **out, struct fault *f);
void index_close(struct index *ix);
struct index_plain *index_plain_part(struct index *ix);

/*
 * index_update(): bring the rows to 'state', the indexes to newest's schema. Free when nothing
 * changed. Built anew where the tree it stands at is unknown to the store, or its file is damaged.
 * Tidies the store on its way: nothing lent by the store outlives the call.
 * Errors: ST_CORRUPT (a record of the state), ST_IO, ST_DISK_FULL, ST_NO_MEMORY: rows as before
 */
MUST_USE enum status index_update(struct index *ix, struct store *store, const struct oid *state,
                                  const struct charter *newest, struct fault *f);

/* index_rebuild(): forget every row, then index_update(). */
MUST_USE enum status index_rebuild(struct index *ix, struct store *store, const struct oid *state,
                                   const struct charter *newest, struct fault *f);

struct index_id {
    char type[NAME_BYTES_MAX + 1];
    char id[ENTRY_ID_TEXT + 1];
};

/* index_find_id(): the first 'max' records whose id begins with 'prefix' (hex digits). */
MUST_USE enum status index_find_id(struct index *ix, struct bytes prefix, struct index_id *out,
                                   uint32_t max, uint32_t *count_out, struct fault *f);

struct index_filter {
    const char *field; /* a name of the schema */
    bool set;          /* of kind set: 'json' is one of its elements */
    bool sealed;       /* of a class that is not open */
    struct bytes json; /* canonical value, compared without case and accents; "null": none there */
};

enum { INDEX_FILTERS_MAX = 32 };

struct index_query {
    const char *type;
    const struct index_filter *filters;
    uint32_t filter_count; /* 0 .. INDEX_FILTERS_MAX; all have to match */
    const char *sort;      /* a field's name, or NULL: by id */
    bool sort_sealed;      /* it is of a class that is not open */
    bool plain;            /* the type has sealed fields: their values are wanted */
    bool descending;
    uint64_t limit; /* 0: all */
};

struct index_row { /* lent for the call */
    struct bytes id, type, fields;
    struct bytes plain; /* {name: value} of sealed fields that can be read; none: not known */
    uint32_t conflicts, sealed;
};

/* Anything but ST_OK ends the walk with that status. The index may be asked, not updated, inside.
 */
typedef enum status (*index_row_fn)(void *user, const struct index_row *row);

MUST_USE enum status index_list(struct index *ix, const struct index_query *q, index_row_fn each,
                                void *user, struct fault *f);
MUST_USE enum status index_count(struct index *ix, const struct index_query *q, uint64_t *count_out,
                                 struct fault *f);

/* index_search(): records with 'text' anywhere in a value, by type and id. limit 0: all. */
MUST_USE enum status index_search(struct index *ix, struct bytes text, uint64_t limit,
                                  index_row_fn each, void *user, struct fault *f);

/* index_conflicted(): records with a field in conflict, by type and id. */
MUST_USE enum status index_conflicted(struct index *ix, index_row_fn each, void *user,
                                      struct fault *f);

/* index_totals(): records and entries; how many of them have a conflict. */
MUST_USE enum status index_totals(struct index *ix, uint64_t *records_out, uint64_t *conflicted_out,
                                  struct fault *f);

#endif
