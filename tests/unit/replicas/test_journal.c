#include "journal_kit.h"

static struct journal *open_journal(struct kit *k)
{
    struct journal *j = NULL;
    assert_int_equal(journal_open(&k->disk, &kit_network, true, &j, &k->f), ST_OK);
    return j;
}

static enum status count_name(void *user, const char *name)
{
    unsigned *count = user;
    (void)name;
    (*count)++;
    return ST_OK;
}

static unsigned count_files(struct kit *k)
{
    unsigned count = 0;
    assert_int_equal(k->disk.list(k->disk.context, "journal", count_name, &count, &k->f), ST_OK);
    return count;
}

static void say(void *user, const char *text)
{
    struct buf *said = user;
    buf_add_text(said, text);
    buf_add_byte(said, '\n');
}

static enum status damage(struct kit *k, struct buf *said)
{
    buf_reset(said);
    return journal_damage(&k->disk, &kit_network, say, said, &k->f);
}

static void is_founded_only_when_asked(void **unused)
{
    (void)unused;
    struct kit k;
    struct journal *j = NULL;
    kit_start(&k);
    assert_int_equal(journal_open(&k.disk, &kit_network, false, &j, &k.f), ST_NOT_FOUND);
    assert_null(j);
    assert_int_equal(count_files(&k), 0);
    j = open_journal(&k);
    journal_close(j);
    assert_int_equal(journal_open(&k.disk, &kit_network, false, &j, &k.f), ST_OK);
    journal_close(j);
    assert_int_equal(journal_open(&k.disk, &kit_other_network, false, &j, &k.f), ST_WRONG_NETWORK);
    kit_stop(&k);
}

static void keeps_order_over_rolls(void **unused)
{
    (void)unused;
    struct kit k;
    struct journal_stats stats;
    kit_start(&k);
    struct journal *j = open_journal(&k);
    uint64_t items = 0;
    for (unsigned round = 0; round < 20; round++) {
        kit_append(&k, j, 1 + round * 17 % 40);
        items += 1 + round * 17 % 40;
        assert_int_equal(kit_read_all(&k, j), items);
        if (round % 3 == 2) {
            journal_close(j);
            j = open_journal(&k);
            assert_int_equal(kit_read_all(&k, j), items);
        }
        assert_int_equal(journal_roll(j, &k.f), ST_OK);
        journal_stats(j, &stats);
        assert_int_equal(stats.items, items);
        assert_int_equal(stats.open_first, items);
        assert_int_equal(stats.generation, round + 2);
        assert_true(stats.feed_bytes > 0);
    }
    /* Feeds of a few items have merged: a handful of files is left of 20 rolls. */
    assert_true(count_files(&k) <= 6);
    struct simdisk_counts before = *simdisk_counts(k.sim);
    assert_int_equal(journal_roll(j, &k.f), ST_OK); /* of nothing is nothing */
    assert_memory_equal(simdisk_counts(k.sim), &before, sizeof before);
    journal_close(j);
    kit_stop(&k);
}

static void reads_one_anywhere(void **unused)
{
    (void)unused;
    struct kit k;
    struct buf out = {0};
    kit_start(&k);
    struct journal *j = open_journal(&k);
    kit_append(&k, j, 30000);
    assert_int_equal(journal_roll(j, &k.f), ST_OK);
    kit_append(&k, j, 3000);
    uint64_t ordinal = 0;
    assert_int_equal(journal_append(j, kit_item(&k, 33000), &ordinal, &k.f), ST_OK);
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t at = i * 7919 % 33001;
        buf_reset(&out);
        assert_int_equal(journal_read(j, at, &out, &k.f), ST_OK);
        kit_assert_item(&k, at, buf_bytes(&out));
    }
    assert_int_equal(journal_read(j, 33001, &out, &k.f), ST_NOT_FOUND);
    buf_reset(&out);
    assert_int_equal(journal_read(j, 33000, &out, &k.f), ST_OK); /* not synced, but there */
    kit_assert_item(&k, 33000, buf_bytes(&out));
    buf_release(&out);
    journal_close(j);
    kit_stop(&k);
}

struct visitor {
    struct kit *kit;
    struct journal *journal;
    uint64_t next;
};

/* 'each' may read elsewhere and append: it sees what it appended, too. */
static enum status visit(void *user, uint64_t ordinal, struct bytes payload)
{
    struct visitor *v = user;
    struct buf out = {0};
    assert_int_equal(ordinal, v->next++);
    assert_int_equal(journal_read(v->journal, 0, &out, &v->kit->f), ST_OK);
    kit_assert_item(v->kit, 0, buf_bytes(&out));
    if (ordinal == 5)
        kit_append(v->kit, v->journal, 2);
    kit_assert_item(v->kit, ordinal, payload);
    buf_release(&out);
    return ordinal == 10 ? ST_EXISTS : ST_OK;
}

static void each_may_use_the_journal(void **unused)
{
    (void)unused;
    struct kit k;
    kit_start(&k);
    struct journal *j = open_journal(&k);
    kit_append(&k, j, 4);
    assert_int_equal(journal_roll(j, &k.f), ST_OK);
    kit_append(&k, j, 5);
    struct visitor v = {&k, j, 2};
    assert_int_equal(journal_each(j, 2, visit, &v, &k.f), ST_EXISTS);
    assert_int_equal(v.next, 11);
    assert_int_equal(journal_each(j, 11, visit, &v, &k.f), ST_OK);
    assert_int_equal(v.next, 11);
    journal_close(j);
    kit_stop(&k);
}

static void damage_is_told_in_full(void **unused)
{
    (void)unused;
    struct kit k;
    struct buf said = {0};
    kit_start(&k);
    assert_int_equal(damage(&k, &said), ST_NOT_FOUND);
    struct journal *j = open_journal(&k);
    kit_append(&k, j, 20000);
    assert_int_equal(journal_roll(j, &k.f), ST_OK);
    kit_append(&k, j, 3);
    assert_int_equal(journal_idle(j, &k.f), ST_OK);
    journal_close(j);
    assert_int_equal(damage(&k, &said), ST_OK);
    assert_int_equal(said.count, 0);
    assert_true(simdisk_flip(k.sim, "journal/00000001.feed", 200, 1));
    size_t bytes = simdisk_content(k.sim, "journal/00000001.feed").count;
    assert_true(simdisk_flip(k.sim, "journal/00000001.feed", bytes - 200, 1));
    assert_true(simdisk_flip(k.sim, "journal/00000002.log", 200, 1));
    struct simdisk_counts before = *simdisk_counts(k.sim);
    assert_int_equal(damage(&k, &said), ST_CORRUPT);
    assert_memory_equal(simdisk_counts(k.sim), &before, sizeof before); /* it only reads */
    const char *text = buf_text(&said);
    assert_non_null(strstr(text, "00000001.feed is damaged at offset 92"));
    assert_non_null(strstr(text, "00000002.log is damaged at offset"));
    unsigned lines = 0;
    for (size_t i = 0; i < said.count; i++)
        lines += said.data[i] == '\n';
    assert_int_equal(lines, 3);
    buf_release(&said);
    kit_stop(&k);
}

/* Every byte of a closed journal: told by journal_damage(), or nothing is lost by it. */
static void no_changed_byte_goes_unseen(void **unused)
{
    (void)unused;
    struct kit k;
    struct buf said = {0};
    struct journal *j = NULL;
    kit_start(&k);
    j = open_journal(&k);
    kit_append(&k, j, 12);
    assert_int_equal(journal_roll(j, &k.f), ST_OK);
    kit_append(&k, j, 5);
    struct journal_stats stats;
    journal_stats(j, &stats);
    assert_int_equal(journal_idle(j, &k.f), ST_OK);
    journal_close(j);
    static const char *const names[] = {"journal/00000001.feed", "journal/00000002.log"};
    const uint64_t live[] = {simdisk_content(k.sim, names[0]).count, stats.open_bytes};
    for (unsigned i = 0; i < 2; i++) {
        for (uint64_t at = 0; at < live[i]; at++) {
            assert_true(simdisk_flip(k.sim, names[i], at, 0x04));
            assert_int_equal(damage(&k, &said), ST_CORRUPT);
            assert_non_null(strstr(buf_text(&said), names[i]));
            assert_non_null(strstr(buf_text(&said), "offset "));
            assert_true(simdisk_flip(k.sim, names[i], at, 0x04));
        }
    }
    assert_int_equal(damage(&k, &said), ST_OK);
    buf_release(&said);
    kit_stop(&k);
}

static void swapped_segments_are_found(void **unused)
{
    (void)unused;
    struct kit k, other;
    struct buf said = {0};
    struct journal *j = NULL;
    kit_start(&k);
    kit_start(&other);
    for (unsigned i = 0; i < 2; i++) {
        struct kit *one = i == 0 ? &k : &other;
        j = open_journal(one);
        kit_append(one, j, 4 + i);
        assert_int_equal(journal_roll(j, &one->f), ST_OK);
        kit_append(one, j, 2);
        journal_close(j);
    }
    /* The feed of another replica: sound, but not the one that the log names. */
    struct bytes feed = simdisk_content(other.sim, "journal/00000001.feed");
    assert_int_equal(disk_put(&k.disk, "journal", "00000001.feed", feed, &k.f), ST_OK);
    assert_int_equal(journal_open(&k.disk, &kit_network, false, &j, &k.f), ST_CORRUPT);
    assert_non_null(strstr(k.f.text, "00000001.feed"));
    assert_int_equal(damage(&k, &said), ST_CORRUPT);
    assert_true(said.count > 0);
    buf_release(&said);
    kit_stop(&k);
    kit_stop(&other);
}

/* Opens, appends, rolls twice (the second merges), reads; 'acked' is what it was told is durable.
 */
static enum status whole_life(struct kit *k, uint64_t *acked)
{
    struct journal *j = NULL;
    struct buf out = {0};
    uint64_t ordinal = 0;
    enum status st = journal_open(&k->disk, &kit_network, true, &j, &k->f);
    for (unsigned round = 0; round < 2 && st == ST_OK; round++) {
        for (unsigned i = 0; i < 20 && st == ST_OK; i++)
            st = journal_append(j, kit_item(k, *acked + i), &ordinal, &k->f);
        if (st == ST_OK)
            st = journal_sync(j, &k->f);
        if (st == ST_OK)
            *acked += 20;
        if (st == ST_OK)
            st = journal_roll(j, &k->f);
    }
    if (st == ST_OK)
        st = journal_read(j, 7, &out, &k->f);
    if (st == ST_OK)
        st = journal_idle(j, &k->f);
    journal_close(j);
    buf_release(&out);
    return st;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct kit k;
        uint64_t acked = 0;
        kit_start(&k);
        mem_fail_at(n);
        enum status st = whole_life(&k, &acked);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(simdisk_crash(k.sim, SIMDISK_KEEP_NOTHING, 0), ST_OK);
        struct journal *j = open_journal(&k);
        assert_true(kit_read_all(&k, j) >= acked);
        journal_close(j);
        kit_stop(&k);
    }
}

static void damage_needs_memory_too(void **unused)
{
    (void)unused;
    struct kit k;
    struct buf said = {0};
    uint64_t acked = 0;
    bool failed = true;
    kit_start(&k);
    assert_int_equal(whole_life(&k, &acked), ST_OK);
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        enum status st = journal_damage(&k.disk, &kit_network, say, &said, &k.f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(said.count, 0);
    }
    buf_release(&said);
    kit_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_founded_only_when_asked), cmocka_unit_test(keeps_order_over_rolls),
        cmocka_unit_test(reads_one_anywhere),         cmocka_unit_test(each_may_use_the_journal),
        cmocka_unit_test(damage_is_told_in_full),     cmocka_unit_test(no_changed_byte_goes_unseen),
        cmocka_unit_test(swapped_segments_are_found), cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(damage_needs_memory_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
