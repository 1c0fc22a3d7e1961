#include "tests/unit/replicas/book_kit.h"

#include "replicas/book_cache.h"
#include "replicas/verify.h"

static const char *const purchase[] = {
    "ref=P77",         "office=santiago", "currency=CLP", "amount=10",
    "date=2009-09-20", "item=oven",       "receipt=b 77", NULL};

/* The same entry, written by this office. */
static void buy(struct office *o, const struct book_ids *ids)
{
    char word[128];
    snprintf(word, sizeof word, "enterprise=%s", ids->enterprise);
    office_run(o, ST_OK, "add", "purchase", word, purchase[0], purchase[1], purchase[2],
               purchase[3], purchase[4], purchase[5], purchase[6], NULL);
}

static const struct book_entry *bought(const struct book *b)
{
    for (uint32_t i = 0; i < b->entry_count; i++)
        if (strcmp(book_text(b, b->entries[i].ref), "P77") == 0)
            return &b->entries[i];
    fail_msg("it is not there");
    return NULL;
}

static void expect_same(const struct book *a, const struct book *b)
{
    static const struct book_cache_place place;
    struct buf x = {0}, y = {0};
    assert_int_equal(book_cache_encode(a, &place, &x), ST_OK);
    assert_int_equal(book_cache_encode(b, &place, &y), ST_OK);
    assert_true(bytes_equal(buf_bytes(&x), buf_bytes(&y)));
    buf_release(&x);
    buf_release(&y);
}

/* Two offices write one entry while they do not hear each other: everybody names one commit. */
static void the_first_of_two_commits_is_named(void **state)
{
    (void)state;
    struct office a, b;
    struct book_ids ids;
    book_small(&a, &ids);
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_send(&a, &b);
    buy(&a, &ids);
    buy(&b, &ids); /* of one height: the label decides */
    struct book *of_a = book_of(&a), *of_b = book_of(&b);
    assert_false(oid_equal(&bought(of_a)->commit, &bought(of_b)->commit));
    struct oid expected = bought(of_b)->commit;
    office_send(&a, &b);
    office_send(&b, &a);
    assert_int_equal(book_follow(a.replica, &of_a, &a.fault), ST_OK);
    assert_int_equal(book_follow(b.replica, &of_b, &b.fault), ST_OK);
    assert_true(oid_equal(&bought(of_a)->commit, &expected));
    assert_true(oid_equal(&bought(of_b)->commit, &expected));
    book_free(of_a);
    book_free(of_b);
    of_a = book_of(&a);
    assert_true(oid_equal(&bought(of_a)->commit, &expected));
    book_free(of_a);
    office_close(&a);
    office_close(&b);
}

/* What verify replays from nothing, without a journal to ask, gives the same book. */
static void a_replayed_history_gives_the_same_book(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    struct verify_report report;
    struct replica *replayed = NULL;
    struct book *b = NULL;
    book_small(&o, &ids);
    office_reopen(&o);
    buy(&o, &ids);
    assert_int_equal(verify_home_into(o.home, &report, &replayed, &o.fault), ST_OK);
    assert_true(report.ok);
    assert_int_equal(book_read(replayed, &b, &o.fault), ST_OK);
    struct book *own = book_of(&o);
    expect_same(b, own);
    for (uint32_t i = 0; i < b->entry_count; i++)
        assert_false(oid_is_zero(&b->entries[i].commit));
    book_free(own);
    book_free(b);
    replica_drop(replayed);
    office_close(&o);
}

/* A readonly look at a home that another process has open. */
static void a_reader_sees_the_same_book(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    struct replica_options options = {.home = o.home, .readonly = true};
    struct replica *reader = NULL;
    struct book *b = NULL;
    assert_int_equal(replica_open(&options, &reader, &o.fault), ST_OK);
    assert_int_equal(book_read(reader, &b, &o.fault), ST_OK);
    struct book *own = book_of(&o);
    expect_same(b, own);
    book_free(own);
    book_free(b);
    replica_drop(reader);
    office_close(&o);
}

static bool holds(const struct book *b, const char *ref)
{
    for (uint32_t i = 0; i < b->entry_count; i++)
        if (strcmp(book_text(b, b->entries[i].ref), ref) == 0)
            return true;
    return false;
}

/* What a removed office wrote beyond what is kept is in no book, until somebody adopts it. */
static void commits_that_count_later_are_found(void **state)
{
    (void)state;
    struct office a, b;
    struct book_ids ids;
    book_small(&a, &ids);
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_send(&a, &b);
    office_run(&a, ST_OK, "member", "remove", "iquique", NULL);
    buy(&b, &ids);
    office_send(&b, &a);
    struct book *book = book_of(&a);
    assert_false(holds(book, "P77"));
    office_run(&a, ST_OK, "member", "adopt", "iquique", NULL);
    assert_int_equal(book_follow(a.replica, &book, &a.fault), ST_OK);
    assert_true(holds(book, "P77"));
    struct book *whole = book_of(&a);
    assert_false(oid_is_zero(&bought(book)->commit));
    assert_true(oid_equal(&bought(book)->commit, &bought(whole)->commit));
    expect_same(book, whole);
    book_free(whole);
    book_free(book);
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_two_commits_is_named),
        cmocka_unit_test(a_replayed_history_gives_the_same_book),
        cmocka_unit_test(a_reader_sees_the_same_book),
        cmocka_unit_test(commits_that_count_later_are_found),
    };
    offices_share_purchases = true;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
