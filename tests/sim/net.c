#include "tests/sim/net.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/member.h"
#include "tests/sim/simstate.h"

enum { SPOKEN_BYTES = 2048 }; /* of a connection that may come again */

static const link_id accepted_bit = UINT32_C(1) << 31;

static struct pipe *pipe_of(struct world *w, const struct member *m, link_id link, int *side_out)
{
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        for (int side = 0; side < 2 && p->used; side++) {
            const struct pipe_end *e = &p->ends[side];
            if (!e->closed && e->member == m->index && e->link == link) {
                *side_out = side;
                return p;
            }
        }
    }
    return NULL;
}

/* A connection has dice of its own: what happens on one changes nothing on another. */
static uint32_t draw(struct pipe *p, uint32_t below)
{
    return (uint32_t)(simstate_draw(&p->random) >> 32) % below;
}

static uint32_t delay_of(struct world *w, struct pipe *p)
{
    uint32_t jitter = draw(p, 1 + p->delay_ms / 4);
    return p->delay_ms + jitter + w->lag_ms[p->ends[0].member][p->ends[1].member];
}

static void empty(struct pipe_end *e)
{
    while (e->first != NULL) {
        struct segment *s = e->first;
        e->first = s->next;
        mem_free(s);
    }
    e->last = NULL;
    e->waiting_bytes = 0;
}

static void tidy(struct pipe *p)
{
    for (int side = 0; side < 2; side++)
        if (p->ends[side].closed)
            empty(&p->ends[side]);
    if (p->ends[0].closed && p->ends[1].closed)
        p->used = false;
}

/* This end will learn, behind what is on its way, that the other is gone. */
static void close_later(struct pipe_end *e, uint64_t at_ms)
{
    if (at_ms < e->last_ms)
        at_ms = e->last_ms;
    if (at_ms < e->close_ms)
        e->close_ms = at_ms;
}

/* ---- connecting ---- */

static struct pipe *new_pipe(struct world *w)
{
    for (int i = 0; i < WORLD_PIPES_MAX; i++)
        if (!w->pipes[i].used)
            return &w->pipes[i];
    world_fail(w, "more than %d connections", WORLD_PIPES_MAX);
}

void net_connect(struct world *w, struct member *m, link_id link, const char *place)
{
    struct pipe *p = new_pipe(w);
    uint32_t to = 0;
    while (to < w->plan.member_count && strcmp(w->members[to].address, place) != 0)
        to++;
    if (to == w->plan.member_count)
        world_fail(w, "%s dials %s, where nobody is", m->label, place);
    *p = (struct pipe){.used = true,
                       .connecting = true,
                       .drop_after = SIZE_MAX,
                       .random = w->seed ^ (uint64_t)link << 8 ^ m->index << 4 ^ to};
    p->delay_ms = 1 + draw(p, w->delay_max_ms);
    p->ends[0] = (struct pipe_end){.member = m->index, .link = link, .close_ms = UINT64_MAX};
    p->ends[1] = (struct pipe_end){.member = to, .closed = true, .close_ms = UINT64_MAX};
    p->connect_ms = w->now_ms + 1 + draw(p, 2 * p->delay_ms);
    p->silent = w->cut[m->index][to] && draw(p, 2) == 0;
}

static void count_duplicate(struct world *w, const struct pipe *fresh)
{
    uint32_t a = fresh->ends[0].member, b = fresh->ends[1].member;
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        const struct pipe *p = &w->pipes[i];
        if (p == fresh || !p->used || p->connecting)
            continue;
        uint32_t x = p->ends[0].member, y = p->ends[1].member;
        if ((x == a && y == b) || (x == b && y == a)) {
            w->counts[COUNT_DUPLICATE]++;
            return;
        }
    }
}

static void arrive(struct world *w, struct pipe *p)
{
    struct member *from = &w->members[p->ends[0].member], *to = &w->members[p->ends[1].member];
    struct core_event event = {.kind = CORE_CONNECTED, .link = p->ends[0].link};
    p->connecting = false;
    if (p->ends[0].closed || (p->silent && !w->healing)) {
        p->connecting = !p->ends[0].closed; /* nothing comes until the dialler gives up */
        p->connect_ms = UINT64_MAX;
        tidy(p);
        return;
    }
    if (!to->up || w->cut[from->index][to->index]) {
        p->ends[0].closed = true;
        p->used = false;
        event.kind = CORE_CLOSED;
        event.status = ST_UNREACHABLE;
        event.text = "connection refused";
        member_step(from, &event);
        return;
    }
    to->last_accepted = (to->last_accepted + 1) & ~accepted_bit;
    p->hearing = w->spoken[to->index].count == 0;
    p->ends[1].closed = false;
    p->ends[1].link = to->last_accepted | accepted_bit;
    count_duplicate(w, p);
    struct core_event accepted = {.kind = CORE_ACCEPTED, .link = p->ends[1].link};
    char address[sizeof from->address];
    snprintf(address, sizeof address, "%s", from->address);
    *strchr(address, ':') = '\0';
    accepted.text = address;
    member_step(to, &accepted);
    member_step(from, &event);
}

/* ---- bytes ---- */

static void add_segment(struct world *w, struct pipe *p, struct pipe_end *to, struct bytes data)
{
    struct segment *s = mem_alloc(sizeof *s + data.count);
    CHECK(s != NULL);
    uint64_t at_ms = w->now_ms + delay_of(w, p);
    to->last_ms = s->at_ms = at_ms > to->last_ms ? at_ms : to->last_ms;
    struct buf *spoken = &w->spoken[to->member];
    if (to == &p->ends[1] && p->hearing && spoken->count < SPOKEN_BYTES)
        buf_add_bytes(spoken, data);
    s->number = ++w->segment_count;
    s->count = data.count;
    memcpy(s->data, data.data, data.count);
    if (p->flip) {
        s->data[draw(p, (uint32_t)s->count)] ^= (uint8_t)(1u << draw(p, 8));
        w->counts[COUNT_FLIP]++;
        p->flip = false;
        p->flipped = true;
    }
    if (to->last != NULL)
        to->last->next = s;
    else
        to->first = s;
    to->last = s;
    to->waiting_bytes += data.count;
    if (to->waiting_bytes > NET_BYTES_MAX)
        world_fail(w, "%zu bytes are under way to %s", to->waiting_bytes,
                   w->members[to->member].label);
}

static void cut_pipe(struct world *w, struct pipe *p)
{
    p->drop_after = SIZE_MAX;
    for (int side = 0; side < 2; side++)
        close_later(&p->ends[side], w->now_ms + 1 + draw(p, NET_CLOSE_MS));
}

static void unsent(struct pipe *p, int side)
{
    size_t waiting = p->ends[1 - side].waiting_bytes;
    size_t now = waiting > NET_SOCKET_BYTES ? waiting - NET_SOCKET_BYTES : 0;
    struct pipe_end *e = &p->ends[side];
    e->unsent_changed = e->unsent_changed || now != e->unsent_told;
    e->unsent_told = now;
}

void net_send(struct world *w, struct member *m, link_id link, struct bytes data)
{
    int side;
    struct pipe *p = pipe_of(w, m, link, &side);
    if (p == NULL || data.count == 0)
        return;
    struct pipe_end *to = &p->ends[1 - side];
    if (to->closed || to->close_ms != UINT64_MAX) { /* a reset comes back */
        close_later(&p->ends[side], w->now_ms + delay_of(w, p));
        return;
    }
    struct bytes whole = data;
    bool dropped = data.count >= p->drop_after;
    if (dropped)
        data.count = p->drop_after;
    else if (p->drop_after != SIZE_MAX)
        p->drop_after -= data.count;
    while (data.count > 0) {
        size_t count = draw(p, 4) == 0 ? 1 + draw(p, (uint32_t)data.count) : data.count;
        add_segment(w, p, to, (struct bytes){data.data, count});
        data.data += count;
        data.count -= count;
    }
    if (p->again && !dropped) {
        p->again = false;
        p->flipped = true;
        w->counts[COUNT_REPLAY]++;
        add_segment(w, p, to, whole);
    }
    if (dropped) {
        w->counts[COUNT_DROP]++;
        cut_pipe(w, p);
    }
    unsent(p, side);
}

void net_close(struct world *w, struct member *m, link_id link)
{
    int side;
    struct pipe *p = pipe_of(w, m, link, &side);
    if (p == NULL)
        return;
    p->ends[side].closed = true;
    close_later(&p->ends[1 - side], w->now_ms + delay_of(w, p));
    tidy(p);
}

void net_vanish(struct world *w, struct member *m)
{
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        for (int side = 0; side < 2 && p->used; side++) {
            if (p->ends[side].member != m->index || p->ends[side].closed)
                continue;
            p->ends[side].closed = true;
            if (draw(p, 4) > 0) /* else its keep-alive, or ours, has to find out */
                close_later(&p->ends[1 - side], w->now_ms + draw(p, NET_CLOSE_MS));
            tidy(p);
        }
    }
}

/* ---- time ---- */

/* When this end gets something; frozen while the two are cut from each other. */
static uint64_t end_next_ms(const struct world *w, const struct pipe *p, const struct pipe_end *e)
{
    if (e->closed)
        return UINT64_MAX;
    if (e->unsent_changed)
        return w->now_ms;
    if (w->cut[p->ends[0].member][p->ends[1].member])
        return UINT64_MAX;
    return e->first != NULL ? e->first->at_ms : e->close_ms;
}

uint64_t net_next_ms(const struct world *w)
{
    uint64_t next = UINT64_MAX;
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        const struct pipe *p = &w->pipes[i];
        if (!p->used)
            continue;
        if (p->connecting) {
            next = p->connect_ms < next ? p->connect_ms : next;
            continue;
        }
        for (int side = 0; side < 2; side++) {
            uint64_t at_ms = end_next_ms(w, p, &p->ends[side]);
            next = at_ms < next ? at_ms : next;
        }
    }
    return next;
}

static void deliver(struct world *w, struct pipe *p, int side)
{
    struct pipe_end *e = &p->ends[side];
    struct member *m = &w->members[e->member];
    struct core_event event = {.kind = CORE_WRITTEN, .link = e->link};
    if (e->unsent_changed) {
        e->unsent_changed = false;
        event.unsent_bytes = e->unsent_told;
        member_step(m, &event);
        return;
    }
    struct segment *s = e->first;
    if (s == NULL) {
        event.kind = CORE_CLOSED;
        event.status = ST_UNREACHABLE;
        event.text = "the other side closed";
        e->closed = true;
        tidy(p);
        member_step(m, &event);
        return;
    }
    e->first = s->next;
    if (e->first == NULL)
        e->last = NULL;
    e->waiting_bytes -= s->count;
    unsent(p, 1 - side);
    if (s->number < m->arrived)
        w->counts[COUNT_REORDER]++;
    else
        m->arrived = s->number;
    event.kind = CORE_DATA;
    event.bytes = (struct bytes){s->data, s->count};
    world_note(w, m->index, "data", event.bytes);
    member_step(m, &event);
    mem_free(s);
}

void net_run(struct world *w)
{
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        if (!p->used)
            continue;
        if (p->connecting) {
            if (p->connect_ms > w->now_ms)
                continue;
            arrive(w, p);
            return;
        }
        for (int side = 0; side < 2; side++) {
            if (end_next_ms(w, p, &p->ends[side]) > w->now_ms)
                continue;
            deliver(w, p, side);
            return;
        }
    }
}

/* ---- faults ---- */

void net_part(struct world *w, uint32_t mask)
{
    for (uint32_t a = 0; a < WORLD_MEMBERS_MAX; a++)
        for (uint32_t b = 0; b < WORLD_MEMBERS_MAX; b++)
            w->cut[a][b] = ((mask >> a ^ mask >> b) & 1) != 0;
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        /* Some are reset once it is over, the others come through late. */
        if (p->used && w->cut[p->ends[0].member][p->ends[1].member] && draw(p, 2) == 0)
            cut_pipe(w, p);
    }
}

void net_mend(struct world *w)
{
    memset(w->cut, 0, sizeof w->cut);
}

static struct pipe *pipe_between(struct world *w, uint32_t a, uint32_t b)
{
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        uint32_t x = p->ends[0].member, y = p->ends[1].member;
        if (p->used && !p->connecting && ((x == a && y == b) || (x == b && y == a)))
            return p;
    }
    return NULL;
}

bool net_cut(struct world *w, uint32_t a, uint32_t b, size_t after)
{
    struct pipe *p = pipe_between(w, a, b);
    if (p == NULL)
        return false;
    if (after > 0)
        p->drop_after = after;
    else
        cut_pipe(w, p);
    return true;
}

void net_flip(struct world *w, uint32_t a, uint32_t b)
{
    struct pipe *p = pipe_between(w, a, b);
    if (p != NULL)
        p->flip = true;
}

void net_repeat(struct world *w, uint32_t a, uint32_t b)
{
    struct pipe *p = pipe_between(w, a, b);
    if (p != NULL)
        p->again = true;
}

/* Nobody listens for the answers. */
void net_replay(struct world *w, uint32_t to)
{
    struct member *m = &w->members[to];
    if (!m->up || w->spoken[to].count == 0)
        return;
    struct pipe *p = new_pipe(w);
    *p = (struct pipe){.used = true, .flipped = true, .drop_after = SIZE_MAX};
    p->delay_ms = 1 + world_draw(w, w->delay_max_ms);
    p->random = simstate_draw(w->dice);
    m->last_accepted = (m->last_accepted + 1) & ~accepted_bit;
    p->ends[0] = (struct pipe_end){.member = to, .closed = true, .close_ms = UINT64_MAX};
    p->ends[1] = (struct pipe_end){
        .member = to, .link = m->last_accepted | accepted_bit, .close_ms = UINT64_MAX};
    struct core_event accepted = {
        .kind = CORE_ACCEPTED, .link = p->ends[1].link, .text = "10.0.1.1"};
    add_segment(w, p, &p->ends[1], buf_bytes(&w->spoken[to]));
    close_later(&p->ends[1], p->ends[1].last_ms + world_draw(w, NET_CLOSE_MS));
    w->counts[COUNT_REPLAY_CONNECTION]++;
    member_step(m, &accepted);
}

bool net_is_suspect(struct world *w, const struct member *m, link_id link)
{
    int side;
    const struct pipe *p = pipe_of(w, m, link, &side);
    return p != NULL &&
           (p->flipped || w->members[p->ends[0].member].liar || w->members[p->ends[1].member].liar);
}

void net_calm(struct world *w)
{
    net_mend(w);
    memset(w->lag_ms, 0, sizeof w->lag_ms);
    for (int i = 0; i < WORLD_PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        if (!p->used)
            continue;
        p->drop_after = SIZE_MAX;
        p->flip = p->again = false;
        if (p->connecting && p->connect_ms == UINT64_MAX)
            p->connect_ms = w->now_ms; /* it is refused now */
        for (int side = 0; side < 2 && !p->connecting; side++)
            if (p->ends[1 - side].closed)
                close_later(&p->ends[side], w->now_ms);
    }
}

void net_release(struct world *w)
{
    for (int i = 0; i < WORLD_PIPES_MAX; i++)
        for (int side = 0; side < 2; side++)
            empty(&w->pipes[i].ends[side]);
    for (uint32_t i = 0; i < WORLD_MEMBERS_MAX; i++)
        buf_release(&w->spoken[i]);
}
