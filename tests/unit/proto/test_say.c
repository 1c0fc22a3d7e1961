#include "wires.h"

#include "proto/say.h"

static const struct oid ids[] = {{{1}}, {{2}}, {{3}}, {{4}}, {{5}}, {{6}}};

static void give_charter(struct wires *w, uint32_t version, size_t bytes)
{
    static struct bytes files[CHARTER_VERSIONS_MAX];
    uint8_t *file = mem_alloc(bytes);
    struct core_event e = {.kind = CORE_CHARTER};
    for (uint32_t i = 0; i < version; i++)
        files[i] = (struct bytes){file, bytes};
    e.charter.version = version;
    e.charter.hash.id[0] = 9;
    e.charter.files = files;
    assert_int_equal(view_set_charter(&w->common.view, &e), ST_OK);
    mem_free(file);
}

static void give_heads(struct wires *w)
{
    struct core_label_heads label = {BYTES("alice"), ids, 2};
    struct core_event e = {.kind = CORE_HEADS};
    e.heads.labels = &label;
    e.heads.label_count = 1;
    assert_int_equal(view_set_heads(&w->common.view, &e), ST_OK);
}

static void hello_names_the_program(void **state)
{
    struct wires *w = *state;
    memcpy(w->common.agent, "mingad 9", 9);
    say_hello(&w->common, &w->wire);
    assert_true(wires_hear(w));
    assert_int_equal(w->heard->hello.version, MESSAGE_VERSION);
    assert_true(bytes_equal_text(w->heard->hello.agent, "mingad 9"));
}

static void a_charter_goes_by_number_or_in_versions(void **state)
{
    struct wires *w = *state;
    give_charter(w, 3, 10);
    say_charter(&w->common, &w->wire);
    assert_true(wires_hear(w));
    assert_int_equal(w->heard->charter.version, 3);
    assert_int_equal(w->heard->charter.hash.id[0], 9);
    assert_int_equal(w->heard->charter.version_count, 0);
    say_versions(&w->common, &w->wire, 1);
    assert_true(wires_hear(w));
    assert_int_equal(w->heard->charter.version_count, 2);
    say_versions(&w->common, &w->wire, 3);
    assert_false(wires_hear(w));
}

static void a_long_chain_takes_several_messages(void **state)
{
    struct wires *w = *state;
    give_charter(w, 7, 400 * KIB);
    say_versions(&w->common, &w->wire, 0);
    uint32_t count = 0, messages = 0;
    while (wires_hear(w)) {
        count += w->heard->charter.version_count;
        messages++;
        assert_int_equal(w->heard->charter.more, count < 7);
    }
    assert_int_equal(count, 7);
    assert_true(messages > 2);
}

static void stored_names_heads_and_the_newest(void **state)
{
    struct wires *w = *state;
    const enum status verdicts[] = {ST_OK, ST_EXISTS, ST_OK, ST_WAITING};
    struct core_event e = {.kind = CORE_STORED};
    give_heads(w);
    e.stored.verdicts = verdicts;
    e.stored.ids = ids;
    e.stored.count = 4;
    say_stored(&w->common, &w->wire, 44, &e);
    assert_true(wires_hear(w));
    assert_true(w->heard->stored.items == 44);
    assert_int_equal(w->heard->stored.id_count, 3); /* ids 0 and 1 are heads; 2 is new */
    assert_memory_equal(&w->heard->stored.ids[2], &ids[2], sizeof(ids[2]));
}

static void heads_wants_and_summaries(void **state)
{
    struct wires *w = *state;
    struct core_event e = {.kind = CORE_STORED};
    give_heads(w);
    say_heads(&w->common, &w->wire, 0);
    assert_true(wires_hear(w));
    assert_true(w->heard->heads.whole);
    assert_int_equal(w->heard->heads.id_count, 2);
    say_want(&w->common, &w->wire, &e);
    assert_false(wires_hear(w)); /* nothing is missing */
    e.stored.missing = ids;
    e.stored.missing_count = 5;
    say_want(&w->common, &w->wire, &e);
    assert_true(wires_hear(w));
    assert_int_equal(w->heard->want.id_count, 5);
    e.loaded.ids = ids;
    e.loaded.count = 6;
    say_summary(&w->common, &w->wire, &e);
    assert_true(wires_hear(w));
    assert_int_equal(w->heard->summary.id_count, 6);
    assert_memory_equal(w->heard->summary.ids, ids, sizeof(ids));
}

static void pings_differ(void **state)
{
    struct wires *w = *state;
    say_ping(&w->common, &w->wire);
    assert_true(wires_hear(w));
    uint64_t first = w->heard->ping.nonce;
    say_ping(&w->common, &w->wire);
    assert_true(wires_hear(w));
    assert_true(w->heard->ping.nonce != first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hello_names_the_program, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(a_charter_goes_by_number_or_in_versions, wires_open,
                                        wires_close),
        cmocka_unit_test_setup_teardown(a_long_chain_takes_several_messages, wires_open,
                                        wires_close),
        cmocka_unit_test_setup_teardown(stored_names_heads_and_the_newest, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(heads_wants_and_summaries, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(pings_differ, wires_open, wires_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
