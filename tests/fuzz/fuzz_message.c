/* Every message: what is taken is valid and is written again byte for byte. */
#include <string.h>

#include "proto/check.h"
#include "proto/message.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct message m;
    if (message_decode((struct bytes){data, size}, &m) == ST_OK) {
        struct buf again = {0};
        CHECK(message_validate(&m) == ST_OK);
        CHECK(message_name(m.kind)[0] != '?');
        message_encode(&m, &again);
        CHECK(again.count == size && memcmp(again.data, data, size) == 0);
        buf_release(&again);
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_msgpack, data, size, room, seed);
}
