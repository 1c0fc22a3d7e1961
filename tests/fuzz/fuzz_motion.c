/* motion, wish: what is taken is written again byte for byte; nothing unsigned passes the check. */
#include <string.h>

#include "proto/check.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "replicas/motion.h"
#include "replicas/wish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_wish(struct bytes in)
{
    struct wish w;
    struct buf again = {0};
    if (wish_decode(in, &w) == ST_OK) {
        wish_encode(&w, &again);
        CHECK(bytes_equal(buf_bytes(&again), in));
    }
    wish_release(&w);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct motion m;
    struct fault f;
    struct buf again = {0}, file = {0};
    try_wish(in);
    if (motion_decode(in, &m, &f) == ST_OK) {
        static const struct digest network;
        motion_encode(&m, &again);
        CHECK(bytes_equal(buf_bytes(&again), in));
        CHECK(m.charter != NULL && m.ballot.round > 0);
        /* Its own body as the version before: never its successor. */
        CHECK(motion_check(&network, m.charter, &m, &f) != ST_OK);
        (void)motion_is_free(&m, m.charter);
        if (motion_version(&m, m.charter, &file)) {
            struct charter *c = NULL;
            CHECK(charter_parse(buf_bytes(&file), &c, &f) == ST_OK);
            charter_file_free(c);
        }
    }
    motion_release(&m);
    buf_release(&again);
    buf_release(&file);
    return 0;
}
