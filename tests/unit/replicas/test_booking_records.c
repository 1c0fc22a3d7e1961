#include "tests/unit/replicas/book_kit.h"

static const char *text(const struct book *b, book_text_at at)
{
    return book_text(b, at);
}

static const struct book_entry *entry(const struct book *b, enum book_kind kind)
{
    for (uint32_t i = 0; i < b->entry_count; i++)
        if (b->entries[i].kind == kind)
            return &b->entries[i];
    fail_msg("no %s", book_word(kind));
    return NULL;
}

static void every_record_says_what_was_typed(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    struct book *b = book_of(&o);
    const struct book_programme *p = &b->programmes[0];
    assert_string_equal(text(b, p->title), "Card");
    assert_string_equal(text(b, p->country), "Chile");
    assert_string_equal(text(b, p->partners), "ACNUR\nFOSIS");
    assert_int_equal(p->start, book_day(BYTES("2009-07-01")));
    assert_int_equal(p->end, BOOK_NO_DAY);
    assert_string_equal(p->lines_currency, "CLP");
    assert_int_equal(p->line_idea, 150000);
    assert_int_equal(p->line_innovation, BOOK_UNKNOWN);
    const struct book_household *h = &b->households[0];
    assert_string_equal(text(b, h->number), "H1");
    assert_string_equal(text(b, h->commune), "Pudahuel");
    assert_string_equal(text(b, h->referral), "");
    assert_int_equal(h->people, 4);
    const struct book_enterprise *e = &b->enterprises[0];
    assert_string_equal(text(b, e->number), "E1");
    assert_string_equal(text(b, e->line), "idea");
    assert_string_equal(text(b, e->stage), "purchase");
    assert_int_equal(e->household, 0);
    assert_int_equal(b->visits[0].household, 0);
    assert_int_equal(b->visits[0].score, 78);
    assert_string_equal(text(b, b->visits[0].decision), "selected");
    assert_int_equal(b->sessions[0].enterprise, 0);
    assert_int_equal(b->sessions[0].ordinal, 1);
    assert_int_equal(b->incomes[0].monthly.amount, 60500);
    assert_string_equal(b->incomes[0].monthly.currency, "CLP");
    assert_int_equal(b->incomes[0].day, BOOK_NO_DAY);
    assert_int_equal(b->contacts[0].attendees, 9);
    assert_string_equal(text(b, b->contacts[0].institution), "health network");
    book_free(b);
    office_close(&o);
}

static void every_entry_says_what_was_typed(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    struct book *b = book_of(&o);
    const struct book_entry *e = entry(b, BOOK_GRANT);
    assert_int_equal(e->money.amount, 200050);
    assert_string_equal(text(b, e->what), "FOSIS");
    assert_string_equal(text(b, e->office), "santiago");
    assert_string_equal(text(b, e->line), "pool");
    e = entry(b, BOOK_EXCHANGE);
    assert_string_equal(e->money.currency, "USD");
    assert_string_equal(e->other.currency, "CLP");
    assert_int_equal(e->other.amount, 900000);
    assert_string_equal(text(b, e->line), "pool");
    e = entry(b, BOOK_ALLOTMENT);
    assert_int_equal(e->day, BOOK_NO_DAY);
    assert_string_equal(text(b, e->line), "pool");
    assert_string_equal(text(b, e->to), "santiago");
    e = entry(b, BOOK_PASS);
    assert_string_equal(text(b, e->line), "workshops");
    assert_string_equal(text(b, e->to_line), "community");
    assert_string_equal(text(b, entry(b, BOOK_DISBURSEMENT)->line), "enterprises");
    assert_string_equal(text(b, entry(b, BOOK_AWARD)->line), "");
    assert_int_equal(entry(b, BOOK_AWARD)->enterprise, 0);
    e = entry(b, BOOK_PURCHASE);
    assert_string_equal(text(b, e->what), "mixer");
    assert_string_equal(text(b, e->supplier), "shop");
    assert_int_equal(e->handed_over, BOOK_NO_DAY);
    assert_ptr_equal(&b->entries[entry(b, BOOK_TRANSFER)->about], e);
    e = entry(b, BOOK_REVERSAL);
    assert_int_equal(b->entries[e->about].kind, BOOK_EXPENSE);
    assert_int_equal(e->day, b->entries[e->about].day);
    assert_string_equal(text(b, e->line), "workshops");
    assert_int_equal(entry(b, BOOK_STATEMENT)->money.amount, 1000);
    assert_string_equal(text(b, entry(b, BOOK_STATEMENT)->line), "community");
    book_free(b);
    office_close(&o);
}

static void a_conflict_is_listed_until_it_is_settled(void **state)
{
    (void)state;
    struct office a, b;
    struct book_ids ids;
    book_small(&a, &ids);
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_send(&a, &b);
    office_run(&a, ST_OK, "set", ids.enterprise, "line=innovation", "trade=bakery", NULL);
    office_run(&b, ST_OK, "set", ids.enterprise, "line=strengthening", "trade=baker", NULL);
    office_send(&b, &a);
    struct book *book = book_of(&a);
    assert_int_equal(book->conflict_count, 2);
    assert_string_equal(book->conflicts[0].field, "line");
    assert_true(book->conflicts[0].money);
    assert_string_equal(book->conflicts[1].field, "trade");
    assert_false(book->conflicts[1].money);
    office_run(&a, ST_OK, "resolve", ids.enterprise, "line=idea", NULL);
    assert_int_equal(book_follow(a.replica, &book, &a.fault), ST_OK);
    assert_int_equal(book->conflict_count, 1);
    assert_string_equal(book_text(book, book->enterprises[0].line), "idea");
    book_free(book);
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_says_what_was_typed),
        cmocka_unit_test(every_entry_says_what_was_typed),
        cmocka_unit_test(a_conflict_is_listed_until_it_is_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
