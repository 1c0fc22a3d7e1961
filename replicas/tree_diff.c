#include "replicas/tree_pair.h"

static enum status diff(struct tree_pair *p, tree_diff_fn each, void *user)
{
    for (;;) {
        struct tree_pair_level *l = &p->levels[p->depth];
        if (tree_pair_level_ends(l)) {
            if (p->depth == 0)
                return ST_OK;
            p->depth--;
            continue;
        }
        struct tree_entry e;
        struct oid a, b;
        enum status st = tree_pair_next(p, l, &e, &a, &b);
        if (st == ST_OK && !oid_equal(&a, &b))
            st = e.folder ? tree_pair_enter_below(p, &a, &b) : each(user, p->path.text, &a, &b);
        if (st != ST_OK)
            return st;
    }
}

enum status tree_diff(struct store *s, const struct oid *a, const struct oid *b, tree_diff_fn each,
                      void *user, struct fault *f)
{
    struct tree_pair p = {.s = s, .f = f};
    enum status st = oid_equal(a, b) ? ST_OK : tree_pair_enter(&p, a, b);
    if (st == ST_OK && !oid_equal(a, b))
        st = diff(&p, each, user);
    tree_pair_release(&p);
    return st;
}
