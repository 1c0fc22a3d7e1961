/*
 * A backing that keeps everything in memory, for tests and the simulator.
 */
#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/oid_map.h"
#include "replicas/store.h"

struct kept {
    enum store_kind kind;
    size_t count;
    uint8_t data[];
};

struct memory {
    struct oid_map objects; /* of struct kept */
    struct store_ref *refs; /* by name */
    size_t ref_count;
};

static enum status memory_read(void *context, const struct oid *id, enum store_kind *kind_out,
                               struct buf *data_out, struct fault *f)
{
    struct memory *m = context;
    const struct kept *k = oid_map_find(&m->objects, id);
    if (k == NULL) {
        char hex[OID_TEXT + 1];
        hex_encode(id->id, OID_BYTES, hex);
        return fault_set(f, ST_NOT_FOUND, "object %s is not here", hex);
    }
    *kind_out = k->kind;
    buf_add(data_out, k->data, k->count);
    return buf_status(data_out);
}

static enum status memory_write(void *context, const struct store_object *objects, size_t count,
                                struct fault *f)
{
    struct memory *m = context;
    for (size_t i = 0; i < count; i++) {
        const struct store_object *o = &objects[i];
        if (oid_map_find(&m->objects, &o->id) != NULL)
            continue;
        struct kept *k = mem_alloc(sizeof *k + o->data.count);
        if (k == NULL || oid_map_put(&m->objects, &o->id, k) != ST_OK) {
            mem_free(k);
            return fault_set(f, ST_NO_MEMORY, "no memory to keep an object");
        }
        k->kind = o->kind;
        k->count = o->data.count;
        if (k->count > 0)
            memcpy(k->data, o->data.data, k->count);
    }
    return ST_OK;
}

static int compare_refs(const void *a, const void *b)
{
    return strcmp(((const struct store_ref *)a)->name, ((const struct store_ref *)b)->name);
}

static struct store_ref *find_ref(struct memory *m, const struct store_ref *ref)
{
    return m->ref_count > 0 ? bsearch(ref, m->refs, m->ref_count, sizeof *m->refs, compare_refs)
                            : NULL;
}

static enum status memory_set_refs(void *context, const struct store_ref *refs, size_t count,
                                   struct fault *f)
{
    struct memory *m = context;
    struct store_ref *grown = mem_resize(m->refs, (m->ref_count + count + 1) * sizeof *m->refs);
    if (grown == NULL)
        return fault_set(f, ST_NO_MEMORY, "no memory to keep a ref");
    m->refs = grown;
    for (size_t i = 0; i < count; i++) {
        struct store_ref *at = find_ref(m, &refs[i]);
        if (oid_is_zero(&refs[i].target)) {
            if (at == NULL)
                continue;
            size_t behind = (size_t)(m->refs + m->ref_count - at) - 1;
            memmove(at, at + 1, behind * sizeof *at);
            m->ref_count--;
        } else if (at != NULL) {
            at->target = refs[i].target;
        } else {
            m->refs[m->ref_count++] = refs[i];
            qsort(m->refs, m->ref_count, sizeof *m->refs, compare_refs);
        }
    }
    return ST_OK;
}

static enum status memory_list_refs(void *context,
                                    void (*each)(void *user, const struct store_ref *ref),
                                    void *user, struct fault *f)
{
    const struct memory *m = context;
    (void)f;
    for (size_t i = 0; i < m->ref_count; i++)
        each(user, &m->refs[i]);
    return ST_OK;
}

static void memory_close(void *context)
{
    struct memory *m = context;
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->objects.capacity; i++)
        mem_free(m->objects.slots[i].value);
    oid_map_release(&m->objects);
    mem_free(m->refs);
    mem_free(m);
}

enum status backing_memory_open(struct backing *out)
{
    struct memory *m = mem_alloc(sizeof *m);
    if (m == NULL)
        return ST_NO_MEMORY;
    *out = (struct backing){
        .context = m,
        .read = memory_read,
        .write = memory_write,
        .set_refs = memory_set_refs,
        .list_refs = memory_list_refs,
        .close = memory_close,
    };
    return ST_OK;
}
