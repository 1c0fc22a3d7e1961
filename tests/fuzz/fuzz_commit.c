/*
 * commit_parse(), and the armour within: what it takes encodes to the same bytes.
 */
#include "proto/check.h"
#include "replicas/commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct item item;
    struct key key;
    struct bytes subject;
    struct buf again = {0};
    if (commit_parse((struct bytes){data, size}, &item, &key, &subject) != ST_OK)
        return 0;
    commit_encode(&item, &key, subject, &again);
    CHECK(bytes_equal(buf_bytes(&again), (struct bytes){data, size}));
    buf_release(&again);
    return 0;
}
