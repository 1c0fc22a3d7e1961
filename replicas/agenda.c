#include "replicas/agenda.h"

#include "replicas/json.h"
#include "replicas/object.h"

struct list {
    struct buf *out;
    bool any;
};

static void begin(struct list *l, const char *change, const char *label)
{
    buf_add_format(l->out, "%s{\"change\":\"%s\"", l->any ? "," : "", change);
    if (label != NULL)
        buf_add_format(l->out, ",\"label\":\"%s\"", label);
    l->any = true;
}

static void add_role(struct list *l, const struct charter_member *m)
{
    buf_add_format(l->out, ",\"role\":\"%s\"", charter_role_text(m->role));
}

static void add_rights(struct list *l, const struct charter_member *m)
{
    buf_add_format(l->out, ",\"rights\":[%s%s%s]", m->admin ? "\"admin\"" : "",
                   m->admin && m->treasurer ? "," : "", m->treasurer ? "\"treasurer\"" : "");
}

static void add_kept(struct list *l, const struct charter *next, const struct key *key)
{
    const struct charter_retired *retired = charter_retired_key(next, key);
    buf_add_format(l->out, ",\"kept\":%u", retired != NULL ? retired->kept_count : 0);
}

static void compare(struct list *l, const struct charter *next, const struct charter_member *a,
                    const struct charter_member *b)
{
    if (memcmp(&a->key, &b->key, sizeof a->key) != 0) {
        begin(l, "key", a->label);
        add_kept(l, next, &a->key);
        buf_add_byte(l->out, '}');
    }
    if (a->role != b->role) {
        begin(l, "role", a->label);
        add_role(l, b);
        buf_add_byte(l->out, '}');
    }
    if (a->admin != b->admin || a->treasurer != b->treasurer) {
        begin(l, "rights", a->label);
        add_rights(l, b);
        buf_add_byte(l->out, '}');
    }
    if (strcmp(a->address, b->address) != 0) {
        begin(l, "address", a->label);
        buf_add_text(l->out, ",\"address\":");
        json_add_text(l->out, bytes_of_text(b->address));
        buf_add_byte(l->out, '}');
    }
}

static void compare_members(struct list *l, const struct charter *before,
                            const struct charter *next)
{
    for (uint32_t i = 0; i < before->member_count; i++) {
        const struct charter_member *a = &before->members[i];
        const struct charter_member *b = charter_by_label(next, bytes_of_text(a->label));
        if (b != NULL) {
            compare(l, next, a, b);
            continue;
        }
        begin(l, "remove", a->label);
        add_kept(l, next, &a->key);
        buf_add_byte(l->out, '}');
    }
    for (uint32_t i = 0; i < next->member_count; i++) {
        const struct charter_member *b = &next->members[i];
        if (charter_by_label(before, bytes_of_text(b->label)) != NULL)
            continue;
        begin(l, "add", b->label);
        add_role(l, b);
        add_rights(l, b);
        buf_add_byte(l->out, '}');
    }
}

static void compare_schemas(struct list *l, const struct charter *before,
                            const struct charter *next)
{
    struct object o;
    struct bytes name, value, old = object_find(before->schema_json, "types"),
                              new = object_find(next->schema_json, "types");
    bool any = false;
    if (bytes_equal(old, new))
        return;
    begin(l, "schema", NULL);
    buf_add_text(l->out, ",\"types\":[");
    object_begin(&o, new);
    while (object_next(&o, &name, &value)) {
        struct object there;
        struct bytes other_name, other;
        bool same = false;
        object_begin(&there, old);
        while (object_next(&there, &other_name, &other))
            same = same || (bytes_equal(other_name, name) && bytes_equal(other, value));
        if (same)
            continue;
        buf_add_text(l->out, any ? "," : "");
        json_add_text(l->out, name);
        any = true;
    }
    buf_add_text(l->out, "]}");
}

static void compare_audits(struct list *l, const struct charter *before, const struct charter *next)
{
    const struct schema_audit *a = &before->schema->audit, *b = &next->schema->audit;
    if (a->sessions_group == b->sessions_group &&
        a->sessions_individual == b->sessions_individual && a->small_cell == b->small_cell)
        return;
    begin(l, "audit", NULL);
    buf_add_format(l->out, ",\"sessions\":{\"group\":%u,\"individual\":%u},\"small_cell\":%u}",
                   b->sessions_group, b->sessions_individual, b->small_cell);
}

void agenda_changes(const struct charter *before, const struct charter *next, struct buf *out)
{
    struct list l = {.out = out};
    buf_add_byte(out, '[');
    compare_members(&l, before, next);
    compare_schemas(&l, before, next);
    compare_audits(&l, before, next);
    if (!bytes_equal(before->limits_json, next->limits_json)) {
        begin(&l, "limits", NULL);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}
