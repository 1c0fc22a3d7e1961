#include "replicas/wantlist.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { WANTS_FIRST = 64 };

void wantlist_release(struct wantlist *l)
{
    mem_free(l->facts);
    mem_free(l->order);
    *l = (struct wantlist){0};
}

bool wantlist_is_full(const struct wantlist *l)
{
    return l->count == WANTLIST_MAX;
}

/* The first place whose name is 'name' or behind it. */
static uint32_t place_of(const struct wantlist *l, const struct digest *name)
{
    uint32_t low = 0, high = l->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(l->facts[l->order[middle]].name.id, name->id, DIGEST_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct wantlist *l, uint32_t place, const struct digest *name)
{
    return place < l->count &&
           memcmp(l->facts[l->order[place]].name.id, name->id, DIGEST_BYTES) == 0;
}

static enum status grow(struct wantlist *l)
{
    uint32_t capacity = l->capacity > 0 ? 2 * l->capacity : WANTS_FIRST;
    struct vault_facts *facts = mem_resize(l->facts, capacity * sizeof *facts);
    if (facts == NULL)
        return ST_NO_MEMORY;
    l->facts = facts;
    uint32_t *order = mem_resize(l->order, capacity * sizeof *order);
    if (order == NULL)
        return ST_NO_MEMORY;
    l->order = order;
    for (uint32_t i = l->capacity; i < capacity; i++)
        l->order[i] = i;
    l->capacity = capacity;
    return ST_OK;
}

enum status wantlist_add(struct wantlist *l, const struct vault_facts *facts)
{
    CHECK(!wantlist_is_full(l));
    if (l->count == l->capacity && grow(l) != ST_OK)
        return ST_NO_MEMORY;
    uint32_t place = place_of(l, &facts->name), slot = l->order[l->count];
    CHECK(!is_at(l, place, &facts->name));
    memmove(&l->order[place + 1], &l->order[place], (l->count - place) * sizeof *l->order);
    l->order[place] = slot;
    l->facts[slot] = *facts;
    l->count++;
    return ST_OK;
}

struct vault_facts *wantlist_find(const struct wantlist *l, const struct digest *name)
{
    uint32_t place = place_of(l, name);
    return is_at(l, place, name) ? &l->facts[l->order[place]] : NULL;
}

const struct vault_facts *wantlist_at(const struct wantlist *l, uint32_t place)
{
    CHECK(place < l->count);
    return &l->facts[l->order[place]];
}

uint32_t wantlist_behind(const struct wantlist *l, const struct digest *name)
{
    uint32_t place = place_of(l, name);
    return is_at(l, place, name) ? place + 1 : place;
}

bool wantlist_remove(struct wantlist *l, const struct digest *name)
{
    uint32_t place = place_of(l, name);
    if (!is_at(l, place, name))
        return false;
    uint32_t slot = l->order[place];
    l->count--;
    memmove(&l->order[place], &l->order[place + 1], (l->count - place) * sizeof *l->order);
    l->order[l->count] = slot;
    return true;
}

void wantlist_clear(struct wantlist *l)
{
    l->count = 0; /* 'order' still has each place once */
}
