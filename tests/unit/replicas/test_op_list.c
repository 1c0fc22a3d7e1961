#include "tests/unit/proto/codec.h"

#include <string.h>

#include "proto/limits.h"
#include "proto/mp.h"
#include "replicas/op.h"

static struct digest network;

/* An 'over' of 'count' ascending changes. */
static struct bytes changes(unsigned count)
{
    static uint8_t packed[4 * CHANGE_BYTES];
    assert_true(count <= 4);
    for (unsigned i = 0; i < 4; i++)
        packed[i * CHANGE_BYTES] = (uint8_t)(i + 1);
    return (struct bytes){packed, count * CHANGE_BYTES};
}

static struct op on_record(enum op_verb verb, unsigned id, const char *name, const char *value,
                           unsigned over)
{
    struct op op = {.verb = verb,
                    .type = BYTES("enterprise"),
                    .name = bytes_of_text(name),
                    .value = bytes_of_text(value),
                    .over = changes(over)};
    op.id[RECORD_ID_BYTES - 1] = (uint8_t)id;
    return op;
}

static struct op entry(const char *type, const char *content)
{
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(content)};
    op_entry_id(&network, op.type, op.value, op.entry);
    return op;
}

static void add(struct op_list *l, struct op op)
{
    assert_int_equal(op_list_add(l, &op), ST_OK);
}

/* One of everything, in canonical order but for the entries, whose ids decide. */
static void fill(struct op_list *l)
{
    struct op charter = {.verb = OP_CHARTER, .version = 2, .value = BYTES("{\"version\":2}\n")};
    struct op adopt = {.verb = OP_ADOPT, .commit = codec_oid(7)};
    add(l, charter);
    add(l, adopt);
    add(l, on_record(OP_SET, 1, "line", "\"idea\"", 0));
    add(l, on_record(OP_SET, 1, "stage", "null", 2));
    add(l, on_record(OP_DROP, 1, "needs", "\"\"", 1));
    add(l, on_record(OP_ADD, 1, "needs", "\"a\"", 0));
    add(l, on_record(OP_ADD, 1, "needs", "\"a b\"", 4));
    add(l, on_record(OP_SET, 2, "line", "{\"a\":[1]}", 0));
    add(l, entry("grant", "{\"amount\":1}"));
    add(l, entry("note", "{\"amount\":1,\"line\":\"x\"}"));
}

static void encode(struct op_list *l, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(op_list_encode(l, out), ST_OK);
}

static enum status again(struct bytes in, struct buf *out)
{
    struct op_list l;
    enum status status = op_list_decode(in, &network, &l);
    if (status == ST_OK)
        assert_int_equal(op_list_encode(&l, out), ST_OK);
    else
        assert_null(l.ops);
    op_list_release(&l);
    return status;
}

static void a_list_passes_whole(void **state)
{
    (void)state;
    struct op_list l = {0}, back;
    struct buf out = {0};
    fill(&l);
    encode(&l, &out);
    assert_int_equal(op_list_decode(buf_bytes(&out), &network, &back), ST_OK);
    assert_int_equal(back.count, l.count);
    for (uint32_t i = 0; i < l.count; i++) {
        const struct op *a = &l.ops[i], *b = &back.ops[i];
        assert_int_equal(a->verb, b->verb);
        assert_int_equal(op_list_compare(a, b), 0);
        assert_int_equal(a->version, b->version);
        assert_true(bytes_equal(a->type, b->type) && bytes_equal(a->name, b->name));
        assert_true(bytes_equal(a->value, b->value) && bytes_equal(a->over, b->over));
    }
    assert_int_equal(op_list_count_records(&back), 4);
    op_list_release(&back);
    op_list_release(&l);
    op_list_release(NULL);
    buf_release(&out);
}

static void an_empty_list_is_one_byte(void **state)
{
    (void)state;
    struct op_list l = {0};
    struct buf out = {0};
    encode(&l, &out);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.data[0], 0x90);
    assert_true(codec_accepts(again, buf_bytes(&out)));
    buf_release(&out);
}

static void the_bytes_do_not_depend_on_the_order_of_adding(void **state)
{
    (void)state;
    struct op_list forth = {0}, back = {0};
    struct buf a = {0}, b = {0};
    fill(&forth);
    encode(&forth, &a);
    for (uint32_t i = forth.count; i > 0; i--)
        add(&back, forth.ops[i - 1]);
    encode(&back, &b);
    assert_int_equal(a.count, b.count);
    assert_memory_equal(a.data, b.data, a.count);
    op_list_release(&forth);
    op_list_release(&back);
    buf_release(&a);
    buf_release(&b);
}

static void a_list_owns_copies(void **state)
{
    (void)state;
    struct op_list l = {0};
    char value[] = "\"idea\"";
    add(&l, on_record(OP_SET, 1, "line", value, 1));
    memset(value, 'x', sizeof value - 1);
    assert_true(bytes_equal_text(l.ops[0].value, "\"idea\""));
    assert_ptr_not_equal(l.ops[0].over.data, changes(1).data);
    op_list_release(&l);
}

static void corrupt_bytes_are_refused_or_canonical(void **state)
{
    (void)state;
    struct op_list l = {0};
    struct buf out = {0};
    fill(&l);
    encode(&l, &out);
    codec_check(again, buf_bytes(&out));
    op_list_release(&l);
    add(&l, on_record(OP_ADD, 9, "needs", "\"a\"", 1));
    encode(&l, &out);
    codec_check(again, buf_bytes(&out));
    op_list_release(&l);
    buf_release(&out);
}

static void two_operations_on_one_thing_are_refused(void **state)
{
    (void)state;
    const struct op pairs[][2] = {
        {on_record(OP_SET, 1, "line", "1", 0), on_record(OP_SET, 1, "line", "2", 0)},
        {on_record(OP_ADD, 1, "needs", "\"a\"", 0), on_record(OP_DROP, 1, "needs", "\"a\"", 1)},
        {entry("grant", "{\"a\":1}"), entry("grant", "{\"a\":1}")},
        {{.verb = OP_ADOPT}, {.verb = OP_ADOPT}},
        {{.verb = OP_CHARTER, .version = 2, .value = BYTES("x")},
         {.verb = OP_CHARTER, .version = 2, .value = BYTES("y")}},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct op_list l = {0};
        struct buf out = {0};
        buf_add_byte(&out, 1);
        add(&l, pairs[i][0]);
        add(&l, pairs[i][1]);
        assert_int_equal(op_list_encode(&l, &out), ST_WRONG_OPERATION);
        assert_int_equal(out.count, 1);
        op_list_release(&l);
        buf_release(&out);
    }
}

/* One record's group of one operation, spelled by hand. */
static void spell(struct buf *out, const char *type, unsigned verb, const char *name,
                  const char *value, struct bytes over)
{
    static const uint8_t id[RECORD_ID_BYTES] = {1};
    mp_write_array(out, 4);
    mp_write_uint(out, 2);
    mp_write_text(out, bytes_of_text(type));
    mp_write_binary(out, (struct bytes){id, RECORD_ID_BYTES});
    mp_write_array(out, 1);
    mp_write_array(out, 4);
    mp_write_uint(out, verb);
    mp_write_text(out, bytes_of_text(name));
    mp_write_text(out, bytes_of_text(value));
    mp_write_binary(out, over);
}

static void wrong_parts_are_refused(void **state)
{
    (void)state;
    uint8_t descending[2 * CHANGE_BYTES] = {2};
    const struct {
        const char *type;
        unsigned verb;
        const char *name, *value;
        struct bytes over;
        enum status status;
    } cases[] = {
        {"case", 0, "a", "1", changes(1), ST_OK},
        {"case", 1, "a", "\"x\"", changes(0), ST_OK},
        {"case", 1, "a", "1", changes(0), ST_MALFORMED}, /* an element is a string */
        {"case", 2, "a", "null", changes(1), ST_MALFORMED},
        {"case", 3, "a", "1", changes(0), ST_TOO_LARGE}, /* no such verb */
        {"Case", 0, "a", "1", changes(0), ST_MALFORMED},
        {"case", 0, "", "1", changes(0), ST_MALFORMED},
        {"case", 0, "a", "", changes(0), ST_MALFORMED},
        {"case", 0, "a", "1.5", changes(0), ST_NOT_CANONICAL},
        {"case", 0, "a", "1", {changes(1).data, 19}, ST_MALFORMED},
        {"case", 0, "a", "1", {descending, sizeof descending}, ST_NOT_CANONICAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf in = {0};
        struct op_list l;
        mp_write_array(&in, 1);
        spell(&in, cases[i].type, cases[i].verb, cases[i].name, cases[i].value, cases[i].over);
        assert_int_equal(op_list_decode(buf_bytes(&in), &network, &l), cases[i].status);
        op_list_release(&l);
        buf_release(&in);
    }
}

static void one_record_in_two_groups_is_refused(void **state)
{
    (void)state;
    struct buf in = {0};
    struct op_list l;
    mp_write_array(&in, 2);
    spell(&in, "case", 0, "a", "1", changes(0));
    spell(&in, "case", 0, "b", "1", changes(0));
    assert_int_equal(op_list_decode(buf_bytes(&in), &network, &l), ST_NOT_CANONICAL);
    buf_release(&in);
}

static void limits_hold_in_both_directions(void **state)
{
    (void)state;
    struct op_list l = {0};
    struct buf out = {0};
    char *text = mem_alloc(CHARTERS_BYTES_MAX + 1);
    memset(text, 'x', CHARTERS_BYTES_MAX + 1);
    text[0] = '"';
    /* The longest value goes, one byte more does not. */
    struct op op = on_record(OP_SET, 1, "line", "", 0);
    op.value = (struct bytes){(const uint8_t *)text, VALUE_BYTES_MAX};
    text[VALUE_BYTES_MAX - 1] = '"';
    add(&l, op);
    encode(&l, &out);
    assert_true(codec_accepts(again, buf_bytes(&out)));
    text[VALUE_BYTES_MAX - 1] = 'x';
    text[VALUE_BYTES_MAX] = '"';
    op.value.count++;
    op_list_release(&l);
    add(&l, op);
    assert_int_equal(op_list_encode(&l, &out), ST_TOO_LARGE);
    op_list_release(&l);
    /* A charter's file does not count against the rest, but has its own limit. */
    struct op charter = {
        .verb = OP_CHARTER, .version = 1, .value = {(const uint8_t *)text, CHARTERS_BYTES_MAX}};
    add(&l, charter);
    add(&l, on_record(OP_SET, 1, "line", "1", 0));
    encode(&l, &out);
    assert_true(codec_accepts(again, buf_bytes(&out)));
    op_list_release(&l);
    charter.value.count++;
    add(&l, charter);
    assert_int_equal(op_list_encode(&l, &out), ST_TOO_LARGE);
    op_list_release(&l);
    mem_free(text);
    buf_release(&out);
}

static void records_adoptions_and_bytes_are_counted(void **state)
{
    (void)state;
    struct op_list l = {0};
    struct buf out = {0};
    for (unsigned i = 0; i < COMMIT_RECORDS_MAX; i++) {
        struct op op = on_record(OP_SET, i & 0xff, "line", "1", 0);
        op.id[0] = (uint8_t)(i >> 8);
        add(&l, op);
    }
    encode(&l, &out);
    assert_true(codec_accepts(again, buf_bytes(&out)));
    add(&l, entry("note", "{}"));
    assert_int_equal(op_list_encode(&l, &out), ST_TOO_LARGE);
    op_list_release(&l);
    for (unsigned i = 0; i < PARENTS_MAX; i++)
        add(&l, (struct op){.verb = OP_ADOPT, .commit = codec_oid(i)});
    encode(&l, &out);
    assert_true(codec_accepts(again, buf_bytes(&out)));
    add(&l, (struct op){.verb = OP_ADOPT, .commit = codec_oid(PARENTS_MAX)});
    assert_int_equal(op_list_encode(&l, &out), ST_TOO_LARGE);
    op_list_release(&l);
    char value[8 * 1024];
    memset(value, 'x', sizeof value);
    value[0] = value[sizeof value - 2] = '"';
    value[sizeof value - 1] = '\0';
    for (unsigned i = 0; i < 8; i++)
        add(&l, on_record(OP_SET, i, "line", value, 0));
    assert_int_equal(op_list_encode(&l, &out), ST_TOO_LARGE);
    op_list_release(&l);
    buf_release(&out);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    struct op_list model = {0};
    struct buf wire = {0};
    unsigned failures = 0;
    fill(&model);
    for (unsigned i = 10; i < 40; i++)
        add(&model, on_record(OP_SET, i, "line", "\"a value of some length\"", 3));
    encode(&model, &wire);
    for (uint64_t n = 1, going = 1; going; n++) { /* adding and encoding */
        struct op_list l = {0};
        struct buf out = {0};
        enum status status = ST_OK;
        mem_fail_at(n);
        for (uint32_t i = 0; i < model.count && status == ST_OK; i++) {
            uint32_t before = l.count;
            status = op_list_add(&l, &model.ops[i]);
            assert_int_equal(l.count, before + (status == ST_OK));
        }
        if (status == ST_OK)
            status = op_list_encode(&l, &out);
        going = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, going ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(out.count, going ? 0 : wire.count);
        failures += going != 0;
        op_list_release(&l);
        buf_release(&out);
    }
    for (uint64_t n = 1, going = 1; going; n++) { /* decoding */
        struct op_list l;
        mem_fail_at(n);
        enum status status = op_list_decode(buf_bytes(&wire), &network, &l);
        going = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, going ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(l.count, going ? 0 : model.count);
        failures += going != 0;
        op_list_release(&l);
    }
    assert_true(failures > 6);
    op_list_release(&model);
    buf_release(&wire);
}

static void entries_get_their_ids(void **state)
{
    (void)state;
    struct op_list l = {0};
    struct op grant = entry("grant", "{\"amount\":1}");
    uint8_t id[ENTRY_ID_BYTES];
    memcpy(id, grant.entry, sizeof id);
    memset(grant.entry, 0, sizeof grant.entry);
    add(&l, grant);
    op_list_resolve(&l, &network);
    assert_memory_equal(l.ops[0].entry, id, sizeof id);
    op_list_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_passes_whole),
        cmocka_unit_test(an_empty_list_is_one_byte),
        cmocka_unit_test(the_bytes_do_not_depend_on_the_order_of_adding),
        cmocka_unit_test(a_list_owns_copies),
        cmocka_unit_test(corrupt_bytes_are_refused_or_canonical),
        cmocka_unit_test(two_operations_on_one_thing_are_refused),
        cmocka_unit_test(wrong_parts_are_refused),
        cmocka_unit_test(one_record_in_two_groups_is_refused),
        cmocka_unit_test(limits_hold_in_both_directions),
        cmocka_unit_test(records_adoptions_and_bytes_are_counted),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(entries_get_their_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
