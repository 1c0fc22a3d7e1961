#include "tests/sim/removal.h"

#include <string.h>

#include "replicas/adoption.h"
#include "tests/sim/counting.h"
#include "tests/sim/net.h"
#include "tests/sim/saying.h"
#include "tests/sim/storage.h"

enum {
    ADMINS_MAX = 3,
    OFFICES_MIN = 3,     /* that stay */
    APART_MS_MAX = 40000 /* that two who remove each other are cut off */
};

/* ---- who is in ---- */

const struct charter *removal_newest(const struct world *w)
{
    const struct charter *newest = NULL;
    for (uint32_t i = 0; i < w->member_count; i++) {
        const struct member *m = &w->members[i];
        if (!m->up)
            continue;
        const struct charter *its = charter_newest(replica_charters(m->replica));
        if (newest == NULL || its->version > newest->version)
            newest = its;
    }
    return newest;
}

bool removal_in_force(const struct world *w, const struct member *m)
{
    const struct charter *newest = removal_newest(w);
    return newest == NULL || charter_by_key(newest, &m->identity.key) != NULL;
}

static const struct charter_member *seat(const struct member *m)
{
    return charter_by_key(charter_newest(replica_charters(m->replica)), &m->identity.key);
}

bool removal_is_silenced(const struct member *m)
{
    return seat(m) == NULL || graph_frozen(replica_graph(m->replica), &m->identity.key);
}

/* ---- what persons do ---- */

static uint32_t admins(const struct charter *c)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->member_count; i++)
        count += c->members[i].admin;
    return count;
}

/* Who came back from a snapshot is let catch up before it decides anything. */
static bool may_decide(const struct member *m)
{
    const struct charter *newest = removal_newest(m->world);
    const struct charter_member *self = seat(m);
    return self != NULL && self->admin &&
           charter_newest(replica_charters(m->replica))->version == newest->version;
}

/* A command; what it may answer besides ST_OK is that it does not fit any more. */
static enum status say(struct member *m, const char *const *words, enum world_count count)
{
    struct fault f = {0};
    enum status st = saying_run(m->replica, m->label, words, NULL, NULL, &f);
    if (st == ST_OK || st == ST_NEEDS_PERSON)
        m->world->counts[count]++;
    return status_class(st) == STATUS_LOCAL ? st : ST_OK;
}

static enum status appoint(struct member *m, const struct step *s)
{
    struct world *w = m->world;
    const struct charter *newest = charter_newest(replica_charters(m->replica));
    const char *words[] = {"member", "change", w->members[s->other].label, "--rights=admin", NULL};
    if (!may_decide(m) || admins(newest) >= ADMINS_MAX)
        return ST_OK;
    w->council = true;
    return say(m, words, COUNT_APPOINT);
}

static enum status propose_removal(struct member *m, const struct member *of)
{
    const struct charter *newest = charter_newest(replica_charters(m->replica));
    const char *words[] = {"member", "remove", of->label, NULL};
    if (!may_decide(m) || newest->member_count <= OFFICES_MIN || of == m)
        return ST_OK;
    m->world->council = true;
    return say(m, words, COUNT_REMOVE);
}

static enum status remove_other(struct member *m, const struct step *s)
{
    return propose_removal(m, &m->world->members[s->other]);
}

static enum status approve(struct member *m, const struct step *s)
{
    char number[SAYING_NUMBER_BYTES];
    const char *words[] = {"member", "approve", number, NULL};
    (void)s;
    return saying_motion(m->replica, number) ? say(m, words, COUNT_APPROVE) : ST_OK;
}

/* The first from A on of whom 'fits' is true; NULL: there is none. */
static struct member *choose(struct world *w, const struct step *s,
                             bool (*fits)(const struct member *m))
{
    for (uint32_t i = 0; i < w->member_count; i++) {
        struct member *m = &w->members[(s->who + i) % w->member_count];
        if (m->up && fits(m))
            return m;
    }
    return NULL;
}

static void act(struct world *w, bool (*fits)(const struct member *m), storage_act_fn how,
                const struct step *s)
{
    struct member *m = choose(w, s, fits);
    /* Only once all are there: the founder alone adds them. */
    if (m != NULL && w->member_count == w->plan.member_count)
        storage_act(m, how, s);
}

void removal_appoint(struct world *w, const struct step *s)
{
    act(w, may_decide, appoint, s);
}

void removal_remove(struct world *w, const struct step *s)
{
    act(w, may_decide, remove_other, s);
}

static bool is_asked(const struct member *m)
{
    char number[SAYING_NUMBER_BYTES];
    return saying_motion(m->replica, number);
}

void removal_approve(struct world *w, const struct step *s)
{
    act(w, is_asked, approve, s);
}

/* Whose commits wait here; NULL: nobody's. */
static const struct member *quarantined(const struct member *m)
{
    struct world *w = m->world;
    for (uint32_t i = 0; i < w->member_count; i++) {
        struct adoption_waiting waiting;
        adoption_waiting(m->replica, bytes_of_text(w->members[i].label), &waiting);
        if (waiting.commits > 0)
            return &w->members[i];
    }
    return NULL;
}

static bool may_adopt(const struct member *m)
{
    return !removal_is_silenced(m) && quarantined(m) != NULL;
}

static enum status adopt(struct member *m, const struct step *s)
{
    const struct member *of = quarantined(m);
    const char *words[] = {"member", "adopt", of != NULL ? of->label : "", NULL};
    (void)s;
    return of == NULL || removal_is_silenced(m) ? ST_OK : say(m, words, COUNT_ADOPT);
}

void removal_adopt(struct world *w, const struct step *s)
{
    act(w, may_adopt, adopt, s);
}

void removal_each_other(struct world *w, const struct step *s)
{
    struct step other = *s;
    struct member *a = choose(w, s, may_decide), *b = NULL;
    if (a != NULL) {
        other.who = a->index + 1;
        b = choose(w, &other, may_decide);
    }
    if (b == a || removal_newest(w)->member_count <= OFFICES_MIN)
        return;
    net_part(w, UINT32_C(1) << a->index);
    w->mend_ms = w->now_ms + 1000 + world_draw(w, APART_MS_MAX);
    other.other = b->index;
    storage_act(a, remove_other, &other);
    other.other = a->index;
    storage_act(b, remove_other, &other);
    w->counts[COUNT_EACH_OTHER]++;
}

/* ---- judgement ---- */

void removal_judge(struct world *w)
{
    const struct charter *newest = removal_newest(w);
    w->counts[COUNT_REMOVED] += newest->retired_count;
    for (uint32_t i = 0; i < w->member_count; i++) {
        const struct member *m = &w->members[i];
        if (!removal_in_force(w, m))
            continue;
        const struct charter *its = charter_newest(replica_charters(m->replica));
        const struct graph *g = replica_graph(m->replica);
        uint32_t waiting, wrong = counting_wrong(g, its, &waiting);
        if (memcmp(its->hash.id, newest->hash.id, DIGEST_BYTES) != 0)
            world_fail(w, "%s has another charter %u", m->label, its->version);
        if (wrong != GRAPH_NONE)
            world_fail(w, "%s: a commit of %s %s", m->label,
                       graph_key(g, graph_node(g, wrong)->key)->label,
                       graph_node(g, wrong)->counted ? "counts, and should not" : "should count");
        if (its->retired_count > 0)
            w->counts[COUNT_QUARANTINE] += waiting;
    }
}
