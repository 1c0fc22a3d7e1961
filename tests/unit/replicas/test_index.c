#include "replicas/index.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/mem.h"
#include "replicas/tree.h"
#include "tests/unit/replicas/programme.h"

enum { CACHE_BYTES = 1 << 20, PATH_BYTES = 64 };

struct fixture {
    struct backing backing;
    struct store *store;
    struct schema *schema;
    struct charter charter;
    struct index *index;
    struct oid state;
    char path[PATH_BYTES];
    struct fault fault;
};

static void set_up(struct fixture *x, bool file)
{
    memset(x, 0, sizeof *x);
    assert_int_equal(backing_memory_open(&x->backing), ST_OK);
    assert_int_equal(store_open(&x->backing, CACHE_BYTES, &x->store), ST_OK);
    x->schema = programme_schema();
    x->charter = (struct charter){.version = 1, .schema = x->schema};
    if (file) {
        snprintf(x->path, sizeof x->path, "/tmp/minga-index-XXXXXX");
        int fd = mkstemp(x->path);
        assert_true(fd >= 0);
        close(fd);
    }
    assert_int_equal(index_open(file ? x->path : NULL, &x->index, &x->fault), ST_OK);
}

static void tear_down(struct fixture *x)
{
    index_close(x->index);
    store_close(x->store);
    schema_free(x->schema);
    if (x->path[0] != '\0')
        assert_int_equal(unlink(x->path), 0);
}

static void reopen(struct fixture *x)
{
    index_close(x->index);
    x->index = NULL;
    if (index_open(x->path, &x->index, &x->fault) != ST_OK)
        fail_msg("%s", x->fault.text);
}

static void id_of(unsigned n, char out[static RECORD_ID_TEXT + 1])
{
    snprintf(out, RECORD_ID_TEXT + 1, "%08x%016x", n * 2654435761u, n);
}

/* Put contact 'n' into the state with 'attendees', or remove it (negative); 'second' >= 0 puts
 * another value beside it. */
static void put(struct fixture *x, unsigned n, int attendees, int second)
{
    char id[RECORD_ID_TEXT + 1], path[TREE_PATH_MAX];
    struct buf text = {0};
    struct tree_change change = {.path = path};
    id_of(n, id);
    snprintf(path, sizeof path, "records/contact/%c/%c/%c/%s.json", id[0], id[1], id[2], id);
    buf_add_format(&text,
                   "{\"id\":\"%s\",\"type\":\"contact\",\n\"seen\":"
                   "{\"a0000000000000000000000000000000\":\"1 santiago\","
                   "\"b0000000000000000000000000000000\":\"2 iquique\"},\n\"fields\":{\n"
                   "\"attendees\":{\"a0000000000000000000000000000000\":%d",
                   id, attendees);
    if (second >= 0)
        buf_add_format(&text, ",\"b0000000000000000000000000000000\":%d", second);
    buf_add_format(&text, "},\n\"contact\":{\"a0000000000000000000000000000000\":\"C%u\"}\n}}\n",
                   n);
    if (attendees >= 0)
        assert_int_equal(store_write(x->store, STORE_BLOB, buf_bytes(&text), NULL, &change.blob),
                         ST_OK);
    struct oid next;
    assert_int_equal(tree_edit(x->store, &x->state, &change, 1, &next, &x->fault), ST_OK);
    x->state = next;
    buf_release(&text);
}

static void update(struct fixture *x)
{
    if (index_update(x->index, x->store, &x->state, &x->charter, &x->fault) != ST_OK)
        fail_msg("%s", x->fault.text);
}

static uint64_t count(struct fixture *x, const char *attendees)
{
    struct index_filter filter = {.field = "attendees", .json = bytes_of_text(attendees)};
    struct index_query q = {
        .type = "contact", .filters = &filter, .filter_count = attendees[0] != '\0' ? 1 : 0};
    uint64_t n = 0;
    if (index_count(x->index, &q, &n, &x->fault) != ST_OK)
        fail_msg("%s", x->fault.text);
    return n;
}

static void it_follows_the_state(void **state)
{
    (void)state;
    struct fixture x;
    uint64_t records, conflicted;
    set_up(&x, false);
    update(&x);
    assert_int_equal(count(&x, ""), 0);
    for (unsigned n = 0; n < 20; n++)
        put(&x, n, (int)(n % 4), -1);
    update(&x);
    assert_int_equal(count(&x, ""), 20);
    assert_int_equal(count(&x, "3"), 5);
    struct oid before = x.state;
    put(&x, 3, 9, -1);
    put(&x, 7, -1, -1);
    put(&x, 4, 1, 2);
    update(&x);
    update(&x);
    assert_int_equal(count(&x, ""), 19);
    assert_int_equal(count(&x, "3"), 3);
    assert_int_equal(count(&x, "9"), 1);
    assert_int_equal(index_totals(x.index, &records, &conflicted, &x.fault), ST_OK);
    assert_int_equal(records, 19);
    assert_int_equal(conflicted, 1);
    x.state = before; /* and back: a retirement takes commits away */
    update(&x);
    assert_int_equal(count(&x, ""), 20);
    assert_int_equal(count(&x, "3"), 5);
    tear_down(&x);
}

static void beginnings_of_ids_are_found(void **state)
{
    (void)state;
    struct fixture x;
    struct index_id found[4];
    uint32_t n;
    char id[RECORD_ID_TEXT + 1];
    set_up(&x, false);
    for (unsigned i = 0; i < 50; i++)
        put(&x, i, 1, -1);
    update(&x);
    for (unsigned i = 0; i < 50; i++) {
        id_of(i, id);
        for (size_t digits = 8; digits <= RECORD_ID_TEXT; digits++) {
            struct bytes prefix = {(const uint8_t *)id, digits};
            assert_int_equal(index_find_id(x.index, prefix, found, 4, &n, &x.fault), ST_OK);
            assert_int_equal(n, 1);
            assert_string_equal(found[0].id, id);
            assert_string_equal(found[0].type, "contact");
        }
    }
    assert_int_equal(index_find_id(x.index, BYTES(""), found, 4, &n, &x.fault), ST_OK);
    assert_int_equal(n, 4);
    assert_int_equal(index_find_id(x.index, BYTES("ffffffffff"), found, 4, &n, &x.fault), ST_OK);
    assert_int_equal(n, 0);
    tear_down(&x);
}

static void it_stays_where_it_stood(void **state)
{
    (void)state;
    struct fixture x;
    struct stat about;
    set_up(&x, true);
    assert_int_equal(stat(x.path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    for (unsigned n = 0; n < 10; n++)
        put(&x, n, 1, -1);
    update(&x);
    reopen(&x);
    assert_int_equal(count(&x, "1"), 10);
    put(&x, 10, 1, -1);
    update(&x);
    assert_int_equal(count(&x, "1"), 11);
    tear_down(&x);
}

static void a_tree_that_was_never_kept_is_no_obstacle(void **state)
{
    (void)state;
    struct fixture x;
    set_up(&x, true);
    for (unsigned n = 0; n < 5; n++)
        put(&x, n, 1, -1);
    size_t mark = store_mark(x.store);
    struct oid kept = x.state;
    put(&x, 5, 1, -1);
    update(&x);
    assert_int_equal(count(&x, ""), 6);
    store_discard_since(x.store, mark);
    x.state = kept;
    update(&x);
    assert_int_equal(count(&x, ""), 5);
    tear_down(&x);
}

static void a_damaged_file_is_built_anew(void **state)
{
    (void)state;
    struct fixture x;
    set_up(&x, true);
    for (unsigned n = 0; n < 50; n++)
        put(&x, n, 1, -1);
    update(&x);
    for (long at = 0; at < 4096; at += 64) { /* its first page, a piece at a time */
        index_close(x.index);
        FILE *file = fopen(x.path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        for (unsigned n = 0; n < 64; n++)
            assert_int_equal(fputc(0xa5, file), 0xa5);
        assert_int_equal(fclose(file), 0);
        x.index = NULL;
        if (index_open(x.path, &x.index, &x.fault) != ST_OK)
            fail_msg("at %ld: %s", at, x.fault.text);
        update(&x);
        assert_int_equal(index_rebuild(x.index, x.store, &x.state, &x.charter, &x.fault), ST_OK);
        assert_int_equal(count(&x, ""), 50);
    }
    tear_down(&x);
}

static void a_new_charter_adds_its_indexes(void **state)
{
    (void)state;
    struct fixture x;
    set_up(&x, false);
    put(&x, 1, 1, -1);
    update(&x);
    x.charter.version = 2;
    update(&x);
    put(&x, 2, 1, -1);
    update(&x);
    assert_int_equal(count(&x, "1"), 2);
    tear_down(&x);
}

static void a_damaged_record_is_told_and_changes_nothing(void **state)
{
    (void)state;
    struct fixture x;
    set_up(&x, false);
    put(&x, 1, 1, -1);
    update(&x);
    struct oid good = x.state;
    struct tree_change change = {.path = "records/contact/a/b/c/abc000000000000000000000.json"};
    assert_int_equal(store_write(x.store, STORE_BLOB, BYTES("{}"), NULL, &change.blob), ST_OK);
    assert_int_equal(tree_edit(x.store, &good, &change, 1, &x.state, &x.fault), ST_OK);
    assert_int_equal(index_update(x.index, x.store, &x.state, &x.charter, &x.fault), ST_CORRUPT);
    assert_non_null(strstr(x.fault.text, "abc000000000000000000000"));
    assert_int_equal(count(&x, ""), 1);
    x.state = good;
    update(&x);
    tear_down(&x);
}

static void out_of_memory_changes_nothing(void **state)
{
    (void)state;
    struct fixture x;
    set_up(&x, false);
    put(&x, 1, 1, -1);
    update(&x);
    for (unsigned n = 2; n < 40; n++)
        put(&x, n, 1, -1);
    uint64_t refused = 0;
    for (uint64_t n = 1;; n++) {
        mem_fail_at(n);
        enum status status = index_update(x.index, x.store, &x.state, &x.charter, &x.fault);
        mem_fail_at(0);
        if (status == ST_OK)
            break;
        assert_int_equal(status, ST_NO_MEMORY);
        assert_int_equal(count(&x, ""), 1);
        refused++;
    }
    assert_true(refused > 20);
    update(&x);
    assert_int_equal(count(&x, ""), 39);
    tear_down(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_the_state),
        cmocka_unit_test(beginnings_of_ids_are_found),
        cmocka_unit_test(it_stays_where_it_stood),
        cmocka_unit_test(a_tree_that_was_never_kept_is_no_obstacle),
        cmocka_unit_test(a_damaged_file_is_built_anew),
        cmocka_unit_test(a_new_charter_adds_its_indexes),
        cmocka_unit_test(a_damaged_record_is_told_and_changes_nothing),
        cmocka_unit_test(out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
