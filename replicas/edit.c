#include "replicas/edit.h"

#include <sodium.h>

#include "proto/check.h"
#include "replicas/content.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/reading.h"
#include "replicas/render.h"
#include "replicas/reveal.h"
#include "replicas/sealed.h"

enum { REF_BYTES = 12 }; /* 96 random bits: two equal payments are two */

/* One commit under way. */
struct edit {
    const struct verb_call *call;
    struct replica *replica;
    const struct schema_type *type;
    struct index_id id;
    struct record now;    /* as the state has it; empty for a new record */
    struct record looked; /* as the user saw it: --as-of */
    bool as_of;
    struct op_list ops;
    struct buf value, over, row;
};

static void edit_release(struct edit *e)
{
    record_release(&e->now);
    record_release(&e->looked);
    op_list_release(&e->ops);
    buf_release(&e->value);
    buf_release(&e->over);
    buf_release(&e->row);
}

static void draw_id(uint8_t out[static RECORD_ID_BYTES])
{
    randombytes_buf(out, RECORD_ID_BYTES);
}

static enum status wants_words(const struct control_request *q, uint32_t count, const char *use,
                               struct fault *f)
{
    if (q->word_count >= count)
        return ST_OK;
    enum status status = fault_set(f, ST_USAGE, "something is missing behind '%.*s'",
                                   words_shown(q->verb), (const char *)q->verb.data);
    fault_fix(f, "use: minga %s", use);
    return status;
}

/* ---- What an operation supersedes ---- */

static bool looked_at(const struct edit *e, struct bytes name, const struct change *change)
{
    if (!e->as_of)
        return true;
    const struct record_field *field = record_field(&e->looked, name);
    for (uint32_t i = 0; field != NULL && i < field->count; i++)
        if (change_compare(&e->looked.values[field->first + i].change, change) == 0)
            return true;
    return false;
}

static void over_field(struct edit *e, struct bytes name)
{
    buf_reset(&e->over);
    const struct record_field *field = record_field(&e->now, name);
    for (uint32_t i = 0; field != NULL && i < field->count; i++) {
        const struct change *change = &e->now.values[field->first + i].change;
        if (looked_at(e, name, change))
            buf_add(&e->over, change->id, CHANGE_BYTES);
    }
}

static void over_element(struct edit *e, const struct record_element *element)
{
    buf_reset(&e->over);
    for (uint32_t i = 0; i < element->count; i++)
        buf_add(&e->over, e->now.changes[element->first + i].id, CHANGE_BYTES);
}

static enum status add_op(struct edit *e, enum op_verb verb, struct bytes name, struct bytes value,
                          struct fault *f)
{
    struct op op = {
        .verb = verb,
        .type = bytes_of_text(e->type->name),
        .name = name,
        .value = value,
        .over = buf_bytes(&e->over),
    };
    enum status status = hex_decode(bytes_of_text(e->id.id), op.id, RECORD_ID_BYTES);
    CHECK(status == ST_OK);
    for (uint32_t i = 0; i < e->ops.count; i++) {
        const struct op *other = &e->ops.ops[i];
        bool same =
            bytes_equal(other->name, name) && (verb == OP_SET || bytes_equal(other->value, value));
        if (same)
            return fault_set(f, ST_USAGE, "%.*s is given twice", words_shown(name),
                             (const char *)name.data);
    }
    status = buf_status(&e->over);
    if (status == ST_OK)
        status = op_list_add(&e->ops, &op);
    return status == ST_OK ? ST_OK : fault_set(f, status, "%s", status_text(status));
}

/* ---- Assignments ---- */

/* The currency that an amount is typed in: named beside it, else the record's. */
static enum status currency_of(struct edit *e, const struct schema_field *field, struct buf *out,
                               struct fault *f)
{
    if (field->kind != SCHEMA_AMOUNT)
        return ST_OK;
    struct bytes name = bytes_of_text(field->currency);
    const struct control_request *q = e->call->request;
    for (uint32_t i = 1; i < q->word_count; i++) {
        struct words_assignment a;
        if (words_assignment(q->words[i], &a, NULL) == ST_OK && a.sign == WORDS_SET &&
            bytes_equal(a.name, name)) {
            buf_add_bytes(out, a.value);
            return buf_status(out);
        }
    }
    const struct record_field *held = record_field(&e->now, name);
    if (held != NULL)
        reading_text(record_reads(&e->now, held)->json, out);
    if (out->count > 0)
        return buf_status(out);
    enum status status = fault_set(f, ST_USAGE, "%s needs its currency", field->name);
    fault_fix(f, "add %s=CLP, or the currency that it is in", field->currency);
    return status;
}

static enum status typed_value(struct edit *e, const struct schema_field *field, struct bytes text,
                               struct fault *f)
{
    struct buf currency = {0};
    buf_reset(&e->value);
    enum status status = currency_of(e, field, &currency, f);
    if (status == ST_OK)
        status = lookup_value(e->replica, field, text, buf_bytes(&currency), &e->value, f);
    buf_release(&currency);
    return status;
}

static enum status assign_set(struct edit *e, const struct schema_field *field,
                              const struct words_assignment *a, struct fault *f)
{
    const struct record_set *set = record_set(&e->now, a->name);
    if (a->sign == WORDS_SET && a->value.count == 0) {
        enum status cleared = ST_OK;
        for (uint32_t i = 0; set != NULL && i < set->count && cleared == ST_OK; i++) {
            const struct record_element *element = &e->now.elements[set->first + i];
            over_element(e, element);
            cleared = add_op(e, OP_DROP, a->name, element->text, f);
        }
        return cleared;
    }
    if (a->sign == WORDS_SET) {
        enum status status = fault_set(f, ST_USAGE, "%s is a set of values", field->name);
        fault_fix(f, "add one with %s+=VALUE, drop one with %s-=VALUE", field->name, field->name);
        return status;
    }
    enum status status = typed_value(e, field, a->value, f);
    if (status != ST_OK)
        return status;
    struct bytes text = buf_bytes(&e->value);
    const struct record_element *held = set != NULL ? record_element(&e->now, set, text) : NULL;
    buf_reset(&e->over);
    if (a->sign == WORDS_ADD)
        return held != NULL ? ST_OK : add_op(e, OP_ADD, a->name, text, f);
    if (held == NULL)
        return ST_OK;
    over_element(e, held);
    return add_op(e, OP_DROP, a->name, text, f);
}

static enum status assign_field(struct edit *e, const struct schema_field *field,
                                const struct words_assignment *a, struct fault *f)
{
    if (a->sign != WORDS_SET) {
        enum status status =
            fault_set(f, ST_USAGE, "%s holds one value, it is no set", field->name);
        fault_fix(f, "write %s=VALUE", field->name);
        return status;
    }
    enum status status = typed_value(e, field, a->value, f);
    if (status != ST_OK)
        return status;
    struct bytes value = buf_bytes(&e->value);
    const struct record_field *held = record_field(&e->now, a->name);
    bool same = held == NULL && bytes_equal_text(value, "null");
    if (held != NULL && !record_conflicts(&e->now, held)) {
        enum reveal_sameness says = REVEAL_DIFFERENT;
        status = reveal_says(e->replica, &e->now, held, value, &says, f);
        same = says == REVEAL_SAME;
    }
    if (status != ST_OK || same)
        return status;
    over_field(e, a->name);
    return add_op(e, OP_SET, a->name, value, f);
}

/* An assignment and the field that it names, which may be written. */
static enum status read_word(struct edit *e, struct bytes word, struct words_assignment *out,
                             const struct schema_field **field_out, struct fault *f)
{
    enum status status = words_assignment(word, out, f);
    if (status == ST_OK)
        status = lookup_field(e->type, out->name, field_out, f);
    if (status == ST_OK)
        status = lookup_writable(e->replica, e->type, *field_out, f);
    return status;
}

static enum status assign_word(struct edit *e, struct bytes word, struct fault *f)
{
    struct words_assignment a;
    const struct schema_field *field = NULL;
    enum status status = read_word(e, word, &a, &field, f);
    if (status != ST_OK)
        return status;
    return field->kind == SCHEMA_SET ? assign_set(e, field, &a, f) : assign_field(e, field, &a, f);
}

/* ---- Writing ---- */

static enum status send_row(struct edit *e, struct fault *f)
{
    enum status status = verb_send(e->call, &e->row);
    return status == ST_OK ? ST_OK : fault_set(f, status, "%s", status_text(status));
}

static enum status add_left(struct edit *e, struct fault *f)
{
    struct record after = {0};
    enum status status = replica_record(e->replica, NULL, bytes_of_text(e->id.type),
                                        bytes_of_text(e->id.id), &after, f);
    if (status == ST_OK)
        buf_add_format(&e->row, ",\"conflicts\":%u", reading_conflicts(&after));
    record_release(&after);
    return status;
}

/* ---- Sealing ---- */

/* One operation as it goes into the commit: a value of a class that is not open is closed here. */
static enum status seal_op(struct edit *e, const struct op *op, struct op_list *out,
                           struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(e->replica));
    const struct schema_type *type = schema_type(newest->schema, op->type);
    const struct schema_field *field =
        type != NULL && op->verb == OP_SET ? schema_field(type, op->name) : NULL;
    struct op sealed = *op;
    char id[RECORD_ID_TEXT + 1];
    struct buf json = {0};
    enum status status = ST_OK;
    hex_encode(op->id, RECORD_ID_BYTES, id);
    bool plain = field != NULL && field->class != SCHEMA_OPEN &&
                 !bytes_equal_text(op->value, "null") && !reading_is_sealed(op->value);
    if (plain) {
        struct sealed_target target = {
            .type = op->type,
            .record = bytes_of_text(id),
            .now = strcmp(id, e->id.id) == 0 ? &e->now : NULL,
            .field = field,
        };
        status = schema_check(field, op->value, f);
        if (status == ST_OK)
            status = sealed_close(e->replica, &target, op->value, out, &json, f);
        sealed.value = buf_bytes(&json);
    }
    if (status == ST_OK)
        status = op_list_add(out, &sealed);
    buf_release(&json);
    return status;
}

/* Nothing is closed before everything was found to be right: what is closed is kept. */
static enum status seal_ops(struct edit *e, struct fault *f)
{
    struct op_list sealed = {0};
    enum status status = ST_OK;
    for (uint32_t i = 0; i < e->ops.count && status == ST_OK; i++)
        status = seal_op(e, &e->ops.ops[i], &sealed, f);
    if (status != ST_OK) {
        op_list_release(&sealed);
        return status;
    }
    op_list_release(&e->ops);
    e->ops = sealed;
    return ST_OK;
}

/* One commit of what was gathered, and the row about it. */
static enum status write_edit(struct edit *e, struct fault *f)
{
    bool dry = control_has(e->call->request, "dry-run"), known = e->now.id.count > 0;
    struct replica_commit done = {0};
    enum status status = ST_OK;
    buf_add_text(&e->row, "{\"id\":");
    render_text(&e->row, e->id.id);
    if (dry || e->ops.count == 0) {
        buf_add_text(&e->row, ",\"commit\":null");
        buf_add_text(&e->row, e->ops.count == 0 ? ",\"unchanged\":true" : ",\"dry_run\":true");
    } else {
        char hex[OID_TEXT + 1], change[CHANGE_TEXT + 1];
        status = seal_ops(e, f);
        if (status == ST_OK)
            status = replica_write(e->replica, &e->ops, e->call->author, &done, f);
        if (status != ST_OK)
            return status;
        hex_encode(done.id.id, OID_BYTES, hex);
        base32_encode(done.change.id, CHANGE_BYTES, change);
        buf_add_format(&e->row, ",\"commit\":\"%s\",\"change\":\"%s\"", hex, change);
    }
    if (known)
        status = add_left(e, f);
    buf_add_byte(&e->row, '}');
    return status == ST_OK ? send_row(e, f) : status;
}

/* ---- add ---- */

static enum status add_record(struct edit *e, struct fault *f)
{
    const struct control_request *q = e->call->request;
    uint8_t id[RECORD_ID_BYTES];
    draw_id(id);
    hex_encode(id, sizeof id, e->id.id);
    enum status status = ST_OK;
    for (uint32_t i = 1; i < q->word_count && status == ST_OK; i++)
        status = assign_word(e, q->words[i], f);
    if (status == ST_OK && e->ops.count == 0)
        status = fault_set(f, ST_USAGE, "a new %s needs at least one value", e->type->name);
    return status == ST_OK ? write_edit(e, f) : status;
}

static enum status add_typed_member(struct edit *e, struct content *c, struct bytes word,
                                    struct fault *f)
{
    struct words_assignment a;
    const struct schema_field *field = NULL;
    enum status status = words_assignment(word, &a, f);
    if (status == ST_OK && a.sign != WORDS_SET)
        status = fault_set(f, ST_USAGE, "an entry has single values: write %.*s=VALUE",
                           words_shown(a.name), (const char *)a.name.data);
    if (status == ST_OK && bytes_equal_text(a.name, "ref")) {
        buf_reset(&e->value);
        json_add_text(&e->value, a.value);
        return content_add(c, "ref", buf_bytes(&e->value), f);
    }
    if (status == ST_OK)
        status = lookup_field(e->type, a.name, &field, f);
    if (status == ST_OK)
        status = lookup_writable(e->replica, e->type, field, f);
    if (status == ST_OK)
        status = typed_value(e, field, a.value, f);
    if (status != ST_OK || bytes_equal_text(buf_bytes(&e->value), "null"))
        return status;
    return content_add(c, field->name, buf_bytes(&e->value), f);
}

/* What reverses an entry is numbered by it. */
static enum status add_reversed_ref(const struct edit *e, struct content *c, struct fault *f)
{
    if (e->type->reverses[0] == '\0' || content_has(c, "ref"))
        return ST_OK;
    for (uint32_t i = 0; i < c->count; i++)
        if (strcmp(c->members[i].name, e->type->reverses) == 0)
            return content_add(c, "ref", buf_bytes(&c->members[i].json), f);
    return ST_OK; /* it is missing, which the check says */
}

/* What every entry says without being told: who writes it, and what tells it from its equals. */
static enum status add_defaults(struct edit *e, struct content *c, struct fault *f)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < e->type->field_count && status == ST_OK; i++) {
        const struct schema_field *field = &e->type->fields[i];
        if (!field->is_writer || content_has(c, field->name))
            continue;
        buf_reset(&e->value);
        render_text(&e->value, replica_label(e->replica));
        status = content_add(c, field->name, buf_bytes(&e->value), f);
    }
    if (status == ST_OK)
        status = add_reversed_ref(e, c, f);
    if (status == ST_OK && !content_has(c, "ref")) {
        uint8_t ref[REF_BYTES];
        char hex[2 * REF_BYTES + 1];
        randombytes_buf(ref, sizeof ref);
        hex_encode(ref, sizeof ref, hex);
        buf_reset(&e->value);
        render_text(&e->value, hex);
        status = content_add(c, "ref", buf_bytes(&e->value), f);
    }
    return status;
}

/* The id that the content makes, and whether the state has it. */
static enum status identify(struct edit *e, struct edit_entry *entry, struct fault *f)
{
    struct bytes type = bytes_of_text(e->type->name), content = buf_bytes(&entry->content);
    uint8_t id[ENTRY_ID_BYTES];
    enum status status = buf_status(&entry->content);
    if (status == ST_OK)
        status = schema_check_entry(e->type, content, f);
    if (status != ST_OK)
        return status;
    op_entry_id(replica_network(e->replica), type, content, id);
    hex_encode(id, ENTRY_ID_BYTES, entry->id);
    return lookup_held(e->replica, type, bytes_of_text(entry->id), &entry->held, f);
}

static enum status make_entry(struct edit *e, struct edit_entry *out, struct fault *f)
{
    const struct control_request *q = e->call->request;
    struct content content = {0};
    enum status status = content_init(&content, q->word_count + e->type->field_count + 1);
    out->type = e->type;
    for (uint32_t i = 1; i < q->word_count && status == ST_OK; i++)
        status = add_typed_member(e, &content, q->words[i], f);
    if (status == ST_OK)
        status = add_defaults(e, &content, f);
    if (status == ST_OK) {
        content_write(&content, &out->content);
        status = identify(e, out, f);
    }
    content_release(&content);
    return status;
}

static enum status add_entry_op(struct edit *e, const struct edit_entry *entry)
{
    const struct op op = {
        .verb = OP_ENTRY,
        .type = bytes_of_text(entry->type->name),
        .value = buf_bytes(&entry->content),
    };
    memcpy(e->id.id, entry->id, sizeof entry->id);
    return entry->held ? ST_OK : op_list_add(&e->ops, &op);
}

static enum status add_entry(struct edit *e, struct fault *f)
{
    struct edit_entry entry = {0};
    enum status status = make_entry(e, &entry, f);
    if (status == ST_OK)
        status = add_entry_op(e, &entry);
    if (status == ST_OK)
        status = write_edit(e, f);
    edit_entry_release(&entry);
    return status;
}

enum status edit_entry(const struct verb_call *call, struct edit_entry *out, struct fault *f)
{
    struct edit e = {.call = call, .replica = call->replica};
    *out = (struct edit_entry){0};
    CHECK(call->request->word_count > 0);
    enum status status = lookup_type(e.replica, call->request->words[0], &e.type, f);
    if (status == ST_OK) {
        CHECK(e.type->entry);
        status = make_entry(&e, out, f);
    }
    edit_release(&e);
    return status;
}

void edit_entry_release(struct edit_entry *e)
{
    buf_release(&e->content);
}

enum status edit_add(const struct verb_call *call, struct fault *f)
{
    struct edit e = {.call = call, .replica = call->replica};
    enum status status = wants_words(call->request, 2, "add TYPE FIELD=VALUE...", f);
    if (status == ST_OK)
        status = lookup_type(e.replica, call->request->words[0], &e.type, f);
    if (status == ST_OK) {
        memcpy(e.id.type, e.type->name, sizeof e.id.type);
        status = e.type->entry ? add_entry(&e, f) : add_record(&e, f);
    }
    edit_release(&e);
    return status;
}

/* ---- set ---- */

static enum status open_record(struct edit *e, struct fault *f)
{
    enum status status = lookup_record(e->replica, e->call->request->words[0], &e->id, &e->now, f);
    if (status == ST_OK)
        status = lookup_type(e->replica, bytes_of_text(e->id.type), &e->type, f);
    if (status == ST_OK && e->now.entry.count > 0) {
        status = fault_set(f, ST_NOT_ALLOWED, "%s %.8s is an entry: it never changes", e->id.type,
                           e->id.id);
        fault_fix(f, "a mistake is corrected by a reversal");
    }
    return status;
}

static enum status open_as_of(struct edit *e, struct fault *f)
{
    if (!control_has(e->call->request, "as-of"))
        return ST_OK;
    uint32_t node = 0;
    e->as_of = true;
    enum status status =
        lookup_commit(e->replica, control_option(e->call->request, "as-of"), &node, f);
    if (status != ST_OK)
        return status;
    const struct graph_node *n = graph_node(replica_graph(e->replica), node);
    status = replica_record(e->replica, &n->tree, bytes_of_text(e->id.type),
                            bytes_of_text(e->id.id), &e->looked, f);
    return status == ST_NOT_FOUND ? ST_OK : status; /* it had nothing of it yet */
}

enum status edit_set(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct edit e = {.call = call, .replica = call->replica};
    enum status status = wants_words(q, 2, "set ID FIELD=VALUE...", f);
    if (status == ST_OK)
        status = open_record(&e, f);
    if (status == ST_OK)
        status = open_as_of(&e, f);
    for (uint32_t i = 1; i < q->word_count && status == ST_OK; i++)
        status = assign_word(&e, q->words[i], f);
    if (status == ST_OK)
        status = write_edit(&e, f);
    edit_release(&e);
    return status;
}

/* ---- resolve ---- */

static enum status no_conflict(struct edit *e, struct bytes name, struct fault *f)
{
    struct buf called = {0};
    render_name(e->replica, &e->now, &called);
    enum status status =
        fault_set(f, ST_NOTHING, "%.*s of %s %s is not in conflict", words_shown(name),
                  (const char *)name.data, e->id.type, buf_text(&called));
    fault_fix(f, "to change it: minga set %.8s %.*s=VALUE", e->id.id, words_shown(name),
              (const char *)name.data);
    buf_release(&called);
    return status;
}

static enum status resolve_value(struct edit *e, struct bytes word, struct fault *f)
{
    struct words_assignment a;
    const struct schema_field *field = NULL;
    enum status status = read_word(e, word, &a, &field, f);
    if (status != ST_OK)
        return status;
    const struct record_field *held = record_field(&e->now, a.name);
    if (held == NULL || !record_conflicts(&e->now, held))
        return no_conflict(e, a.name, f);
    return assign_field(e, field, &a, f);
}

/* The one value that 'label' holds in a conflict; *out empty: none. */
static enum status value_of(struct edit *e, const struct record_field *field, struct bytes label,
                            struct bytes *out, struct fault *f)
{
    *out = (struct bytes){0};
    for (uint32_t i = 0; i < field->count; i++) {
        const struct record_value *value = &e->now.values[field->first + i];
        const struct record_seen *seen = record_seen(&e->now, &value->change);
        if (seen == NULL || !bytes_equal(seen->label, label))
            continue;
        if (out->count > 0 && !bytes_equal(*out, value->json)) {
            enum status status = fault_set(f, ST_AMBIGUOUS, "%.*s holds two values of %.*s",
                                           words_shown(field->name), (const char *)field->name.data,
                                           words_shown(label), (const char *)label.data);
            fault_fix(f, "write the value: minga resolve %.8s %.*s=VALUE", e->id.id,
                      words_shown(field->name), (const char *)field->name.data);
            return status;
        }
        *out = value->json;
    }
    return ST_OK;
}

static bool is_named(const struct control_request *q, struct bytes name)
{
    for (uint32_t i = 1; i < q->word_count; i++)
        if (bytes_equal(q->words[i], name))
            return true;
    return q->word_count <= 1;
}

static enum status resolve_keep(struct edit *e, struct bytes label, struct fault *f)
{
    const struct control_request *q = e->call->request;
    enum status status = lookup_label(e->replica, label, f);
    for (uint32_t i = 1; i < q->word_count && status == ST_OK; i++) {
        const struct record_field *held = record_field(&e->now, q->words[i]);
        if (held == NULL || !record_conflicts(&e->now, held))
            status = no_conflict(e, q->words[i], f);
    }
    for (uint32_t i = 0; i < e->now.field_count && status == ST_OK; i++) {
        const struct record_field *field = &e->now.fields[i];
        struct bytes value;
        if (!record_conflicts(&e->now, field) || !is_named(q, field->name))
            continue;
        status = value_of(e, field, label, &value, f);
        if (status != ST_OK || value.count == 0)
            continue;
        over_field(e, field->name);
        status = add_op(e, OP_SET, field->name, value, f);
    }
    if (status == ST_OK && e->ops.count == 0) {
        status = fault_set(f, ST_NOTHING, "%.*s holds no value in a conflict of this record",
                           words_shown(label), (const char *)label.data);
        fault_fix(f, "minga explain %.8s shows who holds what", e->id.id);
    }
    return status;
}

/* A field whose values all say the same, under different seals: the one that everyone reads stays.
 */
static enum status settle_equal(struct edit *e, const struct record_field *field, bool named,
                                struct fault *f)
{
    enum reveal_sameness same = REVEAL_UNKNOWN;
    struct bytes value = record_reads(&e->now, field)->json;
    enum status status = reveal_sameness(e->replica, &e->now, field, &same, f);
    if (status == ST_OK && same == REVEAL_SAME && reading_is_sealed(value)) {
        over_field(e, field->name);
        return add_op(e, OP_SET, field->name, value, f);
    }
    if (status != ST_OK || !named)
        return status;
    status = fault_set(f, ST_NOT_ALLOWED, "the values of %.*s %s", words_shown(field->name),
                       (const char *)field->name.data,
                       same == REVEAL_UNKNOWN ? "cannot all be read here" : "do not say the same");
    fault_fix(f, "give the value, or --keep LABEL");
    return status;
}

static enum status resolve_equal(struct edit *e, struct fault *f)
{
    const struct control_request *q = e->call->request;
    enum status status = ST_OK;
    for (uint32_t i = 1; i < q->word_count && status == ST_OK; i++) {
        const struct record_field *held = record_field(&e->now, q->words[i]);
        if (held == NULL || !record_conflicts(&e->now, held))
            status = no_conflict(e, q->words[i], f);
    }
    for (uint32_t i = 0; i < e->now.field_count && status == ST_OK; i++) {
        const struct record_field *field = &e->now.fields[i];
        if (record_conflicts(&e->now, field) && is_named(q, field->name))
            status = settle_equal(e, field, q->word_count > 1, f);
    }
    if (status == ST_OK && e->ops.count == 0) {
        status = fault_set(f, ST_NOTHING,
                           "no sealed field of this record has values that say the"
                           " same");
        fault_fix(f, "minga explain %.8s shows who holds what", e->id.id);
    }
    return status;
}

/* Why, as a record of its own beside the fields that were settled. */
static enum status add_decision(struct edit *e, const struct edit_reason *reason, struct fault *f)
{
    struct op op = {.verb = OP_SET, .type = BYTES("decision")};
    struct buf json = {0}, names = {0};
    uint32_t count = e->ops.count;
    draw_id(op.id);
    for (uint32_t i = 0; i < count; i++) {
        if (names.count > 0)
            buf_add_byte(&names, ',');
        buf_add_bytes(&names, e->ops.ops[i].name); /* an entry has none */
    }
    const struct {
        struct bytes name, text;
    } fields[] = {{BYTES("because"), reason->because},
                  {BYTES("field"), buf_bytes(&names)},
                  {BYTES("record"), reason->record}};
    enum status status = buf_status(&names);
    for (size_t i = 0; i < sizeof fields / sizeof *fields && status == ST_OK; i++) {
        if (fields[i].text.count == 0)
            continue;
        buf_reset(&json);
        json_add_text(&json, fields[i].text);
        op.name = fields[i].name;
        op.value = buf_bytes(&json);
        status = buf_status(&json);
        if (status == ST_OK)
            status = op_list_add(&e->ops, &op);
    }
    buf_release(&json);
    buf_release(&names);
    return status == ST_OK ? ST_OK : fault_set(f, status, "%s", status_text(status));
}

static enum status resolve_words(struct edit *e, struct fault *f)
{
    const struct control_request *q = e->call->request;
    if (control_has(q, "equal") && control_has(q, "keep"))
        return fault_set(f, ST_USAGE, "--equal and --keep exclude each other");
    if (control_has(q, "equal"))
        return resolve_equal(e, f);
    if (control_has(q, "keep"))
        return resolve_keep(e, control_option(q, "keep"), f);
    enum status status =
        wants_words(q, 2, "resolve ID FIELD=VALUE, or --keep LABEL, or --equal", f);
    for (uint32_t i = 1; i < q->word_count && status == ST_OK; i++)
        status = resolve_value(e, q->words[i], f);
    return status;
}

enum status edit_resolve(const struct verb_call *call, struct fault *f)
{
    struct edit e = {.call = call, .replica = call->replica};
    struct edit_reason reason = {.because = control_option(call->request, "because")};
    enum status status = wants_words(call->request, 1, "resolve ID FIELD=VALUE", f);
    if (status == ST_OK)
        status = open_record(&e, f);
    if (status == ST_OK)
        status = resolve_words(&e, f);
    reason.record = bytes_of_text(e.id.id);
    if (status == ST_OK && reason.because.count > 0 && e.ops.count > 0)
        status = add_decision(&e, &reason, f);
    if (status == ST_OK)
        status = write_edit(&e, f);
    edit_release(&e);
    return status;
}

enum status edit_entry_write(const struct verb_call *call, const struct edit_entry *entry,
                             const struct edit_reason *reason, struct replica_commit *out,
                             struct fault *f)
{
    struct edit e = {.call = call, .replica = call->replica, .type = entry->type};
    CHECK(!entry->held);
    enum status status = add_entry_op(&e, entry);
    if (status == ST_OK && reason->because.count > 0)
        status = add_decision(&e, reason, f);
    if (status == ST_OK)
        status = seal_ops(&e, f);
    if (status == ST_OK)
        status = replica_write(e.replica, &e.ops, call->author, out, f);
    edit_release(&e);
    return status;
}
