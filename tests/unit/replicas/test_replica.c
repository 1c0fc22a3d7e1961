/*
 * Two real homes: one founded, one that entered; commits carried by hand between them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <git2.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/mem.h"
#include "replicas/replica.h"

static const char schema[] =
    "{\"types\":{\"case\":{\"fields\":{\"a\":{\"class\":\"open\",\"kind\":\"text\"},"
    "\"b\":{\"class\":\"open\",\"kind\":\"text\"},"
    "\"name\":{\"class\":\"personal\",\"kind\":\"text\"},"
    "\"tags\":{\"class\":\"open\",\"kind\":\"set\"}},"
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}";

struct office {
    char folder[64], home[96];
    struct replica *replica;
};

struct pair {
    struct office a, b;
    struct digest network;
};

static const struct bytes author = {(const uint8_t *)"ana <ana@santiago>", 18};

static void remove_folder(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    assert_int_equal(pclose(p), 0);
}

static void open_office(struct office *o)
{
    struct fault f = {0};
    struct replica_options options = {.home = o->home, .index = true};
    enum status st = replica_open(&options, &o->replica, &f);
    if (st != ST_OK)
        fail_msg("open: %s: %s", status_word(st), f.text);
}

static void make_folder(struct office *o)
{
    memcpy(o->folder, "/tmp/minga-test-XXXXXX", 23);
    assert_non_null(mkdtemp(o->folder));
    snprintf(o->home, sizeof o->home, "%s/home", o->folder);
}

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    struct fault f = {0};
    struct home_identity identity;
    struct charter_member member = {.label = "iquique", .role = CHARTER_OFFICE};
    make_folder(&p->a);
    make_folder(&p->b);
    enum status st = replica_found(p->a.home, "prueba", "santiago", "", BYTES(schema), &p->network,
                                   &f);
    if (st != ST_OK)
        fail_msg("found: %s: %s", status_word(st), f.text);
    open_office(&p->a);
    assert_int_equal(home_make(p->b.home, &identity, &f), ST_OK);
    member.key = identity.key;
    st = replica_add_member(p->a.replica, &member, &f);
    if (st != ST_OK)
        fail_msg("add: %s: %s", status_word(st), f.text);
    const struct charter_chain *chain = replica_charters(p->a.replica);
    struct bytes files[2] = {buf_bytes(&chain->versions[0]->file),
                             buf_bytes(&chain->versions[1]->file)};
    st = replica_enter(p->b.home, "iquique", &p->network, files, 2, &f);
    if (st != ST_OK)
        fail_msg("enter: %s: %s", status_word(st), f.text);
    open_office(&p->b);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;
    replica_drop(p->a.replica);
    replica_drop(p->b.replica);
    remove_folder(p->a.folder);
    remove_folder(p->b.folder);
    free(p);
    return 0;
}

/* One set operation by 'o'; over: what the record's field holds there now. */
static struct replica_commit set(struct office *o, uint8_t id, const char *field, const char *json)
{
    struct op_list ops = {0};
    struct op op = {.verb = OP_SET, .type = BYTES("case"), .name = bytes_of_text(field),
                    .value = bytes_of_text(json)};
    struct record record = {0};
    struct replica_commit commit = {0};
    struct fault f = {0};
    struct buf over = {0};
    char hex[RECORD_ID_TEXT + 1];
    memset(op.id, id, sizeof op.id);
    hex_encode(op.id, sizeof op.id, hex);
    if (replica_record(o->replica, NULL, op.type, bytes_of_text(hex), &record, &f) == ST_OK) {
        const struct record_field *held = record_field(&record, op.name);
        for (uint32_t i = 0; held != NULL && i < held->count; i++)
            buf_add(&over, record.values[held->first + i].change.id, CHANGE_BYTES);
    }
    op.over = buf_bytes(&over);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    record_release(&record);
    buf_release(&over);
    enum status st = replica_write(o->replica, &ops, author, &commit, &f);
    if (st != ST_OK)
        fail_msg("write: %s: %s", status_word(st), f.text);
    assert_int_equal(replica_sync(o->replica, &f), ST_OK);
    op_list_release(&ops);
    return commit;
}

static void accept_item(void *user, const struct oid *id, struct bytes item)
{
    struct office *to = user;
    struct replica_verdict v;
    struct fault f = {0};
    enum status st = replica_accept(to->replica, item, &v, &f);
    if (st != ST_OK && st != ST_EXISTS) /* whoever does not know our heads sends all */
        fail_msg("accept: %s: %s", status_word(st), f.text);
    assert_memory_equal(v.id.id, id->id, OID_BYTES);
}

static void carry(struct office *from, struct office *to)
{
    struct oid known[HEADS_MAX];
    uint32_t count;
    bool more = true, unknown;
    struct fault f = {0};
    while (more) {
        const uint32_t *tips = graph_tips(replica_graph(to->replica), &count);
        for (uint32_t i = 0; i < count; i++)
            known[i] = graph_node(replica_graph(to->replica), tips[i])->id;
        assert_int_equal(replica_lacking(from->replica, known, count, BATCH_BYTES_MAX, accept_item,
                                         to, &more, &unknown, &f), ST_OK);
        assert_int_equal(replica_sync(to->replica, &f), ST_OK);
    }
}

static void assert_same(struct pair *p)
{
    assert_memory_equal(replica_state(p->a.replica)->id, replica_state(p->b.replica)->id,
                        OID_BYTES);
}

static uint32_t values_of(struct office *o, uint8_t id, const char *field)
{
    struct record record = {0};
    struct fault f = {0};
    uint8_t raw[RECORD_ID_BYTES];
    char hex[RECORD_ID_TEXT + 1];
    memset(raw, id, sizeof raw);
    hex_encode(raw, sizeof raw, hex);
    assert_int_equal(replica_record(o->replica, NULL, BYTES("case"), bytes_of_text(hex), &record,
                                    &f), ST_OK);
    const struct record_field *held = record_field(&record, bytes_of_text(field));
    uint32_t count = held != NULL ? held->count : 0;
    record_release(&record);
    return count;
}

static void a_commit_travels(void **state)
{
    struct pair *p = *state;
    set(&p->a, 1, "a", "\"one\"");
    carry(&p->a, &p->b);
    assert_same(p);
    assert_int_equal(values_of(&p->b, 1, "a"), 1);
}

static void concurrent_edits_join(void **state)
{
    struct pair *p = *state;
    set(&p->a, 1, "a", "\"one\"");
    carry(&p->a, &p->b);
    set(&p->a, 1, "a", "\"two\"");
    set(&p->b, 1, "a", "\"three\"");
    set(&p->b, 1, "b", "\"other\"");
    carry(&p->a, &p->b);
    carry(&p->b, &p->a);
    assert_same(p);
    assert_int_equal(values_of(&p->a, 1, "a"), 2);
    assert_int_equal(values_of(&p->a, 1, "b"), 1);
    set(&p->b, 1, "a", "\"settled\"");
    carry(&p->b, &p->a);
    assert_same(p);
    assert_int_equal(values_of(&p->a, 1, "a"), 1);
}

static void a_crash_loses_nothing(void **state)
{
    struct pair *p = *state;
    struct oid before;
    struct fault f = {0};
    set(&p->a, 1, "a", "\"one\"");
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    set(&p->a, 2, "a", "\"two\"");
    set(&p->a, 1, "b", "\"three\"");
    before = *replica_state(p->a.replica);
    replica_drop(p->a.replica);
    open_office(&p->a);
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    set(&p->a, 3, "a", "\"four\"");
    carry(&p->a, &p->b);
    assert_same(p);
}

static void a_clean_close_reopens(void **state)
{
    struct pair *p = *state;
    struct fault f = {0};
    set(&p->a, 1, "a", "\"one\"");
    struct oid before = *replica_state(p->a.replica);
    assert_int_equal(replica_close(p->a.replica, &f), ST_OK);
    open_office(&p->a);
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    assert_false(replica_wants_checkpoint(p->a.replica, true));
}

static void a_second_process_is_refused(void **state)
{
    struct pair *p = *state;
    struct replica_options options = {.home = p->a.home};
    struct replica *second = NULL;
    struct fault f = {0};
    assert_int_equal(replica_open(&options, &second, &f), ST_LOCKED);
    assert_non_null(strstr(f.text, "in use by process"));
    assert_null(second);
}

/* Every byte of an item changed: refused, and nothing moves. */
static void a_changed_item_is_refused(void **state)
{
    struct pair *p = *state;
    struct buf frame = {0};
    struct item item;
    struct fault f = {0};
    struct replica_commit c = set(&p->a, 1, "a", "\"one\"");
    carry(&p->a, &p->b);
    c = set(&p->a, 1, "a", "\"two\"");
    struct oid before = *replica_state(p->b.replica);
    uint32_t count = graph_count(replica_graph(p->b.replica));
    assert_int_equal(replica_item(p->a.replica, c.node, &frame, &item, &f), ST_OK);
    for (size_t i = OID_BYTES; i < frame.count; i++) {
        struct replica_verdict v;
        frame.data[i] ^= 1;
        enum status st = replica_accept(
            p->b.replica, (struct bytes){frame.data + OID_BYTES, frame.count - OID_BYTES}, &v, &f);
        assert_true(st != ST_OK && st != ST_EXISTS);
        assert_memory_equal(replica_state(p->b.replica)->id, before.id, OID_BYTES);
        assert_int_equal(graph_count(replica_graph(p->b.replica)), count);
        frame.data[i] ^= 1;
    }
    buf_release(&frame);
    carry(&p->a, &p->b);
    assert_same(p);
}

static void personal_data_never_enters(void **state)
{
    struct pair *p = *state;
    struct op_list ops = {0};
    struct op op = {.verb = OP_SET, .type = BYTES("case"), .name = BYTES("name"),
                    .value = BYTES("\"x\"")};
    struct replica_commit commit;
    struct fault f = {0};
    struct oid before = *replica_state(p->a.replica);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    assert_int_equal(replica_write(p->a.replica, &ops, author, &commit, &f), ST_BAD_VALUE);
    assert_non_null(strstr(f.text, "personal"));
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    op_list_release(&ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_travels, setup, teardown),
        cmocka_unit_test_setup_teardown(concurrent_edits_join, setup, teardown),
        cmocka_unit_test_setup_teardown(a_crash_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clean_close_reopens, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_process_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_item_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(personal_data_never_enters, setup, teardown),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
