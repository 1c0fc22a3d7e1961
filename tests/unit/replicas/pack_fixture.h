/*
 * pack_fixture: a fresh repository made by stock git, and objects to put into packs.
 */
#ifndef TESTS_PACK_FIXTURE_H
#define TESTS_PACK_FIXTURE_H

#include "proto/mem.h"
#include "replicas/store.h"
#include "tests/unit/replicas/judge.h"

enum { FIXTURE_OBJECTS_MAX = 4096 };

struct pack_fixture {
    struct judge judge;
    char folder[JUDGE_PATH_MAX + 32]; /* objects/pack */
    struct store_object objects[FIXTURE_OBJECTS_MAX];
    size_t count;
};

static inline int pack_fixture_open(struct pack_fixture *x)
{
    memset(x, 0, sizeof *x);
    if (judge_open(&x->judge) != 0)
        return -1;
    snprintf(x->folder, sizeof x->folder, "%s/objects/pack", x->judge.folder);
    return judge_run(&x->judge, "git init -q --bare .");
}

static inline void pack_fixture_forget(struct pack_fixture *x)
{
    while (x->count > 0)
        mem_free((void *)(uintptr_t)x->objects[--x->count].data.data);
}

static inline void pack_fixture_close(struct pack_fixture *x)
{
    pack_fixture_forget(x);
    judge_close(&x->judge);
}

/* A copy of 'data' as one more object; 'near' may be NULL. */
static inline struct oid pack_fixture_add(struct pack_fixture *x, enum store_kind kind,
                                          struct bytes data, const struct oid *near)
{
    struct store_object *o = &x->objects[x->count++];
    *o = (struct store_object){.kind = kind, .data = {mem_copy(data.data, data.count), data.count}};
    if (near != NULL)
        o->near = *near;
    store_hash(kind, data, &o->id);
    return o->id;
}

/* 'count' blobs of some text that differs by 'seed'. */
static inline void pack_fixture_add_blobs(struct pack_fixture *x, size_t count, unsigned seed)
{
    struct buf text = {0};
    for (size_t i = 0; i < count; i++) {
        buf_reset(&text);
        for (size_t k = 0; k < 20 + i % 7; k++)
            buf_add_format(&text, "line %zu of blob %zu, seed %u\n", k * i, i, seed);
        pack_fixture_add(x, STORE_BLOB, buf_bytes(&text), NULL);
    }
    buf_release(&text);
}

/* Whether stock git finds nothing wrong with the repository, and reads each object back as it is.
 */
static inline int pack_fixture_judge(struct pack_fixture *x)
{
    struct buf ids = {0};
    for (size_t i = 0; i < x->count; i++) {
        char hex[OID_TEXT + 1];
        hex_encode(x->objects[i].id.id, OID_BYTES, hex);
        buf_add_format(&ids, "%s\n", hex);
    }
    int failed = judge_write(&x->judge, "ids", ids.data, ids.count);
    buf_release(&ids);
    failed |= judge_run(&x->judge, "git fsck --strict --no-dangling --full 2>&1 | "
                                   "{ ! grep -v '^notice: '; }");
    failed |= judge_run(&x->judge, "for p in objects/pack/*.pack; do "
                                   "git index-pack --strict --verify $p > /dev/null && "
                                   "git verify-pack ${p%%.pack}.idx || exit 1; done");
    failed |= judge_run(&x->judge, "test -z \"$(ls objects/pack | grep tmp)\"");
    failed |= judge_run(&x->judge, "git cat-file --batch < ids > contents && wc -c < contents");
    if (failed != 0)
        return failed;
    /* "<id> <kind> <size>\n<content>\n" for each */
    struct buf expected = {0};
    static const char *const kinds[] = {"", "commit", "tree", "blob"};
    for (size_t i = 0; i < x->count; i++) {
        const struct store_object *o = &x->objects[i];
        char hex[OID_TEXT + 1];
        hex_encode(o->id.id, OID_BYTES, hex);
        buf_add_format(&expected, "%s %s %zu\n", hex, kinds[o->kind], o->data.count);
        buf_add_bytes(&expected, o->data);
        buf_add_byte(&expected, '\n');
    }
    failed = judge_write(&x->judge, "expected", expected.data, expected.count);
    buf_release(&expected);
    return failed | judge_run(&x->judge, "cmp contents expected");
}

#endif
