/*
 * The seven steps of accepting, each with a commit that breaks just that one: refused with its own
 * status, and nothing has changed.
 */
#include "tests/unit/replicas/members.h"

#include "tests/unit/replicas/forge.h"

/* santiago has two commits, iquique one on top; all four hold them. */
static int begin(void **state)
{
    members_start(state);
    struct members *m = *state;
    struct one *santiago = &m->of[SANTIAGO], *iquique = &m->of[IQUIQUE];
    members_set(m, santiago, 1, "a", "\"one\"");
    members_set(m, santiago, 1, "b", "\"two\"");
    members_carry(m, santiago, iquique);
    members_set(m, iquique, 2, "a", "\"three\"");
    members_carry(m, iquique, santiago);
    members_carry(m, iquique, &m->of[AUDITOR]);
    members_carry(m, iquique, &m->of[FOSIS]);
    return 0;
}

/* By iquique, offered to santiago. */
static struct forge plan(struct members *m, struct op_list *ops, enum forge_lie lie)
{
    return (struct forge){.replica = m->of[IQUIQUE].replica,
                          .identity = &m->of[IQUIQUE].identity,
                          .label = "iquique",
                          .ops = ops,
                          .other = &m->of[AUDITOR].identity,
                          .lie = lie};
}

static enum status offer(struct members *m, const struct forge *f, struct replica_verdict *v)
{
    struct buf item = {0};
    forge_item(f, &item);
    memset(&m->f, 0, sizeof m->f);
    enum status st = replica_accept(m->of[SANTIAGO].replica, buf_bytes(&item), v, &m->f);
    buf_release(&item);
    return st;
}

/* Refused as 'expected', with a reason; nothing changed, and the honest go on. */
static void refused(struct members *m, const struct forge *f, enum status expected)
{
    struct replica_verdict v;
    struct one *victim = &m->of[SANTIAGO];
    struct members_state before = members_state(victim);
    uint32_t remembered, after;
    replica_refusals(victim->replica, &remembered);
    enum status st = offer(m, f, &v);
    if (st != expected)
        fail_msg("%s where %s is due: %s", status_word(st), status_word(expected), m->f.text);
    assert_true(m->f.text[0] != '\0');
    members_assert_state(victim, &before);
    const struct replica_refusal *last = replica_refusals(victim->replica, &after);
    assert_int_equal(after, remembered + (status_class(expected) == STATUS_PEER));
    if (status_class(expected) == STATUS_PEER)
        assert_int_equal(last[0].code, expected);
    members_set(m, victim, 9, "a", "\"goes on\"");
}

/* One lie about a commit that is right in all else. */
static void lied(struct members *m, enum forge_lie lie, enum status expected)
{
    struct op_list ops = {0};
    forge_set(&ops, "case", 7, "a", "\"mine\"");
    struct forge f = plan(m, &ops, lie);
    refused(m, &f, expected);
    op_list_release(&ops);
}

static void an_honest_commit_is_taken(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct replica_verdict v;
    forge_set(&ops, "case", 7, "a", "\"mine\"");
    struct forge f = plan(m, &ops, LIE_NONE);
    uint32_t count = graph_count(replica_graph(m->of[SANTIAGO].replica));
    if (offer(m, &f, &v) != ST_OK)
        fail_msg("%s", m->f.text); /* else every refusal below would prove nothing */
    assert_int_equal(v.node, count);
    assert_int_equal(offer(m, &f, &v), ST_EXISTS);
    assert_int_equal(v.node, count);
    op_list_release(&ops);
}

static void a_bad_signature(void **state)
{
    lied(*state, LIE_SIGNATURE, ST_BAD_SIGNATURE);
}

static void another_members_key(void **state)
{
    lied(*state, LIE_SIGNER, ST_BAD_SIGNATURE);
}

/* Everything as the auditor would do it, but the label. */
static void another_members_label(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    forge_set(&ops, "case", 7, "a", "\"mine\"");
    struct forge f = plan(m, &ops, LIE_NONE);
    f.identity = &m->of[AUDITOR].identity;
    refused(m, &f, ST_BAD_SIGNATURE);
    op_list_release(&ops);
}

static void a_label_that_is_no_members(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    forge_set(&ops, "case", 7, "a", "\"mine\"");
    struct forge f = plan(m, &ops, LIE_NONE);
    f.identity = &m->stranger;
    f.label = "arica";
    refused(m, &f, ST_WRONG_WRITER);
    op_list_release(&ops);
}

static void a_wrong_root(void **state)
{
    lied(*state, LIE_ROOT, ST_WRONG_ROOT);
}

static void a_wrong_place(void **state)
{
    lied(*state, LIE_SEQ, ST_WRONG_SEQ);
    lied(*state, LIE_SEQ_AGAIN, ST_WRONG_SEQ);
    lied(*state, LIE_HEIGHT, ST_WRONG_HEIGHT);
    lied(*state, LIE_PARENTS, ST_WRONG_PARENTS);
}

static void a_wrong_digest(void **state)
{
    lied(*state, LIE_DIGEST, ST_WRONG_DIGEST);
}

static void a_wrong_charter(void **state)
{
    lied(*state, LIE_CHARTER_HASH, ST_WRONG_CHARTER);
    lied(*state, LIE_CHARTER_OLDER, ST_WRONG_CHARTER);
    lied(*state, LIE_CHARTER_NEWER, ST_WAITING);
}

/* It waits, and says for what; the signature is checked before. */
static void an_unknown_parent(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct replica_verdict v;
    forge_set(&ops, "case", 7, "a", "\"mine\"");
    struct forge f = plan(m, &ops, LIE_UNKNOWN);
    lied(m, LIE_UNKNOWN, ST_WAITING);
    assert_int_equal(offer(m, &f, &v), ST_WAITING);
    assert_int_equal(v.missing_count, 1);
    assert_int_equal(v.missing[0].id[0], 1);
    f.identity = &m->stranger;
    assert_int_equal(offer(m, &f, &v), ST_BAD_SIGNATURE);
    assert_int_equal(v.missing_count, 0);
    op_list_release(&ops);
}

/* santiago knows version 3 only, where fosis is no member yet. */
static void a_charter_travels_with_the_commit(void **state)
{
    struct members *m = *state;
    struct one late = {.identity = m->of[SANTIAGO].identity, .member = m->of[SANTIAGO].member};
    struct replica_verdict v;
    members_disk(m, &late, 3);
    members_open(m, &late);
    struct buf item = members_item(m, &m->of[SANTIAGO], 0);
    if (replica_accept(late.replica, buf_bytes(&item), &v, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(replica_charters(late.replica)->count, 4);
    buf_release(&item);
    members_free_one(&late);
}

static void a_charter_that_is_due_is_left_out(void **state)
{
    struct members *m = *state;
    struct charter_member arica = {.label = "arica", .key = m->stranger.key};
    struct op_list ops = {0};
    if (replica_add_member(m->of[SANTIAGO].replica, &arica, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    bool grown;
    struct bytes file = buf_bytes(&charter_newest(replica_charters(m->of[SANTIAGO].replica))->file);
    assert_int_equal(replica_offer_charters(m->of[IQUIQUE].replica, &file, 1, &grown, &m->f),
                     ST_OK);
    forge_set(&ops, "case", 7, "a", "\"mine\"");
    struct forge f = plan(m, &ops, LIE_CHARTER_MUTE);
    refused(m, &f, ST_WRONG_OPERATION);
    op_list_release(&ops);
}

/* ---- what a role and a schema allow ---- */

static void one_operation(struct members *m, int by, const char *type, const char *field,
                          const char *json, enum status expected)
{
    struct op_list ops = {0};
    if (field != NULL)
        forge_set(&ops, type, 7, field, json);
    else
        forge_entry(&ops, type, json);
    struct forge f = plan(m, &ops, LIE_NONE);
    f.replica = m->of[by].replica;
    f.identity = &m->of[by].identity;
    f.label = m->of[by].member.label;
    refused(m, &f, expected);
    op_list_release(&ops);
}

static void beyond_its_role(void **state)
{
    struct members *m = *state;
    one_operation(m, AUDITOR, "case", "a", "\"x\"", ST_NOT_ALLOWED);
    one_operation(m, IQUIQUE, "finding", "says", "\"x\"", ST_NOT_ALLOWED);
    one_operation(m, IQUIQUE, "grant", NULL, "{\"amount\":5,\"currency\":\"CLP\",\"ref\":\"g\"}",
                  ST_NOT_ALLOWED);
    one_operation(m, FOSIS, "case", "a", "\"x\"", ST_NOT_ALLOWED);
    one_operation(m, FOSIS, "finding", "says", "\"x\"", ST_NOT_ALLOWED);
}

static void a_partner_says_nothing_at_all(void **state)
{
    struct members *m = *state;
    struct forge f = {
        .replica = m->of[FOSIS].replica, .identity = &m->of[FOSIS].identity, .label = "fosis"};
    refused(m, &f, ST_NOT_ALLOWED);
}

static void beyond_the_schema(void **state)
{
    struct members *m = *state;
    one_operation(m, IQUIQUE, "boat", "a", "\"x\"", ST_NOT_SCHEMA);
    one_operation(m, IQUIQUE, "boat", NULL, "{\"ref\":\"x\"}", ST_NOT_SCHEMA);
    one_operation(m, IQUIQUE, "case", "z", "\"x\"", ST_NOT_SCHEMA);
    one_operation(m, IQUIQUE, "case", NULL, "{\"ref\":\"x\"}", ST_NOT_SCHEMA);
    one_operation(m, IQUIQUE, "payment", "amount", "5", ST_NOT_SCHEMA);
    one_operation(m, IQUIQUE, "case", "tags", "\"x\"", ST_NOT_SCHEMA);
    one_operation(m, IQUIQUE, "case", "people", "\"many\"", ST_BAD_VALUE);
    one_operation(m, IQUIQUE, "case", "name", "\"in clear\"", ST_BAD_VALUE);
    one_operation(m, IQUIQUE, "case", "memo", "\"in clear\"", ST_BAD_VALUE);
}

/* ---- money ---- */

#define PAYMENT(amount, ref, office)                                                               \
    "{\"amount\":" amount ",\"currency\":\"CLP\",\"office\":\"" office "\",\"ref\":\"" ref "\"}"

static void an_account_that_does_not_cover_it(void **state)
{
    struct members *m = *state;
    one_operation(m, IQUIQUE, "payment", NULL, PAYMENT("5", "p", "iquique"), ST_OVERDRAWN);
    one_operation(m, IQUIQUE, "payment", NULL, PAYMENT("5", "p", "santiago"), ST_NOT_ALLOWED);
    one_operation(m, IQUIQUE, "payment", NULL, PAYMENT("0", "p", "iquique"), ST_BAD_VALUE);
    one_operation(m, IQUIQUE, "payment", NULL, PAYMENT("-5", "p", "iquique"), ST_BAD_VALUE);
}

static void a_payment_up_to_the_last_peso(void **state)
{
    struct members *m = *state;
    struct one *santiago = &m->of[SANTIAGO];
    struct op_list ops = {0};
    struct replica_commit c;
    forge_entry(&ops, "grant", "{\"amount\":100,\"currency\":\"CLP\",\"ref\":\"g\"}");
    assert_int_equal(members_try_write(m, santiago, &ops, &c), ST_OK);
    forge_entry(&ops, "payment", PAYMENT("100", "p", "santiago"));
    assert_int_equal(members_try_write(m, santiago, &ops, &c), ST_OK);
    forge_entry(&ops, "payment", PAYMENT("1", "q", "santiago"));
    struct members_state before = members_state(santiago);
    assert_int_equal(members_try_write(m, santiago, &ops, &c), ST_OVERDRAWN);
    members_assert_state(santiago, &before);
    assert_non_null(strstr(m->f.text, "pool of santiago holds 0 CLP"));
}

static void an_entry_written_twice(void **state)
{
    struct members *m = *state;
    struct one *santiago = &m->of[SANTIAGO];
    struct op_list ops = {0};
    struct replica_commit c;
    static const char grant[] = "{\"amount\":100,\"currency\":\"CLP\",\"ref\":\"g\"}";
    forge_entry(&ops, "grant", grant);
    assert_int_equal(members_try_write(m, santiago, &ops, &c), ST_OK);
    forge_entry(&ops, "grant", grant);
    assert_int_equal(members_try_write(m, santiago, &ops, &c), ST_WRONG_OPERATION);
    forge_entry(&ops, "grant", grant);
    members_carry(m, santiago, &m->of[IQUIQUE]);
    struct forge f = {.replica = santiago->replica,
                      .identity = &santiago->identity,
                      .label = "santiago",
                      .ops = &ops};
    struct buf item = {0};
    struct replica_verdict v;
    struct members_state before = members_state(&m->of[IQUIQUE]);
    forge_item(&f, &item);
    assert_int_equal(replica_accept(m->of[IQUIQUE].replica, buf_bytes(&item), &v, &m->f),
                     ST_WRONG_OPERATION);
    members_assert_state(&m->of[IQUIQUE], &before);
    buf_release(&item);
    op_list_release(&ops);
}

/* ---- the operations' bytes ---- */

static void raw_operations(struct members *m, const struct buf *raw, enum status expected)
{
    struct forge f = plan(m, NULL, LIE_NONE);
    f.raw = buf_bytes(raw);
    refused(m, &f, expected);
}

static void not_in_canonical_order(void **state)
{
    struct buf raw = {0};
    mp_write_array(&raw, 2);
    forge_group(&raw, "case", 8, "a", BYTES("\"x\""), BYTES(""));
    forge_group(&raw, "case", 7, "a", BYTES("\"x\""), BYTES(""));
    raw_operations(*state, &raw, ST_NOT_CANONICAL);
    buf_reset(&raw);
    mp_write_array(&raw, 2);
    forge_group(&raw, "case", 7, "a", BYTES("\"x\""), BYTES(""));
    forge_group(&raw, "case", 7, "a", BYTES("\"x\""), BYTES(""));
    raw_operations(*state, &raw, ST_NOT_CANONICAL);
    buf_reset(&raw);
    mp_write_array(&raw, 1);
    forge_group(&raw, "case", 7, "a", BYTES(" \"x\""), BYTES(""));
    raw_operations(*state, &raw, ST_NOT_CANONICAL);
    buf_release(&raw);
}

/* The value that is there already, over itself; over what is not there; over nothing. */
static void not_the_difference(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct op op = {
        .verb = OP_SET, .type = BYTES("case"), .name = BYTES("a"), .value = BYTES("\"x\"")};
    uint8_t over[CHANGE_BYTES] = {7};
    op.over = (struct bytes){over, sizeof over};
    memset(op.id, 1, sizeof op.id);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    struct forge f = plan(m, &ops, LIE_NONE);
    refused(m, &f, ST_WRONG_OPERATION);
    op_list_release(&ops);
    op = (struct op){
        .verb = OP_DROP, .type = BYTES("case"), .name = BYTES("tags"), .value = BYTES("\"x\"")};
    memset(op.id, 1, sizeof op.id);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    refused(m, &f, ST_WRONG_OPERATION);
    op_list_release(&ops);
}

static void an_adoption_of_nothing(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct op op = {.verb = OP_ADOPT, .commit = {{5}}};
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    struct forge f = plan(m, &ops, LIE_NONE);
    refused(m, &f, ST_WRONG_OPERATION);
    op_list_release(&ops);
}

static void over_a_limit(void **state)
{
    struct buf raw = {0};
    forge_many(&raw, "case", "a", COMMIT_RECORDS_MAX + 1, 3);
    raw_operations(*state, &raw, ST_TOO_LARGE);
    buf_reset(&raw);
    forge_many(&raw, "case", "a", 1, VALUE_BYTES_MAX + 1);
    raw_operations(*state, &raw, ST_TOO_LARGE);
    buf_reset(&raw);
    forge_many(&raw, "case", "a", 5, VALUE_BYTES_MAX - 2);
    assert_true(raw.count > OPERATIONS_BYTES_MAX);
    raw_operations(*state, &raw, ST_TOO_LARGE);
    buf_release(&raw);
}

static void garbage(void **state)
{
    struct members *m = *state;
    struct replica_verdict v;
    struct one *victim = &m->of[SANTIAGO];
    struct members_state before = members_state(victim);
    assert_int_equal(replica_accept(victim->replica, BYTES(""), &v, &m->f), ST_MALFORMED);
    assert_int_equal(replica_accept(victim->replica, BYTES("hello"), &v, &m->f), ST_MALFORMED);
    assert_true(oid_is_zero(&v.id));
    members_assert_state(victim, &before);
}

/* More refusals than the quota: the newest are kept. */
static void refusals_are_bounded(void **state)
{
    struct members *m = *state;
    struct replica_verdict v;
    uint32_t count;
    for (uint32_t i = 0; i < ENGINE_REFUSALS_MAX + 3; i++)
        assert_int_equal(replica_accept(m->of[SANTIAGO].replica, BYTES("x"), &v, NULL),
                         ST_MALFORMED);
    struct forge f = plan(m, NULL, LIE_ROOT);
    assert_int_equal(offer(m, &f, &v), ST_WRONG_ROOT);
    const struct replica_refusal *list = replica_refusals(m->of[SANTIAGO].replica, &count);
    assert_int_equal(count, ENGINE_REFUSALS_MAX);
    assert_int_equal(list[0].code, ST_WRONG_ROOT);
    assert_int_equal(list[1].code, ST_MALFORMED);
}

/*
 * Every allocation of an acceptance fails in turn. Up to the journal nothing has changed, and the
 * same item is taken afterwards; once it is in the journal the replica takes no more, and what a
 * restart finds is that item, or none.
 */
static void no_memory(void **state)
{
    struct members *m = *state;
    struct one *victim = &m->of[SANTIAGO];
    struct op_list ops = {0};
    struct replica_verdict v;
    struct buf item = {0};
    bool done = false;
    forge_set(&ops, "case", 7, "a", "\"mine\"");
    struct forge f = plan(m, &ops, LIE_NONE);
    forge_item(&f, &item);
    struct members_state before = members_state(victim);
    uint64_t failed = 0, fatal = 0;
    for (uint64_t n = 1; !done; n++) {
        mem_fail_at(n);
        enum status st = replica_accept(victim->replica, buf_bytes(&item), &v, &m->f);
        done = !mem_failed();
        mem_fail_at(0);
        failed += !done;
        if (st == ST_OK) { /* or a cache did without it */
            assert_int_equal(graph_count(replica_graph(victim->replica)), before.commits + 1);
            replica_drop(victim->replica); /* not synced: the power goes */
            assert_int_equal(simdisk_crash(victim->sim, SIMDISK_KEEP_NOTHING, 1), ST_OK);
            members_open(m, victim);
        } else if (victim->replica->failed) {
            struct replica_commit c;
            struct op_list none = {0};
            fatal++;
            assert_int_equal(st, ST_NO_MEMORY);
            assert_int_equal(members_try_write(m, victim, &none, &c), ST_IO);
            assert_int_equal(replica_sync(victim->replica, &m->f), ST_IO);
            replica_drop(victim->replica);
            assert_int_equal(simdisk_crash(victim->sim, SIMDISK_KEEP_NOTHING, 1), ST_OK);
            members_open(m, victim);
        } else {
            assert_int_equal(st, ST_NO_MEMORY);
            members_assert_state(victim, &before);
        }
        assert_int_equal(graph_count(replica_graph(victim->replica)), before.commits);
    }
    assert_true(failed > 20);
    print_message("%llu allocations, %llu of them behind the journal\n", (unsigned long long)failed,
                  (unsigned long long)fatal);
    assert_int_equal(replica_accept(victim->replica, buf_bytes(&item), &v, &m->f), ST_OK);
    buf_release(&item);
    op_list_release(&ops);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_honest_commit_is_taken),
        TEST(a_bad_signature),
        TEST(another_members_key),
        TEST(another_members_label),
        TEST(a_label_that_is_no_members),
        TEST(a_wrong_root),
        TEST(a_wrong_place),
        TEST(a_wrong_digest),
        TEST(a_wrong_charter),
        TEST(an_unknown_parent),
        TEST(a_charter_travels_with_the_commit),
        TEST(a_charter_that_is_due_is_left_out),
        TEST(beyond_its_role),
        TEST(a_partner_says_nothing_at_all),
        TEST(beyond_the_schema),
        TEST(an_account_that_does_not_cover_it),
        TEST(a_payment_up_to_the_last_peso),
        TEST(an_entry_written_twice),
        TEST(not_in_canonical_order),
        TEST(not_the_difference),
        TEST(an_adoption_of_nothing),
        TEST(over_a_limit),
        TEST(garbage),
        TEST(refusals_are_bounded),
        TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
