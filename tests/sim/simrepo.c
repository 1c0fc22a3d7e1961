#include "tests/sim/simrepo.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/oid_map.h"
#include "tests/sim/simstate.h"

enum { SIMREPO_OBJECTS_MAX = 1 << 20 };

struct object {
    struct oid id;
    enum store_kind kind;
    bool rotten, lost;
    size_t count;
    uint8_t data[];
};

struct simrepo {
    struct simdisk *power;
    uint64_t armed;
    struct object **objects; /* in the order of their writing */
    size_t object_count, object_capacity;
    struct oid_map by_id;
    struct store_ref *refs;
    size_t ref_count, ref_capacity;
};

static enum status no_power(struct fault *f)
{
    return fault_set(f, ST_IO, "the simulated repository has no power");
}

static bool strikes(struct simrepo *r)
{
    return r->armed > 0 && --r->armed == 0;
}

static enum status repo_read(void *context, const struct oid *id, enum store_kind *kind_out,
                             struct buf *data_out, struct fault *f)
{
    struct simrepo *r = context;
    const struct object *o = oid_map_find(&r->by_id, id);
    if (simdisk_is_off(r->power))
        return no_power(f);
    if (o == NULL || o->lost)
        return fault_set(f, ST_NOT_FOUND, "no such object in the simulated repository");
    if (o->rotten)
        return fault_set(f, ST_CORRUPT, "an object of the simulated repository has rotted");
    if (strikes(r))
        return fault_set(f, ST_IO, "the simulated repository fails to read");
    *kind_out = o->kind;
    buf_add(data_out, o->data, o->count);
    return buf_status(data_out);
}

static enum status keep_object(struct simrepo *r, const struct store_object *from)
{
    struct object *o = mem_alloc(sizeof *o + from->data.count);
    struct object **place =
        o != NULL ? simstate_grow((void **)&r->objects, &r->object_count, &r->object_capacity,
                                  sizeof(struct object *), SIMREPO_OBJECTS_MAX)
                  : NULL;
    if (place == NULL) {
        mem_free(o);
        return ST_NO_MEMORY;
    }
    o->id = from->id;
    o->kind = from->kind;
    o->count = from->data.count;
    if (o->count > 0)
        memcpy(o->data, from->data.data, o->count);
    *place = o;
    return oid_map_put(&r->by_id, &o->id, o);
}

static enum status repo_write(void *context, const struct store_object *objects, size_t count,
                              struct fault *f)
{
    struct simrepo *r = context;
    enum status st = ST_OK;
    if (simdisk_is_off(r->power))
        return no_power(f);
    if (strikes(r))
        return fault_set(f, ST_IO, "the simulated repository fails to write");
    for (size_t i = 0; st == ST_OK && i < count; i++) {
        struct object *there = oid_map_find(&r->by_id, &objects[i].id);
        if (there == NULL)
            st = keep_object(r, &objects[i]);
        else
            there->rotten = there->lost = false;
    }
    CHECK(simdisk_pass(r->power));
    return st;
}

static enum status set_ref(struct simrepo *r, const struct store_ref *ref)
{
    size_t at = 0;
    while (at < r->ref_count && strcmp(r->refs[at].name, ref->name) != 0)
        at++;
    if (oid_is_zero(&ref->target)) {
        if (at < r->ref_count)
            r->refs[at] = r->refs[--r->ref_count];
        return ST_OK;
    }
    if (at == r->ref_count && simstate_grow((void **)&r->refs, &r->ref_count, &r->ref_capacity,
                                            sizeof *r->refs, SIMREPO_OBJECTS_MAX) == NULL)
        return ST_NO_MEMORY;
    r->refs[at] = *ref;
    return ST_OK;
}

static enum status repo_set_refs(void *context, const struct store_ref *refs, size_t count,
                                 struct fault *f)
{
    struct simrepo *r = context;
    for (size_t i = 0; i < count; i++) {
        if (simdisk_is_off(r->power))
            return no_power(f);
        if (oid_map_find(&r->by_id, &refs[i].target) == NULL && !oid_is_zero(&refs[i].target))
            return fault_set(f, ST_CORRUPT, "the ref %s names no object", refs[i].name);
        enum status st = set_ref(r, &refs[i]);
        if (st != ST_OK)
            return st;
        CHECK(simdisk_pass(r->power));
    }
    return ST_OK;
}

static enum status repo_list_refs(void *context,
                                  void (*each)(void *user, const struct store_ref *ref), void *user,
                                  struct fault *f)
{
    const struct simrepo *r = context;
    if (simdisk_is_off(r->power))
        return no_power(f);
    for (size_t i = 0; i < r->ref_count; i++)
        each(user, &r->refs[i]);
    return ST_OK;
}

struct simrepo *simrepo_new(struct simdisk *power)
{
    struct simrepo *r = mem_alloc(sizeof *r);
    if (r != NULL)
        r->power = power;
    return r;
}

static void cut_objects(struct simrepo *r, size_t count)
{
    while (r->object_count > count) {
        struct object *last = r->objects[--r->object_count];
        oid_map_remove(&r->by_id, &last->id);
        mem_free(last);
    }
}

void simrepo_free(struct simrepo *r)
{
    if (r == NULL)
        return;
    cut_objects(r, 0);
    mem_free(r->objects);
    mem_free(r->refs);
    oid_map_release(&r->by_id);
    mem_free(r);
}

struct backing simrepo_backing(struct simrepo *r)
{
    return (struct backing){
        .context = r,
        .read = repo_read,
        .write = repo_write,
        .set_refs = repo_set_refs,
        .list_refs = repo_list_refs,
    };
}

void simrepo_arm(struct simrepo *r, uint64_t n)
{
    r->armed = n;
}

bool simrepo_spoil(struct simrepo *r, uint64_t seed)
{
    if (r->object_count == 0)
        return false;
    struct object *o = r->objects[simstate_draw(&seed) % r->object_count];
    if (simstate_draw(&seed) % 2 == 0)
        o->rotten = true;
    else
        o->lost = true;
    return true;
}

bool simrepo_is_damaged(const struct simrepo *r)
{
    for (size_t i = 0; i < r->object_count; i++)
        if (r->objects[i]->rotten || r->objects[i]->lost)
            return true;
    return false;
}

enum status simrepo_save(const struct simrepo *r, struct simrepo_state *out)
{
    *out = (struct simrepo_state){.object_count = r->object_count, .ref_count = r->ref_count};
    out->refs = mem_array(r->ref_count, sizeof *out->refs);
    if (out->refs == NULL)
        return ST_NO_MEMORY;
    if (r->ref_count > 0)
        memcpy(out->refs, r->refs, r->ref_count * sizeof *out->refs);
    return ST_OK;
}

enum status simrepo_restore(struct simrepo *r, const struct simrepo_state *to)
{
    CHECK(to->object_count <= r->object_count);
    struct store_ref *refs = mem_array(to->ref_count, sizeof *refs);
    if (refs == NULL)
        return ST_NO_MEMORY;
    if (to->ref_count > 0)
        memcpy(refs, to->refs, to->ref_count * sizeof *refs);
    cut_objects(r, to->object_count);
    mem_free(r->refs);
    r->refs = refs;
    r->ref_count = r->ref_capacity = to->ref_count;
    return ST_OK;
}

void simrepo_state_release(struct simrepo_state *s)
{
    mem_free(s->refs);
    *s = (struct simrepo_state){0};
}
