#include "replicas/schema_audit.h"

#include "proto/check.h"
#include "proto/limits.h"
#include "replicas/json.h"
#include "replicas/object.h"

const struct schema_audit schema_audit_default = {
    .sessions_group = 4,
    .sessions_individual = 4,
    .small_cell = 5,
};

static enum status wrong(const char *what, struct bytes raw, struct fault *f)
{
    int shown = raw.count < NAME_BYTES_MAX ? (int)raw.count : NAME_BYTES_MAX;
    return fault_set(f, ST_NOT_SCHEMA, "schema, audit: %s: %.*s", what, shown,
                     raw.data == NULL ? "" : (const char *)raw.data);
}

static bool take_count(struct bytes raw, int64_t min, int64_t max, uint32_t *out)
{
    int64_t n = 0;
    if (json_take_integer(raw, &n) != ST_OK || n < min || n > max)
        return false;
    *out = (uint32_t)n;
    return true;
}

static enum status take_sessions(struct bytes raw, struct schema_audit *out, struct fault *f)
{
    struct object o;
    struct bytes name, value;
    object_begin(&o, raw);
    while (object_next(&o, &name, &value)) {
        bool group = bytes_equal_text(name, "group");
        if (!group && !bytes_equal_text(name, "individual"))
            return wrong("sessions are \"group\" and \"individual\", not", name, f);
        if (!take_count(value, 0, SCHEMA_AUDIT_SESSIONS_MAX,
                        group ? &out->sessions_group : &out->sessions_individual))
            return wrong("sessions due are a number from 0 to 366, not", value, f);
    }
    return object_end(&o) == ST_OK ? ST_OK : wrong("\"sessions\" is an object, not", raw, f);
}

enum status schema_audit_parse(struct bytes json, struct schema_audit *out, struct fault *f)
{
    struct schema_audit audit = schema_audit_default;
    struct object o;
    struct bytes name, value;
    enum status status = ST_OK;
    CHECK(out != NULL);
    object_begin(&o, json);
    while (status == ST_OK && object_next(&o, &name, &value)) {
        if (bytes_equal_text(name, "sessions"))
            status = take_sessions(value, &audit, f);
        else if (!bytes_equal_text(name, "small_cell"))
            status = wrong("it has \"sessions\" and \"small_cell\" only, not", name, f);
        else if (!take_count(value, 1, SCHEMA_AUDIT_SMALL_CELL_MAX, &audit.small_cell))
            status = wrong("\"small_cell\" is a number from 1 to 1000, not", value, f);
    }
    if (status == ST_OK && object_end(&o) != ST_OK)
        status = wrong("it is an object, not", json, f);
    if (status == ST_OK)
        *out = audit;
    return status;
}
