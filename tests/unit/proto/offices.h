/*
 * offices: a world of several cores in memory, for story tests: virtual time, one seed, bytes that
 * arrive in random chunks, and a fake replica in each office: a set of opaque items with ids and
 * parents, durable only some turns after it was asked to store them.
 *
 *   world_start(&w, seed); office_open(&w, "alice"); ...
 *   world_write(&w, alice, "text"); world_settle(&w); assert_true(office_has(...));
 */
#ifndef TESTS_OFFICES_H
#define TESTS_OFFICES_H

#include "replicas.h"

/* ---- Connections ---- */

HELPER struct end *end_of(struct world *w, int who, link_id link, struct end **other)
{
    for (int i = 0; i < PIPES_MAX; i++) {
        for (int side = 0; side < 2 && w->pipes[i].used; side++) {
            struct end *end = &w->pipes[i].ends[side];
            if (end->office == who && end->link == link) {
                *other = &w->pipes[i].ends[1 - side];
                return end;
            }
        }
    }
    return NULL;
}

HELPER struct pipe *pipe_open(struct world *w, int from, link_id link, int to)
{
    for (int i = 0; i < PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        if (p->used)
            continue;
        *p = (struct pipe){.used = true};
        p->ends[0] = (struct end){.office = from, .link = link};
        p->ends[1] = (struct end){.office = to, .link = ++w->next_link | 0x80000000u};
        return p;
    }
    fail_msg("no pipe is free");
    return NULL;
}

HELPER void pipe_tidy(struct world *w)
{
    for (int i = 0; i < PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        if (!p->used || !p->ends[0].closed || !p->ends[1].closed)
            continue;
        buf_release(&p->ends[0].inbox);
        buf_release(&p->ends[1].inbox);
        p->used = false;
    }
}

HELPER int office_named(const struct world *w, const char *place)
{
    for (int i = 0; i < w->office_count; i++) {
        size_t length = strlen(w->offices[i].name);
        if (strncmp(w->offices[i].name, place, length) == 0 && place[length] == ':')
            return i;
    }
    return -1;
}

HELPER void office_connect(struct world *w, int who, link_id link, const char *place)
{
    int to = office_named(w, place);
    w->offices[who].connects++;
    if (to < 0 || !w->offices[to].up || w->cut[who][to]) {
        struct core_event e = {
            .kind = CORE_CLOSED, .link = link, .status = ST_UNREACHABLE, .text = "refused"};
        office_step(w, who, &e);
        return;
    }
    struct pipe *p = pipe_open(w, who, link, to);
    link_id accepted = p->ends[1].link;
    struct core_event e = {.kind = CORE_ACCEPTED, .link = accepted, .text = "127.0.0.1"};
    office_step(w, to, &e);
    e = (struct core_event){.kind = CORE_CONNECTED, .link = link};
    office_step(w, who, &e);
}

HELPER void keep_task(struct office *o, const struct core_effect *fx)
{
    assert_true(o->task_count < TASKS_MAX);
    struct task *t = &o->tasks[(o->task_first + o->task_count++) % TASKS_MAX];
    *t = (struct task){.kind = fx->kind,
                       .link = fx->link,
                       .request = fx->request,
                       .load = fx->load,
                       .bytes_max = fx->bytes_max,
                       .key = fx->key,
                       .lane = fx->lane,
                       .after = fx->after,
                       .max = fx->max};
    if (fx->kind == FX_GIVE) {
        t->count = fx->wish_count;
        buf_add(&t->names, fx->wishes, fx->wish_count * sizeof(fx->wishes[0]));
        return;
    }
    if (fx->kind == FX_KEEP)
        buf_add(&t->names, fx->names, fx->item_count * sizeof(fx->names[0]));
    if (fx->kind == FX_LOAD) {
        t->count = fx->known_count;
        buf_add(&t->data, fx->known, fx->known_count * sizeof(fx->known[0]));
        return;
    }
    t->count = fx->item_count;
    for (uint32_t i = 0; i < fx->item_count; i++) {
        uint32_t length = (uint32_t)fx->items[i].count;
        buf_add(&t->data, &length, sizeof(length));
        buf_add_bytes(&t->data, fx->items[i]);
    }
}

struct call { /* a CONNECT to be made once the step is over */
    link_id link;
    char place[ADDRESS_BYTES_MAX + 1];
};

HELPER void office_effect(struct world *w, int who, const struct core_effect *fx)
{
    struct office *o = &w->offices[who];
    struct end *other = NULL;
    crypto_generichash_state state;
    crypto_generichash_init(&state, w->trace, sizeof(w->trace), sizeof(w->trace));
    crypto_generichash_update(&state, (const uint8_t *)&fx->kind, sizeof(fx->kind));
    crypto_generichash_update(&state, fx->bytes.data, fx->bytes.count);
    crypto_generichash_final(&state, w->trace, sizeof(w->trace));
    struct end *end = fx->link != 0 ? end_of(w, who, fx->link, &other) : NULL;
    if (fx->kind == FX_SEND) {
        o->bytes_sent += fx->bytes.count;
        if (end != NULL && !other->closed)
            buf_add_bytes(&other->inbox, fx->bytes);
    } else if (fx->kind == FX_CLOSE) {
        o->closes++;
        o->last_close = fx->status;
        if (end != NULL) {
            end->closed = true;
            buf_reset(&end->inbox);
            other->closing = true;
        }
    } else if (fx->kind == FX_LOG) {
        size_t length = strlen(fx->text);
        if (o->log_used + length + 2 < LOG_BYTES) {
            memcpy(o->log + o->log_used, fx->text, length);
            o->log_used += length;
            o->log[o->log_used++] = '\n';
            o->log[o->log_used] = '\0';
        }
    } else if (fx->kind == FX_JOINED) {
        o->joined = true;
        snprintf(o->label, sizeof(o->label), "%s", fx->text);
        o->version = fx->item_count;
    } else if (fx->kind == FX_STORE || fx->kind == FX_LOAD || fx->kind == FX_CHARTER ||
               fx->kind == FX_PAIR || fx->kind == FX_WISH || fx->kind == FX_GIVE ||
               fx->kind == FX_KEEP) {
        keep_task(o, fx);
    }
}

/* Whoever says that its heads are durable elsewhere is right: no STORED before it is. */
HELPER void office_check(struct world *w, int who)
{
    struct core_peer peer;
    struct oid heads[64];
    uint32_t writers[64], count;
    struct office *o = &w->offices[who];
    for (uint32_t i = 0; core_peer(o->core, i, &peer); i++) {
        if (!peer.durable || o->commit_count > 300)
            continue;
        office_heads(o, heads, writers, &count);
        for (int n = 0; n < w->office_count; n++) {
            for (uint32_t h = 0; strcmp(w->offices[n].label, peer.label) == 0 && h < count; h++) {
                assert_true(office_has(&w->offices[n], &heads[h]));
            }
        }
    }
}

HELPER void office_step(struct world *w, int who, struct core_event *e)
{
    struct office *o = &w->offices[who];
    struct effects effects;
    struct call calls[16];
    int call_count = 0;
    if (!o->up)
        return;
    e->now_ms = w->now_ms;
    w->steps++;
    if (w->steps == w->fail_step)
        mem_fail_at(w->fail_at);
    enum status status = core_step(o->core, e, &effects);
    w->failed = w->failed || (w->steps == w->fail_step && mem_failed());
    mem_fail_at(0);
    assert_true(status == ST_OK || (status == ST_NO_MEMORY && w->failed));
    assert_true(effects.count <= EFFECTS_MAX);
    for (uint32_t i = 0; i < effects.count; i++) {
        const struct core_effect *fx = &effects.list[i];
        if (fx->kind == FX_CONNECT) {
            assert_true(call_count < 16);
            calls[call_count].link = fx->link;
            snprintf(calls[call_count++].place, sizeof(calls[0].place), "%s", fx->text);
        } else {
            office_effect(w, who, fx);
        }
    }
    for (int i = 0; i < call_count; i++)
        office_connect(w, who, calls[i].link, calls[i].place);
}

/* Give one side some of what is on its way to it; false: there is nothing. */
HELPER bool end_deliver(struct world *w, struct end *end)
{
    if (end->closed || end->office < 0)
        return false;
    if (end->inbox.count > 0) {
        size_t most = w->offices[end->office].chunk;
        size_t count = 1 + (most > 0 ? most - 1 : world_draw(w, 20000));
        count = count < end->inbox.count ? count : end->inbox.count;
        uint8_t *copy = mem_copy(end->inbox.data, count);
        buf_drop_front(&end->inbox, count);
        struct core_event e = {.kind = CORE_DATA, .link = end->link, .bytes = {copy, count}};
        office_step(w, end->office, &e);
        mem_free(copy);
        return true;
    }
    if (!end->closing)
        return false;
    end->closed = true;
    struct core_event e = {.kind = CORE_CLOSED, .link = end->link, .status = ST_CLOSED};
    office_step(w, end->office, &e);
    return true;
}

/* ---- The course of things ---- */

/* Something that can happen now, chosen by the seed; false: nothing can. */
HELPER bool world_turn(struct world *w)
{
    uint32_t places = PIPES_MAX * 2 + OFFICES_MAX;
    uint32_t first = world_draw(w, places);
    for (uint32_t n = 0; n < places; n++) {
        uint32_t at = (first + n) % places;
        if (at < PIPES_MAX * 2) {
            if (w->pipes[at / 2].used && end_deliver(w, &w->pipes[at / 2].ends[at % 2])) {
                pipe_tidy(w);
                return true;
            }
        } else if ((int)(at - PIPES_MAX * 2) < w->office_count &&
                   office_answer(w, (int)(at - PIPES_MAX * 2))) {
            return true;
        }
    }
    return false;
}

/* At most so many turns, time passing only where nothing else can be done; how many it took. */
HELPER uint64_t world_turns(struct world *w, uint64_t until_ms, uint64_t turns_max)
{
    uint64_t turns = 0;
    for (; turns < turns_max; turns++) {
        if (world_turn(w))
            continue;
        uint64_t next = UINT64_MAX;
        for (int i = 0; i < w->office_count; i++) {
            if (w->offices[i].up && core_deadline_ms(w->offices[i].core) < next)
                next = core_deadline_ms(w->offices[i].core);
        }
        if (next > until_ms)
            break;
        w->now_ms = next > w->now_ms ? next : w->now_ms;
        for (int i = 0; i < w->office_count; i++) {
            struct core_event e = {.kind = CORE_TICK};
            if (w->offices[i].up && core_deadline_ms(w->offices[i].core) <= w->now_ms)
                office_step(w, i, &e);
        }
    }
    return turns;
}

/* Let virtual time pass, doing all that can be done. */
HELPER void world_run(struct world *w, uint64_t for_ms)
{
    uint64_t until_ms = w->now_ms + for_ms;
    assert_true(world_turns(w, until_ms, 1000000) < 1000000); /* else it goes round in circles */
    w->now_ms = until_ms;
    for (int i = 0; i < w->office_count; i++) {
        if (w->offices[i].up)
            office_check(w, i);
    }
}

HELPER void world_cut(struct world *w, int a, int b, bool cut)
{
    w->cut[a][b] = w->cut[b][a] = cut;
    for (int i = 0; i < PIPES_MAX && cut; i++) {
        struct pipe *p = &w->pipes[i];
        bool between = p->used && ((p->ends[0].office == a && p->ends[1].office == b) ||
                                   (p->ends[0].office == b && p->ends[1].office == a));
        for (int side = 0; side < 2 && between; side++) {
            buf_reset(&p->ends[side].inbox); /* what was under way is lost */
            p->ends[side].closing = true;
        }
    }
}

HELPER int office_new(struct world *w, const char *name)
{
    int who = w->office_count++;
    struct office *o = &w->offices[who];
    uint8_t seed[crypto_sign_SEEDBYTES] = {0};
    assert_true(who < OFFICES_MAX);
    crypto_generichash(seed, sizeof(seed), (const uint8_t *)name, strlen(name), NULL, 0);
    o->name = name;
    snprintf(o->label, sizeof(o->label), "%s", name);
    crypto_sign_seed_keypair(o->key.id, o->secret, seed);
    o->commits = mem_array(COMMITS_MAX, sizeof(o->commits[0]));
    return who;
}

/* Start its core and tell it what a shell tells. */
HELPER void office_up(struct world *w, int who)
{
    struct office *o = &w->offices[who];
    const struct core_options options = {
        .network = {{7}},
        .label = o->label,
        .identity = o->secret,
        .agent = "test",
        .listen_address = "",
        .links_active = o->links_active,
        .entropy = world_random,
        .entropy_context = w,
    };
    assert_int_equal(core_create(&options, &o->core), ST_OK);
    o->up = true;
    office_tell_charter(w, who, 0, ST_OK);
    office_tell_heads(w, who);
    if (o->vault_count > 0)
        office_tell_wanted(w, who);
    struct core_event e = {
        .kind = CORE_INVITATIONS, .invitations = &o->invitation, .invitation_count = o->invites};
    office_step(w, who, &e);
    e = (struct core_event){.kind = CORE_START};
    office_step(w, who, &e);
}

HELPER void office_down(struct world *w, int who)
{
    struct office *o = &w->offices[who];
    o->up = false;
    for (int i = 0; i < PIPES_MAX; i++) {
        for (int side = 0; side < 2 && w->pipes[i].used; side++) {
            if (w->pipes[i].ends[side].office == who) {
                w->pipes[i].ends[side].closed = true;
                w->pipes[i].ends[1 - side].closing = true;
            }
        }
    }
    while (o->task_count > 0) {
        buf_release(&o->tasks[o->task_first].data);
        buf_release(&o->tasks[o->task_first].names);
        o->task_first = (o->task_first + 1) % TASKS_MAX;
        o->task_count--;
    }
    core_free(o->core);
    o->core = NULL;
}

/* A world of 'count' members that know each other, none of them up yet. */
HELPER struct world *world_new(uint64_t seed, int count)
{
    static const char *const names[] = {"alice", "bob", "carol", "eve", "frank", "grace"};
    struct world *w = mem_alloc(sizeof(*w));
    assert_non_null(w);
    assert_true(sodium_init() >= 0);
    w->seed = seed;
    w->now_ms = 1000;
    for (int i = 0; i < count; i++) {
        int who = office_new(w, names[i]);
        w->member_keys[i] = w->offices[who].key;
        snprintf(w->member_labels[i], sizeof(w->member_labels[i]), "%s", names[i]);
        w->offices[who].version = 1;
    }
    w->versions = 1;
    w->members_at[1] = (uint32_t)count;
    return w;
}

HELPER void world_free(struct world *w)
{
    for (int i = 0; i < w->office_count; i++) {
        struct office *o = &w->offices[i];
        if (o->up)
            office_down(w, i);
        for (uint32_t n = 0; n < o->waiting_count; n++)
            mem_free(o->waiting[n]);
        mem_free(o->commits);
        mem_free(o->vault);
    }
    for (int i = 0; i < PIPES_MAX; i++) {
        buf_release(&w->pipes[i].ends[0].inbox);
        buf_release(&w->pipes[i].ends[1].inbox);
    }
    mem_free(w);
}

HELPER bool offices_agree(const struct world *w, int a, int b)
{
    const struct office *left = &w->offices[a], *right = &w->offices[b];
    if (left->commit_count != right->commit_count)
        return false;
    for (uint32_t i = 0; i < left->commit_count; i++) {
        if (!office_has(right, &left->commits[i].id))
            return false;
    }
    return true;
}

HELPER struct core_peer office_peer(const struct world *w, int who, const char *label)
{
    struct core_peer peer;
    for (uint32_t i = 0; core_peer(w->offices[who].core, i, &peer); i++) {
        if (strcmp(peer.label, label) == 0)
            return peer;
    }
    fail_msg("no peer %s", label);
    return (struct core_peer){0};
}

HELPER bool office_logged(const struct world *w, int who, const char *text)
{
    return strstr(w->offices[who].log, text) != NULL;
}

#endif
