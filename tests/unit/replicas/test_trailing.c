#include "replicas/trailing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"

enum { ENTRIES = 4, ACCOUNTS = 3, POSTINGS = 7 };

/* A grant into 0, then passes 0 to 1, 1 to 2 and back from 2 to 0: money may go in circles. */
struct circle {
    struct book book;
    struct book_entry entries[ENTRIES];
    struct book_account accounts[ACCOUNTS];
    struct book_posting postings[POSTINGS];
};

static void make_circle(struct circle *c)
{
    memset(c, 0, sizeof *c);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        struct book_entry *e = &c->entries[i];
        e->kind = i == 0 ? BOOK_GRANT : BOOK_PASS;
        e->id[0] = (uint8_t)i;
        e->enterprise = e->about = e->reversed_by = BOOK_NONE;
        e->handed_over = BOOK_NO_DAY;
        e->money = (struct book_money){100, "CLP"};
    }
    for (uint32_t i = 0; i < ACCOUNTS; i++)
        memcpy(c->accounts[i].currency, "CLP", 4);
    static const struct book_posting postings[POSTINGS] = {
        {0, 0, 100},  {0, 1, -100}, {0, 3, 100},  {1, 1, 100},
        {1, 2, -100}, {2, 2, 100},  {2, 3, -100},
    };
    memcpy(c->postings, postings, sizeof postings);
    c->book.entries = c->entries;
    c->book.entry_count = ENTRIES;
    c->book.accounts = c->accounts;
    c->book.account_count = ACCOUNTS;
    c->book.postings = c->postings;
    c->book.posting_count = POSTINGS;
}

static uint32_t count_of(const struct trail *t, enum trail_part part, enum trail_thing thing)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++)
        count += t->steps[i].part == part && t->steps[i].thing == thing;
    return count;
}

static void a_circle_ends(void **state)
{
    (void)state;
    struct circle c;
    struct trail t;
    make_circle(&c);
    assert_int_equal(trail_walk(&c.book, TRAIL_ENTRY, 2, 0, &t), ST_OK);
    assert_int_equal(count_of(&t, TRAIL_UP, TRAIL_ACCOUNT), ACCOUNTS); /* each once */
    assert_int_equal(count_of(&t, TRAIL_UP, TRAIL_ENTRY), 3);
    assert_int_equal(count_of(&t, TRAIL_UP, TRAIL_GAP), 0);
    assert_int_equal(count_of(&t, TRAIL_DOWN, TRAIL_ACCOUNT), ACCOUNTS);
    trail_release(&t);
}

/* A handing over that was taken back is none. */
static void what_stands_hands_over(void **state)
{
    (void)state;
    struct circle c;
    struct trailing_total all = {.count = 0}, none = {.count = 0};
    make_circle(&c);
    c.entries[0].kind = BOOK_PURCHASE;
    c.entries[1].kind = c.entries[3].kind = BOOK_TRANSFER;
    c.entries[1].about = c.entries[3].about = 0;
    c.entries[2].kind = BOOK_REVERSAL;
    c.entries[2].about = 1;
    c.entries[1].reversed_by = 2;
    assert_int_equal(trailing_handed(&c.book, 0), 3);
    trailing_sum(&all, &c.book, 0);
    assert_int_equal(all.of[0].handed, 1);
    c.entries[3].reversed_by = 2;
    assert_int_equal(trailing_handed(&c.book, 0), BOOK_NONE);
    trailing_sum(&none, &c.book, 0);
    assert_int_equal(none.of[0].handed, 0);
}

static void money_of_no_grant_is_said(void **state)
{
    (void)state;
    struct circle c;
    struct trail t;
    make_circle(&c);
    c.entries[0].kind = BOOK_PASS; /* out of nowhere, as after a fork */
    assert_int_equal(trail_walk(&c.book, TRAIL_ENTRY, 2, 0, &t), ST_OK);
    assert_int_equal(count_of(&t, TRAIL_UP, TRAIL_GAP), 1);
    assert_int_equal(t.steps[t.count - 1].part, TRAIL_DOWN);
    trail_release(&t);
}

/* What is not listed is in the sum, and its accounts are visited all the same. */
static void a_bound_loses_nothing(void **state)
{
    (void)state;
    struct circle c;
    struct trail t;
    make_circle(&c);
    assert_int_equal(trail_walk(&c.book, TRAIL_ACCOUNT, 0, 1, &t), ST_OK);
    assert_int_equal(count_of(&t, TRAIL_UP, TRAIL_ACCOUNT), ACCOUNTS);
    uint32_t more = 0;
    for (uint32_t i = 0; i < t.count; i++)
        if (t.steps[i].part == TRAIL_UP && t.steps[i].why == TRAIL_MORE) {
            assert_int_equal(t.steps[i].count, 1);
            assert_int_equal(t.steps[i].amount, 100);
            more++;
        }
    assert_int_equal(more, 1);
    trail_release(&t);
}

static void sums_are_kept_apart_and_never_run_over(void **state)
{
    (void)state;
    struct circle c;
    struct trailing_total total = {.count = 0};
    make_circle(&c);
    trailing_sum(&total, &c.book, 0);
    trailing_sum(&total, &c.book, 1);
    trailing_sum(&total, &c.book, 2);
    assert_int_equal(total.count, 2); /* grants, passes */
    assert_int_equal(total.of[1].amount, 200);
    memcpy(c.entries[2].money.currency, "USD", 4);
    trailing_sum(&total, &c.book, 2);
    assert_int_equal(total.count, 3);
    c.entries[0].money.amount = INT64_MAX;
    trailing_sum(&total, &c.book, 0);
    assert_true(total.of[0].amount == INT64_MAX);
    for (char letter = 'A'; letter <= 'Z'; letter++) {
        c.entries[0].money.currency[0] = letter;
        trailing_sum(&total, &c.book, 0);
    }
    assert_int_equal(total.count, TRAILING_SUMS_MAX);
}

static void a_lack_of_memory_is_told(void **state)
{
    (void)state;
    struct circle c;
    make_circle(&c);
    for (uint64_t n = 1;; n++) {
        struct trail t;
        mem_fail_at(n);
        enum status status = trail_walk(&c.book, TRAIL_ENTRY, 2, 0, &t);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        trail_release(&t);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circle_ends),
        cmocka_unit_test(what_stands_hands_over),
        cmocka_unit_test(money_of_no_grant_is_said),
        cmocka_unit_test(a_bound_loses_nothing),
        cmocka_unit_test(sums_are_kept_apart_and_never_run_over),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
