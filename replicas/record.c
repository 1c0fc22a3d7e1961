#include "replicas/record.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"

static_assert(_Alignof(struct record_seen) >= _Alignof(struct record_value) &&
                  _Alignof(struct record_value) >= _Alignof(struct record_field) &&
                  _Alignof(struct record_field) >= _Alignof(struct record_set) &&
                  _Alignof(struct record_set) >= _Alignof(struct record_element) &&
                  _Alignof(struct record_element) >= _Alignof(struct change),
              "the arrays of a block stand behind each other without padding");

/* Arrays of no elements that are still no null pointers, so that zero may be added to them. */
static struct record_seen no_seen[1];
static struct record_field no_fields[1];
static struct record_value no_values[1];
static struct record_set no_sets[1];
static struct record_element no_elements[1];
static struct change no_changes[1];

const struct record record_empty = {.seen = no_seen,
                                    .fields = no_fields,
                                    .values = no_values,
                                    .sets = no_sets,
                                    .elements = no_elements,
                                    .changes = no_changes};

void record_release(struct record *r)
{
    if (r == NULL)
        return;
    mem_free(r->block);
    *r = (struct record){0};
}

enum status record_make_room(const struct record_room *room, struct record *out,
                             uint8_t **bytes_out)
{
    CHECK(room->seen < UINT32_MAX && room->values < UINT32_MAX && room->changes < UINT32_MAX);
    *out = (struct record){0};
    size_t bytes = room->seen * sizeof *out->seen + room->values * sizeof *out->values +
                   room->fields * sizeof *out->fields + room->sets * sizeof *out->sets +
                   room->elements * sizeof *out->elements + room->changes * sizeof *out->changes;
    out->block = mem_alloc(bytes + room->bytes);
    if (out->block == NULL)
        return ST_NO_MEMORY;
    out->seen = out->block;
    out->values = (struct record_value *)(out->seen + room->seen);
    out->fields = (struct record_field *)(out->values + room->values);
    out->sets = (struct record_set *)(out->fields + room->fields);
    out->elements = (struct record_element *)(out->sets + room->sets);
    out->changes = (struct change *)(out->elements + room->elements);
    if (bytes_out != NULL)
        *bytes_out = (uint8_t *)(out->changes + room->changes);
    return ST_OK;
}

static void add_quoted(struct buf *out, struct bytes word)
{
    buf_add_byte(out, '"');
    buf_add_bytes(out, word);
    buf_add_byte(out, '"');
}

static void add_change(struct buf *out, const struct change *c)
{
    char text[CHANGE_TEXT + 3];
    text[0] = '"';
    base32_encode(c->id, CHANGE_BYTES, text + 1);
    text[CHANGE_TEXT + 1] = '"';
    buf_add(out, text, CHANGE_TEXT + 2);
}

static void add_seen(const struct record *r, struct buf *out)
{
    buf_add_text(out, ",\n\"seen\":{");
    for (uint32_t i = 0; i < r->seen_count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_change(out, &r->seen[i].change);
        buf_add_text(out, ":\"");
        json_add_integer(out, (int64_t)r->seen[i].height);
        buf_add_byte(out, ' ');
        buf_add_bytes(out, r->seen[i].label);
        buf_add_byte(out, '"');
    }
    buf_add_byte(out, '}');
}

static void add_fields(const struct record *r, struct buf *out)
{
    buf_add_text(out, ",\n\"fields\":{");
    for (uint32_t i = 0; i < r->field_count; i++) {
        const struct record_field *field = &r->fields[i];
        buf_add_text(out, i > 0 ? ",\n" : "\n");
        add_quoted(out, field->name);
        for (uint32_t k = 0; k < field->count; k++) {
            buf_add_text(out, k > 0 ? "," : ":{");
            add_change(out, &r->values[field->first + k].change);
            buf_add_byte(out, ':');
            buf_add_bytes(out, r->values[field->first + k].json);
        }
        buf_add_byte(out, '}');
    }
    buf_add_text(out, "\n}");
}

static void add_element(const struct record *r, const struct record_element *element,
                        struct buf *out)
{
    buf_add_bytes(out, element->text);
    for (uint32_t i = 0; i < element->count; i++) {
        buf_add_text(out, i > 0 ? "," : ":[");
        add_change(out, &r->changes[element->first + i]);
    }
    buf_add_byte(out, ']');
}

static void add_sets(const struct record *r, struct buf *out)
{
    buf_add_text(out, ",\n\"sets\":{");
    for (uint32_t i = 0; i < r->set_count; i++) {
        const struct record_set *set = &r->sets[i];
        buf_add_text(out, i > 0 ? ",\n" : "\n");
        add_quoted(out, set->name);
        for (uint32_t k = 0; k < set->count; k++) {
            buf_add_text(out, k > 0 ? "," : ":{");
            add_element(r, &r->elements[set->first + k], out);
        }
        buf_add_byte(out, '}');
    }
    buf_add_text(out, "\n}");
}

static void add_entry(struct bytes content, struct buf *out)
{
    struct json_reader r;
    json_read(&r, content);
    json_read_literal(&r, "{");
    buf_add_text(out, ",\"entry\":{");
    if (!json_read_try(&r, "}")) {
        do {
            buf_add_text(out, r.at == content.data + 1 ? "\n" : ",\n");
            buf_add_bytes(out, json_read_text(&r));
            json_read_literal(&r, ":");
            buf_add_byte(out, ':');
            buf_add_bytes(out, json_read_value(&r));
        } while (json_read_try(&r, ","));
        json_read_literal(&r, "}");
        buf_add_byte(out, '\n');
    }
    CHECK(json_end(&r) == ST_OK);
    buf_add_byte(out, '}');
}

void record_encode(const struct record *r, struct buf *out)
{
    CHECK(r->entry.count > 0 || r->seen_count > 0);
    buf_add_text(out, "{\"id\":");
    add_quoted(out, r->id);
    buf_add_text(out, ",\"type\":");
    add_quoted(out, r->type);
    if (r->entry.count > 0) {
        add_entry(r->entry, out);
    } else {
        add_seen(r, out);
        if (r->field_count > 0)
            add_fields(r, out);
        if (r->set_count > 0)
            add_sets(r, out);
    }
    buf_add_text(out, "}\n");
}

const struct record_field *record_field(const struct record *r, struct bytes name)
{
    for (uint32_t i = 0; i < r->field_count; i++)
        if (bytes_equal(r->fields[i].name, name))
            return &r->fields[i];
    return NULL;
}

const struct record_set *record_set(const struct record *r, struct bytes name)
{
    for (uint32_t i = 0; i < r->set_count; i++)
        if (bytes_equal(r->sets[i].name, name))
            return &r->sets[i];
    return NULL;
}

const struct record_element *record_element(const struct record *r, const struct record_set *set,
                                            struct bytes text_json)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (bytes_equal(r->elements[set->first + i].text, text_json))
            return &r->elements[set->first + i];
    return NULL;
}

const struct record_seen *record_seen(const struct record *r, const struct change *c)
{
    uint32_t low = 0, high = r->seen_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = change_compare(&r->seen[middle].change, c);
        if (order == 0)
            return &r->seen[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int compare_age(const struct record_seen *a, const struct record_seen *b)
{
    if (a->height != b->height)
        return a->height < b->height ? -1 : 1;
    int order = bytes_compare(a->label, b->label);
    return order != 0 ? order : change_compare(&a->change, &b->change);
}

const struct record_value *record_reads(const struct record *r, const struct record_field *f)
{
    CHECK(f->count > 0);
    const struct record_value *best = &r->values[f->first];
    if (f->count == 1)
        return best;
    const struct record_seen *best_seen = record_seen(r, &best->change);
    for (uint32_t i = 1; i < f->count; i++) {
        const struct record_value *value = &r->values[f->first + i];
        const struct record_seen *seen = record_seen(r, &value->change);
        CHECK(seen != NULL && best_seen != NULL);
        if (compare_age(seen, best_seen) <= 0)
            continue;
        best = value;
        best_seen = seen;
    }
    return best;
}

bool record_conflicts(const struct record *r, const struct record_field *f)
{
    for (uint32_t i = 1; i < f->count; i++)
        if (!bytes_equal(r->values[f->first].json, r->values[f->first + i].json))
            return true;
    return false;
}
