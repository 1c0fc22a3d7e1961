#include "replicas/tree_entry.h"

#include "proto/check.h"

static const char mode_folder[] = "40000 ";
static const char mode_file[] = "100644 ";

static bool starts_with(struct bytes data, size_t at, const char *mode, size_t count)
{
    return data.count - at >= count && memcmp(data.data + at, mode, count) == 0;
}

/* Read the entry at c->next. */
static enum status take(struct tree_entry_cursor *c)
{
    c->start = c->next;
    c->end = c->next == c->data.count;
    if (c->end)
        return ST_OK;
    size_t at = c->start;
    c->entry.folder = starts_with(c->data, at, mode_folder, sizeof mode_folder - 1);
    if (c->entry.folder)
        at += sizeof mode_folder - 1;
    else if (starts_with(c->data, at, mode_file, sizeof mode_file - 1))
        at += sizeof mode_file - 1;
    else
        return ST_MALFORMED;
    const uint8_t *name = c->data.data + at;
    const uint8_t *nul = memchr(name, '\0', c->data.count - at);
    if (nul == NULL || nul == name || nul - name > TREE_PATH_MAX ||
        memchr(name, '/', (size_t)(nul - name)) != NULL)
        return ST_MALFORMED;
    c->entry.name = (struct bytes){name, (size_t)(nul - name)};
    at += c->entry.name.count + 1;
    if (c->data.count - at < OID_BYTES)
        return ST_MALFORMED;
    memcpy(c->entry.id.id, c->data.data + at, OID_BYTES);
    c->next = at + OID_BYTES;
    return ST_OK;
}

enum status tree_entry_first(struct bytes data, struct tree_entry_cursor *out)
{
    *out = (struct tree_entry_cursor){.data = data};
    return take(out);
}

enum status tree_entry_next(struct tree_entry_cursor *c)
{
    CHECK(!c->end);
    return take(c);
}

int tree_entry_compare(const struct tree_entry *a, const struct tree_entry *b)
{
    size_t shared = a->name.count < b->name.count ? a->name.count : b->name.count;
    int order = memcmp(a->name.data, b->name.data, shared);
    if (order != 0)
        return order;
    int next_a = a->name.count > shared ? a->name.data[shared] : a->folder ? '/' : '\0';
    int next_b = b->name.count > shared ? b->name.data[shared] : b->folder ? '/' : '\0';
    return next_a - next_b;
}

void tree_entry_add(struct buf *out, const struct tree_entry *e)
{
    buf_add_text(out, e->folder ? mode_folder : mode_file);
    buf_add_bytes(out, e->name);
    buf_add_byte(out, '\0');
    buf_add(out, e->id.id, OID_BYTES);
}

enum status tree_entry_read(struct store *s, const struct oid *id, struct bytes *out,
                            struct fault *f)
{
    *out = BYTES("");
    if (tree_entry_none(id))
        return ST_OK;
    enum status st = store_read(s, id, STORE_TREE, out, f);
    if (st != ST_NOT_FOUND)
        return st;
    char hex[OID_TEXT + 1];
    hex_encode(id->id, OID_BYTES, hex);
    return fault_set(f, ST_CORRUPT, "tree %s is missing", hex);
}

enum status tree_entry_load(struct store *s, const struct oid *id, struct buf *out, struct fault *f)
{
    struct bytes data;
    buf_reset(out);
    enum status st = tree_entry_read(s, id, &data, f);
    if (st != ST_OK)
        return st;
    buf_add_bytes(out, data);
    return buf_status(out) == ST_OK ? ST_OK : fault_set(f, ST_NO_MEMORY, "no memory for a tree");
}

enum status tree_entry_damaged(const struct oid *tree, struct fault *f)
{
    char hex[OID_TEXT + 1];
    hex_encode(tree->id, OID_BYTES, hex);
    return fault_set(f, ST_CORRUPT, "tree %s is not of this program's making", hex);
}

enum status tree_entry_save(struct store *s, const struct buf *data, const struct oid *near,
                            struct oid *out, struct fault *f)
{
    enum status st = buf_status(data);
    if (st != ST_OK)
        return fault_set(f, st, "no memory for a tree");
    if (data->count == 0) {
        memset(out, 0, sizeof *out);
        return ST_OK;
    }
    st = tree_check(buf_bytes(data));
    if (st != ST_OK)
        return fault_set(f, st, "a file and a folder of one name, or a name that git would refuse");
    st = store_write(s, STORE_TREE, buf_bytes(data), near, out);
    return st == ST_OK ? ST_OK : fault_set(f, st, "no memory for a tree");
}

bool tree_entry_none(const struct oid *id)
{
    struct oid empty;
    tree_empty(&empty);
    return oid_is_zero(id) || oid_equal(id, &empty);
}
