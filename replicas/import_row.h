/*
 * import_row: cells of text into one row of fields, as the schema has them; shared by CSV files
 * and programme.json.
 */
#ifndef REPLICAS_IMPORT_ROW_H
#define REPLICAS_IMPORT_ROW_H

#include "replicas/elements.h"
#include "replicas/import.h"

enum { IMPORT_ROW_KEY_BYTES_MAX = 1024 };

struct import_row_maker {
    const struct schema_type *type;
    const struct digest *network;
    struct import_field *fields; /* capacity of them; their buffers are used again */
    uint32_t count, capacity;
    struct buf content, scratch;
    struct elements elements;
};

/* Errors: ST_NO_MEMORY; release it in any case. */
MUST_USE enum status import_row_init(struct import_row_maker *m, const struct schema_type *type,
                                     const struct digest *network, uint32_t fields_max);
void import_row_release(struct import_row_maker *m);
void import_row_reset(struct import_row_maker *m);

/* import_row_add(): the next field, ascending by name, from what stands in its cell. An entry
 * leaves out what is empty. 'currency' for an AMOUNT. Errors: ST_BAD_VALUE, ST_NO_MEMORY */
MUST_USE enum status import_row_add(struct import_row_maker *m, const struct schema_field *field,
                                    struct bytes cell, struct bytes currency, struct fault *f);

/* import_row_fill(): the next field, which the file does not have. Errors: as import_row_add() */
MUST_USE enum status import_row_fill(struct import_row_maker *m, const struct schema_field *field,
                                     struct bytes value, struct fault *f);

/* import_row_finish(): fields, id (of a record, by 'key' unless it is empty) and content (of an
 * entry, with 'ref') into 'out', which borrows from m. Errors: ST_BAD_VALUE, ST_NO_MEMORY */
MUST_USE enum status import_row_finish(struct import_row_maker *m, struct bytes key,
                                       struct bytes ref, struct import_row *out, struct fault *f);

#endif
