#include "replicas/elements.h"

#include <string.h>

#include "proto/check.h"

void elements_release(struct elements *e)
{
    if (e == NULL)
        return;
    buf_release(&e->text);
    e->count = 0;
}

void elements_reset(struct elements *e)
{
    buf_reset(&e->text);
    e->count = 0;
}

static struct bytes element(const struct elements *e, uint32_t index)
{
    CHECK(index < e->count);
    return (struct bytes){e->text.data + e->list[index].at, e->list[index].count};
}

enum status elements_add(struct elements *e, struct bytes json)
{
    uint32_t at = 0;
    while (at < e->count && bytes_compare(element(e, at), json) < 0)
        at++;
    if (at < e->count && bytes_equal(element(e, at), json))
        return ST_OK;
    if (e->count == ELEMENTS_MAX)
        return ST_TOO_LARGE;
    size_t from = e->text.count;
    buf_add_bytes(&e->text, json);
    if (buf_status(&e->text) != ST_OK)
        return ST_NO_MEMORY;
    memmove(&e->list[at + 1], &e->list[at], (e->count - at) * sizeof e->list[0]);
    e->list[at].at = from;
    e->list[at].count = json.count;
    e->count++;
    return ST_OK;
}

void elements_write(const struct elements *e, struct buf *out)
{
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < e->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        buf_add_bytes(out, element(e, i));
    }
    buf_add_byte(out, ']');
    out->failed = out->failed || e->text.failed;
}
