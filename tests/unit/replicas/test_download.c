/*
 * Files on their way out: which one is meant, what is not here yet, whole parts.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/attachment.h"

static uint8_t data[17 * ATTACHMENT_CHUNK_BYTES];

static void which_file(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], first[ENTRY_ID_TEXT + 1], second[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    office_run(o, ST_USAGE, "fetch", NULL);
    office_run(o, ST_NOT_FOUND, "fetch", id, NULL);
    kit_attach(o, id, data, 10, "name=letter.pdf", first);
    office_run(o, ST_OK, "fetch", id, NULL);
    assert_string_equal(office_text(o, 0, "id"), first);
    assert_string_equal(office_text(o, 0, "name"), "letter.pdf");
    assert_string_equal(office_text(o, 0, "record"), id);
    kit_attach(o, id, data, 20, "name=photo.jpg", second);
    office_run(o, ST_OK, "fetch", id, NULL);
    assert_int_equal(office_rows(o), 2);
    office_run(o, ST_AMBIGUOUS, "fetch", id, "--offset=0", NULL);
    office_run(o, ST_OK, "fetch", id, "photo.jpg", NULL);
    assert_int_equal(office_rows(o), 1);
    assert_string_equal(office_text(o, 0, "id"), second);
    office_run(o, ST_OK, "fetch", second, NULL);
    assert_int_equal(office_rows(o), 1);
    office_run(o, ST_NOT_FOUND, "fetch", id, "photo", NULL);
    office_run(o, ST_USAGE, "fetch", second, "--offset=7", NULL);
    office_run(o, ST_USAGE, "fetch", second, "--offset=x", NULL);
    office_run(o, ST_OK, "show", id, NULL);
    assert_int_equal(json_array_size(office_at(o, 0, "attachments")), 2);
    kit_end(&k);
}

static void parts_of_a_long_one(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    size_t at = 16 * (size_t)ATTACHMENT_CHUNK_BYTES, count = 0;
    uint8_t *back = mem_alloc(sizeof data);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 17 + i / 253);
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    assert_int_equal(kit_part(o, id, KIT_UPLOAD, sizeof data, 0, data, at, NULL), ST_OK);
    assert_int_equal(
        kit_part(o, id, KIT_UPLOAD, sizeof data, at, data + at, sizeof data - at, NULL), ST_OK);
    office_id(o, file);
    office_run(o, ST_OK, "fetch", file, "--offset=0", NULL);
    const char *text = office_text(o, 0, "content");
    assert_int_equal(sodium_base642bin(back, sizeof data, text, strlen(text), NULL, &count, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(count, at);
    assert_memory_equal(back, data, count);
    office_run(o, ST_OK, "fetch", file, "--offset=1048560", NULL);
    text = office_text(o, 0, "content");
    assert_int_equal(sodium_base642bin(back, sizeof data, text, strlen(text), NULL, &count, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(count, ATTACHMENT_CHUNK_BYTES);
    assert_memory_equal(back, data + at, count);
    mem_free(back);
    kit_end(&k);
}

static void not_here_yet(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    size_t bytes = 5 * (size_t)ATTACHMENT_CHUNK_BYTES;
    kit_begin(&k, 2, false);
    struct office *o = &k.o[IQUIQUE];
    kit_mix(&k, 3);
    kit_family(&k, "Nadie", id);
    kit_attach(&k.o[SANTIAGO], id, data, bytes, "name=a", file);
    office_send(&k.o[SANTIAGO], o);
    office_run(o, ST_PARTLY, "fetch", file, NULL);
    assert_non_null(strstr(o->fault.text, "list is on its way"));
    assert_true(office_send_sealed(&k.o[SANTIAGO], o) > 0);
    kit_tend(&k, IQUIQUE); /* wants the list, then the parts */
    (void)office_send_sealed(&k.o[SANTIAGO], o);
    kit_tend(&k, IQUIQUE);
    office_run(o, ST_PARTLY, "fetch", file, NULL);
    assert_non_null(strstr(o->fault.text, "0 of 5"));
    assert_int_equal(kit_send_files(&k.o[SANTIAGO], o, 3), 3);
    office_run(o, ST_PARTLY, "fetch", file, NULL);
    assert_non_null(strstr(o->fault.text, "3 of 5"));
    assert_int_equal(office_number(o, 0, "held"), 3);
    assert_int_equal(kit_send_files(&k.o[SANTIAGO], o, 9), 2);
    office_run(o, ST_OK, "fetch", file, NULL);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_file),
        cmocka_unit_test(parts_of_a_long_one),
        cmocka_unit_test(not_here_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
