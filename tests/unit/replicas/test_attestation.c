#include "replicas/attestation.h"

#include "proto/mem.h"

#include "tests/unit/replicas/audit_kit.h"

enum { DIGITS = 64 };

static struct office o[2];

static int set_up(void **state)
{
    (void)state;
    office_found(&o[0], "santiago");
    office_join(&o[1], &o[0], "contraloria", CHARTER_AUDITOR);
    office_run(&o[0], ST_OK, "add", "contact", "office=santiago", NULL);
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

struct words {
    char state[DIGITS + 16], heads[DIGITS + 16];
};

/* What there is to attest at an office. */
static void words_of(struct office *one, struct words *w)
{
    char hex[OID_TEXT + 1];
    struct graph *g = replica_graph(one->replica);
    uint32_t count;
    const uint32_t *heads = graph_heads(g, &count);
    assert_int_equal(count, 1);
    hex_encode(graph_node(g, heads[0])->id.id, OID_BYTES, hex);
    snprintf(w->heads, sizeof w->heads, "--heads=%s", hex);
    hex_encode(replica_state(one->replica)->id, OID_BYTES, hex);
    snprintf(w->state, sizeof w->state, "--state=%s", hex);
}

#define SOUND                                                                                      \
    "--verdict=findings", "--commits=7", "--errors=1", "--warnings=2", "--notices=3",              \
        "--digest=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void test_written_and_read(void **state)
{
    (void)state;
    struct attestation *list = NULL;
    uint32_t count = 9;
    struct words w;
    assert_int_equal(attestation_list(o[1].replica, &list, &count, &o[1].fault), ST_OK);
    assert_int_equal(count, 0);
    mem_free(list);
    words_of(&o[1], &w);
    office_run(&o[1], ST_OK, "attest", w.state, w.heads, "--closed", SOUND, NULL);
    office_send(&o[1], &o[0]);
    assert_int_equal(attestation_list(o[0].replica, &list, &count, &o[0].fault), ST_OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, office_text(&o[1], 0, "id"));
    assert_string_equal(list[0].office, "contraloria");
    assert_string_equal(list[0].verdict, "findings");
    assert_true(list[0].closed);
    assert_int_equal(list[0].commits, 7);
    assert_int_equal(list[0].errors, 1);
    assert_int_equal(list[0].warnings, 2);
    assert_int_equal(list[0].notices, 3);
    assert_int_equal(list[0].head_count, 1);
    char hex[OID_TEXT + 1];
    hex_encode(list[0].heads[0].id, OID_BYTES, hex);
    assert_string_equal(w.heads + strlen("--heads="), hex);
    hex_encode(list[0].state.id, OID_BYTES, hex);
    assert_string_equal(w.state + strlen("--state="), hex);
    hex_encode(list[0].commit.id, OID_BYTES, hex);
    assert_string_equal(office_text(&o[1], 0, "commit"), hex);
    assert_int_equal(list[0].digest.id[1], 0x11);
    mem_free(list);
    /* The audit's own list has it. */
    struct audit_result *a = audit_of(&o[0]);
    assert_int_equal(a->attestation_count, 1);
    audit_free(a);
}

static void test_what_is_not_sound(void **state)
{
    (void)state;
    struct words w;
    words_of(&o[0], &w);
    uint32_t before = graph_count(replica_graph(o[0].replica));
    office_run(&o[0], ST_USAGE, "attest", w.heads, SOUND, NULL);
    office_run(&o[0], ST_USAGE, "attest", w.state, SOUND, NULL);
    office_run(&o[0], ST_USAGE, "attest", w.state, "--heads=", SOUND, NULL);
    office_run(&o[0], ST_USAGE, "attest", w.state, "--heads=12", SOUND, NULL);
    office_run(&o[0], ST_NOT_FOUND, "attest", w.state,
               "--heads=00112233445566778899aabbccddeeff00112233", SOUND, NULL);
    office_run(&o[0], ST_BAD_VALUE, "attest", "--state=00112233445566778899aabbccddeeff00112233",
               w.heads, SOUND, NULL);
    office_run(&o[0], ST_USAGE, "attest", w.state, w.heads, "--verdict=failed", "--commits=7",
               "--errors=1", "--warnings=2", "--notices=3",
               "--digest=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", NULL);
    office_run(&o[0], ST_USAGE, "attest", w.state, w.heads, "--verdict=clean", "--commits=-7",
               "--errors=1", "--warnings=2", "--notices=3",
               "--digest=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", NULL);
    office_run(&o[0], ST_USAGE, "attest", w.state, w.heads, "--verdict=clean", "--commits=7",
               "--errors=1", "--warnings=2", "--notices=3", "--digest=0011", NULL);
    assert_int_equal(graph_count(replica_graph(o[0].replica)), before);
}

static void test_partners_do_not_attest(void **state)
{
    (void)state;
    struct office partner;
    struct words w;
    office_join(&partner, &o[0], "fosis", CHARTER_PARTNER);
    office_send(&o[0], &partner);
    words_of(&partner, &w);
    office_run(&partner, ST_NOT_ALLOWED, "attest", w.state, w.heads, SOUND, NULL);
    office_close(&partner);
}

/* What somebody else wrote in such a record is not believed further than it can be read. */
static void test_heads_that_cannot_be_read(void **state)
{
    (void)state;
    struct attestation *list = NULL;
    uint32_t count = 0;
    office_run(&o[0], ST_OK, "add", "attestation", "verdict=clean", "heads+=not a commit", NULL);
    assert_int_equal(attestation_list(o[0].replica, &list, &count, &o[0].fault), ST_OK);
    assert_true(count > 0);
    assert_int_equal(list[count - 1].head_count, 0);
    char since[64];
    snprintf(since, sizeof since, "--since=%s", list[count - 1].id);
    mem_free(list);
    office_run(&o[0], ST_NOT_FOUND, "audit", since, NULL);
    office_run(&o[0], ST_OK, "audit", "--since=last", NULL); /* one before it */
}

/* An office that changes what the auditor signed: it shows, and covers nothing any more. */
static void test_altered_by_another(void **state)
{
    (void)state;
    struct attestation *list = NULL;
    uint32_t count = 0;
    struct words w;
    char id[ENTRY_ID_TEXT + 1];
    office_send(&o[0], &o[1]);
    words_of(&o[1], &w);
    office_run(&o[1], ST_OK, "attest", w.state, w.heads, SOUND, NULL);
    office_id(&o[1], id);
    office_send(&o[1], &o[0]);
    office_run(&o[0], ST_OK, "set", id, "verdict=clean", NULL);
    assert_int_equal(attestation_list(o[0].replica, &list, &count, &o[0].fault), ST_OK);
    const struct attestation *found = NULL;
    for (uint32_t i = 0; i < count; i++)
        found = strcmp(list[i].id, id) == 0 ? &list[i] : found;
    assert_non_null(found);
    assert_string_equal(found->verdict, "altered");
    assert_string_equal(found->office, "contraloria");
    assert_int_equal(found->head_count, 0);
    mem_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_what_is_not_sound),
        cmocka_unit_test(test_partners_do_not_attest),
        cmocka_unit_test(test_heads_that_cannot_be_read),
        cmocka_unit_test(test_altered_by_another),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
