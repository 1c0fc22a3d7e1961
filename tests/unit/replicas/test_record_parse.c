#include "tests/unit/proto/codec.h"

#include <string.h>

#include "proto/limits.h"
#include "replicas/record.h"

#define C1 "00000000000000000000000000000001"
#define C2 "00000000000000000000000000000002"
#define HEAD "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\n"
#define SEEN "\"seen\":{\"" C1 "\":\"42 santiago\",\"" C2 "\":\"9007199254740991 iquique\"}"
#define ENTRY "{\"id\":\"3fa9c04be1d27788a0c4f19e3fa9c04be1d27788\",\"type\":\"grant\",\"entry\":"

static const char record[] = HEAD SEEN ",\n\"fields\":{\n"
                                       "\"line\":{\"" C1 "\":\"strengthening\"},\n"
                                       "\"stage\":{\"" C1 "\":null,\"" C2 "\":{\"a\":[1,{}]}}\n"
                                       "},\n\"sets\":{\n"
                                       "\"needs\":{\"\":[\"" C1 "\"],\"a\":[\"" C1 "\",\"" C2
                                       "\"],\"a b\":[\"" C2 "\"]}\n}}\n";

static const char *const taken[] = {
    record,
    HEAD SEEN "}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{\"x\":[\"" C1 "\"]},\n\"b\":{\"\":[\"" C2 "\"]}\n}}\n",
    ENTRY "{}}\n",
    ENTRY "{\n\"amount\":200000\n}}\n",
    ENTRY "{\n\"a\":[{\"b\":\"c\"}],\n\"b\":null\n}}\n",
};

static const char *const refused[] = {
    "",
    "{}\n",
    HEAD "\"seen\":{}}\n",
    HEAD SEEN "}",
    HEAD SEEN "}\n\n",
    HEAD SEEN ",\n\"fields\":{\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n}}\n",
    HEAD SEEN ",\n\"fields\":{\"a\":{\"" C1 "\":0}}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C1 "\":0},\"b\":{\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"b\":{\"" C1 "\":0},\n\"a\":{\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C1 "\":0},\n\"a\":{\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C2 "\":0,\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C1 "\":0,\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"00000000000000000000000000000003\":0}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C1 "\":1.5}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C1 "\":[ ]}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"A\":{\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"fields\":{\n\"\\u0061\":{\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{\"x\":[\"" C1 "\"]}\n},\n"
              "\"fields\":{\n\"a\":{\"" C1 "\":0}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{\"x\":[]}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{\"x\":[\"" C2 "\",\"" C1 "\"]}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{\"x\":[\"" C1 "\"],\"\":[\"" C1 "\"]}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{\"a b\":[\"" C1 "\"],\"a\":[\"" C1 "\"]}\n}}\n",
    HEAD SEEN ",\n\"sets\":{\n\"a\":{\"x\":[\"00000000000000000000000000000003\"]}\n}}\n",
    HEAD "\"seen\":{\"" C2 "\":\"1 santiago\",\"" C1 "\":\"1 santiago\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"0 santiago\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"01 santiago\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"-1 santiago\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"9007199254740992 santiago\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"1 main\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"1 Santiago\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"1  santiago\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"1\"}}\n",
    HEAD "\"seen\":{\"" C1 "\":\"1 \"}}\n",
    HEAD "\"seen\":{\"" C1 "\":1}}\n",
    HEAD "\"seen\":{\"0000000000000000000000000000001\":\"1 santiago\"}}\n",
    HEAD "\"seen\":{\"0000000000000000000000000000000u\":\"1 santiago\"}}\n",
    HEAD "\"seen\":{\"0000000000000000000000000000000A\":\"1 santiago\"}}\n",
    "{\"id\":\"3fa9c04be1d27788a0c4f19\",\"type\":\"enterprise\",\n" SEEN "}\n",
    "{\"id\":\"3fa9c04be1d27788a0c4f19E\",\"type\":\"enterprise\",\n" SEEN "}\n",
    "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"Enterprise\",\n" SEEN "}\n",
    "{\"type\":\"enterprise\",\"id\":\"3fa9c04be1d27788a0c4f19e\",\n" SEEN "}\n",
    "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"grant\",\"entry\":{}}\n",
    ENTRY "{}}",
    ENTRY "{\n}}\n",
    ENTRY "[]}\n",
    ENTRY "{\"a\":1}}\n",
    ENTRY "{\n\"a\":1,\"b\":2\n}}\n",
    ENTRY "{\n\"b\":1,\n\"a\":2\n}}\n",
    ENTRY "{\n\"a\":1,\n\"a\":2\n}}\n",
    ENTRY "{\n\"a\":1,\n}}\n",
    ENTRY "{\n\"a\":[[[[[[[[1]]]]]]]]\n}}\n", /* nine levels with the content itself */
};

static enum status again(struct bytes in, struct buf *out)
{
    struct record r;
    enum status status = record_parse(in, &r);
    if (status == ST_OK)
        record_encode(&r, out);
    else
        assert_null(r.block);
    record_release(&r);
    return status;
}

static void canonical_files_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        assert_true(codec_accepts(again, bytes_of_text(taken[i])));
}

static void nothing_else_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (codec_accepts(again, bytes_of_text(refused[i])))
            fail_msg("taken: %s", refused[i]);
}

static void corrupt_bytes_are_refused_or_canonical(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        codec_check(again, bytes_of_text(taken[i]));
}

static void everything_is_where_it_belongs(void **state)
{
    (void)state;
    struct record r;
    assert_int_equal(record_parse(BYTES(record), &r), ST_OK);
    assert_true(bytes_equal_text(r.id, "3fa9c04be1d27788a0c4f19e"));
    assert_true(bytes_equal_text(r.type, "enterprise"));
    assert_int_equal(r.entry.count, 0);
    assert_int_equal(r.seen_count, 2);
    assert_true(r.seen[0].height == 42 && bytes_equal_text(r.seen[0].label, "santiago"));
    assert_true(r.seen[1].height == 9007199254740991);
    assert_int_equal(r.seen[1].change.id[CHANGE_BYTES - 1], 2);
    assert_int_equal(r.field_count, 2);
    assert_int_equal(r.fields[1].first, 1);
    assert_int_equal(r.fields[1].count, 2);
    assert_int_equal(r.value_count, 3);
    assert_true(bytes_equal_text(r.values[2].json, "{\"a\":[1,{}]}"));
    assert_int_equal(r.set_count, 1);
    assert_int_equal(r.sets[0].count, 3);
    assert_int_equal(r.element_count, 3);
    assert_true(bytes_equal_text(r.elements[1].text, "\"a\""));
    assert_int_equal(r.elements[1].first, 1);
    assert_int_equal(r.elements[1].count, 2);
    assert_int_equal(r.change_count, 4);
    record_release(&r);
}

static void the_content_of_an_entry_loses_its_line_breaks(void **state)
{
    (void)state;
    struct record r;
    assert_int_equal(record_parse(bytes_of_text(taken[6]), &r), ST_OK);
    assert_true(bytes_equal_text(r.entry, "{\"a\":[{\"b\":\"c\"}],\"b\":null}"));
    record_release(&r);
}

static void a_file_over_the_limit_is_refused_at_once(void **state)
{
    (void)state;
    struct record r;
    const uint8_t unread = '{';
    struct bytes text = {&unread, (size_t)RECORD_JOINED_BYTES_MAX + 1};
    assert_int_equal(record_parse(text, &r), ST_TOO_LARGE);
}

/* Two branches of one record, each within the limit of a commit, join to more; whoever holds the
 * join must be able to read it. */
static void a_join_over_the_limit_of_a_commit_is_taken(void **state)
{
    (void)state;
    struct record r;
    struct buf text = {0};
    buf_add_text(&text, HEAD SEEN ",\n\"fields\":{\n\"a\":{\"" C1 "\":\"");
    uint8_t *value = buf_reserve(&text, 2 * (size_t)RECORD_BYTES_MAX);
    assert_non_null(value);
    memset(value, 'x', 2 * (size_t)RECORD_BYTES_MAX);
    text.count += 2 * (size_t)RECORD_BYTES_MAX;
    buf_add_text(&text, "\"}\n}}\n");
    assert_int_equal(buf_status(&text), ST_OK);
    assert_int_equal(record_parse(buf_bytes(&text), &r), ST_OK);
    assert_int_equal(r.values[0].json.count, 2 * (size_t)RECORD_BYTES_MAX + 2);
    record_release(&r);
    buf_release(&text);
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct record r;
        mem_fail_at(1);
        assert_int_equal(record_parse(bytes_of_text(taken[i]), &r), ST_NO_MEMORY);
        assert_true(mem_failed());
        assert_null(r.block);
        mem_fail_at(2); /* one block holds all */
        assert_int_equal(record_parse(bytes_of_text(taken[i]), &r), ST_OK);
        assert_false(mem_failed());
        mem_fail_at(0);
        record_release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_files_are_taken),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(corrupt_bytes_are_refused_or_canonical),
        cmocka_unit_test(everything_is_where_it_belongs),
        cmocka_unit_test(the_content_of_an_entry_loses_its_line_breaks),
        cmocka_unit_test(a_file_over_the_limit_is_refused_at_once),
        cmocka_unit_test(a_join_over_the_limit_of_a_commit_is_taken),
        cmocka_unit_test(a_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
