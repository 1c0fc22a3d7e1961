#include "replicas/object.h"

#include "proto/check.h"

static void begin(struct object *o, struct bytes json, const char *bracket)
{
    *o = (struct object){0};
    json_read(&o->reader, json);
    json_read_literal(&o->reader, bracket);
}

void object_begin(struct object *o, struct bytes json)
{
    begin(o, json, "{");
}

void object_begin_list(struct object *o, struct bytes json)
{
    begin(o, json, "[");
}

/* Whether another member follows; reads the comma before it or the bracket after the last. */
static bool more(struct object *o, const char *bracket)
{
    if (o->closed || o->reader.status != ST_OK)
        return false;
    if (json_read_try(&o->reader, bracket)) {
        o->closed = true;
        return false;
    }
    if (o->any)
        json_read_literal(&o->reader, ",");
    o->any = true;
    return o->reader.status == ST_OK;
}

bool object_next(struct object *o, struct bytes *name_out, struct bytes *value_out)
{
    if (!more(o, "}"))
        return false;
    struct bytes name = json_read_text(&o->reader);
    json_read_literal(&o->reader, ":");
    struct bytes value = json_read_value(&o->reader);
    if (o->reader.status != ST_OK)
        return false;
    *name_out = object_unquoted(name);
    *value_out = value;
    return true;
}

bool object_next_element(struct object *o, struct bytes *value_out)
{
    if (!more(o, "]"))
        return false;
    struct bytes value = json_read_value(&o->reader);
    if (o->reader.status != ST_OK)
        return false;
    *value_out = value;
    return true;
}

enum status object_end(const struct object *o)
{
    if (o->reader.status != ST_OK)
        return o->reader.status;
    return o->closed ? json_end(&o->reader) : ST_MALFORMED;
}

enum status object_count(struct bytes json, uint32_t *out)
{
    struct object o;
    struct bytes name, value;
    uint32_t count = 0;
    if (json.count > 0 && json.data[0] == '[') {
        object_begin_list(&o, json);
        while (object_next_element(&o, &value))
            count++;
    } else {
        object_begin(&o, json);
        while (object_next(&o, &name, &value))
            count++;
    }
    enum status status = object_end(&o);
    if (status == ST_OK)
        *out = count;
    return status;
}

struct bytes object_find(struct bytes json, const char *name)
{
    CHECK(name != NULL);
    struct object o;
    struct bytes at, value;
    object_begin(&o, json);
    while (object_next(&o, &at, &value))
        if (bytes_equal_text(at, name))
            return value;
    return (struct bytes){NULL, 0};
}

struct bytes object_unquoted(struct bytes raw)
{
    if (raw.count < 2 || raw.data[0] != '"' || raw.data[raw.count - 1] != '"')
        return (struct bytes){NULL, 0};
    return (struct bytes){raw.data + 1, raw.count - 2};
}
