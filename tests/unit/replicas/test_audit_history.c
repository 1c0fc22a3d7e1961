/*
 * What an audit finds about who signed what when: forks, quarantines, false dates; on every member
 * the same.
 */
#include "tests/unit/replicas/crowd.h"

#include "replicas/auditing.h"

enum { HOUR = 3600 };

static void inspect(struct one *o, struct audit_result *a)
{
    *a = (struct audit_result){.state = {{0}}};
    assert_int_equal(audit_history_inspect(o->replica, a), ST_OK);
    assert_int_equal(finding_sort(&a->findings), ST_OK);
}

static void expect(const struct audit_result *a, uint32_t index, const char *rule,
                   enum finding_level level, const char *words)
{
    struct buf text = {0};
    assert_true(index < a->findings.count);
    assert_string_equal(finding_facts(a->findings.list[index].rule)->name, rule);
    assert_int_equal(a->findings.list[index].level, level);
    finding_sentence(&a->findings, index, FINDING_ENGLISH, &text);
    if (strncmp(buf_text(&text), words, strlen(words)) != 0)
        fail_msg("%s", buf_text(&text));
    buf_release(&text);
}

static uint32_t last_node(struct one *o)
{
    return graph_count(replica_graph(o->replica)) - 1;
}

/* iquique writes its second commit twice; 'a' has both. */
static void fork_iquique(struct members *m)
{
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct buf item = {0};
    struct replica_verdict v;
    members_set(m, b, 1, "a", "\"x\"");
    members_carry(m, b, a);
    uint32_t root = last_node(a);
    members_set(m, b, 1, "a", "\"y\"");
    members_carry(m, b, a);
    crowd_forge(a, &b->identity, "iquique", 2, "\"z\"", &root, 1, &item);
    assert_int_equal(crowd_give(m, a, &item, &v), ST_OK);
    buf_release(&item);
}

static void calm(void **state)
{
    struct members *m = *state;
    struct audit_result a;
    members_set(m, &m->of[IQUIQUE], 1, "a", "\"x\"");
    crowd_mingle(m);
    inspect(&m->of[SANTIAGO], &a);
    assert_int_equal(a.findings.count, 0);
    assert_int_equal(a.forks, 0);
    finding_release(&a.findings);
}

/* Until it is merged a warning, then a notice; the pair in the order of its ids, not of its coming.
 */
static void fork(void **state)
{
    struct members *m = *state;
    struct audit_result a;
    struct digest first, digest;
    fork_iquique(m);
    inspect(&m->of[SANTIAGO], &a);
    assert_int_equal(a.findings.count, 1);
    expect(&a, 0, "fork", FINDING_WARNING, "iquique signed two commits of one number, 2: ");
    assert_int_equal(a.forks, 1);
    const struct finding_record *pair = a.findings.records;
    assert_int_equal(a.findings.list[0].record_count, 2);
    assert_true(strcmp(pair[0].id, pair[1].id) < 0);
    finding_release(&a.findings);
    members_carry(m, &m->of[SANTIAGO], &m->of[IQUIQUE]);
    members_set(m, &m->of[IQUIQUE], 3, "a", "\"after\"");
    crowd_mingle(m);
    for (int i = 0; i < MEMBERS_COUNT; i++) {
        inspect(&m->of[i], &a);
        assert_int_equal(a.findings.count, 1);
        expect(&a, 0, "fork", FINDING_NOTICE, "iquique signed two commits of one number, 2: ");
        finding_digest(&a.findings, i == 0 ? &first : &digest);
        if (i > 0)
            assert_memory_equal(&first, &digest, sizeof first);
        finding_release(&a.findings);
    }
}

static void frozen(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct audit_result found;
    struct replica_verdict v;
    struct buf item = {0};
    members_set(m, b, 1, "a", "\"x\"");
    members_carry(m, b, a);
    uint32_t root = last_node(a);
    for (uint8_t i = 0; i <= GRAPH_FORKS_MAX; i++) {
        buf_reset(&item);
        crowd_forge(a, &b->identity, "iquique", (uint8_t)(2 + i), "\"z\"", &root, 1, &item);
        assert_int_equal(crowd_give(m, a, &item, &v), ST_OK);
    }
    inspect(a, &found);
    assert_int_equal(found.findings.count, 2);
    expect(&found, 0, "frozen", FINDING_ERROR, "the key of iquique is frozen: it signed many");
    assert_int_equal(found.findings.list[0].record_count, GRAPH_FORKS_MAX + 1);
    expect(&found, 1, "quarantine", FINDING_WARNING, "10 commits of iquique wait in quarantine");
    assert_int_equal(found.quarantined, GRAPH_FORKS_MAX + 2);
    finding_release(&found.findings);
    buf_release(&item);
}

/* Nothing of a frozen key counts, so it writes on the same base again: one commit stays one. */
static void a_frozen_key_signs_the_same_once(void **state)
{
    struct members *m = *state;
    struct one *b = &m->of[IQUIQUE];
    struct replica_commit commit;
    struct replica_verdict v;
    struct buf item = {0};
    members_set(m, b, 1, "a", "\"x\"");
    uint32_t root = last_node(b);
    for (uint8_t i = 0; i <= GRAPH_FORKS_MAX; i++) {
        buf_reset(&item);
        crowd_forge(b, &b->identity, "iquique", (uint8_t)(2 + i), "\"z\"", &root, 1, &item);
        assert_int_equal(crowd_give(m, b, &item, &v), ST_OK);
    }
    for (int i = 0; i < 2; i++) {
        struct op_list ops = {0};
        case_set(b->replica, 1, "a", "\"y\"", &ops);
        assert_int_equal(members_try_write(m, b, &ops, &commit), i == 0 ? ST_OK : ST_EXISTS);
        assert_int_equal(last_node(b), root + GRAPH_FORKS_MAX + 2);
        op_list_release(&ops);
    }
    buf_release(&item);
}

static void quarantine_and_unkept(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *c = &m->of[ARICA], *d = &m->of[CALAMA];
    struct audit_result found;
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = graph_node(replica_graph(a->replica), last_node(a))->id;
    members_set(m, d, 2, "a", "\"late\"");
    crowd_retire(m, "calama", &kept, 1, NULL);
    crowd_tell(m, a);
    members_carry(m, d, a);
    inspect(a, &found);
    assert_int_equal(found.findings.count, 1);
    expect(&found, 0, "quarantine", FINDING_WARNING,
           "1 commits of calama wait in quarantine and do not count");
    assert_int_equal(found.quarantined, 1);
    finding_release(&found.findings);
    members_carry(m, d, c);
    members_set(m, c, 3, "a", "\"on it\""); /* it knows nothing of the new charter */
    members_carry(m, c, a);
    inspect(a, &found);
    assert_int_equal(found.findings.count, 1);
    expect(&found, 0, "unkept", FINDING_NOTICE, "");
    assert_int_equal(found.quarantined, 0);
    finding_release(&found.findings);
}

static void write_at(struct members *m, struct one *o, int64_t hour)
{
    crowd_seconds = hour * HOUR;
    if (o != &m->of[SANTIAGO])
        members_carry(m, &m->of[SANTIAGO], o);
    members_set(m, o, 1, "a", "\"x\"");
    if (o != &m->of[SANTIAGO])
        members_carry(m, o, &m->of[SANTIAGO]);
}

/* One finding for an office, however often it dated falsely. */
static void back_dated(void **state)
{
    struct members *m = *state;
    struct one *b = &m->of[IQUIQUE], *c = &m->of[ARICA], *d = &m->of[CALAMA];
    struct audit_result a;
    write_at(m, b, 10);
    write_at(m, c, 11);
    write_at(m, d, 12);
    inspect(&m->of[SANTIAGO], &a);
    assert_int_equal(a.findings.count, 0);
    finding_release(&a.findings);
    write_at(m, d, 3);
    write_at(m, d, 4);
    inspect(&m->of[SANTIAGO], &a);
    assert_int_equal(a.findings.count, 1);
    expect(&a, 0, "back-dated", FINDING_WARNING, "calama dated 2 of its commits otherwise");
    assert_int_equal(a.findings.list[0].record_count, 2);
    finding_release(&a.findings);
}

static void no_memory(void **state)
{
    struct members *m = *state;
    bool failed = true;
    fork_iquique(m);
    for (uint64_t n = 1; failed; n++) {
        struct audit_result a = {.state = {{0}}};
        mem_fail_at(n);
        enum status st = audit_history_inspect(m->of[SANTIAGO].replica, &a);
        failed = mem_failed() && (st != ST_OK || a.findings.failed);
        mem_fail_at(0);
        assert_true(failed || st == ST_OK);
        finding_release(&a.findings);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calm),
        TEST(fork),
        TEST(frozen),
        TEST(a_frozen_key_signs_the_same_once),
        TEST(quarantine_and_unkept),
        TEST(back_dated),
        TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
