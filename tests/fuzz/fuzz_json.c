/* json: what the strict walker takes, jansson takes too, and gives back byte for byte. */
#include <string.h>

#include "proto/check.h"
#include "replicas/json.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct buf out = {0};
    enum status strict = json_check(in);
    enum status lenient = json_canonical(in, &out, NULL);
    if (strict == ST_OK)
        CHECK(lenient == ST_OK && out.count == size && memcmp(out.data, data, size) == 0);
    if (lenient == ST_OK)
        CHECK(json_check(buf_bytes(&out)) == ST_OK);
    struct buf text = {0}, again = {0};
    if (json_take_text(in, &text) == ST_OK) {
        json_add_text(&again, buf_bytes(&text));
        CHECK(again.count == size && memcmp(again.data, data, size) == 0);
    }
    buf_release(&text);
    buf_release(&again);
    buf_release(&out);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_json, data, size, room, seed);
}
