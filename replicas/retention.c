#include "replicas/retention.h"

#include <stdio.h>
#include <time.h>

#include "proto/check.h"
#include "replicas/engine.h"
#include "replicas/render.h"
#include "replicas/tree.h"

enum { MONTHS = 12 };

int64_t retention_limit(const struct schema_retention *retention, int64_t now)
{
    time_t seconds = (time_t)now;
    struct tm day;
    int count = (int)retention->count;
    CHECK(retention->count > 0);
    if (gmtime_r(&seconds, &day) == NULL)
        return INT64_MIN;
    if (retention->unit == 'd') {
        day.tm_mday -= count;
    } else {
        int months = retention->unit == 'y' ? count * MONTHS : count;
        day.tm_year -= months / MONTHS;
        day.tm_mon -= months % MONTHS;
    }
    return (int64_t)timegm(&day); /* it takes months below 0, and February's 30th for March's 2nd */
}

struct due {
    const struct verb_call *call;
    struct replica *replica;
    int64_t limit;
    uint64_t count;
    char ids[RETENTION_IDS_SHOWN][RECORD_ID_TEXT + 1];
    struct fault *fault;
};

/* When its greatest change was made. */
static int64_t newest_of(struct replica *r, const struct record *record)
{
    uint64_t height = 0;
    int64_t newest = INT64_MAX;
    for (uint32_t i = 0; i < record->seen_count; i++) {
        uint32_t node = graph_find_change(r->graph, &record->seen[i].change);
        if (record->seen[i].height < height || node == GRAPH_NONE)
            continue;
        height = record->seen[i].height;
        newest = graph_node(r->graph, node)->time;
    }
    return newest;
}

static enum status has_personal(struct due *d, const struct record *record, bool *out)
{
    enum status status = ST_OK;
    char id[RECORD_ID_TEXT + 1] = "";
    *out = false;
    if (record->id.count != RECORD_ID_TEXT)
        return ST_OK;
    memcpy(id, record->id.data, RECORD_ID_TEXT);
    for (uint32_t i = 0; i < record->value_count && !*out && status == ST_OK; i++) {
        struct sealed_value value;
        bool refused = true;
        if (!sealed_parse(record->values[i].json, &value) || value.class != SCHEMA_PERSONAL)
            continue;
        status = vault_is_erased(d->replica->vault, &value.salt, id, &refused, d->fault);
        *out = status == ST_OK && !refused;
    }
    return status;
}

static enum status on_record(void *user, const char *path, const struct oid *blob)
{
    struct due *d = user;
    struct replica *r = d->replica;
    struct bytes text;
    struct record record = {0};
    bool personal = false;
    (void)path;
    enum status status = store_read(r->store, blob, STORE_BLOB, &text, d->fault);
    if (status == ST_OK)
        status = record_parse(text, &record);
    if (status == ST_OK && newest_of(r, &record) <= d->limit)
        status = has_personal(d, &record, &personal);
    if (status == ST_OK && personal) {
        if (d->count < RETENTION_IDS_SHOWN && record.id.count == RECORD_ID_TEXT)
            memcpy(d->ids[d->count], record.id.data, RECORD_ID_TEXT);
        d->count++;
    }
    record_release(&record);
    return status;
}

static enum status send_due(struct due *d, const struct schema_type *type)
{
    struct buf row = {0};
    char before[WORDS_TIME_BYTES];
    words_time(d->limit, before);
    before[strlen("2026-05-01")] = '\0';
    buf_add_format(&row,
                   "{\"type\":\"%s\",\"retention\":\"%u%c\",\"count\":%llu,\"before\":\"%s\","
                   "\"ids\":[",
                   type->name, type->retention.count, type->retention.unit,
                   (unsigned long long)d->count, before);
    for (uint64_t i = 0; i < d->count && i < RETENTION_IDS_SHOWN; i++)
        buf_add_format(&row, "%s\"%s\"", i > 0 ? "," : "", d->ids[i]);
    buf_add_text(&row, "]}");
    enum status status = verb_send(d->call, &row);
    buf_release(&row);
    return status;
}

enum status retention_list(const struct verb_call *call, struct fault *f)
{
    struct replica *r = call->replica;
    const struct schema *schema = charter_newest(&r->chain)->schema;
    int64_t now = r->wall_seconds(r->wall_context);
    enum status status = ST_OK;
    for (uint32_t i = 0; r->vault != NULL && i < schema->type_count && status == ST_OK; i++) {
        const struct schema_type *type = &schema->types[i];
        char prefix[TREE_PATH_MAX];
        if (type->retention.count == 0)
            continue;
        struct due d = {.call = call,
                        .replica = r,
                        .limit = retention_limit(&type->retention, now),
                        .fault = f};
        snprintf(prefix, sizeof prefix, "records/%s", type->name);
        status = tree_walk(r->store, &r->state, prefix, on_record, &d, f);
        if (status == ST_NOT_FOUND)
            status = ST_OK;
        if (status == ST_OK && d.count > 0)
            status = send_due(&d, type);
    }
    return status;
}
