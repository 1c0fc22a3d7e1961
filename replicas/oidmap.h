/*
 * oidmap: 20-byte keys that are hashes themselves to 32-bit numbers; open addressing, growing only.
 */
#ifndef REPLICAS_OIDMAP_H
#define REPLICAS_OIDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OIDMAP_KEY_BYTES = 20 };

struct oidmap_slot {
    uint8_t key[OIDMAP_KEY_BYTES];
    uint32_t value; /* + 1; 0: free */
};

struct oidmap { /* zeroed: empty */
    struct oidmap_slot *slots;
    size_t count, capacity; /* capacity is a power of two, at most 3/4 full */
};

void oidmap_release(struct oidmap *m);

/* oidmap_reserve(): room for one more key; false: no memory, nothing changed. */
bool oidmap_reserve(struct oidmap *m);

/* oidmap_put(): set a key, new or not. After oidmap_reserve(). value < UINT32_MAX. */
void oidmap_put(struct oidmap *m, const uint8_t key[static OIDMAP_KEY_BYTES], uint32_t value);

uint32_t oidmap_get(const struct oidmap *m, const uint8_t key[static OIDMAP_KEY_BYTES],
                    uint32_t missing);

#endif
