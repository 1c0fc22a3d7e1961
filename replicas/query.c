#include "replicas/query.h"

#include "proto/check.h"
#include "replicas/attachment.h"
#include "replicas/history.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/moment.h"
#include "replicas/object.h"
#include "replicas/plain.h"
#include "replicas/reading.h"
#include "replicas/render.h"

static enum status usage(struct fault *f, const char *use)
{
    enum status status = fault_set(f, ST_USAGE, "something is missing");
    fault_fix(f, "use: minga %s", use);
    return status;
}

/* ---- show ---- */

enum status query_show(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct replica *r = call->replica;
    if (q->word_count != 1)
        return usage(f, "show ID [--history] [--at COMMIT|DATE]");
    struct index_id id;
    struct record record = {0};
    struct buf row = {0};
    buf_add_byte(&row, '{');
    enum status status = lookup_id(r, q->words[0], &id, f);
    if (status == ST_OK && control_has(q, "at"))
        status = moment_record(r, control_option(q, "at"), &id, &record, &row, f);
    else if (status == ST_OK)
        status = replica_record(r, NULL, bytes_of_text(id.type), bytes_of_text(id.id), &record, f);
    if (status == ST_OK)
        status = render_record(r, &record, &row, f);
    if (status == ST_OK && control_has(q, "history")) {
        buf_add_text(&row, ",\"history\":[");
        status = history_of(r, &record, &row, f);
        buf_add_byte(&row, ']');
    }
    if (status == ST_OK && !control_has(q, "at"))
        status = attachment_add_list(r, record.id, &row, f);
    buf_add_byte(&row, '}');
    if (status == ST_OK)
        status = verb_send(call, &row);
    record_release(&record);
    buf_release(&row);
    return status;
}

/* ---- list and find ---- */

struct lister {
    const struct verb_call *call;
    struct buf row;
    struct fault *fault;
};

static enum status list_row(void *user, const struct index_row *found)
{
    struct lister *l = user;
    struct replica *r = l->call->replica;
    struct record record = {0};
    enum status status = ST_OK;
    uint32_t read = 0;
    if (found->plain.count > 0)
        status = object_count(found->plain, &read);
    buf_reset(&l->row);
    buf_add_byte(&l->row, '{');
    if (status == ST_OK && (found->conflicts > 0 || read < found->sealed)) {
        /* who holds what, and what cannot be read, is not in the index */
        status = replica_record(r, NULL, found->type, found->id, &record, l->fault);
        if (status == ST_OK)
            status = render_record(r, &record, &l->row, l->fault);
        record_release(&record);
    } else if (status == ST_OK) {
        buf_add_text(&l->row, "\"id\":");
        json_add_text(&l->row, found->id);
        buf_add_text(&l->row, ",\"type\":");
        json_add_text(&l->row, found->type);
        buf_add_text(&l->row, ",\"fields\":");
        reading_merge(found->fields, found->plain, &l->row);
        buf_add_text(&l->row, ",\"conflicts\":{}");
    }
    buf_add_byte(&l->row, '}');
    return status == ST_OK ? verb_send(l->call, &l->row) : status;
}

static enum status limit_of(const struct control_request *q, uint64_t *out, struct fault *f)
{
    *out = 0;
    return control_has(q, "limit") ? words_count(control_option(q, "limit"), "limit", out, f)
                                   : ST_OK;
}

/* The currency of a filter on an amount: another filter names it. */
static struct bytes currency_of(const struct control_request *q, const struct schema_field *field)
{
    for (uint32_t i = 1; i < q->word_count && field->kind == SCHEMA_AMOUNT; i++) {
        struct words_assignment a;
        if (words_assignment(q->words[i], &a, NULL) == ST_OK &&
            bytes_equal_text(a.name, field->currency))
            return a.value;
    }
    return (struct bytes){0};
}

static enum status add_filter(const struct verb_call *call, const struct schema_type *type,
                              struct bytes word, struct index_filter *out, struct buf *json,
                              struct fault *f)
{
    struct words_assignment a;
    const struct schema_field *field = NULL;
    enum status status = words_assignment(word, &a, f);
    if (status == ST_OK && a.sign != WORDS_SET)
        status = fault_set(f, ST_USAGE, "a filter is FIELD=VALUE");
    if (status == ST_OK)
        status = lookup_field(type, a.name, &field, f);
    if (status != ST_OK)
        return status;
    struct bytes currency = currency_of(call->request, field);
    if (field->kind == SCHEMA_AMOUNT && currency.count == 0 && a.value.count > 0) {
        status = fault_set(f, ST_USAGE, "a filter by %s needs the currency too", field->name);
        fault_fix(f, "add %s=CLP, or the currency that you mean", field->currency);
        return status;
    }
    if (a.value.count == 0)
        buf_add_text(json, "null");
    else
        status = lookup_value(call->replica, field, a.value, currency, json, f);
    *out = (struct index_filter){
        .field = field->name,
        .set = field->kind == SCHEMA_SET,
        .sealed = field->class != SCHEMA_OPEN,
        .json = buf_bytes(json),
    };
    return status == ST_OK ? buf_status(json) : status;
}

static enum status set_sort(const struct control_request *q, const struct schema_type *type,
                            struct index_query *query, struct fault *f)
{
    struct bytes name = control_option(q, "sort");
    const struct schema_field *field = NULL;
    if (name.count > 0 && name.data[0] == '-') {
        query->descending = true;
        name = (struct bytes){name.data + 1, name.count - 1};
    }
    if (name.count == 0 || bytes_equal_text(name, "id"))
        return ST_OK;
    enum status status = lookup_field(type, name, &field, f);
    if (status == ST_OK) {
        query->sort = field->name;
        query->sort_sealed = field->class != SCHEMA_OPEN;
    }
    return status;
}

/* What has to be read before the question: all sealed values where it asks for one, else none. */
static enum status prepare_list(const struct verb_call *call, const struct schema_type *type,
                                struct index_query *query, struct fault *f)
{
    bool asked = query->sort_sealed;
    for (uint32_t i = 0; i < query->filter_count; i++)
        asked = asked || query->filters[i].sealed;
    for (uint32_t i = 0; i < type->field_count; i++)
        query->plain = query->plain || type->fields[i].class != SCHEMA_OPEN;
    return asked ? plain_update(call->replica, 0, NULL, f) : ST_OK;
}

static enum status run_list(const struct verb_call *call, struct index *index,
                            const struct index_query *query, struct fault *f)
{
    struct lister l = {.call = call, .fault = f};
    enum status status = ST_OK;
    if (control_has(call->request, "count")) {
        uint64_t count = 0;
        status = index_count(index, query, &count, f);
        if (status == ST_OK) {
            buf_add_text(&l.row, "{\"type\":");
            render_text(&l.row, query->type);
            buf_add_format(&l.row, ",\"count\":%llu}", (unsigned long long)count);
            status = verb_send(call, &l.row);
        }
    } else {
        status = index_list(index, query, list_row, &l, f);
    }
    buf_release(&l.row);
    return status;
}

enum status query_list(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    if (q->word_count == 0)
        return usage(f, "list TYPE [FIELD=VALUE...] [--sort F] [--limit N]");
    uint32_t count = q->word_count - 1;
    if (count > INDEX_FILTERS_MAX)
        return fault_set(f, ST_USAGE, "more than %d filters", INDEX_FILTERS_MAX);
    struct index *index = NULL;
    const struct schema_type *type = NULL;
    struct index_filter filters[INDEX_FILTERS_MAX];
    struct buf json[INDEX_FILTERS_MAX] = {{0}};
    struct index_query query = {.filters = filters, .filter_count = count};
    enum status status = lookup_type(call->replica, q->words[0], &type, f);
    if (status == ST_OK) {
        query.type = type->name;
        status = lookup_index(call->replica, &index, f);
    }
    for (uint32_t i = 0; i < count && status == ST_OK; i++)
        status = add_filter(call, type, q->words[i + 1], &filters[i], &json[i], f);
    if (status == ST_OK)
        status = set_sort(q, type, &query, f);
    if (status == ST_OK)
        status = limit_of(q, &query.limit, f);
    if (status == ST_OK)
        status = prepare_list(call, type, &query, f);
    if (status == ST_OK)
        status = run_list(call, index, &query, f);
    for (uint32_t i = 0; i < count; i++)
        buf_release(&json[i]);
    return status;
}

enum status query_find(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct index *index = NULL;
    struct lister l = {.call = call, .fault = f};
    struct buf text = {0};
    uint64_t limit = 0;
    for (uint32_t i = 0; i < q->word_count; i++) {
        if (i > 0)
            buf_add_byte(&text, ' ');
        buf_add_bytes(&text, q->words[i]);
    }
    enum status status = text.count > 0 ? buf_status(&text) : usage(f, "find TEXT");
    if (status == ST_OK)
        status = limit_of(q, &limit, f);
    if (status == ST_OK)
        status = lookup_index(call->replica, &index, f);
    if (status == ST_OK)
        status = plain_update(call->replica, 0, NULL, f);
    if (status == ST_OK)
        status = index_search(index, buf_bytes(&text), limit, list_row, &l, f);
    buf_release(&text);
    buf_release(&l.row);
    return status;
}
