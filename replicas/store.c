#include "replicas/store.h"

#include <assert.h>
#include <malloc.h>
#include <nettle/sha1.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/oid_map.h"

static_assert(OID_BYTES == SHA1_DIGEST_SIZE, "object ids are SHA-1");

enum { HEADER_BYTES_MAX = 32, PENDING_MIN = 64, TRIM_BYTES_MIN = 4 << 20 };

/*
 * An object in memory, its bytes behind it. 'ready' ones are kept by the backing too and stand in
 * the list of what tidy may evict, the one used last in front.
 */
struct entry {
    struct oid id;
    enum store_kind kind;
    bool ready;
    size_t count;
    struct entry *newer, *older;
    uint8_t data[];
};

struct store {
    struct backing backing;
    struct oid_map map;           /* of struct entry */
    struct store_object *pending; /* in the order written; data lies in the entries */
    size_t pending_count, pending_capacity, pending_bytes;
    struct entry *newest, *oldest;
    size_t cached_bytes, cache_bytes_max;
    struct entry *dropped; /* by store_discard_since(): lent, perhaps, until the next tidy */
    struct buf scratch;
    bool trim; /* much was written: what tidy frees is worth giving back to the system */
};

static const char *const kind_names[] = {"", "commit", "tree", "blob"};

void store_hash(enum store_kind kind, struct bytes data, struct oid *out)
{
    CHECK(kind >= STORE_COMMIT && kind <= STORE_BLOB);
    char header[HEADER_BYTES_MAX];
    int count = snprintf(header, sizeof header, "%s %zu", kind_names[kind], data.count);
    struct sha1_ctx sha1;
    sha1_init(&sha1);
    sha1_update(&sha1, (size_t)count + 1, (const uint8_t *)header); /* with its NUL */
    sha1_update(&sha1, data.count, data.data);
    sha1_digest(&sha1, OID_BYTES, out->id);
}

enum status store_open(const struct backing *backing, size_t cache_bytes, struct store **out)
{
    CHECK(backing->read != NULL && backing->write != NULL);
    struct store *s = mem_alloc(sizeof *s);
    if (s == NULL)
        return ST_NO_MEMORY;
    s->backing = *backing;
    s->cache_bytes_max = cache_bytes;
    *out = s;
    return ST_OK;
}

static void free_dropped(struct store *s)
{
    while (s->dropped != NULL) {
        struct entry *e = s->dropped;
        s->dropped = e->older;
        mem_free(e);
    }
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->map.capacity; i++)
        mem_free(s->map.slots[i].value);
    free_dropped(s);
    oid_map_release(&s->map);
    mem_free(s->pending);
    buf_release(&s->scratch);
    if (s->backing.close != NULL)
        s->backing.close(s->backing.context);
    mem_free(s);
}

static size_t entry_bytes(const struct entry *e)
{
    return sizeof *e + sizeof(struct oid_map_slot) + e->count;
}

static void list_push(struct store *s, struct entry *e)
{
    e->older = s->newest;
    e->newer = NULL;
    if (s->newest != NULL)
        s->newest->newer = e;
    else
        s->oldest = e;
    s->newest = e;
    s->cached_bytes += entry_bytes(e);
}

static void list_remove(struct store *s, struct entry *e)
{
    if (e->newer != NULL)
        e->newer->older = e->older;
    else
        s->newest = e->older;
    if (e->older != NULL)
        e->older->newer = e->newer;
    else
        s->oldest = e->newer;
    s->cached_bytes -= entry_bytes(e);
}

/* A new entry with a copy of 'data', in the map; ready or not is the caller's to say. */
static struct entry *entry_add(struct store *s, const struct oid *id, enum store_kind kind,
                               struct bytes data)
{
    struct entry *e = mem_resize(NULL, sizeof *e + data.count);
    if (e == NULL)
        return NULL;
    memset(e, 0, sizeof *e);
    e->id = *id;
    e->kind = kind;
    e->count = data.count;
    if (data.count > 0)
        memcpy(e->data, data.data, data.count);
    if (oid_map_put(&s->map, id, e) != ST_OK) {
        mem_free(e);
        return NULL;
    }
    return e;
}

static enum status pending_reserve(struct store *s)
{
    if (s->pending_count < s->pending_capacity)
        return ST_OK;
    size_t capacity = s->pending_capacity > 0 ? 2 * s->pending_capacity : PENDING_MIN;
    struct store_object *pending = mem_resize(s->pending, capacity * sizeof *pending);
    if (pending == NULL)
        return ST_NO_MEMORY;
    s->pending = pending;
    s->pending_capacity = capacity;
    return ST_OK;
}

enum status store_write(struct store *s, enum store_kind kind, struct bytes data,
                        const struct oid *near, struct oid *id_out)
{
    struct oid id;
    store_hash(kind, data, &id);
    if (oid_map_find(&s->map, &id) == NULL) {
        struct entry *e = pending_reserve(s) == ST_OK ? entry_add(s, &id, kind, data) : NULL;
        if (e == NULL)
            return ST_NO_MEMORY;
        struct store_object *o = &s->pending[s->pending_count++];
        *o = (struct store_object){.id = id, .kind = kind, .data = {e->data, e->count}};
        if (near != NULL)
            o->near = *near;
        s->pending_bytes += e->count;
    }
    *id_out = id;
    return ST_OK;
}

/* Bring an object from the backing into memory. */
static enum status fetch(struct store *s, const struct oid *id, struct entry **out, struct fault *f)
{
    enum store_kind kind = STORE_BLOB;
    buf_reset(&s->scratch);
    enum status st = s->backing.read(s->backing.context, id, &kind, &s->scratch, f);
    if (st != ST_OK)
        return st;
    if (buf_status(&s->scratch) != ST_OK)
        return fault_set(f, ST_NO_MEMORY, "no memory to read an object");
    struct entry *e = entry_add(s, id, kind, buf_bytes(&s->scratch));
    if (e == NULL)
        return fault_set(f, ST_NO_MEMORY, "no memory to read an object");
    e->ready = true;
    list_push(s, e);
    *out = e;
    return ST_OK;
}

/* A blob is read because a tree names it: that it is not there is damage. Callers tell a path that
 * leads nowhere by ST_NOT_FOUND, and would take the file for one that never was. */
static enum status missing(const struct oid *blob, struct fault *f)
{
    char hex[OID_TEXT + 1];
    hex_encode(blob->id, OID_BYTES, hex);
    return fault_set(f, ST_CORRUPT, "object %s is missing, which a tree names", hex);
}

enum status store_read(struct store *s, const struct oid *id, enum store_kind kind,
                       struct bytes *data_out, struct fault *f)
{
    CHECK(kind >= STORE_COMMIT && kind <= STORE_BLOB);
    struct entry *e = oid_map_find(&s->map, id);
    if (e == NULL) {
        enum status st = fetch(s, id, &e, f);
        if (st == ST_NOT_FOUND && kind == STORE_BLOB)
            return missing(id, f);
        if (st != ST_OK)
            return st;
    } else if (e->ready && e != s->newest) {
        list_remove(s, e);
        list_push(s, e);
    }
    if (e->kind != kind) {
        char hex[OID_TEXT + 1];
        hex_encode(id->id, OID_BYTES, hex);
        return fault_set(f, ST_CORRUPT, "object %s is a %s where a %s belongs", hex,
                         kind_names[e->kind], kind_names[kind]);
    }
    *data_out = (struct bytes){e->data, e->count};
    return ST_OK;
}

bool store_has(struct store *s, const struct oid *id)
{
    struct entry *e = oid_map_find(&s->map, id);
    return e != NULL || fetch(s, id, &e, NULL) == ST_OK;
}

static void evict(struct store *s, size_t bytes_max)
{
    while (s->cached_bytes > bytes_max) {
        struct entry *e = s->oldest;
        CHECK(e != NULL && e->ready);
        list_remove(s, e);
        oid_map_remove(&s->map, &e->id);
        mem_free(e);
    }
}

void store_tidy(struct store *s)
{
    free_dropped(s);
    evict(s, s->cache_bytes_max);
    if (s->trim) {
        oid_map_shrink(&s->map);
        malloc_trim(0);
    }
    s->trim = false;
}

void store_rest(struct store *s)
{
    free_dropped(s);
    evict(s, 0);
    buf_release(&s->scratch);
    oid_map_shrink(&s->map);
    if (s->backing.rest != NULL)
        s->backing.rest(s->backing.context);
    malloc_trim(0);
    s->trim = false;
}

size_t store_pending_bytes(const struct store *s)
{
    return s->pending_bytes;
}

size_t store_mark(const struct store *s)
{
    return s->pending_count;
}

void store_discard_since(struct store *s, size_t mark)
{
    CHECK(mark <= s->pending_count);
    while (s->pending_count > mark) {
        const struct oid *id = &s->pending[--s->pending_count].id;
        struct entry *e = oid_map_find(&s->map, id);
        CHECK(e != NULL && !e->ready);
        oid_map_remove(&s->map, id);
        s->pending_bytes -= e->count;
        e->older = s->dropped;
        s->dropped = e;
    }
}

enum status store_flush(struct store *s, const struct store_ref *refs, size_t ref_count,
                        struct fault *f)
{
    struct backing *b = &s->backing;
    if (s->pending_count > 0) {
        enum status st = b->write(b->context, s->pending, s->pending_count, f);
        if (st != ST_OK)
            return st;
    }
    for (size_t i = 0; i < s->pending_count; i++) {
        struct entry *e = oid_map_find(&s->map, &s->pending[i].id);
        CHECK(e != NULL && !e->ready);
        e->ready = true;
        list_push(s, e);
    }
    s->trim = s->trim || s->pending_bytes >= TRIM_BYTES_MIN;
    /* The array of a large import would stay for ever. */
    mem_free(s->pending);
    s->pending = NULL;
    s->pending_count = s->pending_capacity = s->pending_bytes = 0;
    return ref_count > 0 ? b->set_refs(b->context, refs, ref_count, f) : ST_OK;
}

enum status store_refs(struct store *s, void (*each)(void *user, const struct store_ref *ref),
                       void *user, struct fault *f)
{
    return s->backing.list_refs(s->backing.context, each, user, f);
}
