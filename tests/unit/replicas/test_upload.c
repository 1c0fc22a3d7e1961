/*
 * Files on their way in: parts in their order, limits, and that what is not finished leaves
 * nothing.
 */
#include "tests/unit/replicas/erase_kit.h"

#include <sys/stat.h>

#include "replicas/attachment.h"
#include "replicas/upload.h"

enum { WHOLE = ATTACHMENT_CHUNK_BYTES };
static uint8_t data[3 * WHOLE];

static uint64_t under_way(const struct office *o)
{
    char path[128];
    struct stat about;
    snprintf(path, sizeof path, "%s/uploads", o->home);
    return stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
}

static uint64_t files_of(struct office *o)
{
    office_run(o, ST_OK, "list", "attachment", "--count", NULL);
    return (uint64_t)office_number(o, 0, "count");
}

static void parts_come_in_their_order(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    assert_int_equal(kit_part(o, id, KIT_UPLOAD, 2 * WHOLE + 5, 0, data, WHOLE, NULL), ST_OK);
    assert_int_equal(office_number(o, 0, "offset"), WHOLE);
    assert_true(under_way(o) > 0);
    assert_int_equal(files_of(o), 0);
    assert_int_equal(kit_part(o, id, KIT_UPLOAD, 2 * WHOLE + 5, WHOLE, data, WHOLE + 5, NULL),
                     ST_OK);
    assert_string_equal(office_text(o, 0, "record"), id);
    assert_int_equal(files_of(o), 1);
    kit_tend(&k, SANTIAGO);
    assert_int_equal(under_way(o), 0);
    kit_crash(&k, SANTIAGO);
    assert_int_equal(files_of(o), 1);
    kit_end(&k);
}

static void what_is_no_part(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes, offset;
        size_t count;
        enum status status;
        const char *upload, *more;
    } cases[] = {
        {10, 0, 11, ST_USAGE, KIT_UPLOAD, NULL},           /* more than it says */
        {WHOLE + 1, 0, 5, ST_USAGE, KIT_UPLOAD, NULL},     /* not whole, not the last */
        {WHOLE, 0, 0, ST_USAGE, KIT_UPLOAD, NULL},         /* nothing */
        {WHOLE, WHOLE, 0, ST_NOT_FOUND, KIT_UPLOAD, NULL}, /* never begun */
        {10, 0, 10, ST_USAGE, "short", NULL},              /* no name */
        {10, 0, 10, ST_USAGE, KIT_UPLOAD, "class=open"},   /* no such class */
        {(uint64_t)ATTACHMENT_BYTES_MAX + 1, 0, 10, ST_TOO_LARGE, KIT_UPLOAD, NULL},
    };
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], name[400];
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = kit_part(o, id, cases[i].upload, cases[i].bytes, cases[i].offset, data,
                                      cases[i].count, cases[i].more);
        if (status != cases[i].status)
            fail_msg("%zu: %s: %s", i, status_word(status), o->fault.text);
    }
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name, "name=", 5);
    assert_int_equal(kit_part(o, id, KIT_UPLOAD, 10, 0, data, 10, name), ST_BAD_VALUE);
    office_run(o, ST_USAGE, "attach", id, "--upload=" KIT_UPLOAD, "--bytes=3", "--content=?", NULL);
    office_run(o, ST_USAGE, "attach", id, "--upload=" KIT_UPLOAD, "--bytes=x", NULL);
    office_run(o, ST_NOT_FOUND, "attach", "ffffffff", "--upload=" KIT_UPLOAD, "--bytes=0", NULL);
    office_run(o, ST_OK, "attach", id, "--upload=" KIT_UPLOAD, "--bytes=3", "--dry-run", NULL);
    kit_tend(&k, SANTIAGO);
    assert_int_equal(files_of(o), 0);
    assert_int_equal(under_way(o), 0);
    kit_end(&k);
}

static void given_up_silent_or_cut_off_it_leaves_nothing(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct kit k;
        char id[ENTRY_ID_TEXT + 1], line[NAME_BYTES_MAX + 1], file[ENTRY_ID_TEXT + 1];
        char path[128];
        kit_begin(&k, 1, false);
        struct office *o = &k.o[SANTIAGO];
        kit_family(&k, "Nadie", id);
        assert_int_equal(kit_part(o, id, KIT_UPLOAD, 2 * WHOLE, 0, data, WHOLE, NULL), ST_OK);
        snprintf(path, sizeof path, "%s/uploads", o->home);
        FILE *in = fopen(path, "r");
        assert_non_null(in);
        assert_int_equal(fscanf(in, "%64s %40s", line, file), 2);
        fclose(in);
        assert_int_equal(kit_held(o, "attachment", file), 3); /* name, salt, a part */
        if (way == 0)
            assert_int_equal(kit_part(o, id, KIT_UPLOAD, 2 * WHOLE, 0, data, 0, "abandon"), ST_OK);
        if (way == 1) {
            kit_tend(&k, SANTIAGO);
            assert_int_equal(kit_held(o, "attachment", file), 3);
            k.now_ms += UPLOAD_IDLE_MS;
        }
        if (way == 2)
            kit_crash(&k, SANTIAGO);
        kit_tend(&k, SANTIAGO);
        assert_int_equal(kit_held(o, "attachment", file), 0);
        assert_int_equal(under_way(o), 0);
        assert_int_equal(kit_part(o, id, KIT_UPLOAD, 2 * WHOLE, WHOLE, data, WHOLE, NULL),
                         ST_NOT_FOUND);
        kit_end(&k);
    }
}

static void so_many_at_a_time(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], upload[UPLOAD_NAME_BYTES + 1];
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    for (unsigned i = 0; i <= UPLOADS_MAX; i++) {
        snprintf(upload, sizeof upload, "%032x", i);
        assert_int_equal(kit_part(o, id, upload, 2 * WHOLE, 0, data, WHOLE, NULL),
                         i < UPLOADS_MAX ? ST_OK : ST_NOT_ALLOWED);
    }
    kit_end(&k);
}

static void a_damaged_list_of_uploads_is_said(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], path[128];
    static const char *const texts[] = {"x", "a b c d\n", "attachment zz 00\n", "\n",
                                        "attachment 0123456789abcdef01234567 "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        kit_begin(&k, 1, false);
        struct office *o = &k.o[SANTIAGO];
        kit_family(&k, "Nadie", id);
        snprintf(path, sizeof path, "%s/uploads", o->home);
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        assert_true(fputs(texts[i], out) >= 0);
        fclose(out);
        assert_int_equal(kit_part(o, id, KIT_UPLOAD, 10, 0, data, 10, NULL), ST_CORRUPT);
        kit_end(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_in_their_order),
        cmocka_unit_test(what_is_no_part),
        cmocka_unit_test(given_up_silent_or_cut_off_it_leaves_nothing),
        cmocka_unit_test(so_many_at_a_time),
        cmocka_unit_test(a_damaged_list_of_uploads_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
