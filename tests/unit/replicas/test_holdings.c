#include "tests/unit/replicas/homes.h"

#include "replicas/holdings.h"

static struct key key_of(struct home *o)
{
    return replica_identity(o->replica)->key;
}

static struct holdings some(const struct replica_commit *commit)
{
    struct holdings h = {.charter = 2};
    uint8_t name[DIGEST_BYTES] = {0x77};
    buf_add(&h.heads, commit->id.id, OID_BYTES);
    buf_add(&h.wants, name, sizeof name);
    return h;
}

static void what_is_kept_comes_back(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key key = key_of(&p->b);
    struct replica_commit commit = home_set(&p->a, 1, "a", "\"x\"");
    struct holdings h = some(&commit), back;
    assert_int_equal(holdings_load(p->a.replica, HOLDINGS_HAS, &key, &back, &f), ST_OK);
    assert_int_equal(back.heads.count, 0);
    assert_int_equal(holdings_keep(p->a.replica, HOLDINGS_HAS, &key, &h, &f), ST_OK);
    assert_int_equal(holdings_load(p->a.replica, HOLDINGS_GIVEN, &key, &back, &f), ST_OK);
    assert_int_equal(back.heads.count, 0);
    assert_int_equal(holdings_load(p->a.replica, HOLDINGS_HAS, &key, &back, &f), ST_OK);
    assert_int_equal(back.charter, 2);
    assert_true(bytes_equal(buf_bytes(&back.heads), buf_bytes(&h.heads)));
    assert_true(bytes_equal(buf_bytes(&back.wants), buf_bytes(&h.wants)));
    holdings_release(&back);
    /* Of a key with the same beginning nothing is known. */
    key.id[KEY_BYTES - 1] ^= 1;
    assert_int_equal(holdings_load(p->a.replica, HOLDINGS_HAS, &key, &back, &f), ST_OK);
    assert_int_equal(back.heads.count, 0);
    holdings_release(&h);
}

static void a_damaged_file_is_as_if_nothing_were_known(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key key = key_of(&p->b);
    struct replica_commit commit = home_set(&p->a, 1, "a", "\"x\"");
    struct holdings h = some(&commit), back;
    char hex[KEY_BYTES + 1], path[200];
    assert_int_equal(holdings_keep(p->a.replica, HOLDINGS_HAS, &key, &h, &f), ST_OK);
    hex_encode(key.id, KEY_BYTES / 2, hex);
    snprintf(path, sizeof path, "%s/bundles/%s.has", p->a.home, hex);
    assert_int_equal(truncate(path, 40), 0);
    assert_int_equal(holdings_load(p->a.replica, HOLDINGS_HAS, &key, &back, &f), ST_OK);
    assert_int_equal(back.heads.count, 0);
    holdings_release(&back);
    holdings_release(&h);
}

static void own_commits_tell_what_their_writer_holds(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key key = key_of(&p->b);
    struct holdings known;
    const char *basis;
    assert_int_equal(holdings_known(p->a.replica, &key, false, &known, &basis, &f), ST_OK);
    assert_string_equal(basis, "nothing");
    assert_int_equal(known.heads.count, 0);
    holdings_release(&known);
    home_carry(&p->a, &p->b);
    (void)home_set(&p->b, 1, "a", "\"x\"");
    struct replica_commit last = home_set(&p->b, 2, "a", "\"y\"");
    home_carry(&p->b, &p->a);
    assert_int_equal(holdings_known(p->a.replica, &key, false, &known, &basis, &f), ST_OK);
    assert_string_equal(basis, "commits");
    assert_int_equal(known.charter, 2);
    assert_int_equal(known.heads.count, OID_BYTES);
    assert_memory_equal(known.heads.data, last.id.id, OID_BYTES);
    holdings_release(&known);
}

static void what_is_not_here_is_left_out(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key key = key_of(&p->b);
    struct replica_commit here = home_set(&p->a, 1, "a", "\"x\""),
                          elsewhere = home_set(&p->b, 1, "a", "\"y\"");
    struct holdings h = some(&here), known;
    const char *basis;
    buf_add(&h.heads, elsewhere.id.id, OID_BYTES);
    assert_int_equal(holdings_keep(p->a.replica, HOLDINGS_HAS, &key, &h, &f), ST_OK);
    assert_int_equal(holdings_known(p->a.replica, &key, false, &known, &basis, &f), ST_OK);
    assert_string_equal(basis, "receipt");
    assert_int_equal(known.heads.count, OID_BYTES);
    assert_memory_equal(known.heads.data, here.id.id, OID_BYTES);
    assert_int_equal(known.wants.count, DIGEST_BYTES);
    holdings_release(&known);
    holdings_release(&h);
}

static void what_was_given_counts_where_it_is_asked_for(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key key = key_of(&p->b);
    struct replica_commit here = home_set(&p->a, 1, "a", "\"x\"");
    struct holdings h = some(&here), known;
    const char *basis;
    assert_int_equal(holdings_keep(p->a.replica, HOLDINGS_GIVEN, &key, &h, &f), ST_OK);
    assert_int_equal(holdings_known(p->a.replica, &key, false, &known, &basis, &f), ST_OK);
    assert_int_equal(known.heads.count, 0);
    holdings_release(&known);
    assert_int_equal(holdings_known(p->a.replica, &key, true, &known, &basis, &f), ST_OK);
    assert_string_equal(basis, "given");
    assert_int_equal(known.heads.count, OID_BYTES);
    holdings_release(&known);
    holdings_release(&h);
}

static void tips_are_what_nothing_builds_on(void **state)
{
    struct homes *p = *state;
    struct buf tips = {0};
    (void)home_set(&p->a, 1, "a", "\"x\"");
    struct replica_commit last = home_set(&p->a, 1, "a", "\"y\"");
    assert_int_equal(holdings_tips(p->a.replica, &tips), ST_OK);
    assert_int_equal(tips.count, OID_BYTES);
    assert_memory_equal(tips.data, last.id.id, OID_BYTES);
    buf_release(&tips);
}

static void every_failed_allocation_is_told(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key key = key_of(&p->b);
    struct replica_commit here = home_set(&p->a, 1, "a", "\"x\"");
    struct holdings h = some(&here);
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct holdings known = {0};
        const char *basis;
        mem_fail_at(n);
        enum status st = holdings_keep(p->a.replica, HOLDINGS_HAS, &key, &h, &f);
        if (st == ST_OK)
            st = holdings_known(p->a.replica, &key, true, &known, &basis, &f);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
        holdings_release(&known);
        assert_true(n < 1000);
    }
    holdings_release(&h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, homes_setup, homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_kept_comes_back),
        TEST(a_damaged_file_is_as_if_nothing_were_known),
        TEST(own_commits_tell_what_their_writer_holds),
        TEST(what_is_not_here_is_left_out),
        TEST(what_was_given_counts_where_it_is_asked_for),
        TEST(tips_are_what_nothing_builds_on),
        TEST(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
