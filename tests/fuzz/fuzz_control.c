/* control: a stream of messages is cut up as control_take() says; what is taken of a body, as a
 * request or as an answer, is written again byte for byte. */
#include <string.h>

#include "proto/check.h"
#include "proto/control.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct buf *again, struct bytes body)
{
    CHECK(again->count == body.count + CONTROL_HEADER_BYTES);
    CHECK(memcmp(again->data + CONTROL_HEADER_BYTES, body.data, body.count) == 0);
}

static void try_body(struct bytes body)
{
    static struct control_request request;
    struct control_answer answer;
    struct buf again = {0};
    if (control_read_request(body, &request) == ST_OK) {
        control_write_request(&request, &again);
        check_same(&again, body);
    }
    buf_reset(&again);
    if (control_read_answer(body, &answer) == ST_OK) {
        if (answer.kind == CONTROL_ROW)
            control_write_row(answer.row, &again);
        else
            control_write_end(&answer, &again);
        check_same(&again, body);
    }
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes left = {data, size}, body;
    size_t used;
    try_body(left);
    while (control_take(left, &body, &used) == ST_OK) {
        CHECK(used >= CONTROL_HEADER_BYTES && used <= left.count);
        try_body(body);
        left = (struct bytes){left.data + used, left.count - used};
    }
    return 0;
}

/* One message of a stream, its length put right. */
static bool mutate_stream(struct bytes in, struct chance *c, struct buf *out)
{
    struct bytes left = in, body;
    struct buf made = {0};
    size_t used, messages = 0;
    while (control_take(left, &body, &used) == ST_OK) {
        left = (struct bytes){left.data + used, left.count - used};
        messages++;
    }
    if (messages == 0)
        return mutate_msgpack(in, c, out);
    left = in;
    for (uint32_t at = chance_below(c, (uint32_t)messages); at > 0; at--) {
        enum status status = control_take(left, &body, &used);
        CHECK(status == ST_OK);
        left = (struct bytes){left.data + used, left.count - used};
    }
    enum status status = control_take(left, &body, &used);
    CHECK(status == ST_OK);
    bool changed = mutate_msgpack(body, c, &made);
    buf_add(out, in.data, (size_t)(left.data - in.data));
    buf_add_u32be(out, (uint32_t)made.count);
    buf_add_bytes(out, buf_bytes(&made));
    buf_add(out, left.data + used, left.count - used);
    buf_release(&made);
    return changed;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_stream, data, size, room, seed);
}
