#include "tests/unit/replicas/courier_kit.h"

#include "proto/mem.h"

static struct office santiago, iquique;
static struct carried bundle;

static int setup(void **state)
{
    (void)state;
    office_found(&santiago, "santiago");
    office_join(&iquique, &santiago, "iquique", CHARTER_OFFICE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    carried_release(&bundle);
    office_close(&santiago);
    office_close(&iquique);
    return 0;
}

static void nothing_is_written_for_strangers_or_oneself(void **state)
{
    (void)state;
    office_run(&santiago, ST_NOT_FOUND, "bundle", "plan", "--for=arica", NULL);
    office_run(&santiago, ST_NOT_ALLOWED, "bundle", "plan", "--for=santiago", NULL);
    office_run(&santiago, ST_NOT_FOUND, "bundle", "plan", NULL);
    office_run(&santiago, ST_NOT_FOUND, "bundle", "given", "--for=arica", "--tips=", NULL);
}

static void since_the_last_begins_where_it_ended(void **state)
{
    (void)state;
    kit_work(&santiago, 4, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    carried_release(&bundle);
    kit_work(&santiago, 1, "Pica");
    kit_write(&santiago, "iquique", NULL, &bundle);
    assert_true(bundle.commits > 5);
    carried_release(&bundle);
    kit_write(&santiago, "iquique", "--since-last", &bundle);
    assert_int_equal(bundle.commits, 0);
    kit_work(&santiago, 1, "Lota");
    carried_release(&bundle);
    kit_write(&santiago, "iquique", "--since-last", &bundle);
    assert_int_equal(bundle.commits, 1);
}

/* The plan's 'until' holds while others write on: a page asked for twice is the same page. */
static void pages_follow_from_what_is_asked(void **state)
{
    (void)state;
    kit_work(&santiago, 30, "Renca");
    office_run(&santiago, ST_OK, "bundle", "plan", "--for=iquique", NULL);
    long long until = (long long)office_number(&santiago, 0, "until");
    char option[48];
    snprintf(option, sizeof option, "--until=%lld", until);
    office_run(&santiago, ST_OK, "bundle", "history", "--after=0", option, "--bytes=2000", NULL);
    struct buf first = kit_bytes(&santiago, "chunk");
    assert_true(json_is_true(office_at(&santiago, 0, "more")));
    kit_work(&santiago, 2, "Pica");
    office_run(&santiago, ST_OK, "bundle", "history", "--after=0", option, "--bytes=2000", NULL);
    struct buf again = kit_bytes(&santiago, "chunk");
    assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&again)));
    office_run(&santiago, ST_OK, "bundle", "history", "--after=0", option, "--bytes=999999", NULL);
    assert_false(json_is_true(office_at(&santiago, 0, "more")));
    assert_int_equal(office_number(&santiago, 0, "count"), until);
    assert_int_equal(json_array_size(office_at(&santiago, 0, "records")), 30);
    buf_release(&first);
    buf_release(&again);
}

/* However small a page is asked for, it holds one commit, so that every walk ends. */
static void a_page_holds_one_at_least(void **state)
{
    (void)state;
    kit_work(&santiago, 3, "Renca");
    office_run(&santiago, ST_OK, "bundle", "history", "--after=0", "--bytes=1", NULL);
    assert_int_equal(office_number(&santiago, 0, "count"), 1);
    assert_int_equal(office_number(&santiago, 0, "next"), 1);
}

static void only_heads_of_ours_for_members_are_signed(void **state)
{
    (void)state;
    kit_write(&santiago, "iquique", NULL, &bundle);
    struct bundle_head h = bundle.head;
    h.network.id[0] ^= 1;
    office_run(&santiago, ST_NOT_ALLOWED, "bundle", "sign", kit_head(&h), NULL);
    h = bundle.head;
    h.sender.id[0] ^= 1;
    office_run(&santiago, ST_NOT_ALLOWED, "bundle", "sign", kit_head(&h), NULL);
    h = bundle.head;
    h.recipient.id[0] ^= 1;
    office_run(&santiago, ST_NOT_ALLOWED, "bundle", "sign", kit_head(&h), NULL);
    office_run(&santiago, ST_MALFORMED, "bundle", "sign", "--head=AAAA", NULL);
    office_run(&santiago, ST_MALFORMED, "bundle", "given", "--for=iquique", "--tips=AAAA", NULL);
}

static void wrong_numbers_are_told(void **state)
{
    (void)state;
    office_run(&santiago, ST_USAGE, "bundle", "charters", "--after=x", NULL);
    office_run(&santiago, ST_USAGE, "bundle", "motions", "--after=x", NULL);
    office_run(&santiago, ST_USAGE, "bundle", "history", "--until=-1", NULL);
    office_run(&santiago, ST_USAGE, "bundle", "history", "--bytes=much", NULL);
    office_run(&santiago, ST_OK, "bundle", "charters", "--after=99", NULL);
    assert_string_equal(office_text(&santiago, 0, "chunk"), "");
    office_run(&santiago, ST_OK, "bundle", "motions", NULL);
    assert_string_equal(office_text(&santiago, 0, "chunk"), "");
}

/* Every word in turn, every allocation of it in turn. */
static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    static const char *const words[] = {"plan", "charters", "motions", "history", "heads"};
    kit_work(&santiago, 3, "Renca");
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        bool done = false;
        for (uint64_t n = 1; !done; n++) {
            struct control_request q = {.verb = BYTES("bundle"),
                                        .word_count = 1,
                                        .words = {bytes_of_text(words[i])},
                                        .option_count = 1};
            q.options[0] = (struct control_option){BYTES("for"), BYTES("iquique")};
            struct verb_call call = {.replica = santiago.replica,
                                     .request = &q,
                                     .author = BYTES("ana <ana@example.org>"),
                                     .user = &santiago,
                                     .row = office_row};
            mem_fail_at(n);
            enum status st = verb_run(&call, &santiago.fault);
            done = !mem_failed();
            mem_fail_at(0);
            assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
            assert_true(n < 1000);
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_written_for_strangers_or_oneself),
        TEST(since_the_last_begins_where_it_ended),
        TEST(pages_follow_from_what_is_asked),
        TEST(a_page_holds_one_at_least),
        TEST(only_heads_of_ours_for_members_are_signed),
        TEST(wrong_numbers_are_told),
        TEST(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
