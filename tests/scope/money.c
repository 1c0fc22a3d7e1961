/*
 * money: members who credit each other's account and debit their own, each by what it was
 * delivered: whole trees, by replay_run() and merge_trees(), beside a model that only counts.
 */
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/merge.h"
#include "replicas/replay.h"
#include "tests/scope/network.h"
#include "tests/scope/scope.h"

/* gift: two units to the next member; payment: one, or two, of one's own; loan: one of one's own to
 * the next member. */
enum letter { GIFT, PAY_ONE, PAY_TWO, LOAN, LETTER_COUNT };
static const char letters[] = "g12l";

enum { UNIT = 8, CACHE_BYTES = 1 << 20, TEXT_BYTES = 128 };

struct money {
    const struct history *h;
    struct scope_counts *counts;
    struct network network;
    struct store *store;
    struct account_memo *memo;
    struct oid states[HISTORY_SETS]; /* by what was delivered */
    struct oid trees[HISTORY_COMMITS_MAX];
    size_t marks[HISTORY_COMMITS_MAX]; /* of the store, before the commit */
    uint32_t written;                  /* marks that are set */
};

static uint32_t bit(uint32_t i)
{
    return UINT32_C(1) << i;
}

static void must(const struct money *m, bool holds, const char *what)
{
    if (!holds)
        scope_fail(m->h, letters, what);
}

/* ---- the model ---- */

static uint32_t next_of(uint32_t member)
{
    return (member + 1) % HISTORY_MEMBERS;
}

static int64_t debit_of(uint32_t letter)
{
    return letter == PAY_TWO ? 2 * UNIT : letter == PAY_ONE || letter == LOAN ? UNIT : 0;
}

static int64_t balance(const struct money *m, uint32_t set, uint32_t member)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < m->h->count; i++) {
        const struct history_commit *c = &m->h->commits[i];
        if ((set & bit(i)) == 0)
            continue;
        if (next_of(c->member) == member)
            sum += c->letter == GIFT ? 2 * UNIT : c->letter == LOAN ? UNIT : 0;
        if (c->member == member)
            sum -= debit_of(c->letter);
    }
    return sum;
}

/* ---- one commit more ---- */

/* What commits that are no more left in the store goes. */
static void clean(struct money *m, uint32_t i)
{
    if (i < m->written) {
        store_discard_since(m->store, m->marks[i]);
        store_tidy(m->store);
        account_memo_free(m->memo); /* it knows folders that are gone */
        CHECK(account_memo_create(&m->memo) == ST_OK);
    }
    m->marks[i] = store_mark(m->store);
    m->written = i + 1;
}

static void draft(const struct money *m, uint32_t i, struct op_list *ops)
{
    static const char *const types[] = {"gift", "payment", "payment", "loan"};
    const struct history_commit *c = &m->h->commits[i];
    char text[TEXT_BYTES];
    int64_t amount = c->letter == GIFT ? 2 * UNIT : debit_of(c->letter);
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(types[c->letter])};
    snprintf(text, sizeof text,
             "{\"amount\":%lld,\"currency\":\"CLP\",\"office\":\"%s\",\"ref\":\"r%u\"}",
             (long long)amount, network_labels[next_of(c->member)], i);
    op.value = bytes_of_text(text);
    CHECK(op_list_add(ops, &op) == ST_OK);
    op_list_resolve(ops, &m->network.chain.network);
}

/* false: it would have been overdrawn, and was refused. */
static bool apply(struct money *m, uint32_t i)
{
    const struct history_commit *c = &m->h->commits[i];
    struct op_list ops = {0};
    struct replay_output out = {0};
    struct fault f = {0};
    struct replay_input in = {.store = m->store,
                              .memo = m->memo,
                              .charter = charter_newest(&m->network.chain),
                              .base = m->states[c->past],
                              .ops = &ops};
    bool covered = balance(m, c->past, c->member) >= debit_of(c->letter);
    draft(m, i, &ops);
    in.by =
        (struct op_change){{{(uint8_t)(i + 1)}}, i + 1, bytes_of_text(network_labels[c->member])};
    enum status st = replay_run(&in, &out, &f);
    must(m, st == (covered ? ST_OK : ST_OVERDRAWN),
         covered ? "an entry is refused that its account covers"
                 : "an entry is not refused that its account does not cover");
    m->counts->refusals += !covered;
    m->trees[i] = out.tree;
    if (covered) {
        in.base = out.tree;
        replay_release(&out);
        m->counts->refusals++;
        must(m, replay_run(&in, &out, &f) == ST_WRONG_OPERATION, "an entry is written twice");
    }
    replay_release(&out);
    op_list_release(&ops);
    return covered;
}

static struct oid join(const struct money *m, const struct oid *a, const struct oid *b)
{
    struct oid out = {{0}};
    struct fault f = {0};
    must(m, merge_trees(m->store, a, b, &out, &f) == ST_OK, "a join fails");
    return out;
}

static void deliver(struct money *m, uint32_t i)
{
    const struct history *h = m->h;
    uint32_t past = h->commits[i].past;
    for (uint32_t k = 0; k < h->delivered_count[i]; k++) {
        uint32_t set = h->delivered[k];
        if ((set & past) == past)
            m->states[set | bit(i)] = join(m, &m->states[set], &m->trees[i]);
    }
}

/* ---- judgement ---- */

static void join_is_state(const struct money *m, const struct oid *a, const struct oid *b,
                          const char *what)
{
    struct oid joined = join(m, a, b);
    must(m, oid_equal(&joined, &m->states[bit(m->h->count) - 1]), what);
}

static void judge_joins(struct money *m, uint32_t all)
{
    const struct history *h = m->h;
    uint32_t heads = history_heads(h, all), count = h->delivered_count[h->count];
    for (uint32_t i = 0; i < h->count; i++) {
        m->counts->deliveries++;
        join_is_state(m, &m->states[all], &m->trees[i], "a repetition changes the state");
        if ((heads & bit(i)) == 0)
            continue;
        m->counts->deliveries++;
        join_is_state(m, &m->states[all & ~bit(i)], &m->trees[i],
                      "the order of arrival makes another state");
    }
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t k = i + 1; k < count; k++) {
            uint32_t a = h->delivered[i], b = h->delivered[k];
            if ((a | b) != all || a == all || b == all)
                continue;
            m->counts->meetings += 2;
            join_is_state(m, &m->states[a], &m->states[b], "two who meet have another state");
            join_is_state(m, &m->states[b], &m->states[a], "who begins to join makes a difference");
        }
}

static enum status count_file(void *user, const char *path, const struct oid *blob)
{
    uint32_t *count = user;
    (void)path;
    (void)blob;
    (*count)++;
    return ST_OK;
}

static void judge_promise(const struct money *m, uint32_t all)
{
    const struct oid *state = &m->states[all];
    struct fault f = {0};
    uint32_t entries = 0;
    must(m, tree_walk(m->store, state, "records", count_file, &entries, &f) == ST_OK,
         "a state cannot be walked");
    must(m, entries == m->h->count, "an entry is lost, or there is one too many");
    for (uint32_t i = 0; i < HISTORY_MEMBERS; i++) {
        char path[TREE_PATH_MAX];
        struct oid folder = {{0}};
        int64_t sum = 0;
        struct account_posting p = {.line = "pool", .currency = "CLP"};
        memcpy(p.owner, network_labels[i], strlen(network_labels[i]) + 1);
        account_folder(&p, path);
        enum status st = tree_find_tree(m->store, state, path, &folder, &f);
        must(m, st == ST_OK || st == ST_NOT_FOUND, "an account cannot be found");
        must(m, account_balance(m->memo, m->store, &folder, &sum, &f) == ST_OK,
             "an account cannot be counted");
        must(m, sum == balance(m, all, i), "an account has another sum than its entries");
        must(m, sum >= 0, "an account is below zero, and nobody has forked");
    }
}

void money_walk(const struct scope_options *o, struct scope_counts *counts)
{
    struct money m = {.counts = counts};
    struct history_walk walk;
    struct backing backing;
    uint64_t pairs = 0;
    bool extend = true;
    m.h = &walk.h;
    network_found(&m.network);
    CHECK(backing_memory_open(&backing) == ST_OK);
    CHECK(store_open(&backing, CACHE_BYTES, &m.store) == ST_OK);
    CHECK(account_memo_create(&m.memo) == ST_OK);
    history_begin(&walk, o->commits, LETTER_COUNT, false);
    while (history_next(&walk, extend)) {
        uint32_t last = walk.h.count - 1, all = bit(walk.h.count) - 1;
        extend = scope_mine(o, &pairs, &walk.h);
        if (!extend)
            continue;
        clean(&m, last);
        extend = apply(&m, last);
        if (!extend)
            continue;
        deliver(&m, last);
        judge_joins(&m, all);
        judge_promise(&m, all);
        counts->histories++;
        counts->systems += history_systems(&walk.h);
    }
    account_memo_free(m.memo);
    store_close(m.store);
    network_release(&m.network);
}
