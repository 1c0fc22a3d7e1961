/*
 * case_set: one set operation on a record of type "case", over whatever its field holds there.
 */
#ifndef TESTS_CASE_SET_H
#define TESTS_CASE_SET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replicas/replica.h"

/* The operation, added to 'ops'; the record's id is 'id' in each byte. */
static inline void case_set(struct replica *r, uint8_t id, const char *field, const char *json,
                            struct op_list *ops)
{
    struct op op = {.verb = OP_SET,
                    .type = BYTES("case"),
                    .name = bytes_of_text(field),
                    .value = bytes_of_text(json)};
    struct record record = {0};
    struct buf over = {0};
    char hex[RECORD_ID_TEXT + 1];
    memset(op.id, id, sizeof op.id);
    hex_encode(op.id, sizeof op.id, hex);
    if (replica_record(r, NULL, op.type, bytes_of_text(hex), &record, NULL) == ST_OK) {
        const struct record_field *held = record_field(&record, op.name);
        for (uint32_t i = 0; held != NULL && i < held->count; i++)
            buf_add(&over, record.values[held->first + i].change.id, CHANGE_BYTES);
    }
    op.over = buf_bytes(&over);
    assert_int_equal(op_list_add(ops, &op), ST_OK);
    record_release(&record);
    buf_release(&over);
}

#endif
