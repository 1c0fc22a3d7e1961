/*
 * The laws of the join, on random records and on those of liars, from fixed seeds: commutative,
 * associative, idempotent, monotone, canonical; and what it keeps, against masks.
 */
#include "tests/unit/replicas/sample.h"

#include <string.h>

#ifndef LAWS_TRIPLES
#define LAWS_TRIPLES 1000000 /* a build with sanitizers takes fewer: tests/CMakeLists.txt */
#endif

enum { PARSED_EVERY = 16 };

static struct buf left, right;

static void join(const struct record *a, const struct record *b, struct record *out)
{
    assert_int_equal(record_join(a, b, out), ST_OK);
}

static void assert_equal(const struct record *a, const struct record *b)
{
    sample_assert_same(sample_encode(a, &left), sample_encode(b, &right));
}

/* What model.py's keep() leaves, by masks: held by both, or not yet seen by the other. */
static uint16_t kept(uint16_t a, uint16_t a_seen, uint16_t b, uint16_t b_seen)
{
    return (uint16_t)((a & b) | (a & ~b_seen) | (b & ~a_seen));
}

static void assert_keeps(const struct sample *a, const struct sample *b, const struct record *ab)
{
    uint16_t seen, held[SAMPLE_SLOTS];
    sample_read(ab, &seen, held);
    assert_int_equal(seen, a->seen | b->seen);
    for (unsigned i = 0; i < SAMPLE_SLOTS; i++)
        assert_int_equal(held[i], kept(a->held[i], a->seen, b->held[i], b->seen));
}

static void assert_canonical(const struct record *r)
{
    struct record again;
    struct bytes text = sample_encode(r, &left);
    assert_int_equal(record_parse(text, &again), ST_OK);
    sample_assert_same(sample_encode(&again, &right), text);
    record_release(&again);
}

static void check_laws(const struct sample *sa, const struct sample *sb, const struct sample *sc)
{
    const struct record *a = &sa->record, *b = &sb->record, *c = &sc->record;
    struct record aa, ab, ba, bc, ac, ab_c, a_bc, a_ab, ac_abc;
    join(a, a, &aa);
    assert_true(sample_same(&aa, a));
    join(a, b, &ab);
    assert_keeps(sa, sb, &ab);
    join(b, a, &ba);
    assert_equal(&ab, &ba);
    join(&ab, c, &ab_c);
    join(b, c, &bc);
    join(a, &bc, &a_bc);
    assert_true(sample_same(&ab_c, &a_bc));
    join(a, &ab, &a_ab); /* a <= ab */
    assert_true(sample_same(&a_ab, &ab));
    join(a, c, &ac); /* and so ac <= abc */
    join(&ac, &ab_c, &ac_abc);
    assert_true(sample_same(&ac_abc, &ab_c));
    struct record *made[] = {&aa, &ab, &ba, &bc, &ac, &ab_c, &a_bc, &a_ab, &ac_abc};
    for (unsigned i = 0; i < sizeof made / sizeof *made; i++)
        record_release(made[i]);
}

static void laws(uint64_t seed, bool hostile, unsigned triples)
{
    static struct sample a, b, c;
    for (unsigned i = 0; i < triples; i++) {
        sample_make(&a, &seed, hostile);
        sample_make(&b, &seed, hostile);
        sample_make(&c, &seed, hostile);
        check_laws(&a, &b, &c);
        if (i % PARSED_EVERY != 0)
            continue;
        struct record ab;
        join(&a.record, &b.record, &ab);
        assert_canonical(&ab);
        record_release(&ab);
    }
}

static void laws_hold_on_random_records(void **state)
{
    (void)state;
    laws(1, false, LAWS_TRIPLES / 2);
}

static void laws_hold_on_records_of_liars(void **state)
{
    (void)state;
    laws(2, true, LAWS_TRIPLES - LAWS_TRIPLES / 2);
}

static struct record parsed(const char *text)
{
    struct record r;
    assert_int_equal(record_parse(bytes_of_text(text), &r), ST_OK);
    return r;
}

#define HEAD "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\n"
#define C1 "\"00000000000000000000000000000001\""
#define C2 "\"00000000000000000000000000000002\""
#define C3 "\"00000000000000000000000000000003\""

static void concurrent_values_are_both_kept(void **state)
{
    (void)state;
    struct record a = parsed(HEAD "\"seen\":{" C1 ":\"1 iquique\"," C2 ":\"2 iquique\"},\n"
                                  "\"fields\":{\n\"stage\":{" C2 ":\"workshop\"}\n}}\n");
    struct record b = parsed(HEAD "\"seen\":{" C1 ":\"1 iquique\"," C3 ":\"2 santiago\"},\n"
                                  "\"fields\":{\n\"stage\":{" C3 ":\"purchase\"}\n}}\n");
    struct record ab;
    join(&a, &b, &ab);
    sample_assert_same(sample_encode(&ab, &left),
                       BYTES(HEAD "\"seen\":{" C1 ":\"1 iquique\"," C2 ":\"2 iquique\"," C3
                                  ":\"2 santiago\"},\n\"fields\":{\n\"stage\":{" C2
                                  ":\"workshop\"," C3 ":\"purchase\"}\n}}\n"));
    record_release(&a);
    record_release(&b);
    record_release(&ab);
}

static void a_superseded_value_does_not_come_back(void **state)
{
    (void)state;
    struct record old = parsed(HEAD "\"seen\":{" C1 ":\"1 iquique\"},\n"
                                    "\"fields\":{\n\"stage\":{" C1 ":\"workshop\"}\n},\n"
                                    "\"sets\":{\n\"needs\":{\"health\":[" C1 "]}\n}}\n");
    struct record new = parsed(HEAD "\"seen\":{" C1 ":\"1 iquique\"," C2 ":\"2 iquique\"},\n"
                                    "\"fields\":{\n\"stage\":{" C2 ":null}\n}}\n");
    struct record joined;
    join(&old, &new, &joined);
    assert_equal(&joined, &new);
    record_release(&old);
    record_release(&new);
    record_release(&joined);
}

static void an_entry_joins_itself(void **state)
{
    (void)state;
    const char *text = "{\"id\":\"3fa9c04be1d27788a0c4f19e3fa9c04be1d27788\",\"type\":\"grant\","
                       "\"entry\":{\n\"amount\":200000,\n\"currency\":\"USD\"\n}}\n";
    struct record a = parsed(text), b = parsed(text), ab;
    join(&a, &b, &ab);
    record_release(&a); /* the joined content is a copy */
    record_release(&b);
    sample_assert_same(sample_encode(&ab, &left), bytes_of_text(text));
    record_release(&ab);
}

static void of_two_entries_under_one_id_the_smaller_stands(void **state)
{
    (void)state;
    struct record a = {.id = BYTES("00"), .type = BYTES("note"), .entry = BYTES("{\"a\":1}")};
    struct record b = {.id = BYTES("00"), .type = BYTES("note"), .entry = BYTES("{\"a\":2}")};
    struct record ab, ba;
    join(&a, &b, &ab);
    join(&b, &a, &ba);
    sample_assert_same(ab.entry, a.entry);
    sample_assert_same(ba.entry, a.entry);
    record_release(&ab);
    record_release(&ba);
}

static void versions_of_different_records_do_not_join(void **state)
{
    (void)state;
    static struct sample a, b;
    uint64_t seed = 3;
    struct record out;
    sample_make(&a, &seed, false);
    b = a;
    sample_build(&b, NULL);
    b.record.id = BYTES("3fa9c04be1d27788a0c4f19f");
    assert_int_equal(record_join(&a.record, &b.record, &out), ST_MALFORMED);
    assert_null(out.block);
    b.record.id = a.record.id;
    b.record.type = BYTES("visit");
    assert_int_equal(record_join(&a.record, &b.record, &out), ST_MALFORMED);
    b.record.type = a.record.type;
    b.record.entry = BYTES("{}");
    assert_int_equal(record_join(&a.record, &b.record, &out), ST_MALFORMED);
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    (void)state;
    static struct sample a, b;
    uint64_t seed = 4;
    struct record out;
    sample_make(&a, &seed, false);
    sample_make(&b, &seed, false);
    unsigned failures = 0;
    for (uint64_t n = 1;; n++) {
        mem_fail_at(n);
        enum status status = record_join(&a.record, &b.record, &out);
        bool failed = mem_failed();
        mem_fail_at(0);
        if (!failed) {
            assert_int_equal(status, ST_OK);
            record_release(&out);
            break;
        }
        failures++;
        assert_int_equal(status, ST_NO_MEMORY);
        assert_null(out.block);
        assert_int_equal(out.seen_count, 0);
    }
    assert_true(failures >= 1);
}

static int release_buffers(void **state)
{
    (void)state;
    buf_release(&left);
    buf_release(&right);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concurrent_values_are_both_kept),
        cmocka_unit_test(a_superseded_value_does_not_come_back),
        cmocka_unit_test(an_entry_joins_itself),
        cmocka_unit_test(of_two_entries_under_one_id_the_smaller_stands),
        cmocka_unit_test(versions_of_different_records_do_not_join),
        cmocka_unit_test(a_failed_allocation_leaves_nothing),
        cmocka_unit_test(laws_hold_on_random_records),
        cmocka_unit_test(laws_hold_on_records_of_liars),
    };
    return cmocka_run_group_tests(tests, NULL, release_buffers);
}
