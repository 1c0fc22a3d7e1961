/*
 * Files as records and items: the value that names one, its parts, and lists that lie.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/attachment.h"

static void the_value_and_every_damage_of_it(void **state)
{
    (void)state;
    struct attachment_content content = {.file = {{1, 2}}, .list = {{3, 4}}}, read;
    struct buf json = {0};
    attachment_write_content(&content, &json);
    assert_true(attachment_read_content(buf_bytes(&json), &read));
    assert_memory_equal(&read, &content, sizeof read);
    for (size_t count = 0; count < json.count; count++)
        assert_false(attachment_read_content((struct bytes){json.data, count}, &read));
    for (size_t i = 0; i < json.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            json.data[i] ^= (uint8_t)(1 << bit);
            if (attachment_read_content(buf_bytes(&json), &read)) {
                struct buf again = {0};
                attachment_write_content(&read, &again);
                assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&json)));
                buf_release(&again);
            }
            json.data[i] ^= (uint8_t)(1 << bit);
        }
    buf_release(&json);
}

static void how_many_parts(void **state)
{
    (void)state;
    assert_int_equal(attachment_chunks(0), 0);
    assert_int_equal(attachment_chunks(1), 1);
    assert_int_equal(attachment_chunks(ATTACHMENT_CHUNK_BYTES), 1);
    assert_int_equal(attachment_chunks(ATTACHMENT_CHUNK_BYTES + 1), 2);
    assert_int_equal(attachment_chunks(ATTACHMENT_BYTES_MAX), ATTACHMENT_CHUNKS_MAX);
    assert_true(attachment_is_type(BYTES("document")));
    assert_false(attachment_is_type(BYTES("household")));
}

static void load(struct office *o, const char *file, struct attachment *out)
{
    struct record record = {0};
    assert_int_equal(replica_record(o->replica, NULL, BYTES("attachment"), bytes_of_text(file),
                                    &record, &o->fault),
                     ST_OK);
    assert_int_equal(attachment_take(&record, out), ST_OK);
    record_release(&record);
}

static void its_parts(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    static uint8_t data[ATTACHMENT_CHUNK_BYTES + 7];
    struct attachment a, copy;
    struct attachment_view view;
    struct buf plain = {0};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31 + i / 251);
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    kit_attach(o, id, data, sizeof data, "media=image/png", file);
    load(o, file, &a);
    assert_string_equal(a.record, id);
    assert_int_equal(a.bytes, sizeof data);
    assert_int_equal(attachment_copy(&a, &copy), ST_OK);
    assert_true(bytes_equal(buf_bytes(&copy.media), BYTES("image/png")));
    attachment_release(&a);
    assert_int_equal(attachment_open(o->replica, &copy, &view, &o->fault), ST_OK);
    assert_int_equal(view.state, SEALED_READ);
    assert_int_equal(view.chunks, 2);
    assert_int_equal(view.held, 2);
    for (uint32_t i = 0; i < view.chunks; i++)
        assert_int_equal(attachment_chunk(o->replica, &copy, &view, i, &plain, &o->fault), ST_OK);
    assert_int_equal(plain.count, sizeof data);
    assert_memory_equal(plain.data, data, sizeof data);
    /* A part under another's name, a size that is another one. */
    memcpy(view.names.data, view.content.list.id, DIGEST_BYTES);
    assert_int_equal(attachment_chunk(o->replica, &copy, &view, 0, &plain, &o->fault), ST_CORRUPT);
    attachment_view_release(&view);
    copy.bytes = 5;
    assert_int_equal(attachment_open(o->replica, &copy, &view, &o->fault), ST_OK);
    assert_int_equal(view.state, SEALED_DAMAGED);
    attachment_view_release(&view);
    copy.bytes = sizeof data - 1;
    assert_int_equal(attachment_open(o->replica, &copy, &view, &o->fault), ST_OK);
    assert_int_equal(view.state, SEALED_READ);
    assert_int_equal(attachment_chunk(o->replica, &copy, &view, 1, &plain, &o->fault), ST_CORRUPT);
    attachment_view_release(&view);
    attachment_release(&copy);
    buf_release(&plain);
    kit_end(&k);
}

/* What somebody wrote into such a record by hand is no file, and nothing worse. */
static void nonsense_is_no_file(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    struct attachment a;
    struct attachment_view view;
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    office_run(o, ST_BAD_VALUE, "add", "attachment", "content=x", NULL);
    office_run(o, ST_OK, "add", "attachment", "bytes=-1", "media=x", "record=zzz", NULL);
    office_id(o, file);
    load(o, file, &a);
    assert_int_equal(a.bytes, 0);
    assert_int_equal(attachment_open(o->replica, &a, &view, &o->fault), ST_OK);
    assert_int_equal(view.state, SEALED_DAMAGED);
    attachment_view_release(&view);
    attachment_release(&a);
    office_run(o, ST_CORRUPT, "fetch", file, NULL);
    kit_end(&k);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    bool failed = true;
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    kit_attach(o, id, "abc", 3, NULL, file);
    for (uint64_t n = 1; failed; n++) {
        struct attachment a = {.bytes = 0};
        struct attachment_view view = {.state = SEALED_DAMAGED};
        struct record record = {0};
        struct buf plain = {0};
        mem_fail_at(n);
        enum status status = replica_record(o->replica, NULL, BYTES("attachment"),
                                            bytes_of_text(file), &record, &o->fault);
        if (status == ST_OK)
            status = attachment_take(&record, &a);
        if (status == ST_OK)
            status = attachment_open(o->replica, &a, &view, &o->fault);
        if (status == ST_OK && view.state == SEALED_READ)
            status = attachment_chunk(o->replica, &a, &view, 0, &plain, &o->fault);
        failed = mem_failed();
        mem_fail_at(0);
        assert_true(failed || (status == ST_OK && plain.count == 3));
        assert_true(status == ST_OK || status_class(status) == STATUS_LOCAL);
        buf_release(&plain);
        attachment_view_release(&view);
        attachment_release(&a);
        record_release(&record);
    }
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_value_and_every_damage_of_it),
        cmocka_unit_test(how_many_parts),
        cmocka_unit_test(its_parts),
        cmocka_unit_test(nonsense_is_no_file),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
