/*
 * import: rows of a CSV file, and programme.json, into records and entries. Pure: bytes in, rows
 * out; reads no file, writes nothing.
 *
 * A column "name*" is the field "name" of a class that is not open. It is taken, in clear, where
 * the options say that the class may be read here, to be sealed by the caller; else it is left out,
 * and said so; as is a "*" that leads to no such field. A column that the type does not have is an
 * error that names the nearest; one that begins with "#" is an export's note and left out. UTF-8
 * only (a BOM is skipped); RFC 4180 quoting, and sheet.h's apostrophes. A cell of a set
 * holds its elements with ";" between them. A cell of a reference holds an id, or the key under
 * which the other row was imported. Of an entry, the label of its writer may be left out: a column
 * that is not there is filled with the label of who imports.
 */
#ifndef REPLICAS_IMPORT_H
#define REPLICAS_IMPORT_H

#include "replicas/schema.h"

enum { IMPORT_COLUMNS_MAX = 64, IMPORT_ROW_BYTES_MAX = 64 * 1024 };

struct import_options {
    const struct schema *schema;
    const struct schema_type *type;
    const struct digest *network;
    struct bytes key; /* the column whose cell derives the id (several: comma between
                       * them); {NULL,0}: the type's own key, or random ids and refs where
                       * it has none */
    struct bytes where_column, where_value; /* {NULL,0}: every row */
    struct bytes writer;                    /* the label of who imports */
    uint64_t first_line; /* line number of the first byte of 'content' (1: the header) */
    unsigned classes;    /* 1 << class of those beside open that may be read, and so written */
    struct bytes header; /* the header's text where content is a later chunk; {NULL,0} */
};

struct import_field {
    const struct schema_field *field;
    struct buf json; /* canonical value; "null" where the cell is empty; a set is a list,
                      * its elements ascending */
    bool filled;     /* the writer's label, which the file does not have */
};

struct import_row { /* owned by the importer, lent to the callback */
    uint64_t line;
    struct bytes raw; /* the row's text as it stands, for the reject file */
    struct bytes key; /* the key's cell (several: joined by "/"), or {NULL,0} */
    bool has_id;
    uint8_t id[20];              /* RECORD_ID_BYTES of a record by its key; unused for entries */
    struct import_field *fields; /* ascending by name; empty cells left out for entries */
    uint32_t field_count;
    struct bytes content; /* entries: the canonical content, with its "ref"; else {NULL,0} */
};

struct import_sink {
    void *user;
    enum status (*row)(void *user, const struct import_row *row); /* a good row */
    enum status (*reject)(void *user, uint64_t line, struct bytes raw, const char *why);
    void (*left_out)(void *user, const char *column);     /* a column that is not taken */
    void (*entropy)(void *user, void *out, size_t count); /* refs without a key */
};

struct import_totals {
    uint64_t rows, skipped /* by where */, rejected;
};

/*
 * import_csv(): every row of 'content' to the sink.
 * Errors: ST_BAD_VALUE   the header is wrong (fault: which column, the nearest field), the key or
 *                        where column is missing, not UTF-8 header
 *         whatever the sink returned
 */
MUST_USE enum status import_csv(const struct import_options *o, struct bytes content,
                                const struct import_sink *sink, struct import_totals *out,
                                struct fault *f);

/* import_chunk(): how many bytes of the front of 'content' make whole rows and no more than
 * 'bytes_max', but at least one row. 0 at the end. Splits a file, but never inside a quote. */
size_t import_chunk(struct bytes content, size_t bytes_max);

/* import_programme(): programme.json: one row of type programme (key: its title), one grant, one
 * exchange, through the same sink (import_row.line 0; 'type' tells which). Refs come from the
 * title; 'writer' is the label of who imports, whose grant it is.
 * Errors: ST_MALFORMED, ST_BAD_VALUE (fault: which member), ST_NOT_SCHEMA (a type or field that the
 *         schema does not have), whatever 'row' returned */
MUST_USE enum status import_programme(const struct schema *schema, const struct digest *network,
                                      struct bytes writer, struct bytes json,
                                      enum status (*row)(void *user, const struct schema_type *type,
                                                         const struct import_row *row),
                                      void *user, struct fault *f);

#endif
