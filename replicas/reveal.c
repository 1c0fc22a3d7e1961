#include "replicas/reveal.h"

#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/reading.h"

static const struct schema_field *field_of(struct replica *r, const struct record *record,
                                           struct bytes name)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    const struct schema_type *type = schema_type(newest->schema, record->type);
    return type != NULL ? schema_field(type, name) : NULL;
}

enum status reveal_value(struct replica *r, const struct record *record, struct bytes field,
                         struct bytes json, struct buf *out, enum sealed_state *state_out,
                         struct fault *f)
{
    *state_out = SEALED_READ;
    if (!reading_is_sealed(json)) {
        buf_add_bytes(out, json);
        return buf_status(out);
    }
    struct sealed_target target = {
        .type = record->type, .record = record->id, .field = field_of(r, record, field)};
    enum status status = ST_OK;
    *state_out = SEALED_DAMAGED;
    if (target.field != NULL)
        status = sealed_open(r, &target, json, out, state_out, f);
    if (status == ST_OK && *state_out != SEALED_READ)
        buf_add_text(out, "null");
    return status == ST_OK ? buf_status(out) : status;
}

static void add_member(struct buf *out, size_t start, struct bytes name)
{
    if (out->count > start + 1)
        buf_add_byte(out, ',');
    json_add_text(out, name);
    buf_add_byte(out, ':');
}

/* What is asked for of a record's sealed fields. */
struct revealing {
    struct replica *replica;
    const struct record *record;
    struct buf *words, *plain;
    size_t words_start, plain_start;
    uint32_t waiting;
    enum status status;
    struct fault *fault;
};

static void reveal_field(void *user, struct bytes name, struct bytes json, struct buf *out)
{
    struct revealing *v = user;
    enum sealed_state state = SEALED_WAITING;
    size_t start = out->count;
    if (v->status != ST_OK)
        return;
    v->status = reveal_value(v->replica, v->record, name, json, out, &state, v->fault);
    if (v->status != ST_OK)
        return;
    v->waiting += state == SEALED_WAITING ? 1 : 0;
    if (v->words != NULL && state != SEALED_READ) {
        add_member(v->words, v->words_start, name);
        json_add_text(v->words, bytes_of_text(sealed_state_text(state)));
    }
    if (v->plain != NULL && state == SEALED_READ) {
        add_member(v->plain, v->plain_start, name);
        buf_add(v->plain, out->data + start, out->count - start);
    }
}

static enum status run(struct revealing *v, struct buf *fields)
{
    if (v->words != NULL) {
        v->words_start = v->words->count;
        buf_add_byte(v->words, '{');
    }
    if (v->plain != NULL) {
        v->plain_start = v->plain->count;
        buf_add_byte(v->plain, '{');
    }
    reading_fields_by(v->record, reveal_field, v, fields);
    if (v->words != NULL)
        buf_add_byte(v->words, '}');
    if (v->plain != NULL)
        buf_add_byte(v->plain, '}');
    if (v->status == ST_OK)
        v->status = buf_status(fields);
    if (v->status == ST_OK && v->words != NULL)
        v->status = buf_status(v->words);
    if (v->status == ST_OK && v->plain != NULL)
        v->status = buf_status(v->plain);
    return v->status;
}

enum status reveal_fields(struct replica *r, const struct record *record, struct buf *fields_out,
                          struct buf *words_out, struct fault *f)
{
    struct revealing v = {.replica = r, .record = record, .words = words_out, .fault = f};
    struct buf dropped = {0};
    enum status status = run(&v, fields_out != NULL ? fields_out : &dropped);
    buf_release(&dropped);
    return status;
}

enum status reveal_plain(struct replica *r, const struct record *record, struct buf *out,
                         uint32_t *waiting_out, struct fault *f)
{
    struct revealing v = {.replica = r, .record = record, .plain = out, .fault = f};
    struct buf dropped = {0};
    enum status status = run(&v, &dropped);
    *waiting_out = v.waiting;
    buf_release(&dropped);
    return status;
}

enum status reveal_sameness(struct replica *r, const struct record *record,
                            const struct record_field *field, enum reveal_sameness *out,
                            struct fault *f)
{
    struct buf first = {0}, other = {0};
    enum status status = ST_OK;
    *out = REVEAL_SAME;
    for (uint32_t i = 0; i < field->count && status == ST_OK && *out == REVEAL_SAME; i++) {
        enum sealed_state state;
        struct buf *one = i == 0 ? &first : &other;
        buf_reset(one);
        status = reveal_value(r, record, field->name, record->values[field->first + i].json, one,
                              &state, f);
        if (status == ST_OK && state != SEALED_READ)
            *out = REVEAL_UNKNOWN;
        else if (status == ST_OK && !bytes_equal(buf_bytes(&first), buf_bytes(one)))
            *out = REVEAL_DIFFERENT;
    }
    buf_release(&first);
    buf_release(&other);
    return status;
}

enum status reveal_says(struct replica *r, const struct record *record,
                        const struct record_field *field, struct bytes plain,
                        enum reveal_sameness *out, struct fault *f)
{
    struct buf one = {0};
    enum status status = ST_OK;
    *out = REVEAL_DIFFERENT;
    for (uint32_t i = 0; i < field->count && status == ST_OK && *out != REVEAL_SAME; i++) {
        enum sealed_state state;
        buf_reset(&one);
        status = reveal_value(r, record, field->name, record->values[field->first + i].json, &one,
                              &state, f);
        if (status != ST_OK)
            break;
        if (state != SEALED_READ)
            *out = REVEAL_UNKNOWN;
        else if (bytes_equal(buf_bytes(&one), plain))
            *out = REVEAL_SAME;
    }
    buf_release(&one);
    return status;
}

bool reveal_has_sealed(const struct record *record)
{
    for (uint32_t i = 0; i < record->field_count; i++)
        if (reading_is_sealed(record_reads(record, &record->fields[i])->json))
            return true;
    return false;
}
