/* programme: every row that comes out fits its type, and comes out the same the second time. */
#include <string.h>

#include "proto/check.h"
#include "replicas/import.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema_json[] =
    "{\"types\":{"
    "\"exchange\":{\"fields\":{"
    "\"date\":{\"class\":\"open\",\"kind\":\"date\"},"
    "\"from_amount\":{\"class\":\"open\",\"currency\":\"from_currency\",\"kind\":\"amount\"},"
    "\"from_currency\":{\"class\":\"open\",\"kind\":\"currency\"},"
    "\"to_amount\":{\"class\":\"open\",\"currency\":\"to_currency\",\"kind\":\"amount\"},"
    "\"to_currency\":{\"class\":\"open\",\"kind\":\"currency\"}},"
    "\"shape\":\"entry\",\"writers\":[\"treasurer\"]},"
    "\"grant\":{\"fields\":{"
    "\"amount\":{\"class\":\"open\",\"currency\":\"currency\",\"kind\":\"amount\"},"
    "\"currency\":{\"class\":\"open\",\"kind\":\"currency\"}},"
    "\"shape\":\"entry\",\"writers\":[\"treasurer\"]},"
    "\"programme\":{\"fields\":{"
    "\"country\":{\"class\":\"open\",\"kind\":\"text\"},"
    "\"line_idea\":{\"class\":\"open\",\"currency\":\"lines_currency\",\"kind\":\"amount\"},"
    "\"lines_currency\":{\"class\":\"open\",\"kind\":\"currency\"},"
    "\"partners\":{\"class\":\"open\",\"kind\":\"set\"},"
    "\"people\":{\"class\":\"open\",\"kind\":\"integer\"},"
    "\"period_end\":{\"class\":\"open\",\"kind\":\"date\"},"
    "\"period_start\":{\"class\":\"open\",\"kind\":\"date\"},"
    "\"title\":{\"class\":\"open\",\"kind\":\"text\"}},"
    "\"shape\":\"record\",\"writers\":[\"treasurer\"]}}}";

static enum status take(void *user, const struct schema_type *type, const struct import_row *row)
{
    struct buf *out = user;
    buf_add_text(out, type->name);
    buf_add_bytes(out, row->content);
    if (type->entry) {
        enum status status = schema_check_entry(type, row->content, NULL);
        CHECK(status == ST_OK);
        return ST_OK;
    }
    CHECK(row->has_id && row->key.count > 0);
    for (uint32_t i = 0; i < row->field_count; i++)
        buf_add_bytes(out, buf_bytes(&row->fields[i].json));
    return ST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct digest network;
    struct bytes json = {data, size};
    struct schema *schema = NULL;
    struct buf first = {0}, second = {0};
    struct fault f;
    enum status status = schema_parse(BYTES(schema_json), &schema, NULL);
    CHECK(status == ST_OK);
    status = import_programme(schema, &network, BYTES("santiago"), json, take, &first, &f);
    enum status again =
        import_programme(schema, &network, BYTES("santiago"), json, take, &second, &f);
    CHECK(again == status && bytes_equal(buf_bytes(&first), buf_bytes(&second)));
    buf_release(&first);
    buf_release(&second);
    schema_free(schema);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_json, data, size, room, seed);
}
