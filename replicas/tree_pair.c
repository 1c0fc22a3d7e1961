#include "replicas/tree_pair.h"

#include "proto/check.h"

static enum status open_side(struct tree_pair *p, struct tree_pair_side *side, const struct oid *id)
{
    side->id = *id;
    enum status st = tree_entry_load(p->s, id, &side->data, p->f);
    if (st != ST_OK)
        return st;
    st = tree_entry_first(buf_bytes(&side->data), &side->cursor);
    return st == ST_OK ? ST_OK : tree_entry_damaged(id, p->f);
}

enum status tree_pair_enter(struct tree_pair *p, const struct oid *a, const struct oid *b)
{
    struct tree_pair_level *l = &p->levels[p->depth];
    l->path_count = p->path.count;
    buf_reset(&l->out);
    enum status st = open_side(p, &l->a, a);
    return st == ST_OK ? open_side(p, &l->b, b) : st;
}

static enum status advance(struct tree_pair *p, struct tree_pair_side *side)
{
    return tree_entry_next(&side->cursor) == ST_OK ? ST_OK : tree_entry_damaged(&side->id, p->f);
}

enum status tree_pair_next(struct tree_pair *p, struct tree_pair_level *l, struct tree_entry *out,
                           struct oid *a_out, struct oid *b_out)
{
    const struct tree_entry_cursor *a = &l->a.cursor, *b = &l->b.cursor;
    CHECK(!a->end || !b->end);
    int order = a->end ? 1 : b->end ? -1 : tree_entry_compare(&a->entry, &b->entry);
    *out = order <= 0 ? a->entry : b->entry;
    memset(a_out, 0, sizeof *a_out);
    memset(b_out, 0, sizeof *b_out);
    tree_path_cut(&p->path, l->path_count);
    if (tree_path_push(&p->path, out->name) != ST_OK)
        return tree_entry_damaged(order <= 0 ? &l->a.id : &l->b.id, p->f);
    enum status st = ST_OK;
    if (order <= 0) {
        *a_out = a->entry.id;
        st = advance(p, &l->a);
    }
    if (st == ST_OK && order >= 0) {
        *b_out = b->entry.id;
        st = advance(p, &l->b);
    }
    return st;
}

enum status tree_pair_enter_below(struct tree_pair *p, const struct oid *a, const struct oid *b)
{
    if (p->depth + 1 >= TREE_DEPTH_MAX)
        return tree_entry_damaged(oid_is_zero(a) ? b : a, p->f);
    p->depth++;
    return tree_pair_enter(p, a, b);
}

void tree_pair_release(struct tree_pair *p)
{
    for (size_t i = 0; i < TREE_DEPTH_MAX; i++) {
        buf_release(&p->levels[i].a.data);
        buf_release(&p->levels[i].b.data);
        buf_release(&p->levels[i].out);
    }
}

bool tree_pair_level_ends(const struct tree_pair_level *l)
{
    return l->a.cursor.end && l->b.cursor.end;
}
