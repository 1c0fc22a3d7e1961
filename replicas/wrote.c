#include "replicas/wrote.h"

#include "proto/check.h"
#include "proto/mem.h"

enum { ROOM_FIRST = 64 };

enum status wrote_note(struct wrote *w, uint32_t node, const struct op_list *ops)
{
    CHECK(w->count == 0 || w->list[w->count - 1].node < node);
    for (uint32_t i = 0; i < ops->count; i++) {
        if (ops->ops[i].verb != OP_ENTRY)
            continue;
        if (w->count == w->room) {
            uint32_t room = w->room > 0 ? 2 * w->room : ROOM_FIRST;
            void *grown = mem_resize(w->list, room * sizeof *w->list);
            if (grown == NULL)
                return ST_NO_MEMORY;
            w->list = grown;
            w->room = room;
        }
        struct wrote_entry *at = &w->list[w->count++];
        at->node = node;
        memcpy(at->entry, ops->ops[i].entry, ENTRY_ID_BYTES);
    }
    return ST_OK;
}

uint32_t wrote_first(const struct wrote *w, uint32_t node)
{
    uint32_t low = 0, high = w->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (w->list[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void wrote_free(struct wrote *w)
{
    if (w == NULL)
        return;
    mem_free(w->list);
    mem_free(w);
}
