#include "replicas/invite.h"

#include "replicas/words.h"
#include "tests/unit/replicas/offices.h"

struct kept {
    struct invite list[INVITATIONS_MAX];
    uint32_t count;
};

static void keep(void *user, const struct invite *i)
{
    struct kept *kept = user;
    assert_true(kept->count < INVITATIONS_MAX);
    kept->list[kept->count++] = *i;
}

static struct kept stored(struct office *o)
{
    struct kept kept = {.count = 0};
    if (invite_each(o->replica, keep, &kept, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    return kept;
}

static struct bytes id_of(const struct invite *i)
{
    return (struct bytes){i->id, sizeof i->id};
}

static void an_invitation_admits_one_key(void **state)
{
    (void)state;
    struct office o;
    struct invitation link;
    struct key first = {{1}}, second = {{2}};
    char label[LABEL_BYTES_MAX + 1];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "invite", "iquique", "--rights=treasurer", NULL);
    assert_string_equal(office_text(&o, 0, "role"), "office");
    assert_int_equal(strlen(office_text(&o, 0, "expires")), WORDS_TIME_BYTES - 1);
    assert_int_equal(invitation_decode(bytes_of_text(office_text(&o, 0, "link")), &link, &o.fault),
                     ST_OK);
    assert_string_equal(link.label, "iquique");
    assert_string_equal(link.address, "127.0.0.1:7717");
    assert_memory_equal(link.network.id, replica_network(o.replica)->id, DIGEST_BYTES);
    assert_memory_equal(link.inviter.id, replica_identity(o.replica)->key.id, KEY_BYTES);
    struct kept kept = stored(&o);
    assert_int_equal(kept.count, 1);
    assert_memory_equal(kept.list[0].id, link.id, sizeof link.id);
    assert_memory_equal(kept.list[0].secret, link.secret, sizeof link.secret);
    assert_true(kept.list[0].treasurer && !kept.list[0].admin && !kept.list[0].used);
    struct bytes id = id_of(&kept.list[0]), address = BYTES("127.0.0.1:7718");
    assert_int_equal(invite_admit(o.replica, BYTES("x"), &first, address, label, &o.fault),
                     ST_NOT_FOUND);
    assert_int_equal(invite_admit(o.replica, id, &first, address, label, &o.fault), ST_OK);
    assert_string_equal(label, "iquique");
    const struct charter *newest = charter_newest(replica_charters(o.replica));
    uint32_t version = newest->version;
    assert_string_equal(charter_by_key(newest, &first)->address, "127.0.0.1:7718");
    assert_int_equal(invite_admit(o.replica, id, &first, address, label, &o.fault), ST_OK);
    assert_int_equal(charter_newest(replica_charters(o.replica))->version, version);
    assert_int_equal(invite_admit(o.replica, id, &second, address, label, &o.fault), ST_USED);
    kept = stored(&o);
    assert_true(kept.list[0].used);
    assert_memory_equal(kept.list[0].used_by.id, first.id, KEY_BYTES);
    office_close(&o);
}

static void bad_invitations_are_refused(void **state)
{
    (void)state;
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_run(&a, ST_USAGE, "invite", NULL);
    office_run(&a, ST_USAGE, "invite", "Alto", NULL);
    office_run(&a, ST_USAGE, "invite", "main", NULL);
    office_run(&a, ST_EXISTS, "invite", "iquique", NULL);
    office_run(&a, ST_USAGE, "invite", "fosis", "--role=friend", NULL);
    office_run(&a, ST_USAGE, "invite", "fosis", "--role=partner", "--rights=admin", NULL);
    office_run(&a, ST_USAGE, "invite", "fosis", "--rights=king", NULL);
    office_run(&a, ST_USAGE, "invite", "fosis", "--expires=soon", NULL);
    office_run(&b, ST_NOT_ALLOWED, "invite", "fosis", NULL);
    assert_int_equal(stored(&a).count, 0);
    office_run(&a, ST_OK, "invite", "fosis", "--role=partner", "--expires=1s", NULL);
    assert_int_equal(stored(&a).count, 1);
    office_close(&a);
    office_close(&b);
}

static void an_expired_invitation_admits_nobody(void **state)
{
    (void)state;
    struct office o;
    struct key key = {{1}};
    char label[LABEL_BYTES_MAX + 1], path[256];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "invite", "fosis", "--role=partner", NULL);
    struct kept kept = stored(&o);
    /* The file says when it ends: a five-byte number of seconds before the empty key. */
    char hex[2 * INVITATION_ID_BYTES + 1];
    hex_encode(kept.list[0].id, INVITATION_ID_BYTES, hex);
    snprintf(path, sizeof path, "%s/invitations/%s", o.home, hex);
    struct buf file = programme_file(path);
    assert_true(file.count > 7);
    assert_int_equal(file.data[file.count - 7], 0xce);
    memset(file.data + file.count - 6, 0x40, 4);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file.data, 1, file.count, out), file.count);
    assert_int_equal(fclose(out), 0);
    assert_true(stored(&o).list[0].expired);
    assert_int_equal(
        invite_admit(o.replica, id_of(&kept.list[0]), &key, BYTES(""), label, &o.fault),
        ST_EXPIRED);
    for (size_t n = 0; n < file.count; n++) { /* damage admits nobody, and stops nobody else */
        out = fopen(path, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(file.data, 1, n, out), n);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(stored(&o).count, 0);
    }
    buf_release(&file);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invitation_admits_one_key),
        cmocka_unit_test(bad_invitations_are_refused),
        cmocka_unit_test(an_expired_invitation_admits_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
