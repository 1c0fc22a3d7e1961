/* schema: whatever parses only grows into itself, and its fields judge any value without a crash.
 */
#include <string.h>

#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/schema.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_type(const struct schema *s, const struct schema_type *type, struct bytes text)
{
    CHECK(schema_type(s, bytes_of_text(type->name)) == type);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        struct buf value = {0};
        CHECK(schema_field(type, bytes_of_text(field->name)) == field);
        if (schema_value(field, text, BYTES("USD"), &value, NULL) == ST_OK) {
            enum status status = schema_check(field, buf_bytes(&value), NULL);
            CHECK(status == ST_OK);
        }
        buf_release(&value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema *schema = NULL;
    struct buf canonical = {0};
    struct fault f;
    if (json_canonical((struct bytes){data, size}, &canonical, &f) == ST_OK &&
        schema_parse(buf_bytes(&canonical), &schema, &f) == ST_OK) {
        enum status status = schema_grows(schema, schema, &f);
        CHECK(status == ST_OK);
        for (uint32_t i = 0; i < schema->type_count; i++)
            check_type(schema, &schema->types[i], (struct bytes){data, size < 32 ? size : 32});
    }
    schema_free(schema);
    buf_release(&canonical);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_json, data, size, room, seed);
}
