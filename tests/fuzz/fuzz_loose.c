/*
 * loose_parse(): any bytes end soon, with an object or a reason.
 */
#include "proto/check.h"
#include "replicas/loose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {0};
    enum store_kind kind = STORE_BLOB;
    enum status st = loose_parse((struct bytes){data, size}, &kind, &out);
    CHECK(st == ST_OK || out.count == 0);
    CHECK(kind >= STORE_COMMIT && kind <= STORE_BLOB);
    buf_release(&out);
    return 0;
}
