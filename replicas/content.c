#include "replicas/content.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"

enum status content_init(struct content *c, uint32_t capacity)
{
    *c = (struct content){.capacity = capacity};
    c->members = mem_array(capacity, sizeof *c->members);
    return c->members != NULL ? ST_OK : ST_NO_MEMORY;
}

void content_release(struct content *c)
{
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->count; i++)
        buf_release(&c->members[i].json);
    mem_free(c->members);
    *c = (struct content){0};
}

enum status content_add(struct content *c, const char *name, struct bytes json, struct fault *f)
{
    CHECK(c->count < c->capacity);
    if (content_has(c, name))
        return fault_set(f, ST_USAGE, "%s is given twice", name);
    uint32_t at = c->count;
    for (; at > 0 && strcmp(c->members[at - 1].name, name) > 0; at--)
        c->members[at] = c->members[at - 1];
    c->members[at] = (struct content_member){.name = name};
    c->count++;
    buf_add_bytes(&c->members[at].json, json);
    return buf_status(&c->members[at].json);
}

bool content_has(const struct content *c, const char *name)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (strcmp(c->members[i].name, name) == 0)
            return true;
    return false;
}

void content_write(const struct content *c, struct buf *out)
{
    buf_add_byte(out, '{');
    for (uint32_t i = 0; i < c->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        json_add_text(out, bytes_of_text(c->members[i].name));
        buf_add_byte(out, ':');
        buf_add_bytes(out, buf_bytes(&c->members[i].json));
    }
    buf_add_byte(out, '}');
}
