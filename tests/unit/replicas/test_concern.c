/*
 * What people are told about forks and retired keys: with proof, and of nobody who did nothing.
 */
#include "tests/unit/replicas/crowd.h"

#include "replicas/adoption.h"
#include "replicas/concern.h"

static struct concern told[16];
static uint32_t told_count;

static void keep(void *user, const struct concern *c)
{
    (void)user;
    assert_true(told_count < 16);
    told[told_count++] = *c;
}

static void look(struct one *o)
{
    told_count = 0;
    assert_int_equal(concern_each(o->replica, keep, NULL), ST_OK);
}

static uint32_t lines;
static char last_line[512];

static void line(void *user, const char *level, const char *text, const char *fix)
{
    (void)user;
    lines++;
    assert_true(text[0] != '\0' && fix[0] != '\0');
    snprintf(last_line, sizeof last_line, "%s: %s", level, text);
}

static uint32_t health(struct one *o)
{
    lines = 0;
    concern_health(o->replica, line, NULL);
    return lines;
}

static uint32_t last_node(struct one *o)
{
    return graph_count(replica_graph(o->replica)) - 1;
}

static const struct oid *id_of(struct one *o, uint32_t node)
{
    return &graph_node(replica_graph(o->replica), node)->id;
}

/* iquique's disk was put back: it writes its second commit twice. */
static void fork_iquique(struct members *m, uint32_t *one, uint32_t *other)
{
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct buf item = {0};
    struct replica_verdict v;
    members_set(m, b, 1, "a", "\"x\"");
    members_carry(m, b, a);
    uint32_t root = last_node(a);
    members_set(m, b, 1, "a", "\"y\"");
    members_carry(m, b, a);
    *one = last_node(a);
    crowd_forge(a, &b->identity, "iquique", 2, "\"z\"", &root, 1, &item);
    assert_int_equal(crowd_give(m, a, &item, &v), ST_OK);
    *other = v.node;
    buf_release(&item);
}

static void calm_offices_are_not_named(void **state)
{
    struct members *m = *state;
    for (int i = 0; i < MEMBERS_COUNT; i++) {
        members_set(m, &m->of[i], (uint8_t)i, "a", "\"x\"");
        members_set(m, &m->of[i], 9, "a", "\"all at once\"");
    }
    crowd_mingle(m);
    members_set(m, &m->of[ARICA], 9, "a", "\"merged\"");
    crowd_mingle(m);
    for (int i = 0; i < MEMBERS_COUNT; i++) {
        look(&m->of[i]);
        assert_int_equal(told_count, 0);
    }
}

static void a_fork_is_proven_and_healed(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    uint32_t one, other;
    fork_iquique(m, &one, &other);
    look(a);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].rule, CONCERN_FORK);
    assert_string_equal(told[0].label, "iquique");
    assert_int_equal(told[0].seq, 2);
    assert_int_equal(told[0].count, 1);
    assert_memory_equal(told[0].commits[0].id, id_of(a, one)->id, OID_BYTES);
    assert_memory_equal(told[0].commits[1].id, id_of(a, other)->id, OID_BYTES);
    assert_false(told[0].healed);
    assert_string_equal(told[0].level, "warning");
    assert_int_equal(health(a), 1);
    assert_non_null(strstr(last_line, "iquique signed two commits of one number, 2: "));
    /* Its next commit merges them; nothing of either is lost, everybody knows of the pair. */
    members_carry(m, a, b);
    members_set(m, b, 3, "a", "\"after\"");
    crowd_mingle(m);
    for (int i = 0; i < MEMBERS_COUNT; i++) {
        look(&m->of[i]);
        assert_int_equal(told_count, 1);
        assert_true(told[0].healed);
        assert_string_equal(told[0].level, "notice");
    }
    uint32_t heads;
    graph_heads(replica_graph(a->replica), &heads);
    assert_int_equal(heads, 1);
    a->replica->wall_seconds = crowd_clock;
    crowd_seconds += 31 * 24 * 3600;
    assert_int_equal(health(a), 0); /* it is over; audits still have it */
}

/* Who has not the key can write whatever he likes: nothing of it is accepted, nobody is accused. */
static void third_parties_frame_nobody(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *c = &m->of[ARICA];
    struct buf item = {0};
    struct replica_verdict v;
    members_set(m, b, 1, "a", "\"x\"");
    members_carry(m, b, a);
    uint32_t root = last_node(a);
    members_set(m, b, 1, "a", "\"y\"");
    members_carry(m, b, a);
    struct op_list ops = {0};
    forge_set(&ops, "case", 2, "a", "\"z\"");
    struct forge f = {.replica = a->replica,
                      .identity = &b->identity,
                      .label = "iquique",
                      .ops = &ops,
                      .parents = &root,
                      .parent_count = 1,
                      .other = &c->identity,
                      .lie = LIE_SIGNER};
    forge_item(&f, &item);
    assert_int_equal(crowd_give(m, a, &item, &v), ST_BAD_SIGNATURE);
    op_list_release(&ops);
    buf_release(&item);
    look(a);
    assert_int_equal(told_count, 0);
}

static void a_frozen_key(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct buf item = {0};
    struct replica_verdict v;
    members_set(m, b, 1, "a", "\"x\"");
    members_carry(m, b, a);
    uint32_t root = last_node(a);
    for (uint8_t i = 0; i <= GRAPH_FORKS_MAX; i++) {
        buf_reset(&item);
        crowd_forge(a, &b->identity, "iquique", (uint8_t)(2 + i), "\"z\"", &root, 1, &item);
        assert_int_equal(crowd_give(m, a, &item, &v), ST_OK);
    }
    look(a);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[0].rule, CONCERN_FROZEN);
    assert_string_equal(told[0].level, "error");
    assert_int_equal(told[0].commit_count, 2);
    assert_int_equal(told[1].rule, CONCERN_QUARANTINE);
    assert_int_equal(told[1].count, GRAPH_FORKS_MAX + 2);
    crowd_mingle(m);
    look(&m->of[CALAMA]); /* the proof reaches who was not there */
    assert_int_equal(told[0].rule, CONCERN_FROZEN);
    buf_release(&item);
}

static void quarantine_then_a_sponsor(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *d = &m->of[CALAMA];
    uint32_t heads[4], count;
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = *id_of(a, last_node(a));
    members_set(m, d, 2, "a", "\"late\"");
    crowd_retire(m, "calama", &kept, 1, NULL);
    crowd_tell(m, a);
    members_carry(m, d, a);
    look(a);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].rule, CONCERN_QUARANTINE);
    assert_int_equal(told[0].count, 1);
    assert_string_equal(told[0].label, "calama");
    assert_non_null(strstr(told[0].fix, "minga member adopt calama"));
    crowd_mingle(m);
    adoption_heads(b->replica, BYTES("calama"), heads, 4, &count);
    assert_int_equal(adoption_adopt(b->replica, heads, count, members_author, &m->f), ST_OK);
    assert_int_equal(replica_sync(b->replica, &m->f), ST_OK);
    crowd_mingle(m);
    look(a);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].rule, CONCERN_UNKEPT);
    assert_string_equal(told[0].sponsor, "iquique");
    assert_memory_equal(told[0].commits[0].id, id_of(a, 1)->id, OID_BYTES);
    assert_memory_equal(told[0].commits[1].id, id_of(a, last_node(a))->id, OID_BYTES);
}

/* Who was behind and had merged it: told as well, by name. */
static void who_was_behind_is_the_sponsor(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *c = &m->of[ARICA], *d = &m->of[CALAMA];
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = *id_of(a, last_node(a));
    members_set(m, d, 2, "a", "\"late\"");
    crowd_retire(m, "calama", &kept, 1, NULL);
    members_carry(m, d, c);
    members_set(m, c, 3, "a", "\"on it\""); /* it knows nothing of the new charter */
    crowd_tell(m, a);
    members_carry(m, c, a);
    look(a);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].rule, CONCERN_UNKEPT);
    assert_string_equal(told[0].sponsor, "arica");
}

/* Its own label may adopt what its old key wrote: that is no finding. */
static void an_office_answers_for_itself(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *d = &m->of[CALAMA];
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = *id_of(a, last_node(a));
    members_set(m, d, 2, "a", "\"late\"");
    crowd_retire(m, "calama", &kept, 1, &m->stranger.key);
    crowd_tell(m, d);
    d->identity = m->stranger;
    replica_drop(d->replica);
    members_open(m, d);
    members_set(m, d, 3, "a", "\"new\"");
    crowd_mingle(m);
    look(a);
    assert_int_equal(told_count, 0);
}

static uint32_t unkept(struct one *o)
{
    uint32_t count = 0;
    look(o);
    for (uint32_t i = 0; i < told_count; i++)
        count += told[i].rule == CONCERN_UNKEPT;
    return count;
}

static void retire_forked(struct members *m, bool whole)
{
    struct one *a = &m->of[SANTIAGO];
    uint32_t one, other;
    fork_iquique(m, &one, &other);
    members_set(m, a, 5, "a", "\"over both\"");
    struct oid kept[] = {*id_of(a, one), *id_of(a, other)};
    if (oid_compare(&kept[0], &kept[1]) > 0) {
        kept[0] = *id_of(a, other);
        kept[1] = *id_of(a, one);
    }
    crowd_retire(m, "iquique", kept, whole ? 2 : 1, NULL);
    crowd_tell(m, a);
    assert_int_equal(unkept(a), whole ? 0 : 1);
}

static void both_branches_of_a_fork_are_kept(void **state)
{
    retire_forked(*state, true);
}

static void one_branch_of_a_fork_is_not_kept(void **state)
{
    retire_forked(*state, false);
}

static void no_memory(void **state)
{
    struct members *m = *state;
    uint32_t one, other;
    bool done = false;
    fork_iquique(m, &one, &other);
    for (uint64_t n = 1; !done; n++) {
        told_count = 0;
        mem_fail_at(n);
        enum status st = concern_each(m->of[SANTIAGO].replica, keep, NULL);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
        assert_int_equal(told_count, done);
    }
    assert_string_equal(concern_rule_word(CONCERN_UNKEPT), "unkept");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_branches_of_a_fork_are_kept), TEST(one_branch_of_a_fork_is_not_kept),
        TEST(calm_offices_are_not_named),       TEST(a_fork_is_proven_and_healed),
        TEST(third_parties_frame_nobody),       TEST(a_frozen_key),
        TEST(quarantine_then_a_sponsor),        TEST(who_was_behind_is_the_sponsor),
        TEST(an_office_answers_for_itself),     TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
