/*
 * offices: whole replicas in folders of their own, verbs run on them and the rows that they send,
 * for the tests of the verbs. Two offices exchange commits as peers do: items out, items in.
 */
#ifndef TESTS_OFFICES_H
#define TESTS_OFFICES_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "replicas/custody.h"
#include "replicas/replica.h"
#include "replicas/verb.h"
#include "tests/unit/replicas/programme.h"

enum { OFFICE_HOME_BYTES = 64 };

struct office {
    char home[OFFICE_HOME_BYTES];
    struct replica *replica;
    json_t *rows; /* of the last verb */
    struct fault fault;
};

static int64_t offices_clock = 1777629720; /* 2026-05-01T10:02:00Z; a minute a commit */

/* A network whose purchases name no writer, as schemas of old: two offices may write the same. */
static bool offices_share_purchases;

static inline void offices_let_share(struct buf *schema)
{
    static const char writer[] = "\"is\":\"writer\",";
    buf_text(schema); /* ends with a NUL */
    char *purchase = strstr((char *)schema->data, "\"purchase\":{");
    char *is = purchase != NULL ? strstr(purchase, writer) : NULL;
    assert_non_null(is);
    memset(is, ' ', sizeof writer - 1);
}

static inline int64_t office_tick(void *context)
{
    (void)context;
    offices_clock += 60;
    return offices_clock;
}

static inline void office_open(struct office *o)
{
    struct replica_options options = {.home = o->home, .index = true, .wall_seconds = office_tick};
    if (replica_open(&options, &o->replica, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
}

static inline void office_folder(struct office *o)
{
    memset(o, 0, sizeof *o);
    o->rows = json_array();
    snprintf(o->home, sizeof o->home, "/tmp/minga-test-XXXXXX");
    assert_non_null(mkdtemp(o->home));
    assert_int_equal(rmdir(o->home), 0);
}

static inline void office_found(struct office *o, const char *label)
{
    struct digest network;
    struct buf schema = programme_schema_json();
    if (offices_share_purchases)
        offices_let_share(&schema);
    office_folder(o);
    if (replica_found(o->home, "reference", label, "127.0.0.1:7717", buf_bytes(&schema), &network,
                      &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    buf_release(&schema);
    office_open(o);
}

/* 'o' becomes a member of the network of 'admin', as a joiner does. */
static inline void office_join(struct office *o, struct office *admin, const char *label,
                               enum charter_role role)
{
    struct charter_member member = {.role = role};
    struct home_identity identity;
    struct bytes files[64];
    office_folder(o);
    assert_int_equal(home_make(o->home, &identity, &o->fault), ST_OK);
    snprintf(member.label, sizeof member.label, "%s", label);
    member.key = identity.key;
    if (replica_add_member(admin->replica, &member, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    const struct charter_chain *chain = replica_charters(admin->replica);
    for (uint32_t i = 0; i < chain->count; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    if (replica_enter(o->home, label, replica_network(admin->replica), files, chain->count,
                      &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    office_open(o);
}

static inline int office_remove_one(const char *path, const struct stat *about, int kind,
                                    struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void office_close(struct office *o)
{
    json_decref(o->rows);
    if (replica_close(o->replica, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    assert_int_equal(nftw(o->home, office_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Close and open again: what was only in memory is gone. */
static inline void office_reopen(struct office *o)
{
    if (replica_close(o->replica, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    office_open(o);
}

static inline void office_take_item(void *user, const struct oid *id, struct bytes item)
{
    struct office *to = user;
    struct replica_verdict verdict;
    (void)id;
    enum status status = replica_accept(to->replica, item, &verdict, &to->fault);
    if (status != ST_OK && status != ST_EXISTS)
        fail_msg("%s", to->fault.text);
}

/* Everything that 'to' lacks and 'from' has, charters first. */
static inline void office_send(struct office *from, struct office *to)
{
    const struct charter_chain *chain = replica_charters(from->replica);
    struct bytes files[64];
    struct oid known[64];
    uint32_t count = 0, known_count = 0;
    bool grown, more = true, unknown;
    for (uint32_t i = 0; i < chain->count; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    if (replica_offer_charters(to->replica, files, chain->count, &grown, &to->fault) != ST_OK)
        fail_msg("%s", to->fault.text);
    while (more) {
        struct graph *graph = replica_graph(to->replica);
        const uint32_t *heads = graph_heads(graph, &count);
        known_count = 0;
        for (uint32_t i = 0; i < count; i++)
            known[known_count++] = graph_node(graph, heads[i])->id;
        if (replica_lacking(from->replica, known, known_count, 1 << 20, office_take_item, to, &more,
                            &unknown, &from->fault) != ST_OK)
            fail_msg("%s", from->fault.text);
    }
    assert_int_equal(replica_sync(to->replica, &to->fault), ST_OK);
}

/* Every sealed item that 'to' wants and may have of 'from'. Returns how many came. */
static inline uint32_t office_send_sealed(struct office *from, struct office *to)
{
    const struct key *theirs = &replica_identity(from->replica)->key;
    const struct key *ours = &replica_identity(to->replica)->key;
    struct digest after = {{0}}, names[16];
    uint32_t count = 1, came = 0;
    bool more;
    while (count > 0) {
        if (custody_wishes(to->replica, CUSTODY_VALUES, theirs, &after, 16, names, &count, &more,
                           &to->fault) != ST_OK)
            fail_msg("%s", to->fault.text);
        for (uint32_t i = 0; i < count; i++) {
            struct buf item = {0};
            enum status status = custody_give(from->replica, ours, &names[i], &item, &from->fault);
            if (status == ST_OK)
                status = custody_keep(to->replica, &names[i], buf_bytes(&item), &to->fault);
            else
                assert_int_equal(status, ST_NOT_FOUND);
            came += status == ST_OK ? 1 : 0;
            buf_release(&item);
            after = names[i];
        }
    }
    assert_int_equal(replica_sync(to->replica, &to->fault), ST_OK);
    return came;
}

static inline void office_row(void *user, struct bytes json)
{
    struct office *o = user;
    json_error_t error;
    json_t *row = json_loadb((const char *)json.data, json.count, JSON_REJECT_DUPLICATES, &error);
    if (row == NULL)
        fail_msg("a row is no JSON: %s: %.*s", error.text, (int)json.count,
                 (const char *)json.data);
    json_array_append_new(o->rows, row);
}

/* Run a verb: words, and options written "--name=value" or "--name"; the last argument is NULL. */
static inline enum status office_try(struct office *o, const char *verb, va_list words)
{
    struct control_request q = {.verb = bytes_of_text(verb)};
    for (const char *word; (word = va_arg(words, const char *)) != NULL;) {
        struct bytes text = bytes_of_text(word);
        if (strncmp(word, "--", 2) != 0) {
            q.words[q.word_count++] = text;
            continue;
        }
        const char *equals = strchr(word, '=');
        size_t end = equals != NULL ? (size_t)(equals - word) : text.count;
        struct control_option *option = &q.options[q.option_count++];
        option->name = (struct bytes){text.data + 2, end - 2};
        option->value = equals != NULL ? bytes_of_text(equals + 1) : BYTES("");
    }
    struct verb_call call = {
        .replica = o->replica,
        .request = &q,
        .author = BYTES("ana <ana@example.org>"),
        .listen = "127.0.0.1:7717",
        .user = o,
        .row = office_row,
    };
    json_t *before = o->rows; /* words may be borrowed from it */
    o->rows = json_array();
    memset(&o->fault, 0, sizeof o->fault);
    enum status status = verb_run(&call, &o->fault);
    json_decref(before);
    if (verb_writes(q.verb))
        assert_int_equal(replica_sync(o->replica, NULL), ST_OK);
    return status;
}

/* The verb has to end like that. */
static inline void office_run(struct office *o, enum status expected, const char *verb, ...)
{
    va_list words;
    va_start(words, verb);
    enum status status = office_try(o, verb, words);
    va_end(words);
    if (status != expected)
        fail_msg("%s: %s: %s (%s)", verb, status_word(status), o->fault.text, o->fault.fix);
}

/* A member of the n-th row, by a path like "conflicts.stage.0.office"; NULL: not there. */
static inline json_t *office_at(const struct office *o, size_t n, const char *path)
{
    json_t *at = json_array_get(o->rows, n);
    char part[128];
    while (at != NULL && *path != '\0') {
        size_t count = strcspn(path, ".");
        assert_true(count < sizeof part);
        memcpy(part, path, count);
        part[count] = '\0';
        at = json_is_array(at) ? json_array_get(at, (size_t)strtoul(part, NULL, 10))
                               : json_object_get(at, part);
        path += count + (path[count] == '.' ? 1 : 0);
    }
    return at;
}

static inline const char *office_text(const struct office *o, size_t n, const char *path)
{
    const char *text = json_string_value(office_at(o, n, path));
    if (text == NULL)
        fail_msg("row %zu has no text %s", n, path);
    return text;
}

static inline int64_t office_number(const struct office *o, size_t n, const char *path)
{
    json_t *number = office_at(o, n, path);
    if (!json_is_integer(number))
        fail_msg("row %zu has no number %s", n, path);
    return json_integer_value(number);
}

static inline size_t office_rows(const struct office *o)
{
    return json_array_size(o->rows);
}

/* The id that the last verb answered with. */
static inline void office_id(const struct office *o, char out[static ENTRY_ID_TEXT + 1])
{
    snprintf(out, ENTRY_ID_TEXT + 1, "%s", office_text(o, 0, "id"));
}

#endif
