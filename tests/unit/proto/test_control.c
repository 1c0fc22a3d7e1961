#include "tests/unit/proto/codec.h"

#include "proto/control.h"

static enum status again_request(struct bytes in, struct buf *out)
{
    static struct control_request q;
    enum status status = control_read_request(in, &q);
    if (status == ST_OK) {
        control_write_request(&q, out);
        buf_drop_front(out, CONTROL_HEADER_BYTES);
    }
    return status;
}

static enum status again_answer(struct bytes in, struct buf *out)
{
    struct control_answer answer;
    enum status status = control_read_answer(in, &answer);
    if (status == ST_OK) {
        if (answer.kind == CONTROL_ROW)
            control_write_row(answer.row, out);
        else
            control_write_end(&answer, out);
        buf_drop_front(out, CONTROL_HEADER_BYTES);
    }
    return status;
}

static struct control_request sample(void)
{
    return (struct control_request){
        .verb = BYTES("set"),
        .word_count = 2,
        .words = {BYTES("3fa9"), BYTES("stage=taller de ñandú")},
        .option_count = 3,
        .options = {{BYTES("json"), BYTES("")},
                    {BYTES("as-of"), BYTES("b448aa6")},
                    {BYTES("author"), BYTES("Oficina <o@x>")}},
    };
}

static const struct control_answer sample_end = {
    .kind = CONTROL_END,
    .code = BYTES("not-found"),
    .text = BYTES("No record begins with 3fa9."),
    .fix = BYTES("Look with minga list."),
    .exit = 1,
};

static void a_request_passes_whole(void **state)
{
    (void)state;
    struct control_request q = sample();
    static struct control_request out;
    struct buf wire = {0};
    struct bytes body;
    size_t used;
    control_write_request(&q, &wire);
    assert_int_equal(control_take(buf_bytes(&wire), &body, &used), ST_OK);
    assert_int_equal(used, wire.count);
    assert_int_equal(control_read_request(body, &out), ST_OK);
    CODEC_SAME(out.verb, "set");
    assert_int_equal(out.word_count, 2);
    CODEC_SAME(out.words[1], "stage=taller de ñandú");
    assert_int_equal(out.option_count, 3);
    CODEC_SAME(out.options[0].name, "as-of"); /* ascending, however they were given */
    CODEC_SAME(out.options[1].name, "author");
    CODEC_SAME(control_option(&out, "as-of"), "b448aa6");
    assert_true(control_has(&out, "json"));
    assert_int_equal(control_option(&out, "json").count, 0);
    assert_false(control_has(&out, "jso"));
    assert_null(control_option(&out, "where").data);
    buf_release(&wire);
}

static void of_one_option_the_last_counts(void **state)
{
    (void)state;
    struct control_request q = {
        .verb = BYTES("list"),
        .option_count = 4,
        .options = {{BYTES("sort"), BYTES("name")},
                    {BYTES("limit"), BYTES("3")},
                    {BYTES("sort"), BYTES("stage")},
                    {BYTES("limit"), BYTES("9")}},
    };
    static struct control_request out;
    struct buf wire = {0};
    struct bytes body;
    size_t used;
    control_write_request(&q, &wire);
    assert_int_equal(control_take(buf_bytes(&wire), &body, &used), ST_OK);
    assert_int_equal(control_read_request(body, &out), ST_OK);
    assert_int_equal(out.option_count, 2);
    CODEC_SAME(control_option(&out, "sort"), "stage");
    CODEC_SAME(control_option(&out, "limit"), "9");
    buf_release(&wire);
}

static void answers_pass_whole(void **state)
{
    (void)state;
    struct control_answer out;
    struct buf wire = {0};
    struct bytes body;
    size_t used;
    control_write_row(BYTES("{\"id\":\"3fa9\"}"), &wire);
    size_t row_bytes = wire.count;
    control_write_end(&sample_end, &wire);
    assert_int_equal(control_take(buf_bytes(&wire), &body, &used), ST_OK);
    assert_int_equal(used, row_bytes);
    assert_int_equal(control_read_answer(body, &out), ST_OK);
    assert_int_equal(out.kind, CONTROL_ROW);
    CODEC_SAME(out.row, "{\"id\":\"3fa9\"}");
    buf_drop_front(&wire, used);
    assert_int_equal(control_take(buf_bytes(&wire), &body, &used), ST_OK);
    assert_int_equal(used, wire.count);
    assert_int_equal(control_read_answer(body, &out), ST_OK);
    assert_int_equal(out.kind, CONTROL_END);
    CODEC_SAME(out.code, "not-found");
    CODEC_SAME(out.text, "No record begins with 3fa9.");
    CODEC_SAME(out.fix, "Look with minga list.");
    assert_int_equal(out.exit, 1);
    buf_release(&wire);
}

static void a_message_is_taken_when_it_is_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct bytes body = {0};
    size_t used = 7;
    control_write_end(&sample_end, &wire);
    for (size_t i = 0; i < wire.count; i++) {
        assert_int_equal(control_take((struct bytes){wire.data, i}, &body, &used), ST_AGAIN);
        assert_int_equal(used, 0);
        assert_null(body.data);
    }
    assert_int_equal(control_take(BYTES("\x00\x20\x00\x01"), &body, &used), ST_TOO_LARGE);
    assert_int_equal(control_take(BYTES("\x00\x20\x00\x00"), &body, &used), ST_AGAIN);
    assert_int_equal(control_take(BYTES("\xff\xff\xff\xff"), &body, &used), ST_TOO_LARGE);
    assert_int_equal(used, 0);
    assert_int_equal(control_take(BYTES("\x00\x00\x00\x00"), &body, &used), ST_OK);
    assert_int_equal(used, CONTROL_HEADER_BYTES);
    struct control_answer answer;
    assert_int_equal(control_read_answer(body, &answer), ST_MALFORMED);
    buf_release(&wire);
}

static void corrupt_bytes_are_never_misread(void **state)
{
    (void)state;
    struct control_request q = sample();
    struct buf wire = {0};
    control_write_request(&q, &wire);
    buf_drop_front(&wire, CONTROL_HEADER_BYTES);
    codec_check(again_request, buf_bytes(&wire));
    buf_reset(&wire);
    control_write_row(BYTES("{\"a\":1}"), &wire);
    buf_drop_front(&wire, CONTROL_HEADER_BYTES);
    codec_check(again_answer, buf_bytes(&wire));
    buf_reset(&wire);
    control_write_end(&sample_end, &wire);
    buf_drop_front(&wire, CONTROL_HEADER_BYTES);
    codec_check(again_answer, buf_bytes(&wire));
    buf_release(&wire);
}

static void forms_and_bounds_are_checked(void **state)
{
    (void)state;
    static struct control_request q;
    struct control_answer a;
    assert_int_equal(control_read_request(BYTES("\x93\xa1v\x90\x80"), &q), ST_OK);
    assert_int_equal(control_read_request(BYTES("\x93\xa0\x90\x80"), &q), ST_MALFORMED);
    assert_int_equal(control_read_request(BYTES("\x93\xa1v\x90\x82\xa1"
                                                "b\xa0\xa1"
                                                "a\xa0"),
                                          &q),
                     ST_NOT_CANONICAL);
    assert_int_equal(control_read_request(BYTES("\x93\xa1v\x90\x82\xa1"
                                                "a\xa0\xa1"
                                                "a\xa0"),
                                          &q),
                     ST_NOT_CANONICAL);
    assert_int_equal(control_read_request(BYTES("\x93\xa1v\x91\xa1\xff\x80"), &q),
                     ST_NOT_CANONICAL);
    assert_int_equal(control_read_request(BYTES("\x93\xa1v\xdc\x04\x01\x80"), &q), ST_TOO_LARGE);
    assert_int_equal(control_read_request(BYTES("\x93\xa1v\x90\xde\x00\x21"), &q), ST_TOO_LARGE);
    assert_int_equal(control_read_answer(BYTES("\x92\x00\xa2{}"), &a), ST_OK);
    assert_int_equal(control_read_answer(BYTES("\x92\x01\xa2{}"), &a), ST_MALFORMED);
    assert_int_equal(control_read_answer(BYTES("\x92\x02\xa2{}"), &a), ST_MALFORMED);
    assert_int_equal(control_read_answer(BYTES("\x93\x00\xa2{}\xa0"), &a), ST_MALFORMED);
    assert_int_equal(control_read_answer(BYTES("\x95\x01\xa2ok\xa0\xa0\x0e"), &a), ST_OK);
    assert_int_equal(a.exit, 14);
    assert_int_equal(control_read_answer(BYTES("\x95\x01\xa2ok\xa0\xa0\x0f"), &a), ST_TOO_LARGE);
    assert_int_equal(control_read_answer(BYTES("\x95\x02\xa2ok\xa0\xa0\x00"), &a), ST_MALFORMED);
}

static void too_long_a_message_is_not_written(void **state)
{
    (void)state;
    struct buf json = {0}, wire = {0};
    for (size_t i = 0; i < CONTROL_BYTES_MAX; i++)
        buf_add_byte(&json, 'x');
    control_write_end(&sample_end, &wire);
    size_t before = wire.count;
    control_write_row(buf_bytes(&json), &wire);
    assert_int_equal(buf_status(&wire), ST_NO_MEMORY);
    assert_int_equal(wire.count, before);
    buf_reset(&wire);
    json.count -= 7; /* the array, the kind and the text's head */
    control_write_row(buf_bytes(&json), &wire);
    assert_int_equal(buf_status(&wire), ST_OK);
    assert_int_equal(wire.count, CONTROL_HEADER_BYTES + CONTROL_BYTES_MAX);
    buf_release(&json);
    buf_release(&wire);
}

static void each_allocation_can_fail(void **state)
{
    (void)state;
    struct control_request q = sample();
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        struct buf out = {0};
        mem_fail_at(n);
        control_write_request(&q, &out);
        control_write_row(BYTES("{}"), &out);
        control_write_end(&sample_end, &out);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&out), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
    }
    assert_true(n > 2);
}

static void what_another_encoder_writes_is_taken(void **state)
{
    (void)state;
    static struct control_request q;
    struct control_answer answer;
    struct buf wire = {0};
    codec_seed("control/request", &wire);
    assert_int_equal(control_read_request(buf_bytes(&wire), &q), ST_OK);
    CODEC_SAME(control_option(&q, "as-of"), "b448aa6");
    codec_seed("control/plain", &wire);
    assert_int_equal(control_read_request(buf_bytes(&wire), &q), ST_OK);
    codec_seed("control/row", &wire);
    assert_int_equal(control_read_answer(buf_bytes(&wire), &answer), ST_OK);
    codec_seed("control/end", &wire);
    assert_int_equal(control_read_answer(buf_bytes(&wire), &answer), ST_OK);
    CODEC_SAME(answer.code, "not-found");
    buf_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_passes_whole),
        cmocka_unit_test(of_one_option_the_last_counts),
        cmocka_unit_test(answers_pass_whole),
        cmocka_unit_test(a_message_is_taken_when_it_is_whole),
        cmocka_unit_test(corrupt_bytes_are_never_misread),
        cmocka_unit_test(forms_and_bounds_are_checked),
        cmocka_unit_test(too_long_a_message_is_not_written),
        cmocka_unit_test(each_allocation_can_fail),
        cmocka_unit_test(what_another_encoder_writes_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
