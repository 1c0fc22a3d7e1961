#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/iati_groups.h"
#include "tests/unit/replicas/sample_book.h"

enum { SMALL = 3 };

/* 'count' payments to enterprises first, first + 1 … on one day. */
static void pay(struct sample *s, uint32_t first, uint32_t count, const char *day)
{
    for (uint32_t i = 0; i < count; i++)
        sample_pay(s, "D", "iquique", first + i, day, 100, "CLP");
}

static void enterprises(struct sample *s, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sample_enterprise(s, "E", "iquique");
}

/* Nothing is lost but what is left out, and no sum tells what too few were paid. */
static struct iati_groups grouped(struct sample *s, uint32_t left_out)
{
    struct iati_groups g;
    int64_t told = 0, spent = 0;
    uint32_t entries = 0, all = 0;
    sample_close(s);
    assert_int_equal(iati_groups_init(&s->b, SMALL, &g), ST_OK);
    assert_int_equal(g.left_out, left_out);
    for (uint32_t i = 0; i < g.count; i++) {
        assert_true(!g.items[i].of_people || g.items[i].enterprises >= SMALL);
        told += g.items[i].amount;
        entries += g.items[i].entries;
    }
    for (uint32_t i = 0; i < s->b.entry_count; i++) {
        const struct book_entry *e = &s->b.entries[i];
        bool counts = (e->kind == BOOK_EXPENSE || e->kind == BOOK_DISBURSEMENT) &&
                      e->reversed_by == BOOK_NONE;
        all += counts ? 1 : 0;
        spent += counts ? e->money.amount : 0;
    }
    assert_int_equal(entries + left_out, all);
    if (left_out == 0)
        assert_int_equal(told, spent);
    return g;
}

static void month_by_month(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    enterprises(&s, 9);
    pay(&s, 0, 3, "2009-08-01");
    pay(&s, 3, 2, "2009-09-10");
    pay(&s, 5, 1, "2009-10-11");
    pay(&s, 6, 3, "2009-12-31");
    struct iati_groups g = grouped(&s, 0);
    assert_int_equal(g.count, 3);
    assert_int_equal(g.items[0].amount, 300);
    assert_int_equal(g.items[1].first, book_day(BYTES("2009-09-10")));
    assert_int_equal(g.items[1].last, book_day(BYTES("2009-10-11")));
    assert_int_equal(g.items[1].amount, 300);
    assert_string_equal(g.items[2].line, "enterprises");
    iati_groups_release(&g);
    sample_release(&s);
}

static void one_enterprise_paid_thrice_is_one(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    enterprises(&s, 3);
    for (int i = 0; i < 3; i++)
        pay(&s, 0, 1, "2009-08-01");
    pay(&s, 1, 2, "2009-09-01");
    struct iati_groups g = grouped(&s, 0);
    assert_int_equal(g.count, 1);
    assert_int_equal(g.items[0].amount, 500);
    iati_groups_release(&g);
    sample_release(&s);
}

static void what_is_left_goes_with_what_was_before(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    enterprises(&s, 7);
    pay(&s, 0, 3, "2009-08-01");
    pay(&s, 3, 3, "2009-09-01");
    pay(&s, 6, 1, "2009-10-01");
    struct iati_groups g = grouped(&s, 0);
    assert_int_equal(g.count, 2);
    assert_int_equal(g.items[1].amount, 400);
    iati_groups_release(&g);
    sample_release(&s);
}

/* An expense on the line of enterprises is nobody's; it does not make two enterprises enough. */
static void expenses_hide_nobody(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    enterprises(&s, 5);
    pay(&s, 0, 3, "2009-07-01");
    sample_spend(&s, BOOK_EXPENSE, "X", "iquique", "enterprises", "2009-08-01", 7, "CLP");
    pay(&s, 3, 2, "2009-09-01");
    struct iati_groups g = grouped(&s, 0);
    assert_int_equal(g.count, 1);
    assert_int_equal(g.items[0].amount, 507);
    assert_int_equal(g.items[0].enterprises, 5);
    iati_groups_release(&g);
    sample_release(&s);
}

static void too_few_at_all(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    enterprises(&s, 2);
    pay(&s, 0, 2, "2009-08-01");
    struct iati_groups g = grouped(&s, 2);
    assert_int_equal(g.count, 0);
    iati_groups_release(&g);
    sample_spend(&s, BOOK_EXPENSE, "X", "iquique", "workshops", "2009-08-09", 7, "USD");
    g = grouped(&s, 2);
    assert_int_equal(g.count, 1);
    iati_groups_release(&g);
    sample_release(&s);
    enterprises(&s, 2);
    pay(&s, 0, 2, "2009-08-01");
    sample_spend(&s, BOOK_EXPENSE, "X", "iquique", "workshops", "2009-08-09", 7, "CLP");
    sample_close(&s);
    assert_int_equal(iati_groups_init(&s.b, SMALL, &g), ST_OK);
    assert_int_equal(g.count, 1);
    assert_null(g.items[0].line);
    assert_int_equal(g.items[0].amount, 207);
    iati_groups_release(&g);
    sample_release(&s);
}

static void a_payment_to_somebody_unknown_counts_for_nobody(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    for (int i = 0; i < 5; i++)
        sample_pay(&s, "D", "iquique", BOOK_NONE, "2009-08-01", 100, "CLP");
    struct iati_groups g = grouped(&s, 5);
    iati_groups_release(&g);
    sample_release(&s);
}

static void what_was_reversed_is_not_told(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    enterprises(&s, 4);
    pay(&s, 0, 4, "2009-08-01");
    sample_reverse(&s, 2);
    struct iati_groups g = grouped(&s, 0);
    assert_int_equal(g.count, 1);
    assert_int_equal(g.items[0].amount, 300);
    iati_groups_release(&g);
    sample_release(&s);
}

static void many_of_every_size(void **state)
{
    (void)state;
    static const char *const days[] = {"2009-01-31", "2009-02-01", "2009-03-05", "2010-01-01"};
    for (uint32_t shape = 0; shape < 4 * 4 * 4 * 4 * 2; shape++) {
        struct sample s = {.made = 0};
        uint32_t left = shape, total = 0;
        enterprises(&s, 12);
        for (uint32_t m = 0; m < 4; m++, left /= 4) {
            pay(&s, total, left % 4, days[m]);
            total += left % 4;
            if (left >= 4)
                sample_spend(&s, BOOK_EXPENSE, "X", "iquique", "enterprises", days[m], 7, "CLP");
        }
        struct iati_groups g;
        sample_close(&s);
        assert_int_equal(iati_groups_init(&s.b, SMALL, &g), ST_OK);
        iati_groups_release(&g);
        g = grouped(&s, total > 0 && total < SMALL ? s.b.entry_count : 0);
        iati_groups_release(&g);
        sample_release(&s);
    }
}

static void no_memory(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    sample_fill(&s);
    for (uint64_t n = 1; n <= 3; n++) {
        struct iati_groups g;
        mem_fail_at(n);
        assert_int_equal(iati_groups_init(&s.b, SMALL, &g), ST_NO_MEMORY);
        mem_fail_at(0);
        assert_null(g.items);
    }
    sample_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(month_by_month),
        cmocka_unit_test(one_enterprise_paid_thrice_is_one),
        cmocka_unit_test(what_is_left_goes_with_what_was_before),
        cmocka_unit_test(expenses_hide_nobody),
        cmocka_unit_test(too_few_at_all),
        cmocka_unit_test(a_payment_to_somebody_unknown_counts_for_nobody),
        cmocka_unit_test(what_was_reversed_is_not_told),
        cmocka_unit_test(many_of_every_size),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
