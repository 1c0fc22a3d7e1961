/*
 * The incremental audit finds what the whole one finds, whatever was written and attested before;
 * and it sees a commit that is not what was signed.
 */
#include "tests/unit/replicas/audit_kit.h"

#include "replicas/engine.h"
#include "tests/unit/replicas/sample.h"

enum { STEPS = 40, RECEIPTS = 8 };

static struct office o[2];

static int set_up(void **state)
{
    (void)state;
    office_found(&o[0], "santiago");
    office_join(&o[1], &o[0], "iquique", CHARTER_OFFICE);
    book_import(&o[0], "programme", "programme.json", NULL);
    for (unsigned i = 0; i < 2; i++)
        office_run(&o[0], ST_OK, "add", "allotment", "holder=santiago",
                   i == 0 ? "office=santiago" : "office=iquique", "budget_line=workshops",
                   "currency=CLP", "amount=1000000", NULL);
    office_send(&o[0], &o[1]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    office_close(&o[0]);
    office_close(&o[1]);
    return 0;
}

static void attest(struct office *one, const struct audit_result *a)
{
    char heads[1024] = "--heads=", state_hex[64] = "--state=", digest_hex[96] = "--digest=";
    struct digest digest;
    for (uint32_t i = 0; i < a->head_count; i++) {
        size_t at = strlen(heads);
        if (i > 0)
            heads[at++] = ',';
        hex_encode(a->heads[i].id, OID_BYTES, heads + at);
    }
    hex_encode(a->state.id, OID_BYTES, state_hex + strlen(state_hex));
    finding_digest(&a->findings, &digest);
    hex_encode(digest.id, DIGEST_BYTES, digest_hex + strlen(digest_hex));
    office_run(one, ST_OK, "attest", heads, state_hex, digest_hex, "--verdict=findings",
               "--commits=1", "--errors=0", "--warnings=0", "--notices=0", NULL);
}

static struct audit_result *since(struct office *one, const char *which)
{
    static const struct audit_options options;
    struct audit_result *a = NULL;
    if (audit_since(one->replica, bytes_of_text(which), &options, &a, &one->fault) != ST_OK)
        fail_msg("%s", one->fault.text);
    return a;
}

static void assert_same(const struct audit_result *a, const struct audit_result *b)
{
    struct digest one, other;
    finding_digest(&a->findings, &one);
    finding_digest(&b->findings, &other);
    assert_int_equal(a->findings.count, b->findings.count);
    assert_memory_equal(&one, &other, sizeof one);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->total_count, b->total_count);
    assert_memory_equal(a->totals, b->totals, a->total_count * sizeof *a->totals);
    assert_int_equal(a->office_count, b->office_count);
    assert_memory_equal(a->kinds, b->kinds, sizeof a->kinds);
    assert_true(oid_equal(&a->state, &b->state));
}

static void write_something(struct office *one, const char *label, uint64_t *seed)
{
    char receipt[32];
    uint64_t dice = sample_random(seed);
    snprintf(receipt, sizeof receipt, "boleta %u", (unsigned)(dice >> 8) % RECEIPTS);
    if (dice % 4 == 0)
        receipt[0] = '\0';
    audit_spend(one, label, "100", receipt);
    if (dice % 3 == 0) {
        char id[ENTRY_ID_TEXT + 1], office[64], entry[64], ref[64];
        office_id(one, id);
        snprintf(office, sizeof office, "office=%s", label);
        snprintf(entry, sizeof entry, "entry=%s", id);
        snprintf(ref, sizeof ref, "ref=%s", id);
        office_run(one, ST_OK, "add", "reversal", office, entry, ref, NULL);
    }
}

static void test_equals_the_whole_audit(void **state)
{
    (void)state;
    uint64_t seed = 20090701;
    bool attested = false;
    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t dice = sample_random(&seed);
        write_something(&o[dice % 2], dice % 2 == 0 ? "santiago" : "iquique", &seed);
        if (dice >> 8 & 1) {
            office_send(&o[0], &o[1]);
            office_send(&o[1], &o[0]);
        }
        struct audit_result *whole = audit_of(&o[0]);
        if (attested) {
            struct audit_result *part = since(&o[0], "last");
            assert_true(part->incremental);
            assert_true(part->verified.commits <
                        whole->offices[0].commits + whole->offices[1].commits);
            assert_same(whole, part);
            audit_free(part);
        }
        if ((dice >> 9 & 3) == 0) {
            attest(&o[0], whole);
            attested = true;
        }
        audit_free(whole);
    }
    assert_true(attested);
}

/* Only what the heads do not reach; a commit may be named, or the attestation by its id. */
static void test_how_much_is_verified(void **state)
{
    (void)state;
    struct audit_result *a = audit_of(&o[0]);
    char id[ENTRY_ID_TEXT + 1], commit[OID_TEXT + 1];
    attest(&o[0], a);
    audit_free(a);
    office_id(&o[0], id);
    id[6] = '\0';
    audit_spend(&o[0], "santiago", "1", "boleta 7001");
    hex_encode(graph_node(replica_graph(o[0].replica), graph_count(replica_graph(o[0].replica)) - 1)
                   ->id.id,
               OID_BYTES, commit);
    audit_spend(&o[0], "santiago", "1", "boleta 7002");
    a = since(&o[0], "last");
    assert_int_equal(a->verified.commits, 3); /* the attestation itself, and two */
    audit_free(a);
    a = since(&o[0], id);
    assert_int_equal(a->verified.commits, 3);
    audit_free(a);
    a = since(&o[0], commit);
    assert_int_equal(a->verified.commits, 1);
    audit_free(a);
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    static const struct audit_options options;
    struct audit_result *a = NULL;
    assert_int_equal(audit_since(o[1].replica, BYTES("ffffff"), &options, &a, &o[1].fault),
                     ST_NOT_FOUND);
    assert_null(a);
    office_run(&o[1], ST_USAGE, "audit", NULL);
}

/* What memory holds of a new commit is judged anew: another byte in it, and it is refused. */
static void test_a_changed_commit_is_seen(void **state)
{
    (void)state;
    audit_spend(&o[0], "santiago", "1", "boleta 7003");
    struct replica *r = o[0].replica;
    assert_true(r->recent_count > 0);
    uint8_t *last = &r->recent.data[r->recent.count - 1];
    *last ^= 1;
    struct audit_result *a = since(&o[0], "last");
    assert_int_equal(a->verdict, AUDIT_FAILED);
    assert_int_equal(a->verified.finding_count, 1);
    assert_false(oid_is_zero(&a->verified.findings[0].commit));
    audit_free(a);
    *last ^= 1;
    a = since(&o[0], "last");
    assert_true(a->verified.ok);
    audit_free(a);
}

/* The verb: the head's row, then one for each finding, with its sentence. */
static void test_verb(void **state)
{
    (void)state;
    struct audit_result *a = audit_of(&o[0]);
    uint32_t count = a->findings.count;
    audit_free(a);
    assert_true(count > 0);
    office_run(&o[0], ST_OK, "audit", "--since=last", "--language=es", NULL);
    assert_int_equal(office_rows(&o[0]), 1 + count);
    assert_string_equal(office_text(&o[0], 0, "verdict"), "findings");
    assert_true(json_is_true(office_at(&o[0], 0, "incremental")));
    assert_non_null(strstr(office_text(&o[0], 1, "finding.text"), "comprobante"));
    office_run(&o[0], ST_OK, "audit", "--since=last", NULL);
    assert_non_null(strstr(office_text(&o[0], 1, "finding.text"), "receipt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_the_whole_audit),
        cmocka_unit_test(test_how_much_is_verified),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_a_changed_commit_is_seen),
        cmocka_unit_test(test_verb),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
