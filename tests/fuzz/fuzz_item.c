/* item: what is taken is written again byte for byte. */
#include <string.h>

#include "proto/check.h"
#include "proto/item.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct item item;
    if (item_decode((struct bytes){data, size}, &item) == ST_OK) {
        struct buf again = {0};
        item_encode(&item, &again);
        CHECK(again.count == size && memcmp(again.data, data, size) == 0);
        buf_release(&again);
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_msgpack, data, size, room, seed);
}
