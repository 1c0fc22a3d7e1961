#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/auditing.h"
#include "replicas/bracket.h"
#include "replicas/concern.h"
#include "replicas/words.h"

enum { DAY_S = 24 * 3600, SHORT_DIGITS = 8 };

static int32_t day_of(int64_t seconds)
{
    int64_t day = seconds / DAY_S - (seconds % DAY_S < 0);
    return day > INT32_MAX ? INT32_MAX : day < INT32_MIN ? INT32_MIN : (int32_t)day;
}

static void say_commit(struct findings *out, const struct oid *id)
{
    char hex[OID_TEXT + 1];
    hex_encode(id->id, OID_BYTES, hex);
    hex[SHORT_DIGITS] = '\0';
    finding_text(out, hex);
}

static void add_commit(struct findings *out, const struct graph_node *n)
{
    finding_record(out, n->id.id, OID_BYTES);
    finding_since(out, day_of(n->time), &n->id);
}

/* ---- back-dated: one finding for each label ---- */

struct dated {
    const char *label;
    uint32_t node;
    uint64_t height;
    struct oid id;
};

static int compare_dated(const void *left, const void *right)
{
    const struct dated *a = left, *b = right;
    int order = strcmp(a->label, b->label);
    if (order == 0)
        order = a->height < b->height ? -1 : a->height > b->height;
    return order != 0 ? order : oid_compare(&a->id, &b->id);
}

static void tell_dated(const struct graph *g, const struct dated *list, uint32_t count,
                       struct findings *out)
{
    char when[WORDS_TIME_BYTES];
    const struct graph_node *first = graph_node(g, list[0].node);
    finding_add(out, FINDING_BACK_DATED, 0);
    for (uint32_t i = 0; i < count; i++)
        add_commit(out, graph_node(g, list[i].node));
    finding_text(out, list[0].label);
    finding_number(out, count);
    say_commit(out, &first->id);
    words_time(first->time, when);
    finding_text(out, when);
}

static enum status inspect_dates(struct replica *r, struct findings *out)
{
    const struct graph *g = replica_graph(r);
    struct brackets *brackets = NULL;
    struct dated *list = mem_array(graph_count(g), sizeof *list);
    uint32_t count = 0;
    enum status st = list != NULL ? bracket_begin(r, &brackets) : ST_NO_MEMORY;
    for (uint32_t i = 0; st == ST_OK && i < graph_count(g); i++) {
        const struct graph_node *n = graph_node(g, i);
        struct bracket b;
        if (!n->counted || n->empty)
            continue;
        bracket_of(brackets, i, &b);
        if (b.back_dated)
            list[count++] = (struct dated){graph_key(g, n->key)->label, i, n->height, n->id};
    }
    if (st == ST_OK)
        qsort(list, count, sizeof *list, compare_dated);
    for (uint32_t i = 0, end; st == ST_OK && i < count; i = end) {
        for (end = i + 1; end < count && strcmp(list[end].label, list[i].label) == 0;)
            end++;
        tell_dated(g, &list[i], end - i, out);
    }
    bracket_end(brackets);
    mem_free(list);
    return st;
}

/* ---- forks, frozen keys, quarantines, what counts though it was not kept ---- */

struct concerns {
    struct replica *replica;
    struct audit_result *audit;
    enum status status;
};

static int compare_nodes(const void *left, const void *right)
{
    const struct graph_node *const *a = left, *const *b = right;
    return oid_compare(&(*a)->id, &(*b)->id);
}

/* Every commit of a forked number, by id: in which order they came is each member's own. */
static void tell_fork(struct concerns *c, const struct concern *concern)
{
    const struct graph *g = replica_graph(c->replica);
    struct findings *out = &c->audit->findings;
    uint32_t node = graph_find(g, &concern->commits[0]), count = 0;
    CHECK(node != GRAPH_NONE);
    uint32_t key = graph_node(g, node)->key;
    const struct graph_node **pair = mem_array(graph_count(g), sizeof(struct graph_node *));
    if (pair == NULL) {
        c->status = ST_NO_MEMORY;
        return;
    }
    for (uint32_t i = 0; i < graph_count(g); i++) {
        const struct graph_node *n = graph_node(g, i);
        if (n->key == key && n->seq == concern->seq)
            pair[count++] = n;
    }
    CHECK(count >= 2);
    qsort(pair, count, sizeof *pair, compare_nodes);
    bool frozen = concern->rule == CONCERN_FROZEN;
    finding_add(out, frozen ? FINDING_FROZEN : FINDING_FORK, !frozen && concern->healed ? 1 : 0);
    if (concern->healed)
        finding_level(out, FINDING_NOTICE);
    for (uint32_t i = 0; i < count; i++)
        add_commit(out, pair[i]);
    finding_text(out, concern->label);
    finding_number(out, (int64_t)concern->seq);
    say_commit(out, &pair[0]->id);
    say_commit(out, &pair[1]->id);
    c->audit->forks++;
    mem_free(pair);
}

static void see_concern(void *user, const struct concern *concern)
{
    struct concerns *c = user;
    struct findings *out = &c->audit->findings;
    static const struct oid none;
    char day[WORDS_TIME_BYTES];
    switch (concern->rule) {
    case CONCERN_FORK:
    case CONCERN_FROZEN:
        tell_fork(c, concern);
        break;
    case CONCERN_QUARANTINE:
        finding_add(out, FINDING_QUARANTINE, 0);
        finding_since(out, day_of(concern->since), &none);
        finding_text(out, concern->label);
        finding_number(out, concern->count);
        words_time(concern->since, day);
        finding_text(out, day);
        c->audit->quarantined += concern->count;
        break;
    case CONCERN_UNKEPT:
        finding_add(out, FINDING_UNKEPT, 0);
        finding_record(out, concern->commits[0].id, OID_BYTES);
        finding_record(out, concern->commits[1].id, OID_BYTES);
        finding_since(out, day_of(concern->since), &concern->commits[0]);
        finding_text(out, concern->label);
        finding_text(out, concern->sponsor);
        say_commit(out, &concern->commits[0]);
        break;
    }
}

enum status audit_history_inspect(struct replica *r, struct audit_result *a)
{
    struct concerns c = {r, a, ST_OK};
    enum status st = inspect_dates(r, &a->findings);
    if (st == ST_OK)
        st = concern_each(r, see_concern, &c);
    return st == ST_OK ? c.status : st;
}
