#include "tests/unit/replicas/admins.h"

#include "replicas/branch.h"
#include "replicas/council.h"

static const struct digest *newest_hash(const struct one *o)
{
    return &charter_newest(replica_charters(o->replica))->hash;
}

/* A successor of version 2 that gives the last member another address. */
static struct buf successor(struct admins *a, const char *address, uint32_t first, uint32_t second)
{
    struct charter next = admins_next(&a->chain);
    struct charter_member members[ADMINS_MAX];
    uint32_t signers[] = {first, second};
    memcpy(members, next.members, next.member_count * sizeof members[0]);
    snprintf(members[next.member_count - 1].address, sizeof members[0].address, "%s", address);
    next.members = members;
    return admins_sign(a, &next, signers, 2, 5);
}

static enum status offer(struct admins *a, struct one *o, const struct buf *file)
{
    struct bytes raw = buf_bytes(file);
    bool grown;
    memset(&a->f, 0, sizeof a->f);
    return replica_offer_charters(o->replica, &raw, 1, &grown, &a->f);
}

static struct replica_commit write_one(struct admins *a, struct one *o, uint8_t id)
{
    struct op_list ops = {0};
    struct replica_commit commit = {.node = 0};
    case_set(o->replica, id, "a", "\"x\"", &ops);
    if (replica_write(o->replica, &ops, members_author, &commit, &a->f) != ST_OK)
        fail_msg("%s", a->f.text);
    assert_int_equal(replica_sync(o->replica, &a->f), ST_OK);
    op_list_release(&ops);
    return commit;
}

static enum status give(struct admins *a, struct one *from, uint32_t node, struct one *to)
{
    struct replica_verdict v;
    struct buf frame = {0};
    struct item item;
    assert_int_equal(replica_item(from->replica, node, &frame, &item, &a->f), ST_OK);
    buf_drop_front(&frame, OID_BYTES);
    enum status st = replica_accept(to->replica, buf_bytes(&frame), &v, &a->f);
    buf_release(&frame);
    return st;
}

static void a_person_decides(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *santiago = &a->of[2];
    struct buf one = successor(a, "127.0.0.1:1", 0, 1), two = successor(a, "127.0.0.1:2", 1, 2);
    struct branch_pair pair;
    char hash[2 * DIGEST_BYTES + 1];
    assert_int_equal(offer(a, arica, &one), ST_OK);
    assert_int_equal(offer(a, santiago, &two), ST_OK);
    assert_int_equal(offer(a, arica, &two), ST_WRONG_CHARTER);
    assert_int_equal(offer(a, arica, &two), ST_WRONG_CHARTER);
    assert_true(branch_at(arica->replica, 0, &pair));
    assert_false(branch_at(arica->replica, 1, &pair));
    assert_int_equal(pair.version, 3);
    assert_memory_equal(&pair.other, newest_hash(santiago), sizeof pair.other);
    struct replica_commit lost = write_one(a, arica, 1);
    assert_int_equal(give(a, arica, lost.node, santiago), ST_WRONG_CHARTER);
    admins_reopen(a, arica);
    assert_true(branch_at(arica->replica, 0, &pair));
    /* By a hash of its own, or none, or too short: nothing. */
    assert_int_equal(branch_choose(arica->replica, BYTES("00000000"), &a->f), ST_NOT_FOUND);
    hex_encode(pair.ours.id, DIGEST_BYTES, hash);
    assert_int_equal(branch_choose(arica->replica, bytes_of_text(hash), &a->f), ST_NOT_FOUND);
    hex_encode(pair.other.id, DIGEST_BYTES, hash);
    assert_int_equal(branch_choose(arica->replica, (struct bytes){(uint8_t *)hash, 7}, &a->f),
                     ST_NOT_FOUND);
    if (branch_choose(arica->replica, (struct bytes){(uint8_t *)hash, 12}, &a->f) != ST_OK)
        fail_msg("%s", a->f.text);
    assert_memory_equal(newest_hash(arica), newest_hash(santiago), sizeof pair.other);
    assert_false(graph_node(replica_graph(arica->replica), lost.node)->counted);
    for (int i = 0; i < 2; i++) {
        struct replica_commit fresh = write_one(a, arica, (uint8_t)(2 + i));
        assert_int_equal(give(a, arica, fresh.node, santiago), ST_OK);
        admins_reopen(a, arica);
        assert_memory_equal(newest_hash(arica), newest_hash(santiago), sizeof pair.other);
        assert_false(graph_node(replica_graph(arica->replica), lost.node)->counted);
        assert_memory_equal(replica_state(arica->replica), replica_state(santiago->replica),
                            sizeof(struct oid));
    }
    assert_true(branch_at(arica->replica, 0, &pair)); /* and it could go back */
    assert_true(council_is_silent(arica->replica));   /* where it may have signed something */
    buf_release(&one);
    buf_release(&two);
    admins_stop(a);
}

/* What proves nothing is not kept: too few signatures, repeated ones, an old quorum's. */
static void only_majorities_are_evidence(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0];
    struct buf one = successor(a, "127.0.0.1:1", 0, 1);
    struct branch_pair pair;
    uint32_t alone = 2, outsider[] = {2, 3};
    struct charter next = admins_next(&a->chain);
    struct charter_member members[ADMINS_MAX];
    memcpy(members, next.members, next.member_count * sizeof members[0]);
    members[0].treasurer = true;
    next.members = members;
    assert_int_equal(offer(a, arica, &one), ST_OK);
    struct buf few = admins_sign(a, &next, &alone, 1, 5);
    assert_int_equal(offer(a, arica, &few), ST_WRONG_CHARTER);
    struct buf foreign = admins_sign(a, &next, outsider, 2, 5);
    assert_int_equal(offer(a, arica, &foreign), ST_WRONG_CHARTER);
    assert_false(branch_at(arica->replica, 0, &pair));
    buf_release(&one);
    buf_release(&few);
    buf_release(&foreign);
    admins_stop(a);
}

/* Of two sets of signatures under one body the smaller bytes stand, whatever came first. */
static void the_smaller_signatures_stand(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct admins *a = admins_start(3);
        struct one *arica = &a->of[0];
        struct buf one = successor(a, "127.0.0.1:1", 0, 1), two = successor(a, "127.0.0.1:1", 1, 2);
        bool first_smaller = bytes_compare(buf_bytes(&one), buf_bytes(&two)) < 0;
        const struct buf *smaller = first_smaller ? &one : &two;
        assert_int_equal(offer(a, arica, order == 0 ? &one : &two), ST_OK);
        assert_int_equal(offer(a, arica, order == 0 ? &two : &one), ST_OK);
        for (int i = 0; i < 2; i++) {
            const struct charter *newest = charter_newest(replica_charters(arica->replica));
            assert_true(bytes_equal(buf_bytes(&newest->file), buf_bytes(smaller)));
            assert_int_equal(newest->version, 3);
            admins_reopen(a, arica);
        }
        buf_release(&one);
        buf_release(&two);
        admins_stop(a);
    }
}

static enum status count_file(void *user, const char *name)
{
    uint32_t *count = user;
    assert_non_null(strstr(name, ".json"));
    ++*count;
    return ST_OK;
}

/* A majority of old signs successors without end: the evidence stays within its quota, in memory
 * and on disk, and one of a later version still finds room. */
static void a_flood_of_successors(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0];
    struct branch_pair pair;
    for (uint32_t i = 0; i < 3 * BRANCH_MAX; i++) {
        char address[ADDRESS_BYTES_MAX + 1];
        snprintf(address, sizeof address, "127.0.0.1:%u", i + 1);
        struct buf file = successor(a, address, 0, 1);
        assert_int_equal(offer(a, arica, &file), i == 0 ? ST_OK : ST_WRONG_CHARTER);
        buf_release(&file);
    }
    struct buf ours = successor(a, "127.0.0.1:1", 0, 1);
    assert_int_equal(charter_chain_add(&a->chain, buf_bytes(&ours), NULL, &a->f), ST_OK);
    struct buf one = successor(a, "127.0.0.1:2", 0, 1), two = successor(a, "127.0.0.1:3", 1, 2);
    assert_int_equal(offer(a, arica, &one), ST_OK);
    assert_int_equal(offer(a, arica, &two), ST_WRONG_CHARTER);
    for (int i = 0; i < 2; i++) {
        uint32_t files = 0, versions = 0;
        assert_int_equal(
            arica->disk.list(arica->disk.context, "evidence", count_file, &files, &a->f), ST_OK);
        assert_int_equal(files, BRANCH_MAX + 2); /* the others, and ours of both versions */
        assert_int_equal(arica->replica->council->other_count, BRANCH_MAX);
        for (uint32_t k = 0; branch_at(arica->replica, k, &pair); k++)
            versions += pair.version == 4 ? 1 : 0;
        assert_int_equal(versions, 1);
        admins_reopen(a, arica);
    }
    buf_release(&ours);
    buf_release(&one);
    buf_release(&two);
    admins_stop(a);
}

/* What was left behind is needed for as long as commits name it: no flood puts it out. */
static void a_flood_puts_no_left_one_out(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0];
    struct buf one = successor(a, "127.0.0.1:1", 0, 1), two = successor(a, "127.0.0.1:2", 1, 2);
    struct branch_pair pair;
    char hash[2 * DIGEST_BYTES + 1];
    assert_int_equal(offer(a, arica, &one), ST_OK);
    assert_int_equal(offer(a, arica, &two), ST_WRONG_CHARTER);
    struct replica_commit lost = write_one(a, arica, 1);
    assert_true(branch_at(arica->replica, 0, &pair));
    hex_encode(pair.other.id, DIGEST_BYTES, hash);
    assert_int_equal(branch_choose(arica->replica, bytes_of_text(hash), &a->f), ST_OK);
    assert_int_equal(charter_chain_add(&a->chain, buf_bytes(&two), NULL, &a->f), ST_OK);
    for (uint32_t i = 0; i < 3 * BRANCH_MAX; i++) {
        char address[ADDRESS_BYTES_MAX + 1];
        snprintf(address, sizeof address, "127.0.0.1:%u", i + 10);
        struct buf file = successor(a, address, 0, 1);
        assert_int_equal(offer(a, arica, &file), i == 0 ? ST_OK : ST_WRONG_CHARTER);
        buf_release(&file);
    }
    assert_true(arica->replica->council->other_count <= BRANCH_MAX + 1);
    admins_reopen(a, arica);
    assert_false(graph_node(replica_graph(arica->replica), lost.node)->counted);
    buf_release(&one);
    buf_release(&two);
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_decides),
        cmocka_unit_test(only_majorities_are_evidence),
        cmocka_unit_test(the_smaller_signatures_stand),
        cmocka_unit_test(a_flood_of_successors),
        cmocka_unit_test(a_flood_puts_no_left_one_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
