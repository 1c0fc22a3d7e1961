#include "replicas/merge.h"

#include <string.h>

#include "replicas/record.h"

static enum status merge_records(struct store *s, const char *path, struct bytes a, struct bytes b,
                                 const struct oid *near, struct oid *out, struct fault *f)
{
    struct record left = {0}, right = {0}, joined = {0};
    struct buf text = {0};
    enum status st = record_parse(a, &left);
    if (st == ST_OK)
        st = record_parse(b, &right);
    if (st != ST_OK) {
        st = fault_set(f, st == ST_NO_MEMORY ? st : ST_CORRUPT, "%s is no canonical record", path);
        goto out;
    }
    st = record_join(&left, &right, &joined);
    if (st != ST_OK)
        goto out;
    record_encode(&joined, &text);
    st = buf_status(&text);
    if (st == ST_OK)
        st = store_write(s, STORE_BLOB, buf_bytes(&text), near, out);
out:
    record_release(&joined);
    record_release(&right);
    record_release(&left);
    buf_release(&text);
    return st;
}

enum status merge_blobs(struct store *s, const char *path, const struct oid *a, const struct oid *b,
                        struct oid *out, struct fault *f)
{
    struct bytes left, right;
    enum status st = store_read(s, a, STORE_BLOB, &left, f);
    if (st == ST_OK)
        st = store_read(s, b, STORE_BLOB, &right, f);
    if (st != ST_OK)
        return st;
    if (strncmp(path, "records/", strlen("records/")) == 0)
        return merge_records(s, path, left, right, a, out, f);
    /* One charter version under two sets of signatures: the smaller bytes stand. */
    *out = bytes_compare(left, right) <= 0 ? *a : *b;
    return ST_OK;
}

struct resolving {
    struct store *store;
    struct fault *fault;
};

static enum status resolve(void *user, const char *path, const struct oid *a, const struct oid *b,
                           struct oid *joined_out)
{
    const struct resolving *r = user;
    return merge_blobs(r->store, path, a, b, joined_out, r->fault);
}

enum status merge_trees(struct store *s, const struct oid *a, const struct oid *b, struct oid *out,
                        struct fault *f)
{
    struct resolving user = {s, f};
    if (oid_equal(a, b) || oid_is_zero(b)) {
        *out = *a;
        return ST_OK;
    }
    if (oid_is_zero(a)) {
        *out = *b;
        return ST_OK;
    }
    return tree_join(s, a, b, resolve, &user, out, f);
}
