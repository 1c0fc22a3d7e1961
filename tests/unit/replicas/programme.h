/*
 * programme: the reference programme's files and the shipped schema, for tests.
 */
#ifndef TESTS_PROGRAMME_H
#define TESTS_PROGRAMME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "replicas/json.h"
#include "replicas/schema.h"

/* A whole file; release it. */
static inline struct buf programme_file(const char *path)
{
    struct buf out = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        buf_add_byte(&out, (uint8_t)c);
    fclose(file);
    assert_int_equal(buf_status(&out), ST_OK);
    return out;
}

static inline struct buf programme_schema_json(void)
{
    struct buf text = programme_file(SOURCE_DIR "/replicas/schema/microenterprise.json");
    struct buf canonical = {0};
    struct fault f = {0};
    if (json_canonical(buf_bytes(&text), &canonical, &f) != ST_OK)
        fail_msg("%s", f.text);
    buf_release(&text);
    return canonical;
}

static inline struct schema *programme_schema(void)
{
    struct buf json = programme_schema_json();
    struct schema *schema = NULL;
    struct fault f = {0};
    if (schema_parse(buf_bytes(&json), &schema, &f) != ST_OK)
        fail_msg("%s", f.text);
    buf_release(&json);
    return schema;
}

#endif
