#include "replicas/index_steps.h"

#include "proto/check.h"
#include "proto/mem.h"

enum { STEPS_FIRST = 64 };

void index_steps_release(struct index_steps *s)
{
    if (s == NULL)
        return;
    mem_free(s->list);
    mem_free(s->types);
    *s = (struct index_steps){0};
}

static enum status type_number(struct index_steps *s, struct bytes type, uint32_t *out)
{
    for (uint32_t i = s->type_count; i-- > 0;) {
        if (bytes_equal_text(type, s->types[i])) {
            *out = i;
            return ST_OK;
        }
    }
    void *grown = mem_resize(s->types, (s->type_count + 1) * sizeof *s->types);
    if (grown == NULL)
        return ST_NO_MEMORY;
    s->types = grown;
    memcpy(s->types[s->type_count], type.data, type.count);
    s->types[s->type_count][type.count] = '\0';
    *out = s->type_count++;
    return ST_OK;
}

/* "records/<type>/h/h/h/<id>.json"; false: no record's path. */
static bool split_path(const char *path, struct bytes *type_out, struct bytes *id_out)
{
    static const char start[] = "records/", end[] = ".json";
    if (strncmp(path, start, sizeof start - 1) != 0)
        return false;
    const char *type = path + sizeof start - 1;
    const char *slash = strchr(type, '/'), *last = strrchr(path, '/');
    if (slash == NULL || last == NULL || last <= slash)
        return false;
    struct bytes file = bytes_of_text(last + 1);
    if (file.count <= sizeof end - 1)
        return false;
    *type_out = (struct bytes){(const uint8_t *)type, (size_t)(slash - type)};
    *id_out = (struct bytes){file.data, file.count - (sizeof end - 1)};
    return name_is_valid(*type_out) &&
           (id_out->count == RECORD_ID_TEXT || id_out->count == ENTRY_ID_TEXT);
}

enum status index_steps_add(void *user, const char *path, const struct oid *a, const struct oid *b)
{
    (void)a;
    struct index_steps *s = user;
    struct bytes type, id;
    CHECK(s->count <= s->capacity);
    if (!split_path(path, &type, &id))
        return ST_OK; /* accounts, charters: not rows */
    if (s->count == s->capacity) {
        size_t capacity = s->capacity > 0 ? 2 * s->capacity : STEPS_FIRST;
        void *grown = mem_resize(s->list, capacity * sizeof *s->list);
        if (grown == NULL)
            return ST_NO_MEMORY;
        s->list = grown;
        s->capacity = capacity;
    }
    struct index_step *step = &s->list[s->count];
    step->blob = *b;
    memcpy(step->id, id.data, id.count);
    step->id[id.count] = '\0';
    enum status status = type_number(s, type, &step->type);
    if (status == ST_OK)
        s->count++;
    return status;
}
