#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/custody.h"
#include "replicas/erasure.h"
#include "replicas/keyring.h"
#include "replicas/sealed.h"
#include "replicas/vault_recent.h"
#include "tests/sim/counting.h"
#include "tests/trust/crowd.h"

/* Those whose key is in force by the newest charter that any of the admins knows. */
struct standing {
    struct crowd *crowd;
    const struct charter *newest;
    struct person *in[CROWD_COUNT];
    uint32_t count;
};

static void find_standing(struct crowd *c, struct standing *s)
{
    *s = (struct standing){.crowd = c};
    for (uint32_t i = 0; i < CROWD_COUNT; i++) {
        const struct charter *newest = charter_newest(replica_charters(c->of[i].replica));
        if (s->newest == NULL || newest->version > s->newest->version)
            s->newest = newest;
    }
    for (uint32_t i = 0; i < CROWD_COUNT; i++)
        if (charter_by_key(s->newest, &c->of[i].identity.key) != NULL)
            s->in[s->count++] = &c->of[i];
    c->counts[DID_REMOVE] += s->newest->retired_count;
}

/* One charter, the same heads, the same state. */
static void check_agreement(const struct standing *s)
{
    struct replica *first = s->in[0]->replica;
    for (uint32_t i = 0; i < s->count; i++) {
        struct person *p = s->in[i];
        const struct charter *newest = charter_newest(replica_charters(p->replica));
        if (newest->version != s->newest->version ||
            memcmp(newest->hash.id, s->newest->hash.id, DIGEST_BYTES) != 0)
            crowd_fail(s->crowd, "%s has charter %u of %u", p->label, newest->version,
                       s->newest->version);
        if (!oid_equal(replica_state(first), replica_state(p->replica)))
            crowd_fail(s->crowd, "%s and %s have different states", s->in[0]->label, p->label);
    }
}

static void check_counting(const struct standing *s, struct person *p)
{
    struct graph *g = replica_graph(p->replica);
    uint32_t waiting, wrong = counting_wrong(g, s->newest, &waiting);
    if (wrong != GRAPH_NONE)
        crowd_fail(s->crowd, "%s: a commit of %s %s", p->label,
                   graph_key(g, graph_node(g, wrong)->key)->label,
                   graph_node(g, wrong)->counted ? "counts, and should not" : "should count");
    s->crowd->counts[DID_QUARANTINE] += p == s->in[0] ? waiting : 0;
}

/* Nobody is accused of a fork but who went back. */
static void check_forks(const struct standing *s)
{
    struct graph *g = replica_graph(s->in[0]->replica);
    for (uint32_t k = 0; k < graph_key_count(g); k++)
        for (uint32_t i = 0; i < CROWD_COUNT; i++) {
            const struct person *p = &s->crowd->of[i];
            if (memcmp(graph_key(g, k)->key.id, p->identity.key.id, KEY_BYTES) != 0 ||
                !graph_forked(g, k))
                continue;
            s->crowd->counts[DID_FORK]++;
            if (!p->went_back)
                crowd_fail(s->crowd, "%s is accused of a fork", p->label);
        }
}

/* An acknowledged write of a member is everywhere, unless its disk was replaced by an old one. */
static void check_writes(const struct standing *s)
{
    for (uint32_t w = 0; w < s->crowd->write_count; w++) {
        const struct write *write = &s->crowd->writes[w];
        const struct person *writer = &s->crowd->of[write->writer];
        uint32_t holders = 0;
        for (uint32_t i = 0; i < s->count; i++)
            holders += graph_find(replica_graph(s->in[i]->replica), &write->id) != GRAPH_NONE;
        if (holders == s->count || !crowd_is_member(s->in[0], writer))
            continue;
        bool frozen = graph_frozen(replica_graph(s->in[0]->replica), &writer->identity.key);
        if (!writer->went_back || (holders > 0 && !frozen)) /* of a frozen key, a quota is kept */
            crowd_fail(s->crowd, "a write that %s acknowledged is at %u of %u", writer->label,
                       holders, s->count);
        s->crowd->counts[DID_EXCUSE]++;
    }
}

/* What a vault's newest rows hold of the greatest classes, from 'least' on. */
static uint64_t count_recent(sqlite3 *db, enum schema_class least)
{
    sqlite3_stmt *statement = NULL;
    uint64_t found = 0;
    int prepared = sqlite3_prepare_v2(db, "SELECT items FROM recent", -1, &statement, NULL);
    CHECK(prepared == SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct bytes rest = {sqlite3_column_blob(statement, 0),
                             (size_t)sqlite3_column_bytes(statement, 0)};
        while (rest.count > 0) {
            struct vault_facts facts;
            struct bytes item;
            bool reads = vault_recent_next(&rest, &facts, &item);
            CHECK(reads);
            found += facts.class >= least;
        }
    }
    sqlite3_finalize(statement);
    return found;
}

/* What a vault holds, by its file: of a class that the member may not read there is nothing. */
static uint64_t count_items(struct person *p, enum schema_class least)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    uint64_t found = 0;
    struct buf image = {0};
    buf_add_bytes(&image, buf_bytes(&p->vault));
    CHECK(buf_status(&image) == ST_OK && sqlite3_open(":memory:", &db) == SQLITE_OK);
    int deserialized = sqlite3_deserialize(db, "main", image.data, (sqlite3_int64)image.count,
                                           (sqlite3_int64)image.count, SQLITE_DESERIALIZE_READONLY);
    CHECK(deserialized == SQLITE_OK);
    int prepared = sqlite3_prepare_v2(db,
                                      "SELECT count(*) FROM item, owner"
                                      " WHERE item.owner = owner.id AND owner.class >= ?1",
                                      -1, &statement, NULL);
    CHECK(prepared == SQLITE_OK && sqlite3_bind_int(statement, 1, (int)least) == SQLITE_OK &&
          sqlite3_step(statement) == SQLITE_ROW);
    found = (uint64_t)sqlite3_column_int64(statement, 0) + count_recent(db, least);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    buf_release(&image);
    return found;
}

static void check_entitlement(const struct standing *s)
{
    if (count_items(&s->crowd->of[CROWD_PARTNER], SCHEMA_INTERNAL) > 0)
        crowd_fail(s->crowd, "the partner holds sealed items");
    if (count_items(&s->crowd->of[CROWD_AUDITOR], SCHEMA_PERSONAL) > 0)
        crowd_fail(s->crowd, "the auditor holds items of class personal");
}

/* How one sealed value reads at one member. */
static enum sealed_state reads(struct person *p, const struct sealed_target *t, struct bytes json)
{
    struct buf plain = {0};
    struct fault f = {0};
    enum sealed_state state = SEALED_WAITING;
    crowd_must(p->crowd, sealed_open(p->replica, t, json, &plain, &state, &f), "open a value", &f);
    if (state == SEALED_READ && (plain.count < 7 || memcmp(plain.data, "\"value ", 7) != 0))
        crowd_fail(p->crowd, "%s reads what nobody wrote", p->label);
    buf_release(&plain);
    return state;
}

struct value {
    const struct sealed_target *target;
    struct bytes json;
    bool ordered; /* a settled order covers it */
};

static void check_value(const struct standing *s, const struct value *v)
{
    uint32_t readers = 0, entitled = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        struct person *p = s->in[i];
        enum sealed_state state = reads(p, v->target, v->json);
        bool may = keyring_entitled(p->role, v->target->field->class);
        if (may ? state == SEALED_NOT_ENTITLED : state == SEALED_READ || state == SEALED_WAITING)
            crowd_fail(s->crowd, "%s and a value of class %s: %s", p->label,
                       sealed_class_text(v->target->field->class), sealed_state_text(state));
        if (may && v->ordered && state != SEALED_ERASED)
            crowd_fail(s->crowd, "%s still has a value that was erased: %s", p->label,
                       sealed_state_text(state));
        if (state == SEALED_DAMAGED)
            crowd_fail(s->crowd, "%s holds a damaged value", p->label);
        readers += state == SEALED_READ;
        entitled += may;
    }
    if (readers > 0 && readers < entitled)
        crowd_fail(s->crowd, "a value of %s is read by %u of %u", v->target->field->name, readers,
                   entitled);
    s->crowd->counts[DID_ERASE] += v->ordered;
    s->crowd->counts[DID_LOSE_ITEM] += readers == 0 && !v->ordered;
}

static void check_record(const struct standing *s, const char *id, const struct person *maker)
{
    struct replica *r = s->in[0]->replica;
    struct record record = {0};
    struct erasure erasure = {.id = ""};
    struct fault f = {0};
    const struct schema_type *type = schema_type(s->newest->schema, BYTES("case"));
    enum status st = replica_record(r, NULL, BYTES("case"), bytes_of_text(id), &record, &f);
    bool frozen = graph_frozen(replica_graph(r), &maker->identity.key);
    if (st == ST_NOT_FOUND && (frozen || !crowd_is_member(s->in[0], maker)))
        return; /* whoever made it was removed or is frozen, and nobody had built on it */
    crowd_must(s->crowd, st, "read a record", &f);
    crowd_must(s->crowd, erasure_read(r, bytes_of_text(id), &erasure, &f), "read orders", &f);
    for (uint32_t i = 0; i < record.field_count; i++) {
        const struct record_field *field = &record.fields[i];
        const struct sealed_target target = {.type = BYTES("case"),
                                             .record = bytes_of_text(id),
                                             .now = &record,
                                             .field = schema_field(type, field->name)};
        for (uint32_t k = 0; k < field->count; k++) {
            const struct record_value *value = &record.values[field->first + k];
            struct value v = {.target = &target, .json = value->json};
            struct sealed_value sealed;
            if (!sealed_parse(value->json, &sealed))
                continue;
            uint32_t node = graph_find_change(replica_graph(r), &value->change);
            CHECK(node != GRAPH_NONE);
            v.ordered = erasure_covers(replica_graph(r), &erasure, node, true);
            check_value(s, &v);
        }
    }
    erasure_release(&erasure);
    record_release(&record);
}

void crowd_check(struct crowd *c)
{
    struct standing s;
    find_standing(c, &s);
    check_agreement(&s);
    for (uint32_t i = 0; i < s.count; i++)
        check_counting(&s, s.in[i]);
    check_forks(&s);
    check_writes(&s);
    check_entitlement(&s);
    for (uint32_t i = 0; i < CROWD_RECORDS; i++)
        check_record(&s, c->records[i], &c->of[i % CROWD_OFFICES]);
}
