/*
 * disclosure: what an auditor opens, and (behind a '{') the value that names a file's content. What
 * is taken is written again byte for byte.
 */
#include "proto/check.h"
#include "replicas/attachment.h"
#include "replicas/disclosure.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct disclosure d;
    struct attachment_content content;
    struct buf again = {0};
    struct bytes in = {data, size};
    if (size > 0 && data[0] == '{') {
        if (!attachment_read_content(in, &content))
            return 0;
        attachment_write_content(&content, &again);
    } else {
        if (disclosure_decode(in, &d) != ST_OK)
            return 0;
        disclosure_encode(&d, &again);
    }
    CHECK(buf_status(&again) == ST_OK && bytes_equal(buf_bytes(&again), in));
    buf_release(&again);
    return 0;
}

static bool mutate_disclosure(struct bytes in, struct chance *c, struct buf *out)
{
    return in.data[0] == '{' ? mutate_json(in, c, out) : mutate_msgpack(in, c, out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_disclosure, data, size, room, seed);
}
