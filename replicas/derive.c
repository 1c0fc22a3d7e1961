#include "replicas/derive.h"

#include <stdlib.h>

#include "proto/mem.h"
#include "replicas/commit.h"
#include "replicas/oid_map.h"
#include "replicas/replay.h"

struct deriving {
    struct store *store;
    const struct change *change;
    struct op_list *ops;
    struct fault *fault;
};

static bool has_prefix(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

static enum status derive_record(struct deriving *d, const char *path, const struct oid *old,
                                 const struct oid *fresh)
{
    struct record before = {0}, after = {0};
    struct bytes text;
    char expected[TREE_PATH_MAX];
    enum status st = store_read(d->store, fresh, STORE_BLOB, &text, d->fault);
    if (st == ST_OK)
        st = record_parse(text, &after);
    if (st == ST_OK) {
        replay_record_path(after.type, after.id, expected);
        if (strcmp(path, expected) != 0)
            st = ST_NOT_CANONICAL;
    }
    if (st == ST_OK && !oid_is_zero(old)) {
        st = store_read(d->store, old, STORE_BLOB, &text, d->fault);
        if (st == ST_OK)
            st = record_parse(text, &before);
    }
    if (st == ST_OK)
        st = op_diff(oid_is_zero(old) ? NULL : &before, &after, d->change, d->ops);
    if (st != ST_OK && st != ST_NO_MEMORY)
        st = fault_set(d->fault, st, "%s: %s", path, status_text(st));
    record_release(&before);
    record_release(&after);
    return st;
}

static enum status derive_charter(struct deriving *d, const char *path, const struct oid *fresh)
{
    struct op op = {.verb = OP_CHARTER};
    char *end;
    unsigned long version = strtoul(path + strlen("charter/"), &end, 10);
    if (strcmp(end, ".json") != 0 || version == 0 || version > CHARTER_VERSIONS_MAX)
        return fault_set(d->fault, ST_NOT_CANONICAL, "%s is no charter's place", path);
    op.version = (uint32_t)version;
    enum status st = store_read(d->store, fresh, STORE_BLOB, &op.value, d->fault);
    return st == ST_OK ? op_list_add(d->ops, &op) : st;
}

static enum status derive_path(void *user, const char *path, const struct oid *old,
                               const struct oid *fresh)
{
    struct deriving *d = user;
    if (has_prefix(path, "accounts/"))
        return ST_OK;
    if (oid_is_zero(fresh))
        return fault_set(d->fault, ST_WRONG_OPERATION, "%s is gone", path);
    if (has_prefix(path, "records/"))
        return derive_record(d, path, old, fresh);
    if (!oid_is_zero(old))
        return fault_set(d->fault, ST_WRONG_OPERATION, "%s has changed", path);
    if (has_prefix(path, "charter/"))
        return derive_charter(d, path, fresh);
    if (has_prefix(path, "adopted/")) {
        struct op op = {.verb = OP_ADOPT};
        enum status st =
            hex_decode(bytes_of_text(path + strlen("adopted/")), op.commit.id, OID_BYTES);
        return st == ST_OK ? op_list_add(d->ops, &op) : ST_NOT_CANONICAL;
    }
    return fault_set(d->fault, ST_NOT_CANONICAL, "%s has no place in a history", path);
}

enum status derive_operations(struct store *s, const struct oid *base, const struct oid *tree,
                              const struct change *change, struct op_list *out, struct fault *f)
{
    struct deriving d = {s, change, out, f};
    return tree_diff(s, base, tree, derive_path, &d, f);
}

/* ---- the order ---- */

struct found {
    struct oid id;
    uint64_t height;
};

struct ordering {
    struct store *store;
    struct oid_map seen;
    struct found *found;
    size_t count, capacity;
    struct oid *stack;
    size_t depth, stack_capacity;
    derive_broken_fn broken;
    void *user;
    enum status status;
    struct fault *fault;
};

static void push(struct ordering *o, const struct oid *id)
{
    static int here;
    if (o->status != ST_OK || oid_map_find(&o->seen, id) != NULL)
        return;
    if (o->depth == o->stack_capacity) {
        size_t capacity = o->stack_capacity > 0 ? o->stack_capacity * 2 : 64;
        void *fresh = mem_resize(o->stack, capacity * sizeof *o->stack);
        if (fresh == NULL) {
            o->status = ST_NO_MEMORY;
            return;
        }
        o->stack = fresh;
        o->stack_capacity = capacity;
    }
    o->status = oid_map_put(&o->seen, id, &here);
    o->stack[o->depth++] = *id;
}

static void keep(struct ordering *o, const struct oid *id, uint64_t height)
{
    if (o->count == o->capacity) {
        size_t capacity = o->capacity > 0 ? o->capacity * 2 : 64;
        void *fresh = mem_resize(o->found, capacity * sizeof *o->found);
        if (fresh == NULL) {
            o->status = ST_NO_MEMORY;
            return;
        }
        o->found = fresh;
        o->capacity = capacity;
    }
    o->found[o->count++] = (struct found){*id, height};
}

static void visit(struct ordering *o, const struct oid *id)
{
    struct bytes data, subject;
    struct item item;
    struct key key;
    struct fault f = {0};
    enum status st = store_read(o->store, id, STORE_COMMIT, &data, &f);
    if (st == ST_OK) {
        st = commit_parse(data, &item, &key, &subject);
        if (st != ST_OK)
            fault_set(&f, st, "it is no commit of Minga: %s", status_text(st));
    }
    if (st == ST_NO_MEMORY) { /* says nothing about the commit */
        o->status = st;
        return;
    }
    if (st != ST_OK) {
        o->broken(o->user, id, st, f.text);
        return;
    }
    keep(o, id, item.height);
    for (uint32_t i = 0; i < item.parent_count; i++)
        push(o, &item.parents[i]);
}

static void see_ref(void *user, const struct store_ref *ref)
{
    push(user, &ref->target);
}

static int by_height(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return x->height != y->height ? (x->height > y->height ? 1 : -1) : oid_compare(&x->id, &y->id);
}

enum status derive_order(struct store *s, derive_broken_fn broken, void *user, struct oid **out,
                         size_t *count_out, struct fault *f)
{
    struct ordering o = {.store = s, .broken = broken, .user = user, .fault = f};
    struct oid *ids = NULL;
    enum status listed = store_refs(s, see_ref, &o, f);
    if (o.status == ST_OK)
        o.status = listed;
    while (o.status == ST_OK && o.depth > 0) {
        struct oid id = o.stack[--o.depth];
        visit(&o, &id);
        store_tidy(s);
    }
    if (o.status == ST_OK) {
        if (o.count > 0)
            qsort(o.found, o.count, sizeof *o.found, by_height);
        ids = mem_array(o.count, sizeof *ids);
        o.status = ids != NULL ? ST_OK : ST_NO_MEMORY;
    }
    for (size_t i = 0; o.status == ST_OK && i < o.count; i++)
        ids[i] = o.found[i].id;
    *out = ids;
    *count_out = o.status == ST_OK ? o.count : 0;
    oid_map_release(&o.seen);
    mem_free(o.found);
    mem_free(o.stack);
    return o.status;
}
