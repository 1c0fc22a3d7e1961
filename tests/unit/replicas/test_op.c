#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/op.h"

static struct digest network_of_tests(void)
{
    struct digest network;
    for (unsigned i = 0; i < DIGEST_BYTES; i++)
        network.id[i] = (uint8_t)i;
    return network;
}

/* The expected ids were made by Python's hashlib.blake2b. */
static void ids_are_blake2b_over_parts_with_lengths(void **state)
{
    (void)state;
    struct digest network = network_of_tests();
    uint8_t entry[ENTRY_ID_BYTES], id[RECORD_ID_BYTES];
    char text[ENTRY_ID_TEXT + 1];
    op_entry_id(&network, BYTES("grant"), BYTES("{\"amount\":200000,\"currency\":\"USD\"}"), entry);
    hex_encode(entry, ENTRY_ID_BYTES, text);
    assert_string_equal(text, "710ffaf386379ba20d9c3e8b8c3c50cb5be8aa51");
    op_record_id(&network, BYTES("household"), BYTES("H001"), id);
    hex_encode(id, RECORD_ID_BYTES, text);
    assert_string_equal(text, "72afcd17db5da1f665152020");
    op_record_id(&network, BYTES("household"), (struct bytes){0}, id);
    hex_encode(id, RECORD_ID_BYTES, text);
    assert_string_equal(text, "bcefa460b53ec0a693f82764");
}

static void add(struct op_list *l, enum op_verb verb, const char *type, unsigned id, unsigned name,
                bool supersedes)
{
    static const uint8_t over[CHANGE_BYTES];
    char field[8];
    snprintf(field, sizeof field, "f%03u", name);
    struct op op = {.verb = verb,
                    .type = bytes_of_text(type),
                    .name = bytes_of_text(field),
                    .value = BYTES("\"x\""),
                    .over = {over, supersedes ? CHANGE_BYTES : 0}};
    op.id[0] = (uint8_t)id;
    op.entry[0] = (uint8_t)id;
    op.commit.id[0] = (uint8_t)id;
    op.version = id + 1;
    assert_int_equal(op_list_add(l, &op), ST_OK);
}

static void subject_is(struct op_list *l, const char *expected)
{
    struct buf out = {0};
    op_subject(l, &out);
    assert_string_equal(buf_text(&out), expected);
    assert_true(out.count <= 72);
    buf_release(&out);
    op_list_release(l);
}

static void a_subject_tells_types_and_verbs(void **state)
{
    (void)state;
    struct op_list l = {0};
    subject_is(&l, "merge");
    add(&l, OP_SET, "enterprise", 1, 0, true);
    add(&l, OP_SET, "enterprise", 1, 1, false);
    add(&l, OP_ADD, "enterprise", 1, 0, false);
    add(&l, OP_SET, "enterprise", 2, 0, true);
    add(&l, OP_SET, "enterprise", 3, 0, false);
    add(&l, OP_SET, "visit", 1, 0, false);
    add(&l, OP_ENTRY, "grant", 1, 0, false);
    subject_is(&l, "enterprise: 2 changed, 1 written, visit: 1 written, grant: 1 added");
    add(&l, OP_CHARTER, "", 1, 0, false);
    add(&l, OP_ADOPT, "", 1, 0, false);
    add(&l, OP_ADOPT, "", 2, 0, false);
    subject_is(&l, "charter: 1 added, adoption: 2 added");
    add(&l, OP_DROP, "visit", 1, 0, true);
    subject_is(&l, "visit: 1 changed");
}

static void a_long_subject_is_cut_between_its_parts(void **state)
{
    (void)state;
    struct op_list l = {0};
    add(&l, OP_SET, "a_type_with_a_long_name_1", 1, 0, false);
    add(&l, OP_SET, "a_type_with_a_long_name_2", 1, 0, false);
    add(&l, OP_SET, "a_type_with_a_long_name_3", 1, 0, false);
    subject_is(&l, "a_type_with_a_long_name_1: 1 written, more");
    const char *longest = "a234567890123456789012345678901234567890123456789012345678901234";
    add(&l, OP_SET, longest, 1, 0, false);
    subject_is(&l, "records: 1 written");
    add(&l, OP_SET, "a2345678901234567890123456789012345678901234567890123456789", 1, 0, false);
    subject_is(&l, "a2345678901234567890123456789012345678901234567890123456789: 1 written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_blake2b_over_parts_with_lengths),
        cmocka_unit_test(a_subject_tells_types_and_verbs),
        cmocka_unit_test(a_long_subject_is_cut_between_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
