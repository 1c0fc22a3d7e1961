#include "journal_kit.h"

#include "replicas/jfolder.h"

/* A finished feed of the generations first .. last, three items each, behind the one before. */
static void add_feed(struct kit *k, uint32_t generation_first, uint32_t generation)
{
    struct feed *d = NULL;
    struct jframe_sum last = {{(uint8_t)generation}};
    struct feedpart_head head = {
        .generation_first = generation_first,
        .generation = generation,
        .first = (generation_first - 1) * 3,
        .network = kit_network,
        .previous = {{(uint8_t)(generation_first - 1)}},
    };
    kit_feed(k, &head, (generation - generation_first + 1) * 3, &last);
    assert_int_equal(feed_open(&k->disk, generation, false, &kit_network, &d, &k->f), ST_OK);
    assert_int_equal(feed_publish(d, &k->f), ST_OK);
    feed_free(d);
}

static void add_file(struct kit *k, const char *name)
{
    assert_int_equal(disk_put(&k->disk, "journal", name, BYTES("junk"), &k->f), ST_OK);
}

static enum status collect(void *user, const char *name)
{
    buf_add_text(user, name);
    buf_add_byte(user, ' ');
    return ST_OK;
}

static void assert_names(struct kit *k, const char *wanted)
{
    struct buf names = {0};
    assert_int_equal(k->disk.list(k->disk.context, "journal", collect, &names, &k->f), ST_OK);
    assert_string_equal(buf_text(&names), wanted);
    buf_release(&names);
}

static void other_names_are_passed_over(void **unused)
{
    (void)unused;
    static const char *const names[] = {"1.log",         "0000000a.log",      "00000000.log",
                                        "00000001.log",  "000000012.log",     "00000003.logs",
                                        "00000007.feed", "00000008.feed.tmp", "notes"};
    struct kit k;
    struct jfolder l;
    kit_start(&k);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        add_file(&k, names[i]);
    assert_int_equal(jfolder_list(&k.disk, &l, &k.f), ST_OK);
    assert_int_equal(l.log_count, 1);
    assert_int_equal(l.logs[0], 1);
    assert_int_equal(l.name_count, 1);
    assert_int_equal(l.names[0], 7);
    jfolder_release(&l);
    kit_stop(&k);
}

/* What a merged feed holds is neither opened nor kept. */
static void merged_feeds_stand_for_others(void **unused)
{
    (void)unused;
    struct kit k;
    struct jfolder l;
    uint32_t generation = 0;
    bool exists = false;
    kit_start(&k);
    add_feed(&k, 1, 1);
    add_feed(&k, 2, 4);
    add_file(&k, "00000003.feed");
    add_file(&k, "00000004.log");
    add_file(&k, "00000005.feed.tmp");
    assert_int_equal(jfolder_list(&k.disk, &l, &k.f), ST_OK);
    assert_int_equal(jfolder_open(&k.disk, &l, &kit_network, NULL, &k.f), ST_OK);
    assert_int_equal(l.feed_count, 2);
    assert_int_equal(feed_head(l.feeds[1])->generation, 4);
    assert_int_equal(jfolder_log(&l, &generation, &exists, &k.f), ST_OK);
    assert_int_equal(generation, 5);
    assert_false(exists);
    struct jframe_log next = jfolder_next(l.feeds[1], &kit_network);
    assert_int_equal(next.generation, 5);
    assert_int_equal(next.first, 12);
    assert_int_equal(next.previous.id[0], 4);
    assert_int_equal(jfolder_follows(l.feeds[1], &next, &k.f), ST_OK);
    next.previous.id[1] = 1;
    assert_int_equal(jfolder_follows(l.feeds[1], &next, &k.f), ST_CORRUPT);
    assert_int_equal(jfolder_clean(&k.disk, &l, &k.f), ST_OK);
    assert_names(&k, "00000001.feed 00000004.feed ");
    jfolder_release(&l);
    kit_stop(&k);
}

struct told {
    unsigned count;
    char last[FAULT_TEXT_BYTES];
};

static void hear(void *user, const char *text)
{
    struct told *told = user;
    told->count++;
    snprintf(told->last, sizeof told->last, "%s", text);
}

static void a_missing_feed_is_named(void **unused)
{
    (void)unused;
    struct kit k;
    struct jfolder l;
    kit_start(&k);
    add_feed(&k, 1, 1);
    add_feed(&k, 3, 3);
    add_feed(&k, 4, 5);
    assert_int_equal(jfolder_list(&k.disk, &l, &k.f), ST_OK);
    assert_int_equal(jfolder_open(&k.disk, &l, &kit_network, NULL, &k.f), ST_CORRUPT);
    assert_non_null(strstr(k.f.text, "00000002.feed"));
    jfolder_release(&l);
    kit_stop(&k);
}

static void a_report_goes_on(void **unused)
{
    (void)unused;
    struct kit k;
    struct jfolder l;
    struct told told = {0};
    struct jfolder_report report = {.each = hear, .user = &told};
    kit_start(&k);
    add_feed(&k, 1, 1);
    add_feed(&k, 2, 2);
    add_feed(&k, 3, 3);
    assert_true(simdisk_flip(k.sim, "journal/00000002.feed", 0, 1));
    assert_int_equal(jfolder_list(&k.disk, &l, &k.f), ST_OK);
    assert_int_equal(jfolder_open(&k.disk, &l, &kit_network, &report, &k.f), ST_CORRUPT);
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.last, "00000002.feed"));
    assert_int_equal(l.feed_count, 2);
    jfolder_release(&l);
    kit_stop(&k);
}

static void the_log_must_be_the_next(void **unused)
{
    (void)unused;
    static const struct {
        const char *logs[2];
        const char *missing; /* NULL: fine */
    } cases[] = {
        {{"00000002.log", NULL}, NULL},
        {{"00000001.log", "00000002.log"}, NULL},
        {{"00000001.log", NULL}, NULL},
        {{NULL, NULL}, "00000002.log"},
        {{"00000003.log", NULL}, "00000002.log"},
        {{"00000002.log", "00000003.log"}, "00000002.feed"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kit k;
        struct jfolder l;
        uint32_t generation = 0;
        bool exists = false;
        kit_start(&k);
        add_feed(&k, 1, 1);
        for (unsigned n = 0; n < 2 && cases[i].logs[n] != NULL; n++)
            add_file(&k, cases[i].logs[n]);
        assert_int_equal(jfolder_list(&k.disk, &l, &k.f), ST_OK);
        assert_int_equal(jfolder_open(&k.disk, &l, &kit_network, NULL, &k.f), ST_OK);
        enum status st = jfolder_log(&l, &generation, &exists, &k.f);
        assert_int_equal(st, cases[i].missing == NULL ? ST_OK : ST_CORRUPT);
        if (cases[i].missing != NULL)
            assert_non_null(strstr(k.f.text, cases[i].missing));
        else
            assert_int_equal(generation, 2);
        jfolder_release(&l);
        kit_stop(&k);
    }
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    struct kit k;
    kit_start(&k);
    add_feed(&k, 1, 1);
    add_file(&k, "00000002.log");
    for (uint64_t n = 1; failed; n++) {
        struct jfolder l = {0};
        mem_fail_at(n);
        enum status st = jfolder_list(&k.disk, &l, &k.f);
        if (st == ST_OK)
            st = jfolder_open(&k.disk, &l, &kit_network, NULL, &k.f);
        if (st == ST_OK)
            st = jfolder_clean(&k.disk, &l, &k.f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        jfolder_release(&l);
    }
    kit_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_names_are_passed_over),
        cmocka_unit_test(merged_feeds_stand_for_others),
        cmocka_unit_test(a_missing_feed_is_named),
        cmocka_unit_test(a_report_goes_on),
        cmocka_unit_test(the_log_must_be_the_next),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
