#include "tests/unit/replicas/book_kit.h"

#include "replicas/engine.h"

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

/* The state with a file of these bytes at that path (NULL: of a blob that is nowhere). */
static void expect_corrupt(struct office *o, const char *path, const char *bytes,
                           const char *sentence)
{
    struct replica *r = o->replica;
    struct oid before = r->state;
    struct tree_change change = {.path = path, .blob = {{1, 2, 3}}};
    struct book *b = NULL;
    if (bytes != NULL)
        assert_int_equal(
            store_write(r->store, STORE_BLOB, bytes_of_text(bytes), NULL, &change.blob), ST_OK);
    assert_int_equal(tree_edit(r->store, &before, &change, 1, &r->state, &o->fault), ST_OK);
    assert_int_equal(book_read(r, &b, &o->fault), ST_CORRUPT);
    assert_null(b);
    if (strstr(o->fault.text, sentence) == NULL)
        fail_msg("%s: %s", path, o->fault.text);
    r->state = before;
}

static void damage_is_named(void **state)
{
    (void)state;
    static const char household[] = "records/household/a/b/c/abcabcabcabcabcabcabcabc.json";
    static const char grant[] = "records/grant/a/b/c/abcabcabcabcabcabcabcabcabcabcabcabcabca.json";
    static const char stub[] =
        "accounts/santiago/pool.CLP/a/b/c/abcabcabcabcabcabcabcabcabcabcabcabcabca";
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    expect_corrupt(&o, household, "{}", household);
    expect_corrupt(&o, household, "no record at all", "is no canonical record");
    expect_corrupt(&o, household, NULL, "is missing");
    expect_corrupt(&o, household,
                   "{\"id\":\"abcabcabcabcabcabcabcabcabcabcabcabcabcab\",\"type\":\"grant\","
                   "\"entry\":{\n\"amount\":1\n}}\n",
                   "is no canonical record");
    /* An entry that no commit brought is read where it lies. */
    expect_corrupt(&o, grant, "no entry at all", "is no canonical record");
    expect_corrupt(&o, "records/grant/a/b/c/zzz.json", "{}", "is no canonical record");
    expect_corrupt(&o, stub, "12 pesos\n", "is no signed integer");
    expect_corrupt(&o, stub, "12", "is no signed integer");
    expect_corrupt(&o, stub, NULL, "is missing");
    expect_corrupt(&o, "accounts/santiago/pool/a/b/c/1", "1\n", "is no place of an account's stub");
    expect_corrupt(&o, "accounts/santiago/pool.CLP/a/b/c/1", "1\n",
                   "is no place of an account's stub");
    struct book *b = book_of(&o); /* as it was */
    assert_int_equal(b->household_count, 1);
    book_free(b);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_says_what_was_typed),
        cmocka_unit_test(every_entry_says_what_was_typed),
        cmocka_unit_test(a_conflict_is_listed_until_it_is_settled),
        cmocka_unit_test(damage_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
