#include "tests/sim/held.h"

#include <malloc.h>

#include "proto/mem.h"

static size_t *counted;

void held_begin(size_t *bytes)
{
    counted = bytes;
}

void held_end(void)
{
    counted = NULL;
}

static void *took(void *block)
{
    if (counted != NULL && block != NULL)
        *counted += malloc_usable_size(block);
    return block;
}

static void gives(void *block)
{
    if (counted != NULL && block != NULL)
        *counted -= malloc_usable_size(block);
}

void *__real_mem_alloc(size_t bytes);
void *__wrap_mem_alloc(size_t bytes);
void *__real_mem_array(size_t count, size_t bytes_each);
void *__wrap_mem_array(size_t count, size_t bytes_each);
void *__real_mem_resize(void *block, size_t bytes);
void *__wrap_mem_resize(void *block, size_t bytes);
void *__real_mem_copy(const void *from, size_t bytes);
void *__wrap_mem_copy(const void *from, size_t bytes);
char *__real_mem_text(const char *from, size_t bytes);
char *__wrap_mem_text(const char *from, size_t bytes);
void __real_mem_free(void *block);
void __wrap_mem_free(void *block);
void __real_mem_wipe_free(void *block, size_t bytes);
void __wrap_mem_wipe_free(void *block, size_t bytes);

void *__wrap_mem_alloc(size_t bytes)
{
    return took(__real_mem_alloc(bytes));
}

void *__wrap_mem_array(size_t count, size_t bytes_each)
{
    return took(__real_mem_array(count, bytes_each));
}

void *__wrap_mem_resize(void *block, size_t bytes)
{
    size_t before = counted != NULL && block != NULL ? malloc_usable_size(block) : 0;
    void *resized = __real_mem_resize(block, bytes);
    if (resized != NULL && counted != NULL)
        *counted -= before;
    return took(resized);
}

void *__wrap_mem_copy(const void *from, size_t bytes)
{
    return took(__real_mem_copy(from, bytes));
}

char *__wrap_mem_text(const char *from, size_t bytes)
{
    return took(__real_mem_text(from, bytes));
}

void __wrap_mem_free(void *block)
{
    gives(block);
    __real_mem_free(block);
}

void __wrap_mem_wipe_free(void *block, size_t bytes)
{
    gives(block);
    __real_mem_wipe_free(block, bytes);
}
