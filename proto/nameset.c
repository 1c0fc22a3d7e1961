#include "proto/nameset.h"

#include "proto/check.h"
#include "proto/mem.h"

enum { SLOTS_MIN = 64 };

static const struct digest none;

static bool same(const struct digest *a, const struct digest *b)
{
    return memcmp(a->id, b->id, DIGEST_BYTES) == 0;
}

void nameset_release(struct nameset *s)
{
    mem_free(s->slots);
    *s = (struct nameset){0};
}

static uint32_t home_of(const struct nameset *s, const struct digest *name)
{
    uint32_t hash; /* the first bytes are alike where names come in their order */
    memcpy(&hash, name->id + 8, sizeof(hash));
    return hash & (s->capacity - 1);
}

/* Where the name is, or the free slot where it would be. */
static uint32_t place_of(const struct nameset *s, const struct digest *name)
{
    uint32_t at = home_of(s, name);
    while (!same(&s->slots[at], &none) && !same(&s->slots[at], name))
        at = (at + 1) & (s->capacity - 1);
    return at;
}

bool nameset_has(const struct nameset *s, const struct digest *name)
{
    return s->count > 0 && !same(name, &none) && same(&s->slots[place_of(s, name)], name);
}

static enum status grow(struct nameset *s)
{
    struct nameset fresh = {.count = s->count,
                            .capacity = s->capacity > 0 ? 2 * s->capacity : SLOTS_MIN};
    fresh.slots = mem_array(fresh.capacity, sizeof(fresh.slots[0]));
    if (fresh.slots == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < s->capacity; i++)
        if (!same(&s->slots[i], &none))
            fresh.slots[place_of(&fresh, &s->slots[i])] = s->slots[i];
    mem_free(s->slots);
    *s = fresh;
    return ST_OK;
}

enum status nameset_add(struct nameset *s, const struct digest *name)
{
    if (same(name, &none) || nameset_has(s, name))
        return ST_OK;
    if (2 * (s->count + 1) > s->capacity && grow(s) != ST_OK)
        return ST_NO_MEMORY;
    s->slots[place_of(s, name)] = *name;
    s->count++;
    return ST_OK;
}

bool nameset_remove(struct nameset *s, const struct digest *name)
{
    if (!nameset_has(s, name))
        return false;
    uint32_t mask = s->capacity - 1, hole = place_of(s, name);
    for (uint32_t at = (hole + 1) & mask; !same(&s->slots[at], &none); at = (at + 1) & mask) {
        /* What a search would no longer find behind the hole moves into it. */
        if (((at - home_of(s, &s->slots[at])) & mask) < ((at - hole) & mask))
            continue;
        s->slots[hole] = s->slots[at];
        hole = at;
    }
    s->slots[hole] = none;
    s->count--;
    return true;
}
