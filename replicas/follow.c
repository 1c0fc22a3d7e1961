#include "replicas/follow.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/attachment.h"
#include "replicas/disclosed.h"
#include "replicas/engine.h"
#include "replicas/tree.h"

enum {
    AT_ONCE = 64,  /* records looked at in one round */
    AGAIN_MS = 50, /* until the next ones */
    TYPES = 3,
};

static const char *const TYPE_NAMES[TYPES] = {ATTACHMENT_PERSONAL, ATTACHMENT_INTERNAL,
                                              DISCLOSURE_TYPE};

struct pending {
    uint8_t type; /* of TYPE_NAMES */
    uint8_t id[RECORD_ID_BYTES];
};

struct follow {
    struct oid trees[TYPES]; /* of their records, as they were looked at */
    struct pending *list;    /* something may have to be wanted still */
    uint32_t count, capacity;
    uint32_t next;    /* where to go on */
    uint32_t kept;    /* of those before 'next', still pending */
    bool more;        /* a round is not at its end */
    uint64_t values;  /* that were waited for after the last whole round */
    struct oid state; /* of then */
    uint8_t walked;   /* while folders are compared: which */
};

void follow_free(struct follow *w)
{
    if (w == NULL)
        return;
    mem_free(w->list);
    mem_free(w);
}

void follow_anew(struct follow *w)
{
    if (w == NULL)
        return;
    for (unsigned i = 0; i < TYPES; i++)
        tree_empty(&w->trees[i]);
    w->count = w->next = w->kept = 0;
    w->state = (struct oid){{0}};
}

/* A record that is new or another: look at it. */
static enum status on_record(void *user, const char *path, const struct oid *a, const struct oid *b)
{
    struct follow *w = user;
    const char *name = strrchr(path, '/');
    struct pending one = {.type = w->walked};
    (void)a;
    name = name != NULL ? name + 1 : path;
    if (oid_is_zero(b) || strlen(name) != RECORD_ID_TEXT + strlen(".json") ||
        hex_decode((struct bytes){(const uint8_t *)name, RECORD_ID_TEXT}, one.id,
                   RECORD_ID_BYTES) != ST_OK)
        return ST_OK;
    if (w->count == w->capacity) {
        uint32_t capacity = w->capacity > 0 ? 2 * w->capacity : 64;
        void *grown = mem_resize(w->list, capacity * sizeof *w->list);
        if (grown == NULL)
            return ST_NO_MEMORY;
        w->list = grown;
        w->capacity = capacity;
    }
    w->list[w->count++] = one;
    return ST_OK;
}

static enum status compare(struct replica *r, struct fault *f)
{
    struct follow *w = r->follow;
    enum status status = ST_OK;
    for (uint8_t i = 0; i < TYPES && status == ST_OK; i++) {
        char path[TREE_PATH_MAX];
        struct oid tree;
        snprintf(path, sizeof path, "records/%s", TYPE_NAMES[i]);
        status = tree_find_tree(r->store, &r->state, path, &tree, f);
        if (status == ST_NOT_FOUND) {
            tree_empty(&tree);
            status = ST_OK;
        }
        if (status != ST_OK || oid_equal(&tree, &w->trees[i]))
            continue;
        w->walked = i;
        status = tree_diff(r->store, &w->trees[i], &tree, on_record, w, f);
        if (status == ST_OK)
            w->trees[i] = tree;
    }
    return status;
}

static bool is_office(struct replica *r)
{
    const struct charter_member *self = charter_by_key(charter_newest(&r->chain), &r->identity.key);
    return self != NULL && self->role == CHARTER_OFFICE;
}

/* A file: its list, then its chunks; *done_out: nothing more can be wanted. */
static enum status follow_file(struct replica *r, const struct record *record, bool *done_out,
                               struct fault *f)
{
    struct attachment a = {.bytes = 0};
    struct attachment_view view = {.state = SEALED_DAMAGED};
    enum status status = attachment_take(record, &a);
    if (status == ST_OK)
        status = attachment_open(r, &a, &view, f);
    *done_out = view.state != SEALED_WAITING;
    if (status == ST_OK && view.state == SEALED_READ && view.held < view.chunks && is_office(r))
        status = attachment_want(r, &view, f);
    attachment_view_release(&view);
    attachment_release(&a);
    return status;
}

static enum status follow_one(struct replica *r, const struct pending *p, bool *done_out,
                              struct fault *f)
{
    struct record record = {0};
    char id[RECORD_ID_TEXT + 1];
    hex_encode(p->id, RECORD_ID_BYTES, id);
    *done_out = true;
    enum status status =
        replica_record(r, NULL, bytes_of_text(TYPE_NAMES[p->type]), bytes_of_text(id), &record, f);
    if (status == ST_OK)
        status = p->type == TYPES - 1 ? disclosed_follow(r, &record, done_out, f)
                                      : follow_file(r, &record, done_out, f);
    record_release(&record);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

/* Some of those that are pending; those that still are move to the front. */
static enum status follow_some(struct tending *now, struct fault *f)
{
    struct replica *r = now->replica;
    struct follow *w = r->follow;
    enum status status = ST_OK;
    for (uint32_t n = 0; n < AT_ONCE && w->next < w->count && status == ST_OK; n++) {
        bool done = true;
        status = follow_one(r, &w->list[w->next], &done, f);
        if (status == ST_OK && !done)
            w->list[w->kept++] = w->list[w->next];
        w->next += status == ST_OK ? 1 : 0;
    }
    w->more = w->next < w->count;
    if (status != ST_OK)
        return status;
    now->wrote = true; /* what is wanted is written with the others' sync */
    if (w->more) {
        tend_again(now, now->now_ms + AGAIN_MS);
        return ST_OK;
    }
    w->count = w->kept;
    w->next = w->kept = 0;
    return ST_OK;
}

enum status follow_step(struct tending *now, struct fault *f)
{
    struct replica *r = now->replica;
    uint64_t values = 0;
    if (r->vault == NULL || r->chain.count == 0)
        return ST_OK;
    if (r->follow == NULL) {
        r->follow = mem_alloc(sizeof *r->follow);
        if (r->follow == NULL)
            return ST_NO_MEMORY;
        follow_anew(r->follow);
    }
    struct follow *w = r->follow;
    enum status status = vault_waiting(r->vault, false, &values, f);
    bool same = values == w->values && oid_equal(&w->state, &r->state) && !w->more;
    if (status != ST_OK || same)
        return status;
    if (!w->more)
        status = compare(r, f);
    if (status == ST_OK && w->count > 0)
        status = follow_some(now, f);
    if (status != ST_OK || w->more)
        return status;
    w->state = r->state;
    status = vault_waiting(r->vault, false, &w->values, f);
    return status;
}
