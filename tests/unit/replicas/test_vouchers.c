#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/vouchers.h"
#include "tests/unit/replicas/sample_book.h"

static int64_t sum(const struct vouchers *v, const struct vouchers_item *item, const char *currency)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < item->count; i++) {
        const struct vouchers_leg *leg = &v->legs[item->first + i];
        bool priced = leg->cost.currency[0] != '\0';
        const char *in = priced ? leg->cost.currency : v->book->accounts[leg->account].currency;
        if (strcmp(in, currency) != 0)
            continue;
        if (priced)
            total += leg->amount < 0 ? -leg->cost.amount : leg->cost.amount;
        else
            total += leg->amount;
    }
    return total;
}

static void check_balanced(const struct vouchers *v)
{
    int32_t last = INT32_MIN;
    for (uint32_t i = 0; i < v->count; i++) {
        const char *currency;
        for (uint32_t c = 0; (currency = vouchers_currency(v->book, c)) != NULL; c++)
            assert_int_equal(sum(v, &v->items[i], currency), 0);
        assert_true(v->items[i].day >= last);
        last = v->items[i].day;
    }
    assert_true(v->count == 0 || (v->first_day == v->items[0].day && v->last_day == last));
}

/* Every posting is there once: what the legs of an account sum to is its balance. */
static void check_whole(const struct vouchers *v)
{
    for (uint32_t a = 0; a < v->book->account_count; a++) {
        int64_t total = 0;
        for (uint32_t i = 0; i < v->leg_count; i++)
            if (v->legs[i].side == VOUCHERS_ASSETS && v->legs[i].account == a)
                total += v->legs[i].amount;
        assert_int_equal(total, vouchers_balance(&v->book->accounts[a]));
    }
}

static void each_is_balanced_and_all_are_there(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct vouchers v;
    sample_fill(&s);
    assert_int_equal(vouchers_init(&s.b, &v), ST_OK);
    check_balanced(&v);
    check_whole(&v);
    assert_int_equal(v.count, s.b.entry_count - 1); /* the award posts nothing */
    assert_true(vouchers_uses(&v, VOUCHERS_INCOME, 0));
    assert_false(vouchers_uses(&v, VOUCHERS_EQUITY, 0));
    vouchers_release(&v);
    sample_release(&s);
}

static void what_the_book_does_not_know_comes_last(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct vouchers v;
    sample_grant(&s, "G1", "santiago", "2009-07-01", 5, "USD");
    sample_post(&s, BOOK_NONE, "santiago", "own", 7, "CLP");
    sample_grant(&s, "G2", "santiago", "2009-06-01", 5, "CLP");
    sample_close(&s);
    assert_int_equal(vouchers_init(&s.b, &v), ST_OK);
    check_balanced(&v);
    check_whole(&v);
    assert_int_equal(v.count, 3);
    assert_int_equal(v.items[0].entry, 1);
    assert_int_equal(v.items[2].entry, BOOK_NONE);
    assert_true(vouchers_uses(&v, VOUCHERS_EQUITY, 0));
    vouchers_release(&v);
    sample_release(&s);
}

static void a_reversal_takes_the_side_of_what_it_reverses(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct vouchers v;
    uint32_t grant = sample_grant(&s, "G1", "santiago", "2009-07-01", 5, "USD");
    sample_reverse(&s, grant);
    sample_close(&s);
    assert_int_equal(vouchers_init(&s.b, &v), ST_OK);
    check_balanced(&v);
    assert_int_equal(v.legs[v.items[1].first + 1].side, VOUCHERS_INCOME);
    assert_int_equal(v.legs[v.items[1].first + 1].amount, 5);
    vouchers_release(&v);
    sample_release(&s);
}

static void ten_thousand(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct vouchers v;
    for (int i = 0; i < 10000; i++) {
        char day[16];
        snprintf(day, sizeof day, "20%02d-0%d-1%d", i % 30, 1 + i % 9, i % 7);
        sample_spend(&s, BOOK_EXPENSE, "S", i % 2 ? "a1" : "b1", i % 3 ? "x" : "y", day, i + 1,
                     i % 5 ? "CLP" : "USD");
    }
    sample_close(&s);
    assert_int_equal(vouchers_init(&s.b, &v), ST_OK);
    assert_int_equal(v.count, 10000);
    check_balanced(&v);
    check_whole(&v);
    vouchers_release(&v);
    sample_release(&s);
}

static void currencies_ascend_each_once(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    sample_fill(&s);
    assert_string_equal(vouchers_currency(&s.b, 0), "CLP");
    assert_string_equal(vouchers_currency(&s.b, 1), "KWD");
    assert_string_equal(vouchers_currency(&s.b, 2), "USD");
    assert_null(vouchers_currency(&s.b, 3));
    sample_release(&s);
}

static void no_memory(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    sample_fill(&s);
    for (uint64_t n = 1; n <= 4; n++) {
        struct vouchers v;
        mem_fail_at(n);
        assert_int_equal(vouchers_init(&s.b, &v), ST_NO_MEMORY);
        assert_true(mem_failed());
        mem_fail_at(0);
        assert_null(v.items);
        assert_int_equal(v.count, 0);
    }
    sample_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_balanced_and_all_are_there),
        cmocka_unit_test(what_the_book_does_not_know_comes_last),
        cmocka_unit_test(a_reversal_takes_the_side_of_what_it_reverses),
        cmocka_unit_test(ten_thousand),
        cmocka_unit_test(currencies_ascend_each_once),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
