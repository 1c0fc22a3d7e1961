#include "replicas/charter_parse.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/charter_file.h"
#include "replicas/charter_sign.h"
#include "replicas/json.h"
#include "replicas/object.h"

/*
 * Reading is lenient about nothing: values are taken where they have to stand, and at the end the
 * file is written again and compared.
 */

static bool take_hex(struct bytes raw, uint8_t *out, size_t count)
{
    return hex_decode(object_unquoted(raw), out, count) == ST_OK;
}

/* A text without escapes into 'out' of out_bytes, with a NUL. */
static bool take_text(struct bytes raw, char *out, size_t out_bytes)
{
    struct bytes text = object_unquoted(raw);
    if (text.data == NULL || text.count >= out_bytes || memchr(text.data, '\\', text.count) != NULL)
        return false;
    memcpy(out, text.data, text.count);
    out[text.count] = '\0';
    return true;
}

static enum status take_member(struct bytes raw, struct charter_member *m, struct fault *f)
{
    struct bytes rights = object_find(raw, "rights");
    m->admin = bytes_equal_text(rights, "[\"admin\"]") ||
               bytes_equal_text(rights, "[\"admin\",\"treasurer\"]");
    m->treasurer = bytes_equal_text(rights, "[\"treasurer\"]") ||
                   bytes_equal_text(rights, "[\"admin\",\"treasurer\"]");
    if (!take_text(object_find(raw, "address"), m->address, sizeof m->address) ||
        !take_hex(object_find(raw, "key"), m->key.id, KEY_BYTES) ||
        !take_text(object_find(raw, "label"), m->label, sizeof m->label) ||
        !charter_role_parse(object_unquoted(object_find(raw, "role")), &m->role))
        return fault_set(f, ST_MALFORMED, "charter: a member is not as it should be");
    if (charter_file_check_member(m, f) == ST_OK)
        return ST_OK;
    if (f != NULL)
        f->code = ST_MALFORMED;
    return fault_context(f, ST_MALFORMED, "charter");
}

static enum status take_kept(struct bytes raw, struct charter_retired *r, struct fault *f)
{
    uint32_t count = 0;
    struct object o;
    struct bytes value;
    if (raw.count == 0 || raw.data[0] != '[' || object_count(raw, &count) != ST_OK ||
        count > HEADS_MAX)
        return fault_set(f, ST_MALFORMED, "charter: no list of kept commits");
    r->kept = mem_array(count, sizeof *r->kept);
    if (r->kept == NULL)
        return ST_NO_MEMORY;
    object_begin_list(&o, raw);
    while (object_next_element(&o, &value)) {
        struct oid *kept = &r->kept[r->kept_count];
        if (!take_hex(value, kept->id, OID_BYTES) ||
            (r->kept_count > 0 && oid_compare(kept - 1, kept) >= 0))
            return fault_set(f, ST_MALFORMED, "charter: a kept commit is not as it should be");
        r->kept_count++;
    }
    return ST_OK;
}

static enum status take_retired(struct bytes raw, struct charter_retired *r, struct fault *f)
{
    if (!take_hex(object_find(raw, "key"), r->key.id, KEY_BYTES) ||
        !take_text(object_find(raw, "label"), r->label, sizeof r->label) ||
        !label_is_valid(bytes_of_text(r->label)))
        return fault_set(f, ST_MALFORMED, "charter: a retired key is not as it should be");
    return take_kept(object_find(raw, "kept"), r, f);
}

static enum status take_signature(struct bytes raw, struct charter_signature *s, struct fault *f)
{
    struct bytes ballot = object_find(raw, "ballot");
    struct buf armour = {0};
    struct key key;
    int64_t round = 0;
    bool fits = take_hex(object_find(ballot, "admin"), s->admin.id, KEY_BYTES) &&
                json_take_integer(object_find(ballot, "round"), &round) == ST_OK && round >= 1 &&
                take_hex(object_find(raw, "key"), key.id, KEY_BYTES);
    enum status status =
        fits ? json_take_text(object_find(raw, "signature"), &armour) : ST_MALFORMED;
    if (status == ST_OK)
        status = buf_status(&armour);
    if (status == ST_OK)
        status = charter_sign_read(buf_bytes(&armour), s);
    if (status == ST_OK && memcmp(&s->key, &key, sizeof key) != 0)
        status = ST_MALFORMED;
    s->round = (uint64_t)round;
    buf_release(&armour);
    return status == ST_OK ? ST_OK
                           : fault_set(f, status, "charter: a signature is not as it should be");
}

/* One value a line, a comma behind each but the last; 'close' ends the list. */
struct lines {
    struct json_reader *reader;
    const char *close;
    uint32_t count, count_max;
};

static bool next_line(struct lines *l, struct bytes *raw_out)
{
    if (l->reader->status != ST_OK || l->count == l->count_max)
        return false;
    if (l->count > 0 && !json_read_try(l->reader, ",\n"))
        return false;
    *raw_out = json_read_value(l->reader);
    l->count++;
    return l->reader->status == ST_OK;
}

/* The array grows with what is really there, by one half at a time. */
static void *grown(void *array, uint32_t count, uint32_t *capacity, size_t bytes_each)
{
    if (count < *capacity)
        return array;
    uint32_t more = *capacity + *capacity / 2 + 4;
    uint8_t *grown = mem_resize(array, more * bytes_each);
    if (grown == NULL)
        return NULL;
    memset(grown + *capacity * bytes_each, 0, (more - *capacity) * bytes_each);
    *capacity = more;
    return grown;
}

static enum status read_members(struct json_reader *r, struct charter *c, struct fault *f)
{
    struct lines lines = {.reader = r, .count_max = MEMBERS_MAX};
    struct bytes raw;
    uint32_t capacity = 0;
    while (next_line(&lines, &raw)) {
        void *array = grown(c->members, c->member_count, &capacity, sizeof *c->members);
        if (array == NULL)
            return ST_NO_MEMORY;
        c->members = array;
        enum status status = take_member(raw, &c->members[c->member_count++], f);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

static enum status read_retired(struct json_reader *r, struct charter *c, struct fault *f)
{
    struct lines lines = {.reader = r, .count_max = CHARTER_VERSIONS_MAX};
    struct bytes raw;
    uint32_t capacity = 0;
    while (next_line(&lines, &raw)) {
        void *array = grown(c->retired, c->retired_count, &capacity, sizeof *c->retired);
        if (array == NULL)
            return ST_NO_MEMORY;
        c->retired = array;
        enum status status = take_retired(raw, &c->retired[c->retired_count++], f);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

static enum status read_signatures(struct json_reader *r, struct charter *c, struct fault *f)
{
    struct lines lines = {.reader = r, .count_max = MEMBERS_MAX};
    struct bytes raw;
    uint32_t capacity = 0;
    while (next_line(&lines, &raw)) {
        void *array = grown(c->signatures, c->signature_count, &capacity, sizeof *c->signatures);
        if (array == NULL)
            return ST_NO_MEMORY;
        c->signatures = array;
        enum status status = take_signature(raw, &c->signatures[c->signature_count++], f);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

/* Audit settings, if there are any, and types, one a line, into schema_text on one line. */
static void read_schema(struct json_reader *r, struct charter *c)
{
    uint32_t count = 0;
    json_read_literal(r, "\"schema\":{");
    buf_add_text(&c->schema_text, "{");
    if (json_read_try(r, "\"audit\":")) {
        buf_add_text(&c->schema_text, "\"audit\":");
        buf_add_bytes(&c->schema_text, json_read_value(r));
        buf_add_text(&c->schema_text, ",");
        json_read_literal(r, ",\n");
    }
    json_read_literal(r, "\"types\":{\n");
    buf_add_text(&c->schema_text, "\"types\":{");
    do {
        buf_add_text(&c->schema_text, count == 0 ? "" : ",");
        buf_add_bytes(&c->schema_text, json_read_text(r));
        json_read_literal(r, ":");
        buf_add_text(&c->schema_text, ":");
        buf_add_bytes(&c->schema_text, json_read_value(r));
    } while (r->status == ST_OK && json_read_try(r, ",\n") && ++count < SCHEMA_TYPES_MAX);
    json_read_literal(r, "\n}},\n");
    buf_add_text(&c->schema_text, "}}");
    c->schema_json = buf_bytes(&c->schema_text);
}

static enum status read_limits(struct json_reader *r, struct charter *c, struct fault *f)
{
    struct object o;
    struct bytes name, value;
    c->limits_json = json_read_value(r);
    object_begin(&o, c->limits_json);
    while (object_next(&o, &name, &value)) {
        int64_t limit = 0;
        if (!name_is_valid(name) || json_take_integer(value, &limit) != ST_OK || limit < 1)
            return fault_set(f, ST_MALFORMED, "charter: a limit is a name and a number above 0");
    }
    return object_end(&o) == ST_OK ? ST_OK : fault_set(f, ST_MALFORMED, "charter: no limits");
}

static enum status read_network(struct json_reader *r, struct charter *c, struct fault *f)
{
    struct buf name = {0};
    enum status status = json_take_text(json_read_text(r), &name);
    if (status == ST_OK && !charter_file_check_network(buf_bytes(&name)))
        status = ST_MALFORMED;
    if (status == ST_OK) {
        memcpy(c->network, name.data, name.count);
        c->network[name.count] = '\0';
    }
    buf_release(&name);
    return status == ST_OK ? ST_OK
                           : fault_set(f, status, "charter: the network's name is not valid");
}

static enum status read_tail(struct json_reader *r, struct charter *c, struct fault *f)
{
    int64_t version = 0;
    struct bytes previous = json_read_text(r);
    if (!bytes_equal_text(previous, "\"\"") &&
        !take_hex(previous, c->previous.id, sizeof c->previous.id))
        return fault_set(f, ST_MALFORMED, "charter: no hash of the version before");
    json_read_literal(r, ",\n\"retired\":[");
    if (json_read_try(r, "\n")) {
        enum status status = read_retired(r, c, f);
        if (status != ST_OK)
            return status;
        json_read_literal(r, "\n");
    }
    json_read_literal(r, "],\n");
    read_schema(r, c);
    json_read_literal(r, "\"version\":");
    if (json_take_integer(json_read_value(r), &version) != ST_OK || version < 1 ||
        version > CHARTER_VERSIONS_MAX)
        return fault_set(f, ST_MALFORMED, "charter: no number of a version");
    c->version = (uint32_t)version;
    json_read_literal(r, "\n}");
    return ST_OK;
}

static enum status read_body(struct json_reader *r, struct charter *c, struct fault *f)
{
    json_read_literal(r, "{\n\"limits\":");
    enum status status = read_limits(r, c, f);
    json_read_literal(r, ",\n\"members\":[\n");
    if (status == ST_OK)
        status = read_members(r, c, f);
    json_read_literal(r, "\n],\n\"network\":");
    if (status == ST_OK)
        status = read_network(r, c, f);
    json_read_literal(r, ",\n\"previous\":");
    return status == ST_OK ? read_tail(r, c, f) : status;
}

/* Order and uniqueness inside the version, and someone to sign the next one. */
static enum status check_lists(const struct charter *c, struct fault *f)
{
    uint32_t admins = 0;
    for (uint32_t i = 0; i < c->member_count; i++) {
        const struct charter_member *m = &c->members[i];
        if (i > 0 && strcmp(c->members[i - 1].label, m->label) >= 0)
            return fault_set(f, ST_NOT_CANONICAL, "charter: members are not ascending by label");
        for (uint32_t j = 0; j < i; j++)
            if (memcmp(&c->members[j].key, &m->key, sizeof m->key) == 0)
                return fault_set(f, ST_MALFORMED, "charter: two members have one key");
        if (charter_retired_key(c, &m->key) != NULL)
            return fault_set(f, ST_MALFORMED, "charter: the key of %s is retired", m->label);
        admins += m->admin ? 1 : 0;
    }
    for (uint32_t i = 1; i < c->retired_count; i++)
        if (memcmp(&c->retired[i - 1].key, &c->retired[i].key, sizeof(struct key)) >= 0)
            return fault_set(f, ST_NOT_CANONICAL, "charter: retired keys are not ascending");
    for (uint32_t i = 1; i < c->signature_count; i++)
        if (memcmp(&c->signatures[i - 1].key, &c->signatures[i].key, sizeof(struct key)) >= 0)
            return fault_set(f, ST_NOT_CANONICAL, "charter: signatures are not ascending");
    if (admins == 0)
        return fault_set(f, ST_MALFORMED, "charter: it has no admin");
    return ST_OK;
}

static enum status check_bytes(const struct charter *c, struct bytes body, bool whole,
                               struct fault *f)
{
    struct buf again_body = {0}, again = {0};
    enum status status = json_check(c->schema_json);
    if (status == ST_OK) {
        charter_file_add_body(c, &again_body);
        if (whole)
            charter_file_add(c, buf_bytes(&again_body), &again);
        else
            buf_add_bytes(&again, buf_bytes(&again_body));
        status = buf_status(&again_body);
    }
    if (status == ST_OK)
        status = buf_status(&again);
    if (status == ST_OK && (!bytes_equal(buf_bytes(&again_body), body) ||
                            !bytes_equal(buf_bytes(&again), buf_bytes(&c->file))))
        status = ST_NOT_CANONICAL;
    buf_release(&again_body);
    buf_release(&again);
    return status == ST_OK ? ST_OK
                           : fault_set(f, status, "charter: it is not in its canonical form");
}

static enum status read_file(struct charter *c, struct bytes *body_out, struct fault *f)
{
    struct json_reader r;
    json_read(&r, buf_bytes(&c->file));
    json_read_literal(&r, "{\"body\":");
    const uint8_t *from = r.at;
    enum status status = read_body(&r, c, f);
    if (status != ST_OK)
        return status;
    if (r.status == ST_OK)
        *body_out = (struct bytes){from, (size_t)(r.at - from)};
    json_read_literal(&r, ",\n\"signatures\":[\n");
    status = read_signatures(&r, c, f);
    if (status != ST_OK)
        return status;
    json_read_literal(&r, "\n]}\n");
    status = json_end(&r);
    if (status == ST_OK)
        status = buf_status(&c->schema_text);
    return status == ST_OK ? ST_OK : fault_set(f, status, "it is no charter");
}

static enum status read_only_body(struct charter *c, struct bytes *body_out, struct fault *f)
{
    struct json_reader r;
    json_read(&r, buf_bytes(&c->file));
    *body_out = buf_bytes(&c->file);
    enum status status = read_body(&r, c, f);
    if (status == ST_OK)
        status = json_end(&r);
    if (status == ST_OK)
        status = buf_status(&c->schema_text);
    return status == ST_OK ? ST_OK : fault_set(f, status, "it is no charter");
}

static enum status parse(struct bytes file, bool whole, struct charter **out, struct fault *f)
{
    *out = NULL;
    if (file.count > CHARTER_BYTES_MAX)
        return fault_set(f, ST_TOO_LARGE, "charter: longer than %u bytes",
                         (unsigned)CHARTER_BYTES_MAX);
    struct charter *c = mem_alloc(sizeof *c);
    struct bytes body = {NULL, 0};
    if (c == NULL)
        return fault_set(f, ST_NO_MEMORY, "no memory for a charter");
    buf_add_bytes(&c->file, file);
    enum status status = buf_status(&c->file);
    if (status == ST_OK)
        status = whole ? read_file(c, &body, f) : read_only_body(c, &body, f);
    if (status == ST_OK)
        status = check_lists(c, f);
    if (status == ST_OK)
        status = check_bytes(c, body, whole, f);
    if (status == ST_OK)
        status = schema_parse(c->schema_json, &c->schema, f);
    if (status == ST_NO_MEMORY)
        (void)fault_set(f, status, "no memory for a charter");
    if (status == ST_OK) {
        CHECK(body.data != NULL && c->member_count > 0);
        charter_file_hash(body, &c->hash);
        *out = c;
        c = NULL;
    }
    charter_file_free(c);
    return status;
}

enum status charter_parse(struct bytes file, struct charter **out, struct fault *f)
{
    return parse(file, true, out, f);
}

enum status charter_parse_body(struct bytes body, struct charter **out, struct fault *f)
{
    return parse(body, false, out, f);
}
