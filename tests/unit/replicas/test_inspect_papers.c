#include "tests/unit/replicas/inspect_kit.h"

static struct book_entry *spend(struct kit *k, const char *receipt, const char *supplier,
                                const char *office)
{
    struct book_entry *e = kit_entry(k, BOOK_EXPENSE, "X002", "2009-10-01", 100, BOOK_NONE);
    e->receipt = kit_text(k, receipt);
    e->supplier = kit_text(k, supplier);
    e->office = kit_text(k, office);
    return e;
}

static void test_receipt_twice_in_two_offices(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    spend(k, "Boleta N\xc2\xba 78-625", "", "iquique");
    kit_expect_none(k); /* "N" is a letter of the number: another one */
    k->entries[k->b.entry_count - 1].receipt = kit_text(k, "BOLETA 78-625");
    kit_expect_entry(k, FINDING_RECEIPT_TWICE, KIT_DRILL,
                     "receipt BOLETA 78-625 is used 2 times, and the supplier is not always "
                     "named: by P001 santiago, X002 iquique");
    assert_int_equal(k->found.list[0].record_count, 2);
    kit_reverse(k, KIT_DRILL);
    kit_inspect(k); /* the reversed one does not count; what was paid is not bought now */
    assert_int_equal(k->found.count, 1);
    assert_int_equal(k->found.list[0].rule, FINDING_PURCHASE_BELOW_DISBURSEMENT);
    kit_free(k);
}

static void test_receipt_of_two_suppliers(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_DRILL].supplier = kit_text(k, "Ferreter\xc3\xad"
                                                 "a Sur");
    spend(k, "boleta 78625",
          "Panader\xc3\xad"
          "a Luz",
          "iquique");
    kit_expect_none(k); /* two suppliers count as they like */
    k->entries[k->b.entry_count - 1].supplier = kit_text(k, "FERRETERIA  SUR");
    kit_expect_entry(k, FINDING_RECEIPT_TWICE, KIT_DRILL,
                     "receipt boleta 78625 of FERRETERIA  SUR is used 2 times: by P001 santiago, "
                     "X002 iquique");
    kit_free(k);
}

static void test_receipt_without_supplier_may_be_of_any(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_DRILL].supplier = kit_text(k, "A");
    k->entries[KIT_FLOUR].supplier = kit_text(k, "B");
    k->entries[KIT_FLOUR].receipt = k->entries[KIT_DRILL].receipt;
    kit_expect_none(k);
    spend(k, "boleta 78625", "", "iquique");
    kit_inspect(k); /* one for each supplier that it may be of */
    assert_int_equal(k->found.count, 2);
    assert_int_equal(k->found.list[0].rule, FINDING_RECEIPT_TWICE);
    assert_int_equal(k->found.list[1].rule, FINDING_RECEIPT_TWICE);
    kit_free(k);
}

/* However many name no supplier and however many name another one each: a list as long as they. */
static void test_receipt_of_many_is_one_finding(void **state)
{
    (void)state;
    enum { MANY = 20 };
    struct kit *k = kit_new();
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof name, "supplier %d", i);
        spend(k, "boleta 1", "", "iquique");
        spend(k, "boleta 1", name, "iquique");
    }
    kit_inspect(k);
    assert_int_equal(k->found.count, 1);
    assert_int_equal(k->found.list[0].rule, FINDING_RECEIPT_TWICE);
    assert_int_equal(k->found.list[0].record_count, 2 * MANY);
    kit_free(k);
}

static void test_receipt_three_times_is_one_finding(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    spend(k, "boleta 78625", "", "iquique");
    spend(k, "boleta 78625", "", "santiago");
    kit_expect_entry(k, FINDING_RECEIPT_TWICE, KIT_DRILL,
                     "receipt boleta 78625 is used 3 times, and the supplier is not always named: "
                     "by P001 santiago, X002 iquique, X002 santiago");
    kit_free(k);
}

static void test_no_receipt(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_FLOUR].receipt = 0;
    kit_expect_entry(k, FINDING_NO_RECEIPT, KIT_FLOUR,
                     "the purchase P002 of santiago (CLP 100000, 2009-09-27) has no receipt");
    k->entries[KIT_FLOUR].documents = 1; /* a photo of it is one */
    kit_expect_none(k);
    k->entries[KIT_RENT].receipt = 0;
    kit_expect_entry(k, FINDING_NO_RECEIPT, KIT_RENT,
                     "the expense X001 of santiago (CLP 30000, 2009-09-30) has no receipt");
    kit_reverse(k, KIT_RENT);
    kit_expect_none(k);
    kit_free(k);
}

static void test_not_handed_over(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_DRILL].handed_over = BOOK_NO_DAY;
    kit_expect_entry(k, FINDING_NOT_HANDED_OVER, KIT_DRILL,
                     "what santiago bought as P001 (CLP 50000, 2009-09-19) was not handed over to "
                     "enterprise E01");
    kit_entry(k, BOOK_TRANSFER, "T1", "2009-12-01", 0, BOOK_NONE)->about = KIT_DRILL;
    kit_expect_none(k);
    kit_reverse(k, k->b.entry_count - 1);
    kit_expect_entry(k, FINDING_NOT_HANDED_OVER, KIT_DRILL,
                     "what santiago bought as P001 (CLP 50000, 2009-09-19) was not handed over to "
                     "enterprise E01");
    kit_free(k);
}

static void test_grant_twice(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct book_entry *e = kit_entry(k, BOOK_GRANT, "G7", "2009-07-01", 1000000, BOOK_NONE);
    e->what = kit_text(k, "Fosis");
    e->office = kit_text(k, "iquique");
    kit_expect_entry(k, FINDING_GRANT_TWICE, KIT_GRANT,
                     "the grant of FOSIS of 2009-07-01 (CLP 1000000) is registered 2 times: by G1 "
                     "santiago, G7 iquique");
    e->money.amount--;
    kit_expect_none(k);
    e->money.amount++;
    e->day++;
    kit_expect_none(k);
    e->day--;
    e->what = kit_text(k, "FOSIS II");
    kit_expect_none(k);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_receipt_twice_in_two_offices),
        cmocka_unit_test(test_receipt_of_two_suppliers),
        cmocka_unit_test(test_receipt_without_supplier_may_be_of_any),
        cmocka_unit_test(test_receipt_of_many_is_one_finding),
        cmocka_unit_test(test_receipt_three_times_is_one_finding),
        cmocka_unit_test(test_no_receipt),
        cmocka_unit_test(test_not_handed_over),
        cmocka_unit_test(test_grant_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
