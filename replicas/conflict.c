#include "replicas/conflict.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/reading.h"
#include "replicas/render.h"
#include "replicas/reveal.h"

enum {
    SHORT_DIGITS = 6, /* of an id in a command, more where that is not unique */
    MINUTES_AT = 16,  /* "2026-05-01T10:02" */
    DAY_AT = 10,
};

/* ---- conflicts ---- */

struct lister {
    const struct verb_call *call;
    struct fault *fault;
    struct buf row;
    uint64_t fields;
};

/* When two different values first stood beside each other, by the writers' clocks. */
static enum status add_since(struct replica *r, const struct record *record,
                             const struct record_field *field, struct buf *out, struct fault *f)
{
    char first[WORDS_TIME_BYTES] = "", since[WORDS_TIME_BYTES] = "";
    struct bytes first_json = {0};
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < field->count; i++) {
            const struct record_value *value = &record->values[field->first + i];
            struct render_change by;
            enum status status = render_change(r, record, &value->change, &by, f);
            if (status != ST_OK)
                return status;
            if (pass == 0 && (first[0] == '\0' || strcmp(by.time, first) < 0)) {
                memcpy(first, by.time, sizeof first);
                first_json = value->json;
            }
            bool other = pass == 1 && !bytes_equal(value->json, first_json);
            if (other && (since[0] == '\0' || strcmp(by.time, since) < 0))
                memcpy(since, by.time, sizeof since);
        }
    }
    buf_add_text(out, ",\"since\":");
    render_text(out, since);
    return ST_OK;
}

static void add_name(struct replica *r, const struct record *record, struct buf *out)
{
    struct buf name = {0};
    render_name(r, record, &name);
    buf_add_text(out, ",\"name\":");
    json_add_text(out, buf_bytes(&name));
    buf_release(&name);
}

static enum status send_field(struct lister *l, const struct record *record,
                              const struct record_field *field)
{
    struct replica *r = l->call->replica;
    buf_reset(&l->row);
    buf_add_text(&l->row, "{\"id\":");
    json_add_text(&l->row, record->id);
    buf_add_text(&l->row, ",\"type\":");
    json_add_text(&l->row, record->type);
    add_name(r, record, &l->row);
    buf_add_text(&l->row, ",\"field\":");
    json_add_text(&l->row, field->name);
    buf_add_text(&l->row, ",\"values\":");
    enum status status = render_values(r, record, field, &l->row, l->fault);
    if (status == ST_OK)
        status = add_since(r, record, field, &l->row, l->fault);
    buf_add_byte(&l->row, '}');
    return status == ST_OK ? verb_send(l->call, &l->row) : status;
}

static enum status list_record(void *user, const struct index_row *found)
{
    struct lister *l = user;
    struct record record = {0};
    enum status status =
        replica_record(l->call->replica, NULL, found->type, found->id, &record, l->fault);
    for (uint32_t i = 0; i < record.field_count && status == ST_OK; i++) {
        if (!record_conflicts(&record, &record.fields[i]))
            continue;
        l->fields++;
        status = send_field(l, &record, &record.fields[i]);
    }
    record_release(&record);
    return status;
}

enum status conflict_list(const struct verb_call *call, struct fault *f)
{
    struct lister l = {.call = call, .fault = f};
    struct index *index = NULL;
    enum status status = lookup_index(call->replica, &index, f);
    if (status == ST_OK)
        status = index_conflicted(index, list_record, &l, f);
    buf_release(&l.row);
    if (status != ST_OK || l.fields == 0)
        return status;
    status = fault_set(f, ST_NEEDS_PERSON, "%llu %s in conflict: somebody has to choose",
                       (unsigned long long)l.fields, l.fields == 1 ? "field is" : "fields are");
    fault_fix(f, "minga explain ID tells how each came about and how to settle it");
    return status;
}

/* ---- explain ---- */

struct story { /* one field's */
    struct replica *replica;
    const struct record *record;
    const struct record_field *field;
    uint32_t *order;
    bool equal; /* sealed values that say the same */
    struct buf text, commands;
    char id[ENTRY_ID_TEXT + 1]; /* as short as it can be typed */
};

/* The i-th value of the story's field, in words: in clear where it can be read. */
static enum status add_reading(struct story *s, struct bytes json, struct fault *f)
{
    struct buf plain = {0};
    enum sealed_state state;
    enum status status =
        reveal_value(s->replica, s->record, s->field->name, json, &plain, &state, f);
    if (status == ST_OK && state != SEALED_READ)
        buf_add_format(&s->text, "a sealed value (%s)",
                       state == SEALED_NOT_ENTITLED ? "not for this office"
                                                    : sealed_state_text(state));
    else if (status == ST_OK && bytes_equal_text(buf_bytes(&plain), "null"))
        buf_add_text(&s->text, "nothing");
    else if (status == ST_OK)
        buf_add_bytes(&s->text, buf_bytes(&plain));
    buf_release(&plain);
    return status;
}

static bool is_plain(struct bytes text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_.,:/@%+";
    for (size_t i = 0; i < text.count; i++)
        if (memchr(plain, text.data[i], sizeof plain - 1) == NULL)
            return false;
    return true;
}

/* A word of a shell's command line. */
static void add_shell_word(struct bytes text, struct buf *out)
{
    if (is_plain(text)) {
        buf_add_bytes(out, text);
        return;
    }
    buf_add_byte(out, '\'');
    for (size_t i = 0; i < text.count; i++) {
        if (text.data[i] == '\'')
            buf_add_text(out, "'\\''");
        else
            buf_add_byte(out, text.data[i]);
    }
    buf_add_byte(out, '\'');
}

static void add_command(struct story *s, struct bytes command)
{
    if (s->commands.count > 0)
        buf_add_byte(&s->commands, ',');
    json_add_text(&s->commands, command);
}

static const struct record_value *value_at(const struct story *s, uint32_t i)
{
    return &s->record->values[s->order[i]];
}

static struct bytes label_at(const struct story *s, uint32_t i)
{
    const struct record_seen *seen = record_seen(s->record, &value_at(s, i)->change);
    CHECK(seen != NULL);
    return seen->label;
}

/* An amount is typed in other units than it is kept in: only --keep is offered for it. */
static bool can_type(const struct story *s)
{
    const struct charter *newest = charter_newest(replica_charters(s->replica));
    const struct schema_type *type = schema_type(newest->schema, s->record->type);
    const struct schema_field *field = type != NULL ? schema_field(type, s->field->name) : NULL;
    return field != NULL && field->kind != SCHEMA_AMOUNT;
}

/* `resolve --equal` where it would do. */
static void add_equal(struct story *s)
{
    struct buf line = {0};
    if (!s->equal)
        return;
    buf_add_format(&line, "minga resolve %s --equal %.*s", s->id, (int)s->field->name.count,
                   (const char *)s->field->name.data);
    add_command(s, buf_bytes(&line));
    buf_release(&line);
}

static void add_commands(struct story *s)
{
    struct buf line = {0};
    add_equal(s);
    for (uint32_t i = 0; i < s->field->count && can_type(s); i++) {
        struct bytes json = value_at(s, i)->json;
        bool again = reading_is_sealed(json);
        for (uint32_t j = 0; j < i; j++)
            again = again || bytes_equal(value_at(s, j)->json, json);
        if (again)
            continue;
        struct buf value = {0};
        reading_text(json, &value);
        buf_reset(&line);
        buf_add_format(&line, "minga resolve %s %.*s=", s->id, (int)s->field->name.count,
                       (const char *)s->field->name.data);
        add_shell_word(buf_bytes(&value), &line);
        add_command(s, buf_bytes(&line));
        buf_release(&value);
    }
    for (uint32_t i = 0; i < s->field->count; i++) {
        bool unclear = false; /* --keep names one value only */
        for (uint32_t j = 0; j < s->field->count; j++)
            unclear = unclear || (j != i && bytes_equal(label_at(s, i), label_at(s, j)));
        if (unclear)
            continue;
        buf_reset(&line);
        buf_add_format(&line, "minga resolve %s --keep %.*s", s->id, (int)label_at(s, i).count,
                       (const char *)label_at(s, i).data);
        add_command(s, buf_bytes(&line));
    }
    if (line.failed)
        s->commands.failed = true;
    buf_release(&line);
}

static enum status add_who(struct story *s, uint32_t i, struct fault *f)
{
    struct render_change by;
    enum status status = render_change(s->replica, s->record, &value_at(s, i)->change, &by, f);
    if (status != ST_OK)
        return status;
    struct bytes name = render_author_name(by.author);
    status = add_reading(s, value_at(s, i)->json, f);
    if (status != ST_OK)
        return status;
    buf_add_format(&s->text, " by %s", by.office);
    if (by.time[0] == '\0')
        return ST_OK;
    buf_add_format(&s->text, " (%.*s, %.*s %.*s)", (int)name.count, (const char *)name.data, DAY_AT,
                   by.time, MINUTES_AT - DAY_AT - 1, by.time + DAY_AT + 1);
    return ST_OK;
}

/* `stage of enterprise E05 was set to "purchase" by santiago (ana, …) and to "monitoring" by …` */
static enum status add_sentence(struct story *s, struct fault *f)
{
    struct buf name = {0};
    render_name(s->replica, s->record, &name);
    buf_add_bytes(&s->text, s->field->name);
    buf_add_text(&s->text, " of ");
    buf_add_bytes(&s->text, s->record->type);
    buf_add_byte(&s->text, ' ');
    buf_add_bytes(&s->text, buf_bytes(&name));
    buf_add_text(&s->text, " was set to ");
    buf_release(&name);
    enum status status = ST_OK;
    uint32_t count = s->field->count;
    for (uint32_t i = 0; i < count && status == ST_OK; i++) {
        if (i > 0)
            buf_add_text(&s->text, i + 1 == count ? " and to " : ", to ");
        status = add_who(s, i, f);
    }
    buf_add_text(&s->text, count == 2 ? " at the same time, neither knowing of the other"
                                      : " at the same time, none knowing of the others");
    if (s->equal) {
        buf_add_text(&s->text, "; they say the same, under different seals: --equal settles it.");
        return status;
    }
    buf_add_text(&s->text, "; everyone reads ");
    if (status == ST_OK)
        status = add_reading(s, value_at(s, count - 1)->json, f);
    buf_add_text(&s->text, " until somebody settles it.");
    return status;
}

static enum status short_id(struct replica *r, const char *id, char out[static ENTRY_ID_TEXT + 1],
                            struct fault *f)
{
    struct index *index = NULL;
    size_t whole = strlen(id), digits = SHORT_DIGITS;
    enum status status = lookup_index(r, &index, f);
    for (; status == ST_OK && digits < whole; digits++) {
        struct index_id both[2];
        uint32_t count = 0;
        status =
            index_find_id(index, (struct bytes){(const uint8_t *)id, digits}, both, 2, &count, f);
        if (count < 2)
            break;
    }
    memcpy(out, id, digits);
    out[digits] = '\0';
    return status;
}

static enum status tell(const struct verb_call *call, struct story *s, struct fault *f)
{
    struct buf row = {0};
    enum reveal_sameness same = REVEAL_DIFFERENT;
    render_order(s->record, s->field, s->order);
    enum status status = reveal_sameness(call->replica, s->record, s->field, &same, f);
    s->equal = same == REVEAL_SAME;
    if (status == ST_OK) {
        add_commands(s);
        status = add_sentence(s, f);
    }
    if (status == ST_OK)
        status = buf_status(&s->text);
    if (status == ST_OK)
        status = buf_status(&s->commands);
    if (status == ST_OK) {
        buf_add_text(&row, "{\"id\":");
        json_add_text(&row, s->record->id);
        buf_add_text(&row, ",\"type\":");
        json_add_text(&row, s->record->type);
        add_name(s->replica, s->record, &row);
        buf_add_text(&row, ",\"field\":");
        json_add_text(&row, s->field->name);
        buf_add_text(&row, ",\"text\":");
        json_add_text(&row, buf_bytes(&s->text));
        buf_add_text(&row, ",\"commands\":[");
        buf_add_bytes(&row, buf_bytes(&s->commands));
        buf_add_text(&row, "],\"values\":");
        status = render_values(s->replica, s->record, s->field, &row, f);
        buf_add_byte(&row, '}');
    }
    if (status == ST_OK)
        status = verb_send(call, &row);
    buf_release(&row);
    return status;
}

static enum status tell_nothing(const struct verb_call *call, const struct record *record)
{
    struct buf row = {0}, text = {0};
    buf_add_text(&text, "nothing of ");
    buf_add_bytes(&text, record->type);
    buf_add_byte(&text, ' ');
    render_name(call->replica, record, &text);
    buf_add_text(&text, " is in conflict.");
    buf_add_text(&row, "{\"id\":");
    json_add_text(&row, record->id);
    buf_add_text(&row, ",\"type\":");
    json_add_text(&row, record->type);
    buf_add_text(&row, ",\"field\":null,\"text\":");
    json_add_text(&row, buf_bytes(&text));
    buf_add_text(&row, ",\"commands\":[],\"values\":[]}");
    enum status status = text.failed ? ST_NO_MEMORY : verb_send(call, &row);
    buf_release(&row);
    buf_release(&text);
    return status;
}

enum status conflict_explain(const struct verb_call *call, struct fault *f)
{
    if (call->request->word_count != 1) {
        enum status status = fault_set(f, ST_USAGE, "explain takes one id");
        fault_fix(f, "use: minga explain ID");
        return status;
    }
    struct index_id id;
    struct record record = {0};
    bool told = false;
    enum status status = lookup_record(call->replica, call->request->words[0], &id, &record, f);
    for (uint32_t i = 0; i < record.field_count && status == ST_OK; i++) {
        struct story s = {.replica = call->replica, .record = &record, .field = &record.fields[i]};
        if (!record_conflicts(&record, s.field))
            continue;
        told = true;
        s.order = mem_array(s.field->count, sizeof *s.order);
        status = s.order != NULL ? short_id(call->replica, id.id, s.id, f) : ST_NO_MEMORY;
        if (status == ST_OK)
            status = tell(call, &s, f);
        mem_free(s.order);
        buf_release(&s.text);
        buf_release(&s.commands);
    }
    if (status == ST_OK && !told)
        status = tell_nothing(call, &record);
    record_release(&record);
    return status;
}
