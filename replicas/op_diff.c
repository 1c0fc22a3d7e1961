#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/op.h"

/* Two versions of one record, the only change that may be new, and the operation under way. */
struct differ {
    const struct record *base, *tree;
    const struct change *change;
    struct op_list *out;
    struct op op;
    struct buf over; /* what the operation supersedes */
    enum status status;
};

static void fail(struct differ *d, enum status status)
{
    if (d->status == ST_OK)
        d->status = status;
}

static void begin(struct differ *d, enum op_verb verb, struct bytes name, struct bytes value)
{
    d->op.verb = verb;
    d->op.name = name;
    d->op.value = value;
    buf_reset(&d->over);
}

static void finish(struct differ *d)
{
    if (d->status != ST_OK)
        return;
    fail(d, buf_status(&d->over));
    d->op.over = buf_bytes(&d->over);
    if (d->status == ST_OK)
        fail(d, op_list_add(d->out, &d->op));
}

static void supersede(struct differ *d, const struct change *c)
{
    buf_add(&d->over, c->id, CHANGE_BYTES);
}

/* Nothing that was seen is forgotten, and at most 'change' is new. Whether it is. */
static bool diff_seen(struct differ *d)
{
    const struct record *base = d->base, *tree = d->tree;
    uint32_t k = 0;
    bool grown = false;
    for (uint32_t i = 0; i < tree->seen_count; i++) {
        const struct record_seen *seen = &tree->seen[i];
        if (k < base->seen_count && change_compare(&base->seen[k].change, &seen->change) == 0) {
            if (base->seen[k].height != seen->height ||
                !bytes_equal(base->seen[k].label, seen->label))
                fail(d, ST_WRONG_OPERATION);
            k++;
        } else if (change_compare(&seen->change, d->change) == 0) {
            grown = true;
        } else {
            fail(d, ST_WRONG_OPERATION);
        }
    }
    if (k < base->seen_count)
        fail(d, ST_WRONG_OPERATION);
    return grown;
}

static void diff_field(struct differ *d, const struct record_field *old,
                       const struct record_field *new)
{
    static const struct record_field none;
    begin(d, OP_SET, new != NULL ? new->name : old->name, (struct bytes){0});
    if (old == NULL)
        old = &none;
    if (new == NULL)
        new = &none;
    const struct record_value *a = d->base->values + old->first, *a_end = a + old->count;
    const struct record_value *b = d->tree->values + new->first, *b_end = b + new->count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : change_compare(&a->change, &b->change);
        if (order < 0)
            supersede(d, &a->change);
        else if (order == 0 && !bytes_equal(a->json, b->json))
            fail(d, ST_WRONG_OPERATION);
        else if (order > 0 && change_compare(&b->change, d->change) == 0)
            d->op.value = b->json;
        else if (order > 0)
            fail(d, ST_WRONG_OPERATION);
        a += order <= 0;
        b += order >= 0;
    }
    if (d->op.value.count > 0)
        finish(d);
    else if (d->over.failed)
        fail(d, ST_NO_MEMORY);
    else if (d->over.count > 0)
        fail(d, ST_WRONG_OPERATION); /* a register is superseded by a value, or not at all */
}

static void diff_fields(struct differ *d)
{
    const struct record_field *a = d->base->fields, *a_end = a + d->base->field_count;
    const struct record_field *b = d->tree->fields, *b_end = b + d->tree->field_count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : bytes_compare(a->name, b->name);
        diff_field(d, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        a += order <= 0;
        b += order >= 0;
    }
}

static void diff_element(struct differ *d, struct bytes set, const struct record_element *old,
                         const struct record_element *new)
{
    static const struct record_element none;
    begin(d, OP_DROP, set, new != NULL ? new->text : old->text);
    if (old == NULL)
        old = &none;
    if (new == NULL)
        new = &none;
    const struct change *a = d->base->changes + old->first, *a_end = a + old->count;
    const struct change *b = d->tree->changes + new->first, *b_end = b + new->count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : change_compare(a, b);
        if (order < 0)
            supersede(d, a);
        else if (order > 0 && change_compare(b, d->change) == 0)
            d->op.verb = OP_ADD;
        else if (order > 0)
            fail(d, ST_WRONG_OPERATION);
        a += order <= 0;
        b += order >= 0;
    }
    if (d->op.verb == OP_ADD || d->over.count > 0 || d->over.failed)
        finish(d);
}

static void diff_set(struct differ *d, const struct record_set *old, const struct record_set *new)
{
    static const struct record_set none;
    struct bytes name = new != NULL ? new->name : old->name;
    if (old == NULL)
        old = &none;
    if (new == NULL)
        new = &none;
    const struct record_element *a = d->base->elements + old->first, *a_end = a + old->count;
    const struct record_element *b = d->tree->elements + new->first, *b_end = b + new->count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : json_compare_text(a->text, b->text);
        diff_element(d, name, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        a += order <= 0;
        b += order >= 0;
    }
}

static void diff_sets(struct differ *d)
{
    const struct record_set *a = d->base->sets, *a_end = a + d->base->set_count;
    const struct record_set *b = d->tree->sets, *b_end = b + d->tree->set_count;
    while (a < a_end || b < b_end) {
        int order = a == a_end ? 1 : b == b_end ? -1 : bytes_compare(a->name, b->name);
        diff_set(d, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
        a += order <= 0;
        b += order >= 0;
    }
}

static enum status diff_entry(const struct record *base, const struct record *tree,
                              struct op_list *out)
{
    struct op op = {.verb = OP_ENTRY, .type = tree->type, .value = tree->entry};
    if (base != NULL)
        return bytes_equal(base->entry, tree->entry) ? ST_OK : ST_WRONG_OPERATION;
    if (hex_decode(tree->id, op.entry, ENTRY_ID_BYTES) != ST_OK)
        return ST_WRONG_OPERATION;
    return op_list_add(out, &op);
}

enum status op_diff(const struct record *base, const struct record *tree,
                    const struct change *change, struct op_list *out)
{
    uint32_t before = out->count;
    if (base != NULL && (!bytes_equal(base->id, tree->id) || !bytes_equal(base->type, tree->type)))
        return ST_WRONG_OPERATION;
    if (tree->entry.count > 0)
        return diff_entry(base, tree, out);
    struct differ d = {base != NULL ? base : &record_empty, tree, change, out, {0}, {0}, ST_OK};
    if (hex_decode(tree->id, d.op.id, RECORD_ID_BYTES) != ST_OK ||
        (base != NULL && base->entry.count > 0))
        return ST_WRONG_OPERATION;
    d.op.type = tree->type;
    bool grown = diff_seen(&d);
    diff_fields(&d);
    diff_sets(&d);
    if (grown != (out->count > before))
        fail(&d, ST_WRONG_OPERATION);
    if (d.status != ST_OK)
        out->count = before;
    buf_release(&d.over);
    CHECK(out->count >= before);
    return d.status;
}
