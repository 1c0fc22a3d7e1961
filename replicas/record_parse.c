#include "proto/check.h"
#include "proto/limits.h"
#include "replicas/json.h"
#include "replicas/record.h"

/* The least that each thing takes in a file: what bounds the arrays before anything is parsed. */
enum {
    SEEN_TEXT_MIN = sizeof "\"\":\"1 ab\"" - 1 + CHANGE_TEXT,
    VALUE_TEXT_MIN = sizeof "\"\":0" - 1 + CHANGE_TEXT,
    FIELD_TEXT_MIN = sizeof "\"a\":{}\n" - 1 + VALUE_TEXT_MIN,
    CHANGE_IN_SET_TEXT_MIN = sizeof "\"\"" - 1 + CHANGE_TEXT,
    ELEMENT_TEXT_MIN = sizeof "\"\":[]" - 1 + CHANGE_IN_SET_TEXT_MIN,
    SET_TEXT_MIN = sizeof "\"a\":{}\n" - 1 + ELEMENT_TEXT_MIN,
    HEIGHT_TEXT_MAX = 16, /* digits of 2^53 - 1 */
};

/* The state of one parse: the walker, the record under way and the room it has. */
struct parser {
    struct json_reader r;
    struct record *out;
    struct record_room room;
};

static void fail(struct parser *p, enum status status)
{
    if (p->r.status == ST_OK)
        p->r.status = status;
}

/* A string without its quotes, for readers that allow no escape in it. */
static struct bytes read_word(struct parser *p)
{
    struct bytes text = json_read_text(&p->r);
    if (p->r.status != ST_OK)
        return (struct bytes){0};
    return (struct bytes){text.data + 1, text.count - 2};
}

static struct bytes read_name(struct parser *p)
{
    struct bytes name = read_word(p);
    if (p->r.status == ST_OK && !name_is_valid(name))
        fail(p, ST_MALFORMED);
    return name;
}

static void read_change(struct parser *p, struct change *out)
{
    struct bytes text = read_word(p);
    if (p->r.status == ST_OK && base32_decode(text, out->id, CHANGE_BYTES) != ST_OK)
        fail(p, ST_MALFORMED);
}

/* A change that the record has seen, greater than the one before it in its list. */
static void read_known_change(struct parser *p, const struct change *before, struct change *out)
{
    read_change(p, out);
    if (p->r.status != ST_OK)
        return;
    if (before != NULL && change_compare(before, out) >= 0)
        fail(p, ST_NOT_CANONICAL);
    else if (record_seen(p->out, out) == NULL)
        fail(p, ST_MALFORMED);
}

/* "42 santiago" */
static void read_height_label(struct parser *p, struct record_seen *out)
{
    struct bytes text = read_word(p);
    if (p->r.status != ST_OK)
        return;
    size_t digits = 0;
    while (digits < text.count && digits <= HEIGHT_TEXT_MAX && text.data[digits] != ' ')
        digits++;
    int64_t height;
    if (digits == text.count ||
        json_take_integer((struct bytes){text.data, digits}, &height) != ST_OK || height < 1) {
        fail(p, ST_MALFORMED);
        return;
    }
    out->height = (uint64_t)height;
    out->label = (struct bytes){text.data + digits + 1, text.count - digits - 1};
    if (!label_is_valid(out->label))
        fail(p, ST_MALFORMED);
}

/* Whether one more fits; where the text is canonical, it always does. */
static bool has_room(struct parser *p, size_t count, size_t room)
{
    if (count < room)
        return p->r.status == ST_OK;
    fail(p, ST_NOT_CANONICAL);
    return false;
}

static void parse_seen(struct parser *p)
{
    struct record *out = p->out;
    json_read_literal(&p->r, ",\n\"seen\":{");
    do {
        if (!has_room(p, out->seen_count, p->room.seen))
            return;
        struct record_seen *seen = &out->seen[out->seen_count];
        read_change(p, &seen->change);
        json_read_literal(&p->r, ":");
        read_height_label(p, seen);
        if (p->r.status == ST_OK && out->seen_count > 0 &&
            change_compare(&seen[-1].change, &seen->change) >= 0)
            fail(p, ST_NOT_CANONICAL);
        out->seen_count++;
    } while (json_read_try(&p->r, ","));
    json_read_literal(&p->r, "}");
}

static void parse_field(struct parser *p)
{
    struct record *out = p->out;
    struct record_field *field = &out->fields[out->field_count];
    field->name = read_name(p);
    field->first = out->value_count;
    if (p->r.status == ST_OK && out->field_count > 0 &&
        bytes_compare(field[-1].name, field->name) >= 0)
        fail(p, ST_NOT_CANONICAL);
    json_read_literal(&p->r, ":{");
    do {
        if (!has_room(p, out->value_count, p->room.values))
            return;
        struct record_value *value = &out->values[out->value_count];
        read_known_change(p, field->count > 0 ? &value[-1].change : NULL, &value->change);
        json_read_literal(&p->r, ":");
        value->json = json_read_value(&p->r);
        out->value_count++;
        field->count++;
    } while (json_read_try(&p->r, ","));
    json_read_literal(&p->r, "}");
    out->field_count++;
}

static void parse_element(struct parser *p, const struct record_set *set)
{
    struct record *out = p->out;
    struct record_element *element = &out->elements[out->element_count];
    element->text = json_read_text(&p->r);
    element->first = out->change_count;
    if (p->r.status == ST_OK && set->count > 0 &&
        json_compare_text(element[-1].text, element->text) >= 0)
        fail(p, ST_NOT_CANONICAL);
    json_read_literal(&p->r, ":[");
    do {
        if (!has_room(p, out->change_count, p->room.changes))
            return;
        struct change *change = &out->changes[out->change_count];
        read_known_change(p, element->count > 0 ? &change[-1] : NULL, change);
        out->change_count++;
        element->count++;
    } while (json_read_try(&p->r, ","));
    json_read_literal(&p->r, "]");
    out->element_count++;
}

static void parse_set(struct parser *p)
{
    struct record *out = p->out;
    struct record_set *set = &out->sets[out->set_count];
    set->name = read_name(p);
    set->first = out->element_count;
    if (p->r.status == ST_OK && out->set_count > 0 && bytes_compare(set[-1].name, set->name) >= 0)
        fail(p, ST_NOT_CANONICAL);
    json_read_literal(&p->r, ":{");
    do {
        if (!has_room(p, out->element_count, p->room.elements))
            return;
        parse_element(p, set);
        set->count++;
    } while (json_read_try(&p->r, ","));
    json_read_literal(&p->r, "}");
    out->set_count++;
}

static void parse_fields(struct parser *p)
{
    do {
        if (!has_room(p, p->out->field_count, p->room.fields))
            return;
        json_read_literal(&p->r, "\n");
        parse_field(p);
    } while (json_read_try(&p->r, ","));
    json_read_literal(&p->r, "\n}");
}

static void parse_sets(struct parser *p)
{
    do {
        if (!has_room(p, p->out->set_count, p->room.sets))
            return;
        json_read_literal(&p->r, "\n");
        parse_set(p);
    } while (json_read_try(&p->r, ","));
    json_read_literal(&p->r, "\n}");
}

/* The content, one member a line, copied without its line breaks. */
static void parse_entry(struct parser *p, uint8_t *copy)
{
    uint8_t *at = copy;
    struct bytes key, before = {0};
    *at++ = '{';
    while (p->r.status == ST_OK && json_read_try(&p->r, before.count > 0 ? ",\n" : "\n")) {
        const uint8_t *from = p->r.at;
        key = json_read_text(&p->r);
        if (p->r.status == ST_OK && before.count > 0 && json_compare_text(before, key) >= 0)
            fail(p, ST_NOT_CANONICAL);
        json_read_literal(&p->r, ":");
        (void)json_read_value(&p->r);
        if (p->r.status != ST_OK)
            return;
        if (before.count > 0)
            *at++ = ',';
        memcpy(at, from, (size_t)(p->r.at - from));
        at += p->r.at - from;
        before = key;
    }
    json_read_literal(&p->r, before.count > 0 ? "\n}}\n" : "}}\n");
    *at++ = '}';
    p->out->entry = (struct bytes){copy, (size_t)(at - copy)};
    /* The members are canonical each; their depth inside the content is not yet known to be. */
    if (p->r.status == ST_OK && json_check(p->out->entry) != ST_OK)
        fail(p, ST_TOO_LARGE);
}

static bool id_is_valid(struct bytes id, size_t bytes)
{
    uint8_t decoded[ENTRY_ID_BYTES];
    return hex_decode(id, decoded, bytes) == ST_OK;
}

/* How much each array can need at most: 'head' bytes up to the end of seen, 'rest' behind it. */
static struct record_room room_of(struct bytes text)
{
    const uint8_t *line = memchr(text.data, '\n', text.count);
    size_t head = line != NULL ? (size_t)(line - text.data) + 1 : text.count;
    const uint8_t *seen =
        text.count > head ? memchr(text.data + head, '\n', text.count - head) : NULL;
    if (seen != NULL)
        head = (size_t)(seen - text.data) + 1;
    size_t rest = text.count - head;
    return (struct record_room){.seen = head / SEEN_TEXT_MIN,
                                .values = rest / VALUE_TEXT_MIN,
                                .fields = rest / FIELD_TEXT_MIN,
                                .sets = rest / SET_TEXT_MIN,
                                .elements = rest / ELEMENT_TEXT_MIN,
                                .changes = rest / CHANGE_IN_SET_TEXT_MIN};
}

enum status record_parse(struct bytes text, struct record *out)
{
    *out = (struct record){0};
    if (text.count > RECORD_JOINED_BYTES_MAX)
        return ST_TOO_LARGE;
    if (text.count == 0)
        return ST_MALFORMED;
    struct parser p = {.out = out};
    json_read(&p.r, text);
    json_read_literal(&p.r, "{\"id\":");
    struct bytes id = read_word(&p);
    json_read_literal(&p.r, ",\"type\":");
    struct bytes type = read_name(&p);
    bool entry = json_read_try(&p.r, ",\"entry\":{");
    if (p.r.status == ST_OK && !id_is_valid(id, entry ? ENTRY_ID_BYTES : RECORD_ID_BYTES))
        fail(&p, ST_MALFORMED);
    if (p.r.status != ST_OK)
        return p.r.status;
    uint8_t *bytes = NULL;
    p.room = entry ? (struct record_room){.bytes = text.count} : room_of(text);
    enum status status = record_make_room(&p.room, out, &bytes);
    if (status != ST_OK)
        return status;
    out->id = id;
    out->type = type;
    if (entry) {
        parse_entry(&p, bytes);
    } else {
        parse_seen(&p);
        if (json_read_try(&p.r, ",\n\"fields\":{"))
            parse_fields(&p);
        if (json_read_try(&p.r, ",\n\"sets\":{"))
            parse_sets(&p);
        json_read_literal(&p.r, "}\n");
    }
    status = json_end(&p.r);
    if (status != ST_OK)
        record_release(out);
    return status;
}
