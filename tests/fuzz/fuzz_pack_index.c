/*
 * pack_index_parse(): whatever it takes can be walked and searched, and each id is found where it
 * is.
 */
#include "proto/check.h"
#include "replicas/pack_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pack_index x = {.count = 0};
    if (pack_index_parse((struct bytes){data, size}, &x) != ST_OK)
        return 0;
    for (uint32_t i = 0; i < x.count; i++) {
        struct oid id;
        uint32_t at = 0;
        pack_index_id(&x, i, &id);
        CHECK(pack_index_find(&x, &id, &at) && at == i);
        if (pack_index_offset(&x, i) == UINT32_MAX)
            at = pack_index_crc(&x, i);
    }
    return 0;
}
