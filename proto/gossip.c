#include "proto/gossip.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/pulse.h"
#include "proto/sometimes.h"

#define TO(state) (1u << PEER_##state)
static const unsigned moves[PEER_STATE_COUNT] = {
    [PEER_IDLE] = TO(IDLE) | TO(LINKED) | TO(WAITING),
    [PEER_LINKED] = TO(LINKED) | TO(IDLE) | TO(WAITING),
    [PEER_WAITING] = TO(IDLE) | TO(LINKED) | TO(WAITING),
};
#undef TO

static void move(struct peer *p, enum peer_state to)
{
    CHECK((moves[p->state] & (1u << to)) != 0);
    p->state = to;
    CHECK(p->state != PEER_WAITING || p->retry_ms > 0);
}

void gossip_release(struct gossip *g)
{
    if (g == NULL)
        return;
    mem_free(g->peers);
    mem_free(g->addresses);
    *g = (struct gossip){0};
}

/* ---- Who is there ---- */

static struct peer *peer_of_key(const struct gossip *g, const struct key *key)
{
    for (uint32_t i = 0; i < g->peer_count; i++) {
        if (g->peers[i].member && memcmp(g->peers[i].key.id, key->id, KEY_BYTES) == 0)
            return &g->peers[i];
    }
    return NULL;
}

/* Whether a configured address is this member's: by its label, or as the charter has the place. */
static bool is_meant(const struct address *a, const struct view_member *m)
{
    return a->label[0] != '\0' ? strcmp(a->label, m->label) == 0
                               : strcmp(a->place, m->address) == 0;
}

static int order_of_peers(const void *a, const void *b)
{
    const struct peer *left = a, *right = b;
    if (left->member != right->member)
        return left->member ? -1 : 1;
    int order = strcmp(left->label, right->label);
    return order != 0 ? order : strcmp(left->place, right->place);
}

static struct peer make_peer(const struct gossip *g, const struct view_member *m)
{
    struct peer peer = {.member = true, .key = m->key};
    const struct peer *old = peer_of_key(g, &m->key);
    if (old != NULL)
        peer = *old;
    peer.configured = false;
    memcpy(peer.label, m->label, sizeof(peer.label));
    memcpy(peer.place, m->address, sizeof(peer.place));
    for (uint32_t i = 0; i < g->address_count; i++) {
        if (!is_meant(&g->addresses[i], m))
            continue;
        memcpy(peer.place, g->addresses[i].place, sizeof(peer.place));
        peer.configured = true;
    }
    return peer;
}

static bool is_anyones(const struct address *a, const struct common *c)
{
    for (uint32_t i = 0; i < c->view.member_count; i++) {
        if (is_meant(a, &c->view.members[i]))
            return true;
    }
    return false;
}

enum status gossip_set_members(struct gossip *g, struct common *c)
{
    struct peer *peers = mem_array(c->view.member_count + g->address_count, sizeof(peers[0]));
    uint32_t count = 0;
    if (peers == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < c->view.member_count; i++) {
        if (memcmp(c->view.members[i].key.id, c->key.id, KEY_BYTES) != 0)
            peers[count++] = make_peer(g, &c->view.members[i]);
    }
    for (uint32_t i = 0; i < g->address_count; i++) {
        if (is_anyones(&g->addresses[i], c))
            continue;
        struct peer *peer = &peers[count++];
        memcpy(peer->label, g->addresses[i].label, sizeof(peer->label));
        memcpy(peer->place, g->addresses[i].place, sizeof(peer->place));
        peer->configured = true;
    }
    if (count > 0)
        qsort(peers, count, sizeof(peers[0]), order_of_peers);
    for (uint32_t i = 0; i < count; i++) {
        peers[i].failures = 0; /* what was refused before may be right by now */
        if (peers[i].state == PEER_WAITING)
            move(&peers[i], PEER_IDLE);
    }
    mem_free(g->peers);
    g->peers = peers;
    g->peer_count = count;
    g->due = true;
    return ST_OK;
}

enum status gossip_set_addresses(struct gossip *g, struct common *c, const struct core_event *e)
{
    if (e->address_count > GOSSIP_ADDRESSES_MAX)
        return ST_TOO_LARGE;
    struct address *addresses = mem_array(e->address_count, sizeof(addresses[0]));
    uint32_t count = 0;
    if (addresses == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < e->address_count; i++) {
        if (address_read(e->addresses[i], &addresses[count]) == ST_OK)
            count++;
        else
            outbox_log(&c->outbox, 4, "event=bad_address index=%u", i);
    }
    struct address *old = g->addresses;
    uint32_t old_count = g->address_count;
    g->addresses = addresses;
    g->address_count = count;
    enum status status = gossip_set_members(g, c);
    if (status != ST_OK) {
        g->addresses = old;
        g->address_count = old_count;
        old = addresses;
    }
    mem_free(old);
    return status;
}

/* ---- Dialling ---- */

static void back_off(struct peer *p, struct common *c)
{
    uint64_t longest = BACKOFF_MS_MIN;
    uint32_t draw;
    for (uint32_t i = 1; i < p->failures && longest < BACKOFF_MS_MAX; i++)
        longest *= 2;
    if (longest > BACKOFF_MS_MAX) {
        SOMETIMES("a dialler waits for its longest back-off");
        longest = BACKOFF_MS_MAX;
    }
    c->entropy(c->entropy_context, &draw, sizeof(draw));
    p->retry_ms = c->now_ms + longest / 2 + draw % (longest / 2 + 1);
    move(p, PEER_WAITING);
}

static void fill_peer_link(const struct link *l, struct peer *p)
{
    p->bytes_in += l->wire.bytes_in;
    p->bytes_out += l->wire.bytes_out;
    p->contact_ms = l->heard_ms > p->contact_ms ? l->heard_ms : p->contact_ms;
}

void gossip_closed(struct gossip *g, struct common *c, struct links *ls, const struct link *l)
{
    g->due = true;
    struct peer *p = l->key_known ? peer_of_key(g, &l->key) : NULL;
    if (p == NULL)
        return;
    fill_peer_link(l, p);
    if (l->reason != ST_OK && l->reason != ST_CLOSED)
        p->last_error = l->reason;
    if (links_of_key(ls, &l->key) != NULL)
        return;
    if (l->rekeyed) {
        SOMETIMES("a link ends for a key that was replaced");
        move(p, PEER_IDLE);
        return;
    }
    if (l->reached_active && status_class(l->reason) != STATUS_PEER)
        p->failures = 1;
    else
        p->failures++;
    back_off(p, c);
}

static enum status dial(struct gossip *g, struct common *c, struct links *ls, struct peer *p)
{
    struct link *l = NULL;
    const char *place = outbox_keep(&c->outbox, p->place, strlen(p->place) + 1);
    if (place == NULL)
        return ST_NO_MEMORY;
    do {
        g->last_id = (g->last_id + 1) & INT32_MAX; /* the high bit is the shell's */
    } while (g->last_id == 0 || links_find(ls, g->last_id) != NULL);
    const struct link_options options = {
        .id = g->last_id,
        .dialled = true,
        .remote = &p->key,
    };
    enum status status = link_create(c, &options, &l);
    if (status != ST_OK)
        return status;
    memcpy(l->label, p->label, sizeof(l->label));
    if (!links_add(ls, l)) {
        link_free(l);
        p->failures++;
        back_off(p, c);
        return ST_OK;
    }
    outbox_add(&c->outbox, FX_CONNECT, l->id)->text = place;
    p->wanted = false;
    move(p, PEER_LINKED);
    return ST_OK;
}

/* Bring 'state' up to date; true: it may be dialled now. */
static bool look_at(struct gossip *g, struct common *c, const struct links *ls, struct peer *p)
{
    if (!p->member)
        return false; /* without its key there is no handshake */
    if (links_of_key(ls, &p->key) != NULL) {
        move(p, PEER_LINKED);
        p->wanted = false;
        return false;
    }
    if (p->state == PEER_LINKED)
        move(p, PEER_IDLE);
    if (p->state == PEER_WAITING && c->now_ms >= p->retry_ms)
        move(p, PEER_IDLE);
    if (p->state == PEER_WAITING && p->retry_ms < g->due_ms)
        g->due_ms = p->retry_ms;
    return p->state == PEER_IDLE && p->place[0] != '\0';
}

/* The first member behind our own label: the ring starts there. */
static uint32_t ring_start(const struct gossip *g, const struct common *c)
{
    const struct view_member *us = view_member_of_key(&c->view, &c->key);
    uint32_t i = 0;
    while (us != NULL && i < g->peer_count && g->peers[i].member &&
           strcmp(g->peers[i].label, us->label) < 0)
        i++;
    return g->peer_count > 0 ? i % g->peer_count : 0;
}

enum status gossip_run(struct gossip *g, struct common *c, struct links *ls)
{
    if (!g->due && c->now_ms < g->due_ms)
        return ST_OK;
    g->due = false;
    g->due_ms = UINT64_MAX;
    uint32_t linked = 0;
    uint32_t start = ring_start(g, c);
    for (uint32_t i = 0; i < g->peer_count; i++) {
        (void)look_at(g, c, ls, &g->peers[i]);
        linked += g->peers[i].state == PEER_LINKED;
    }
    for (int round = 0; round < 2; round++) { /* those of the configuration, then the ring */
        bool held = false; /* there is a link to one that is nearer in the ring */
        for (uint32_t n = 0; n < g->peer_count; n++) {
            struct peer *p = &g->peers[(start + n) % g->peer_count];
            bool must = p->configured || p->wanted, nearest = !held;
            held = held || p->state == PEER_LINKED;
            if ((round == 0) != must || !look_at(g, c, ls, p))
                continue;
            /* The nearest that can be reached is linked whatever the number: groups that were cut
             * from each other, each with links enough, would stay apart. */
            if (!must && !nearest && linked >= g->links_active)
                continue;
            if (outbox_is_tight(&c->outbox)) {
                g->due = true;
                return ST_OK;
            }
            enum status status = dial(g, c, ls, p);
            if (status != ST_OK) {
                g->due = true;
                return status;
            }
            linked += p->state == PEER_LINKED;
            held = held || p->state == PEER_LINKED;
        }
    }
    return ST_OK;
}

void gossip_sync(struct gossip *g, struct common *c, struct links *ls, struct bytes label)
{
    for (uint32_t i = 0; i < g->peer_count; i++) {
        struct peer *p = &g->peers[i];
        if (label.count > 0 && !bytes_equal_text(label, p->label))
            continue;
        struct link *l = p->member ? links_of_key(ls, &p->key) : NULL;
        if (l != NULL && l->state == LINK_ACTIVE)
            fetch_compare(l->fetch, c, &l->wire);
        p->wanted = true;
        p->failures = 0;
        if (p->state == PEER_WAITING)
            move(p, PEER_IDLE);
    }
    g->due = true;
}

/* ---- Several links ---- */

void gossip_push(struct common *c, struct links *ls, const struct core_event *e)
{
    for (uint32_t i = 0; i < ls->end; i++) {
        struct link *l = ls->at[i];
        if (l == NULL || l->state != LINK_ACTIVE)
            continue;
        if (l->id == e->link)
            link_fail(l, c, fetch_note(l->fetch, e));
        else
            fetch_push(l->fetch, c, &l->wire, e);
    }
}

/* Of two links with one member that stays which the smaller key dialled; of two with one dialler
 * the newer, since nobody dials while his own end of a link is alive. Both sides see it alike. */
static void end_duplicate(struct link *newer, struct link *older, struct common *c)
{
    struct link *loser = older;
    bool ours_is_smaller = memcmp(c->key.id, newer->key.id, KEY_BYTES) < 0;
    if (newer->dialled != older->dialled && older->dialled == ours_is_smaller) {
        SOMETIMES("of two links the newer ends");
        loser = newer;
        pulse_ping(older, c); /* it may be dead and not know it */
    }
    link_end(loser, c, ST_CLOSED, BYE_DUPLICATE);
}

/* Our heads go to one link at a time as long as it brings what we lack: otherwise all would send us
 * the same. */
static bool tell_next(struct common *c, struct links *ls)
{
    struct link *next = NULL;
    for (uint32_t i = 0; i < ls->end; i++) {
        struct link *l = ls->at[i];
        if (l == NULL || l->state != LINK_ACTIVE)
            continue;
        if (!fetch_has_told(l->fetch))
            next = next == NULL ? l : next;
        else if (fetch_is_behind(l->fetch, c))
            return false;
    }
    if (next != NULL)
        fetch_tell(next->fetch, c, &next->wire);
    return next != NULL;
}

void gossip_settle(struct gossip *g, struct common *c, struct links *ls)
{
    for (uint32_t i = 0; i < ls->end; i++) {
        struct link *l = ls->at[i];
        if (l == NULL || l->state != LINK_ACTIVE || l->settled)
            continue;
        l->settled = true;
        g->due = true;
        fetch_begin(l->fetch, c);
        for (uint32_t n = 0; n < ls->end && l->state == LINK_ACTIVE; n++) {
            struct link *other = ls->at[n];
            if (other != NULL && other != l && other->state == LINK_ACTIVE &&
                memcmp(other->key.id, l->key.id, KEY_BYTES) == 0)
                end_duplicate(l, other, c);
        }
    }
    for (uint32_t i = 0; i < ls->end && tell_next(c, ls); i++)
        ; /* one after the other, as long as none of those told is bringing us something */
}

uint64_t gossip_deadline_ms(const struct gossip *g, const struct common *c, const struct links *ls)
{
    uint64_t next = g->due ? 0 : g->due_ms;
    bool untold = false;
    for (uint32_t i = 0; i < ls->end; i++)
        untold = untold || (ls->at[i] != NULL && ls->at[i]->state == LINK_ACTIVE &&
                            !fetch_has_told(ls->at[i]->fetch));
    for (uint32_t i = 0; i < ls->end && untold; i++) {
        const struct link *l = ls->at[i];
        if (l != NULL && l->state == LINK_ACTIVE && fetch_has_told(l->fetch) &&
            fetch_is_behind(l->fetch, c) && fetch_patience_ms(l->fetch) < next)
            next = fetch_patience_ms(l->fetch);
    }
    return next;
}

bool gossip_peer(const struct gossip *g, const struct common *c, const struct links *ls,
                 uint32_t index, struct core_peer *out)
{
    static const enum core_link_state shown[LINK_STATE_COUNT] = {
        [LINK_DIALLING] = CORE_LINK_DIALLING, [LINK_HANDSHAKE] = CORE_LINK_HANDSHAKE,
        [LINK_GREETING] = CORE_LINK_CHARTER,  [LINK_CHARTER] = CORE_LINK_CHARTER,
        [LINK_ACTIVE] = CORE_LINK_ACTIVE,
    };
    if (index >= g->peer_count)
        return false;
    const struct peer *p = &g->peers[index];
    *out = (struct core_peer){
        .label = p->label,
        .address = p->place,
        .state = p->state == PEER_WAITING ? CORE_LINK_WAITING : CORE_LINK_NONE,
        .bytes_in = p->bytes_in,
        .bytes_out = p->bytes_out,
        .last_contact_ms = p->contact_ms,
        .last_error = p->last_error,
        .retry_ms = p->state == PEER_WAITING ? p->retry_ms : 0,
    };
    const struct link *l = p->member ? links_of_key(ls, &p->key) : NULL;
    if (l == NULL)
        return true;
    out->state = shown[l->state];
    out->bytes_in += l->wire.bytes_in;
    out->bytes_out += l->wire.bytes_out;
    out->retry_ms = 0;
    if (l->heard_ms > out->last_contact_ms)
        out->last_contact_ms = l->heard_ms;
    if (l->state != LINK_ACTIVE)
        return true;
    out->last_error = ST_OK;
    out->waiting_sealed = lanes_waiting(l->lanes);
    out->met = fetch_has_met(l->fetch, c);
    out->durable = fetch_is_durable(l->fetch, c) && out->waiting_sealed == 0;
    out->behind_heads = fetch_behind_heads(l->fetch, c);
    return true;
}
