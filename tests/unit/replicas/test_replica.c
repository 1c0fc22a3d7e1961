/*
 * Two real homes: one founded, one that entered; commits carried by hand between them.
 */
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <sodium.h>

#include "tests/unit/replicas/charter_kit.h"
#include "tests/unit/replicas/forge.h"
#include "tests/unit/replicas/members.h"

static void a_commit_travels(void **state)
{
    struct homes *p = *state;
    home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
    assert_int_equal(home_values(&p->b, 1, "a"), 1);
}

static void concurrent_edits_join(void **state)
{
    struct homes *p = *state;
    home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    home_set(&p->a, 1, "a", "\"two\"");
    home_set(&p->b, 1, "a", "\"three\"");
    home_set(&p->b, 1, "b", "\"other\"");
    home_carry(&p->a, &p->b);
    home_carry(&p->b, &p->a);
    homes_assert_same(p);
    assert_int_equal(home_values(&p->a, 1, "a"), 2);
    assert_int_equal(home_values(&p->a, 1, "b"), 1);
    home_set(&p->b, 1, "a", "\"settled\"");
    home_carry(&p->b, &p->a);
    homes_assert_same(p);
    assert_int_equal(home_values(&p->a, 1, "a"), 1);
}

static void a_crash_loses_nothing(void **state)
{
    struct homes *p = *state;
    struct oid before;
    struct fault f = {0};
    home_set(&p->a, 1, "a", "\"one\"");
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    home_set(&p->a, 2, "a", "\"two\"");
    home_set(&p->a, 1, "b", "\"three\"");
    before = *replica_state(p->a.replica);
    replica_drop(p->a.replica);
    home_open(&p->a);
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    home_set(&p->a, 3, "a", "\"four\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
}

static void a_clean_close_reopens(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    home_set(&p->a, 1, "a", "\"one\"");
    struct oid before = *replica_state(p->a.replica);
    assert_int_equal(replica_close(p->a.replica, &f), ST_OK);
    home_open(&p->a);
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    assert_false(replica_wants_checkpoint(p->a.replica, true));
}

static void a_second_process_is_refused(void **state)
{
    struct homes *p = *state;
    struct replica_options options = {.home = p->a.home};
    struct replica *second = NULL;
    struct fault f = {0};
    assert_int_equal(replica_open(&options, &second, &f), ST_LOCKED);
    assert_non_null(strstr(f.text, "in use by process"));
    assert_null(second);
}

/* Every byte of an item changed: refused, and nothing moves. */
static void a_changed_item_is_refused(void **state)
{
    struct homes *p = *state;
    struct buf frame = {0};
    struct item item;
    struct fault f = {0};
    struct replica_commit c = home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    c = home_set(&p->a, 1, "a", "\"two\"");
    struct oid before = *replica_state(p->b.replica);
    uint32_t count = graph_count(replica_graph(p->b.replica));
    assert_int_equal(replica_item(p->a.replica, c.node, &frame, &item, &f), ST_OK);
    for (size_t i = OID_BYTES; i < frame.count; i++) {
        struct replica_verdict v;
        frame.data[i] ^= 1;
        enum status st = replica_accept(
            p->b.replica, (struct bytes){frame.data + OID_BYTES, frame.count - OID_BYTES}, &v, &f);
        assert_true(st != ST_OK && st != ST_EXISTS);
        assert_memory_equal(replica_state(p->b.replica)->id, before.id, OID_BYTES);
        assert_int_equal(graph_count(replica_graph(p->b.replica)), count);
        frame.data[i] ^= 1;
    }
    buf_release(&frame);
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
}

static void personal_data_never_enters(void **state)
{
    struct homes *p = *state;
    struct op_list ops = {0};
    struct op op = {
        .verb = OP_SET, .type = BYTES("case"), .name = BYTES("name"), .value = BYTES("\"x\"")};
    struct replica_commit commit;
    struct fault f = {0};
    struct oid before = *replica_state(p->a.replica);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    assert_int_equal(replica_write(p->a.replica, &ops, homes_author, &commit, &f), ST_BAD_VALUE);
    assert_non_null(strstr(f.text, "personal"));
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    op_list_release(&ops);
}

/* The newest charter without the auditor, whose key is retired and keeps nothing. */
static struct buf without_the_auditor(struct members *m)
{
    struct charter next = next_of(&m->chain);
    struct charter_member left[MEMBERS_COUNT];
    struct charter_retired retired = {.label = "auditor", .key = m->of[AUDITOR].member.key};
    struct person founder = {.member = m->of[SANTIAGO].member};
    const struct person *signers[] = {&founder};
    uint32_t count = 0;
    memcpy(founder.secret, m->of[SANTIAGO].identity.secret, sizeof founder.secret);
    for (uint32_t i = 0; i < next.member_count; i++)
        if (strcmp(next.members[i].label, "auditor") != 0)
            left[count++] = next.members[i];
    next.members = left;
    next.member_count = count;
    next.retired = &retired;
    next.retired_count = 1;
    return sign(&next, signers, 1, &founder.member.key);
}

/* A charter that a refused commit brought stands, and so does the state that it led to. */
static void a_refused_commit_brings_a_retirement(void **state)
{
    struct members *m = *state;
    struct one *santiago = &m->of[SANTIAGO], *iquique = &m->of[IQUIQUE];
    struct op_list says = {0};
    struct replica_commit commit;
    struct replica_verdict v;
    struct buf item = {0};
    bool grown;
    members_set(m, santiago, 1, "a", "\"one\"");
    members_carry(m, santiago, iquique);
    /* Three heads, so that without one of them the state is a tree that was never there. */
    members_set(m, santiago, 4, "a", "\"two\"");
    members_set(m, iquique, 5, "a", "\"three\"");
    forge_set(&says, "finding", 6, "says", "\"four\"");
    assert_int_equal(members_try_write(m, &m->of[AUDITOR], &says, &commit), ST_OK);
    assert_int_equal(replica_sync(m->of[AUDITOR].replica, &m->f), ST_OK);
    members_carry(m, &m->of[AUDITOR], iquique);
    members_carry(m, santiago, iquique);
    assert_int_equal(members_state(iquique).heads, 3);
    struct buf file = without_the_auditor(m);
    struct bytes offered = buf_bytes(&file);
    assert_int_equal(replica_offer_charters(santiago->replica, &offered, 1, &grown, &m->f), ST_OK);
    struct forge f = {.replica = santiago->replica,
                      .identity = &santiago->identity,
                      .label = "santiago",
                      .lie = LIE_SIGNATURE};
    forge_item(&f, &item);
    assert_int_equal(replica_accept(iquique->replica, buf_bytes(&item), &v, &m->f),
                     ST_BAD_SIGNATURE);
    assert_int_equal(replica_charters(iquique->replica)->count, 5);
    assert_int_equal(members_state(iquique).heads, 2);
    members_set(m, iquique, 1, "a", "\"goes on\"");
    members_carry(m, iquique, santiago);
    assert_memory_equal(replica_state(santiago->replica)->id, replica_state(iquique->replica)->id,
                        OID_BYTES);
    op_list_release(&says);
    buf_release(&item);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_travels, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(concurrent_edits_join, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_crash_loses_nothing, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_clean_close_reopens, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_second_process_is_refused, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_changed_item_is_refused, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(personal_data_never_enters, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_refused_commit_brings_a_retirement, members_start,
                                        members_stop),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
