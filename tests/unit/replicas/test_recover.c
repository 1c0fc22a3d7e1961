/*
 * Opening again: after a crash at any moment, on damaged charters and frames.
 */
#include "tests/unit/replicas/members.h"

static void assert_same_after_crash(struct members *m, struct one *o, enum simdisk_loss loss)
{
    struct members_state before = members_state(o);
    replica_drop(o->replica);
    assert_int_equal(simdisk_crash(o->sim, loss, 7), ST_OK);
    members_open(m, o);
    struct members_state now = members_state(o);
    assert_memory_equal(now.state.id, before.state.id, OID_BYTES);
    assert_int_equal(now.commits, before.commits);
    assert_int_equal(now.heads, before.heads);
    assert_int_equal(now.items, before.items);
}

static void what_was_synced_is_there(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    for (int loss = 0; loss < SIMDISK_LOSS_COUNT; loss++) {
        members_set(m, a, (uint8_t)loss, "a", "\"x\"");
        members_carry(m, a, b);
        members_set(m, b, (uint8_t)loss, "b", "\"y\"");
        members_carry(m, b, a);
        assert_same_after_crash(m, a, (enum simdisk_loss)loss);
        assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
        assert_same_after_crash(m, a, (enum simdisk_loss)loss);
        members_set(m, a, 9, "a", "\"x\"");
        assert_same_after_crash(m, a, (enum simdisk_loss)loss);
    }
    members_carry(m, a, b);
    assert_memory_equal(replica_state(a->replica)->id, replica_state(b->replica)->id, OID_BYTES);
}

/* A commit that no sync followed may be gone or not, and nothing else changes. */
static void what_was_not_synced(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct op_list none = {0};
    struct replica_commit c;
    members_set(m, a, 1, "a", "\"x\"");
    struct oid before = *replica_state(a->replica);
    uint32_t count = graph_count(replica_graph(a->replica));
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(members_try_write(m, a, &none, &c), ST_OK);
        replica_drop(a->replica);
        assert_int_equal(simdisk_crash(a->sim, SIMDISK_TEAR, seed), ST_OK);
        members_open(m, a);
        uint32_t now = graph_count(replica_graph(a->replica));
        assert_true(now == count || now == count + 1);
        assert_memory_equal(replica_state(a->replica)->id, before.id, OID_BYTES);
        count = now;
    }
}

static void refused(struct members *m, struct one *o, enum status expected, const char *told)
{
    replica_drop(o->replica);
    memset(&m->f, 0, sizeof m->f);
    enum status st = members_try_open(m, o);
    if (st != expected)
        fail_msg("%s where %s is due: %s", status_word(st), status_word(expected), m->f.text);
    assert_null(o->replica);
    if (strstr(m->f.text, told) == NULL)
        fail_msg("\"%s\" does not say %s", m->f.text, told);
}

static void a_damaged_charter(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct bytes file = simdisk_content(a->sim, "charters/0002.json");
    size_t count = file.count;
    for (uint64_t at = 0; at < count; at += 13) {
        assert_true(simdisk_flip(a->sim, "charters/0002.json", at, 1));
        replica_drop(a->replica);
        memset(&m->f, 0, sizeof m->f);
        assert_int_equal(members_try_open(m, a), ST_CORRUPT);
        assert_int_equal(m->f.code, ST_CORRUPT);
        assert_non_null(strstr(m->f.text, "charters/0002.json"));
        assert_non_null(strstr(m->f.fix, "another office"));
        assert_true(simdisk_flip(a->sim, "charters/0002.json", at, 1));
    }
    members_open(m, a);
}

static void charters_are_gone(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    members_set(m, a, 1, "a", "\"x\"");
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    assert_int_equal(a->disk.remove(a->disk.context, "charters/0004.json", &m->f), ST_OK);
    refused(m, a, ST_CORRUPT, "unknown writer");
    for (int v = 1; v < 4; v++) {
        char name[32];
        snprintf(name, sizeof name, "charters/%04d.json", v);
        assert_int_equal(a->disk.remove(a->disk.context, name, &m->f), ST_OK);
    }
    refused(m, a, ST_CORRUPT, "no charter");
}

/* A temporary name that a crash left behind is passed over. */
static void a_leftover(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct disk_file *file = NULL;
    assert_int_equal(a->disk.open(a->disk.context, "charters/0005.json.tmp", true, &file, &m->f),
                     ST_OK);
    a->disk.close(a->disk.context, file);
    replica_drop(a->replica);
    members_open(m, a);
    assert_int_equal(replica_charters(a->replica)->count, 4);
}

static void another_networks_journal(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct digest kept = m->chain.network;
    members_set(m, a, 1, "a", "\"x\"");
    m->chain.network.id[0] ^= 1;
    refused(m, a, ST_WRONG_NETWORK, "network");
    m->chain.network = kept;
    members_open(m, a);
}

/* Frames above the checkpoint are judged anew; what is below needs no look at its objects. */
/* To start from an empty journal would write our first commit again, and take every ref off the
 * commits that the repository still has. */
static void the_journal_is_lost_and_the_repository_is_not(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    members_set(m, a, 1, "a", "\"one\"");
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    replica_drop(a->replica);
    a->replica = NULL;
    struct backing kept = a->backing;
    disk_release(&a->disk);
    simdisk_free(a->sim);
    members_disk(m, a, m->chain.count);
    a->backing.close(a->backing.context);
    a->backing = kept;
    assert_int_equal(members_try_open(m, a), ST_CORRUPT);
    assert_non_null(strstr(m->f.text, "refs/heads/"));
    assert_non_null(strstr(m->f.fix, "repair journal"));
}

static void the_state_comes_from_the_heads(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, b);
    members_set(m, a, 1, "a", "\"left\"");
    members_set(m, b, 1, "a", "\"right\"");
    members_carry(m, b, a); /* two heads */
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    assert_false(replica_wants_checkpoint(a->replica, true));
    assert_same_after_crash(m, a, SIMDISK_KEEP_NOTHING);
    uint32_t heads;
    graph_heads(replica_graph(a->replica), &heads);
    assert_int_equal(heads, 2);
}

static void no_memory(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    bool done = false;
    members_set(m, a, 1, "a", "\"x\"");
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    members_set(m, a, 2, "a", "\"x\"");
    struct oid before = *replica_state(a->replica);
    for (uint64_t n = 1; !done; n += 1 + n / 64) {
        replica_drop(a->replica);
        mem_fail_at(n);
        enum status st = members_try_open(m, a);
        done = !mem_failed();
        mem_fail_at(0);
        if (st != ST_OK)
            assert_int_equal(st, ST_NO_MEMORY);
        assert_true(st == ST_OK || !done);
    }
    assert_memory_equal(replica_state(a->replica)->id, before.id, OID_BYTES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_synced_is_there),
        TEST(what_was_not_synced),
        TEST(a_damaged_charter),
        TEST(charters_are_gone),
        TEST(a_leftover),
        TEST(another_networks_journal),
        TEST(the_journal_is_lost_and_the_repository_is_not),
        TEST(the_state_comes_from_the_heads),
        TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
