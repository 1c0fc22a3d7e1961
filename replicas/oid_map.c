#include "replicas/oid_map.h"

#include "proto/check.h"
#include "proto/mem.h"

enum { OID_MAP_SLOTS_MIN = 64 };

void oid_map_release(struct oid_map *m)
{
    if (m == NULL)
        return;
    mem_free(m->slots);
    memset(m, 0, sizeof *m);
}

static size_t home_of(const struct oid_map *m, const struct oid *id)
{
    uint64_t hash;
    memcpy(&hash, id->id, sizeof hash);
    return (size_t)hash & (m->capacity - 1);
}

/* The slot that holds 'id', or the empty one where it would go. */
static size_t slot_of(const struct oid_map *m, const struct oid *id)
{
    size_t at = home_of(m, id);
    while (m->slots[at].value != NULL && !oid_equal(&m->slots[at].id, id))
        at = (at + 1) & (m->capacity - 1);
    return at;
}

void *oid_map_find(const struct oid_map *m, const struct oid *id)
{
    return m->capacity > 0 ? m->slots[slot_of(m, id)].value : NULL;
}

static enum status rehash(struct oid_map *m, size_t capacity)
{
    struct oid_map other = {.count = m->count, .capacity = capacity};
    other.slots = mem_array(capacity, sizeof *other.slots);
    if (other.slots == NULL)
        return ST_NO_MEMORY;
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].value != NULL)
            other.slots[slot_of(&other, &m->slots[i].id)] = m->slots[i];
    mem_free(m->slots);
    *m = other;
    return ST_OK;
}

enum status oid_map_put(struct oid_map *m, const struct oid *id, void *value)
{
    CHECK(value != NULL);
    if (4 * (m->count + 1) > 3 * m->capacity) {
        enum status st = rehash(m, m->capacity > 0 ? 2 * m->capacity : OID_MAP_SLOTS_MIN);
        if (st != ST_OK)
            return st;
    }
    size_t at = slot_of(m, id);
    if (m->slots[at].value == NULL)
        m->count++;
    m->slots[at].id = *id;
    m->slots[at].value = value;
    return ST_OK;
}

void oid_map_remove(struct oid_map *m, const struct oid *id)
{
    if (m->capacity == 0)
        return;
    size_t mask = m->capacity - 1;
    size_t hole = slot_of(m, id);
    if (m->slots[hole].value == NULL)
        return;
    m->slots[hole].value = NULL;
    m->count--;
    /* Move back what the hole would hide: whatever probes past it from its home. */
    for (size_t at = (hole + 1) & mask; m->slots[at].value != NULL; at = (at + 1) & mask) {
        size_t home = home_of(m, &m->slots[at].id);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        m->slots[hole] = m->slots[at];
        m->slots[at].value = NULL;
        hole = at;
    }
}

void oid_map_shrink(struct oid_map *m)
{
    size_t capacity = OID_MAP_SLOTS_MIN;
    while (3 * capacity < 8 * m->count)
        capacity *= 2;
    /* Without the memory for it, it stays as large as it is. */
    if (capacity < m->capacity && rehash(m, capacity) != ST_OK)
        return;
}
