#include "replicas/oidmap.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { CAPACITY_MIN = 64 };

void oidmap_release(struct oidmap *m)
{
    if (m == NULL)
        return;
    mem_free(m->slots);
    *m = (struct oidmap){0};
}

/* The slot of 'key', or the free one where it would go. Keys are hashes: their bytes spread. */
static struct oidmap_slot *slot_of(struct oidmap_slot *slots, size_t capacity, const uint8_t *key)
{
    uint64_t start;
    memcpy(&start, key, sizeof start);
    size_t i = (size_t)start & (capacity - 1);
    while (slots[i].value != 0 && memcmp(slots[i].key, key, OIDMAP_KEY_BYTES) != 0)
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

bool oidmap_reserve(struct oidmap *m)
{
    if ((m->count + 1) * 4 <= m->capacity * 3)
        return true;
    size_t capacity = m->capacity > 0 ? m->capacity * 2 : CAPACITY_MIN;
    struct oidmap_slot *slots = mem_array(capacity, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].value != 0)
            *slot_of(slots, capacity, m->slots[i].key) = m->slots[i];
    mem_free(m->slots);
    m->slots = slots;
    m->capacity = capacity;
    return true;
}

void oidmap_put(struct oidmap *m, const uint8_t key[static OIDMAP_KEY_BYTES], uint32_t value)
{
    CHECK(m->capacity > 0 && value < UINT32_MAX);
    struct oidmap_slot *slot = slot_of(m->slots, m->capacity, key);
    if (slot->value == 0) {
        CHECK(m->count + 1 < m->capacity);
        memcpy(slot->key, key, OIDMAP_KEY_BYTES);
        m->count++;
    }
    slot->value = value + 1;
}

uint32_t oidmap_get(const struct oidmap *m, const uint8_t key[static OIDMAP_KEY_BYTES],
                    uint32_t missing)
{
    if (m->capacity == 0)
        return missing;
    const struct oidmap_slot *slot = slot_of(m->slots, m->capacity, key);
    return slot->value != 0 ? slot->value - 1 : missing;
}
