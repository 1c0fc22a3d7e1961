#include "proto/pull.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/parcels.h"
#include "proto/sometimes.h"

enum {
    VALUES_WISHES = 4096, /* names at hand; asked of the replica once half of them are used */
    FILES_WISHES = 64,    /* the same: half a megabyte a dozen of them */
    SWEEP_MS = 30 * 1000, /* all names are tried again so often */
    POOR_MS = 200,        /* who had nothing the last time is asked after the others */
    GONE_MAX = 8192,      /* names that are remembered not to be there */
};

struct pull {
    enum pull_state state;
    enum sealed_lane lane;
    struct parcels parcels;
    uint32_t request; /* FX_WISH */
    struct digest cursor;
    struct digest names[VALUES_WISHES]; /* at hand: not asked for yet */
    uint32_t name_count, next;
    bool more;
    struct nameset gone;
    uint64_t swept_ms; /* when 'gone' was last empty */
    bool tired;        /* the peer lacks more than 'gone' takes: no walk before the sweep */
    bool again;        /* the peer has now what it had not */
    bool may_ask;      /* as of the last step */
    /* Of the last walk, or this: */
    uint64_t seen, freed; /* freight's 'wanted' and 'freed' when it began */
    bool useful;          /* something was asked for */
    bool skipped;         /* something was left to another link */
};

#define TO(state) (1u << PULL_##state)
static const unsigned moves[PULL_STATE_COUNT] = {
    [PULL_RESTING] = TO(WISHING),
    [PULL_WISHING] = TO(ASKING),
    [PULL_ASKING] = TO(WISHING) | TO(RESTING),
};
#undef TO

static void move(struct pull *p, enum pull_state to)
{
    CHECK((moves[p->state] & (1u << to)) != 0);
    p->state = to;
    CHECK((p->state == PULL_WISHING) == (p->request != 0));
}

enum status pull_create(enum sealed_lane lane, link_id link, struct pull **out)
{
    struct pull *p = mem_alloc(sizeof(*p));
    if (p == NULL)
        return ST_NO_MEMORY;
    p->lane = lane;
    if (parcels_init(&p->parcels, lane, link) != ST_OK) {
        mem_free(p);
        return ST_NO_MEMORY;
    }
    *out = p;
    return ST_OK;
}

void pull_free(struct pull *p)
{
    if (p == NULL)
        return;
    parcels_release(&p->parcels);
    nameset_release(&p->gone);
    mem_free(p);
}

void pull_end(struct pull *p, struct common *c)
{
    parcels_end(&p->parcels, c);
}

bool pull_is_idle(const struct pull *p)
{
    return p->state == PULL_RESTING && p->parcels.count == 0;
}

size_t pull_window(const struct pull *p)
{
    return p->parcels.window;
}

/* ---- What comes ---- */

static enum status note_gone(struct pull *p, const struct digest *name)
{
    if (p->gone.count < GONE_MAX)
        return nameset_add(&p->gone, name);
    p->tired = true;
    return ST_OK;
}

void pull_on_kept(struct pull *p, const struct digest *name)
{
    if (!nameset_remove(&p->gone, name))
        return; /* never asked for, or long ago */
    p->again = true;
    p->tired = false;
}

enum status pull_on_sealed(struct pull *p, struct common *c)
{
    const struct msg_sealed *m = &c->in->sealed;
    struct parcels_whole whole;
    whole.count = 0;
    whole.request = common_request(c);
    for (uint32_t i = 0; i < m->piece_count; i++) {
        enum status status = parcels_take(&p->parcels, c, &m->pieces[i], &whole);
        if (status == ST_NOT_FOUND)
            status = note_gone(p, &m->pieces[i].name);
        if (status != ST_OK)
            return status;
    }
    return whole.count > 0 ? parcels_keep(&p->parcels, c, &whole) : ST_OK;
}

enum status pull_on_gone(struct pull *p, struct common *c)
{
    const struct msg_sealed_gone *m = &c->in->sealed_gone;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < m->name_count && status == ST_OK; i++) {
        status = parcels_miss(&p->parcels, c, &m->names[i]);
        if (status == ST_OK)
            status = note_gone(p, &m->names[i]);
    }
    return status;
}

/* ---- Answers of the replica ---- */

bool pull_owns(const struct pull *p, uint32_t request)
{
    return request != 0 && (request == p->request || parcels_own(&p->parcels, request));
}

static void on_wishes(struct pull *p, const struct core_event *e)
{
    uint32_t left = p->name_count - p->next, room = VALUES_WISHES - left;
    uint32_t count = e->wishes.count < room ? e->wishes.count : room;
    memmove(p->names, p->names + p->next, left * sizeof(p->names[0]));
    if (e->status != ST_OK) {
        count = 0; /* a vault that does not answer holds up nothing of the history */
        p->tired = true;
    }
    if (count > 0) {
        memcpy(p->names + left, e->wishes.names, count * sizeof(p->names[0]));
        p->cursor = p->names[left + count - 1];
    }
    p->name_count = left + count;
    p->next = 0;
    p->more = e->wishes.more && count > 0;
    p->request = 0;
    move(p, PULL_ASKING);
}

static enum status on_verdict(struct pull *p, const struct parcel *parcel, enum status verdict)
{
    if (verdict == ST_OK || verdict == ST_EXISTS)
        return ST_OK;
    if (verdict == ST_BAD_VALUE)
        return parcel->mixed ? ST_OK : ST_BAD_VALUE; /* whose fault is not known: from the start */
    if (status_class(verdict) == STATUS_LOCAL)
        return verdict;
    SOMETIMES("a sealed item arrives that is wanted no more");
    return note_gone(p, &parcel->name); /* wanted no more */
}

enum status pull_on_answer(struct pull *p, struct common *c, const struct core_event *e)
{
    enum status status = ST_OK;
    if (e->kind == CORE_WISHES) {
        on_wishes(p, e);
        return ST_OK;
    }
    if (e->status != ST_OK)
        return e->status;
    for (uint32_t i = 0; i < e->kept.count; i++) {
        struct parcel *parcel = parcels_find(&p->parcels, &e->kept.names[i]);
        if (parcel == NULL || parcel->request != e->request)
            continue;
        enum status verdict = on_verdict(p, parcel, e->kept.verdicts[i]);
        status = status == ST_OK ? verdict : status;
        parcels_remove(&p->parcels, c, parcel, e->kept.verdicts[i] == ST_OK);
    }
    return status;
}

/* ---- Walking ---- */

/* When a walk is to begin, at rest. */
static uint64_t due_ms(const struct pull *p, const struct common *c)
{
    const struct freight *f = &c->freight;
    uint64_t due = p->swept_ms + SWEEP_MS;
    if (f->waiting[p->lane] == 0)
        return UINT64_MAX;
    if (p->tired)
        return due;
    if (p->again || (p->useful && p->parcels.count == 0) ||
        (p->skipped && p->freed != f->freed[p->lane]))
        return 0;
    if (p->seen != f->wanted[p->lane]) {
        uint64_t then = p->useful || p->seen == 0 ? 0 : f->wanted_ms[p->lane] + POOR_MS;
        due = then < due ? then : due;
    }
    return due;
}

static void begin_walk(struct pull *p, struct common *c)
{
    if (!p->tired) { /* else it goes on behind what it tried */
        p->cursor = (struct digest){{0}};
        p->name_count = p->next = 0;
    }
    if (p->seen == 0 || c->now_ms >= p->swept_ms + SWEEP_MS) {
        nameset_release(&p->gone);
        p->swept_ms = c->now_ms;
        p->tired = false;
    }
    p->seen = c->freight.wanted[p->lane];
    p->freed = c->freight.freed[p->lane];
    p->useful = p->skipped = p->again = false;
}

static void wish(struct pull *p, struct common *c, struct wire *w, const struct key *key)
{
    struct core_effect *effect = outbox_add(&c->outbox, FX_WISH, w->link);
    effect->request = p->request = common_request(c);
    effect->lane = p->lane;
    effect->key = *key;
    effect->after = p->cursor;
    effect->max = p->lane == SEALED_FILES ? FILES_WISHES : VALUES_WISHES / 2;
    move(p, PULL_WISHING);
}

/* A name that is to be asked for here, of those at hand; NULL: there is none. */
static const struct digest *next_name(struct pull *p, const struct common *c)
{
    for (; p->next < p->name_count; p->next++) {
        const struct digest *name = &p->names[p->next];
        if (nameset_has(&p->gone, name))
            continue;
        if (!nameset_has(&c->freight.under_way[p->lane], name) &&
            parcels_find(&p->parcels, name) == NULL)
            return name;
        p->skipped = true;
    }
    return NULL;
}

/* The next parcel of which a piece may be asked for; NULL: none now. */
static enum status next_parcel(struct pull *p, struct common *c, struct parcel **out)
{
    struct parcels *all = &p->parcels;
    *out = parcels_begun(all);
    if (*out != NULL) {
        *out = parcels_fits(all, (*out)->asked) ? *out : NULL;
        return ST_OK;
    }
    const struct digest *name = p->tired ? NULL : next_name(p, c);
    if (name == NULL || !parcels_may_begin(all, c) || !parcels_fits(all, 0))
        return ST_OK;
    p->next++;
    p->useful = true;
    return parcels_begin(all, c, name, out);
}

static enum status ask(struct pull *p, struct common *c, struct wire *w)
{
    struct msg_sealed_want *m = &c->out->sealed_want;
    struct parcel *parcel = NULL;
    c->out->kind = MESSAGE_SEALED_WANT;
    m->lane = p->lane;
    m->wish_count = 0;
    enum status status = next_parcel(p, c, &parcel);
    while (status == ST_OK && parcel != NULL) {
        parcels_ask(&p->parcels, c, parcel, &m->wishes[m->wish_count++]);
        status = next_parcel(p, c, &parcel);
    }
    if (m->wish_count > 0)
        wire_send(w, c);
    return status;
}

enum status pull_pump(struct pull *p, struct common *c, struct wire *w, const struct key *key,
                      bool may_ask)
{
    p->may_ask = may_ask;
    parcels_lose_patience(&p->parcels, c);
    if (!may_ask)
        return ST_OK;
    if (p->state == PULL_RESTING && c->now_ms >= due_ms(p, c)) {
        begin_walk(p, c);
        wish(p, c, w, key);
    }
    enum status status = ask(p, c, w);
    if (status != ST_OK || p->state != PULL_ASKING)
        return status;
    uint32_t left = p->tired ? 0 : p->name_count - p->next;
    uint32_t few = p->lane == SEALED_FILES ? 0 : VALUES_WISHES / 2;
    if (p->more && !p->tired && left <= few)
        wish(p, c, w, key);
    else if (left == 0)
        move(p, PULL_RESTING);
    return ST_OK;
}

uint64_t pull_deadline_ms(const struct pull *p, const struct common *c)
{
    uint64_t next = parcels_deadline_ms(&p->parcels);
    uint64_t due = p->state == PULL_RESTING && p->may_ask ? due_ms(p, c) : UINT64_MAX;
    return due < next ? due : next;
}
