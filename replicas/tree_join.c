#include "proto/check.h"
#include "replicas/tree_pair.h"

/* One name of a join: whole where one side has it alone or both the same, else joined. */
static enum status join_name(struct tree_pair *p, struct tree_pair_level *l,
                             tree_resolve_fn resolve, void *user)
{
    struct tree_entry e;
    struct oid a, b;
    enum status st = tree_pair_next(p, l, &e, &a, &b);
    if (st != ST_OK)
        return st;
    bool whole = oid_is_zero(&a) || oid_is_zero(&b) || oid_equal(&a, &b);
    if (!whole && e.folder) {
        l->child = e;
        return tree_pair_enter_below(p, &a, &b);
    }
    e.id = oid_is_zero(&a) ? b : a;
    if (!whole)
        st = resolve(user, p->path.text, &a, &b, &e.id);
    if (st == ST_OK) {
        CHECK(!oid_is_zero(&e.id));
        tree_entry_add(&l->out, &e);
    }
    return st;
}

static enum status join(struct tree_pair *p, tree_resolve_fn resolve, void *user,
                        struct oid *root_out)
{
    for (;;) {
        struct tree_pair_level *l = &p->levels[p->depth];
        enum status st;
        if (!tree_pair_level_ends(l)) {
            st = join_name(p, l, resolve, user);
            if (st != ST_OK)
                return st;
            continue;
        }
        struct oid id;
        st = tree_entry_save(p->s, &l->out, &l->a.id, &id, p->f);
        if (st != ST_OK)
            return st;
        if (p->depth == 0) {
            *root_out = id;
            return ST_OK;
        }
        struct tree_pair_level *parent = &p->levels[--p->depth];
        parent->child.id = id;
        tree_entry_add(&parent->out, &parent->child);
    }
}

enum status tree_join(struct store *s, const struct oid *a, const struct oid *b,
                      tree_resolve_fn resolve, void *user, struct oid *root_out, struct fault *f)
{
    if (oid_equal(a, b) || tree_entry_none(b)) {
        *root_out = *a;
        return ST_OK;
    }
    if (tree_entry_none(a)) {
        *root_out = *b;
        return ST_OK;
    }
    struct tree_pair p = {.s = s, .f = f};
    enum status st = tree_pair_enter(&p, a, b);
    if (st == ST_OK)
        st = join(&p, resolve, user, root_out);
    tree_pair_release(&p);
    return st;
}
