/*
 * tree_check(): what it takes is a canonical git tree, so that an edit of nothing gives it back.
 */
#include <string.h>

#include "proto/check.h"
#include "replicas/tree.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes tree = {data, size};
    struct backing memory;
    struct store *s = NULL;
    if (tree_check(tree) != ST_OK || backing_memory_open(&memory) != ST_OK)
        return 0;
    struct oid id, again;
    enum status st = store_open(&memory, 1 << 16, &s);
    if (st == ST_OK)
        st = store_write(s, STORE_TREE, tree, NULL, &id);
    if (st == ST_OK)
        st = tree_edit(s, &id, NULL, 0, &again, NULL);
    CHECK(st == ST_OK && oid_equal(&id, &again));
    store_close(s);
    return 0;
}

enum { ENTRIES_MAX = 256 };

/* Whole entries: "<mode> <name>", a NUL, 20 bytes. */
static uint32_t read_entries(struct bytes in, struct bytes entries[static ENTRIES_MAX])
{
    uint32_t count = 0;
    while (in.count > 0 && count < ENTRIES_MAX) {
        const uint8_t *nul = memchr(in.data, 0, in.count);
        size_t bytes = nul != NULL ? (size_t)(nul - in.data) + 1 + OID_BYTES : 0;
        if (nul == NULL || bytes > in.count)
            return 0;
        entries[count++] = (struct bytes){in.data, bytes};
        in = (struct bytes){in.data + bytes, in.count - bytes};
    }
    return in.count == 0 ? count : 0;
}

static void add_near(struct bytes entry, struct chance *c, struct buf *out)
{
    static const char *const modes[] = {"100644", "40000", "100755", "120000", "160000", "0"};
    const uint8_t *space = memchr(entry.data, ' ', entry.count);
    size_t first = out->count;
    if (space == NULL || chance_below(c, 2) == 0) {
        buf_add_bytes(out, entry);
        if (!out->failed && entry.count > OID_BYTES + 1)
            out->data[first + chance_below(c, (uint32_t)(entry.count - OID_BYTES - 1))]++;
        return;
    }
    buf_add_text(out, modes[chance_below(c, 6)]);
    buf_add(out, space, (size_t)(entry.data + entry.count - space));
}

static bool mutate_entries(struct bytes in, struct chance *c, struct buf *out)
{
    struct bytes entries[ENTRIES_MAX];
    uint32_t count = read_entries(in, entries);
    if (count == 0)
        return false;
    uint32_t at = chance_below(c, count), from = chance_below(c, count);
    uint32_t way = chance_below(c, 5);
    for (uint32_t i = 0; i < count; i++) {
        if (i != at || way > 1)
            buf_add_bytes(out, entries[way == 2 && i == at     ? from
                                       : way == 2 && i == from ? at
                                                               : i]);
        if (i == at && way == 1)
            add_near(entries[i], c, out);
        if (i == at && way >= 3)
            add_near(entries[from], c, out);
    }
    return true;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_entries, data, size, room, seed);
}
