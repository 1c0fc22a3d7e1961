#include "replicas/tree_path.h"

#include "proto/check.h"

enum status tree_path_push(struct tree_path *p, struct bytes name)
{
    size_t slash = p->count > 0 ? 1 : 0;
    if (name.count + slash > TREE_PATH_MAX - p->count)
        return ST_TOO_LARGE;
    if (slash > 0)
        p->text[p->count++] = '/';
    memcpy(p->text + p->count, name.data, name.count);
    p->count += name.count;
    p->text[p->count] = '\0';
    return ST_OK;
}

void tree_path_cut(struct tree_path *p, size_t count)
{
    CHECK(count <= p->count);
    p->count = count;
    p->text[count] = '\0';
}
