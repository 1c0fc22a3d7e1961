/*
 * Records that somebody makes up: garbage, copies that do not open, fields written over. None is in
 * the way of the others.
 */
#include "tests/unit/replicas/keyring_kit.h"

#include "replicas/keyring_entry.h"

static struct keyring_kit x;
static struct keyring *k; /* member 0's */

static int set_up(void **unused)
{
    (void)unused;
    if (sodium_init() < 0)
        return -1;
    keyring_kit_open(&x, 3);
    k = keyring_kit_ring(&x, 0);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    keyring_free(k);
    keyring_kit_close(&x);
    return 0;
}

static void add(struct op_list *ops, enum op_verb verb, const uint8_t *record, const char *name,
                struct bytes value, struct bytes over)
{
    struct op op = {.verb = verb,
                    .type = BYTES("classkey"),
                    .name = bytes_of_text(name),
                    .value = value,
                    .over = over};
    memcpy(op.id, record, RECORD_ID_BYTES);
    assert_int_equal(op_list_add(ops, &op), ST_OK);
}

static const struct bytes NOTHING = {NULL, 0};

/* A copy for a member, or bytes that look like one. */
static void copy_text(const struct seal_key *key, const struct key *member, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(keyring_entry_copy(key, member, out), ST_OK);
}

static struct seal_key random_key(void)
{
    struct seal_key key;
    randombytes_buf(&key, sizeof key);
    return key;
}

static void record_of(const struct seal_key *key, enum schema_class class, uint8_t *out)
{
    struct seal_id id;
    seal_key_id(key, &id);
    keyring_entry_record(&x.network, class, &id, out);
}

static void the_record_s_id_is_derived_as_the_format_says(void **unused)
{
    (void)unused;
    static const struct digest network = {{1, 2, 3}};
    static const struct seal_id id = {{0xab, 0xcd}};
    uint8_t record[RECORD_ID_BYTES], derived[RECORD_ID_BYTES];
    keyring_entry_record(&network, SCHEMA_PERSONAL, &id, record);
    op_record_id(&network, BYTES("classkey"),
                 BYTES("personal/abcd000000000000000000000000000000000000"), derived);
    assert_memory_equal(record, derived, RECORD_ID_BYTES);
    keyring_entry_record(&network, SCHEMA_INTERNAL, &id, record);
    assert_memory_not_equal(record, derived, RECORD_ID_BYTES);
}

static void a_copy_opens_for_its_member_alone(void **unused)
{
    (void)unused;
    struct seal_id id = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    struct home_identity stranger;
    struct keyring *other = NULL;
    keyring_kit_identity(99, &stranger);
    assert_int_equal(keyring_create(&x.network, &other), ST_OK);
    assert_int_equal(keyring_update(other, x.store, &x.state, &stranger, &x.f), ST_OK);
    assert_false(keyring_kit_opens(other, &id));
    keyring_free(other);
}

/* A key in a record of another id is none, whatever the fields say. */
static void a_key_under_another_id_is_none(void **unused)
{
    (void)unused;
    struct seal_key key = random_key(), other = random_key();
    struct seal_id id;
    struct buf text = {0};
    struct op_list ops = {.ops = NULL};
    uint8_t record[RECORD_ID_BYTES];
    char quoted[SEAL_ID_TEXT + 3] = "\"";
    record_of(&other, SCHEMA_PERSONAL, record);
    seal_key_id(&key, &id);
    hex_encode(id.id, SEAL_ID_BYTES, quoted + 1);
    quoted[SEAL_ID_TEXT + 1] = '"';
    copy_text(&key, &x.members[0].key, &text);
    add(&ops, OP_SET, record, "class", BYTES("\"personal\""), NOTHING);
    add(&ops, OP_SET, record, "epoch", BYTES("7"), NOTHING);
    add(&ops, OP_SET, record, "key", bytes_of_text(quoted), NOTHING);
    add(&ops, OP_ADD, record, "copies", buf_bytes(&text), NOTHING);
    keyring_kit_commit(&x, &ops, "iquique");
    keyring_kit_update(&x, k, 0);
    assert_false(keyring_kit_opens(k, &id));
    assert_int_equal(keyring_current(k, &x.charter, SCHEMA_PERSONAL, &id), ST_NOT_FOUND);
    buf_release(&text);
}

static void garbage_in_the_set_counts_as_none(void **unused)
{
    (void)unused;
    struct seal_key key = random_key();
    struct seal_id id;
    struct op_list ops = {.ops = NULL};
    struct buf good = {0}, bad = {0};
    uint8_t record[RECORD_ID_BYTES];
    record_of(&key, SCHEMA_INTERNAL, record);
    seal_key_id(&key, &id);
    copy_text(&key, &x.members[0].key, &good);
    add(&ops, OP_SET, record, "epoch", BYTES("1"), NOTHING);
    add(&ops, OP_ADD, record, "copies", BYTES("\"x\""), NOTHING);
    add(&ops, OP_ADD, record, "copies", BYTES("\" \\\\ \\n\""), NOTHING);
    for (size_t cut = 1; cut < 20; cut++) { /* too short, each still a JSON text */
        buf_reset(&bad);
        buf_add(&bad, good.data, good.count - 1 - cut);
        buf_add_byte(&bad, '"');
        add(&ops, OP_ADD, record, "copies", buf_bytes(&bad), NOTHING);
    }
    for (size_t at = 1; at + 1 < good.count; at += 5) { /* the right length, one letter wrong */
        buf_reset(&bad);
        buf_add_bytes(&bad, buf_bytes(&good));
        bad.data[at] = bad.data[at] == 'a' ? 'b' : bad.data[at] == ' ' ? '-' : 'a';
        add(&ops, OP_ADD, record, "copies", buf_bytes(&bad), NOTHING);
    }
    add(&ops, OP_ADD, record, "copies", buf_bytes(&good), NOTHING);
    keyring_kit_commit(&x, &ops, "iquique");
    keyring_kit_update(&x, k, 0);
    assert_true(keyring_kit_opens(k, &id));
    keyring_kit_assert_current(&x, k, SCHEMA_INTERNAL, &id); /* by its id, not by its fields */
    buf_release(&good);
    buf_release(&bad);
}

/* The changes that a field of a record holds, packed. */
static void changes_of(const uint8_t *record, const char *name, struct buf *out)
{
    char path[TREE_PATH_MAX];
    struct op op = {.verb = OP_SET};
    struct oid blob;
    struct bytes file;
    struct record r;
    memcpy(op.id, record, RECORD_ID_BYTES);
    keyring_kit_path(&op, path);
    assert_int_equal(tree_find(x.store, &x.state, path, &blob, NULL), ST_OK);
    assert_int_equal(store_read(x.store, &blob, STORE_BLOB, &file, NULL), ST_OK);
    assert_int_equal(record_parse(file, &r), ST_OK);
    const struct record_field *field = record_field(&r, bytes_of_text(name));
    assert_non_null(field);
    buf_reset(out);
    for (uint32_t i = 0; i < field->count; i++)
        buf_add(out, r.values[field->first + i].change.id, CHANGE_BYTES);
    record_release(&r);
}

/* Somebody writes over the fields of a good record: who has a copy reads on, and of two fit keys
 * the one whose epoch went is not written with. */
static void fields_written_over_take_no_key_away(void **unused)
{
    (void)unused;
    static const char *const names[] = {"class", "key", "epoch"};
    static const char *const values[] = {"\"internal\"", "\"\"", "null"};
    struct seal_id first = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    keyring_kit_update(&x, k, 0);
    struct seal_id second = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    uint8_t record[RECORD_ID_BYTES];
    keyring_entry_record(&x.network, SCHEMA_PERSONAL, &second, record);
    for (size_t i = 0; i < 3; i++) {
        struct op_list ops = {.ops = NULL};
        struct buf over = {0};
        changes_of(record, names[i], &over);
        add(&ops, OP_SET, record, names[i], bytes_of_text(values[i]), buf_bytes(&over));
        keyring_kit_commit(&x, &ops, "iquique");
        buf_release(&over);
        struct keyring *fresh = keyring_kit_ring(&x, 2);
        keyring_kit_update(&x, k, 0);
        assert_true(keyring_kit_opens(k, &second) && keyring_kit_opens(fresh, &second));
        keyring_kit_assert_current(&x, fresh, SCHEMA_PERSONAL, i < 2 ? &second : &first);
        keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, i < 2 ? &second : &first);
        keyring_free(fresh);
    }
}

/* The greatest epoch that there can be locks nobody out: a removal is still followed by a key of
 * its own. */
static void the_greatest_epoch_is_not_the_last(void **unused)
{
    (void)unused;
    struct seal_key key = random_key();
    struct seal_id id, next;
    struct op_list ops = {.ops = NULL};
    struct buf text = {0};
    uint8_t record[RECORD_ID_BYTES];
    record_of(&key, SCHEMA_PERSONAL, record);
    seal_key_id(&key, &id);
    add(&ops, OP_SET, record, "epoch", BYTES("9007199254740991"), NOTHING);
    for (uint32_t i = 0; i < 3; i++) {
        copy_text(&key, &x.members[i].key, &text);
        add(&ops, OP_ADD, record, "copies", buf_bytes(&text), NOTHING);
    }
    keyring_kit_commit(&x, &ops, "iquique");
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &id);
    keyring_kit_remove_last(&x);
    assert_int_equal(keyring_current(k, &x.charter, SCHEMA_PERSONAL, &next), ST_NOT_FOUND);
    next = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &next);
    buf_release(&text);
}

/* An auditor may write classkey records, but no key that it made is for personal values. */
static void a_key_made_by_who_may_not_read_the_class_is_not_written_with(void **unused)
{
    (void)unused;
    struct seal_key key = random_key();
    struct seal_id id;
    struct op_list ops = {.ops = NULL};
    struct buf text = {0};
    uint8_t record[RECORD_ID_BYTES];
    x.charter.member_count = 5;
    record_of(&key, SCHEMA_PERSONAL, record);
    copy_text(&key, &x.members[0].key, &text);
    add(&ops, OP_SET, record, "epoch", BYTES("5"), NOTHING);
    add(&ops, OP_ADD, record, "copies", buf_bytes(&text), NOTHING);
    keyring_kit_commit(&x, &ops, x.members[4].label);
    add(&ops, OP_ADD, record, "copies", BYTES("\"a\""), NOTHING);
    keyring_kit_commit(&x, &ops, "iquique"); /* who came later did not make it */
    keyring_kit_update(&x, k, 0);
    seal_key_id(&key, &id);
    assert_true(keyring_kit_opens(k, &id));
    assert_int_equal(keyring_current(k, &x.charter, SCHEMA_PERSONAL, &id), ST_NOT_FOUND);
    buf_release(&text);
}

/* A copy for somebody whom the charter never knew is nobody's, and makes no key unfit. */
static void a_copy_for_a_stranger_ends_no_epoch(void **unused)
{
    (void)unused;
    struct home_identity stranger;
    struct op_list ops = {.ops = NULL};
    struct buf text = {0};
    uint8_t record[RECORD_ID_BYTES];
    struct seal_id id = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    struct seal_key other = random_key();
    keyring_kit_identity(99, &stranger);
    keyring_entry_record(&x.network, SCHEMA_PERSONAL, &id, record);
    copy_text(&other, &stranger.key, &text);
    add(&ops, OP_ADD, record, "copies", buf_bytes(&text), NOTHING);
    keyring_kit_commit(&x, &ops, "iquique");
    keyring_kit_update(&x, k, 0);
    keyring_kit_assert_current(&x, k, SCHEMA_PERSONAL, &id);
    buf_release(&text);
}

/* Somebody is first to give a newcomer a copy, of nothing: it takes that out, and gets a good one.
 */
static void a_newcomer_does_not_stay_without_a_key(void **unused)
{
    (void)unused;
    struct op_list ops = {.ops = NULL};
    struct buf text = {0};
    struct seal_key nothing = random_key();
    uint8_t record[RECORD_ID_BYTES];
    struct seal_id id = keyring_kit_start(&x, k, 0, SCHEMA_PERSONAL);
    keyring_entry_record(&x.network, SCHEMA_PERSONAL, &id, record);
    x.charter.member_count = 4;
    copy_text(&nothing, &x.members[3].key, &text);
    add(&ops, OP_ADD, record, "copies", buf_bytes(&text), NOTHING);
    keyring_kit_commit(&x, &ops, "iquique");
    struct keyring *newcomer = keyring_kit_ring(&x, 3);
    keyring_kit_update(&x, k, 0);
    assert_int_equal(keyring_share(k, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 0); /* it seems to have one */
    assert_int_equal(keyring_share(newcomer, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 1);
    assert_int_equal(ops.ops[0].verb, OP_DROP);
    keyring_kit_commit(&x, &ops, x.members[3].label);
    keyring_kit_update(&x, k, 0);
    assert_int_equal(keyring_share(k, &x.charter, &ops, &x.f), ST_OK);
    keyring_kit_commit(&x, &ops, "arica");
    keyring_kit_update(&x, newcomer, 3);
    assert_true(keyring_kit_opens(newcomer, &id));
    assert_int_equal(keyring_share(newcomer, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 0);
    /* without its secret it knows nothing of any copy, and takes none out */
    struct home_identity locked = x.identities[3];
    struct keyring *blind = NULL;
    memset(locked.secret, 0, sizeof locked.secret);
    assert_int_equal(keyring_create(&x.network, &blind), ST_OK);
    assert_int_equal(keyring_update(blind, x.store, &x.state, &locked, &x.f), ST_OK);
    assert_int_equal(keyring_share(blind, &x.charter, &ops, &x.f), ST_OK);
    assert_int_equal(ops.count, 0);
    keyring_free(blind);
    keyring_free(newcomer);
    buf_release(&text);
}

/* Very many copies for us that do not open: each is tried once, and the good one is found. */
static void ten_thousand_copies_are_tried_once(void **unused)
{
    (void)unused;
    enum { COPIES = 10000, ONE = 200 };
    struct seal_key key = random_key();
    struct seal_id id;
    struct buf good = {0};
    uint8_t record[RECORD_ID_BYTES];
    record_of(&key, SCHEMA_PERSONAL, record);
    seal_key_id(&key, &id);
    copy_text(&key, &x.members[0].key, &good);
    for (uint32_t done = 0; done < COPIES; done += ONE) {
        struct op_list ops = {.ops = NULL};
        struct buf bad = {0};
        for (uint32_t i = 0; i < ONE; i++) { /* letters that are valid base64, not a sealed box */
            buf_reset(&bad);
            buf_add_bytes(&bad, buf_bytes(&good));
            char number[16];
            snprintf(number, sizeof number, "%05u", (unsigned)(done + i));
            memcpy(bad.data + 70, number, 5);
            add(&ops, OP_ADD, record, "copies", buf_bytes(&bad), NOTHING);
        }
        keyring_kit_commit(&x, &ops, "iquique");
        buf_release(&bad);
    }
    keyring_kit_update(&x, k, 0);
    assert_false(keyring_kit_opens(k, &id));
    struct op_list ops = {.ops = NULL};
    add(&ops, OP_ADD, record, "copies", buf_bytes(&good), NOTHING);
    keyring_kit_commit(&x, &ops, "iquique");
    keyring_kit_update(&x, k, 0);
    assert_true(keyring_kit_opens(k, &id));
    buf_release(&good);
}

/* What failed is remembered, copy by copy; shown at the entry, for no clock may be asked. */
static void what_failed_is_not_tried_again(void **unused)
{
    (void)unused;
    static const char head[] = "{\"id\":\"";
    struct seal_key key = random_key();
    struct keyring_entry_reader reader;
    struct keyring_entry *first = NULL, *second = NULL;
    struct keyring_entry_key found;
    struct buf copy = {0}, file = {0};
    uint8_t record[RECORD_ID_BYTES];
    char hex[RECORD_ID_TEXT + 1], change[CHANGE_TEXT + 1];
    bool opened = true;
    keyring_entry_reader(&x.network, &x.identities[0], &reader);
    record_of(&key, SCHEMA_PERSONAL, record);
    hex_encode(record, RECORD_ID_BYTES, hex);
    base32_encode((const uint8_t[CHANGE_BYTES]){1}, CHANGE_BYTES, change);
    copy_text(&key, &x.members[0].key, &copy);
    buf_add_format(&file,
                   "%s%s\",\"type\":\"classkey\",\n\"seen\":{\"%s\":\"1 iquique\"},\n"
                   "\"sets\":{\n\"copies\":{%s:[\"%s\"]}\n}}\n",
                   head, hex, change, buf_text(&copy), change);
    /* With another secret it does not open, and then not with the right one either. */
    struct keyring_entry_reader blind = reader;
    memset(blind.secret, 0, sizeof blind.secret);
    assert_int_equal(
        keyring_entry_read(&blind, buf_bytes(&file), NULL, NULL, &first, &found, &opened, &x.f),
        ST_OK);
    assert_false(opened);
    assert_int_equal(first->failed_count, 1);
    assert_int_equal(first->copy_count, 1);
    assert_int_equal(
        keyring_entry_read(&reader, buf_bytes(&file), NULL, first, &second, &found, &opened, &x.f),
        ST_OK);
    assert_false(opened);
    keyring_entry_free(second);
    assert_int_equal(
        keyring_entry_read(&reader, buf_bytes(&file), NULL, NULL, &second, &found, &opened, &x.f),
        ST_OK);
    assert_true(opened);
    assert_memory_equal(&found.key, &key, sizeof key);
    keyring_entry_free(first);
    keyring_entry_free(second);
    buf_release(&copy);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_record_s_id_is_derived_as_the_format_says, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_copy_opens_for_its_member_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_under_another_id_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_in_the_set_counts_as_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fields_written_over_take_no_key_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_greatest_epoch_is_not_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_key_made_by_who_may_not_read_the_class_is_not_written_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_for_a_stranger_ends_no_epoch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newcomer_does_not_stay_without_a_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ten_thousand_copies_are_tried_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_failed_is_not_tried_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
