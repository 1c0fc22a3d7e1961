#include "replicas/pack.h"

#include <libdeflate.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/oid_map.h"
#include "replicas/pack_delta.h"

static_assert(PACK_COMMIT == (int)STORE_COMMIT && PACK_BLOB == (int)STORE_BLOB, "git's numbers");

enum {
    LEVEL = 1,                    /* 2 is 30 % slower for 2 % */
    WINDOW_BYTES_RAW = 4 * MIB,   /* deflated together, then written: bounds the memory */
    THREAD_BYTES_MIN = 256 * KIB, /* less is not worth a thread */
    PORTION = 32,                 /* objects a thread takes at a time */
};

/* One object of the batch, doubles left out. */
struct piece {
    const struct store_object *object;
    const struct piece *base; /* NULL: none */
    uint32_t depth;
    uint32_t offset; /* in the pack, once written */
    bool is_delta;
    uint8_t worker;      /* whose output holds it */
    size_t raw_count;    /* of what was deflated */
    size_t start, count; /* in that output */
};

struct worker {
    struct window *window;
    struct libdeflate_compressor *deflater;
    struct buf out, delta;
    enum status st;
    uint8_t number;
    pthread_t thread;
};

struct window {
    struct piece *pieces;
    size_t count;
    atomic_size_t next;
};

static void deflate_piece(struct worker *w, struct piece *p)
{
    struct bytes raw = p->object->data;
    p->is_delta = p->base != NULL && pack_delta_make(p->base->object->data, raw, &w->delta);
    if (p->is_delta)
        raw = buf_bytes(&w->delta);
    size_t bound = libdeflate_zlib_compress_bound(w->deflater, raw.count);
    uint8_t *at = buf_reserve(&w->out, bound);
    if (at == NULL) {
        w->st = ST_NO_MEMORY;
        return;
    }
    p->worker = w->number;
    p->raw_count = raw.count;
    p->start = w->out.count;
    p->count = libdeflate_zlib_compress(w->deflater, raw.data, raw.count, at, bound);
    CHECK(p->count > 0);
    w->out.count += p->count;
}

static void *work(void *context)
{
    struct worker *w = context;
    struct window *all = w->window;
    while (w->st == ST_OK) {
        size_t at = atomic_fetch_add(&all->next, PORTION);
        if (at >= all->count)
            break;
        for (size_t i = at; i < all->count && i < at + PORTION && w->st == ST_OK; i++)
            deflate_piece(w, &all->pieces[i]);
    }
    return NULL;
}

/* Deflate a window on as many threads as it is worth, this one among them. */
static enum status deflate_window(struct window *all, struct worker *workers, size_t worker_count)
{
    bool started[PACK_THREADS_MAX] = {false};
    enum status st = ST_OK;
    atomic_store(&all->next, 0);
    for (size_t i = 0; i < worker_count; i++) {
        workers[i].window = all;
        buf_reset(&workers[i].out);
    }
    /* Where no thread can be had, the others do its share. */
    for (size_t i = 1; i < worker_count; i++)
        started[i] = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    work(&workers[0]);
    for (size_t i = 0; i < worker_count; i++) {
        if (started[i])
            pthread_join(workers[i].thread, NULL);
        if (workers[i].st != ST_OK)
            st = workers[i].st;
    }
    return st;
}

static enum status write_window(struct pack_file *file, struct window *all,
                                const struct worker *workers, struct fault *f)
{
    enum status st = ST_OK;
    for (size_t i = 0; i < all->count && st == ST_OK; i++) {
        struct piece *p = &all->pieces[i];
        uint8_t header[PACK_ENTRY_HEADER_MAX];
        p->offset = (uint32_t)file->offset;
        size_t count = pack_file_entry_header(
            p->is_delta ? PACK_OFS_DELTA : (unsigned)p->object->kind, p->raw_count,
            p->is_delta ? p->offset - p->base->offset : 0, header);
        st = pack_file_add(file, &p->object->id, (struct bytes){header, count},
                           (struct bytes){workers[p->worker].out.data + p->start, p->count}, f);
    }
    return st;
}

/* The pieces of a batch, each with the base it may be a delta of. */
static enum status plan(const struct store_object *objects, size_t count, struct piece *pieces,
                        size_t *count_out, size_t *bytes_out)
{
    struct oid_map known = {0};
    size_t used = 0, bytes = 0;
    enum status st = ST_OK;
    for (size_t i = 0; i < count && st == ST_OK; i++) {
        const struct store_object *o = &objects[i];
        if (oid_map_find(&known, &o->id) != NULL)
            continue;
        struct piece *p = &pieces[used++];
        struct piece *base = oid_is_zero(&o->near) ? NULL : oid_map_find(&known, &o->near);
        p->object = o;
        if (base != NULL && base->object->kind == o->kind && base->depth < PACK_DEPTH_MAX) {
            p->base = base;
            p->depth = base->depth + 1;
        }
        bytes += o->data.count;
        st = oid_map_put(&known, &o->id, p);
    }
    oid_map_release(&known);
    *count_out = used;
    *bytes_out = bytes;
    return st;
}

static size_t threads_for(size_t bytes)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = cores > 0 ? (size_t)cores : 1;
    if (count > PACK_THREADS_MAX)
        count = PACK_THREADS_MAX;
    size_t worth = 1 + bytes / THREAD_BYTES_MIN;
    return count < worth ? count : worth;
}

static enum status write_pieces(struct pack_file *file, struct piece *pieces, size_t count,
                                struct worker *workers, size_t worker_count, struct fault *f)
{
    enum status st = ST_OK;
    for (size_t at = 0; at < count && st == ST_OK;) {
        struct window all = {.pieces = pieces + at};
        for (size_t bytes = 0; at < count && bytes < WINDOW_BYTES_RAW; at++, all.count++)
            bytes += pieces[at].object->data.count;
        st = deflate_window(&all, workers, worker_count);
        if (st != ST_OK)
            fault_set(f, st, "no memory to deflate objects");
        else
            st = write_window(file, &all, workers, f);
    }
    return st;
}

enum status pack_write(const char *folder, const struct store_object *objects, size_t count,
                       struct fault *f)
{
    CHECK(count >= 1 && count <= UINT32_MAX);
    struct pack_file file = {0};
    struct worker workers[PACK_THREADS_MAX] = {{0}};
    size_t used = 0, bytes = 0, worker_count = 0;
    struct piece *pieces = mem_array(count, sizeof *pieces);
    enum status st = pieces != NULL ? plan(objects, count, pieces, &used, &bytes) : ST_NO_MEMORY;
    while (st == ST_OK && worker_count < threads_for(bytes)) {
        struct worker *w = &workers[worker_count];
        w->number = (uint8_t)worker_count;
        w->deflater = libdeflate_alloc_compressor(LEVEL);
        if (w->deflater == NULL)
            st = ST_NO_MEMORY;
        worker_count++;
    }
    if (st != ST_OK)
        fault_set(f, st, "no memory to pack %zu objects", count);
    else
        st = pack_file_create(folder, (uint32_t)used, &file, f);
    if (st == ST_OK)
        st = write_pieces(&file, pieces, used, workers, worker_count, f);
    if (st == ST_OK)
        st = pack_file_finish(&file, NULL, f);
    pack_file_release(&file);
    for (size_t i = 0; i < worker_count; i++) {
        libdeflate_free_compressor(workers[i].deflater);
        buf_release(&workers[i].out);
        buf_release(&workers[i].delta);
    }
    mem_free(pieces);
    return st;
}
