#include "tests/unit/replicas/book_kit.h"

#include "proto/mem.h"
#include "replicas/book_cache.h"
#include "replicas/booking.h"
#include "tests/unit/replicas/sample.h"

enum { STEPS = 120, MADE_MAX = STEPS };

/* Everything that a book says, in bytes that do not depend on how it came about. */
static struct buf bytes_of(const struct book *b)
{
    static const struct book_cache_place place;
    struct buf out = {0};
    assert_int_equal(book_cache_encode(b, &place, &out), ST_OK);
    return out;
}

static void expect_equal(const struct book *a, const struct book *b)
{
    struct buf x = bytes_of(a), y = bytes_of(b);
    assert_int_equal(x.count, y.count);
    assert_memory_equal(x.data, y.data, x.count);
    buf_release(&x);
    buf_release(&y);
}

struct story {
    struct office offices[BOOK_OFFICES];
    struct book *books[BOOK_OFFICES];                 /* each followed from the beginning */
    char made[MADE_MAX][2 * BOOKING_ENTRY_BYTES + 1]; /* expenses, which can be reversed */
    char owner[MADE_MAX][16];
    uint32_t made_count;
    uint64_t seed;
    unsigned number;
};

static unsigned pick(struct story *s, unsigned of)
{
    return (unsigned)(sample_random(&s->seed) % of);
}

static void write_entry(struct story *s, unsigned office, const char *type, const char *content)
{
    struct office *o = &s->offices[office];
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(content)};
    struct op_list ops = {0};
    struct replica_commit commit;
    op_entry_id(replica_network(o->replica), op.type, op.value, op.entry);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    enum status status =
        replica_write(o->replica, &ops, BYTES("ana <ana@example.org>"), &commit, &o->fault);
    op_list_release(&ops);
    if (status == ST_EXISTS || status == ST_WRONG_OPERATION)
        return; /* it is there already */
    if (status != ST_OK)
        fail_msg("%s: %s", content, o->fault.text);
    if (strcmp(type, "expense") != 0)
        return;
    hex_encode(op.entry, BOOKING_ENTRY_BYTES, s->made[s->made_count]);
    snprintf(s->owner[s->made_count++], sizeof s->owner[0], "%s", book_labels[office]);
}

static void some_enterprise(struct story *s, const struct book *b, char out[static 25])
{
    hex_encode(b->enterprises[pick(s, b->enterprise_count)].id, BOOKING_RECORD_BYTES, out);
}

static void some_act(struct story *s, unsigned office)
{
    struct office *o = &s->offices[office];
    char content[512], id[25], word[64], path[300];
    const char *label = book_labels[office];
    unsigned n = s->number++;
    some_enterprise(s, s->books[office], id);
    switch (pick(s, 7)) {
    case 0:
        snprintf(content, sizeof content,
                 "{\"amount\":%u,\"budget_line\":\"workshops\",\"currency\":\"CLP\",\"date\":"
                 "\"2009-%02u-11\",\"office\":\"%s\",\"receipt\":\"b %u\",\"ref\":\"Y%u\"}",
                 1 + n, 1 + pick(s, 12), label, pick(s, 9), n);
        write_entry(s, office, "expense", content);
        break;
    case 1: /* the same number from whoever comes first: two may write one entry */
        snprintf(content, sizeof content,
                 "{\"amount\":%u,\"currency\":\"CLP\",\"date\":\"2009-10-%02u\",\"enterprise\":"
                 "\"%s\",\"office\":\"santiago\",\"ref\":\"Z%u\"}",
                 5 + n % 7, 1 + pick(s, 28), id, n % 5);
        write_entry(s, office, "purchase", content);
        break;
    case 2:
        snprintf(word, sizeof word, "stage=%s", pick(s, 2) == 0 ? "workshop" : "purchase");
        office_run(o, ST_OK, "set", id, word, NULL);
        break;
    case 3:
        if (s->made_count == 0)
            break;
        unsigned at = pick(s, s->made_count);
        if (strcmp(s->owner[at], label) != 0)
            break;
        snprintf(content, sizeof content, "{\"entry\":\"%s\",\"office\":\"%s\",\"ref\":\"%s\"}",
                 s->made[at], label, s->made[at]);
        write_entry(s, office, "reversal", content);
        break;
    case 4:
        snprintf(word, sizeof word, "people=%u", pick(s, 9));
        hex_encode(s->books[office]->households[pick(s, 10)].id, BOOKING_RECORD_BYTES, id);
        office_run(o, ST_OK, "set", id, word, NULL);
        break;
    case 5:
        snprintf(path, sizeof path, "enterprise=NEW%u", n);
        office_run(o, ST_OK, "add", "enterprise", path, "line=idea", NULL);
        break;
    default:
        office_send(o, &s->offices[pick(s, BOOK_OFFICES)]);
    }
}

/* One field set to two values at two offices, neither having heard of the other: chance alone need
 * not bring a conflict about. */
static void disagree(struct story *s)
{
    char id[25];
    book_exchange(s->offices, BOOK_OFFICES);
    hex_encode(s->books[0]->enterprises[0].id, BOOKING_RECORD_BYTES, id);
    office_run(&s->offices[0], ST_OK, "set", id, "trade=bread", NULL);
    office_run(&s->offices[1], ST_OK, "set", id, "trade=shoes", NULL);
}

static void following_gives_what_reading_gives(void **state)
{
    (void)state;
    struct story s = {.seed = 20091};
    book_found_programme(s.offices);
    book_import(&s.offices[0], "household", "households.csv", NULL);
    book_import(&s.offices[0], "enterprise", "enterprises.csv", NULL);
    book_exchange(s.offices, BOOK_OFFICES);
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        s.books[i] = book_of(&s.offices[i]);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned office = pick(&s, BOOK_OFFICES);
        struct office *o = &s.offices[office];
        some_act(&s, office);
        if (book_follow(o->replica, &s.books[office], &o->fault) != ST_OK)
            fail_msg("%s", o->fault.text);
        struct book *whole = book_of(o);
        expect_equal(s.books[office], whole);
        book_free(whole);
    }
    disagree(&s);
    book_exchange(s.offices, BOOK_OFFICES);
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        assert_int_equal(book_follow(s.offices[i].replica, &s.books[i], &s.offices[i].fault),
                         ST_OK);
    assert_true(s.books[0]->conflict_count > 0);
    for (size_t i = 1; i < BOOK_OFFICES; i++) /* whatever came to whom in which order */
        expect_equal(s.books[0], s.books[i]);
    for (size_t i = 0; i < BOOK_OFFICES; i++) {
        book_free(s.books[i]);
        office_close(&s.offices[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(following_gives_what_reading_gives),
    };
    offices_share_purchases = true;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
