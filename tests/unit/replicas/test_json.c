#include "tests/unit/proto/codec.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "replicas/fault.h"
#include "replicas/json.h"

static const char *const canonical[] = {
    "null",
    "true",
    "false",
    "0",
    "7",
    "-1",
    "9007199254740991",
    "-9007199254740991",
    "\"\"",
    "\"a\"",
    "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\"",
    "\"caf\xc3\xa9 \xf0\x9f\x8c\xb1\"",
    "[]",
    "{}",
    "[[],{},[{}]]",
    "[1,\"a\",null]",
    "{\"\":1,\"a\":{\"b\":[]},\"b\":0}",
    "{\"a\":1,\"a b\":2,\"a\\\"\":3}",
    "{\"\\n\":1,\" \":2}",
    "[[[[[[[[1]]]]]]]]",
    "{\"class\":\"personal\",\"key\":\"00\",\"salt\":\"11\",\"sealed\":\"9f3c\"}",
};

struct refused {
    const char *text;
    enum status status;
};

static const struct refused refused[] = {
    {"", ST_MALFORMED},
    {"nul", ST_MALFORMED},
    {"nulll", ST_MALFORMED},
    {"True", ST_MALFORMED},
    {"-", ST_MALFORMED},
    {"01", ST_MALFORMED},
    {"-01", ST_MALFORMED},
    {"+1", ST_MALFORMED},
    {"\"", ST_MALFORMED},
    {"\"a", ST_MALFORMED},
    {"\"\\\"", ST_MALFORMED},
    {"\"\\x\"", ST_MALFORMED},
    {"\"\\u12\"", ST_MALFORMED},
    {"\"\n\"", ST_MALFORMED},
    {"\"\xc3\"", ST_MALFORMED},
    {"\"\xed\xa0\x80\"", ST_MALFORMED},
    {"\"\xc0\xaf\"", ST_MALFORMED},
    {"[", ST_MALFORMED},
    {"[1", ST_MALFORMED},
    {"[1,]", ST_MALFORMED},
    {"[,1]", ST_MALFORMED},
    {"[1}", ST_NOT_CANONICAL},
    {"{", ST_MALFORMED},
    {"{\"a\"}", ST_NOT_CANONICAL},
    {"{\"a\":}", ST_MALFORMED},
    {"{\"a\":1,}", ST_MALFORMED},
    {"{1:1}", ST_MALFORMED},
    {"1 ", ST_MALFORMED},
    {"1\n", ST_MALFORMED},
    {"11", ST_OK},
    {" 1", ST_NOT_CANONICAL},
    {"[1, 2]", ST_NOT_CANONICAL},
    {"{\"a\": 1}", ST_NOT_CANONICAL},
    {"-0", ST_NOT_CANONICAL},
    {"1.0", ST_NOT_CANONICAL},
    {"1e2", ST_NOT_CANONICAL},
    {"9007199254740992", ST_NOT_CANONICAL},
    {"-9007199254740992", ST_NOT_CANONICAL},
    {"99999999999999999999", ST_NOT_CANONICAL},
    {"\"\\/\"", ST_NOT_CANONICAL},
    {"\"\\u0041\"", ST_NOT_CANONICAL},
    {"\"\\u000a\"", ST_NOT_CANONICAL},
    {"\"\\u001F\"", ST_NOT_CANONICAL},
    {"\"\\u0000\"", ST_NOT_CANONICAL},
    {"\"\\ud83c\\udf31\"", ST_NOT_CANONICAL},
    {"{\"b\":1,\"a\":2}", ST_NOT_CANONICAL},
    {"{\"a\":1,\"a\":2}", ST_NOT_CANONICAL},
    {"{\" \":1,\"\\n\":2}", ST_NOT_CANONICAL},
    {"[[[[[[[[[1]]]]]]]]]", ST_TOO_LARGE},
    {"{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}", ST_TOO_LARGE},
};

static void canonical_values_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++)
        assert_int_equal(json_check(bytes_of_text(canonical[i])), ST_OK);
}

static void other_spellings_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(json_check(bytes_of_text(refused[i].text)), refused[i].status);
    assert_int_equal(json_check(BYTES("\"\0\"")), ST_MALFORMED);
}

static void what_is_canonical_is_what_jansson_would_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++) {
        struct buf out = {0};
        struct bytes text = bytes_of_text(canonical[i]);
        assert_int_equal(json_canonical(text, &out, NULL), ST_OK);
        assert_int_equal(out.count, text.count);
        assert_memory_equal(out.data, text.data, text.count);
        buf_release(&out);
    }
}

/* Every prefix and every flipped bit: refused, or as canonical as before. */
static enum status check_again(struct bytes in, struct buf *again)
{
    enum status status = json_check(in);
    if (status == ST_OK)
        status = json_canonical(in, again, NULL);
    return status;
}

static void corrupt_bytes_are_refused_or_canonical(void **state)
{
    (void)state;
    codec_check(check_again, bytes_of_text(canonical[10]));
    for (size_t i = 14; i < sizeof canonical / sizeof *canonical; i++)
        codec_check(check_again, bytes_of_text(canonical[i]));
}

static void text_passes_through(void **state)
{
    (void)state;
    struct buf text = {0}, json = {0}, back = {0};
    for (unsigned c = 1; c < 0x80; c++)
        buf_add_byte(&text, (uint8_t)c);
    buf_add_text(&text, "\xc3\xb1\xe2\x82\xac\xf4\x8f\xbf\xbf");
    json_add_text(&json, buf_bytes(&text));
    assert_int_equal(buf_status(&json), ST_OK);
    assert_int_equal(json_check(buf_bytes(&json)), ST_OK);
    assert_int_equal(json_take_text(buf_bytes(&json), &back), ST_OK);
    assert_int_equal(back.count, text.count);
    assert_memory_equal(back.data, text.data, text.count);
    buf_reset(&json);
    json_add_text(&json, (struct bytes){0});
    assert_string_equal(buf_text(&json), "\"\"");
    buf_release(&text);
    buf_release(&json);
    buf_release(&back);
}

static void text_that_is_no_utf8_fails_the_buffer(void **state)
{
    (void)state;
    struct buf out = {0};
    json_add_text(&out, BYTES("a\xff"));
    assert_int_equal(buf_status(&out), ST_NO_MEMORY);
    buf_reset(&out);
    json_add_text(&out, BYTES("a\0b"));
    assert_int_equal(buf_status(&out), ST_NO_MEMORY);
    buf_release(&out);
}

static void text_is_taken_from_strings_only(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_int_equal(json_take_text(BYTES("12"), &out), ST_MALFORMED);
    assert_int_equal(json_take_text(BYTES("\"a\"b"), &out), ST_MALFORMED);
    assert_int_equal(json_take_text(BYTES("\"\\u0041\""), &out), ST_MALFORMED);
    assert_int_equal(json_take_text(BYTES(""), &out), ST_MALFORMED);
    assert_int_equal(out.count, 0);
    buf_release(&out);
}

static void integers_pass_through(void **state)
{
    (void)state;
    const int64_t most = (INT64_C(1) << 53) - 1;
    const int64_t numbers[] = {0, 1, -1, 9, 10, -10, 123456789, most, -most};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct buf out = {0};
        int64_t back = 0;
        json_add_integer(&out, numbers[i]);
        assert_int_equal(json_take_integer(buf_bytes(&out), &back), ST_OK);
        assert_true(back == numbers[i]);
        buf_release(&out);
    }
    int64_t untouched = 5;
    assert_int_equal(json_take_integer(BYTES("1.5"), &untouched), ST_MALFORMED);
    assert_int_equal(json_take_integer(BYTES("12a"), &untouched), ST_MALFORMED);
    assert_int_equal(json_take_integer(BYTES("\"1\""), &untouched), ST_MALFORMED);
    assert_int_equal(json_take_integer(BYTES(""), &untouched), ST_MALFORMED);
    assert_int_equal(untouched, 5);
}

static void strings_are_ordered_by_what_they_stand_for(void **state)
{
    (void)state;
    /* Ascending; by their spelling, several would stand elsewhere. */
    const char *const order[] = {"\"\"",     "\"\\u0001\"", "\"\\n\"", "\" \"",    "\"!\"",
                                 "\"\\\"\"", "\"#\"",       "\"[\"",   "\"\\\\\"", "\"]\"",
                                 "\"a\"",    "\"a\\n\"",    "\"a b\"", "\"b\"",    "\"\xc3\xa9\""};
    const size_t count = sizeof order / sizeof *order;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int found = json_compare_text(bytes_of_text(order[i]), bytes_of_text(order[k]));
            assert_int_equal((found > 0) - (found < 0), (i > k) - (i < k));
        }
}

static void a_reader_walks_and_its_failure_sticks(void **state)
{
    (void)state;
    struct json_reader r;
    json_read(&r, BYTES("{\"a\":[1],\"b\":\"x\"}"));
    json_read_literal(&r, "{");
    assert_true(bytes_equal_text(json_read_text(&r), "\"a\""));
    json_read_literal(&r, ":");
    assert_true(bytes_equal_text(json_read_value(&r), "[1]"));
    assert_false(json_read_try(&r, "}"));
    assert_true(json_read_try(&r, ","));
    assert_int_equal(json_end(&r), ST_MALFORMED); /* something is left */
    json_read_literal(&r, ";");
    assert_int_equal(r.status, ST_NOT_CANONICAL);
    assert_int_equal(json_read_text(&r).count, 0);
    assert_int_equal(json_read_value(&r).count, 0);
    assert_false(json_read_try(&r, "\"b\""));
    assert_int_equal(json_end(&r), ST_NOT_CANONICAL);
}

static void any_json_becomes_canonical(void **state)
{
    (void)state;
    struct buf out = {0};
    const char *text = " { \"b\" : [ 1, -0, \"\\u00e9\\/\\u001F\\u000b\" ],\n"
                       "\"a\":{\"\\\\u001F\":null}}\n";
    assert_int_equal(json_canonical(bytes_of_text(text), &out, NULL), ST_OK);
    assert_string_equal(buf_text(&out), "{\"a\":{\"\\\\u001F\":null},"
                                        "\"b\":[1,0,\"\xc3\xa9/\\u001f\\u000b\"]}");
    buf_release(&out);
}

static void what_has_no_canonical_form_is_explained(void **state)
{
    (void)state;
    const char *const bad[] = {"",
                               "{\"a\":1,\"a\":2}",
                               "[1.5]",
                               "[1e3]",
                               "{\"a\":\n tru}",
                               "9007199254740992",
                               "\"\\u0000\"",
                               "\"\xff\""};
    struct buf out = {0};
    buf_add_text(&out, "kept");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fault f = {0};
        assert_int_equal(json_canonical(bytes_of_text(bad[i]), &out, &f), ST_MALFORMED);
        assert_int_not_equal(strlen(f.text), 0);
        assert_int_equal(out.count, 4);
    }
    struct fault f = {0};
    assert_int_equal(json_canonical(BYTES("{\"a\":\n tru}"), &out, &f), ST_MALFORMED);
    assert_non_null(strstr(f.text, "line 2"));
    assert_int_equal(json_canonical(BYTES("[[[[[[[[[1]]]]]]]]]"), &out, &f), ST_TOO_LARGE);
    assert_int_equal(out.count, 4);
    buf_release(&out);
}

/* As the system's own says it. */
static void *alloc_or_say(size_t bytes)
{
    void *block = mem_alloc(bytes);
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

static void a_failed_allocation_is_reported(void **state)
{
    (void)state;
    json_set_alloc_funcs(alloc_or_say, mem_free);
    unsigned failures = 0;
    for (uint64_t n = 1;; n++) {
        struct buf out = {0};
        mem_fail_at(n);
        enum status status = json_canonical(BYTES("{\"b\":[1,\"x\",null],\"a\":2}"), &out, NULL);
        bool failed = mem_failed();
        mem_fail_at(0);
        size_t count = out.count;
        buf_release(&out);
        if (!failed) {
            assert_int_equal(status, ST_OK);
            break;
        }
        failures++;
        assert_int_equal(status, ST_NO_MEMORY); /* and no fault of the text */
        assert_int_equal(count, 0);
    }
    assert_true(failures > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_values_are_taken),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(what_is_canonical_is_what_jansson_would_write),
        cmocka_unit_test(corrupt_bytes_are_refused_or_canonical),
        cmocka_unit_test(text_passes_through),
        cmocka_unit_test(text_that_is_no_utf8_fails_the_buffer),
        cmocka_unit_test(text_is_taken_from_strings_only),
        cmocka_unit_test(integers_pass_through),
        cmocka_unit_test(strings_are_ordered_by_what_they_stand_for),
        cmocka_unit_test(a_reader_walks_and_its_failure_sticks),
        cmocka_unit_test(any_json_becomes_canonical),
        cmocka_unit_test(what_has_no_canonical_form_is_explained),
        cmocka_unit_test(a_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
