/*
 * import_header: the first line of a CSV file against a type: which column is which field, which
 * are left out, which make the key, which is filtered by.
 */
#ifndef REPLICAS_IMPORT_HEADER_H
#define REPLICAS_IMPORT_HEADER_H

#include "replicas/cells.h"
#include "replicas/import.h"

enum { IMPORT_HEADER_NONE = UINT32_MAX };

struct import_header_field {
    const struct schema_field *field;
    uint32_t column;   /* IMPORT_HEADER_NONE: none, it is filled with the writer's label */
    uint32_t currency; /* column of an amount's currency, or IMPORT_HEADER_NONE */
};

struct import_header {
    uint32_t column_count;
    struct import_header_field fields[IMPORT_COLUMNS_MAX]; /* ascending by name */
    uint32_t field_count;
    uint32_t key[SCHEMA_KEY_COLUMNS_MAX]; /* columns */
    uint32_t key_count;
    uint32_t where; /* column, or IMPORT_HEADER_NONE */
};

/* import_header_read(): 'names' holds the header's cells; left_out (may be NULL) is told of each
 * column that is not taken. Errors: ST_BAD_VALUE (fault: column, nearest) */
MUST_USE enum status import_header_read(const struct import_options *o, const struct cells *names,
                                        void (*left_out)(void *user, const char *column),
                                        void *user, struct import_header *out, struct fault *f);

#endif
