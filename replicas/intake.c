#include "replicas/intake.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/import.h"
#include "replicas/import_total.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/render.h"
#include "replicas/reveal.h"
#include "replicas/rules.h"
#include "replicas/sealed.h"
#include "replicas/words.h"

enum {
    BATCH_BYTES = 48 * KIB,        /* of operations: a commit's limit leaves room for a charter */
    OP_BYTES = 48,                 /* an operation beside its texts */
    SEALED_BYTES = 216,            /* what stands for a sealed value */
    REJECTS_BYTES_MAX = 512 * KIB, /* of JSON in one row of the answer */
    HALVES_MAX = 2 * COMMIT_RECORDS_MAX, /* parts of a batch that wait to be tried */
};

enum kind { ADDED, CHANGED };

struct pending { /* a row that waits for its commit */
    enum kind kind;
    bool sealed;           /* some of its values have to be closed */
    uint32_t first, count; /* in intake.ops */
    uint64_t line;
    size_t raw_at, raw_bytes; /* in intake.raw */
    char id[ENTRY_ID_TEXT + 1];
    size_t ref_at, ref_bytes; /* in intake.raw: an entry's ref */
    const struct schema_type *type;
};

struct intake {
    const struct verb_call *call;
    struct replica *replica;
    const struct schema_type *type; /* of the row under way */
    bool dry;
    struct op_list ops;
    size_t bytes; /* of ops, about */
    struct pending *rows;
    uint32_t row_count;
    struct buf raw, rejects, left_out, filled, over, text;
    uint32_t reject_count; /* in 'rejects' */
    uint64_t added, changed, same, skipped, rejected, commits, rejected_in_all, taken;
    struct fault *fault;
};

static void intake_release(struct intake *in)
{
    op_list_release(&in->ops);
    mem_free(in->rows);
    buf_release(&in->raw);
    buf_release(&in->rejects);
    buf_release(&in->left_out);
    buf_release(&in->filled);
    buf_release(&in->over);
    buf_release(&in->text);
}

/* ---- The answer ---- */

static enum status send_totals(struct intake *in)
{
    struct buf row = {0};
    buf_add_format(&row,
                   "{\"added\":%llu,\"changed\":%llu,\"same\":%llu,\"skipped\":%llu,"
                   "\"rejected\":%llu,\"commits\":%llu,\"left_out\":[",
                   (unsigned long long)in->added, (unsigned long long)in->changed,
                   (unsigned long long)in->same, (unsigned long long)in->skipped,
                   (unsigned long long)in->rejected, (unsigned long long)in->commits);
    buf_add_bytes(&row, buf_bytes(&in->left_out));
    buf_add_text(&row, "],\"filled\":[");
    buf_add_bytes(&row, buf_bytes(&in->filled));
    buf_add_text(&row, "],\"rejects\":[");
    buf_add_bytes(&row, buf_bytes(&in->rejects));
    buf_add_format(&row, "]%s}", in->dry ? ",\"dry_run\":true" : "");
    enum status status = in->rejects.failed || in->left_out.failed || in->filled.failed
                             ? ST_NO_MEMORY
                             : verb_send(in->call, &row);
    buf_release(&row);
    buf_reset(&in->rejects);
    in->added = in->changed = in->same = in->skipped = in->rejected = in->commits = 0;
    in->reject_count = 0;
    return status;
}

static enum status reject(struct intake *in, uint64_t line, struct bytes raw, const char *why,
                          const char *fix)
{
    struct buf *text = &in->text;
    buf_reset(text);
    buf_add_text(text, why);
    if (fix[0] != '\0')
        buf_add_format(text, "; %s", fix);
    while (text->count > 0 && !bytes_are_utf8(buf_bytes(text))) /* a sentence cut to fit */
        text->count--;
    if (in->reject_count++ > 0)
        buf_add_byte(&in->rejects, ',');
    buf_add_format(&in->rejects, "{\"line\":%llu,\"raw\":", (unsigned long long)line);
    json_add_text(&in->rejects, bytes_are_utf8(raw) ? raw : BYTES(""));
    buf_add_text(&in->rejects, ",\"why\":");
    json_add_text(&in->rejects, buf_bytes(text));
    buf_add_byte(&in->rejects, '}');
    in->rejected++;
    in->rejected_in_all++;
    return in->rejects.count > REJECTS_BYTES_MAX ? send_totals(in) : buf_status(&in->rejects);
}

/* ---- Writing a batch ---- */

static struct bytes raw_of(const struct intake *in, const struct pending *row)
{
    return (struct bytes){in->raw.data + row->raw_at, row->raw_bytes};
}

/* ---- Sealing ---- */

static const struct schema_field *field_of(const struct pending *row, const struct op *op)
{
    return op->verb == OP_SET ? schema_field(row->type, op->name) : NULL;
}

static bool is_plain(const struct schema_field *field, const struct op *op)
{
    return field != NULL && field->class != SCHEMA_OPEN && !bytes_equal_text(op->value, "null");
}

/* A class key that these rows need first goes in before them: its copies may fill a commit. */
static enum status make_keys(struct intake *in, uint32_t first, uint32_t count, struct fault *f)
{
    bool wanted[SCHEMA_PERSONAL + 1] = {false};
    enum status status = ST_OK;
    for (uint32_t r = first; r < first + count; r++) {
        for (uint32_t i = 0; in->rows[r].sealed && i < in->rows[r].count; i++) {
            const struct op *op = &in->ops.ops[in->rows[r].first + i];
            const struct schema_field *field = field_of(&in->rows[r], op);
            if (is_plain(field, op))
                wanted[field->class] = true;
        }
    }
    for (enum schema_class c = SCHEMA_INTERNAL; c <= SCHEMA_PERSONAL && status == ST_OK; c++) {
        struct op_list ops = {0};
        struct seal_id id;
        struct replica_commit done;
        if (!wanted[c])
            continue;
        status = sealed_ready(in->replica, c, &ops, &id, f);
        bool made = status == ST_OK && ops.count > 0;
        if (made)
            status = replica_write(in->replica, &ops, in->call->author, &done, f);
        in->commits += made && status == ST_OK;
        op_list_release(&ops);
    }
    return status;
}

/* One row's operations, its values closed. */
static enum status seal_row(struct intake *in, const struct pending *row, struct op_list *out,
                            struct fault *f)
{
    struct record now = {0};
    struct op_list keys = {0}; /* none: make_keys() has been here */
    struct buf json = {0};
    bool looked = false;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < row->count && status == ST_OK; i++) {
        struct op op = in->ops.ops[row->first + i];
        const struct schema_field *field = row->sealed ? field_of(row, &op) : NULL;
        if (is_plain(field, &op)) {
            if (!looked && row->kind == CHANGED) {
                status =
                    replica_record(in->replica, NULL, op.type, bytes_of_text(row->id), &now, f);
                looked = true;
            }
            struct sealed_target target = {
                .type = op.type, .record = bytes_of_text(row->id), .now = &now, .field = field};
            buf_reset(&json);
            if (status == ST_OK)
                status = schema_check(field, op.value, f);
            if (status == ST_OK)
                status = sealed_close(in->replica, &target, op.value, &keys, &json, f);
            op.value = buf_bytes(&json);
        }
        if (status == ST_OK)
            status = op_list_add(out, &op);
    }
    CHECK(keys.count == 0);
    record_release(&now);
    buf_release(&json);
    return status;
}

static enum status write_rows(struct intake *in, uint32_t first, uint32_t count, struct fault *f)
{
    struct op_list ops = {0};
    struct replica_commit done;
    enum status status = make_keys(in, first, count, f);
    for (uint32_t r = first; r < first + count && status == ST_OK; r++)
        status = seal_row(in, &in->rows[r], &ops, f);
    if (status == ST_OK)
        status = replica_write(in->replica, &ops, in->call->author, &done, f);
    op_list_release(&ops);
    return status;
}

static void count_rows(struct intake *in, uint32_t first, uint32_t count)
{
    for (uint32_t r = first; r < first + count; r++) {
        if (in->rows[r].kind == ADDED)
            in->added++;
        else
            in->changed++;
    }
}

/* Whether a refusal is about the rows: then a smaller batch may pass. */
static bool is_about_rows(enum status status)
{
    return status != ST_OK && status_class(status) != STATUS_LOCAL;
}

/*
 * Everything that waits, in as few commits as it goes in: a batch that is refused is halved until
 * the rows stand alone that cannot go in.
 */
static enum status flush(struct intake *in)
{
    struct part {
        uint32_t first, count;
    } parts[HALVES_MAX];
    uint32_t left = 0;
    enum status status = ST_OK;
    if (in->row_count > 0)
        parts[left++] = (struct part){0, in->row_count};
    while (left > 0 && status == ST_OK) {
        struct part part = parts[--left];
        struct fault why = {.code = ST_OK};
        status = in->dry ? ST_OK : write_rows(in, part.first, part.count, &why);
        if (status == ST_OK) {
            in->commits += in->dry ? 0 : 1;
            count_rows(in, part.first, part.count);
        } else if (is_about_rows(status) && part.count > 1) {
            CHECK(left + 2 <= HALVES_MAX);
            uint32_t half = part.count / 2;
            parts[left++] = (struct part){part.first + half, part.count - half};
            parts[left++] = (struct part){part.first, half}; /* next: rows keep their order */
            status = ST_OK;
        } else if (is_about_rows(status)) {
            const struct pending *row = &in->rows[part.first];
            const char *text = why.text[0] != '\0' ? why.text : status_text(status);
            status = reject(in, row->line, raw_of(in, row), text, why.fix);
        } else if (in->fault != NULL) {
            *in->fault = why;
        }
    }
    op_list_release(&in->ops);
    in->ops = (struct op_list){0};
    in->bytes = 0;
    in->row_count = 0;
    buf_reset(&in->raw);
    return status;
}

/* ---- Rows ---- */

static enum status begin_row(struct intake *in, const struct import_row *row, const char *id,
                             struct pending **out)
{
    if (in->row_count == COMMIT_RECORDS_MAX || in->bytes >= BATCH_BYTES) {
        enum status status = flush(in);
        if (status != ST_OK)
            return status;
        store_tidy(replica_store(in->replica));
    }
    struct pending *p = &in->rows[in->row_count];
    *p = (struct pending){
        .first = in->ops.count,
        .line = row->line,
        .raw_at = in->raw.count,
        .raw_bytes = row->raw.count,
        .type = in->type,
    };
    buf_add_bytes(&in->raw, row->raw);
    memcpy(p->id, id, strlen(id) + 1);
    *out = p;
    return buf_status(&in->raw);
}

static enum status add_op(struct intake *in, const struct op *op, bool sealed)
{
    size_t value = sealed ? (size_t)SEALED_BYTES : op->value.count;
    in->bytes += OP_BYTES + op->type.count + op->name.count + value + op->over.count;
    return op_list_add(&in->ops, op);
}

/* The row has its operations: it waits for the batch, unless there are none. */
static void end_row(struct intake *in, struct pending *p, enum kind kind)
{
    p->kind = kind;
    p->count = in->ops.count - p->first;
    if (p->count > 0) {
        in->row_count++;
    } else {
        in->same++;
        in->raw.count = p->raw_at;
    }
}

static bool is_waiting(const struct intake *in, const char *id)
{
    for (uint32_t r = 0; r < in->row_count; r++)
        if (strcmp(in->rows[r].id, id) == 0)
            return true;
    return false;
}

/* ---- Records ---- */

/* One of several values in conflict says nothing new: an import settles no conflict. Nor does what
 * cannot be compared because its content is on its way: whoever has it can import again. */
static enum status is_new(struct intake *in, const struct record *now,
                          const struct record_field *held, struct bytes json, bool *out)
{
    enum reveal_sameness says = REVEAL_DIFFERENT;
    enum status status = ST_OK;
    if (held != NULL)
        status = reveal_says(in->replica, now, held, json, &says, in->fault);
    *out = says == REVEAL_DIFFERENT;
    return status;
}

static enum status add_set_op(struct intake *in, struct op *op, const struct record *now,
                              struct bytes json)
{
    const struct record_field *held = record_field(now, op->name);
    const struct schema_field *field = schema_field(in->type, op->name);
    bool new = false;
    enum status status = is_new(in, now, held, json, &new);
    if (status != ST_OK || !new)
        return status;
    buf_reset(&in->over);
    for (uint32_t i = 0; held != NULL && i < held->count; i++)
        buf_add(&in->over, now->values[held->first + i].change.id, CHANGE_BYTES);
    op->verb = OP_SET;
    op->value = json;
    op->over = buf_bytes(&in->over);
    status = buf_status(&in->over);
    bool sealed = is_plain(field, op);
    in->rows[in->row_count].sealed = in->rows[in->row_count].sealed || sealed; /* the row begun */
    return status == ST_OK ? add_op(in, op, sealed) : status;
}

/* A cell of a set holds one element, or a list of them. */
static enum status add_element_ops(struct intake *in, struct op *op, const struct record *now,
                                   struct bytes json)
{
    const struct record_set *set = record_set(now, op->name);
    bool list = json.count > 0 && json.data[0] == '[';
    struct json_reader r;
    json_read(&r, json);
    if (list)
        json_read_literal(&r, "[");
    op->verb = OP_ADD;
    op->over = (struct bytes){0};
    enum status status = ST_OK;
    while (status == ST_OK && r.status == ST_OK && r.at < r.end) {
        if (json_read_try(&r, "]") || json_read_try(&r, ","))
            continue;
        op->value = json_read_text(&r);
        bool held = set != NULL && record_element(now, set, op->value) != NULL;
        if (r.status == ST_OK && !held)
            status = add_op(in, op, false);
    }
    return status == ST_OK ? r.status : status;
}

static enum status add_record_ops(struct intake *in, const struct import_row *row, const char *id,
                                  const struct record *now)
{
    struct op op = {.type = bytes_of_text(in->type->name)};
    enum status status = hex_decode(bytes_of_text(id), op.id, RECORD_ID_BYTES);
    CHECK(status == ST_OK);
    for (uint32_t i = 0; i < row->field_count && status == ST_OK; i++) {
        const struct import_field *cell = &row->fields[i];
        struct bytes json = buf_bytes(&cell->json);
        if (bytes_equal_text(json, "null"))
            continue; /* an empty cell says nothing, rather than clearing what others wrote */
        op.name = bytes_of_text(cell->field->name);
        status = cell->field->kind == SCHEMA_SET ? add_element_ops(in, &op, now, json)
                                                 : add_set_op(in, &op, now, json);
    }
    return status;
}

static enum status take_record(struct intake *in, const struct import_row *row)
{
    uint8_t fresh[RECORD_ID_BYTES];
    char id[ENTRY_ID_TEXT + 1];
    struct record now = {0};
    struct pending *p = NULL;
    if (!row->has_id)
        randombytes_buf(fresh, sizeof fresh);
    hex_encode(row->has_id ? row->id : fresh, RECORD_ID_BYTES, id);
    enum status status = is_waiting(in, id) ? flush(in) : ST_OK; /* one key twice in a file */
    if (status == ST_OK)
        status = begin_row(in, row, id, &p);
    if (status == ST_OK && row->has_id) {
        status = replica_record(in->replica, NULL, bytes_of_text(in->type->name), bytes_of_text(id),
                                &now, in->fault);
        status = status == ST_NOT_FOUND ? ST_OK : status;
    }
    if (status == ST_OK)
        status = add_record_ops(in, row, id, &now);
    if (status == ST_OK)
        end_row(in, p, now.id.count > 0 ? CHANGED : ADDED);
    record_release(&now);
    return status;
}

/* ---- Entries ---- */

static bool is_own(const struct intake *in, struct bytes content, struct buf *office)
{
    for (uint32_t i = 0; i < in->type->field_count; i++) {
        const struct schema_field *field = &in->type->fields[i];
        if (!field->is_writer)
            continue;
        buf_reset(office);
        if (schema_entry_text(content, field->name, office) &&
            !bytes_equal_text(buf_bytes(office), replica_label(in->replica)))
            return false;
    }
    return true;
}

static enum status reject_foreign(struct intake *in, const struct import_row *row,
                                  struct bytes office)
{
    char why[FAULT_TEXT_BYTES], fix[FAULT_FIX_BYTES];
    const char *own = replica_label(in->replica);
    snprintf(why, sizeof why, "%.*s has to write this %s itself: it spends from its own account",
             words_shown(office), (const char *)office.data, in->type->name);
    snprintf(fix, sizeof fix, "import your own rows with --where office=%s", own);
    return reject(in, row->line, row->raw, why, fix);
}

static enum status count_ref(void *user, const struct index_row *found)
{
    (void)found;
    *(bool *)user = true;
    return ST_OK;
}

/* Whether an entry of this type has that ref: then this row would be the same payment again. */
static enum status is_ref_known(struct intake *in, struct bytes ref, bool *out)
{
    struct index *index = NULL;
    struct buf json = {0};
    *out = false;
    for (uint32_t r = 0; r < in->row_count && !*out; r++) {
        const struct pending *p = &in->rows[r];
        struct bytes other = {p->ref_bytes > 0 ? in->raw.data + p->ref_at : NULL, p->ref_bytes};
        *out = p->type == in->type && bytes_equal(other, ref);
    }
    if (*out)
        return ST_OK;
    json_add_text(&json, ref);
    struct index_filter filter = {.field = "ref", .json = buf_bytes(&json)};
    struct index_query query = {
        .type = in->type->name, .filters = &filter, .filter_count = 1, .limit = 1};
    enum status status = buf_status(&json);
    if (status == ST_OK)
        status = lookup_index(in->replica, &index, in->fault);
    if (status == ST_OK)
        status = index_list(index, &query, count_ref, out, in->fault);
    buf_release(&json);
    return status;
}

static enum status add_entry(struct intake *in, const struct import_row *row, const struct op *op,
                             const char *id, struct bytes ref)
{
    struct pending *p = NULL;
    enum status status = begin_row(in, row, id, &p);
    if (status != ST_OK)
        return status;
    p->ref_at = in->raw.count;
    p->ref_bytes = ref.count;
    buf_add_bytes(&in->raw, ref);
    status = buf_status(&in->raw);
    if (status == ST_OK)
        status = add_op(in, op, false);
    if (status == ST_OK)
        end_row(in, p, ADDED);
    return status;
}

/* Each field that the file does not have, named once with what it is filled with. */
static void note_filled(struct intake *in, const struct import_row *row)
{
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct import_field *field = &row->fields[i];
        struct buf *text = &in->text;
        if (!field->filled)
            continue;
        buf_reset(text);
        buf_add_format(text, "\"%s=%s\"", field->field->name, replica_label(in->replica));
        if (in->filled.count > 0 && strstr(buf_text(&in->filled), buf_text(text)) != NULL)
            continue;
        if (in->filled.count > 0)
            buf_add_byte(&in->filled, ',');
        buf_add_bytes(&in->filled, buf_bytes(text));
    }
}

static enum status take_entry(struct intake *in, const struct import_row *row)
{
    struct op op = {
        .verb = OP_ENTRY,
        .type = bytes_of_text(in->type->name),
        .value = row->content,
    };
    char id[ENTRY_ID_TEXT + 1];
    bool held = false, known = false;
    struct buf office = {0}, ref = {0};
    note_filled(in, row);
    op_entry_id(replica_network(in->replica), op.type, op.value, op.entry);
    hex_encode(op.entry, ENTRY_ID_BYTES, id);
    enum status status = lookup_held(in->replica, op.type, bytes_of_text(id), &held, in->fault);
    if (status == ST_OK && (held || is_waiting(in, id))) {
        in->same++;
        return ST_OK;
    }
    if (status == ST_OK && !is_own(in, row->content, &office)) {
        status = reject_foreign(in, row, buf_bytes(&office));
    } else if (status == ST_OK) {
        if (row->key.count > 0 && schema_entry_text(row->content, "ref", &ref))
            status = is_ref_known(in, buf_bytes(&ref), &known);
        if (status == ST_OK && known)
            status = reject(in, row->line, row->raw, "it is recorded already, with other content",
                            "entries never change: correct it by a reversal");
        else if (status == ST_OK)
            status = add_entry(in, row, &op, id, buf_bytes(&ref));
    }
    buf_release(&office);
    buf_release(&ref);
    return status;
}

static enum status take_row(void *user, const struct import_row *row)
{
    struct intake *in = user;
    if (in->taken++ % COMMIT_RECORDS_MAX == 0) /* rows that are here already are read, too */
        store_tidy(replica_store(in->replica));
    return in->type->entry ? take_entry(in, row) : take_record(in, row);
}

static enum status take_reject(void *user, uint64_t line, struct bytes raw, const char *why)
{
    return reject(user, line, raw, why, "");
}

static void take_left_out(void *user, const char *column)
{
    struct intake *in = user;
    if (in->left_out.count > 0)
        buf_add_byte(&in->left_out, ',');
    render_text(&in->left_out, column);
}

static void take_entropy(void *user, void *out, size_t count)
{
    (void)user;
    randombytes_buf(out, count);
}

static enum status take_programme_row(void *user, const struct schema_type *type,
                                      const struct import_row *row)
{
    struct intake *in = user;
    in->type = type;
    return take_row(in, row);
}

/* ---- The verb ---- */

static enum status check_role(struct intake *in, struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(in->replica));
    const char *label = replica_label(in->replica);
    const struct charter_member *self = charter_by_label(newest, bytes_of_text(label));
    if (self != NULL && rules_may_write(self, in->type))
        return ST_OK;
    enum status status =
        fault_set(f, ST_NOT_ALLOWED, "%s may not write records of type %s", label, in->type->name);
    fault_fix(f, "%s",
              (in->type->writers & SCHEMA_OFFICE) != 0
                  ? "offices write them; minga member list shows who is what"
                  : "a treasurer writes them; minga member list shows who is one");
    return status;
}

static enum status read_options(struct intake *in, struct import_options *o, struct fault *f)
{
    const struct control_request *q = in->call->request;
    enum status status = ST_OK;
    if (!control_has(q, "content")) {
        status = fault_set(f, ST_USAGE, "nothing to import");
        fault_fix(f, "use: minga import TYPE FILE.csv");
        return status;
    }
    in->dry = control_has(q, "dry-run");
    o->header = control_option(q, "header");
    o->first_line = 1;
    if (control_has(q, "first-line"))
        status = words_count(control_option(q, "first-line"), "first-line", &o->first_line, f);
    o->key = control_option(q, "key");
    if (o->key.count == 0)
        o->key = bytes_of_text(in->type->key);
    struct bytes where = control_option(q, "where");
    const uint8_t *equals = where.count > 0 ? memchr(where.data, '=', where.count) : NULL;
    if (status == ST_OK && control_has(q, "where") && equals == NULL) {
        status = fault_set(f, ST_USAGE, "--where takes COLUMN=VALUE");
        fault_fix(f, "as in --where office=santiago");
    } else if (equals != NULL) {
        size_t at = (size_t)(equals - where.data);
        o->where_column = (struct bytes){where.data, at};
        o->where_value = (struct bytes){equals + 1, where.count - at - 1};
    }
    return status;
}

static enum status run_import(struct intake *in, const struct import_options *o, struct fault *f)
{
    struct bytes content = control_option(in->call->request, "content");
    size_t start = 0;
    while (start < content.count && content.data[start] <= ' ')
        start++;
    bool programme = strcmp(in->type->name, "programme") == 0 && start < content.count &&
                     content.data[start] == '{';
    enum status status;
    if (programme) {
        status =
            import_programme(o->schema, o->network, o->writer, content, take_programme_row, in, f);
    } else {
        const struct import_sink sink = {
            .user = in,
            .row = take_row,
            .reject = take_reject,
            .left_out = take_left_out,
            .entropy = take_entropy,
        };
        struct import_totals totals = {0};
        status = import_csv(o, content, &sink, &totals, f);
        in->skipped += totals.skipped;
    }
    return status == ST_OK ? flush(in) : status;
}

/* What the rows sum to, by column and currency; nothing is written. */
static enum status run_sums(struct intake *in, const struct import_options *o, struct fault *f)
{
    struct bytes content = control_option(in->call->request, "content");
    struct import_total_list sums = {.count = 0};
    struct fault first = {.code = ST_OK};
    struct buf row = {0};
    uint64_t unread = 0;
    enum status status = import_total_sum(o, content, &sums, &unread, &first, f);
    buf_add_text(&row, "{\"sums\":[");
    for (uint32_t i = 0; i < sums.count; i++)
        buf_add_format(&row, "%s{\"column\":\"%s\",\"currency\":\"%s\",\"amount\":%lld}",
                       i > 0 ? "," : "", sums.list[i].column, sums.list[i].currency,
                       (long long)sums.list[i].amount);
    buf_add_format(&row, "],\"unread\":%llu,\"first\":", (unsigned long long)unread);
    render_text(&row, first.text);
    buf_add_byte(&row, '}');
    if (status == ST_OK)
        status = verb_send(in->call, &row);
    buf_release(&row);
    return status;
}

static enum status run_rows(struct intake *in, const struct import_options *o, struct fault *f)
{
    in->rows = mem_array(COMMIT_RECORDS_MAX, sizeof *in->rows);
    enum status status = in->rows != NULL ? run_import(in, o, f) : ST_NO_MEMORY;
    return status == ST_OK ? send_totals(in) : status;
}

enum status intake_import(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct intake in = {.call = call, .replica = call->replica, .fault = f};
    struct import_options o = {.network = replica_network(call->replica),
                               .writer = bytes_of_text(replica_label(call->replica))};
    if (q->word_count == 0) {
        enum status usage = fault_set(f, ST_USAGE, "import needs a type");
        fault_fix(f, "use: minga import TYPE FILE.csv");
        return usage;
    }
    enum status status = lookup_type(call->replica, q->words[0], &in.type, f);
    o.schema = charter_newest(replica_charters(call->replica))->schema;
    for (enum schema_class c = SCHEMA_INTERNAL; c <= SCHEMA_PERSONAL; c++)
        o.classes |= sealed_readable(call->replica, c) ? 1U << c : 0;
    o.type = in.type;
    if (status == ST_OK)
        status = read_options(&in, &o, f);
    if (status == ST_OK)
        status = check_role(&in, f);
    if (status == ST_OK)
        status = control_has(q, "sums") ? run_sums(&in, &o, f) : run_rows(&in, &o, f);
    if (status == ST_OK && in.rejected_in_all > 0) {
        status = fault_set(f, ST_PARTLY, "%llu %s rejected", (unsigned long long)in.rejected_in_all,
                           in.rejected_in_all == 1 ? "row was" : "rows were");
        fault_fix(f, "correct them and import them again; the others are in");
    }
    intake_release(&in);
    return status;
}
