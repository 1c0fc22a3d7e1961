/*
 * mem: the one allocator of proto/ and replicas/. A test makes the n-th allocation fail.
 */
#ifndef PROTO_MEM_H
#define PROTO_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* mem_alloc(): zeroed memory. 'bytes' 0 .. SIZE_MAX; 0 gives a pointer of one byte. NULL: no
 * memory. */
void *mem_alloc(size_t bytes);

/* mem_array(): mem_alloc(count * bytes_each) with a check of overflow. */
void *mem_array(size_t count, size_t bytes_each);

/* mem_resize(): as realloc; on NULL the old block stays as it was. New bytes are not zeroed. */
void *mem_resize(void *block, size_t bytes);

/* mem_copy(): a fresh block holding 'bytes' bytes of 'from'; NULL: no memory. */
void *mem_copy(const void *from, size_t bytes);

/* mem_text(): a fresh NUL-terminated copy of 'bytes' bytes of 'from'; NULL: no memory. */
char *mem_text(const char *from, size_t bytes);

void mem_free(void *block);

/* mem_wipe_free(): overwrite 'bytes' bytes, then free; for secrets. */
void mem_wipe_free(void *block, size_t bytes);

/*
 * mem_fail_at(): from now on the n-th allocation of this thread (1 = the next) fails, once; 0:
 * none. mem_failed(): whether it has happened since. For tests of allocation failure.
 */
void mem_fail_at(uint64_t n);
bool mem_failed(void);

/* mem_refused(): whether any allocation of this process ever got no memory. For a program that ends
 * soon, and must not say that all went well where a part of its answer may be missing. */
bool mem_refused(void);

#endif
