#include "tests/unit/replicas/keyring_kit.h"

static struct keyring_kit x;

static int set_up(void **unused)
{
    (void)unused;
    if (sodium_init() < 0)
        return -1;
    keyring_kit_open(&x, 3);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    keyring_kit_close(&x);
    return 0;
}

static void assert_none(const struct keyring *k, enum schema_class class)
{
    struct seal_id id;
    assert_int_equal(keyring_current(k, &x.charter, class, &id), ST_NOT_FOUND);
}

static void roles_read_what_the_charter_says(void **unused)
{
    (void)unused;
    static const struct {
        enum charter_role role;
        bool open, internal, personal;
    } table[] = {{CHARTER_OFFICE, true, true, true},
                 {CHARTER_AUDITOR, true, true, false},
                 {CHARTER_PARTNER, true, false, false}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(keyring_entitled(table[i].role, SCHEMA_OPEN), table[i].open);
        assert_int_equal(keyring_entitled(table[i].role, SCHEMA_INTERNAL), table[i].internal);
        assert_int_equal(keyring_entitled(table[i].role, SCHEMA_PERSONAL), table[i].personal);
    }
}

static void a_started_key_is_current_for_all_once_it_is_in_the_state(void **unused)
{
    (void)unused;
    struct op_list ops = {.ops = NULL};
    struct seal_id id;
    struct keyring *k = keyring_kit_ring(&x, 0), *other = keyring_kit_ring(&x, 1);
    assert_none(k, SCHEMA_PERSONAL);
    assert_int_equal(keyring_start(k, &x.charter, &x.network, &x.members[0].key, SCHEMA_PERSONAL,
                                   &ops, &id, &x.f),
                     ST_OK);
    assert_int_equal(ops.count, 3 + 3);
    assert_true(keyring_kit_opens(k, &id));
    assert_none(k, SCHEMA_PERSONAL); /* its record is nowhere yet */
    keyring_kit_commit(&x, &ops, "arica");
    keyring_kit_update(&x, k, 0);
    keyring_kit_update(&x, other, 1);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &id);
    keyring_kit_assert_current(&x, other, SCHEMA_PERSONAL, &id);
    assert_true(keyring_kit_opens(other, &id));
    assert_memory_equal(keyring_find(k, &id), keyring_find(other, &id), SEAL_KEY_BYTES);
    assert_none(k, SCHEMA_INTERNAL); /* classes have keys of their own */
    keyring_free(k);
    keyring_free(other);
}

static void who_may_not_read_a_class_gets_no_copy_and_starts_none(void **unused)
{
    (void)unused;
    struct op_list ops = {.ops = NULL};
    struct seal_id internal, personal, id;
    x.charter.member_count = KEYRING_KIT_MEMBERS;
    struct keyring *k = keyring_kit_ring(&x, 0);
    internal = keyring_kit_start(&x, k, 0, SCHEMA_INTERNAL);
    personal = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &personal);
    struct keyring *auditor = keyring_kit_ring(&x, 4), *partner = keyring_kit_ring(&x, 5);
    assert_true(keyring_kit_opens(auditor, &internal));
    assert_false(keyring_kit_opens(auditor, &personal));
    assert_false(keyring_kit_opens(partner, &internal));
    assert_false(keyring_kit_opens(partner, &personal));
    assert_none(partner, SCHEMA_INTERNAL);
    assert_int_equal(keyring_share(k, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(keyring_share(auditor, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 0);
    assert_int_equal(keyring_start(auditor, &x.charter, &x.network, &x.members[4].key,
                                   SCHEMA_PERSONAL, &ops, &id, &x.f),
                     ST_NOT_ALLOWED);
    assert_int_equal(keyring_start(partner, &x.charter, &x.network, &x.members[5].key,
                                   SCHEMA_INTERNAL, &ops, &id, &x.f),
                     ST_NOT_ALLOWED);
    assert_int_equal(ops.count, 0);
    keyring_free(k);
    keyring_free(auditor);
    keyring_free(partner);
}

static void a_removal_ends_an_epoch_and_what_follows_is_not_for_the_removed(void **unused)
{
    (void)unused;
    struct keyring *k = keyring_kit_ring(&x, 0), *gone = keyring_kit_ring(&x, 2);
    struct seal_id first = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &first);
    keyring_kit_remove_last(&x);
    assert_none(k, SCHEMA_PERSONAL);
    struct seal_id second = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    keyring_kit_update(&x, k, 0);
    keyring_kit_update(&x, gone, 2);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &second);
    assert_true(keyring_kit_opens(k, &first)); /* for reading */
    assert_true(keyring_kit_opens(gone, &first));
    assert_false(keyring_kit_opens(gone, &second));
    keyring_free(k);
    keyring_free(gone);
}

/* An office that becomes a partner keeps its key in the charter, and no epoch that it has a copy
 * of is written with. */
static void a_loss_of_role_ends_an_epoch_too(void **unused)
{
    (void)unused;
    struct keyring *k = keyring_kit_ring(&x, 0);
    struct seal_id first = keyring_kit_start(&x, k, 0, SCHEMA_INTERNAL);
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_INTERNAL, &first);
    x.members[2].role = CHARTER_PARTNER;
    assert_none(k, SCHEMA_INTERNAL);
    keyring_free(k);
}

static void concurrent_epochs_stay_readable_and_the_greatest_is_written_with(void **unused)
{
    (void)unused;
    struct keyring *a = keyring_kit_ring(&x, 0), *b = keyring_kit_ring(&x, 1);
    struct seal_id one = keyring_kit_start(&x, a, 0, SCHEMA_PERSONAL);
    struct seal_id two = keyring_kit_start(&x, b, 1, SCHEMA_PERSONAL); /* of the same epoch */
    keyring_kit_update(&x, a, 0);
    keyring_kit_update(&x, b, 1);
    const struct seal_id *greater = memcmp(&one, &two, sizeof one) > 0 ? &one : &two;
    keyring_kit_assert_current(&x, a, SCHEMA_PERSONAL, greater);
    keyring_kit_assert_current(&x, b, SCHEMA_PERSONAL, greater);
    assert_true(keyring_kit_opens(a, &one) && keyring_kit_opens(a, &two));
    assert_true(keyring_kit_opens(b, &one) && keyring_kit_opens(b, &two));
    struct seal_id third = keyring_kit_start(&x, a, 0, SCHEMA_PERSONAL); /* a greater epoch */
    keyring_kit_update(&x, b, 1);
    keyring_kit_assert_current(&x, b, SCHEMA_PERSONAL, &third);
    keyring_free(a);
    keyring_free(b);
}

static void a_newcomer_gets_every_key_once(void **unused)
{
    (void)unused;
    struct op_list ops = {.ops = NULL};
    struct keyring *k = keyring_kit_ring(&x, 0), *newcomer = keyring_kit_ring(&x, 3);
    struct seal_id one = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    struct seal_id two = keyring_kit_start(&x, k, 0, SCHEMA_INTERNAL);
    x.charter.member_count = 4;
    keyring_kit_update(&x, newcomer, 3);
    assert_false(keyring_kit_opens(newcomer, &one));
    keyring_kit_update(&x, k, 0);
    assert_int_equal(keyring_share(k, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 2);
    keyring_kit_commit(&x, &ops, "arica");
    keyring_kit_update(&x, k, 0);
    keyring_kit_update(&x, newcomer, 3);
    assert_true(keyring_kit_opens(newcomer, &one));
    assert_true(keyring_kit_opens(newcomer, &two));
    keyring_kit_assert_current(&x, newcomer, SCHEMA_PERSONAL, &one);
    assert_int_equal(keyring_share(k, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(keyring_share(newcomer, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 0);
    keyring_free(k);
    keyring_free(newcomer);
}

/* A key that waits to take the place of ours gets what we can open, and no epoch ends for it until
 * the old one is retired. */
static void a_key_that_waits_is_handed_every_key(void **unused)
{
    (void)unused;
    struct op_list ops = {.ops = NULL};
    struct keyring *k = keyring_kit_ring(&x, 0);
    x.charter.member_count = 1;
    struct seal_id one = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    struct seal_id two = keyring_kit_start(&x, k, 0, SCHEMA_INTERNAL);
    keyring_kit_update(&x, k, 0);
    assert_int_equal(keyring_hand(k, &x.identities[3].key, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 2);
    keyring_kit_commit(&x, &ops, "arica");
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &one);
    assert_int_equal(keyring_hand(k, &x.identities[3].key, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 0);
    keyring_free(k);
    x.retired[0].key = x.members[0].key; /* now it is ours */
    x.charter.retired_count = 1;
    x.members[0].key = x.identities[3].key;
    k = keyring_kit_ring(&x, 3);
    assert_true(keyring_kit_opens(k, &one) && keyring_kit_opens(k, &two));
    assert_none(k, SCHEMA_PERSONAL);
    keyring_free(k);
}

/* Copies that do not fit one call come with the next. */
static void many_copies_are_shared_step_by_step(void **unused)
{
    (void)unused;
    enum { KEYS = 100 };
    struct op_list ops = {.ops = NULL};
    struct seal_id ids[KEYS];
    struct keyring *k = keyring_kit_ring(&x, 0);
    x.charter.member_count = 2;
    for (uint32_t i = 0; i < KEYS; i++)
        ids[i] = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    x.charter.member_count = 4;
    uint32_t rounds = 0;
    do {
        keyring_kit_update(&x, k, 0);
        assert_int_equal(keyring_share(k, &x.charter, &ops, &x.f), ST_OK);
        assert_true(ops.count <= KEYRING_SHARE_MAX);
        rounds += ops.count > 0;
        if (ops.count > 0)
            keyring_kit_commit(&x, &ops, "arica");
        else
            break;
    } while (rounds < 10);
    assert_int_equal(rounds, 2);
    struct keyring *newcomer = keyring_kit_ring(&x, 3);
    for (uint32_t i = 0; i < KEYS; i++)
        assert_true(keyring_kit_opens(newcomer, &ids[i]));
    keyring_free(k);
    keyring_free(newcomer);
}

static void an_identity_without_its_secret_opens_nothing_until_it_has_it(void **unused)
{
    (void)unused;
    struct home_identity locked = x.identities[1];
    memset(locked.secret, 0, sizeof locked.secret);
    struct keyring *a = keyring_kit_ring(&x, 0), *b = NULL;
    struct seal_id id = keyring_kit_start(&x, a, 0, SCHEMA_PERSONAL);
    assert_int_equal(keyring_create(&x.network, &b), ST_OK);
    assert_int_equal(keyring_update(b, x.store, &x.state, &locked, &x.f), ST_OK);
    assert_false(keyring_kit_opens(b, &id));
    assert_none(b, SCHEMA_PERSONAL);
    keyring_kit_update(&x, b, 1);
    assert_true(keyring_kit_opens(b, &id));
    keyring_kit_assert_current(&x, b, SCHEMA_PERSONAL, &id);
    keyring_free(a);
    keyring_free(b);
}

static void another_network_s_keys_are_none(void **unused)
{
    (void)unused;
    struct digest other = {{9}};
    struct keyring *a = keyring_kit_ring(&x, 0), *b = NULL;
    struct seal_id id = keyring_kit_start(&x, a, 0, SCHEMA_PERSONAL);
    assert_int_equal(keyring_create(&other, &b), ST_OK);
    keyring_kit_update(&x, b, 1);
    assert_false(keyring_kit_opens(b, &id));
    keyring_free(a);
    keyring_free(b);
}

static void a_damaged_record_leaves_the_keys_of_before(void **unused)
{
    (void)unused;
    struct op op = {.verb = OP_SET, .id = {1}};
    char path[TREE_PATH_MAX];
    struct oid blob, damaged;
    struct keyring *k = keyring_kit_ring(&x, 0);
    struct seal_id id = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    keyring_kit_update(&x, k, 0);
    assert_int_equal(store_write(x.store, STORE_BLOB, BYTES("{\"id\":"), NULL, &blob), ST_OK);
    keyring_kit_path(&op, path);
    struct tree_change change = {path, blob};
    assert_int_equal(tree_edit(x.store, &x.state, &change, 1, &damaged, NULL), ST_OK);
    assert_int_equal(keyring_update(k, x.store, &damaged, &x.identities[0], &x.f), ST_CORRUPT);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &id);
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &id);
    keyring_free(k);
}

static enum status everything(struct seal_id *id)
{
    struct keyring *k = NULL;
    struct op_list ops = {.ops = NULL};
    enum status status = keyring_create(&x.network, &k);
    if (status == ST_OK)
        status = keyring_update(k, x.store, &x.state, &x.identities[0], &x.f);
    if (status == ST_OK)
        status = keyring_start(k, &x.charter, &x.network, &x.members[0].key, SCHEMA_INTERNAL, &ops,
                               id, &x.f);
    if (status == ST_OK)
        status = keyring_share(k, &x.charter, &ops, &x.f);
    keyring_free(k);
    op_list_release(&ops);
    return status;
}

static void each_allocation_may_fail(void **unused)
{
    (void)unused;
    struct seal_id id;
    struct keyring *k = keyring_kit_ring(&x, 1);
    x.charter.member_count = 2;
    (void)keyring_kit_start(&x, k, 1, SCHEMA_PERSONAL);
    x.charter.member_count = 3; /* a copy to share */
    keyring_free(k);
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        mem_fail_at(n);
        enum status status = everything(&id);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
    }
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_read_what_the_charter_says),
        cmocka_unit_test_setup_teardown(a_started_key_is_current_for_all_once_it_is_in_the_state,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_may_not_read_a_class_gets_no_copy_and_starts_none,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_removal_ends_an_epoch_and_what_follows_is_not_for_the_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loss_of_role_ends_an_epoch_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            concurrent_epochs_stay_readable_and_the_greatest_is_written_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newcomer_gets_every_key_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_waits_is_handed_every_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_copies_are_shared_step_by_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_identity_without_its_secret_opens_nothing_until_it_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_network_s_keys_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_record_leaves_the_keys_of_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
