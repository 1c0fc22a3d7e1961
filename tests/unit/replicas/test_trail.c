#include "tests/unit/replicas/book_kit.h"

#include "proto/mem.h"
#include "replicas/trail.h"

static struct office offices[BOOK_OFFICES];

static int make_offices(void **state)
{
    (void)state;
    book_whole_programme(offices);
    return 0;
}

static int close_offices(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        office_close(&offices[i]);
    return 0;
}

static bool has_step(const struct trail *t, const struct book *b, enum trail_part part,
                     enum book_kind kind)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->steps[i].part == part && t->steps[i].thing == TRAIL_ENTRY &&
            b->entries[t->steps[i].index].kind == kind)
            return true;
    return false;
}

/* Every receipt of the programme: up to the grant, each step of it accounted for. */
static void every_receipt_reaches_the_grant(void **state)
{
    (void)state;
    struct book *b = book_of(&offices[0]);
    uint32_t receipts = 0;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        struct trail t;
        if (e->receipt == 0)
            continue;
        receipts++;
        assert_int_equal(trail_walk(b, TRAIL_ENTRY, i, 0, &t), ST_OK);
        assert_int_equal(t.steps[0].index, i);
        assert_true(has_step(&t, b, TRAIL_UP, BOOK_GRANT));
        assert_true(has_step(&t, b, TRAIL_UP, BOOK_EXCHANGE));
        assert_true(has_step(&t, b, TRAIL_UP, BOOK_ALLOTMENT));
        assert_int_equal(has_step(&t, b, TRAIL_UP, BOOK_DISBURSEMENT), e->kind == BOOK_PURCHASE);
        for (uint32_t k = 0; k < t.count; k++)
            assert_int_not_equal(t.steps[k].thing, TRAIL_GAP);
        trail_release(&t);
    }
    struct book_table purchases, expenses;
    book_table_read(&purchases, "purchases.csv");
    book_table_read(&expenses, "expenses.csv");
    assert_int_equal(receipts, purchases.rows + expenses.rows);
    buf_release(&purchases.text);
    buf_release(&expenses.text);
    book_free(b);
}

/* From the grant down: what is summed on the way is what the files say. */
static void the_grant_leads_to_every_peso(void **state)
{
    (void)state;
    struct book *b = book_of(&offices[1]);
    struct book_table disbursements, expenses, purchases;
    int64_t sums[BOOK_KINDS] = {0};
    uint32_t grant = 0, counts[BOOK_KINDS] = {0};
    struct trail t;
    while (b->entries[grant].kind != BOOK_GRANT)
        grant++;
    assert_int_equal(trail_walk(b, TRAIL_ENTRY, grant, 10, &t), ST_OK);
    for (uint32_t i = 0; i < t.count; i++) {
        const struct trail_step *s = &t.steps[i];
        if (s->thing == TRAIL_SUM && (s->why == TRAIL_ALL || s->why == TRAIL_BOUGHT)) {
            assert_string_equal(s->currency, "CLP");
            sums[s->kind] += s->amount;
            counts[s->kind] += s->count;
        }
    }
    book_table_read(&disbursements, "disbursements.csv");
    book_table_read(&expenses, "expenses.csv");
    book_table_read(&purchases, "purchases.csv");
    assert_int_equal(sums[BOOK_DISBURSEMENT], book_sum(&disbursements, "amount", NULL, NULL));
    assert_int_equal(sums[BOOK_EXPENSE], book_sum(&expenses, "amount", NULL, NULL));
    assert_int_equal(sums[BOOK_PURCHASE], book_sum(&purchases, "amount", NULL, NULL));
    assert_int_equal(counts[BOOK_DISBURSEMENT], disbursements.rows);
    assert_int_equal(counts[BOOK_EXPENSE], expenses.rows);
    assert_int_equal(counts[BOOK_PURCHASE], purchases.rows);
    trail_release(&t);
    buf_release(&disbursements.text);
    buf_release(&expenses.text);
    buf_release(&purchases.text);
    book_free(b);
}

static void the_verb_names_every_signature(void **state)
{
    (void)state;
    struct office *o = &offices[2];
    bool grant = false;
    office_run(o, ST_OK, "trail", "boleta", "78625", NULL);
    assert_string_equal(office_text(o, 0, "part"), "subject");
    assert_string_equal(office_text(o, 0, "ref"), "P001");
    for (size_t i = 0; i < office_rows(o); i++) {
        const char *type = office_text(o, i, "type");
        grant = grant || strcmp(type, "grant") == 0;
        if (strcmp(type, "account") == 0 || office_at(o, i, "count") != NULL)
            continue;
        assert_string_equal(office_text(o, i, "commit.signature"), "good");
        assert_string_equal(office_text(o, i, "commit.key.state"), "in force");
        assert_int_equal(office_number(o, i, "commit.settled.of"), BOOK_OFFICES);
    }
    assert_true(grant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_receipt_reaches_the_grant),
        cmocka_unit_test(the_grant_leads_to_every_peso),
        cmocka_unit_test(the_verb_names_every_signature),
    };
    return cmocka_run_group_tests(tests, make_offices, close_offices);
}
