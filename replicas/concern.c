#include "replicas/concern.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/adoption.h"
#include "replicas/engine.h"
#include "replicas/quota.h"
#include "replicas/words.h"

enum { DAY_BYTES = 10, HEALED_DAYS = 30 }; /* a healed fork is told so long in `status` */

struct concerns {
    struct replica *replica;
    struct graph *graph;
    void (*each)(void *user, const struct concern *c);
    void *user;
    uint32_t *first; /* scratch: by seq of one key, the first commit of it */
    bool *kept;      /* scratch: by node */
};

const char *concern_rule_word(enum concern_rule rule)
{
    static const char *const words[] = {"fork", "frozen", "quarantine", "unkept"};
    return words[rule];
}

static void add_day(int64_t seconds, char out[static DAY_BYTES + 1])
{
    char when[WORDS_TIME_BYTES];
    words_time(seconds, when);
    memcpy(out, when, DAY_BYTES);
    out[DAY_BYTES] = '\0';
}

/* ---- forks ---- */

static bool is_ours(const struct concerns *k, const char *label)
{
    return strcmp(label, k->replica->label) == 0;
}

static void say_fork(const struct concerns *k, struct concern *c)
{
    char day[DAY_BYTES + 1], one[OID_TEXT + 1], other[OID_TEXT + 1];
    bool ours = is_ours(k, c->label);
    add_day(c->since, day);
    hex_encode(c->commits[0].id, OID_BYTES, one);
    hex_encode(c->commits[1].id, OID_BYTES, other);
    if (c->rule == CONCERN_FROZEN) {
        snprintf(c->text, sizeof c->text,
                 "the key of %s signed more than %d commits of one number (%llu): what it writes "
                 "counts only through others",
                 c->label, GRAPH_FORKS_MAX, (unsigned long long)c->seq);
        snprintf(c->fix, sizeof c->fix,
                 ours ? "ask who has a copy of this key; then: minga member rotate"
                      : "the admins decide: minga member remove %s",
                 c->label);
        return;
    }
    snprintf(c->text, sizeof c->text,
             "%s signed two commits of one number, %llu: %.8s and %.8s (%s): %s", c->label,
             (unsigned long long)c->seq, one, other, day,
             c->healed ? "both are kept, and joined since"
                       : "both are kept and joined; its next commit merges them");
    snprintf(c->fix, sizeof c->fix, "%s",
             ours ? "was this office restored from a backup, or its disk copied? "
                    "If neither, its key is in other hands: minga member rotate"
                  : "ask there whether a backup was restored or a disk copied");
}

/* The first pair of commits of one seq, and how many seqs have one. */
static void find_pairs(struct concerns *k, uint32_t key, struct concern *c)
{
    uint32_t nodes = graph_count(k->graph);
    for (uint32_t i = 0; i < nodes; i++)
        k->first[i] = GRAPH_NONE;
    for (uint32_t i = 0; i < nodes; i++) {
        const struct graph_node *n = graph_node(k->graph, i);
        if (n->key != key)
            continue;
        CHECK(n->seq >= 1 && n->seq <= nodes);
        uint32_t *first = &k->first[n->seq - 1];
        if (*first == GRAPH_NONE) {
            *first = i;
            continue;
        }
        if (c->count == 0 || n->seq < c->seq) {
            c->seq = n->seq;
            c->commits[0] = graph_node(k->graph, *first)->id;
            c->commits[1] = n->id;
            c->commit_count = 2;
            c->since = n->time;
        }
        c->count++;
    }
}

static void tell_fork(struct concerns *k, uint32_t key)
{
    const struct graph_key *writer = graph_key(k->graph, key);
    uint32_t own_count;
    struct concern c = {.rule = writer->frozen ? CONCERN_FROZEN : CONCERN_FORK,
                        .label = writer->label};
    graph_own_heads(k->graph, key, &own_count);
    find_pairs(k, key, &c);
    CHECK(c.count > 0);
    c.healed = own_count == 1;
    bool in_force = charter_by_key(charter_newest(&k->replica->chain), &writer->key) != NULL;
    c.level = c.healed || !in_force ? "notice" : writer->frozen ? "error" : "warning";
    c.healed = c.healed || !in_force; /* nobody writes with it any more */
    say_fork(k, &c);
    k->each(k->user, &c);
}

/* ---- retired keys ---- */

/* Whether more came than is kept. */
static bool is_cut(struct concerns *k, const char *label)
{
    for (uint32_t i = 0; i < graph_key_count(k->graph); i++)
        if (strcmp(graph_key(k->graph, i)->label, label) == 0 &&
            quota_full(k->replica, &graph_key(k->graph, i)->key))
            return true;
    return false;
}

static void tell_waiting(struct concerns *k, const char *label)
{
    struct adoption_waiting waiting;
    struct concern c = {.rule = CONCERN_QUARANTINE, .level = "warning", .label = label};
    char day[DAY_BYTES + 1];
    adoption_waiting(k->replica, bytes_of_text(label), &waiting);
    if (waiting.commits == 0)
        return;
    c.count = waiting.commits;
    c.since = waiting.first;
    add_day(c.since, day);
    snprintf(c.text, sizeof c.text,
             "%u commits of %s wait in quarantine and do not count, the first of %s: its key was "
             "retired or frozen%s",
             c.count, label, day, is_cut(k, label) ? "; more of them are not kept" : "");
    snprintf(c.fix, sizeof c.fix,
             "look: minga member show %s; if they are right: minga member adopt %s", label, label);
    k->each(k->user, &c);
}

/* Mark what the kept heads of this key reach. */
static void mark_kept(struct concerns *k, const struct charter_retired *retired)
{
    uint32_t nodes = graph_count(k->graph);
    memset(k->kept, 0, nodes * sizeof *k->kept);
    for (uint32_t i = 0; i < retired->kept_count; i++) {
        uint32_t node = graph_find(k->graph, &retired->kept[i]);
        if (node != GRAPH_NONE)
            k->kept[node] = true;
    }
    for (uint32_t i = nodes; i-- > 0;) {
        const struct graph_node *n = graph_node(k->graph, i);
        for (uint32_t p = 0; k->kept[i] && p < n->parent_count; p++)
            k->kept[graph_parent(k->graph, n, p)] = true;
    }
}

static void say_unkept(struct concern *c)
{
    char one[OID_TEXT + 1], day[DAY_BYTES + 1];
    add_day(c->since, day);
    hex_encode(c->commits[0].id, OID_BYTES, one);
    snprintf(c->text, sizeof c->text,
             "a commit by a retired key of %s, %.8s (%s), counts though it was not kept: %s had "
             "merged or adopted it",
             c->label, one, day, c->sponsor);
    snprintf(c->fix, sizeof c->fix, "ask %s why; see: minga log --by %s", c->sponsor, c->label);
}

/* Every commit of another office that stands right on one of this key's that is not kept. */
static void tell_unkept(struct concerns *k, uint32_t key, const struct charter_retired *retired)
{
    mark_kept(k, retired);
    for (uint32_t i = 0; i < graph_count(k->graph); i++) {
        const struct graph_node *n = graph_node(k->graph, i);
        const char *by = graph_key(k->graph, n->key)->label;
        if (!n->counted || n->key == key || strcmp(by, retired->label) == 0)
            continue; /* an office answers for its own old key: that is no finding */
        for (uint32_t p = 0; p < n->parent_count; p++) {
            uint32_t parent = graph_parent(k->graph, n, p);
            const struct graph_node *under = graph_node(k->graph, parent);
            if (under->key != key || k->kept[parent] || k->kept[i])
                continue;
            struct concern c = {.rule = CONCERN_UNKEPT,
                                .level = "notice",
                                .label = retired->label,
                                .sponsor = by,
                                .commits = {under->id, n->id},
                                .commit_count = 2,
                                .count = 1,
                                .since = under->time};
            say_unkept(&c);
            k->each(k->user, &c);
        }
    }
}

/* Whether any commit of the key counts that no kept head reaches. Of a forked key all are marked at
 * once: to look for each one from the heads would take the square of their number. */
static bool has_unkept(struct concerns *k, uint32_t key, const struct charter_retired *retired)
{
    bool forked = graph_forked(k->graph, key);
    if (forked)
        mark_kept(k, retired);
    for (uint32_t i = graph_count(k->graph); i-- > 0;) {
        const struct graph_node *n = graph_node(k->graph, i);
        if (n->key != key || !n->counted)
            continue;
        bool reached = forked && k->kept[i];
        for (uint32_t h = 0; !forked && h < retired->kept_count && !reached; h++) {
            uint32_t head = graph_find(k->graph, &retired->kept[h]);
            reached = head != GRAPH_NONE && graph_reaches(k->graph, head, i);
        }
        if (!reached)
            return true;
        if (!forked)
            return false; /* the newest that counts is kept, and so is all below it */
    }
    return false;
}

static bool seen_before(const struct graph *g, uint32_t key)
{
    for (uint32_t i = 0; i < key; i++)
        if (strcmp(graph_key(g, i)->label, graph_key(g, key)->label) == 0)
            return true;
    return false;
}

static void tell_all(struct concerns *k)
{
    const struct charter *newest = charter_newest(&k->replica->chain);
    uint32_t keys = graph_key_count(k->graph);
    for (uint32_t i = 0; i < keys; i++)
        if (graph_forked(k->graph, i))
            tell_fork(k, i);
    for (uint32_t i = 0; i < keys; i++)
        if (!seen_before(k->graph, i))
            tell_waiting(k, graph_key(k->graph, i)->label);
    for (uint32_t i = 0; i < keys; i++) {
        const struct charter_retired *retired =
            charter_retired_key(newest, &graph_key(k->graph, i)->key);
        if (retired != NULL && has_unkept(k, i, retired))
            tell_unkept(k, i, retired);
    }
}

enum status concern_each(struct replica *r, void (*each)(void *user, const struct concern *c),
                         void *user)
{
    struct concerns k = {.replica = r, .graph = r->graph, .each = each, .user = user};
    k.first = mem_array(graph_count(r->graph), sizeof *k.first);
    k.kept = mem_array(graph_count(r->graph), sizeof *k.kept);
    enum status st = k.first != NULL && k.kept != NULL ? ST_OK : ST_NO_MEMORY;
    if (st == ST_OK)
        tell_all(&k);
    mem_free(k.first);
    mem_free(k.kept);
    return st;
}

/* ---- health ---- */

struct healths {
    struct replica *replica;
    void (*add)(void *user, const char *level, const char *text, const char *fix);
    void *user;
};

static void add_health(void *user, const struct concern *c)
{
    struct healths *h = user;
    int64_t now = h->replica->wall_seconds(h->replica->wall_context);
    if (c->rule == CONCERN_FORK && c->healed && now - c->since > HEALED_DAYS * 24 * 3600)
        return;
    h->add(h->user, c->level, c->text, c->fix);
}

void concern_health(struct replica *r,
                    void (*add)(void *user, const char *level, const char *text, const char *fix),
                    void *user)
{
    struct healths h = {r, add, user};
    enum status st = concern_each(r, add_health, &h);
    (void)st;
}
