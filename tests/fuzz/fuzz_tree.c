/*
 * tree_check(): what it takes is a canonical git tree, so that an edit of nothing gives it back.
 */
#include "proto/check.h"
#include "replicas/tree.h"

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
