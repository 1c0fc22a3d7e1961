#include "replicas/lookup.h"

#include <stdio.h>

#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/nearest.h"
#include "replicas/sealed.h"
#include "replicas/tree.h"
#include "replicas/words.h"

enum { CANDIDATES_MAX = 4 };

/* For "%.*s": a text of any length, cut to what a sentence can hold. */
#define SHOWN(b) words_shown(b), (b).count > 0 ? (const char *)(b).data : ""

static const struct schema *schema_of(struct replica *r)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    CHECK(newest != NULL);
    return newest->schema;
}

enum status lookup_type(struct replica *r, struct bytes name, const struct schema_type **out,
                        struct fault *f)
{
    const struct schema *schema = schema_of(r);
    const struct schema_type *type = schema_type(schema, name);
    if (type != NULL) {
        *out = type;
        return ST_OK;
    }
    const char *nearest = schema_nearest_type(schema, name);
    enum status status = fault_set(f, ST_NOT_SCHEMA, "there is no type '%.*s'", SHOWN(name));
    if (nearest != NULL) {
        fault_fix(f, "did you mean '%s'?", nearest);
        return status;
    }
    char list[FAULT_FIX_BYTES - 32] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < schema->type_count && used < sizeof list - NAME_BYTES_MAX - 4; i++) {
        int more = snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                            schema->types[i].name);
        used += more > 0 ? (size_t)more : 0;
    }
    fault_fix(f, used < sizeof list - NAME_BYTES_MAX - 4 ? "types: %s" : "types: %s, ...", list);
    return status;
}

enum status lookup_field(const struct schema_type *type, struct bytes name,
                         const struct schema_field **out, struct fault *f)
{
    const struct schema_field *field = schema_field(type, name);
    if (field != NULL) {
        *out = field;
        return ST_OK;
    }
    const char *nearest = schema_nearest_field(type, name);
    enum status status =
        fault_set(f, ST_NOT_SCHEMA, "%s has no field '%.*s'", type->name, SHOWN(name));
    if (nearest != NULL)
        fault_fix(f, "did you mean '%s'?", nearest);
    return status;
}

enum status lookup_index(struct replica *r, struct index **out, struct fault *f)
{
    *out = replica_index(r);
    if (*out == NULL)
        return fault_set(f, ST_BAD_CONFIG, "this replica is open without an index");
    return index_update(*out, replica_store(r), replica_state(r),
                        charter_newest(replica_charters(r)), f);
}

static bool is_hex(struct bytes text)
{
    for (size_t i = 0; i < text.count; i++) {
        uint8_t c = text.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return text.count > 0;
}

static enum status check_prefix(struct bytes prefix, const char *what, size_t most, struct fault *f)
{
    if (!is_hex(prefix)) {
        enum status status = fault_set(f, ST_USAGE, "'%.*s' is no %s", SHOWN(prefix), what);
        fault_fix(f, strcmp(what, "commit") == 0
                         ? "minga log -v shows the ids of commits; a date is written as 2026-05-01"
                         : "ids are hexadecimal digits (0-9, a-f); minga list and minga find show "
                           "them");
        return status;
    }
    if (prefix.count < LOOKUP_PREFIX_MIN) {
        enum status status =
            fault_set(f, ST_USAGE, "'%.*s' is too short for %s", SHOWN(prefix), what);
        fault_fix(f, "give at least %d of its digits", LOOKUP_PREFIX_MIN);
        return status;
    }
    if (prefix.count > most)
        return fault_set(f, ST_NOT_FOUND, "there is no %s '%.*s'", what, SHOWN(prefix));
    return ST_OK;
}

static enum status say_ambiguous(struct bytes prefix, const struct index_id *ids, uint32_t count,
                                 struct fault *f)
{
    char list[256] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count && i < CANDIDATES_MAX - 1; i++) {
        int more = snprintf(list + used, sizeof list - used, "%s%s (%.40s)", i > 0 ? ", " : "",
                            ids[i].id, ids[i].type);
        used += more > 0 && (size_t)more < sizeof list - used ? (size_t)more : 0;
    }
    enum status status = fault_set(f, ST_AMBIGUOUS, "'%.*s' begins more than one id: %s%s",
                                   SHOWN(prefix), list, count == CANDIDATES_MAX ? ", ..." : "");
    fault_fix(f, "give more digits");
    return status;
}

/* A whole id that the state holds, under whichever type: an edit asks no index, and does not wait
 * until what was written before it is indexed. */
static bool find_whole(struct replica *r, struct bytes id, struct index_id *out)
{
    const struct schema *schema = charter_newest(replica_charters(r))->schema;
    bool entry = id.count == ENTRY_ID_TEXT;
    for (uint32_t i = 0; i < schema->type_count; i++) {
        const struct schema_type *type = &schema->types[i];
        bool held = false;
        if (type->entry != entry ||
            lookup_held(r, bytes_of_text(type->name), id, &held, NULL) != ST_OK || !held)
            continue;
        *out = (struct index_id){0};
        memcpy(out->type, type->name, strlen(type->name));
        memcpy(out->id, id.data, id.count);
        return true;
    }
    return false;
}

enum status lookup_id(struct replica *r, struct bytes prefix, struct index_id *out, struct fault *f)
{
    struct index *index = NULL;
    struct index_id ids[CANDIDATES_MAX];
    uint32_t count = 0;
    enum status status = check_prefix(prefix, "id", ENTRY_ID_TEXT, f);
    bool whole = prefix.count == RECORD_ID_TEXT || prefix.count == ENTRY_ID_TEXT;
    if (status == ST_OK && whole && find_whole(r, prefix, out))
        return ST_OK;
    if (status == ST_OK)
        status = lookup_index(r, &index, f);
    if (status == ST_OK)
        status = index_find_id(index, prefix, ids, CANDIDATES_MAX, &count, f);
    if (status != ST_OK)
        return status;
    if (count == 0) {
        status = fault_set(f, ST_NOT_FOUND, "there is no record '%.*s' here", SHOWN(prefix));
        fault_fix(f, "minga list TYPE and minga find TEXT show ids");
        return status;
    }
    if (count > 1 && !bytes_equal_text(prefix, ids[0].id)) /* a whole id is never cut short */
        return say_ambiguous(prefix, ids, count, f);
    *out = ids[0];
    return ST_OK;
}

enum status lookup_record(struct replica *r, struct bytes prefix, struct index_id *id_out,
                          struct record *out, struct fault *f)
{
    enum status status = lookup_id(r, prefix, id_out, f);
    if (status == ST_OK)
        status =
            replica_record(r, NULL, bytes_of_text(id_out->type), bytes_of_text(id_out->id), out, f);
    return status;
}

enum status lookup_commit(struct replica *r, struct bytes prefix, uint32_t *node_out,
                          struct fault *f)
{
    enum status status = check_prefix(prefix, "commit", OID_TEXT, f);
    if (status != ST_OK)
        return status;
    const struct graph *graph = replica_graph(r);
    uint32_t found = GRAPH_NONE, count = graph_count(graph);
    for (uint32_t i = 0; i < count; i++) {
        char hex[OID_TEXT + 1];
        hex_encode(graph_node(graph, i)->id.id, OID_BYTES, hex);
        if (memcmp(hex, prefix.data, prefix.count) != 0)
            continue;
        if (found != GRAPH_NONE) {
            status = fault_set(f, ST_AMBIGUOUS, "'%.*s' begins more than one commit's id",
                               SHOWN(prefix));
            fault_fix(f, "give more digits");
            return status;
        }
        found = i;
    }
    if (found == GRAPH_NONE) {
        status = fault_set(f, ST_NOT_FOUND, "there is no commit '%.*s' here", SHOWN(prefix));
        fault_fix(f, "minga log -v shows the ids of commits");
        return status;
    }
    *node_out = found;
    return ST_OK;
}

enum status lookup_label(struct replica *r, struct bytes label, struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    CHECK(newest != NULL);
    struct nearest nearest = {.wanted = label};
    for (uint32_t i = 0; i < newest->member_count; i++) {
        if (bytes_equal_text(label, newest->members[i].label))
            return ST_OK;
        nearest_offer(&nearest, newest->members[i].label);
    }
    for (uint32_t i = 0; i < newest->retired_count; i++) {
        if (bytes_equal_text(label, newest->retired[i].label))
            return ST_OK;
        nearest_offer(&nearest, newest->retired[i].label);
    }
    enum status status = fault_set(f, ST_NOT_FOUND, "no member is called '%.*s'", SHOWN(label));
    if (nearest.best != NULL)
        fault_fix(f, "did you mean '%s'?", nearest.best);
    else
        fault_fix(f, "minga member list shows the members");
    return status;
}

enum status lookup_held(struct replica *r, struct bytes type, struct bytes id_hex, bool *out,
                        struct fault *f)
{
    char path[TREE_PATH_MAX];
    struct oid blob;
    replica_record_path(type, id_hex, path);
    enum status status = tree_find(replica_store(r), replica_state(r), path, &blob, f);
    *out = status == ST_OK;
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static enum status take_first(void *user, const struct index_row *row)
{
    struct index_id *out = user;
    if (row->id.count > ENTRY_ID_TEXT)
        return ST_CORRUPT;
    memcpy(out->id, row->id.data, row->id.count);
    out->id[row->id.count] = '\0';
    return ST_OK;
}

/* The record whose key (or ref) is 'key': by the id that an import derives, else by the index. */
static enum status find_by_key(struct replica *r, const struct schema_type *type, struct bytes key,
                               struct index_id *out, bool *found_out, struct fault *f)
{
    enum status status = ST_OK;
    *found_out = false;
    if (!type->entry) {
        uint8_t id[RECORD_ID_BYTES];
        op_record_id(replica_network(r), bytes_of_text(type->name), key, id);
        hex_encode(id, sizeof id, out->id);
        status = lookup_held(r, bytes_of_text(type->name), bytes_of_text(out->id), found_out, f);
    }
    const char *field = type->entry ? "ref" : type->key;
    struct index *index = NULL;
    bool named = type->entry || schema_field(type, bytes_of_text(field)) != NULL;
    if (status != ST_OK || *found_out || !named)
        return status;
    struct buf json = {0};
    json_add_text(&json, key);
    status = buf_status(&json);
    if (status == ST_OK)
        status = lookup_index(r, &index, f);
    struct index_filter filter = {.field = field, .json = buf_bytes(&json)};
    struct index_query query = {
        .type = type->name, .filters = &filter, .filter_count = 1, .limit = 1};
    out->id[0] = '\0';
    if (status == ST_OK)
        status = index_list(index, &query, take_first, out, f);
    *found_out = status == ST_OK && out->id[0] != '\0';
    buf_release(&json);
    return status;
}

static enum status find_reference(struct replica *r, const struct schema_field *field,
                                  struct bytes text, struct index_id *out, struct fault *f)
{
    const struct schema_type *to = schema_type(schema_of(r), bytes_of_text(field->to));
    bool found = false;
    enum status status = ST_OK;
    bool whole = to != NULL && text.count == (to->entry ? ENTRY_ID_TEXT : RECORD_ID_TEXT);
    if (whole && is_hex(text) && find_whole(r, text, out) && strcmp(out->type, to->name) == 0)
        return ST_OK;
    if (to != NULL)
        status = find_by_key(r, to, text, out, &found, f);
    if (status != ST_OK || found)
        return status;
    const char *kind = to != NULL ? to->name : "record";
    if (is_hex(text) && text.count >= LOOKUP_PREFIX_MIN) {
        status = lookup_id(r, text, out, f);
        if (status != ST_OK)
            return status == ST_NOT_FOUND ? fault_context(f, status, "%s", field->name) : status;
        if (to == NULL || strcmp(out->type, to->name) == 0)
            return ST_OK;
        return fault_set(f, ST_BAD_VALUE, "%s has to be of type %s, but %s is of type %s",
                         field->name, kind, out->id, out->type);
    }
    status = fault_set(f, ST_NOT_FOUND, "%s: there is no %s '%.*s' here", field->name, kind,
                       SHOWN(text));
    fault_fix(f, "minga list %s shows them; give the key or the id", kind);
    return status;
}

static enum status find_value(struct replica *r, const struct schema_field *field,
                              struct bytes text, struct bytes currency, struct buf *out,
                              struct fault *f)
{
    if (field->kind == SCHEMA_LABEL && text.count > 0) {
        enum status status = lookup_label(r, text, f);
        if (status != ST_OK)
            return fault_context(f, status, "%s", field->name);
    }
    if (field->kind != SCHEMA_REFERENCE || text.count == 0)
        return schema_value(field, text, currency, out, f);
    struct index_id id;
    enum status status = find_reference(r, field, text, &id, f);
    if (status == ST_OK)
        status = schema_value(field, bytes_of_text(id.id), currency, out, f);
    return status;
}

/* What is sealed stands in no message, which may be logged: who or what was looked for is left out.
 */
enum status lookup_value(struct replica *r, const struct schema_field *field, struct bytes text,
                         struct bytes currency, struct buf *out, struct fault *f)
{
    enum status status = find_value(r, field, text, currency, out, f);
    bool looked_up = field->kind == SCHEMA_LABEL || field->kind == SCHEMA_REFERENCE;
    if (status == ST_OK || status_class(status) == STATUS_LOCAL || field->class == SCHEMA_OPEN ||
        !looked_up)
        return status;
    return fault_set(f, status, "%s: there is no such %s here", field->name,
                     field->kind == SCHEMA_LABEL ? "member" : "record");
}

enum status lookup_writable(struct replica *r, const struct schema_type *type,
                            const struct schema_field *field, struct fault *f)
{
    if (field->class == SCHEMA_OPEN || sealed_readable(r, field->class))
        return ST_OK;
    enum status status = fault_set(
        f, ST_NOT_ALLOWED, "field %s of %s is %s data, which %s may not read and so may not write",
        field->name, type->name, sealed_class_text(field->class), replica_label(r));
    fault_fix(f, "leave the field out; nothing was written");
    return status;
}
