#include "proto/mem.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local uint64_t countdown;
static _Thread_local bool failed;
static atomic_bool refused;

static bool fails_now(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    failed = true;
    return true;
}

void mem_fail_at(uint64_t n)
{
    countdown = n;
    failed = false;
}

bool mem_failed(void)
{
    return failed;
}

bool mem_refused(void)
{
    return atomic_load(&refused);
}

/* What the system gave, or that it gave nothing. */
static void *noted(void *block)
{
    if (block == NULL)
        atomic_store(&refused, true);
    return block;
}

void *mem_alloc(size_t bytes)
{
    return noted(fails_now() ? NULL : calloc(1, bytes > 0 ? bytes : 1));
}

void *mem_array(size_t count, size_t bytes_each)
{
    size_t bytes;
    return __builtin_mul_overflow(count, bytes_each, &bytes) ? NULL : mem_alloc(bytes);
}

void *mem_resize(void *block, size_t bytes)
{
    return noted(fails_now() ? NULL : realloc(block, bytes > 0 ? bytes : 1));
}

void *mem_copy(const void *from, size_t bytes)
{
    void *block = noted(fails_now() ? NULL : malloc(bytes > 0 ? bytes : 1));
    if (block != NULL && bytes > 0)
        memcpy(block, from, bytes);
    return block;
}

char *mem_text(const char *from, size_t bytes)
{
    char *text = bytes < SIZE_MAX ? mem_alloc(bytes + 1) : NULL;
    if (text != NULL && bytes > 0)
        memcpy(text, from, bytes);
    return text;
}

void mem_free(void *block)
{
    free(block);
}

void mem_wipe_free(void *block, size_t bytes)
{
    if (block != NULL)
        sodium_memzero(block, bytes);
    free(block);
}
