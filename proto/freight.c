#include "proto/freight.h"

#include "proto/check.h"
#include "proto/mem.h"

static bool is_free(const struct partial *p)
{
    return p->bytes == NULL;
}

void freight_drop(struct partial *p)
{
    mem_free(p->bytes);
    *p = (struct partial){0};
}

void freight_release(struct freight *f)
{
    for (uint32_t i = 0; i < PARTIALS_MAX; i++)
        freight_drop(&f->partials[i]);
    for (uint32_t lane = 0; lane < SEALED_LANES; lane++)
        nameset_release(&f->under_way[lane]);
    *f = (struct freight){0};
}

void freight_told(struct freight *f, const struct core_event *e)
{
    for (uint32_t lane = 0; lane < SEALED_LANES; lane++) {
        f->waiting[lane] = e->wanted.waiting[lane];
        f->wanted[lane]++;
        f->wanted_ms[lane] = e->now_ms;
    }
}

struct partial *freight_take(struct freight *f, link_id link, const struct digest *name)
{
    for (uint32_t i = 0; i < PARTIALS_MAX; i++) {
        struct partial *p = &f->partials[i];
        if (is_free(p) || memcmp(p->name.id, name->id, DIGEST_BYTES) != 0)
            continue;
        if (p->holder != 0 && p->holder != link)
            return NULL;
        p->holder = link;
        p->used = ++f->uses;
        return p;
    }
    return NULL;
}

struct partial *freight_begin(struct freight *f, link_id link, const struct digest *name,
                              uint32_t total)
{
    struct partial *place = NULL;
    for (uint32_t i = 0; i < PARTIALS_MAX; i++) {
        struct partial *p = &f->partials[i];
        if (!is_free(p) && memcmp(p->name.id, name->id, DIGEST_BYTES) == 0)
            return NULL; /* another link is at it */
        if (p->holder == 0 && (place == NULL || p->used < place->used))
            place = p;
    }
    uint8_t *bytes = place != NULL ? mem_alloc(total) : NULL;
    if (bytes == NULL)
        return NULL;
    freight_drop(place);
    *place = (struct partial){.name = *name,
                              .total = total,
                              .bytes = bytes,
                              .holder = link,
                              .source = link,
                              .used = ++f->uses};
    return place;
}

void freight_add(struct freight *f, struct partial *p, link_id link, struct bytes bytes)
{
    CHECK(p->holder == link && bytes.count <= p->total - p->got);
    memcpy(p->bytes + p->got, bytes.data, bytes.count);
    p->got += (uint32_t)bytes.count;
    p->mixed = p->mixed || p->source != link;
    p->used = ++f->uses;
}

void freight_leave(struct freight *f, link_id link)
{
    for (uint32_t i = 0; i < PARTIALS_MAX; i++)
        if (f->partials[i].holder == link)
            f->partials[i].holder = 0;
}
