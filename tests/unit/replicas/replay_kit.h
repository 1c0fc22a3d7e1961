/*
 * replay_kit: operations on a tree in memory, under the shipped schema, by a change of one's
 * choice.
 */
#ifndef TESTS_REPLAY_KIT_H
#define TESTS_REPLAY_KIT_H

#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/mem.h"
#include "replicas/replay.h"

static struct backing memory;
static struct store *store;
static struct account_memo *memo;
static struct charter charter;
static struct digest network = {{7}};

static inline int replay_set_up(void **unused)
{
    (void)unused;
    charter = (struct charter){.version = 1, .schema = programme_schema()};
    return backing_memory_open(&memory) == ST_OK && store_open(&memory, 1 << 20, &store) == ST_OK &&
                   account_memo_create(&memo) == ST_OK
               ? 0
               : -1;
}

static inline int replay_tear_down(void **unused)
{
    (void)unused;
    account_memo_free(memo);
    store_close(store);
    schema_free(charter.schema);
    return 0;
}

static inline void add_entry(struct op_list *l, const char *type, const char *content)
{
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(content)};
    assert_int_equal(op_list_add(l, &op), ST_OK);
    op_list_resolve(l, &network);
}

/* Replays the list as the label's change number 'change' (ascending heights); empties it. */
static inline enum status replay_by(const char *label, const struct oid *base, uint8_t change,
                                    struct op_list *l, struct oid *tree_out, struct fault *f)
{
    struct buf sorted = {0};
    struct replay_output out;
    struct replay_input in = {.store = store,
                              .memo = memo,
                              .charter = &charter,
                              .base = *base,
                              .by = {{{change}}, change, bytes_of_text(label)},
                              .ops = l};
    assert_int_equal(op_list_encode(l, &sorted), ST_OK);
    enum status st = replay_run(&in, &out, f);
    if (st == ST_OK) {
        *tree_out = out.tree;
        for (uint32_t i = 1; i < out.count; i++)
            assert_true(strcmp(out.changes[i - 1].path, out.changes[i].path) < 0);
    } else {
        assert_null(out.changes);
    }
    replay_release(&out);
    buf_release(&sorted);
    op_list_release(l);
    return st;
}

static inline int64_t balance_of(const struct oid *root, const char *folder)
{
    struct oid id = {{0}};
    int64_t sum = -1;
    struct fault f;
    if (tree_find_tree(store, root, folder, &id, &f) == ST_NOT_FOUND)
        return 0;
    assert_int_equal(account_balance(memo, store, &id, &sum, &f), ST_OK);
    return sum;
}

#endif
