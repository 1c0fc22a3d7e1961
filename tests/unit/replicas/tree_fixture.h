/*
 * tree_fixture: random trees over a fixed list of paths, and a flat picture of each as the oracle.
 */
#ifndef TESTS_TREE_FIXTURE_H
#define TESTS_TREE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/tree.h"

enum { PATHS = 400, CACHE_BYTES = 1 << 20 };

/* A flat picture of a tree: the oracle of everything here. blob 0: not there. */
struct picture {
    uint32_t blob[PATHS];
};

static struct backing memory;
static struct store *store;
static char paths[PATHS][TREE_PATH_MAX];
static uint64_t state = 88172645463325252ull;

static inline uint32_t next(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % below;
}

static inline int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Paths as the program has them, and some whose order git and bytes could disagree about. */
static inline void make_paths(void)
{
    static const char *const odd[] = {"a",     "a-b/x", "a.b",       "a0/x",
                                      "ab",    "b-/x",  "b.c/x",     "b/y",
                                      "b/z/1", "b0",    "records/a", "c/d/e/f/g/h/i/j"};
    size_t count = sizeof odd / sizeof *odd;
    for (size_t i = 0; i < PATHS; i++) {
        if (i < count) {
            snprintf(paths[i], sizeof paths[i], "%s", odd[i]);
            continue;
        }
        unsigned id = (unsigned)i * 2654435761u;
        snprintf(paths[i], sizeof paths[i], "records/%s/%x/%x/%x/%08x%016zx.json",
                 i % 3 == 0 ? "visit" : "enterprise", id >> 28, id >> 24 & 3, id >> 20 & 1, id, i);
    }
    qsort(paths, PATHS, sizeof *paths, compare_paths);
}

static inline int set_up(void **unused)
{
    (void)unused;
    make_paths();
    return backing_memory_open(&memory) == ST_OK &&
                   store_open(&memory, CACHE_BYTES, &store) == ST_OK
               ? 0
               : -1;
}

static inline int tear_down(void **unused)
{
    (void)unused;
    store_close(store);
    return 0;
}

static inline struct oid blob_of(uint32_t n)
{
    struct oid id = {{0}};
    id.id[0] = (uint8_t)(n > 0 ? 0xab : 0);
    memcpy(id.id + 4, &n, sizeof n);
    return id;
}

static inline struct oid edit(const struct oid *root, const struct tree_change *changes,
                              size_t count)
{
    struct oid out;
    struct fault f = {.text = ""};
    enum status st = tree_edit(store, root, changes, count, &out, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
    return out;
}

static inline struct oid tree_of(const struct picture *p)
{
    struct tree_change changes[PATHS];
    size_t count = 0;
    for (size_t i = 0; i < PATHS; i++)
        if (p->blob[i] != 0)
            changes[count++] = (struct tree_change){paths[i], blob_of(p->blob[i])};
    struct oid none = {{0}};
    return edit(&none, changes, count);
}

static inline void assert_same(const struct oid *a, const struct oid *b)
{
    char hex[2][OID_TEXT + 1];
    hex_encode(a->id, OID_BYTES, hex[0]);
    hex_encode(b->id, OID_BYTES, hex[1]);
    assert_string_equal(hex[0], hex[1]);
}

static inline struct picture random_picture(uint32_t percent)
{
    struct picture p;
    for (size_t i = 0; i < PATHS; i++)
        p.blob[i] = next(100) < percent ? 1 + next(1000) : 0;
    return p;
}

struct walk {
    struct picture p;
    char last[TREE_PATH_MAX];
    size_t seen, stop_at;
};

static inline size_t index_of(const char *path)
{
    const char(*at)[TREE_PATH_MAX] = bsearch(path, paths, PATHS, sizeof *paths, compare_paths);
    assert_non_null(at);
    return (size_t)(at - (const char(*)[TREE_PATH_MAX])paths);
}

static inline enum status walked(void *user, const char *path, const struct oid *blob)
{
    struct walk *w = user;
    assert_true(strcmp(w->last, path) < 0);
    snprintf(w->last, sizeof w->last, "%s", path);
    memcpy(&w->p.blob[index_of(path)], blob->id + 4, sizeof(uint32_t));
    store_tidy(store);
    return ++w->seen == w->stop_at ? ST_NOTHING : ST_OK;
}

struct difference {
    struct picture a, b;
    char last[TREE_PATH_MAX];
};

static inline enum status differs(void *user, const char *path, const struct oid *a,
                                  const struct oid *b)
{
    struct difference *d = user;
    size_t i = index_of(path);
    assert_true(strcmp(d->last, path) < 0);
    snprintf(d->last, sizeof d->last, "%s", path);
    memcpy(&d->a.blob[i], a->id + 4, sizeof(uint32_t));
    memcpy(&d->b.blob[i], b->id + 4, sizeof(uint32_t));
    store_tidy(store);
    return ST_OK;
}

static inline enum status greater(void *user, const char *path, const struct oid *a,
                                  const struct oid *b, struct oid *joined_out)
{
    size_t *calls = user;
    index_of(path);
    assert_false(oid_equal(a, b));
    assert_false(oid_is_zero(a) || oid_is_zero(b));
    *joined_out = oid_compare(a, b) > 0 ? *a : *b;
    (*calls)++;
    store_tidy(store);
    return ST_OK;
}

#endif
