/*
 * op: what is taken is written again byte for byte; what applies to a new record comes back as the
 * difference.
 */
#include <string.h>

#include "proto/check.h"
#include "replicas/op.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The operations of one record, from 'i' on; the index behind them. */
static uint32_t check_record(const struct op_list *l, uint32_t i)
{
    const struct op *first = &l->ops[i];
    uint32_t end = i;
    while (end < l->count && l->ops[end].verb >= OP_SET && l->ops[end].verb <= OP_DROP &&
           bytes_equal(l->ops[end].type, first->type) &&
           memcmp(l->ops[end].id, first->id, RECORD_ID_BYTES) == 0)
        end++;
    if (end == i)
        return i + 1;
    struct op_change by = {{{1}}, 1, BYTES("santiago")};
    struct record after;
    struct op_list back = {0};
    if (op_apply(NULL, first, end - i, &by, &after) == ST_OK) {
        enum status status = op_diff(NULL, &after, &by.change, &back);
        CHECK(status == ST_OK && back.count == end - i);
        for (uint32_t k = i; k < end; k++)
            CHECK(op_list_compare(&l->ops[k], &back.ops[k - i]) == 0);
    }
    record_release(&after);
    op_list_release(&back);
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct digest network;
    struct op_list l;
    struct buf out = {0};
    if (op_list_decode((struct bytes){data, size}, &network, &l) != ST_OK)
        return 0;
    for (uint32_t i = 0; i < l.count;)
        i = check_record(&l, i);
    op_subject(&l, &out);
    CHECK(out.count > 0 && out.count <= 72);
    buf_reset(&out);
    enum status status = op_list_encode(&l, &out);
    CHECK(status == ST_OK && out.count == size && memcmp(out.data, data, size) == 0);
    buf_release(&out);
    op_list_release(&l);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_msgpack, data, size, room, seed);
}
