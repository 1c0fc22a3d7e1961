#include "proto/sometimes.h"

#include <stddef.h>

static _Atomic(struct sometimes *) newest;

void sometimes_hit(struct sometimes *mark)
{
    if (atomic_fetch_add_explicit(&mark->count, 1, memory_order_relaxed) > 0)
        return;
    struct sometimes *before = atomic_load(&newest);
    do
        mark->next = before;
    while (!atomic_compare_exchange_weak(&newest, &before, mark));
}

const struct sometimes *sometimes_first(void)
{
    return atomic_load(&newest);
}
