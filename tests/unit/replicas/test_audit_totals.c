#include "replicas/auditing.h"
#include "tests/unit/replicas/inspect_kit.h"

static void gather(struct kit *k, struct audit_result *a)
{
    *a = (struct audit_result){.state = {{0}}};
    assert_int_equal(audit_totals_gather(&k->b, a), ST_OK);
}

static const struct audit_total *of(const struct audit_result *a, const char *currency)
{
    for (uint32_t i = 0; i < a->total_count; i++)
        if (strcmp(a->totals[i].currency, currency) == 0)
            return &a->totals[i];
    fail_msg("no total of %s", currency);
    return NULL;
}

static void test_sums(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct audit_result a;
    struct book_entry *e = kit_entry(k, BOOK_EXCHANGE, "E1", "2009-07-03", 500, BOOK_NONE);
    memcpy(e->money.currency, "USD", 4);
    e->other = (struct book_money){270000, "CLP"};
    k->entries[KIT_FLOUR].receipt = 0;
    k->entries[KIT_FLOUR].handed_over = BOOK_NO_DAY;
    gather(k, &a);
    assert_int_equal(a.total_count, 2);
    assert_string_equal(a.totals[0].currency, "CLP");
    const struct audit_total *clp = of(&a, "CLP"), *usd = of(&a, "USD");
    assert_int_equal(usd->given, 500);
    assert_int_equal(usd->received, 0);
    assert_int_equal(clp->received, 270000);
    assert_int_equal(clp->granted, 1000000);
    assert_int_equal(clp->allotted, 600000);
    assert_int_equal(clp->awarded, 150000);
    assert_int_equal(clp->disbursed, 150000);
    assert_int_equal(clp->purchased, 150000);
    assert_int_equal(clp->expensed, 30000);
    assert_int_equal(clp->receipted, 80000);
    assert_int_equal(clp->handed_over, 50000);
    assert_int_equal(clp->balance, 820000);
    assert_int_equal(a.kinds[BOOK_PURCHASE], 2);
    assert_int_equal(a.kinds[BOOK_STATEMENT], 1);
    mem_free(a.totals);
    kit_free(k);
}

static void test_without_what_was_reversed(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct audit_result a;
    kit_reverse(k, KIT_RENT);
    gather(k, &a);
    assert_int_equal(of(&a, "CLP")->expensed, 0);
    assert_int_equal(of(&a, "CLP")->receipted, 150000);
    assert_int_equal(a.reversed, 1);
    assert_int_equal(a.kinds[BOOK_EXPENSE], 0);
    assert_int_equal(a.kinds[BOOK_REVERSAL], 1);
    mem_free(a.totals);
    kit_free(k);
}

static void test_without_memory(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    for (uint64_t n = 1; n <= 2; n++) {
        struct audit_result a = {.state = {{0}}};
        mem_fail_at(n);
        assert_int_equal(audit_totals_gather(&k->b, &a), ST_NO_MEMORY);
        mem_fail_at(0);
        mem_free(a.totals);
    }
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_without_what_was_reversed),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
