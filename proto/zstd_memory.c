#include "proto/zstd_memory.h"

#include "proto/mem.h"

static void *take(void *opaque, size_t bytes)
{
    (void)opaque;
    return mem_resize(NULL, bytes); /* not zeroed: a page is ours only once zstd touches it */
}

static void give_back(void *opaque, void *block)
{
    (void)opaque;
    mem_free(block);
}

ZSTD_customMem zstd_memory(void)
{
    return (ZSTD_customMem){take, give_back, NULL};
}
