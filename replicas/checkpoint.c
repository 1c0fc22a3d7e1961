#include "replicas/engine.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/custody.h"

struct ref_list {
    struct store_ref *refs;
    size_t count, capacity;
};

static enum status add_ref(struct ref_list *l, const struct oid *target, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status add_ref(struct ref_list *l, const struct oid *target, const char *format, ...)
{
    if (l->count == l->capacity) {
        size_t capacity = l->capacity > 0 ? l->capacity * 2 : 16;
        void *fresh = mem_resize(l->refs, capacity * sizeof *l->refs);
        if (fresh == NULL)
            return ST_NO_MEMORY;
        l->refs = fresh;
        l->capacity = capacity;
    }
    struct store_ref *ref = &l->refs[l->count];
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(ref->name, sizeof ref->name, format, args);
    va_end(args);
    CHECK(bytes > 0 && (size_t)bytes < sizeof ref->name);
    ref->target = *target;
    l->count++;
    return ST_OK;
}

/* refs/heads/<label>: the label's newest commit; every further tip under refs/minga/, so that no
 * garbage collection takes it. */
static enum status label_refs(struct replica *r, struct ref_list *l)
{
    const struct charter *newest = charter_newest(&r->chain);
    enum status st = ST_OK;
    for (uint32_t m = 0; st == ST_OK && m < newest->member_count; m++) {
        const struct graph_node *best = NULL;
        for (uint32_t i = graph_count(r->graph); best == NULL && i-- > 0;) {
            const struct graph_node *n = graph_node(r->graph, i);
            if (strcmp(graph_key(r->graph, n->key)->label, newest->members[m].label) == 0)
                best = n;
        }
        if (best != NULL)
            st = add_ref(l, &best->id, "refs/heads/%s", newest->members[m].label);
    }
    uint32_t tip_count;
    const uint32_t *tips = graph_tips(r->graph, &tip_count);
    for (uint32_t i = 0; st == ST_OK && i < tip_count; i++) {
        const struct graph_node *n = graph_node(r->graph, tips[i]);
        char hex[OID_TEXT + 1];
        bool named = false;
        for (size_t k = 0; k < l->count; k++)
            named = named || oid_equal(&l->refs[k].target, &n->id);
        hex_encode(n->id.id, OID_BYTES, hex);
        if (!named)
            st = add_ref(l, &n->id, "refs/minga/tips/%s", hex);
    }
    return st;
}

struct old_refs {
    struct ref_list *wanted;
    struct oid main;
    bool has_main;
    enum status status;
};

/* Tips that are no longer tips go; the main of before is remembered. */
static void see_old(void *user, const struct store_ref *ref)
{
    struct old_refs *o = user;
    static const struct oid zero;
    if (strcmp(ref->name, "refs/heads/main") == 0) {
        o->main = ref->target;
        o->has_main = true;
    }
    if (strncmp(ref->name, "refs/minga/tips/", strlen("refs/minga/tips/")) != 0)
        return;
    for (size_t i = 0; i < o->wanted->count; i++)
        if (strcmp(o->wanted->refs[i].name, ref->name) == 0)
            return;
    if (o->status == ST_OK)
        o->status = add_ref(o->wanted, &zero, "%s", ref->name);
}

/* refs/heads/main: the newest signed commit that has every counted head in its past; while there
 * are several heads, the one of before stays as long as it counts. */
static enum status main_ref(struct replica *r, struct ref_list *l, const struct old_refs *old)
{
    uint32_t count;
    const uint32_t *heads = graph_heads(r->graph, &count);
    if (count == 0)
        return ST_OK;
    const struct graph_node *best = graph_node(r->graph, heads[count - 1]);
    uint32_t before = old->has_main ? graph_find(r->graph, &old->main) : GRAPH_NONE;
    if (before != GRAPH_NONE && !graph_node(r->graph, before)->counted) {
        SOMETIMES("what main named does not count any more");
        char hex[OID_TEXT + 1];
        hex_encode(old->main.id, OID_BYTES, hex);
        enum status st = add_ref(l, &old->main, "refs/minga/main-before/%s", hex);
        if (st != ST_OK)
            return st;
        before = GRAPH_NONE;
    }
    if (count > 1 && before != GRAPH_NONE) {
        SOMETIMES("main stays while there are several heads");
        return ST_OK;
    }
    return add_ref(l, &best->id, "refs/heads/main");
}

enum status checkpoint_refs(struct replica *r, struct store_ref **out, size_t *count_out,
                            struct fault *f)
{
    struct ref_list l = {0};
    struct old_refs old = {.wanted = &l};
    enum status st = label_refs(r, &l);
    if (st == ST_OK) {
        st = store_refs(r->store, see_old, &old, f);
        if (st == ST_CORRUPT) { /* a ref is damaged: all are set anew from the graph */
            old.has_main = false;
            st = ST_OK;
        }
    }
    if (st == ST_OK)
        st = old.status;
    if (st == ST_OK)
        st = main_ref(r, &l, &old);
    if (st != ST_OK) {
        mem_free(l.refs);
        return st;
    }
    *out = l.refs;
    *count_out = l.count;
    return ST_OK;
}

/* 'busy': the objects that wait force this one amid work. What the vault's log has is durable; to
 * sort it waits for a quiet moment, unless something was erased. */
static enum status checkpoint_vault(struct replica *r, bool busy, struct fault *f)
{
    if (r->vault == NULL || !r->vault_changed || (busy && !vault_has_erased(r->vault)))
        return ST_OK;
    enum status st = vault_checkpoint(r->vault, f);
    r->vault_changed = st != ST_OK;
    return st;
}

/* What is held is durable before the commits that name it. Wants that a full disk kept out are
 * wanted again at the next try. */
static enum status commit_vault(struct replica *r, struct fault *f)
{
    bool due = vault_is_due(r->vault);
    enum status st = r->want_again ? custody_want_state(r, f) : ST_OK;
    if (st == ST_OK)
        st = vault_commit(r->vault, f);
    r->failed = r->failed || (due && st != ST_OK);
    r->want_again = st != ST_OK;
    return st;
}

enum status checkpoint_run(struct replica *r, struct fault *f)
{
    struct store_ref *refs = NULL;
    size_t count = 0;
    bool busy = store_pending_bytes(r->store) > ENGINE_PENDING_BYTES_MAX;
    enum status st = r->vault != NULL ? commit_vault(r, f) : ST_OK;
    if (st == ST_OK && !r->changed)
        return checkpoint_vault(r, false, f);
    if (st == ST_OK)
        st = journal_sync(r->journal, f);
    if (st == ST_OK)
        st = checkpoint_refs(r, &refs, &count, f);
    if (st == ST_OK)
        st = store_flush(r->store, refs, count, f);
    if (st == ST_OK)
        st = checkpoint_vault(r, busy, f);
    if (st == ST_OK)
        st = journal_roll(r->journal, f);
    if (st == ST_OK)
        r->changed = false;
    mem_free(refs);
    store_tidy(r->store);
    return st;
}
