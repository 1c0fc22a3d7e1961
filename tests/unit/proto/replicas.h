/*
 * replicas: what the offices of offices.h keep: a charter that is a text a version, and a set of
 * opaque items with ids and parents, judged when the world has a turn to spare for it.
 */
#ifndef TESTS_REPLICAS_H
#define TESTS_REPLICAS_H

#include "vaults.h"

/* ---- Charters: version v is the text "vN"; its members are the first members_at[N]. ---- */

HELPER void charter_of(const struct world *w, uint32_t version, struct digest *hash,
                       struct core_member *members, struct bytes *files, char texts[][16])
{
    memset(hash, 0, sizeof(*hash));
    hash->id[0] = (uint8_t)version;
    static char places[OFFICES_MAX][48];
    for (uint32_t i = 0; i < w->members_at[version]; i++) {
        snprintf(places[i], sizeof(places[i]), "%s:1", w->member_labels[i]);
        members[i] = (struct core_member){.label = w->member_labels[i],
                                          .key = w->member_keys[i],
                                          .address = places[i],
                                          .role = w->member_roles[i]};
    }
    for (uint32_t v = 1; v <= version; v++) {
        snprintf(texts[v - 1], 16, "v%u", v);
        files[v - 1] = bytes_of_text(texts[v - 1]);
    }
}

HELPER void office_tell_charter(struct world *w, int who, uint32_t request, enum status status)
{
    struct core_member members[OFFICES_MAX];
    struct bytes files[VERSIONS_MAX];
    char texts[VERSIONS_MAX][16];
    struct core_event e = {.kind = CORE_CHARTER, .request = request, .status = status};
    e.charter.version = w->offices[who].version;
    charter_of(w, e.charter.version, &e.charter.hash, members, files, texts);
    e.charter.members = members;
    e.charter.member_count = w->members_at[e.charter.version];
    e.charter.files = files;
    if (e.charter.version == w->versions) {
        e.charter.retired = w->retired;
        e.charter.retired_count = w->retired_count;
    }
    office_step(w, who, &e);
}

/* ---- The fake replica ---- */

HELPER const struct commit *office_commit(const struct office *o, const struct oid *id)
{
    for (uint32_t i = o->commit_count; i > 0; i--) {
        if (oid_equal(&o->commits[i - 1].id, id))
            return &o->commits[i - 1];
    }
    return NULL;
}

HELPER bool office_has(const struct office *o, const struct oid *id)
{
    return office_commit(o, id) != NULL;
}

HELPER bool read_item(struct bytes in, struct commit *out)
{
    memset(out, 0, sizeof(*out));
    if (in.count < 2 || in.count > ITEM_FAKE_MAX || in.data[1] > PARENTS_FAKE_MAX ||
        in.count < 2u + OID_BYTES * in.data[1])
        return false;
    out->office = in.data[0];
    out->parent_count = in.data[1];
    memcpy(out->parents, in.data + 2, OID_BYTES * out->parent_count);
    memcpy(out->bytes, in.data, in.count);
    out->byte_count = in.count;
    crypto_generichash(out->id.id, OID_BYTES, in.data, in.count, NULL, 0);
    return true;
}

HELPER void office_heads(const struct office *o, struct oid *heads, uint32_t *writers,
                         uint32_t *count)
{
    *count = 0;
    for (uint32_t i = 0; i < o->commit_count; i++) {
        if (o->commits[i].reached || *count == 64)
            continue;
        writers[*count] = o->commits[i].office;
        heads[(*count)++] = o->commits[i].id;
    }
}

HELPER void office_tell_heads(struct world *w, int who)
{
    struct oid heads[64], sorted[64];
    uint32_t writers[64], count, used = 0;
    struct core_label_heads labels[OFFICES_MAX];
    struct core_event e = {.kind = CORE_HEADS};
    office_heads(&w->offices[who], heads, writers, &count);
    static const char *const names[] = {"office-a", "office-b", "office-c",
                                        "office-d", "office-e", "office-f"};
    for (uint32_t o = 0; o < OFFICES_MAX; o++) {
        uint32_t first = used;
        for (uint32_t i = 0; i < count; i++) {
            if (writers[i] == o)
                sorted[used++] = heads[i];
        }
        if (used > first)
            labels[e.heads.label_count++] =
                (struct core_label_heads){bytes_of_text(names[o]), sorted + first, used - first};
    }
    e.heads.labels = labels;
    office_step(w, who, &e);
}

HELPER void office_tell_commit(struct world *w, int who, const struct commit *c, link_id from)
{
    struct core_event e = {.kind = CORE_COMMITTED, .link = from};
    e.bytes = (struct bytes){c->bytes, c->byte_count};
    e.committed.id = c->id;
    e.committed.parents = c->parents;
    e.committed.parent_count = c->parent_count;
    office_step(w, who, &e);
}

HELPER bool office_keep(struct world *w, int who, const struct commit *c)
{
    struct office *o = &w->offices[who];
    for (uint32_t i = 0; i < c->parent_count; i++) {
        if (!office_has(o, &c->parents[i]))
            return false;
    }
    for (uint32_t i = 0; i < c->parent_count; i++)
        o->commits[office_commit(o, &c->parents[i]) - o->commits].reached = true;
    assert_true(o->commit_count < COMMITS_MAX);
    o->commits[o->commit_count++] = *c;
    return true;
}

/* Tell the commits from this place on, and the heads, in the order that the shell has. */
HELPER void office_tell_news(struct world *w, int who, uint32_t first, link_id from)
{
    struct office *o = &w->offices[who];
    uint32_t end = o->commit_count;
    if (o->heads_first)
        office_tell_heads(w, who);
    for (uint32_t i = first; i < end; i++)
        office_tell_commit(w, who, &o->commits[i], from);
    if (!o->heads_first)
        office_tell_heads(w, who);
}

/* One commit over the office's heads; its id. */
HELPER struct oid world_write(struct world *w, int who, const char *text)
{
    struct office *o = &w->offices[who];
    uint8_t raw[ITEM_FAKE_MAX];
    struct oid heads[64];
    uint32_t writers[64], count;
    struct commit c;
    office_heads(o, heads, writers, &count);
    count = count < PARENTS_FAKE_MAX ? count : PARENTS_FAKE_MAX;
    raw[0] = (uint8_t)who;
    raw[1] = (uint8_t)count;
    memcpy(raw + 2, heads, OID_BYTES * count);
    size_t length = strlen(text);
    memcpy(raw + 2 + OID_BYTES * count, text, length);
    assert_true(read_item((struct bytes){raw, 2 + OID_BYTES * count + length}, &c));
    assert_true(office_keep(w, who, &c));
    office_tell_news(w, who, o->commit_count - 1, 0);
    return c.id;
}

HELPER void mark_past(const struct office *o, const struct oid *known, uint32_t known_count,
                      bool *marked, bool *unknown)
{
    *unknown = false;
    for (uint32_t i = 0; i < known_count; i++) {
        const struct commit *c = office_commit(o, &known[i]);
        if (c == NULL)
            *unknown = true;
        else
            marked[c - o->commits] = true;
    }
    for (uint32_t i = o->commit_count; i > 0; i--) {
        const struct commit *c = &o->commits[i - 1];
        for (uint32_t p = 0; marked[i - 1] && p < c->parent_count; p++) {
            const struct commit *parent = office_commit(o, &c->parents[p]);
            assert_non_null(parent);
            marked[parent - o->commits] = true;
        }
    }
}

HELPER void answer_load(struct world *w, int who, const struct task *t)
{
    static struct bytes items[COMMITS_MAX];
    static struct oid ids[COMMITS_MAX];
    static bool marked[COMMITS_MAX];
    struct office *o = &w->offices[who];
    const struct oid *known = (const struct oid *)t->data.data;
    struct core_event e = {.kind = CORE_LOADED, .link = t->link, .request = t->request};
    size_t bytes = 0;
    memset(marked, 0, sizeof(marked));
    o->loads++;
    if (t->load == CORE_LOAD_LACKING)
        mark_past(o, known, t->count, marked, &e.loaded.unknown);
    for (uint32_t i = 0; i < o->commit_count && t->load == CORE_LOAD_LACKING; i++) {
        if (marked[i])
            continue;
        if (e.loaded.count > 0 && bytes + o->commits[i].byte_count > t->bytes_max) {
            e.loaded.more = true;
            break;
        }
        bytes += o->commits[i].byte_count;
        ids[e.loaded.count] = o->commits[i].id;
        items[e.loaded.count++] = (struct bytes){o->commits[i].bytes, o->commits[i].byte_count};
    }
    for (uint32_t i = 0; i < t->count && t->load == CORE_LOAD_BY_ID; i++) {
        const struct commit *c = office_commit(o, &known[i]);
        if (c == NULL)
            continue;
        ids[e.loaded.count] = c->id;
        items[e.loaded.count++] = (struct bytes){c->bytes, c->byte_count};
    }
    for (uint32_t back = 1; t->load == CORE_LOAD_SUMMARY && back <= o->commit_count; back *= 2)
        ids[e.loaded.count++] = o->commits[o->commit_count - back].id;
    e.loaded.items = items;
    e.loaded.ids = ids;
    office_step(w, who, &e);
}

/* Whatever waited for its parents and has them now. */
HELPER void wake_waiting(struct world *w, int who)
{
    struct office *o = &w->offices[who];
    for (bool progress = true; progress;) {
        progress = false;
        for (uint32_t i = 0; i < o->waiting_count; i++) {
            struct commit *c = o->waiting[i];
            if (!office_has(o, &c->id) && !office_keep(w, who, c))
                continue;
            o->waiting[i] = o->waiting[--o->waiting_count];
            mem_free(c);
            progress = true;
            break;
        }
    }
}

HELPER void answer_store(struct world *w, int who, const struct task *t)
{
    static enum status verdicts[BATCH_ITEMS_MAX];
    static struct oid ids[BATCH_ITEMS_MAX];
    struct oid missing[PARENTS_FAKE_MAX * 4];
    struct office *o = &w->offices[who];
    struct core_event e = {.kind = CORE_STORED, .link = t->link, .request = t->request};
    size_t at = 0;
    uint32_t first = o->commit_count;
    o->stores++;
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t length;
        struct commit c;
        memcpy(&length, t->data.data + at, sizeof(length));
        bool good = read_item((struct bytes){t->data.data + at + 4, length}, &c);
        at += 4 + length;
        ids[i] = c.id;
        o->items_in++;
        verdicts[i] = !good ? ST_MALFORMED : o->refuse;
        if (verdicts[i] != ST_OK)
            continue;
        if (office_has(o, &c.id)) {
            verdicts[i] = ST_EXISTS;
        } else if (!office_keep(w, who, &c)) {
            verdicts[i] = ST_WAITING;
            for (uint32_t p = 0; p < c.parent_count && e.stored.missing_count < 8; p++) {
                if (!office_has(o, &c.parents[p]))
                    missing[e.stored.missing_count++] = c.parents[p];
            }
            if (o->waiting_count < 64)
                o->waiting[o->waiting_count++] = mem_copy(&c, sizeof(c));
        }
    }
    wake_waiting(w, who);
    e.stored.verdicts = verdicts;
    e.stored.ids = ids;
    e.stored.count = t->count;
    e.stored.missing = missing;
    if (o->heads_first)
        office_step(w, who, &e);
    office_tell_news(w, who, first, t->link);
    if (!o->heads_first)
        office_step(w, who, &e);
}

HELPER void answer_charter(struct world *w, int who, const struct task *t)
{
    struct office *o = &w->offices[who];
    size_t at = 0;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t length, version = 0;
        memcpy(&length, t->data.data + at, sizeof(length));
        const char *text = (const char *)t->data.data + at + 4;
        at += 4 + length;
        for (uint32_t n = 1; n < length; n++)
            version = version * 10 + (uint32_t)(text[n] - '0');
        if (length < 2 || text[0] != 'v' || version > w->versions)
            status = ST_WRONG_CHARTER;
        else if (version == o->version + 1)
            o->version = version;
    }
    office_tell_charter(w, who, t->request, status);
}

/* The charter grows by this member. */
HELPER void world_admit(struct world *w, const char *label, const struct key *key)
{
    uint32_t count = w->versions > 0 ? w->members_at[w->versions] : 0;
    w->member_keys[count] = *key;
    snprintf(w->member_labels[count], sizeof(w->member_labels[count]), "%s", label);
    w->members_at[++w->versions] = count + 1;
}

HELPER void answer_pair(struct world *w, int who, const struct task *t)
{
    struct office *o = &w->offices[who];
    struct core_member members[OFFICES_MAX];
    struct bytes files[VERSIONS_MAX];
    char texts[VERSIONS_MAX][16];
    struct digest hash;
    struct core_event e = {.kind = CORE_PAIRED, .link = t->link, .request = t->request};
    if (!o->invitation.used) {
        world_admit(w, "dora", &t->key);
        o->invitation.used = true;
        o->invitation.used_by = t->key;
        o->version = w->versions;
        office_tell_charter(w, who, 0, ST_OK);
        struct core_event told = {
            .kind = CORE_INVITATIONS, .invitations = &o->invitation, .invitation_count = 1};
        office_step(w, who, &told);
    }
    charter_of(w, o->version, &hash, members, files, texts);
    e.paired.label = bytes_of_text("dora");
    e.paired.files = files;
    e.paired.file_count = o->version;
    office_step(w, who, &e);
}

HELPER bool office_answer(struct world *w, int who)
{
    struct office *o = &w->offices[who];
    if (!o->up || o->slow || o->task_count == 0)
        return false;
    struct task t = o->tasks[o->task_first];
    o->task_first = (o->task_first + 1) % TASKS_MAX;
    o->task_count--;
    if (t.kind == FX_STORE)
        answer_store(w, who, &t);
    else if (t.kind == FX_LOAD)
        answer_load(w, who, &t);
    else if (t.kind == FX_CHARTER)
        answer_charter(w, who, &t);
    else if (t.kind == FX_WISH)
        answer_wish(w, who, &t);
    else if (t.kind == FX_GIVE)
        answer_give(w, who, &t);
    else if (t.kind == FX_KEEP)
        answer_keep(w, who, &t);
    else
        answer_pair(w, who, &t);
    buf_release(&t.data);
    buf_release(&t.names);
    return true;
}

#endif
