/*
 * loose_parse(): any bytes end soon, with an object or a reason.
 */
#include <libdeflate.h>

#include "proto/check.h"
#include "replicas/loose.h"
#include "tests/fuzz/mutate.h"

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

/* What is compressed, compressed again; half the time with the size that its head should tell. */
static bool mutate_inflated(struct bytes in, struct chance *c, struct buf *out)
{
    static const char *const kinds[] = {"", "commit", "tree", "blob"};
    struct libdeflate_compressor *deflater = libdeflate_alloc_compressor(1);
    struct buf plain = {0}, made = {0};
    enum store_kind kind = STORE_BLOB;
    bool changed = loose_parse(in, &kind, &plain) == ST_OK && deflater != NULL;
    if (changed && chance_below(c, 2) == 0) {
        struct buf content = {0};
        changed = mutate_plain(buf_bytes(&plain), c, &content);
        buf_add_format(&made, "%s %zu", kinds[1 + chance_below(c, 3)], content.count);
        buf_add_byte(&made, 0);
        buf_add_bytes(&made, buf_bytes(&content));
        buf_release(&content);
    } else if (changed) {
        struct buf whole = {0};
        buf_add_format(&whole, "%s %zu", kinds[kind], plain.count);
        buf_add_byte(&whole, 0);
        buf_add_bytes(&whole, buf_bytes(&plain));
        changed = mutate_plain(buf_bytes(&whole), c, &made);
        buf_release(&whole);
    }
    size_t bound = changed ? libdeflate_zlib_compress_bound(deflater, made.count) : 0;
    uint8_t *room = changed ? buf_reserve(out, bound) : NULL;
    if (room != NULL)
        out->count += libdeflate_zlib_compress(deflater, made.data, made.count, room, bound);
    if (deflater != NULL)
        libdeflate_free_compressor(deflater);
    buf_release(&plain);
    buf_release(&made);
    return room != NULL;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_inflated, data, size, room, seed);
}
