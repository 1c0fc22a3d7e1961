#include "replicas/wish.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/mp.h"
#include "replicas/charter_file.h"
#include "replicas/json.h"

enum { WISH_ELEMENTS = 9, WHAT_MAX = 7 };

void wish_release(struct wish *w)
{
    if (w == NULL)
        return;
    buf_release(&w->schema);
    *w = (struct wish){.kind = WISH_ADD};
}

void wish_encode(const struct wish *w, struct buf *out)
{
    const struct charter_member *m = &w->member;
    mp_write_array(out, WISH_ELEMENTS);
    mp_write_uint(out, (uint64_t)w->kind);
    mp_write_text(out, bytes_of_text(m->label));
    mp_write_uint(out, (uint64_t)m->role);
    mp_write_uint(out, w->what);
    mp_write_bool(out, m->admin);
    mp_write_bool(out, m->treasurer);
    mp_write_binary(out, (struct bytes){m->key.id, KEY_BYTES});
    mp_write_text(out, bytes_of_text(m->address));
    mp_write_binary(out, buf_bytes(&w->schema));
}

static void read_text(struct mp_reader *r, char *out, size_t out_bytes)
{
    struct bytes text = mp_read_text(r, out_bytes - 1);
    if (text.count > 0)
        memcpy(out, text.data, text.count);
    out[text.count] = '\0';
}

enum status wish_decode(struct bytes in, struct wish *out)
{
    struct mp_reader r;
    struct charter_member *m = &out->member;
    *out = (struct wish){.kind = WISH_ADD};
    mp_read(&r, in);
    mp_read_array(&r, WISH_ELEMENTS, WISH_ELEMENTS);
    out->kind = (enum wish_kind)mp_read_uint(&r, WISH_KINDS - 1);
    read_text(&r, m->label, sizeof m->label);
    m->role = (enum charter_role)mp_read_uint(&r, CHARTER_PARTNER);
    out->what = (unsigned)mp_read_uint(&r, WHAT_MAX);
    m->admin = mp_read_bool(&r);
    m->treasurer = mp_read_bool(&r);
    mp_read_fixed(&r, m->key.id, KEY_BYTES);
    read_text(&r, m->address, sizeof m->address);
    buf_add_bytes(&out->schema, mp_read_binary(&r, CHARTER_BYTES_MAX));
    enum status status = mp_end(&r);
    if (status == ST_OK)
        status = buf_status(&out->schema);
    if (status != ST_OK)
        wish_release(out);
    return status;
}

/* ---- The heads that are kept ---- */

/* The counted commits of a key that no other counted one of it has in its past. */
static enum status kept_heads(struct replica *r, const struct key *key, struct oid **out,
                              uint32_t *count_out, struct fault *f)
{
    struct graph *g = replica_graph(r);
    uint32_t found[HEADS_MAX], count = 0;
    *out = NULL;
    *count_out = 0;
    for (uint32_t i = graph_count(g); i-- > 0;) {
        const struct graph_node *n = graph_node(g, i);
        if (!n->counted || memcmp(&graph_key(g, n->key)->key, key, sizeof *key) != 0)
            continue;
        bool covered = false;
        for (uint32_t k = 0; k < count && !covered; k++)
            covered = graph_reaches(g, found[k], i);
        if (!covered && count == HEADS_MAX)
            return fault_set(f, ST_TOO_LARGE, "the key has more than %d heads", HEADS_MAX);
        if (!covered)
            found[count++] = i;
        if (count > 0 && !graph_forked(g, n->key))
            break; /* all of its others are in the past of the newest */
    }
    *out = mem_array(count, sizeof **out);
    if (*out == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        const struct oid *id = &graph_node(g, found[i])->id;
        for (; at > 0 && oid_compare(&(*out)[at - 1], id) > 0; at--)
            (*out)[at] = (*out)[at - 1];
        (*out)[at] = *id;
    }
    *count_out = count;
    return ST_OK;
}

/* ---- The body ---- */

/* The next version in the making: lists of our own, one longer than before; the rest is borrowed
 * from the version before. */
struct draft {
    struct charter next;
    struct oid *kept; /* of the key retired now */
    struct buf schema;
};

static void release_draft(struct draft *d)
{
    mem_free(d->next.members);
    mem_free(d->next.retired);
    mem_free(d->kept);
    buf_release(&d->schema);
}

static enum status begin_draft(const struct charter *newest, struct draft *d, struct fault *f)
{
    d->next = *newest;
    d->next.version = newest->version + 1;
    d->next.previous = newest->hash;
    d->next.signatures = NULL;
    d->next.members = mem_array(newest->member_count + 1, sizeof *d->next.members);
    d->next.retired = mem_array(newest->retired_count + 1, sizeof *d->next.retired);
    if (newest->version == CHARTER_VERSIONS_MAX)
        return fault_set(f, ST_TOO_LARGE, "the network has %u charter versions: no more fit",
                         newest->version);
    if (d->next.members == NULL || d->next.retired == NULL)
        return ST_NO_MEMORY;
    memcpy(d->next.members, newest->members, newest->member_count * sizeof *newest->members);
    if (newest->retired_count > 0)
        memcpy(d->next.retired, newest->retired, newest->retired_count * sizeof *newest->retired);
    return ST_OK;
}

static uint32_t member_at(const struct draft *d, const char *label)
{
    uint32_t at = 0;
    while (at < d->next.member_count && strcmp(d->next.members[at].label, label) != 0)
        at++;
    return at;
}

static enum status retire(struct replica *r, struct draft *d, const struct charter_member *m,
                          struct fault *f)
{
    struct charter_retired fresh = {.key = m->key};
    CHECK(d->kept == NULL);
    enum status status = kept_heads(r, &m->key, &d->kept, &fresh.kept_count, f);
    if (status != ST_OK)
        return status;
    fresh.kept = d->kept;
    memcpy(fresh.label, m->label, sizeof fresh.label);
    uint32_t at = d->next.retired_count++;
    for (; at > 0 && memcmp(&d->next.retired[at - 1].key, &fresh.key, sizeof fresh.key) > 0; at--)
        d->next.retired[at] = d->next.retired[at - 1];
    d->next.retired[at] = fresh;
    return ST_OK;
}

static enum status add(const struct charter *newest, struct draft *d,
                       const struct charter_member *m, struct fault *f)
{
    const struct charter_member *there = charter_by_label(newest, bytes_of_text(m->label));
    if (there != NULL && memcmp(&there->key, &m->key, sizeof m->key) == 0)
        return fault_set(f, ST_NOTHING, "%s is a member already", m->label);
    if (there != NULL)
        return fault_set(f, ST_EXISTS, "%s is a member already", m->label);
    if (charter_by_key(newest, &m->key) != NULL)
        return fault_set(f, ST_EXISTS, "the key of %s is a member's already", m->label);
    if (charter_retired_key(newest, &m->key) != NULL)
        return fault_set(f, ST_EXISTS, "the key of %s is retired: it needs a new one", m->label);
    if (newest->member_count == MEMBERS_MAX)
        return fault_set(f, ST_TOO_LARGE, "the network has %u members: no more fit",
                         newest->member_count);
    uint32_t at = d->next.member_count++;
    for (; at > 0 && strcmp(d->next.members[at - 1].label, m->label) > 0; at--)
        d->next.members[at] = d->next.members[at - 1];
    d->next.members[at] = *m;
    return charter_file_check_member(m, f);
}

static enum status remove_at(struct replica *r, struct draft *d, uint32_t at, struct fault *f)
{
    struct charter_member gone = d->next.members[at];
    d->next.member_count--;
    memmove(&d->next.members[at], &d->next.members[at + 1],
            (d->next.member_count - at) * sizeof gone);
    return retire(r, d, &gone, f);
}

static enum status change_at(struct replica *r, struct draft *d, uint32_t at, const struct wish *w,
                             struct fault *f)
{
    struct charter_member before = d->next.members[at], after = before;
    if ((w->what & WISH_ROLE) != 0)
        after.role = w->member.role;
    if ((w->what & WISH_RIGHTS) != 0) {
        after.admin = w->member.admin;
        after.treasurer = w->member.treasurer;
    }
    if ((w->what & WISH_ADDRESS) != 0)
        memcpy(after.address, w->member.address, sizeof after.address);
    if (after.role == before.role && after.admin == before.admin &&
        after.treasurer == before.treasurer && strcmp(after.address, before.address) == 0)
        return fault_set(f, ST_NOTHING, "%s is so already", before.label);
    enum status status = charter_file_check_member(&after, f);
    if (status != ST_OK)
        return status;
    if (charter_loses(&before, &after)) /* its holder joins again, with a new key */
        return remove_at(r, d, at, f);
    d->next.members[at] = after;
    return ST_OK;
}

static enum status rotate_at(struct replica *r, struct draft *d, uint32_t at, const struct key *key,
                             struct fault *f)
{
    struct charter_member before = d->next.members[at];
    if (memcmp(&before.key, key, sizeof *key) == 0)
        return fault_set(f, ST_NOTHING, "%s has that key already", before.label);
    if (charter_by_key(&d->next, key) != NULL || charter_retired_key(&d->next, key) != NULL)
        return fault_set(f, ST_EXISTS, "the new key was used before");
    d->next.members[at].key = *key;
    return retire(r, d, &before, f);
}

static enum status grow_schema(const struct charter *newest, struct draft *d, struct bytes json,
                               struct fault *f)
{
    struct schema *schema = NULL;
    enum status status = json_canonical(json, &d->schema, f);
    if (status == ST_MALFORMED) {
        status = ST_NOT_SCHEMA;
        if (f != NULL)
            f->code = ST_NOT_SCHEMA;
    }
    if (status != ST_OK)
        return fault_context(f, status, "schema");
    if (bytes_equal(buf_bytes(&d->schema), newest->schema_json))
        return fault_set(f, ST_NOTHING, "the network has that schema already");
    status = schema_parse(buf_bytes(&d->schema), &schema, f);
    if (status == ST_OK)
        status = schema_grows(newest->schema, schema, f);
    schema_free(schema);
    d->next.schema_json = buf_bytes(&d->schema);
    return status;
}

static enum status check_draft(const struct draft *d, struct fault *f)
{
    uint32_t offices = 0;
    for (uint32_t i = 0; i < d->next.member_count; i++)
        offices += d->next.members[i].role == CHARTER_OFFICE ? 1 : 0;
    if (offices == 0) {
        fault_set(f, ST_NOT_ALLOWED, "the last office cannot go: nobody could write any more");
        fault_fix(f, "let another office join first: minga invite LABEL");
        return ST_NOT_ALLOWED;
    }
    if (charter_admins(&d->next) == 0) {
        fault_set(f, ST_NOT_ALLOWED,
                  "the last admin cannot go: nobody could sign the next charter");
        fault_fix(f, "make another member admin first: minga member change LABEL --rights admin");
        return ST_NOT_ALLOWED;
    }
    return ST_OK;
}

static enum status apply(struct replica *r, const struct charter *newest, struct draft *d,
                         const struct wish *w, struct fault *f)
{
    if (w->kind == WISH_ADD)
        return add(newest, d, &w->member, f);
    if (w->kind == WISH_SCHEMA)
        return grow_schema(newest, d, buf_bytes(&w->schema), f);
    uint32_t at = member_at(d, w->member.label);
    if (at == d->next.member_count) {
        fault_set(f, ST_NOT_FOUND, "no member is called %s", w->member.label);
        fault_fix(f, "minga member list shows them");
        return ST_NOT_FOUND;
    }
    if (w->kind == WISH_REMOVE)
        return remove_at(r, d, at, f);
    return w->kind == WISH_CHANGE ? change_at(r, d, at, w, f)
                                  : rotate_at(r, d, at, &w->member.key, f);
}

enum status wish_body(struct replica *r, const struct wish *w, struct buf *out, struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    struct draft d = {.kept = NULL};
    size_t before = out->count;
    enum status status = begin_draft(newest, &d, f);
    if (status == ST_OK)
        status = apply(r, newest, &d, w, f);
    if (status == ST_OK)
        status = check_draft(&d, f);
    if (status == ST_OK) {
        charter_file_add_body(&d.next, out);
        status = buf_status(out);
    }
    if (status == ST_OK && out->count - before > CHARTER_BYTES_MAX) {
        out->count = before;
        status = fault_set(f, ST_TOO_LARGE, "the charter would be longer than %u bytes",
                           (unsigned)CHARTER_BYTES_MAX);
    }
    release_draft(&d);
    return status;
}
