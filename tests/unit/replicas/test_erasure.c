/*
 * Orders to erase: whose word makes one, what it covers, and that nobody takes it back.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/erasure.h"

static void read_of(struct office *o, const char *id, struct erasure *out)
{
    if (erasure_read(o->replica, bytes_of_text(id), out, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
}

static uint32_t orders_of(struct office *o, const char *id, bool *settled)
{
    struct erasure e;
    read_of(o, id, &e);
    uint32_t count = e.order_count;
    *settled = false;
    for (uint32_t i = 0; i < count; i++)
        *settled = *settled || e.orders[i].settled;
    erasure_release(&e);
    return count;
}

static void nothing_is_ordered(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    bool settled, spared = false;
    struct record record = {0};
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    assert_int_equal(orders_of(&k.o[SANTIAGO], id, &settled), 0);
    assert_int_equal(replica_record(k.o[SANTIAGO].replica, NULL, BYTES("household"),
                                    bytes_of_text(id), &record, NULL),
                     ST_OK);
    assert_int_equal(
        erasure_spares(k.o[SANTIAGO].replica, &record, &record.seen[0].change, &spared, NULL),
        ST_OK);
    assert_true(spared);
    record_release(&record);
    kit_end(&k);
}

static void one_office_alone_in_a_network_orders(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    bool settled;
    kit_begin(&k, 1, false);
    kit_family(&k, "Nadie", id);
    office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=asked", NULL);
    assert_int_equal(orders_of(&k.o[SANTIAGO], id, &settled), 1);
    assert_true(settled);
    kit_end(&k);
}

/* The first office's identity on another machine, which knows the first charter alone. */
static void steal_first(const struct office *from, struct office *out)
{
    struct bytes file = buf_bytes(&replica_charters(from->replica)->versions[0]->file);
    struct home_identity own;
    office_folder(out);
    assert_int_equal(home_make(out->home, &own, &out->fault), ST_OK);
    assert_int_equal(home_write_identity(out->home, "identity",
                                         replica_identity(from->replica)->secret, &own.wrap,
                                         &out->fault),
                     ST_OK);
    if (replica_enter(out->home, "santiago", replica_network(from->replica), &file, 1,
                      &out->fault) != ST_OK)
        fail_msg("%s", out->fault.text);
    office_open(out);
}

static void propose(struct office *o, const char *id)
{
    char order[RECORD_ID_TEXT + 1], value[ENTRY_ID_TEXT + 3];
    struct op_list ops = {0};
    struct replica_commit done;
    erasure_id(replica_network(o->replica), bytes_of_text(id), order);
    snprintf(value, sizeof value, "\"%s\"", id);
    struct op op = {.verb = OP_SET,
                    .type = BYTES("erasure"),
                    .name = BYTES("record"),
                    .value = bytes_of_text(value)};
    assert_int_equal(hex_decode(bytes_of_text(order), op.id, RECORD_ID_BYTES), ST_OK);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    assert_int_equal(replica_write(o->replica, &ops, BYTES("x <x@example.org>"), &done, &o->fault),
                     ST_OK);
    op_list_release(&ops);
}

/* Who has the first office's key can write as if nobody had joined yet. */
static void an_old_charter_makes_no_office_alone(void **state)
{
    (void)state;
    struct kit k;
    struct office thief;
    char id[ENTRY_ID_TEXT + 1];
    bool settled;
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 3);
    steal_first(&k.o[SANTIAGO], &thief);
    propose(&thief, id);
    assert_int_equal(orders_of(&thief, id, &settled), 1); /* there it is alone */
    office_send(&thief, &k.o[IQUIQUE]);
    kit_mix(&k, 3);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(orders_of(&k.o[i], id, &settled), 0);
        assert_string_equal(kit_reads(&k.o[i], id, "head_name"), "Nadie");
    }
    office_close(&thief);
    kit_end(&k);
}

/* What the first office ordered while it was alone stays ordered when others join. */
static void an_order_of_before_stays(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1];
    bool settled;
    kit_begin(&k, 1, false);
    kit_family(&k, "Nadie", id);
    office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=asked", NULL);
    office_join(&k.o[IQUIQUE], &k.o[SANTIAGO], "iquique", CHARTER_OFFICE);
    kit_tend_init(&k, IQUIQUE);
    k.count = 2;
    kit_family(&k, "Alguien", other);
    kit_mix(&k, 3);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(orders_of(&k.o[i], id, &settled), 1);
        assert_true(settled);
    }
    kit_end(&k);
}

/* Elements that the proposer writes are no approvals, whatever label they say. */
static void one_office_of_several_orders_nothing(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], order[RECORD_ID_TEXT + 1];
    bool settled;
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    struct office *o = &k.o[SANTIAGO];
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    erasure_id(replica_network(o->replica), bytes_of_text(id), order);
    office_run(o, ST_OK, "set", order, "approvals+=iquique", "approvals+=santiago", NULL);
    assert_int_equal(orders_of(o, id, &settled), 0);
    kit_mix(&k, 3);
    assert_int_equal(orders_of(&k.o[IQUIQUE], id, &settled), 0);
    assert_string_equal(kit_reads(&k.o[IQUIQUE], id, "head_name"), "Nadie");
    kit_end(&k);
}

/* A record of type erasure under another id than the derived one says nothing. */
static void an_order_has_its_own_id(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], made[ENTRY_ID_TEXT + 1], word[64];
    bool settled;
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    snprintf(word, sizeof word, "record=%s", id);
    office_run(&k.o[SANTIAGO], ST_OK, "add", "erasure", word, NULL);
    office_id(&k.o[SANTIAGO], made);
    kit_mix(&k, 3);
    office_run(&k.o[IQUIQUE], ST_OK, "set", made, "approvals+=iquique", NULL);
    kit_mix(&k, 3);
    assert_int_equal(orders_of(&k.o[IQUIQUE], id, &settled), 0);
    assert_string_equal(kit_reads(&k.o[SANTIAGO], id, "head_name"), "Nadie");
    kit_end(&k);
}

static void two_offices_order_and_nobody_takes_it_back(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], order[RECORD_ID_TEXT + 1];
    struct erasure e;
    kit_begin(&k, 3, false);
    kit_family(&k, "Nadie", id);
    struct office *o = &k.o[SANTIAGO], *other = &k.o[IQUIQUE];
    uint32_t before = graph_count(replica_graph(o->replica)) - 1;
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    kit_mix(&k, 3);
    office_run(other, ST_OK, "erase", id, "--approve", NULL);
    office_send(other, o);
    read_of(o, id, &e);
    assert_int_equal(e.order_count, 1);
    assert_false(e.open);
    assert_false(e.orders[0].settled);
    assert_int_equal(e.orders[0].by, 1);
    assert_int_equal(e.offices, 3);
    struct graph *g = replica_graph(o->replica);
    assert_true(erasure_covers(g, &e, before, false));
    assert_false(erasure_covers(g, &e, before, true));
    assert_false(erasure_covers(g, &e, e.orders[0].approved, false));
    erasure_release(&e);
    /* The proposer drops the approval: it was given. */
    erasure_id(replica_network(o->replica), bytes_of_text(id), order);
    office_run(o, ST_OK, "set", order, "approvals-=iquique", NULL);
    read_of(o, id, &e);
    assert_int_equal(e.order_count, 1);
    assert_true(e.orders[0].settled); /* that very commit stands over it */
    assert_true(erasure_covers(g, &e, before, true));
    erasure_release(&e);
    kit_end(&k);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    bool failed = true;
    kit_begin(&k, 1, false);
    kit_family(&k, "Nadie", id);
    office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=asked", NULL);
    for (uint64_t n = 1; failed; n++) {
        struct erasure e;
        mem_fail_at(n);
        enum status status =
            erasure_read(k.o[SANTIAGO].replica, bytes_of_text(id), &e, &k.o[SANTIAGO].fault);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        erasure_release(&e);
    }
    kit_end(&k);
}

static void whose_order_covers_what(void **state)
{
    (void)state;
    static const char value[] = "\"0123456789abcdef01234567\"";
    struct record_value values[] = {{.json = {(const uint8_t *)value, sizeof value - 1}}};
    struct record_seen seen[1] = {{.height = 1}};
    struct record_field field[] = {{.name = BYTES("record"), .first = 0, .count = 1}};
    struct record r = {.id = BYTES("aaaaaaaaaaaaaaaaaaaaaaaa"),
                       .seen = seen,
                       .seen_count = 1,
                       .fields = field,
                       .field_count = 1,
                       .values = values,
                       .value_count = 1};
    static const struct {
        const char *type, *target;
    } cases[] = {
        {"household", "aaaaaaaaaaaaaaaaaaaaaaaa"},
        {"attachment", "0123456789abcdef01234567"},
        {"document", "0123456789abcdef01234567"},
        {"decision", "0123456789abcdef01234567"},
        {"disclosure", "0123456789abcdef01234567"},
        {"erasure", ""},
        {"confirmation", ""},
        {"classkey", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char target[ENTRY_ID_TEXT + 1];
        r.type = bytes_of_text(cases[i].type);
        erasure_target(&r, target);
        assert_string_equal(target, cases[i].target);
    }
    values[0].json = BYTES("\"nonsense\"");
    r.type = BYTES("document");
    char own[ENTRY_ID_TEXT + 1];
    erasure_target(&r, own);
    assert_string_equal(own, "aaaaaaaaaaaaaaaaaaaaaaaa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_ordered),
        cmocka_unit_test(one_office_alone_in_a_network_orders),
        cmocka_unit_test(an_old_charter_makes_no_office_alone),
        cmocka_unit_test(an_order_of_before_stays),
        cmocka_unit_test(one_office_of_several_orders_nothing),
        cmocka_unit_test(an_order_has_its_own_id),
        cmocka_unit_test(two_offices_order_and_nobody_takes_it_back),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(whose_order_covers_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
