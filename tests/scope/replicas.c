/*
 * replicas: whole replicas, each on a disk in memory. The members write a history, each having been
 * delivered just what it is to have; then a reader gets its commits in every order there is, also
 * before those that they build on, and each one twice. What came too early is lost, and comes once
 * more after the others.
 */
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/account.h"
#include "replicas/replica.h"
#include "tests/scope/network.h"
#include "tests/scope/scope.h"
#include "tests/sim/simrepo.h"

/* A set of the one field over all that it holds, and a gift to the next member. */
static const char letters[] = "w";

enum { TEXT_BYTES = 128 };

struct office {
    struct simdisk *disk;
    struct disk table;
    struct simrepo *repo;
    struct replica *replica;
};

struct replicas {
    const struct history *h;
    const struct network *network;
    struct scope_counts *counts;
    struct office offices[NETWORK_MEMBERS];
    struct buf items[HISTORY_COMMITS_MAX];
    struct oid ids[HISTORY_COMMITS_MAX];
    struct oid states[HISTORY_SETS]; /* by what was delivered; zero: not met yet */
    struct fault fault;
};

static uint32_t bit(uint32_t i)
{
    return UINT32_C(1) << i;
}

static void must(const struct replicas *s, bool holds, const char *what)
{
    if (holds)
        return;
    if (s->fault.text[0] != '\0')
        fprintf(stderr, "%s\n", s->fault.text);
    scope_fail(s->h, letters, what);
}

/* Dates are for people: they decide nothing. */
static int64_t wall_seconds(void *context)
{
    (void)context;
    return 1777629720;
}

static void open_office(struct replicas *s, uint32_t who)
{
    struct office *o = &s->offices[who];
    const struct charter_chain *chain = &s->network->chain;
    char name[32];
    o->disk = simdisk_new();
    o->repo = simrepo_new(o->disk);
    CHECK(o->disk != NULL && o->repo != NULL);
    o->table = simdisk_table(o->disk);
    struct backing backing = simrepo_backing(o->repo);
    const struct replica_options options = {.disk = &o->table,
                                            .backing = &backing,
                                            .identity = &s->network->identities[who],
                                            .label = network_labels[who],
                                            .network = &chain->network,
                                            .wall_seconds = wall_seconds};
    must(s, o->table.make_folder(o->disk, "charters", &s->fault) == ST_OK, "no folder");
    for (uint32_t i = 0; i < chain->count; i++) {
        snprintf(name, sizeof name, "%04u.json", i + 1);
        must(s,
             disk_put(&o->table, "charters", name, buf_bytes(&chain->versions[i]->file),
                      &s->fault) == ST_OK,
             "a charter is not kept");
    }
    must(s, replica_open(&options, &o->replica, &s->fault) == ST_OK, "a replica does not open");
}

static void close_office(struct office *o)
{
    replica_drop(o->replica);
    simrepo_free(o->repo);
    simdisk_free(o->disk);
    *o = (struct office){0};
}

/* What has come to an office: its heads are the greatest of that, and its state is everyone's who
 * has that. */
static void judge(struct replicas *s, const struct office *o, uint32_t set)
{
    uint32_t count, heads = 0;
    struct graph *g = replica_graph(o->replica);
    const uint32_t *list = graph_heads(g, &count);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < s->h->count; k++)
            heads |= oid_equal(&graph_node(g, list[i])->id, &s->ids[k]) ? bit(k) : 0;
    must(s, heads == history_heads(s->h, set), "the heads are not the greatest commits");
    if (oid_is_zero(&s->states[set]))
        s->states[set] = *replica_state(o->replica);
    must(s, oid_equal(&s->states[set], replica_state(o->replica)),
         "the order of arrival makes another state");
}

/* Commit 'i' to an office that has 'set'. What it has then. */
static uint32_t deliver(struct replicas *s, struct office *o, uint32_t i, uint32_t set)
{
    struct replica_verdict verdict;
    uint32_t past = s->h->commits[i].past;
    enum status due = (set & bit(i)) != 0 ? ST_EXISTS : (set & past) == past ? ST_OK : ST_WAITING;
    s->fault = (struct fault){0};
    enum status st = replica_accept(o->replica, buf_bytes(&s->items[i]), &verdict, &s->fault);
    s->counts->deliveries++;
    s->counts->refusals += due == ST_WAITING;
    must(s, st == due, "a commit is taken that should wait, or not taken, or taken twice");
    set |= st == ST_OK ? bit(i) : 0;
    judge(s, o, set);
    return set;
}

static void write_commit(struct replicas *s, uint32_t i, uint32_t own)
{
    const struct history_commit *c = &s->h->commits[i];
    struct office *o = &s->offices[c->member];
    char value[TEXT_BYTES], gift[TEXT_BYTES], hex[RECORD_ID_TEXT + 1];
    struct buf over = {0}, frame = {0};
    struct record held = {0};
    struct op_list ops = {0};
    struct replica_commit commit;
    struct item item;
    struct op set = {.verb = OP_SET, .type = BYTES("case"), .name = BYTES("a")};
    struct op entry = {.verb = OP_ENTRY, .type = BYTES("gift")};
    memset(set.id, 0x5a, sizeof set.id);
    hex_encode(set.id, RECORD_ID_BYTES, hex);
    enum status st =
        replica_record(o->replica, NULL, set.type, bytes_of_text(hex), &held, &s->fault);
    must(s, st == ST_OK || st == ST_NOT_FOUND, "a record cannot be read");
    const struct record_field *f = record_field(&held, set.name);
    for (uint32_t k = 0; f != NULL && k < f->count; k++)
        buf_add(&over, held.values[f->first + k].change.id, CHANGE_BYTES);
    snprintf(value, sizeof value, "\"%c%u\"", (char)('a' + c->member), own);
    snprintf(gift, sizeof gift,
             "{\"amount\":2,\"currency\":\"CLP\",\"office\":\"%s\",\"ref\":\"%c%u\"}",
             network_labels[(c->member + 1) % HISTORY_MEMBERS], (char)('a' + c->member), own);
    set.over = buf_bytes(&over);
    set.value = bytes_of_text(value);
    entry.value = bytes_of_text(gift);
    CHECK(op_list_add(&ops, &set) == ST_OK && op_list_add(&ops, &entry) == ST_OK);
    op_list_resolve(&ops, &s->network->chain.network);
    must(s,
         replica_write(o->replica, &ops, BYTES("ana <ana@office>"), &commit, &s->fault) == ST_OK &&
             replica_item(o->replica, commit.node, &frame, &item, &s->fault) == ST_OK,
         "a commit cannot be written");
    s->ids[i] = commit.id;
    buf_reset(&s->items[i]);
    buf_add(&s->items[i], frame.data + OID_BYTES, frame.count - OID_BYTES);
    op_list_release(&ops);
    record_release(&held);
    buf_release(&over);
    buf_release(&frame);
}

/* All members live the history as it is. */
static void live(struct replicas *s)
{
    uint32_t had[HISTORY_MEMBERS] = {0}, own[HISTORY_MEMBERS] = {0};
    for (uint32_t who = 0; who < HISTORY_MEMBERS; who++)
        open_office(s, who);
    for (uint32_t i = 0; i < s->h->count; i++) {
        const struct history_commit *c = &s->h->commits[i];
        uint32_t *set = &had[c->member];
        for (uint32_t k = 0; k < i; k++)
            if ((c->past & ~*set & bit(k)) != 0)
                *set = deliver(s, &s->offices[c->member], k, *set);
        write_commit(s, i, own[c->member]++);
        *set |= bit(i);
        judge(s, &s->offices[c->member], *set);
    }
    for (uint32_t who = 0; who < HISTORY_MEMBERS; who++)
        close_office(&s->offices[who]);
}

/* One order to the reader, each commit twice; then again those that came too early. */
static void walk_order(struct replicas *s, const uint32_t *order)
{
    uint32_t set = 0, all = bit(s->h->count) - 1;
    open_office(s, NETWORK_READER);
    for (uint32_t round = 0; set != all; round++) {
        must(s, round <= s->h->count, "a commit never comes to be taken");
        for (uint32_t i = 0; i < s->h->count; i++) {
            if (round > 0 && (set & bit(order[i])) != 0)
                continue;
            set = deliver(s, &s->offices[NETWORK_READER], order[i], set);
            set = deliver(s, &s->offices[NETWORK_READER], order[i], set);
        }
    }
    close_office(&s->offices[NETWORK_READER]);
}

void replicas_walk(const struct scope_options *o, struct scope_counts *counts)
{
    struct network network;
    struct history_walk walk;
    struct replicas s = {.h = &walk.h, .network = &network, .counts = counts};
    uint64_t pairs = 0;
    bool extend = true;
    network_found(&network);
    history_begin(&walk, o->commits, 1, false);
    while (history_next(&walk, extend)) {
        uint32_t order[HISTORY_COMMITS_MAX];
        extend = scope_mine(o, &pairs, &walk.h);
        if (!extend)
            continue;
        memset(s.states, 0, sizeof s.states);
        live(&s);
        for (uint32_t i = 0; i < walk.h.count; i++)
            order[i] = i;
        do
            walk_order(&s, order);
        while (scope_next_order(order, walk.h.count));
        counts->histories++;
        counts->systems += history_systems(&walk.h);
    }
    for (uint32_t i = 0; i < HISTORY_COMMITS_MAX; i++)
        buf_release(&s.items[i]);
    network_release(&network);
}
