/*
 * pack_index_parse(): whatever it takes can be walked and searched, and each id is found where it
 * is.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/pack_index.h"
#include "tests/fuzz/mutate.h"

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

enum { HEAD = 8, FANOUT_BYTES = 1024, EACH = 28, IDS_MAX = 512 };

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, OID_BYTES);
}

/* An index of some ids of the old one and some near them, in order, with their fanout. */
static bool mutate_index(struct bytes in, struct chance *c, struct buf *out)
{
    static uint8_t ids[IDS_MAX][OID_BYTES];
    struct pack_index x = {.count = 0};
    uint32_t count = 0, fanout[256] = {0};
    if (pack_index_parse(in, &x) != ST_OK)
        return chance_below(c, 2) == 0 && mutate_words(in, c, out);
    for (uint32_t i = 0; i < x.count && count + 2 < IDS_MAX; i++) {
        struct oid id;
        pack_index_id(&x, i, &id);
        if (chance_below(c, 8) > 0)
            memcpy(ids[count++], id.id, OID_BYTES);
        if (chance_below(c, 4) == 0) {
            id.id[chance_below(c, 2) * (OID_BYTES - 1)]++;
            memcpy(ids[count++], id.id, OID_BYTES);
        }
    }
    if (count == 0)
        memset(ids[count++], (int)chance_below(c, 256), OID_BYTES);
    qsort(ids, count, OID_BYTES, compare_ids);
    for (uint32_t i = 0; i < count; i++)
        fanout[ids[i][0]]++;
    buf_add(out, in.data, HEAD);
    for (uint32_t i = 0, sum = 0; i < 256; i++)
        buf_add_u32be(out, sum += fanout[i]);
    for (uint32_t i = 0; i < count; i++)
        buf_add(out, ids[i], OID_BYTES);
    for (uint32_t i = 0; i < 2 * count; i++)
        buf_add_u32be(out, (uint32_t)chance_number(c));
    for (uint32_t i = chance_below(c, 3); i > 0; i--)
        buf_add_u64be(out, chance_number(c));
    buf_add(out, in.data + in.count - PACK_INDEX_TRAILER_BYTES, PACK_INDEX_TRAILER_BYTES);
    return true;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_index, data, size, room, seed);
}
