/*
 * Disclosing: the item, every damage of it, and what is refused in which words.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/disclosure.h"

static void fill(struct disclosure *d)
{
    *d = (struct disclosure){.type = "household", .record = "0123456789abcdef01234567", .count = 2};
    for (uint32_t i = 0; i < d->count; i++) {
        memset(&d->values[i].name, (int)(1 + i), sizeof d->values[i].name);
        memset(&d->values[i].salt, (int)(3 + i), sizeof d->values[i].salt);
        memset(&d->values[i].key, (int)(5 + i), sizeof d->values[i].key);
    }
}

static void the_item_and_every_damage_of_it(void **state)
{
    (void)state;
    static struct disclosure d, read;
    struct buf out = {0};
    fill(&d);
    disclosure_encode(&d, &out);
    assert_int_equal(disclosure_decode(buf_bytes(&out), &read), ST_OK);
    assert_memory_equal(&read, &d, sizeof d);
    for (size_t count = 0; count < out.count; count++)
        assert_int_not_equal(disclosure_decode((struct bytes){out.data, count}, &read), ST_OK);
    for (size_t i = 0; i < out.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct buf again = {0};
            out.data[i] ^= (uint8_t)(1 << bit);
            if (disclosure_decode(buf_bytes(&out), &read) == ST_OK) {
                disclosure_encode(&read, &again);
                assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&out)));
            } else {
                assert_int_equal(read.count, 0);
            }
            out.data[i] ^= (uint8_t)(1 << bit);
            buf_release(&again);
        }
    d.count = 0;
    buf_reset(&out);
    disclosure_encode(&d, &out);
    assert_int_not_equal(disclosure_decode(buf_bytes(&out), &read), ST_OK);
    disclosure_clear(&d);
    buf_release(&out);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], grant[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    struct office partner;
    kit_begin(&k, 3, true);
    struct office *o = &k.o[SANTIAGO];
    office_join(&partner, o, "funder", CHARTER_PARTNER);
    kit_family(&k, "Nadie", id);
    kit_attach(o, id, "x", 1, NULL, file);
    office_run(o, ST_OK, "add", "grant", "amount=5", "currency=USD", "date=2009-07-31", NULL);
    office_id(o, grant);
    const struct {
        const char *id, *fields, *to;
        enum status status;
    } cases[] = {
        {id, "--fields=head_name", "--to=iquique", ST_NOT_ALLOWED},
        {id, "--fields=head_name", "--to=funder", ST_NOT_ALLOWED},
        {id, "--fields=head_name", "--to=nobody", ST_NOT_FOUND},
        {id, "--fields=headname", "--to=auditor", ST_NOT_SCHEMA},
        {id, "--fields=commune", "--to=auditor", ST_USAGE},
        {id, "--fields=phone", "--to=auditor", ST_USAGE},
        {id, "--fields=", "--to=auditor", ST_USAGE},
        {id, "--fields=head_name,head_name", "--to=auditor", ST_USAGE},
        {id, "--fields=head_name,", "--to=", ST_NOT_FOUND},
        {grant, "--fields=amount", "--to=auditor", ST_USAGE},
        {file, "--fields=content", "--to=auditor", ST_USAGE},
        {"ffffffff", "--fields=head_name", "--to=auditor", ST_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        office_run(o, cases[i].status, "disclose", cases[i].id, cases[i].fields, cases[i].to, NULL);
    office_run(o, ST_USAGE, "disclose", id, "--to=auditor", NULL);
    office_run(o, ST_OK, "disclose", id, "--fields=head_name", "--to=auditor", "--dry-run", NULL);
    office_run(o, ST_OK, "list", "disclosure", "--count", NULL);
    assert_int_equal(office_number(o, 0, "count"), 0);
    kit_mix(&k, 15);
    office_run(&k.o[AUDITOR], ST_NOT_ALLOWED, "disclose", id, "--fields=head_name", "--to=auditor",
               NULL);
    office_close(&partner);
    kit_end(&k);
}

static void the_history_keeps_who_and_what_and_no_value(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], given[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, true);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    office_run(o, ST_OK, "disclose", id, "--fields=head_name", "--to=auditor", NULL);
    office_id(o, given);
    assert_string_equal(office_text(o, 0, "fields.0"), "head_name");
    office_run(o, ST_OK, "show", given, NULL);
    assert_string_equal(office_text(o, 0, "fields.to"), "auditor");
    assert_string_equal(office_text(o, 0, "fields.record"), id);
    assert_string_equal(office_text(o, 0, "fields.fields.0"), "head_name");
    office_run(o, ST_OK, "log", given, NULL);
    assert_null(strstr(office_text(o, 0, "subject"), "Nadie"));
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_item_and_every_damage_of_it),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_history_keeps_who_and_what_and_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
