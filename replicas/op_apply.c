#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/op.h"

/* The base, what is made of it, and the operations not yet applied: both sides are sorted alike. */
struct applier {
    const struct record *base;
    const struct op_change *by;
    struct record *out;
    const struct op *op, *end;
    bool wrong;
};

/* Whether 'c' is the next of the superseded changes; it is then taken from 'over'. */
static bool take_superseded(struct bytes *over, const struct change *c)
{
    if (over->count < CHANGE_BYTES || memcmp(over->data, c->id, CHANGE_BYTES) != 0)
        return false;
    over->data += CHANGE_BYTES;
    over->count -= CHANGE_BYTES;
    return true;
}

static void apply_seen(struct applier *a)
{
    const struct record *base = a->base;
    struct record_seen own = {a->by->change, a->by->height, a->by->label};
    uint32_t i = 0;
    struct record_seen *to = a->out->seen;
    while (i < base->seen_count && change_compare(&base->seen[i].change, &own.change) < 0)
        *to++ = base->seen[i++];
    if (i < base->seen_count && change_compare(&base->seen[i].change, &own.change) == 0)
        a->wrong = true;
    *to++ = own;
    while (i < base->seen_count)
        *to++ = base->seen[i++];
    a->out->seen_count = base->seen_count + 1;
}

/* One field of the base, or a new one (NULL), after 'op', or none (NULL). */
static void apply_field(struct applier *a, const struct record_field *from, const struct op *op)
{
    struct record *out = a->out;
    struct record_field *field = &out->fields[out->field_count++];
    struct bytes over = op != NULL ? op->over : (struct bytes){0};
    *field = (struct record_field){from != NULL ? from->name : op->name, out->value_count, 0};
    bool placed = op == NULL;
    for (uint32_t i = 0; from != NULL && i < from->count; i++) {
        const struct record_value *value = &a->base->values[from->first + i];
        if (!placed && change_compare(&a->by->change, &value->change) < 0) {
            out->values[out->value_count++] = (struct record_value){a->by->change, op->value};
            placed = true;
        }
        if (!take_superseded(&over, &value->change))
            out->values[out->value_count++] = *value;
    }
    if (!placed)
        out->values[out->value_count++] = (struct record_value){a->by->change, op->value};
    field->count = out->value_count - field->first;
    if (over.count > 0)
        a->wrong = true;
}

static void apply_fields(struct applier *a)
{
    const struct record_field *field = a->base->fields, *end = field + a->base->field_count;
    while (field < end || (a->op < a->end && a->op->verb == OP_SET)) {
        bool sets = a->op < a->end && a->op->verb == OP_SET;
        int order = field == end ? 1 : !sets ? -1 : bytes_compare(field->name, a->op->name);
        apply_field(a, order <= 0 ? field : NULL, order >= 0 ? a->op : NULL);
        field += order <= 0;
        a->op += order >= 0;
    }
}

static void apply_element(struct applier *a, const struct record_element *from, const struct op *op)
{
    struct record *out = a->out;
    struct record_element *element = &out->elements[out->element_count];
    struct bytes over = op != NULL ? op->over : (struct bytes){0};
    *element = (struct record_element){from != NULL ? from->text : op->value, out->change_count, 0};
    bool placed = op == NULL || op->verb != OP_ADD;
    for (uint32_t i = 0; from != NULL && i < from->count; i++) {
        const struct change *change = &a->base->changes[from->first + i];
        if (!placed && change_compare(&a->by->change, change) < 0) {
            out->changes[out->change_count++] = a->by->change;
            placed = true;
        }
        if (!take_superseded(&over, change))
            out->changes[out->change_count++] = *change;
    }
    if (!placed)
        out->changes[out->change_count++] = a->by->change;
    element->count = out->change_count - element->first;
    if (element->count > 0)
        out->element_count++;
    if (over.count > 0 || (op != NULL && op->verb == OP_DROP && op->over.count == 0))
        a->wrong = true;
}

/* One set of the base, or a new one (NULL), after the operations that name it, if any. */
static void apply_set(struct applier *a, const struct record_set *from, struct bytes name)
{
    struct record *out = a->out;
    struct record_set *set = &out->sets[out->set_count];
    *set = (struct record_set){name, out->element_count, 0};
    static const struct record_set none;
    if (from == NULL)
        from = &none;
    const struct record_element *element = a->base->elements + from->first;
    const struct record_element *end = element + from->count;
    for (;;) {
        bool named = a->op < a->end && bytes_equal(a->op->name, name);
        if (element == end && !named)
            break;
        int order = element == end ? 1
                    : !named       ? -1
                                   : json_compare_text(element->text, a->op->value);
        apply_element(a, order <= 0 ? element : NULL, order >= 0 ? a->op : NULL);
        element += order <= 0;
        a->op += order >= 0;
    }
    set->count = out->element_count - set->first;
    if (set->count > 0)
        out->set_count++;
}

static void apply_sets(struct applier *a)
{
    const struct record_set *set = a->base->sets, *end = set + a->base->set_count;
    while (set < end || a->op < a->end) {
        int order = set == end ? 1 : a->op == a->end ? -1 : bytes_compare(set->name, a->op->name);
        apply_set(a, order <= 0 ? set : NULL, order <= 0 ? set->name : a->op->name);
        set += order <= 0;
    }
}

/* Whether all operations are on fields and sets of one record, in canonical order. */
static bool belong_together(const struct op *ops, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ops[i].verb != OP_SET && ops[i].verb != OP_ADD && ops[i].verb != OP_DROP)
            return false;
        if (i > 0 &&
            (memcmp(ops[i].id, ops[0].id, RECORD_ID_BYTES) != 0 ||
             !bytes_equal(ops[i].type, ops[0].type) || op_list_compare(&ops[i - 1], &ops[i]) >= 0))
            return false;
    }
    return count > 0;
}

enum status op_apply(const struct record *base, const struct op *ops, uint32_t count,
                     const struct op_change *by, struct record *out)
{
    CHECK(out != base);
    *out = (struct record){0};
    if (!belong_together(ops, count))
        return ST_WRONG_OPERATION;
    char id[RECORD_ID_TEXT + 1];
    hex_encode(ops[0].id, RECORD_ID_BYTES, id);
    if (base != NULL && (!bytes_equal_text(base->id, id) || !bytes_equal(base->type, ops[0].type)))
        return ST_WRONG_OPERATION;
    if (base == NULL)
        base = &record_empty;
    struct record_room room = {.seen = (size_t)base->seen_count + 1,
                               .fields = (size_t)base->field_count + count,
                               .values = (size_t)base->value_count + count,
                               .sets = (size_t)base->set_count + count,
                               .elements = (size_t)base->element_count + count,
                               .changes = (size_t)base->change_count + count,
                               .bytes = RECORD_ID_TEXT};
    uint8_t *id_copy;
    enum status status = record_make_room(&room, out, &id_copy);
    if (status != ST_OK)
        return status;
    memcpy(id_copy, id, RECORD_ID_TEXT);
    out->id = (struct bytes){id_copy, RECORD_ID_TEXT};
    out->type = ops[0].type;
    struct applier a = {base, by, out, ops, ops + count, false};
    apply_seen(&a);
    apply_fields(&a);
    apply_sets(&a);
    CHECK(a.op == a.end);
    if (!a.wrong)
        return ST_OK;
    record_release(out);
    return ST_WRONG_OPERATION;
}
