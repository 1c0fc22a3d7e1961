#include "tests/model/model.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"

/* ---- trees --------------------------------------------------------------------------------- */

void model_tree_release(struct model_tree *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        buf_release(&t->files[i].text);
    mem_free(t->files);
    *t = (struct model_tree){0};
}

const struct model_file *model_tree_find(const struct model_tree *t, const char *id)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (strcmp(t->files[i].id, id) == 0)
            return &t->files[i];
    return NULL;
}

void model_tree_put(struct model_tree *t, const char *id, bool entry, struct bytes text)
{
    uint32_t at = 0;
    while (at < t->count && strcmp(t->files[at].id, id) < 0)
        at++;
    if (at == t->count || strcmp(t->files[at].id, id) != 0) {
        t->files = mem_resize(t->files, (t->count + 1) * sizeof *t->files);
        CHECK(t->files != NULL);
        memmove(t->files + at + 1, t->files + at, (t->count - at) * sizeof *t->files);
        t->count++;
        t->files[at] = (struct model_file){.entry = entry};
        snprintf(t->files[at].id, sizeof t->files[at].id, "%s", id);
    }
    buf_reset(&t->files[at].text);
    buf_add_bytes(&t->files[at].text, text);
    CHECK(buf_status(&t->files[at].text) == ST_OK);
}

/* ---- loading ------------------------------------------------------------------------------- */

static const json_t *member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    CHECK(value != NULL);
    return value;
}

static uint64_t number(const json_t *object, const char *name)
{
    const json_t *value = member(object, name);
    CHECK(json_is_integer(value) && json_integer_value(value) >= 0);
    return (uint64_t)json_integer_value(value);
}

static const char *text_of(const json_t *value)
{
    CHECK(json_is_string(value));
    return json_string_value(value);
}

uint32_t model_index(const struct model *m, uint64_t id)
{
    uint32_t i = 0;
    while (i < m->commit_count && m->commits[i].id != id)
        i++;
    return i;
}

static uint32_t index_of(const struct model *m, uint64_t id)
{
    uint32_t i = model_index(m, id);
    CHECK(i < m->commit_count);
    return i;
}

static uint32_t load_indexes(const struct model *m, const json_t *ids,
                             uint32_t out[static PARENTS_MAX])
{
    uint32_t count = (uint32_t)json_array_size(ids);
    CHECK(count <= PARENTS_MAX);
    for (uint32_t i = 0; i < count; i++)
        out[i] = index_of(m, (uint64_t)json_integer_value(json_array_get(ids, i)));
    return count;
}

static void load_commit(struct model *m, const json_t *from)
{
    struct model_commit *c = &m->commits[m->commit_count];
    const char *key = text_of(member(from, "key"));
    CHECK(key[0] >= 'A' && key[0] <= 'Z' && key[1] == '\0');
    c->id = number(from, "id");
    c->seq = number(from, "seq");
    c->height = number(from, "height");
    snprintf(c->label, sizeof c->label, "office-%c", key[0] - 'A' + 'a');
    c->parent_count = load_indexes(m, member(from, "parents"), c->parents);
    c->adopt_count = load_indexes(m, member(from, "adopts"), c->adopts);
    c->charter = (uint32_t)number(from, "charter");
    c->counted = json_is_true(member(from, "counted"));
    c->ops = member(from, "ops");
    c->tree = member(from, "tree");
    m->commit_count++; /* only now can a commit name it as a parent */
}

void model_load(struct model *m, struct bytes text, const struct digest *network)
{
    json_error_t error;
    *m = (struct model){.network = *network};
    m->root = json_loadb((const char *)text.data, text.count, JSON_REJECT_DUPLICATES, &error);
    CHECK(m->root != NULL);
    const json_t *commits = member(m->root, "commits");
    m->commits = mem_array(json_array_size(commits), sizeof *m->commits);
    CHECK(m->commits != NULL);
    for (size_t i = 0; i < json_array_size(commits); i++)
        load_commit(m, json_array_get(commits, i));
    m->head_count = load_indexes(m, member(m->root, "heads"), m->heads);
    m->state = member(m->root, "state");
    m->charter = member(m->root, "charter");
}

void model_release(struct model *m)
{
    json_decref(m->root);
    mem_free(m->commits);
    *m = (struct model){0};
}

struct op_change model_name_simply(void *user, const struct model *m, uint32_t index)
{
    const struct model_commit *c = &m->commits[index];
    struct op_change out = {.height = c->height, .label = bytes_of_text(c->label)};
    (void)user;
    int failed = crypto_generichash(out.change.id, CHANGE_BYTES, (const uint8_t *)&c->id,
                                    sizeof c->id, NULL, 0);
    CHECK(failed == 0);
    return out;
}

/* ---- names --------------------------------------------------------------------------------- */

/* What is being made into our terms, and how its changes are called. */
struct maker {
    const struct model *m;
    model_name_fn name;
    void *user;
};

/* "height-key-number": the change of the commit of that number. */
static struct op_change change_named(const struct maker *k, const json_t *text)
{
    const char *dash = strrchr(text_of(text), '-');
    CHECK(dash != NULL);
    return k->name(k->user, k->m, index_of(k->m, strtoull(dash + 1, NULL, 10)));
}

static void add_canonical(const json_t *value, struct buf *out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    CHECK(text != NULL && json_check(bytes_of_text(text)) == ST_OK);
    buf_add_text(out, text);
    free(text);
}

static int compare_changes(const void *a, const void *b)
{
    return change_compare(a, b);
}

/* The model's entries have no reference, ours must have one: all have the same, so that what is one
 * entry there is one here. */
static void add_content(const json_t *content, struct buf *out)
{
    json_t *referred = json_copy((json_t *)content);
    CHECK(referred != NULL && json_object_get(referred, "ref") == NULL);
    int failed = json_object_set_new(referred, "ref", json_string("model"));
    CHECK(failed == 0);
    add_canonical(referred, out);
    json_decref(referred);
}

/* ---- operations ---------------------------------------------------------------------------- */

static void add_op(const struct maker *k, const json_t *from, struct op_list *out)
{
    static const char *const verbs[] = {
        [OP_SET] = "set", [OP_ADD] = "add", [OP_DROP] = "drop", [OP_ENTRY] = "entry"};
    const char *verb = text_of(member(from, "verb"));
    const json_t *over = member(from, "over");
    struct op op = {.verb = OP_SET, .type = BYTES("case")};
    struct buf value = {0}, packed = {0};
    while (op.verb < OP_ENTRY && strcmp(verbs[op.verb], verb) != 0)
        op.verb++;
    CHECK(strcmp(verbs[op.verb], verb) == 0);
    if (op.verb == OP_ENTRY)
        add_content(member(from, "value"), &value);
    else
        add_canonical(member(from, "value"), &value);
    for (size_t i = 0; i < json_array_size(over); i++) {
        struct op_change c = change_named(k, json_array_get(over, i));
        buf_add(&packed, c.change.id, CHANGE_BYTES);
    }
    CHECK(buf_status(&value) == ST_OK && buf_status(&packed) == ST_OK);
    if (packed.count > 0)
        qsort(packed.data, packed.count / CHANGE_BYTES, CHANGE_BYTES, compare_changes);
    op.value = buf_bytes(&value);
    op.over = buf_bytes(&packed);
    if (op.verb == OP_ENTRY) {
        op.type = BYTES("note");
    } else {
        op.name = bytes_of_text(text_of(member(from, "field")));
        op_record_id(&k->m->network, op.type, bytes_of_text(text_of(member(from, "record"))),
                     op.id);
    }
    enum status status = op_list_add(out, &op);
    CHECK(status == ST_OK);
    buf_release(&value);
    buf_release(&packed);
}

static int compare_ops(const void *a, const void *b)
{
    return op_list_compare(a, b);
}

void model_ops(const struct model *m, uint32_t index, model_name_fn name, void *user,
               struct op_list *out)
{
    struct maker k = {m, name, user};
    const json_t *ops = m->commits[index].ops;
    *out = (struct op_list){0};
    for (size_t i = 0; i < json_array_size(ops); i++)
        add_op(&k, json_array_get(ops, i), out);
    op_list_resolve(out, &m->network);
    if (out->count > 0)
        qsort(out->ops, out->count, sizeof *out->ops, compare_ops);
}

/* ---- records ------------------------------------------------------------------------------- */

static int compare_seen(const void *a, const void *b)
{
    const struct record_seen *x = a, *y = b;
    return change_compare(&x->change, &y->change);
}

static int compare_values(const void *a, const void *b)
{
    const struct record_value *x = a, *y = b;
    return change_compare(&x->change, &y->change);
}

/* The text of a value, kept in 'texts', which never grows beyond its first block. */
static struct bytes keep_text(const json_t *value, struct buf *texts)
{
    size_t from = texts->count, room = texts->capacity;
    add_canonical(value, texts);
    CHECK(buf_status(texts) == ST_OK && texts->capacity == room);
    return (struct bytes){texts->data + from, texts->count - from};
}

static void make_fields(const struct maker *k, const json_t *from, struct record *r,
                        struct buf *texts)
{
    const char *name, *change;
    json_t *values, *value;
    json_object_foreach((json_t *)from, name, values)
    { /* ascending, as exported */
        struct record_field *field = &r->fields[r->field_count++];
        *field = (struct record_field){bytes_of_text(name), r->value_count,
                                       (uint32_t)json_object_size(values)};
        json_object_foreach(values, change, value)
        {
            json_t *text = json_string(change);
            r->values[r->value_count++] =
                (struct record_value){change_named(k, text).change, keep_text(value, texts)};
            json_decref(text);
        }
        qsort(r->values + field->first, field->count, sizeof *r->values, compare_values);
    }
}

static void make_sets(const struct maker *k, const json_t *from, struct record *r,
                      struct buf *texts)
{
    const char *name, *text;
    json_t *elements, *changes;
    json_object_foreach((json_t *)from, name, elements)
    {
        struct record_set *set = &r->sets[r->set_count++];
        *set = (struct record_set){bytes_of_text(name), r->element_count,
                                   (uint32_t)json_object_size(elements)};
        json_object_foreach(elements, text, changes)
        {
            struct record_element *element = &r->elements[r->element_count++];
            json_t *spelt = json_string(text);
            *element = (struct record_element){keep_text(spelt, texts), r->change_count,
                                               (uint32_t)json_array_size(changes)};
            json_decref(spelt);
            for (uint32_t i = 0; i < element->count; i++)
                r->changes[r->change_count++] = change_named(k, json_array_get(changes, i)).change;
            qsort(r->changes + element->first, element->count, sizeof *r->changes, compare_changes);
        }
    }
}

static void make_record(const struct maker *k, const char *key, const json_t *from,
                        struct model_tree *out)
{
    enum { ROOM = 512, TEXTS = 16 * 1024 }; /* far above what a model's record holds */
    const struct record_room room = {ROOM, ROOM, ROOM, ROOM, ROOM, ROOM, 0};
    const json_t *seen = member(from, "seen");
    struct record r;
    struct buf texts = {0}, file = {0};
    uint8_t id[RECORD_ID_BYTES];
    char hex[RECORD_ID_TEXT + 1];
    enum status status = record_make_room(&room, &r, NULL);
    CHECK(status == ST_OK && buf_reserve(&texts, TEXTS) != NULL);
    CHECK(json_array_size(seen) <= ROOM);
    op_record_id(&k->m->network, BYTES("case"), bytes_of_text(key), id);
    hex_encode(id, RECORD_ID_BYTES, hex);
    r.id = bytes_of_text(hex);
    r.type = BYTES("case");
    for (size_t i = 0; i < json_array_size(seen); i++) {
        struct op_change c = change_named(k, json_array_get(seen, i));
        r.seen[r.seen_count++] = (struct record_seen){c.change, c.height, c.label};
    }
    qsort(r.seen, r.seen_count, sizeof *r.seen, compare_seen);
    make_fields(k, member(from, "fields"), &r, &texts);
    make_sets(k, member(from, "sets"), &r, &texts);
    record_encode(&r, &file);
    model_tree_put(out, hex, false, buf_bytes(&file));
    buf_release(&texts);
    buf_release(&file);
    record_release(&r);
}

static void make_entry(const struct maker *k, const json_t *content, struct model_tree *out)
{
    struct buf text = {0}, file = {0};
    uint8_t id[ENTRY_ID_BYTES];
    char hex[ENTRY_ID_TEXT + 1];
    add_content(content, &text);
    op_entry_id(&k->m->network, BYTES("note"), buf_bytes(&text), id);
    hex_encode(id, ENTRY_ID_BYTES, hex);
    struct record r = {.id = bytes_of_text(hex), .type = BYTES("note"), .entry = buf_bytes(&text)};
    record_encode(&r, &file);
    model_tree_put(out, hex, true, buf_bytes(&file));
    buf_release(&text);
    buf_release(&file);
}

void model_tree(const struct model *m, const json_t *tree, model_name_fn name, void *user,
                struct model_tree *out)
{
    struct maker k = {m, name, user};
    const char *key;
    json_t *record;
    *out = (struct model_tree){0};
    json_object_foreach((json_t *)tree, key, record)
    {
        const json_t *content = json_object_get(record, "entry");
        if (content != NULL)
            make_entry(&k, content, out);
        else
            make_record(&k, key, record, out);
    }
}
