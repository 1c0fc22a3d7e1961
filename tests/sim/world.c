#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/byzantine.h"
#include "tests/sim/faults.h"
#include "tests/sim/ledger.h"
#include "tests/sim/member.h"
#include "tests/sim/net.h"
#include "tests/sim/oracle.h"
#include "tests/sim/removal.h"
#include "tests/sim/simstate.h"
#include "tests/sim/storage.h"
#include "tests/sim/work.h"

enum {
    ADMIT_MS = 4000,    /* between two tries to add the next member */
    DELAY_MAX_MS = 200, /* of a connection */
    HEAL_DELAY_MS = 1000,
    LIST_BYTES = 8192, /* numbers of steps */

    /* A member that was refused up to the end waits for its longest back-off; a link that it then
     * gets may be the second of two, end, and be dialled once more. */
    LINK_MS = 2 * BACKOFF_MS_MAX + 2 * HANDSHAKE_MS + STALL_MS,
    /* On top of twice GOSSIP_MS a hop: handshakes, and the way of the bytes through slow disks. */
    SLACK_MS = 4 * HEAL_DELAY_MS,
};

uint64_t *world_take_dice(struct world *w, uint64_t *stream)
{
    uint64_t *before = w->dice;
    w->dice = stream;
    return before;
}

uint32_t world_draw(struct world *w, uint32_t below)
{
    return below > 0 ? (uint32_t)(simstate_draw(w->dice) >> 32) % below : 0;
}

bool world_chance(struct world *w, uint32_t of, uint32_t out_of)
{
    return world_draw(w, out_of) < of;
}

void world_note(struct world *w, uint32_t who, const char *what, struct bytes data)
{
    uint64_t head[3] = {w->now_ms, who, data.count};
    crypto_generichash_update(&w->trace, (const uint8_t *)head, sizeof head);
    crypto_generichash_update(&w->trace, (const uint8_t *)what, strlen(what));
    if (data.count > 0)
        crypto_generichash_update(&w->trace, data.data, data.count);
    if (!w->print)
        return;
    bool text = strcmp(what, "log") == 0 || strcmp(what, "open") == 0 || strcmp(what, "step") == 0;
    printf("%8.3f %s %s", (double)w->now_ms / 1000, w->members[who].label, what);
    if (text)
        printf(" %.*s\n", (int)data.count, (const char *)data.data);
    else if (data.count == OID_BYTES || data.count <= sizeof(uint64_t))
        for (size_t i = 0; i <= data.count; i++)
            printf(i < data.count ? "%02x" : "\n", i < data.count ? data.data[i] : 0u);
    else
        printf(" %zu bytes\n", data.count);
}

void world_fail(const struct world *w, const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "FAILED: seed %llu at %.3f s: ", (unsigned long long)w->seed,
            (double)w->now_ms / 1000);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    char list[LIST_BYTES];
    const char *steps = plan_name(&w->plan, list, sizeof list);
    fprintf(stderr, "\nAgain, with everything that happens: minga-sim --seed %llu%s%s --trace\n",
            (unsigned long long)w->seed, steps != NULL ? " --steps " : "",
            steps != NULL ? steps : "");
    exit(1);
}

bool world_bears(const struct member *m, enum status st)
{
    bool local = status_class(st) == STATUS_LOCAL;
    bool other = st == ST_WRONG_NETWORK && m->lied; /* the network is named on the disk */
    return st == ST_OK || other || (local && (m->ill || simdisk_is_off(m->disk)));
}

void world_must(const struct world *w, enum status st, const char *what, const struct fault *f)
{
    if (st != ST_OK)
        world_fail(w, "%s: %s: %s", what, status_word(st), f != NULL ? f->text : "");
}

/* ---- birth ---- */

static void found(struct world *w)
{
    struct member *founder = &w->members[0];
    struct charter_member member = {
        .role = CHARTER_OFFICE, .admin = true, .treasurer = true, .key = founder->identity.key};
    struct charter_chain chain = {0};
    struct buf file = {0};
    struct fault f = {0};
    memcpy(member.label, founder->label, sizeof member.label);
    memcpy(member.address, founder->address, sizeof founder->address);
    world_must(w,
               charter_found("simulated", &member, bytes_of_text(work_schema),
                             founder->identity.secret, &file, &f),
               "found", &f);
    world_must(w, charter_chain_add(&chain, buf_bytes(&file), NULL, &f), "found", &f);
    w->network = chain.network;
    struct bytes files = buf_bytes(&file);
    member_settle(founder, &files, 1);
    charter_chain_release(&chain);
    buf_release(&file);
    w->member_count = w->charter_version = 1;
}

struct world *world_new(uint64_t seed, uint64_t *counts, bool print)
{
    struct world *w = mem_alloc(sizeof *w);
    CHECK(w != NULL);
    *w = (struct world){.seed = seed,
                        .counts = counts,
                        .print = print,
                        .now_ms = WORLD_START_MS,
                        .random = seed,
                        .member_target = 1,
                        .delay_max_ms = 1};
    w->dice = &w->random;
    w->ledger = ledger_new();
    CHECK(w->ledger != NULL);
    crypto_generichash_init(&w->trace, NULL, 0, 32);
    plan_draw(&w->plan, seed);
    w->delay_max_ms = 1 + world_draw(w, DELAY_MAX_MS);
    w->admit_ms = w->mend_ms = w->calm_ms = w->dial_ms = UINT64_MAX;
    for (uint32_t i = 0; i < w->plan.member_count; i++)
        member_make(w, i);
    found(w);
    return w;
}

void world_free(struct world *w)
{
    for (uint32_t i = 0; i < WORLD_MEMBERS_MAX; i++)
        member_release(&w->members[i]);
    net_release(w);
    ledger_free(w->ledger);
    byzantine_release(w);
    plan_release(&w->plan);
    mem_free(w);
}

/* ---- time ---- */

static void earlier(uint64_t *next, uint64_t at_ms)
{
    if (at_ms < *next)
        *next = at_ms;
}

static uint64_t next_ms(const struct world *w)
{
    uint64_t next = net_next_ms(w);
    if (w->step_next < w->plan.count)
        earlier(&next, w->plan.steps[w->step_next].at_ms);
    if (w->member_count < w->member_target)
        earlier(&next, w->admit_ms);
    earlier(&next, w->mend_ms);
    earlier(&next, w->calm_ms);
    earlier(&next, w->dial_ms);
    for (uint32_t i = 0; i < w->member_count; i++) {
        const struct member *m = &w->members[i];
        earlier(&next, m->up ? m->work_ms : m->restart_ms);
        earlier(&next, m->cut_by_ms);
        earlier(&next, m->fit_ms);
        earlier(&next, m->full_ms);
        earlier(&next, member_deadline_ms(m));
    }
    return next;
}

static void run_step(struct world *w)
{
    const struct step *s = &w->plan.steps[w->step_next];
    bool out = w->plan.left_out[w->step_next++];
    uint64_t dice = s->seed;
    char text[PLAN_TEXT_BYTES];
    if (out || (step_kinds[s->kind].rhythm != STEP_ADMIT && s->who >= w->member_count))
        return;
    plan_text(s, text);
    world_note(w, s->who, "step", bytes_of_text(text));
    uint64_t *before = world_take_dice(w, &dice);
    step_kinds[s->kind].run(w, s);
    (void)world_take_dice(w, before);
}

static void admit_next(struct world *w)
{
    w->admit_ms = w->now_ms + ADMIT_MS;
    if (w->members[0].up)
        storage_admit(&w->members[0], w->member_count);
}

/* What people and machines around the members do. */
static bool run_script(struct world *w)
{
    if (w->mend_ms <= w->now_ms) {
        w->mend_ms = UINT64_MAX;
        net_mend(w);
    } else if (w->calm_ms <= w->now_ms) {
        w->calm_ms = UINT64_MAX;
        memset(w->lag_ms, 0, sizeof w->lag_ms);
    } else if (w->dial_ms <= w->now_ms) {
        w->dial_ms = UINT64_MAX;
        faults_dial(w);
    } else if (w->step_next < w->plan.count && w->plan.steps[w->step_next].at_ms <= w->now_ms) {
        run_step(w);
    } else if (w->member_count < w->member_target && w->admit_ms <= w->now_ms) {
        admit_next(w);
    } else {
        return false;
    }
    return true;
}

static bool run_member(struct world *w, struct member *m)
{
    struct core_event tick = {.kind = CORE_TICK};
    w->dice = &m->random;
    if (m->cut_by_ms <= w->now_ms) {
        m->cut_by_ms = UINT64_MAX;
        if (m->up)
            member_stop(m);
        w->counts[COUNT_CRASH]++;
    } else if (m->fit_ms <= w->now_ms) {
        m->fit_ms = UINT64_MAX;
        m->slow_ms = m->storage_ms;
    } else if (m->full_ms <= w->now_ms) {
        m->full_ms = UINT64_MAX;
        simdisk_limit(m->disk, 0);
    } else if (!m->up && m->restart_ms <= w->now_ms) {
        simdisk_cut(m->disk, w->healing ? 0 : m->cut_in_open);
        member_open(m);
    } else if (m->up && m->work_ms <= w->now_ms) {
        storage_run(m);
    } else if (member_deadline_ms(m) <= w->now_ms) {
        member_step(m, &tick);
    } else {
        return false;
    }
    return true;
}

bool world_step(struct world *w, uint64_t until_ms)
{
    uint64_t next = next_ms(w);
    if (next > until_ms) {
        w->now_ms = until_ms > w->now_ms ? until_ms : w->now_ms;
        return false;
    }
    if (++w->turns > WORLD_TURNS_MAX)
        world_fail(w, "it goes round in circles");
    w->now_ms = next > w->now_ms ? next : w->now_ms;
    if (run_script(w))
        return true;
    if (net_next_ms(w) <= w->now_ms) {
        net_run(w);
        return true;
    }
    bool ran = false;
    for (uint32_t i = 0; !ran && i < w->member_count; i++)
        ran = run_member(w, &w->members[i]);
    w->dice = &w->random;
    return true;
}

static void pass(struct world *w, uint64_t ms)
{
    uint64_t until_ms = w->now_ms + ms;
    while (world_step(w, until_ms))
        ;
}

/* ---- life ---- */

/* Hops between the two that are farthest apart; UINT32_MAX: some are not connected at all. */
static uint32_t diameter(const struct world *w)
{
    uint32_t longest = 0, all = 0;
    for (uint32_t i = 0; i < w->member_count; i++)
        all |= removal_in_force(w, &w->members[i]) ? UINT32_C(1) << i : 0;
    for (uint32_t from = 0; from < w->member_count; from++) {
        uint32_t met = UINT32_C(1) << from, hops = 0;
        if ((all >> from & 1) == 0)
            continue;
        while (met != all) {
            uint32_t more = met;
            for (uint32_t a = 0; a < w->member_count; a++)
                for (uint32_t b = 0; b < w->member_count && (met >> a & 1) != 0; b++)
                    if ((all >> b & 1) != 0 && member_linked(&w->members[a], &w->members[b]))
                        more |= UINT32_C(1) << b;
            if (more == met)
                return UINT32_MAX;
            met = more;
            hops++;
        }
        longest = hops > longest ? hops : longest;
    }
    return longest;
}

static bool all_are_up(const struct world *w)
{
    for (uint32_t i = 0; i < w->member_count; i++)
        if (!w->members[i].up && removal_in_force(w, &w->members[i]))
            return false;
    return w->member_count == w->member_target;
}

/* Who has what and sees whom, for whoever looks for the cause. */
static void show(const struct world *w)
{
    struct core_peer peer;
    for (uint32_t i = 0; i < w->member_count; i++) {
        const struct member *m = &w->members[i];
        uint32_t count;
        if (!m->up)
            continue;
        const uint32_t *heads = graph_heads(replica_graph(m->replica), &count);
        fprintf(stderr, "%s: charter %u, %u commits, %u pieces of work, heads", m->label,
                charter_newest(replica_charters(m->replica))->version,
                graph_count(replica_graph(m->replica)), m->job_count);
        for (uint32_t k = 0; k < count; k++) {
            char hex[OID_TEXT + 1];
            hex_encode(graph_node(replica_graph(m->replica), heads[k])->id.id, OID_BYTES, hex);
            fprintf(stderr, " %.12s", hex);
        }
        for (uint32_t k = 0; core_peer(m->core, k, &peer); k++)
            fprintf(stderr, "\n  %s: link %d, durable %d, behind %u", peer.label, (int)peer.state,
                    (int)peer.durable, peer.behind_heads);
        fprintf(stderr, "\n");
    }
}

/* Within LINK_MS all are connected; within twice GOSSIP_MS a hop from then on, all agree. */
static void converge(struct world *w)
{
    uint64_t until_ms = w->now_ms + LINK_MS;
    uint32_t hops = UINT32_MAX;
    while (hops == UINT32_MAX) {
        if (w->now_ms >= until_ms)
            show(w);
        if (w->now_ms >= until_ms)
            world_fail(w, "the members are not connected after %d ms", LINK_MS);
        pass(w, HEAL_DELAY_MS);
        hops = all_are_up(w) ? diameter(w) : UINT32_MAX;
    }
    until_ms = w->now_ms + 2 * GOSSIP_MS * hops + SLACK_MS;
    while (!oracle_agree(w)) {
        if (w->now_ms >= until_ms)
            show(w);
        if (w->now_ms >= until_ms)
            world_fail(w, "the members do not agree %u ms after they were connected",
                       2 * GOSSIP_MS * hops + SLACK_MS);
        pass(w, HEAL_DELAY_MS / 10);
    }
}

void world_live(struct world *w, uint8_t out[static 32])
{
    member_open(&w->members[0]);
    pass(w, w->plan.end_ms - w->now_ms);
    faults_end(w);
    converge(w);
    /* And they go on: one writes, all get it. */
    struct step last = {.seed = w->seed};
    storage_act(&w->members[world_draw(w, w->member_count)], work_write, &last);
    pass(w, HEAL_DELAY_MS);
    converge(w);
    for (uint32_t i = 0; i < w->member_count; i++)
        if (removal_in_force(w, &w->members[i]))
            member_check(&w->members[i]);
    oracle_judge(w);
    world_note(w, 0, "state",
               (struct bytes){replica_state(oracle_first(w)->replica)->id, OID_BYTES});
    crypto_generichash_final(&w->trace, out, 32);
}
