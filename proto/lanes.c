#include "proto/lanes.h"

#include "proto/check.h"
#include "proto/mem.h"

enum { TELL_MS = 500 }; /* between two words on how many values are waited for */

struct lanes {
    struct pull *pulls[SEALED_LANES];
    struct give *gives[SEALED_LANES];
    uint64_t told, told_ms; /* what the peer was told that we wait for */
    uint64_t theirs;        /* what it told */
    bool able;              /* as of the last step */
};

enum status lanes_create(link_id link, struct lanes **out)
{
    struct lanes *l = mem_alloc(sizeof(*l));
    enum status status = l != NULL ? ST_OK : ST_NO_MEMORY;
    for (int lane = 0; lane < SEALED_LANES && status == ST_OK; lane++) {
        status = pull_create((enum sealed_lane)lane, link, &l->pulls[lane]);
        if (status == ST_OK)
            status = give_create((enum sealed_lane)lane, &l->gives[lane]);
    }
    if (status == ST_OK) {
        *out = l;
        l = NULL;
    }
    lanes_free(l);
    return status;
}

void lanes_free(struct lanes *l)
{
    if (l == NULL)
        return;
    for (int lane = 0; lane < SEALED_LANES; lane++) {
        pull_free(l->pulls[lane]);
        give_free(l->gives[lane]);
    }
    mem_free(l);
}

void lanes_end(struct lanes *l, struct common *c)
{
    for (int lane = 0; lane < SEALED_LANES; lane++)
        pull_end(l->pulls[lane], c);
}

uint64_t lanes_waiting(const struct lanes *l)
{
    return l->theirs;
}

/* Both may read something that is sealed. */
static bool is_able(const struct common *c, const struct lanes_peer *peer)
{
    return peer->role != CORE_PARTNER && view_role(&c->view, &c->key) != CORE_PARTNER;
}

/* ---- Messages ---- */

/* Not for you: without a look. */
static void refuse(struct common *c, struct wire *w)
{
    const struct msg_sealed_want *m = &c->in->sealed_want;
    c->out->kind = MESSAGE_SEALED_GONE;
    c->out->sealed_gone.lane = m->lane;
    c->out->sealed_gone.name_count = m->wish_count;
    for (uint32_t i = 0; i < m->wish_count; i++)
        c->out->sealed_gone.names[i] = m->wishes[i].name;
    wire_send(w, c);
}

static void on_kept(struct lanes *l, const struct msg_kept *m)
{
    l->theirs = m->waiting;
    for (uint32_t i = 0; i < m->name_count; i++)
        for (int lane = 0; lane < SEALED_LANES; lane++)
            pull_on_kept(l->pulls[lane], &m->names[i]);
}

enum status lanes_on_message(struct lanes *l, struct common *c, struct wire *w,
                             const struct lanes_peer *peer)
{
    switch (c->in->kind) {
    case MESSAGE_SEALED_WANT:
        if (is_able(c, peer))
            return give_on_want(l->gives[c->in->sealed_want.lane], c);
        refuse(c, w);
        return ST_OK;
    case MESSAGE_SEALED:
        return pull_on_sealed(l->pulls[c->in->sealed.lane], c);
    case MESSAGE_SEALED_GONE:
        return pull_on_gone(l->pulls[c->in->sealed_gone.lane], c);
    case MESSAGE_KEPT:
        on_kept(l, &c->in->kept);
        return ST_OK;
    default:
        return ST_PROTOCOL;
    }
}

/* ---- Answers ---- */

bool lanes_owns(const struct lanes *l, uint32_t request)
{
    bool owns = false;
    for (int lane = 0; lane < SEALED_LANES; lane++)
        owns = owns || pull_owns(l->pulls[lane], request) || give_owns(l->gives[lane], request);
    return owns;
}

enum status lanes_on_answer(struct lanes *l, struct common *c, const struct core_event *e)
{
    for (int lane = 0; lane < SEALED_LANES; lane++) {
        if (give_owns(l->gives[lane], e->request))
            return give_on_answer(l->gives[lane], e);
        if (pull_owns(l->pulls[lane], e->request))
            return pull_on_answer(l->pulls[lane], c, e);
    }
    return ST_OK;
}

/* ---- KEPT ---- */

static void say_kept(struct lanes *l, struct common *c, struct wire *w)
{
    l->told = c->out->kept.waiting = c->freight.waiting[SEALED_VALUES];
    l->told_ms = c->now_ms;
    c->out->kind = MESSAGE_KEPT;
    wire_send(w, c);
    c->out->kept.name_count = 0;
}

void lanes_tell_kept(struct lanes *l, struct common *c, struct wire *w,
                     const struct lanes_peer *peer, const struct core_event *e, bool gave)
{
    struct msg_kept *m = &c->out->kept;
    if (!is_able(c, peer))
        return;
    m->name_count = 0;
    for (uint32_t i = 0; i < e->kept.count; i++) {
        const struct digest *name = &e->kept.names[i];
        bool missed = false;
        for (int lane = 0; lane < SEALED_LANES; lane++)
            missed = give_was_gone(l->gives[lane], name) || missed;
        if (e->kept.verdicts[i] != ST_OK || !(gave || missed))
            continue;
        m->names[m->name_count++] = *name;
        if (m->name_count == SEALED_NAMES_MAX)
            say_kept(l, c, w);
    }
    if (m->name_count > 0)
        say_kept(l, c, w);
}

/* At once where we begin to wait for values, or no longer do: what our HEADS or STORED say behind
 * it is not mistaken then. */
static void tell_waiting(struct lanes *l, struct common *c, struct wire *w)
{
    uint64_t waiting = c->freight.waiting[SEALED_VALUES];
    bool turned = (l->told == 0) != (waiting == 0);
    if (l->told == waiting || (!turned && c->now_ms < l->told_ms + TELL_MS))
        return;
    c->out->kept.name_count = 0;
    say_kept(l, c, w);
}

/* ---- Steps ---- */

enum status lanes_pump(struct lanes *l, struct common *c, struct wire *w,
                       const struct lanes_peer *peer)
{
    struct pull *values = l->pulls[SEALED_VALUES], *files = l->pulls[SEALED_FILES];
    l->able = is_able(c, peer);
    if (l->able)
        tell_waiting(l, c, w);
    enum status status = give_pump(l->gives[SEALED_VALUES], c, w, peer->key);
    if (status == ST_OK)
        status = pull_pump(values, c, w, peer->key, l->able);
    if (status == ST_OK && give_is_idle(l->gives[SEALED_VALUES]))
        status = give_pump(l->gives[SEALED_FILES], c, w, peer->key);
    if (status == ST_OK)
        status = pull_pump(files, c, w, peer->key, l->able && peer->quiet && pull_is_idle(values));
    return status;
}

uint64_t lanes_deadline_ms(const struct lanes *l, const struct common *c, const struct wire *w)
{
    uint64_t next =
        l->able && l->told != c->freight.waiting[SEALED_VALUES] ? l->told_ms + TELL_MS : UINT64_MAX;
    for (int lane = 0; lane < SEALED_LANES; lane++) {
        uint64_t due = pull_deadline_ms(l->pulls[lane], c);
        next = due < next ? due : next;
    }
    const struct give *values = l->gives[SEALED_VALUES], *files = l->gives[SEALED_FILES];
    if (give_is_ready(values, w) || (give_is_idle(values) && give_is_ready(files, w)))
        return c->now_ms;
    return next;
}
