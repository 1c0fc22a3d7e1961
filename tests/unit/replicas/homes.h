/*
 * homes: two real homes, one founded and one that entered, commits carried by hand between them;
 * for the tests of whatever works on a home. setup() and teardown() are cmocka's.
 */
#ifndef TESTS_HOMES_H
#define TESTS_HOMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/replica.h"
#include "tests/unit/replicas/case_set.h"

static const char homes_schema[] =
    "{\"types\":{\"case\":{\"fields\":{\"a\":{\"class\":\"open\",\"kind\":\"text\"},"
    "\"b\":{\"class\":\"open\",\"kind\":\"text\"},"
    "\"name\":{\"class\":\"personal\",\"kind\":\"text\"},"
    "\"tags\":{\"class\":\"open\",\"kind\":\"set\"}},"
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}";

struct home {
    char folder[64], home[96];
    struct replica *replica;
};

struct homes {
    struct home a, b;
    struct digest network;
};

static const struct bytes homes_author = {(const uint8_t *)"ana <ana@santiago>", 18};

static inline void homes_remove(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    assert_int_equal(pclose(p), 0);
}

static inline void home_open(struct home *o)
{
    struct fault f = {0};
    struct replica_options options = {.home = o->home, .index = true};
    enum status st = replica_open(&options, &o->replica, &f);
    if (st != ST_OK)
        fail_msg("open: %s: %s", status_word(st), f.text);
}

static inline void home_folder(struct home *o)
{
    memcpy(o->folder, "/tmp/minga-test-XXXXXX", 23);
    assert_non_null(mkdtemp(o->folder));
    snprintf(o->home, sizeof o->home, "%s/home", o->folder);
}

static inline int homes_setup(void **state)
{
    struct homes *p = mem_alloc(sizeof *p);
    struct fault f = {0};
    struct home_identity identity;
    struct charter_member member = {.label = "iquique", .role = CHARTER_OFFICE};
    home_folder(&p->a);
    home_folder(&p->b);
    enum status st =
        replica_found(p->a.home, "prueba", "santiago", "", BYTES(homes_schema), &p->network, &f);
    if (st != ST_OK)
        fail_msg("found: %s: %s", status_word(st), f.text);
    home_open(&p->a);
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
    home_open(&p->b);
    *state = p;
    return 0;
}

static inline int homes_teardown(void **state)
{
    struct homes *p = *state;
    replica_drop(p->a.replica);
    replica_drop(p->b.replica);
    homes_remove(p->a.folder);
    homes_remove(p->b.folder);
    mem_free(p);
    return 0;
}

/* One set operation by 'o'; over: what the record's field holds there now. */
static inline struct replica_commit home_set(struct home *o, uint8_t id, const char *field,
                                             const char *json)
{
    struct op_list ops = {0};
    struct replica_commit commit = {0};
    struct fault f = {0};
    case_set(o->replica, id, field, json, &ops);
    enum status st = replica_write(o->replica, &ops, homes_author, &commit, &f);
    if (st != ST_OK)
        fail_msg("write: %s: %s", status_word(st), f.text);
    assert_int_equal(replica_sync(o->replica, &f), ST_OK);
    op_list_release(&ops);
    return commit;
}

static inline void home_accept_item(void *user, const struct oid *id, struct bytes item)
{
    struct home *to = user;
    struct replica_verdict v;
    struct fault f = {0};
    enum status st = replica_accept(to->replica, item, &v, &f);
    if (st != ST_OK && st != ST_EXISTS) /* whoever does not know our heads sends all */
        fail_msg("accept: %s: %s", status_word(st), f.text);
    assert_memory_equal(v.id.id, id->id, OID_BYTES);
}

static inline void home_carry(struct home *from, struct home *to)
{
    struct oid known[HEADS_MAX];
    uint32_t count;
    bool more = true, unknown;
    struct fault f = {0};
    while (more) {
        const uint32_t *tips = graph_tips(replica_graph(to->replica), &count);
        for (uint32_t i = 0; i < count; i++)
            known[i] = graph_node(replica_graph(to->replica), tips[i])->id;
        assert_int_equal(replica_lacking(from->replica, known, count, BATCH_BYTES_MAX,
                                         home_accept_item, to, &more, &unknown, &f),
                         ST_OK);
        assert_int_equal(replica_sync(to->replica, &f), ST_OK);
    }
}

static inline void homes_assert_same(struct homes *p)
{
    assert_memory_equal(replica_state(p->a.replica)->id, replica_state(p->b.replica)->id,
                        OID_BYTES);
}

static inline uint32_t home_values(struct home *o, uint8_t id, const char *field)
{
    struct record record = {0};
    struct fault f = {0};
    uint8_t raw[RECORD_ID_BYTES];
    char hex[RECORD_ID_TEXT + 1];
    memset(raw, id, sizeof raw);
    hex_encode(raw, sizeof raw, hex);
    assert_int_equal(
        replica_record(o->replica, NULL, BYTES("case"), bytes_of_text(hex), &record, &f), ST_OK);
    const struct record_field *held = record_field(&record, bytes_of_text(field));
    uint32_t count = held != NULL ? held->count : 0;
    record_release(&record);
    return count;
}

#endif
