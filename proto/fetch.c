#include "proto/fetch.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/say.h"
#include "proto/sometimes.h"
#include "proto/theirs.h"
#include "proto/window.h"

enum {
    UNSENT_BYTES_MAX = MIB, /* in the shell's hands: beyond it the line is the slower one */
    SETTLE_MS = 50,         /* heads may be told a little before the commits that made them */
    HEADS_MS = 250,         /* their HEADS may take before others are asked too */
};

struct fetch {
    enum fetch_state state;
    struct theirs theirs;
    bool dirty;        /* they may lack something: load when there is room */
    bool unknown;      /* the last load met heads of theirs that are not known here */
    bool summary_told; /* since their last HEADS */
    bool peer_more;    /* their last ITEM said that more follows */
    uint64_t told;     /* 1 + the generation of our heads that they were told; 0: none */
    uint64_t covered;  /* the generation of our heads that reach nothing they lack */
    uint64_t load_generation;
    bool load_pure; /* nothing was in flight when it was asked */
    uint32_t load_request, summary_request, want_request; /* 0: none */
    uint64_t settle_ms, gossip_ms;                        /* UINT64_MAX: not set */
    uint64_t arrived_ms;                                  /* the last sign of progress from them */
    struct window window;
};

#define TO(state) (1u << FETCH_##state)
static const unsigned moves[FETCH_STATE_COUNT] = {
    [FETCH_OFF] = TO(IDLE),
    [FETCH_IDLE] = TO(LOADING),
    [FETCH_LOADING] = TO(IDLE) | TO(WAITING),
    [FETCH_WAITING] = TO(IDLE),
};
#undef TO

static void check(const struct fetch *f)
{
    CHECK((f->state == FETCH_LOADING) == (f->load_request != 0));
    CHECK(f->state != FETCH_WAITING || f->unknown);
}

static void move(struct fetch *f, enum fetch_state to)
{
    CHECK((moves[f->state] & (1u << to)) != 0);
    f->state = to;
    if (to != FETCH_LOADING)
        f->load_request = 0;
    check(f);
}

enum status fetch_create(struct fetch **out)
{
    struct fetch *f = mem_alloc(sizeof(*f));
    if (f == NULL)
        return ST_NO_MEMORY;
    f->settle_ms = f->gossip_ms = UINT64_MAX;
    *out = f;
    return ST_OK;
}

void fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    theirs_release(&f->theirs);
    mem_free(f);
}

enum fetch_state fetch_state(const struct fetch *f)
{
    return f->state;
}

static void tell_heads(struct fetch *f, struct common *c, struct wire *w, uint64_t since)
{
    say_heads(c, w, since);
    f->told = c->view.generation + 1;
}

void fetch_begin(struct fetch *f, const struct common *c)
{
    move(f, FETCH_IDLE);
    f->arrived_ms = c->now_ms;
}

void fetch_tell(struct fetch *f, struct common *c, struct wire *w)
{
    if (f->state != FETCH_OFF && f->told == 0)
        tell_heads(f, c, w, 0);
}

bool fetch_has_told(const struct fetch *f)
{
    return f->told != 0;
}

/* ---- Sending ---- */

static bool will_have(const struct fetch *f, const struct oid *id)
{
    return theirs_knows(&f->theirs, id) || window_in_flight(&f->window, id);
}

static bool has_room(const struct fetch *f, const struct wire *w)
{
    return window_has_room(&f->window) && w->unsent_bytes <= UNSENT_BYTES_MAX;
}

/* Send these items, as many ITEMs as it takes; 'again': also those that were sent before. What the
 * window does not take is loaded again later. */
static void send_items(struct fetch *f, struct common *c, struct wire *w,
                       const struct core_event *e, bool again)
{
    struct msg_item *m = &c->out->item;
    c->out->kind = MESSAGE_ITEM;
    *m = (struct msg_item){.more = false};
    for (uint32_t i = 0; i < e->loaded.count; i++) {
        struct bytes item = e->loaded.items[i];
        if (item.count == 0 || item.count > ITEM_BYTES_MAX)
            continue; /* nobody could take it */
        if (!again && (idset_has(&f->theirs.has, &e->loaded.ids[i]) ||
                       window_in_flight(&f->window, &e->loaded.ids[i])))
            continue; /* not by theirs_knows(): what waits over there may be lost there */
        if (!window_fits(&f->window, item.count)) {
            SOMETIMES("the window takes no more items");
            f->dirty = true;
            break;
        }
        if (!msg_item_add(m, item)) {
            m->more = true;
            wire_send(w, c);
            m->item_count = 0;
            bool added = msg_item_add(m, item);
            CHECK(added);
        }
        window_depart(&f->window, &e->loaded.ids[i], item.count);
    }
    m->more = f->dirty;
    if (m->item_count > 0)
        wire_send(w, c);
}

void fetch_push(struct fetch *f, struct common *c, struct wire *w, const struct core_event *e)
{
    if (f->state == FETCH_OFF)
        return;
    bool ready = f->theirs.known && has_room(f, w) && e->bytes.count > 0 &&
                 window_fits(&f->window, e->bytes.count) && e->bytes.count <= ITEM_BYTES_MAX;
    if (ready && will_have(f, &e->committed.id))
        return;
    for (uint32_t i = 0; i < e->committed.parent_count && ready; i++)
        ready = will_have(f, &e->committed.parents[i]);
    if (!ready) {
        f->dirty = true;
        return;
    }
    c->out->kind = MESSAGE_ITEM;
    c->out->item = (struct msg_item){.item_count = 1, .items = {e->bytes}};
    wire_send(w, c);
    window_depart(&f->window, &e->committed.id, e->bytes.count);
}

enum status fetch_note(struct fetch *f, const struct core_event *e)
{
    if (f->state == FETCH_OFF)
        return ST_OK;
    return theirs_note(&f->theirs, &e->committed.id, e->committed.parents,
                       e->committed.parent_count);
}

/* ---- Asking the replica ---- */

static enum status ask(struct common *c, struct wire *w, enum core_load_kind kind,
                       const struct oid *ids, uint32_t count, uint32_t *request_out)
{
    const struct oid *known = outbox_keep(&c->outbox, ids, count * sizeof(ids[0]));
    if (known == NULL)
        return ST_NO_MEMORY;
    struct core_effect *effect = outbox_add(&c->outbox, FX_LOAD, w->link);
    effect->request = *request_out = common_request(c);
    effect->load = kind;
    effect->known = known;
    effect->known_count = count;
    effect->bytes_max = BATCH_BYTES_MAX;
    return ST_OK;
}

static uint32_t add_ids(struct oid *to, uint32_t at, const struct idset *set)
{
    if (set->count > 0)
        memcpy(&to[at], set->ids, set->count * sizeof(to[0]));
    return at + set->count;
}

static enum status load(struct fetch *f, struct common *c, struct wire *w)
{
    const struct theirs *t = &f->theirs;
    uint32_t count =
        t->has.count + t->base.count + t->summary.count + t->dropped_count + f->window.flight_count;
    struct oid *known = mem_array(count, sizeof(known[0]));
    if (known == NULL)
        return ST_NO_MEMORY;
    uint32_t at = add_ids(known, 0, &t->has);
    at = add_ids(known, at, &t->base);
    at = add_ids(known, at, &t->summary);
    if (t->dropped_count > 0)
        memcpy(known + at, t->dropped, t->dropped_count * sizeof known[0]);
    at += t->dropped_count;
    window_flights(&f->window, known + at);
    CHECK(at + f->window.flight_count == count);
    uint32_t request;
    enum status status = ask(c, w, CORE_LOAD_LACKING, known, count, &request);
    mem_free(known);
    if (status != ST_OK)
        return status;
    f->dirty = false;
    f->load_request = request;
    f->load_generation = c->view.generation;
    f->load_pure = f->window.flight_count == 0;
    move(f, FETCH_LOADING);
    return ST_OK;
}

/* Whether all our heads are there or on their way. */
static bool all_sent(const struct fetch *f, const struct common *c)
{
    const struct idset *ours = &c->view.heads;
    for (uint32_t i = 0; i < ours->count; i++) {
        const struct oid *id = &ours->ids[i];
        if (!idset_has(&f->theirs.has, id) && !window_in_flight(&f->window, id))
            return false;
    }
    return true;
}

static void wake(struct fetch *f)
{
    f->dirty = true;
    if (f->state == FETCH_WAITING)
        move(f, FETCH_IDLE);
}

static enum status keep_time(struct fetch *f, struct common *c, struct wire *w)
{
    bool same = f->theirs.known && idset_equal(&f->theirs.has, &c->view.heads);
    if (same)
        f->gossip_ms = UINT64_MAX;
    else if (f->gossip_ms == UINT64_MAX)
        f->gossip_ms = c->now_ms + GOSSIP_MS;
    if (c->now_ms >= f->settle_ms) {
        f->settle_ms = UINT64_MAX;
        f->dirty = true;
    }
    if (f->state == FETCH_WAITING && idset_within(&f->theirs.has, &c->view.heads))
        wake(f);
    if (c->now_ms >= f->gossip_ms) {
        f->gossip_ms = c->now_ms + GOSSIP_MS;
        if (fetch_is_quiet(f)) {
            SOMETIMES("a quiet link tells its heads again");
            wake(f);
            if (f->told != 0)
                tell_heads(f, c, w, f->told - 1);
        }
    }
    return same ? theirs_settle(&f->theirs) : ST_OK;
}

enum status fetch_pump(struct fetch *f, struct common *c, struct wire *w)
{
    if (f->state == FETCH_OFF)
        return ST_OK;
    enum status status = keep_time(f, c, w);
    if (status != ST_OK || f->state != FETCH_IDLE || !f->dirty || !f->theirs.known)
        return status;
    if (all_sent(f, c)) {
        f->dirty = false;
        return ST_OK;
    }
    return has_room(f, w) ? load(f, c, w) : ST_OK;
}

uint64_t fetch_deadline_ms(const struct fetch *f)
{
    return f->settle_ms < f->gossip_ms ? f->settle_ms : f->gossip_ms;
}

void fetch_heads_changed(struct fetch *f, const struct common *c)
{
    if (f->state != FETCH_OFF && f->settle_ms == UINT64_MAX)
        f->settle_ms = c->now_ms + SETTLE_MS;
}

void fetch_compare(struct fetch *f, struct common *c, struct wire *w)
{
    if (f->state == FETCH_OFF)
        return;
    tell_heads(f, c, w, 0);
    wake(f);
}

/* ---- Answers of the replica ---- */

static enum status on_lacking(struct fetch *f, struct common *c, struct wire *w,
                              const struct core_event *e)
{
    enum status status = ST_OK;
    f->unknown = e->loaded.unknown;
    if (!f->unknown)
        status = theirs_settle(&f->theirs);
    else if (!f->summary_told && f->summary_request == 0)
        status = ask(c, w, CORE_LOAD_SUMMARY, NULL, 0, &f->summary_request);
    if (status != ST_OK)
        return status;
    if (f->unknown && !f->theirs.summarized && f->theirs.base.count == 0 && !f->dirty) {
        SOMETIMES("nothing is sent before it is known where two histories meet");
        move(f, FETCH_WAITING); /* where the two meet is not known: almost all would go twice */
        return ST_OK;
    }
    if (e->loaded.count == 0 && !e->loaded.more && f->load_pure)
        f->covered = f->load_generation;
    move(f, FETCH_IDLE);
    f->dirty = f->dirty || e->loaded.more;
    send_items(f, c, w, e, false);
    return ST_OK;
}

static enum status on_loaded(struct fetch *f, struct common *c, struct wire *w,
                             const struct core_event *e)
{
    uint32_t request = e->request;
    if (request == f->load_request) {
        if (e->status == ST_OK)
            return on_lacking(f, c, w, e);
        move(f, FETCH_IDLE);
        return e->status;
    }
    if (request == f->want_request) {
        f->want_request = 0;
        SOMETIMES("a peer wants items by their ids");
        if (e->status == ST_OK)
            send_items(f, c, w, e, true);
        return e->status;
    }
    CHECK(request == f->summary_request);
    f->summary_request = 0;
    if (e->status != ST_OK)
        return e->status;
    say_summary(c, w, e);
    f->summary_told = true;
    return ST_OK;
}

static enum status on_stored_here(struct fetch *f, struct common *c, struct wire *w,
                                  const struct core_event *e)
{
    if (e->status != ST_OK)
        return e->status;
    for (uint32_t i = 0; i < e->stored.count; i++) {
        enum status verdict = e->stored.verdicts[i];
        if (verdict != ST_OK && verdict != ST_EXISTS && verdict != ST_WAITING &&
            verdict != ST_OVER_QUOTA) /* the peer may not know that we have enough of it */
            return verdict;
    }
    window_judge(&f->window, e->request);
    f->arrived_ms = c->now_ms;
    say_stored(c, w, f->window.judged, e);
    say_want(c, w, e);
    return ST_OK;
}

bool fetch_owns(const struct fetch *f, uint32_t request)
{
    if (request == 0)
        return false;
    if (request == f->load_request || request == f->summary_request || request == f->want_request)
        return true;
    return window_stores(&f->window, request);
}

enum status fetch_on_answer(struct fetch *f, struct common *c, struct wire *w,
                            const struct core_event *e)
{
    CHECK(fetch_owns(f, e->request));
    return e->kind == CORE_STORED ? on_stored_here(f, c, w, e) : on_loaded(f, c, w, e);
}

/* ---- Messages of the peer ---- */

static enum status on_heads(struct fetch *f, struct common *c, struct wire *w)
{
    enum status status = theirs_take_heads(&f->theirs, &c->in->heads);
    if (status != ST_OK)
        return status;
    if (f->told != 0 && f->told <= c->view.generation)
        tell_heads(f, c, w, f->told - 1); /* it asks, since it does not see ours as they are */
    f->arrived_ms = c->now_ms;
    f->summary_told = false;
    wake(f);
    return ST_OK;
}

static enum status on_stored(struct fetch *f, struct common *c)
{
    const struct msg_stored *m = &c->in->stored;
    struct oid id;
    if (!window_may_land(&f->window, m->items))
        return ST_PROTOCOL;
    enum status status = f->theirs.known ? theirs_take_stored(&f->theirs, m) : ST_OK;
    while (status == ST_OK && window_land(&f->window, m->items, &id))
        theirs_recall(&f->theirs, &id);
    return status;
}

static enum status on_item(struct fetch *f, struct common *c, struct wire *w)
{
    const struct msg_item *m = &c->in->item;
    size_t bytes = 0;
    for (uint32_t i = 0; i < m->item_count; i++)
        bytes += m->items[i].count;
    f->peer_more = m->more;
    f->arrived_ms = c->now_ms;
    if (m->item_count == 0)
        return ST_OK;
    const struct bytes *items;
    uint32_t request = common_request(c);
    if (outbox_keep_items(&c->outbox, m->items, m->item_count, &items) != ST_OK)
        return ST_NO_MEMORY;
    enum status status = window_take(&f->window, request, m->item_count, bytes);
    if (status != ST_OK)
        return status;
    struct core_effect *effect = outbox_add(&c->outbox, FX_STORE, w->link);
    effect->request = request;
    effect->items = items;
    effect->item_count = m->item_count;
    return ST_OK;
}

enum status fetch_on_message(struct fetch *f, struct common *c, struct wire *w)
{
    switch (c->in->kind) {
    case MESSAGE_HEADS:
        return on_heads(f, c, w);
    case MESSAGE_STORED:
        return on_stored(f, c);
    case MESSAGE_ITEM:
        return on_item(f, c, w);
    case MESSAGE_SUMMARY:
        wake(f);
        return theirs_take_summary(&f->theirs, &c->in->summary);
    case MESSAGE_WANT:
        if (f->want_request != 0)
            return ST_OK;                  /* one at a time; HEADS will tell what is left */
        if (f->theirs.dropped_count > 0) { /* it may keep now what it would not keep before */
            theirs_forget_dropped(&f->theirs);
            wake(f);
        }
        return ask(c, w, CORE_LOAD_BY_ID, c->in->want.ids, c->in->want.id_count, &f->want_request);
    default:
        return ST_PROTOCOL;
    }
}

/* ---- Asked by others ---- */

bool fetch_is_quiet(const struct fetch *f)
{
    return f->state != FETCH_LOADING && f->window.flight_count == 0 && f->window.store_count == 0;
}

uint64_t fetch_patience_ms(const struct fetch *f)
{
    return f->arrived_ms + (f->theirs.known ? 2 * GOSSIP_MS : HEADS_MS);
}

/* Their last ITEM may say that more follows where a second look found nothing more to send. */
static bool is_sending(const struct fetch *f, const struct common *c)
{
    return f->window.store_count > 0 ||
           (f->peer_more && !idset_within(&f->theirs.has, &c->view.heads));
}

bool fetch_is_behind(const struct fetch *f, const struct common *c)
{
    if (f->state == FETCH_OFF || c->now_ms >= fetch_patience_ms(f))
        return false;
    if (!f->theirs.known || is_sending(f, c))
        return true;
    return !idset_within(&f->theirs.has, &c->view.heads) &&
           (f->state == FETCH_LOADING || f->unknown);
}

bool fetch_has_met(const struct fetch *f, const struct common *c)
{
    if (f->state == FETCH_OFF || !f->theirs.known)
        return false;
    return idset_within(&f->theirs.has, &c->view.heads) ||
           (f->state == FETCH_IDLE && !f->dirty && !f->unknown && !is_sending(f, c));
}

bool fetch_is_durable(const struct fetch *f, const struct common *c)
{
    return f->theirs.known && c->view.generation > 0 &&
           (f->covered == c->view.generation || idset_within(&c->view.heads, &f->theirs.has));
}

uint32_t fetch_behind_heads(const struct fetch *f, const struct common *c)
{
    uint32_t count = 0;
    if (f->state != FETCH_OFF && !f->theirs.known)
        return 1; /* they have told nothing yet */
    for (uint32_t i = 0; f->unknown && i < f->theirs.has.count; i++)
        count += !idset_has(&c->view.heads, &f->theirs.has.ids[i]);
    return count == 0 && is_sending(f, c) ? 1 : count;
}
