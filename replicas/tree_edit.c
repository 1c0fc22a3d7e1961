/*
 * tree_edit: many changes in one pass. Each touched tree is read once and written once; the order
 * of the changes, by path, is that of git's entries, so every level is a plain merge.
 */
#include "proto/check.h"
#include "replicas/tree_entry.h"

struct level {
    struct tree_entry_cursor
        cursor; /* the old tree; lent by the store, which nobody tidies meanwhile */
    struct oid id;
    struct buf out;
    size_t change, change_end; /* the changes below this folder */
    size_t path_count;         /* bytes of this folder's path, with its '/' */
    struct tree_entry child;   /* what the level below is making */
};

struct edit {
    struct store *s;
    const struct tree_change *changes;
    struct level levels[TREE_DEPTH_MAX];
    size_t depth;
    struct fault *f;
};

static enum status enter(struct edit *e, const struct oid *id, size_t first, size_t end,
                         size_t path_count)
{
    struct level *l = &e->levels[e->depth];
    struct bytes data;
    buf_reset(&l->out);
    l->id = *id;
    l->change = first;
    l->change_end = end;
    l->path_count = path_count;
    enum status st = tree_entry_read(e->s, id, &data, e->f);
    if (st != ST_OK)
        return st;
    return tree_entry_first(data, &l->cursor) == ST_OK ? ST_OK : tree_entry_damaged(id, e->f);
}

/* Copy the old entries before 'until' (NULL: all) as they stand. */
static enum status copy_until(struct level *l, const struct tree_entry *until, struct fault *f)
{
    size_t from = l->cursor.start;
    while (!l->cursor.end && (until == NULL || tree_entry_compare(&l->cursor.entry, until) < 0))
        if (tree_entry_next(&l->cursor) != ST_OK)
            return tree_entry_damaged(&l->id, f);
    buf_add(&l->out, l->cursor.data.data + from, l->cursor.start - from);
    return ST_OK;
}

/* The first change behind those whose path begins with 'count' bytes of the path at 'first'. */
static size_t group_end(const struct edit *e, size_t first, size_t end, size_t count)
{
    size_t at = first + 1;
    while (at < end && strncmp(e->changes[at].path, e->changes[first].path, count) == 0)
        at++;
    return at;
}

/* Apply the next change of this level, or go down to the folder it lies in. */
static enum status step(struct edit *e, struct level *l)
{
    const struct tree_change *c = &e->changes[l->change];
    const char *rest = c->path + l->path_count;
    const char *slash = strchr(rest, '/');
    size_t count = slash != NULL ? (size_t)(slash - rest) : strlen(rest);
    struct tree_entry entry = {
        .name = {(const uint8_t *)rest, count}, .folder = slash != NULL, .id = c->blob};
    struct oid old = {{0}};
    enum status st = copy_until(l, &entry, e->f);
    if (st != ST_OK)
        return st;
    if (!l->cursor.end && tree_entry_compare(&l->cursor.entry, &entry) == 0) {
        old = l->cursor.entry.id;
        if (tree_entry_next(&l->cursor) != ST_OK)
            return tree_entry_damaged(&l->id, e->f);
    }
    if (!entry.folder) {
        if (!oid_is_zero(&entry.id))
            tree_entry_add(&l->out, &entry);
        l->change++;
        return ST_OK;
    }
    if (e->depth + 1 >= TREE_DEPTH_MAX)
        return fault_set(e->f, ST_TOO_LARGE, "the path %s is too deep", c->path);
    size_t below = l->path_count + count + 1;
    size_t first = l->change;
    l->change = group_end(e, first, l->change_end, below);
    l->child = entry;
    e->depth++;
    return enter(e, &old, first, l->change, below);
}

static enum status run(struct edit *e, struct oid *root_out)
{
    for (;;) {
        struct level *l = &e->levels[e->depth];
        enum status st;
        if (l->change < l->change_end) {
            st = step(e, l);
            if (st != ST_OK)
                return st;
            continue;
        }
        struct oid id;
        st = copy_until(l, NULL, e->f);
        if (st == ST_OK)
            st = tree_entry_save(e->s, &l->out, &l->id, &id, e->f);
        if (st != ST_OK)
            return st;
        if (e->depth == 0) {
            *root_out = id;
            return ST_OK;
        }
        struct level *parent = &e->levels[--e->depth];
        parent->child.id = id;
        if (!oid_is_zero(&id))
            tree_entry_add(&parent->out, &parent->child);
    }
}

static bool in_order(const struct tree_change *changes, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(changes[i - 1].path, changes[i].path) >= 0)
            return false;
    return true;
}

enum status tree_edit(struct store *s, const struct oid *root, const struct tree_change *changes,
                      size_t count, struct oid *root_out, struct fault *f)
{
    CHECK(in_order(changes, count));
    struct edit e = {.s = s, .changes = changes, .f = f};
    enum status st = ST_OK;
    for (size_t i = 0; i < count && st == ST_OK; i++)
        if (strlen(changes[i].path) > TREE_PATH_MAX)
            st = fault_set(f, ST_TOO_LARGE, "the path %s is too long", changes[i].path);
    if (st == ST_OK)
        st = enter(&e, root, 0, count, 0);
    if (st == ST_OK)
        st = run(&e, root_out);
    for (size_t i = 0; i < TREE_DEPTH_MAX; i++)
        buf_release(&e.levels[i].out);
    if (st == ST_OK && oid_is_zero(root_out))
        st = store_write(s, STORE_TREE, BYTES(""), NULL, root_out);
    return st;
}
