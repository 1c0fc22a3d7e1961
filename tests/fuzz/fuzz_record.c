/* record: what is taken is written again byte for byte, and joins itself to itself. */
#include <string.h>

#include "proto/check.h"
#include "replicas/record.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bytes(const struct record *r, const uint8_t *data, size_t size)
{
    struct buf again = {0};
    record_encode(r, &again);
    CHECK(again.count == size && memcmp(again.data, data, size) == 0);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record r, joined;
    if (record_parse((struct bytes){data, size}, &r) != ST_OK)
        return 0;
    check_bytes(&r, data, size);
    enum status status = record_join(&r, &r, &joined);
    CHECK(status == ST_OK);
    check_bytes(&joined, data, size);
    for (uint32_t i = 0; i < r.field_count; i++) {
        const struct record_field *field = record_field(&r, r.fields[i].name);
        CHECK(field == &r.fields[i]);
        CHECK(record_reads(&r, field)->json.count > 0);
    }
    record_release(&joined);
    record_release(&r);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_json, data, size, room, seed);
}
