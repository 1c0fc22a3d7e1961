#include "replicas/schema_system.h"

#include "proto/check.h"
#include "replicas/object.h"
#include "replicas/schema.h"

static void add_type(struct buf *out, struct bytes name, struct bytes value, bool *first)
{
    buf_add_text(out, *first ? "\"" : ",\"");
    buf_add_bytes(out, name);
    buf_add_text(out, "\":");
    buf_add_bytes(out, value);
    *first = false;
}

/* The members of both "types", ascending; of two under one name the first's. */
static void merge_types(struct bytes a, struct bytes b, struct buf *out)
{
    struct object x, y;
    struct bytes an, av, bn, bv;
    bool first = true;
    object_begin(&x, a);
    object_begin(&y, b);
    bool more_a = object_next(&x, &an, &av), more_b = object_next(&y, &bn, &bv);
    buf_add_text(out, "\"types\":{");
    while (more_a || more_b) {
        int order = !more_a ? 1 : !more_b ? -1 : bytes_compare(an, bn);
        add_type(out, order <= 0 ? an : bn, order <= 0 ? av : bv, &first);
        if (order <= 0)
            more_a = object_next(&x, &an, &av);
        if (order >= 0)
            more_b = object_next(&y, &bn, &bv);
    }
    buf_add_text(out, "}");
}

/* The given schema with the system's types; the rest of it is as given. */
static void merge(struct bytes given, struct bytes system, struct buf *out)
{
    struct bytes audit = object_find(given, "audit");
    buf_add_text(out, "{");
    if (audit.data != NULL) {
        buf_add_text(out, "\"audit\":");
        buf_add_bytes(out, audit);
        buf_add_text(out, ",");
    }
    merge_types(object_find(given, "types"), object_find(system, "types"), out);
    buf_add_text(out, "}");
}

static enum status check(struct bytes system, struct bytes merged, struct fault *f)
{
    struct schema *before = NULL, *after = NULL;
    enum status status = schema_parse(system, &before, f);
    CHECK(status == ST_OK || status == ST_NO_MEMORY);
    if (status == ST_OK)
        status = schema_parse(merged, &after, f);
    if (status == ST_OK)
        status = schema_grows(before, after, f);
    schema_free(before);
    schema_free(after);
    return status;
}

enum status schema_system_merge(struct bytes json, struct buf *out, struct fault *f)
{
    struct buf given = {0}, system = {0}, merged = {0};
    struct schema *parsed = NULL;
    enum status status = json_canonical(json, &given, f);
    if (status == ST_MALFORMED) {
        status = ST_NOT_SCHEMA;
        if (f != NULL)
            f->code = status;
    }
    if (status != ST_OK) {
        status = fault_context(f, status, "schema");
        goto out;
    }
    status = schema_parse(buf_bytes(&given), &parsed, f);
    if (status == ST_OK)
        status = json_canonical((struct bytes){schema_system_json, schema_system_json_bytes},
                                &system, f);
    if (status != ST_OK)
        goto out;
    merge(buf_bytes(&given), buf_bytes(&system), &merged);
    status = buf_status(&merged);
    if (status == ST_OK)
        status = check(buf_bytes(&system), buf_bytes(&merged), f);
    if (status == ST_OK)
        buf_add_bytes(out, buf_bytes(&merged));
    if (status == ST_OK)
        status = buf_status(out);
out:
    if (status == ST_NO_MEMORY)
        (void)fault_set(f, status, "no memory for the schema");
    schema_free(parsed);
    buf_release(&given);
    buf_release(&system);
    buf_release(&merged);
    return status;
}
