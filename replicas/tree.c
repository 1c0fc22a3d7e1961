#include "replicas/tree.h"

#include "proto/check.h"
#include "replicas/tree_entry.h"
#include "replicas/tree_path.h"

void tree_empty(struct oid *out)
{
    static const struct oid empty = {{0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60,
                                      0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49, 0x04}};
    *out = empty;
}

/* Names of ours only: nothing that a file system or git could take for something else. */
static bool name_is_plain(struct bytes name)
{
    if (name.data[0] == '.')
        return false;
    for (size_t i = 0; i < name.count; i++) {
        uint8_t c = name.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_';
        if (!plain)
            return false;
    }
    return true;
}

static size_t shared_prefix(struct bytes a, struct bytes b)
{
    size_t count = a.count < b.count ? a.count : b.count, i = 0;
    while (i < count && a.data[i] == b.data[i])
        i++;
    return i;
}

enum status tree_check(struct bytes data)
{
    /* Whether the first k bytes of the last name are a file's name too: "a", "a-b", "a/" is in
     * order, and still has "a" twice. */
    bool is_file[TREE_PATH_MAX + 1] = {false};
    struct tree_entry_cursor c;
    struct tree_entry last = {.name = BYTES("")};
    enum status st = tree_entry_first(data, &c);
    while (st == ST_OK && !c.end) {
        const struct tree_entry *e = &c.entry;
        if (!name_is_plain(e->name) || oid_is_zero(&e->id))
            return ST_MALFORMED;
        if (last.name.count > 0 && tree_entry_compare(&last, e) >= 0)
            return ST_NOT_CANONICAL;
        for (size_t k = shared_prefix(last.name, e->name) + 1; k <= last.name.count; k++)
            is_file[k] = false;
        if (is_file[e->name.count])
            return ST_MALFORMED;
        is_file[e->name.count] = !e->folder;
        last = *e;
        st = tree_entry_next(&c);
    }
    return st;
}

/* Split the first name off a path. */
static struct bytes first_name(const char **path)
{
    const char *slash = strchrnul(*path, '/');
    struct bytes name = {(const uint8_t *)*path, (size_t)(slash - *path)};
    *path = *slash == '/' ? slash + 1 : slash;
    return name;
}

static enum status find_entry(struct store *s, const struct oid *tree, struct bytes name,
                              bool folder, struct oid *out, struct fault *f)
{
    struct bytes data;
    if (tree_entry_none(tree))
        return ST_NOT_FOUND;
    enum status st = tree_entry_read(s, tree, &data, f);
    if (st != ST_OK)
        return st;
    struct tree_entry_cursor c;
    struct tree_entry wanted = {.name = name, .folder = folder};
    st = tree_entry_first(data, &c);
    while (st == ST_OK && !c.end) {
        int order = tree_entry_compare(&c.entry, &wanted);
        if (order == 0) {
            *out = c.entry.id;
            return ST_OK;
        }
        if (order > 0)
            return ST_NOT_FOUND;
        st = tree_entry_next(&c);
    }
    return st == ST_OK ? ST_NOT_FOUND : tree_entry_damaged(tree, f);
}

static enum status find(struct store *s, const struct oid *root, const char *path, bool folder,
                        struct oid *out, struct fault *f)
{
    struct oid at = *root;
    const char *rest = path;
    enum status st = ST_OK;
    while (st == ST_OK && *rest != '\0') {
        struct bytes name = first_name(&rest);
        st = name.count == 0 ? ST_NOT_FOUND
                             : find_entry(s, &at, name, folder || *rest != '\0', &at, f);
    }
    if (st == ST_NOT_FOUND)
        return fault_set(f, st, "nothing at %s", path);
    if (st == ST_OK)
        *out = at;
    return st;
}

enum status tree_find(struct store *s, const struct oid *root, const char *path,
                      struct oid *blob_out, struct fault *f)
{
    CHECK(path[0] != '\0');
    return find(s, root, path, false, blob_out, f);
}

enum status tree_find_tree(struct store *s, const struct oid *root, const char *path,
                           struct oid *tree_out, struct fault *f)
{
    return find(s, root, path, true, tree_out, f);
}

struct level {
    struct buf data;
    struct tree_entry_cursor cursor;
    struct oid id;
    size_t path_count; /* of the path to this folder */
};

static enum status enter(struct store *s, const struct oid *id, size_t path_count, struct level *l,
                         struct fault *f)
{
    l->id = *id;
    l->path_count = path_count;
    enum status st = tree_entry_load(s, id, &l->data, f);
    if (st != ST_OK)
        return st;
    return tree_entry_first(buf_bytes(&l->data), &l->cursor) == ST_OK ? ST_OK
                                                                      : tree_entry_damaged(id, f);
}

static enum status walk(struct store *s, struct level *levels, struct tree_path *path,
                        tree_each_fn each, void *user, struct fault *f)
{
    size_t depth = 0;
    for (;;) {
        struct level *l = &levels[depth];
        tree_path_cut(path, l->path_count);
        if (l->cursor.end) {
            if (depth == 0)
                return ST_OK;
            depth--;
            continue;
        }
        struct tree_entry e = l->cursor.entry;
        if (tree_path_push(path, e.name) != ST_OK || (e.folder && depth + 1 >= TREE_DEPTH_MAX))
            return tree_entry_damaged(&l->id, f);
        enum status st =
            e.folder ? enter(s, &e.id, path->count, l + 1, f) : each(user, path->text, &e.id);
        if (st != ST_OK)
            return st;
        if (tree_entry_next(&l->cursor) != ST_OK)
            return tree_entry_damaged(&l->id, f);
        if (e.folder)
            depth++;
    }
}

enum status tree_walk(struct store *s, const struct oid *root, const char *prefix,
                      tree_each_fn each, void *user, struct fault *f)
{
    struct level levels[TREE_DEPTH_MAX] = {0};
    struct tree_path path = {.count = 0};
    struct oid top = *root;
    enum status st = prefix[0] != '\0' ? tree_find_tree(s, root, prefix, &top, f) : ST_OK;
    if (st == ST_NOT_FOUND)
        return ST_OK;
    if (st == ST_OK && prefix[0] != '\0')
        st = tree_path_push(&path, bytes_of_text(prefix));
    if (st == ST_OK)
        st = enter(s, &top, path.count, &levels[0], f);
    if (st == ST_OK)
        st = walk(s, levels, &path, each, user, f);
    for (size_t i = 0; i < TREE_DEPTH_MAX; i++)
        buf_release(&levels[i].data);
    return st;
}
