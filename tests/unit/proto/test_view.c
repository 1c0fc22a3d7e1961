#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/mem.h"
#include "proto/view.h"

static const struct oid ids[] = {{{1}}, {{2}}, {{3}}, {{4}}};
static struct core_member members[2];
static const struct bytes files[] = {{(const uint8_t *)"v1", 2}, {(const uint8_t *)"v2", 2}};

static void make_members(void)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {0}, secret[crypto_sign_SECRETKEYBYTES];
    members[0] = (struct core_member){"alice", {{0}}, "here:1", CORE_OFFICE};
    members[1] = (struct core_member){"bob", {{0}}, "", CORE_OFFICE};
    for (uint8_t i = 0; i < 2; i++) {
        seed[0] = i;
        crypto_sign_seed_keypair(members[i].key.id, secret, seed);
    }
}

static struct core_event charter(uint32_t version, uint32_t member_count)
{
    struct core_event e = {.kind = CORE_CHARTER};
    e.charter.version = version;
    e.charter.hash.id[0] = (uint8_t)version;
    e.charter.members = members;
    e.charter.member_count = member_count;
    e.charter.files = files;
    return e;
}

static void the_charter_never_goes_back(void **state)
{
    (void)state;
    struct view v = {0};
    make_members();
    struct core_event e = charter(2, 2);
    assert_int_equal(view_set_charter(&v, &e), ST_OK);
    assert_int_equal(v.version, 2);
    e = charter(1, 1);
    assert_int_equal(view_set_charter(&v, &e), ST_OK);
    assert_int_equal(v.version, 2);
    assert_int_equal(v.member_count, 2);
    assert_true(bytes_equal_text(v.files[1], "v2"));
    const struct view_member *bob = view_member_of_key(&v, &members[1].key);
    assert_non_null(bob);
    assert_string_equal(bob->label, "bob");
    uint8_t x25519[KEY_BYTES];
    assert_int_equal(crypto_sign_ed25519_pk_to_curve25519(x25519, members[1].key.id), 0);
    assert_ptr_equal(view_member_of_x25519(&v, x25519), bob);
    x25519[0] ^= 1;
    assert_null(view_member_of_x25519(&v, x25519));
    view_release(&v);
    view_release(NULL);
}

static void roles_and_retired_keys_are_known(void **state)
{
    (void)state;
    struct view v = {0};
    struct key broken = {{2}}; /* no point of the curve */
    uint8_t x25519[KEY_BYTES];
    make_members();
    members[0].role = CORE_AUDITOR;
    struct core_event e = charter(2, 1);
    e.charter.retired = &members[1].key;
    e.charter.retired_count = 1;
    assert_int_equal(view_set_charter(&v, &e), ST_OK);
    assert_int_equal(view_role(&v, &members[0].key), CORE_AUDITOR);
    assert_int_equal(view_role(&v, &members[1].key), CORE_PARTNER); /* nobody may read less */
    assert_true(view_is_retired(&v, &members[1].key));
    assert_false(view_is_retired(&v, &members[0].key));
    assert_int_equal(crypto_sign_ed25519_pk_to_curve25519(x25519, members[1].key.id), 0);
    assert_non_null(view_retired_x25519(&v, x25519));
    x25519[0] ^= 1;
    assert_null(view_retired_x25519(&v, x25519));
    e.charter.retired = &broken;
    assert_int_equal(view_set_charter(&v, &e), ST_MALFORMED);
    assert_true(view_is_retired(&v, &members[1].key));
    view_release(&v);
}

static void motions_have_the_generation_in_which_they_changed(void **state)
{
    (void)state;
    struct view v = {0};
    struct bytes motions[3] = {BYTES("one"), BYTES("two"), BYTES("three")};
    struct core_event e = charter(1, 2);
    e.charter.motions = motions;
    e.charter.motion_count = 2;
    assert_int_equal(view_set_motions(&v, &e), ST_OK);
    assert_int_equal(v.motioned, 1);
    assert_int_equal(view_set_motions(&v, &e), ST_OK); /* the same */
    assert_int_equal(v.motioned, 1);
    motions[0] = BYTES("one, signed");
    e.charter.motion_count = 3;
    for (uint64_t n = 1; n <= 4; n++) {
        mem_fail_at(n);
        assert_int_equal(view_set_motions(&v, &e), ST_NO_MEMORY);
        mem_fail_at(0);
        assert_int_equal(v.motion_count, 2);
        assert_int_equal(v.motioned, 1);
    }
    assert_int_equal(view_set_motions(&v, &e), ST_OK);
    assert_int_equal(v.motioned, 2);
    assert_int_equal(v.motions[0].since, 2);
    assert_int_equal(v.motions[1].since, 1);
    assert_int_equal(v.motions[2].since, 2);
    motions[0] = (struct bytes){(const uint8_t *)"", 0};
    assert_int_equal(view_set_motions(&v, &e), ST_TOO_LARGE);
    assert_int_equal(v.motion_count, 3);
    view_release(&v);
}

static void heads_are_told_whole_or_as_they_changed(void **state)
{
    (void)state;
    static struct msg_heads m;
    struct view v = {0};
    struct core_label_heads labels[] = {{BYTES("alice"), ids, 2}, {BYTES("bob"), ids + 2, 1}};
    struct core_event e = {.kind = CORE_HEADS};
    e.heads.labels = labels;
    e.heads.label_count = 2;
    assert_int_equal(view_set_heads(&v, &e), ST_OK);
    assert_int_equal(v.heads.count, 3);
    view_tell_heads(&v, 0, &m);
    assert_true(m.whole);
    assert_int_equal(m.id_count, 3);
    uint64_t before = v.generation;
    labels[1].ids = ids + 3;
    assert_int_equal(view_set_heads(&v, &e), ST_OK);
    view_tell_heads(&v, before, &m);
    assert_false(m.whole);
    assert_int_equal(m.group_count, 1);
    assert_true(bytes_equal_text(m.groups[0].label, "bob"));
    assert_memory_equal(&m.ids[0], &ids[3], sizeof(ids[3]));
    view_tell_heads(&v, v.generation, &m);
    assert_int_equal(m.group_count, 0);
    labels[0].count = 0;
    assert_int_equal(view_set_heads(&v, &e), ST_OK);
    view_tell_heads(&v, v.generation - 1, &m);
    assert_int_equal(m.group_count, 1);
    assert_int_equal(m.groups[0].count, 0); /* alice has none now */
    e.heads.label_count = 1;
    e.heads.labels = labels + 1;
    before = v.generation;
    assert_int_equal(view_set_heads(&v, &e), ST_OK);
    view_tell_heads(&v, before, &m);
    assert_true(m.whole); /* a label is gone: only the whole says so */
    view_release(&v);
}

static void invitations_are_found_by_id(void **state)
{
    (void)state;
    struct view v = {0};
    struct core_invitation list[] = {{.id = BYTES("one"), .expired = true},
                                     {.id = BYTES("two"), .secret = {5}}};
    struct core_event e = {.kind = CORE_INVITATIONS, .invitations = list, .invitation_count = 2};
    assert_int_equal(view_set_invitations(&v, &e), ST_OK);
    assert_true(view_invitation(&v, BYTES("one"))->expired);
    assert_int_equal(view_invitation(&v, BYTES("two"))->secret[0], 5);
    assert_null(view_invitation(&v, BYTES("three")));
    assert_null(view_invitation(&v, BYTES("tw")));
    list[1].id.count = 65;
    assert_int_equal(view_set_invitations(&v, &e), ST_TOO_LARGE);
    assert_non_null(view_invitation(&v, BYTES("two")));
    view_release(&v);
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    struct view v = {0};
    make_members();
    struct core_event e = charter(1, MEMBERS_MAX + 1);
    assert_int_equal(view_set_charter(&v, &e), ST_TOO_LARGE);
    e = charter(CHARTER_VERSIONS_MAX + 1, 1);
    assert_int_equal(view_set_charter(&v, &e), ST_TOO_LARGE);
    e = charter(1, 2);
    members[1].label = "a-label-that-is-longer-than-any-label-may-be";
    assert_int_equal(view_set_charter(&v, &e), ST_TOO_LARGE);
    make_members();
    memset(&members[1].key, 2, sizeof(members[1].key));
    assert_int_equal(view_set_charter(&v, &e), ST_MALFORMED);
    assert_int_equal(v.version, 0);
    e.heads.label_count = HEADS_LABELS_MAX + 1;
    assert_int_equal(view_set_heads(&v, &e), ST_TOO_LARGE);
    view_release(&v);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    struct core_label_heads label = {BYTES("alice"), ids, 4};
    struct core_invitation invitation = {.id = BYTES("one")};
    make_members();
    struct core_event e = charter(2, 2);
    e.heads.labels = &label;
    e.heads.label_count = 1;
    e.invitations = &invitation;
    e.invitation_count = 1;
    enum status (*const setters[])(struct view *, const struct core_event *) = {
        view_set_charter, view_set_heads, view_set_invitations};
    for (int i = 0; i < 3; i++) {
        uint64_t n = 0;
        for (bool failed = true; failed; n++) {
            struct view v = {0};
            mem_fail_at(n + 1);
            enum status status = setters[i](&v, &e);
            failed = mem_failed();
            mem_fail_at(0);
            assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
            assert_int_equal(v.version + v.generation + v.invitation_count == 0, failed);
            view_release(&v);
        }
        assert_true(n > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_charter_never_goes_back),
        cmocka_unit_test(heads_are_told_whole_or_as_they_changed),
        cmocka_unit_test(invitations_are_found_by_id),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(roles_and_retired_keys_are_known),
        cmocka_unit_test(motions_have_the_generation_in_which_they_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
