/* item: what is taken is written again byte for byte. */
#include <string.h>

#include "proto/check.h"
#include "proto/item.h"

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
