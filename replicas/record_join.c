#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/record.h"

/*
 * In a field, and for each element of a set: keep a change that both sides hold; keep one that one
 * side holds and the other has not seen. Everything is sorted, so each level is one merge.
 */

/* The two versions and what is made of them. */
struct joiner {
    const struct record *a, *b;
    struct record *out;
};

static bool survives(const struct change *c, const struct record *other)
{
    return record_seen(other, c) == NULL;
}

static struct bytes smaller(struct bytes a, struct bytes b)
{
    return bytes_compare(a, b) <= 0 ? a : b;
}

static bool comes_first(const struct record_seen *a, const struct record_seen *b)
{
    return a->height != b->height ? a->height < b->height : bytes_compare(a->label, b->label) <= 0;
}

static void join_seen(struct joiner *j)
{
    const struct record_seen *a = j->a->seen, *b = j->b->seen;
    const struct record_seen *a_end = a + j->a->seen_count, *b_end = b + j->b->seen_count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : change_compare(&a->change, &b->change);
        struct record_seen *to = &j->out->seen[j->out->seen_count++];
        if (order == 0)
            *to = comes_first(a, b) ? *a : *b;
        else
            *to = order < 0 ? *a : *b;
        a += order <= 0;
        b += order >= 0;
    }
}

static void keep_value(struct joiner *j, const struct record_value *value)
{
    j->out->values[j->out->value_count++] = *value;
}

static void join_field(struct joiner *j, const struct record_field *fa,
                       const struct record_field *fb)
{
    static const struct record_field none;
    struct record_field *field = &j->out->fields[j->out->field_count];
    *field = (struct record_field){fa != NULL ? fa->name : fb->name, j->out->value_count, 0};
    if (fa == NULL)
        fa = &none;
    if (fb == NULL)
        fb = &none;
    const struct record_value *a = j->a->values + fa->first, *a_end = a + fa->count;
    const struct record_value *b = j->b->values + fb->first, *b_end = b + fb->count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : change_compare(&a->change, &b->change);
        if (order == 0)
            keep_value(j, &(struct record_value){a->change, smaller(a->json, b->json)});
        else if (order < 0 && survives(&a->change, j->b))
            keep_value(j, a);
        else if (order > 0 && survives(&b->change, j->a))
            keep_value(j, b);
        a += order <= 0;
        b += order >= 0;
    }
    field->count = j->out->value_count - field->first;
    if (field->count > 0)
        j->out->field_count++;
}

static void join_fields(struct joiner *j)
{
    const struct record_field *a = j->a->fields, *a_end = a + j->a->field_count;
    const struct record_field *b = j->b->fields, *b_end = b + j->b->field_count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : bytes_compare(a->name, b->name);
        join_field(j, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        a += order <= 0;
        b += order >= 0;
    }
}

static void join_element(struct joiner *j, const struct record_element *ea,
                         const struct record_element *eb)
{
    static const struct record_element none;
    struct record *out = j->out;
    struct record_element *element = &out->elements[out->element_count];
    *element = (struct record_element){ea != NULL ? ea->text : eb->text, out->change_count, 0};
    if (ea == NULL)
        ea = &none;
    if (eb == NULL)
        eb = &none;
    const struct change *a = j->a->changes + ea->first, *a_end = a + ea->count;
    const struct change *b = j->b->changes + eb->first, *b_end = b + eb->count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : change_compare(a, b);
        if (order == 0 || (order < 0 && survives(a, j->b)))
            out->changes[out->change_count++] = *a;
        else if (order > 0 && survives(b, j->a))
            out->changes[out->change_count++] = *b;
        a += order <= 0;
        b += order >= 0;
    }
    element->count = out->change_count - element->first;
    if (element->count > 0)
        out->element_count++;
}

static void join_set(struct joiner *j, const struct record_set *sa, const struct record_set *sb)
{
    static const struct record_set none;
    struct record_set *set = &j->out->sets[j->out->set_count];
    *set = (struct record_set){sa != NULL ? sa->name : sb->name, j->out->element_count, 0};
    if (sa == NULL)
        sa = &none;
    if (sb == NULL)
        sb = &none;
    const struct record_element *a = j->a->elements + sa->first, *a_end = a + sa->count;
    const struct record_element *b = j->b->elements + sb->first, *b_end = b + sb->count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : json_compare_text(a->text, b->text);
        join_element(j, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        a += order <= 0;
        b += order >= 0;
    }
    set->count = j->out->element_count - set->first;
    if (set->count > 0)
        j->out->set_count++;
}

static void join_sets(struct joiner *j)
{
    const struct record_set *a = j->a->sets, *a_end = a + j->a->set_count;
    const struct record_set *b = j->b->sets, *b_end = b + j->b->set_count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : bytes_compare(a->name, b->name);
        join_set(j, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        a += order <= 0;
        b += order >= 0;
    }
}

/* The id and an entry's content may stand in the block of a version; both are copied. */
static struct bytes copied(struct bytes from, uint8_t *to)
{
    if (from.count > 0)
        memcpy(to, from.data, from.count);
    return (struct bytes){from.count > 0 ? to : NULL, from.count};
}

enum status record_join(const struct record *a, const struct record *b, struct record *out)
{
    CHECK(out != a && out != b);
    *out = (struct record){0};
    bool entry = a->entry.count > 0;
    if (!bytes_equal(a->id, b->id) || !bytes_equal(a->type, b->type) ||
        entry != (b->entry.count > 0))
        return ST_MALFORMED;
    struct bytes content = smaller(a->entry, b->entry);
    struct record_room room = {(size_t)a->seen_count + b->seen_count,
                               (size_t)a->field_count + b->field_count,
                               (size_t)a->value_count + b->value_count,
                               (size_t)a->set_count + b->set_count,
                               (size_t)a->element_count + b->element_count,
                               (size_t)a->change_count + b->change_count,
                               a->id.count + content.count};
    uint8_t *bytes;
    enum status status = record_make_room(&room, out, &bytes);
    if (status != ST_OK)
        return status;
    out->id = copied(a->id, bytes);
    out->entry = copied(content, bytes + a->id.count);
    out->type = a->type;
    struct joiner j = {a, b, out};
    if (!entry) {
        join_seen(&j);
        join_fields(&j);
        join_sets(&j);
    }
    CHECK(out->seen_count <= room.seen && out->value_count <= room.values);
    return ST_OK;
}
