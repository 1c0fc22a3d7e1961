#include "proto/idset.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { IDSET_CAPACITY_MIN = 8 };

void idset_release(struct idset *s)
{
    if (s == NULL)
        return;
    mem_free(s->ids);
    *s = (struct idset){0};
}

/* The place of 'id', or where it would go. */
static uint32_t place(const struct idset *s, const struct oid *id, bool *found)
{
    uint32_t low = 0, high = s->count;
    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = oid_compare(&s->ids[middle], id);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool idset_has(const struct idset *s, const struct oid *id)
{
    bool found;
    (void)place(s, id, &found);
    return found;
}

bool idset_equal(const struct idset *a, const struct idset *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof(a->ids[0])) == 0);
}

bool idset_within(const struct idset *a, const struct idset *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        if (!idset_has(b, &a->ids[i]))
            return false;
    }
    return true;
}

static enum status reserve(struct idset *s, uint32_t count)
{
    if (count <= s->capacity)
        return ST_OK;
    uint32_t capacity = s->capacity > 0 ? s->capacity : IDSET_CAPACITY_MIN;
    while (capacity < count)
        capacity *= 2;
    struct oid *ids = mem_resize(s->ids, capacity * sizeof(ids[0]));
    if (ids == NULL)
        return ST_NO_MEMORY;
    s->ids = ids;
    s->capacity = capacity;
    return ST_OK;
}

enum status idset_add(struct idset *s, const struct oid *id)
{
    bool found;
    uint32_t at = place(s, id, &found);
    if (found)
        return ST_OK;
    if (reserve(s, s->count + 1) != ST_OK)
        return ST_NO_MEMORY;
    memmove(&s->ids[at + 1], &s->ids[at], (s->count - at) * sizeof(s->ids[0]));
    s->ids[at] = *id;
    s->count++;
    CHECK(s->count <= s->capacity);
    return ST_OK;
}

void idset_remove(struct idset *s, const struct oid *id)
{
    bool found;
    uint32_t at = place(s, id, &found);
    if (!found)
        return;
    memmove(&s->ids[at], &s->ids[at + 1], (s->count - at - 1) * sizeof(s->ids[0]));
    s->count--;
}

static int order_of_ids(const void *a, const void *b)
{
    return oid_compare(a, b);
}

enum status idset_assign(struct idset *s, const struct oid *ids, uint32_t count)
{
    if (reserve(s, count) != ST_OK)
        return ST_NO_MEMORY;
    s->count = 0;
    if (count == 0)
        return ST_OK;
    memmove(s->ids, ids, count * sizeof(ids[0]));
    qsort(s->ids, count, sizeof(s->ids[0]), order_of_ids);
    for (uint32_t i = 0; i < count; i++) {
        if (s->count == 0 || !oid_equal(&s->ids[s->count - 1], &s->ids[i]))
            s->ids[s->count++] = s->ids[i];
    }
    return ST_OK;
}
