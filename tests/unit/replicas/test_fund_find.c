#include "tests/unit/replicas/fund_kit.h"

#include "replicas/fund_find.h"

static void entries_by_number_and_id(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    office_run(s, ST_OK, "fund", "allot", "santiago", "workshops", "CLP", "10", "--date=2026-05-03",
               NULL);
    office_run(s, ST_OK, "fund", "expense", "workshops", "CLP", "3", "--receipt=1",
               "--date=2026-05-03", "--ref=7", NULL);
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "4", "--receipt=2",
               "--date=2026-05-03", "--ref=7", NULL);
    office_run(i, ST_OK, "fund", "pass", "santiago", "enterprises", "CLP", "4", "--date=2026-05-03",
               "--ref=7", NULL);
    fund_kit_meet(&k);
    office_run(i, ST_AMBIGUOUS, "fund", "reverse", "7", "--because=x", NULL);
    fund_kit_says(i, "'7' names more than one entry: ", "give the digits of its id");
    assert_non_null(strstr(i->fault.text, "(expense, iquique)"));
    assert_non_null(strstr(i->fault.text, "(pass, iquique)"));
    office_run(s, ST_OK, "fund", "reverse", "7", "--because=x", NULL); /* our own comes first */
    assert_int_equal(office_number(s, 0, "accounts.0.after"), 10);
    office_run(i, ST_NOT_FOUND, "fund", "reverse", "8", "--because=x", NULL);
    office_run(i, ST_NOT_FOUND, "fund", "reverse", "fff", "--because=x", NULL);
    office_run(i, ST_NOT_FOUND, "fund", "pay", "E99", "CLP", "1", "--date=2026-05-03", NULL);
    fund_kit_says(i, "enterprise: there is no enterprise 'E99' here", "minga list enterprise");
    fund_kit_end(&k);
}

/* The same by the function itself: which of them, and of which kind. */
static void finds_in_a_book(void **state)
{
    (void)state;
    struct fund_kit k;
    struct book *b = NULL;
    struct fault f = {0};
    char id[ENTRY_ID_TEXT + 1];
    uint32_t at = 0;
    fund_kit_begin(&k);
    office_run(&k.iquique, ST_OK, "fund", "pass", "santiago", "enterprises", "CLP", "4",
               "--date=2026-05-03", "--ref=A1", NULL);
    office_id(&k.iquique, id);
    assert_int_equal(book_read(k.iquique.replica, &b, &f), ST_OK);
    assert_int_equal(fund_find_entry(b, "iquique", BYTES("A1"), BOOK_KINDS, &at, &f), ST_OK);
    assert_int_equal(b->entries[at].kind, BOOK_PASS);
    assert_int_equal(fund_find_entry(b, "santiago", BYTES("A1"), BOOK_KINDS, &at, &f), ST_OK);
    assert_int_equal(b->entries[at].kind, BOOK_ALLOTMENT);
    assert_int_equal(fund_find_entry(b, "arica", BYTES("A1"), BOOK_KINDS, &at, &f), ST_AMBIGUOUS);
    assert_int_equal(fund_find_entry(b, "arica", BYTES("A1"), BOOK_PASS, &at, &f), ST_OK);
    assert_int_equal(fund_find_entry(b, "iquique", BYTES("A1"), BOOK_EXPENSE, &at, &f),
                     ST_NOT_FOUND);
    for (size_t digits = 1; digits <= ENTRY_ID_TEXT; digits++) {
        struct bytes prefix = {(const uint8_t *)id, digits};
        enum status status = fund_find_entry(b, "iquique", prefix, BOOK_KINDS, &at, &f);
        assert_true(digits >= 8 ? status == ST_OK : digits < 4 ? status == ST_NOT_FOUND : true);
        assert_true(status != ST_OK || b->entries[at].kind == BOOK_PASS);
    }
    assert_int_equal(fund_find_entry(b, "iquique", BYTES(""), BOOK_KINDS, &at, &f), ST_NOT_FOUND);
    book_free(b);
    fund_kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_by_number_and_id),
        cmocka_unit_test(finds_in_a_book),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
