#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/object.h"
#include "replicas/schema.h"

bool schema_entry_text(struct bytes content_json, const char *name, struct buf *out)
{
    CHECK(out != NULL);
    struct bytes raw = object_find(content_json, name);
    return raw.data != NULL && json_take_text(raw, out) == ST_OK && buf_status(out) == ST_OK;
}

bool schema_entry_integer(struct bytes content_json, const char *name, int64_t *out)
{
    CHECK(out != NULL);
    struct bytes raw = object_find(content_json, name);
    return raw.data != NULL && json_take_integer(raw, out) == ST_OK;
}
