#include "replicas/bases.h"

#include <string.h>

#include "proto/check.h"

static void sort_into(const uint32_t *parents, uint32_t count, uint32_t out[static PARENTS_MAX])
{
    CHECK(count > 0 && count <= PARENTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && out[at - 1] > parents[i]; at--)
            out[at] = out[at - 1];
        out[at] = parents[i];
    }
}

const struct oid *bases_find(const struct bases *b, const uint32_t *parents, uint32_t count)
{
    uint32_t sorted[PARENTS_MAX];
    sort_into(parents, count, sorted);
    for (uint32_t i = 0; i < BASES_MAX; i++)
        if (b->kept[i].count == count &&
            memcmp(b->kept[i].parents, sorted, count * sizeof sorted[0]) == 0)
            return &b->kept[i].tree;
    return NULL;
}

void bases_keep(struct bases *b, const uint32_t *parents, uint32_t count, const struct oid *tree)
{
    struct base *one = &b->kept[b->next];
    sort_into(parents, count, one->parents);
    one->count = count;
    one->tree = *tree;
    b->next = (b->next + 1) % BASES_MAX;
}
