/*
 * mp: what the walker takes it writes again byte for byte, and msgpack-c takes it too. What the
 * walker refuses is not shown to msgpack-c, which allocates what a forged count asks for.
 */
#include <msgpack.h>
#include <string.h>

#include "proto/check.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/proto/mp_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf again = {0};
    if (mp_walk((struct bytes){data, size}, &again) == ST_OK) {
        msgpack_unpacked unpacked;
        size_t used = 0;
        CHECK(again.count == size && memcmp(again.data, data, size) == 0);
        msgpack_unpacked_init(&unpacked);
        msgpack_unpack_return done =
            msgpack_unpack_next(&unpacked, (const char *)data, size, &used);
        CHECK(done == MSGPACK_UNPACK_SUCCESS && used == size);
        msgpack_unpacked_destroy(&unpacked);
    }
    buf_release(&again);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_msgpack, data, size, room, seed);
}
