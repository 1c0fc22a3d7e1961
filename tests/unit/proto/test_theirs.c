#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "proto/theirs.h"

static struct msg_heads heads;
static struct msg_stored stored;

static struct oid numbered(uint32_t n)
{
    struct oid id = {{0}};
    id.id[0] = (uint8_t)(n >> 8);
    id.id[1] = (uint8_t)n;
    return id;
}

static void whole(bool is_whole)
{
    memset(&heads, 0, sizeof(heads));
    heads.whole = is_whole;
}

static void add(const char *label, uint32_t n)
{
    struct oid id = numbered(n);
    assert_true(msg_heads_add(&heads, bytes_of_text(label), &id));
}

static bool has(const struct theirs *t, uint32_t n)
{
    struct oid id = numbered(n);
    return idset_has(&t->has, &id);
}

static bool knows(const struct theirs *t, uint32_t n)
{
    struct oid id = numbered(n);
    return theirs_knows(t, &id);
}

static void heads_are_told_whole_then_by_label(void **state)
{
    (void)state;
    struct theirs t = {0};
    whole(false);
    add("bob", 1);
    assert_int_equal(theirs_take_heads(&t, &heads), ST_PROTOCOL);
    assert_false(t.known);
    whole(true);
    add("alice", 1);
    add("bob", 2);
    add("bob", 3);
    assert_int_equal(theirs_take_heads(&t, &heads), ST_OK);
    assert_true(t.known && has(&t, 1) && has(&t, 2) && has(&t, 3));
    whole(false);
    add("bob", 4);
    assert_int_equal(theirs_take_heads(&t, &heads), ST_OK);
    assert_int_equal(t.has.count, 2);
    assert_true(has(&t, 1) && has(&t, 4) && !has(&t, 2));
    assert_true(knows(&t, 2)); /* what it had it has */
    whole(false);
    assert_true(msg_heads_add(&heads, BYTES("bob"), NULL));
    assert_int_equal(theirs_take_heads(&t, &heads), ST_OK);
    assert_int_equal(t.has.count, 1);
    theirs_release(&t);
    theirs_release(NULL);
}

static void what_it_stored_and_pushed_counts(void **state)
{
    (void)state;
    struct theirs t = {0};
    whole(true);
    add("alice", 1);
    assert_int_equal(theirs_take_heads(&t, &heads), ST_OK);
    struct oid parent = numbered(1), child = numbered(2), far = numbered(9);
    assert_int_equal(theirs_note(&t, &child, &parent, 1), ST_OK);
    assert_true(has(&t, 2) && !has(&t, 1) && knows(&t, 1));
    assert_int_equal(theirs_note(&t, &far, NULL, 0), ST_OK);
    assert_int_equal(t.has.count, 2);
    stored.id_count = 1;
    stored.ids[0] = numbered(5);
    assert_int_equal(theirs_take_stored(&t, &stored), ST_OK);
    assert_int_equal(t.has.count, 1);
    assert_true(has(&t, 5) && knows(&t, 9));
    assert_int_equal(theirs_settle(&t), ST_OK);
    stored.ids[0] = numbered(6);
    assert_int_equal(theirs_take_stored(&t, &stored), ST_OK);
    for (uint32_t n = 100; n < 100 + THEIRS_RECENT; n++) {
        struct oid id = numbered(n);
        theirs_recall(&t, &id);
    }
    assert_false(knows(&t, 9)); /* long forgotten */
    assert_true(knows(&t, 100) && knows(&t, 100 + THEIRS_RECENT - 1));
    assert_true(knows(&t, 5)); /* the base is not */
    theirs_release(&t);
}

static void what_is_dropped_is_remembered_for_a_while(void **state)
{
    (void)state;
    struct theirs t = {0};
    stored = (struct msg_stored){.dropped_count = 100};
    for (uint32_t n = 0; n < 100; n++)
        stored.dropped[n] = numbered(n);
    for (int i = 0; i < 3; i++)
        assert_int_equal(theirs_take_stored(&t, &stored), ST_OK);
    assert_int_equal(t.dropped_count, THEIRS_DROPPED);
    assert_int_equal(t.dropped_next, 300 - THEIRS_DROPPED);
    theirs_forget_dropped(&t);
    assert_int_equal(t.dropped_count, 0);
    stored.dropped_count = 0;
    theirs_release(&t);
}

static void heads_are_bounded(void **state)
{
    (void)state;
    struct theirs t = {0};
    whole(true);
    for (uint32_t n = 0; n < HEADS_MAX; n++)
        add("bob", n);
    assert_int_equal(theirs_take_heads(&t, &heads), ST_OK);
    whole(false);
    add("carol", 5000);
    assert_int_equal(theirs_take_heads(&t, &heads), ST_TOO_LARGE);
    assert_int_equal(t.told_count, HEADS_MAX);
    for (uint32_t n = 2000; n < 6000; n++) {
        struct oid id = numbered(n);
        assert_int_equal(theirs_note(&t, &id, NULL, 0), ST_OK);
    }
    assert_int_equal(t.has.count, THEIRS_HEADS_MAX);
    theirs_release(&t);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    uint64_t n = 0;
    for (bool failed = true; failed; n++) {
        struct theirs t = {0};
        whole(true);
        add("alice", 1);
        assert_int_equal(theirs_take_heads(&t, &heads), ST_OK);
        whole(true);
        for (uint32_t i = 0; i < 100; i++)
            add("bob", i + 2);
        mem_fail_at(n + 1);
        enum status status = theirs_take_heads(&t, &heads);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(has(&t, 1), failed);
        assert_int_equal(t.told_count, failed ? 1 : 100);
        theirs_release(&t);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_told_whole_then_by_label),
        cmocka_unit_test(what_it_stored_and_pushed_counts),
        cmocka_unit_test(what_is_dropped_is_remembered_for_a_while),
        cmocka_unit_test(heads_are_bounded),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
