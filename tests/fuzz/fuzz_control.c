/* control: a stream of messages is cut up as control_take() says; what is taken of a body, as a
 * request or as an answer, is written again byte for byte. */
#include <string.h>

#include "proto/check.h"
#include "proto/control.h"

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
