/*
 * Refs as they should stand, objects into the backing, the journal's open segment into the feed.
 */
#include "tests/unit/replicas/members.h"

static const struct store_ref *ref_of(const struct store_ref *refs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(refs[i].name, name) == 0)
            return &refs[i];
    return NULL;
}

static void assert_ref(struct members *m, struct one *o, const char *name, const struct oid *id)
{
    struct store_ref *refs;
    size_t count;
    assert_int_equal(checkpoint_refs(o->replica, &refs, &count, &m->f), ST_OK);
    const struct store_ref *ref = ref_of(refs, count, name);
    if (id == NULL) {
        if (ref != NULL && !oid_is_zero(&ref->target))
            fail_msg("%s is there", name);
    } else {
        if (ref == NULL)
            fail_msg("%s is not there", name);
        assert_memory_equal(ref->target.id, id->id, OID_BYTES);
    }
    mem_free(refs);
}

static void labels_and_main(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    assert_ref(m, a, "refs/heads/main", NULL); /* nothing yet */
    struct replica_commit first = members_set(m, a, 1, "a", "\"x\"");
    assert_ref(m, a, "refs/heads/santiago", &first.id);
    assert_ref(m, a, "refs/heads/main", &first.id);
    assert_ref(m, a, "refs/heads/iquique", NULL);
    members_carry(m, a, b);
    struct replica_commit second = members_set(m, b, 1, "a", "\"y\"");
    members_carry(m, b, a);
    assert_ref(m, a, "refs/heads/santiago", &first.id);
    assert_ref(m, a, "refs/heads/iquique", &second.id);
    assert_ref(m, a, "refs/heads/main", &second.id);
}

/* While there are two heads, main stays where it was; what holds both moves it on. */
static void main_moves_forward_only(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct replica_commit first = members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, b);
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    struct replica_commit left = members_set(m, a, 1, "a", "\"l\"");
    struct replica_commit right = members_set(m, b, 1, "a", "\"r\"");
    members_carry(m, b, a);
    assert_ref(m, a, "refs/heads/santiago", &left.id);
    assert_ref(m, a, "refs/heads/iquique", &right.id);
    assert_ref(m, a, "refs/heads/main", NULL); /* not among what is to be set: it stays */
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    struct replica_commit both = members_set(m, a, 1, "a", "\"both\"");
    assert_ref(m, a, "refs/heads/main", &both.id);
    assert_int_not_equal(oid_compare(&first.id, &both.id), 0);
}

struct seen {
    struct store_ref refs[32];
    size_t count;
};

static void see(void *user, const struct store_ref *ref)
{
    struct seen *s = user;
    assert_true(s->count < 32);
    s->refs[s->count++] = *ref;
}

/* A branch that no label's ref holds keeps a ref of its own, and loses it when it is merged. */
static void further_tips(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct seen seen = {0};
    char name[128], hex[OID_TEXT + 1];
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, b);
    struct simdisk *old = simdisk_clone(a->sim);
    struct replica_commit left = members_set(m, a, 1, "a", "\"left\"");
    members_carry(m, a, b);
    replica_drop(a->replica);
    assert_int_equal(simdisk_restore(a->sim, old), ST_OK); /* a backup: it forks itself */
    simdisk_free(old);
    members_open(m, a);
    struct replica_commit right = members_set(m, a, 1, "a", "\"right\"");
    members_carry(m, b, a);
    hex_encode(right.id.id, OID_BYTES, hex);
    snprintf(name, sizeof name, "refs/minga/tips/%s", hex);
    assert_ref(m, a, "refs/heads/santiago", &left.id); /* the later to come */
    assert_ref(m, a, name, &right.id);
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    struct replica_commit merged = members_set(m, a, 1, "a", "\"merged\"");
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    assert_int_equal(store_refs(a->replica->store, see, &seen, &m->f), ST_OK);
    assert_null(ref_of(seen.refs, seen.count, name));
    const struct store_ref *main = ref_of(seen.refs, seen.count, "refs/heads/main");
    assert_non_null(main);
    assert_memory_equal(main->target.id, merged.id.id, OID_BYTES);
}

static void the_segment_becomes_feed(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct journal_stats stats;
    assert_false(replica_wants_checkpoint(a->replica, true));
    members_set(m, a, 1, "a", "\"x\"");
    members_set(m, a, 1, "a", "\"y\"");
    assert_true(replica_wants_checkpoint(a->replica, true));
    assert_false(replica_wants_checkpoint(a->replica, false));
    journal_stats(replica_journal(a->replica), &stats);
    assert_int_equal(stats.open_first, 0);
    assert_true(store_pending_bytes(a->replica->store) > 0);
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    journal_stats(replica_journal(a->replica), &stats);
    assert_int_equal(stats.open_first, 2);
    assert_int_equal(stats.items, 2);
    assert_int_equal(store_pending_bytes(a->replica->store), 0);
    assert_false(replica_wants_checkpoint(a->replica, true));
    uint32_t generation = stats.generation;
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK); /* nothing to do */
    journal_stats(replica_journal(a->replica), &stats);
    assert_int_equal(stats.generation, generation);
}

/* The power goes at every boundary of a checkpoint: nothing that was synced is lost. */
static void a_crash_within(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    members_set(m, a, 1, "a", "\"x\"");
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        members_set(m, a, (uint8_t)n, "a", "\"y\"");
        struct oid before = *replica_state(a->replica);
        uint32_t count = graph_count(replica_graph(a->replica));
        simdisk_cut(a->sim, n);
        enum status st = replica_checkpoint(a->replica, &m->f);
        done = !simdisk_is_off(a->sim);
        assert_true(done ? st == ST_OK : true);
        replica_drop(a->replica);
        assert_int_equal(simdisk_crash(a->sim, SIMDISK_KEEP_SOME, n), ST_OK);
        members_open(m, a);
        assert_memory_equal(replica_state(a->replica)->id, before.id, OID_BYTES);
        assert_int_equal(graph_count(replica_graph(a->replica)), count);
        assert_true(n < 200);
    }
}

static void no_memory(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        members_set(m, a, (uint8_t)n, "a", "\"y\"");
        struct oid before = *replica_state(a->replica);
        mem_fail_at(n);
        enum status st = replica_checkpoint(a->replica, &m->f);
        done = !mem_failed();
        mem_fail_at(0);
        if (!done && st != ST_OK) {
            assert_int_equal(st, ST_NO_MEMORY);
            replica_drop(a->replica);
            members_open(m, a);
        }
        assert_memory_equal(replica_state(a->replica)->id, before.id, OID_BYTES);
        assert_true(n < 500);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(labels_and_main),          TEST(main_moves_forward_only), TEST(further_tips),
        TEST(the_segment_becomes_feed), TEST(a_crash_within),          TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
