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
static const uint8_t first_id[RECORD_ID_BYTES] = {0x3f, 0xa9}, second_id[RECORD_ID_BYTES] = {0x40};

#define FIRST_PATH "records/enterprise/3/f/a/3fa900000000000000000000.json"
#define POOL "accounts/santiago/pool.CLP"

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

/* A field or an element of an enterprise; over: 0, or the number of the change superseded. */
static inline void add_op(struct op_list *l, enum op_verb verb, const uint8_t *id, const char *name,
                          const char *value, uint8_t over)
{
    struct change old = {{over}};
    struct op op = {.verb = verb,
                    .type = BYTES("enterprise"),
                    .name = bytes_of_text(name),
                    .value = bytes_of_text(value),
                    .over = {old.id, over != 0 ? CHANGE_BYTES : 0}};
    memcpy(op.id, id, sizeof op.id);
    assert_int_equal(op_list_add(l, &op), ST_OK);
}

static inline void add_entry(struct op_list *l, const char *type, const char *content)
{
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(content)};
    assert_int_equal(op_list_add(l, &op), ST_OK);
    op_list_resolve(l, &network);
}

/* Replays the list as santiago's change number 'change' (ascending heights); empties it. */
static inline enum status replay_as(const struct oid *base, uint8_t change, struct op_list *l,
                                    struct oid *tree_out, struct fault *f)
{
    struct buf sorted = {0};
    struct replay_output out;
    struct replay_input in = {.store = store,
                              .memo = memo,
                              .charter = &charter,
                              .base = *base,
                              .by = {{{change}}, change, BYTES("santiago")},
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

static inline struct bytes file_of(const struct oid *root, const char *path)
{
    struct oid id;
    struct bytes data;
    struct fault f = {.code = ST_OK};
    if (tree_find(store, root, path, &id, &f) != ST_OK)
        fail_msg("%s: %s", path, f.text);
    assert_int_equal(store_read(store, &id, STORE_BLOB, &data, &f), ST_OK);
    return data;
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
