/*
 * offices: a world of several cores in memory, for story tests: virtual time, one seed, bytes that
 * arrive in random chunks, and a fake replica in each office: a set of opaque items with ids and
 * parents, durable only some turns after it was asked to store them.
 *
 *   world_start(&w, seed); office_open(&w, "alice"); ...
 *   world_write(&w, alice, "text"); world_settle(&w); assert_true(office_has(...));
 */
#ifndef TESTS_OFFICES_H
#define TESTS_OFFICES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/channel.h"
#include "proto/core.h"
#include "proto/mem.h"

#define HELPER __attribute__((unused)) static

enum {
    OFFICES_MAX = 6,
    COMMITS_MAX = 3000,
    PARENTS_FAKE_MAX = 8,
    ITEM_FAKE_MAX = 600,
    PIPES_MAX = 400,
    TASKS_MAX = 4096,
    VERSIONS_MAX = 8,
    LOG_BYTES = 1 << 16,
};

struct commit {
    struct oid id;
    uint32_t office, parent_count;
    struct oid parents[PARENTS_FAKE_MAX];
    uint8_t bytes[ITEM_FAKE_MAX];
    size_t byte_count;
};

struct task { /* what a replica was asked for */
    enum core_effect_kind kind;
    link_id link;
    uint32_t request;
    enum core_load_kind load;
    struct buf data; /* items behind their u32 lengths, or known ids */
    uint32_t count;
    size_t bytes_max;
    struct key key;
    char invitation[65];
};

struct end { /* one side of a connection */
    int office; /* -1: the test itself */
    link_id link;
    struct buf inbox; /* on its way to this side */
    bool closing;     /* the other side has closed: CLOSED comes behind the inbox */
    bool closed;
};

struct pipe {
    bool used;
    struct end ends[2];
};

struct office {
    const char *name;
    char label[LABEL_BYTES_MAX + 1];
    bool up;
    uint8_t secret[64];
    struct key key;
    struct core *core;
    uint32_t version; /* of the charter that it has */
    struct commit *commits;
    uint32_t commit_count;
    struct commit *waiting[64];
    uint32_t waiting_count;
    struct task tasks[TASKS_MAX];
    uint32_t task_first, task_count;
    enum status refuse; /* verdict on everything from outside; ST_OK: accept */
    bool slow;          /* the replica does not answer */
    struct core_invitation invitation;
    bool invites;
    bool joined;
    enum status last_close;
    uint32_t stores, loads, items_in, closes, connects;
    uint64_t bytes_sent;
    size_t chunk; /* bytes given at once; 0: random */
    char log[LOG_BYTES];
    size_t log_used;
};

struct world {
    uint64_t now_ms, seed, draws;
    struct office offices[OFFICES_MAX];
    int office_count;
    struct pipe pipes[PIPES_MAX];
    link_id next_link;
    bool cut[OFFICES_MAX][OFFICES_MAX];
    struct key member_keys[OFFICES_MAX];
    char member_labels[OFFICES_MAX][LABEL_BYTES_MAX + 1];
    uint32_t members_at[VERSIONS_MAX + 1]; /* how many members each version has */
    uint32_t versions;
    uint64_t steps;
    uint64_t fail_step, fail_at; /* the allocation that fails: in this step, this one; 0: none */
    bool failed;
    uint8_t trace[32]; /* a hash of all effects so far */
};

HELPER void world_random(void *context, void *out, size_t count)
{
    struct world *w = context;
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    memcpy(seed, &w->seed, sizeof(w->seed));
    w->draws++;
    memcpy(seed + sizeof(w->seed), &w->draws, sizeof(w->draws));
    randombytes_buf_deterministic(out, count, seed);
}

HELPER uint32_t world_draw(struct world *w, uint32_t below)
{
    uint32_t n;
    world_random(w, &n, sizeof(n));
    return below > 0 ? n % below : 0;
}

/* ---- Charters: version v is the text "vN"; its members are the first members_at[N]. ---- */

HELPER void charter_of(const struct world *w, uint32_t version, struct digest *hash,
                       struct core_member *members, struct bytes *files, char texts[][16])
{
    memset(hash, 0, sizeof(*hash));
    hash->id[0] = (uint8_t)version;
    static char places[OFFICES_MAX][48];
    for (uint32_t i = 0; i < w->members_at[version]; i++) {
        snprintf(places[i], sizeof(places[i]), "%s:1", w->member_labels[i]);
        members[i] = (struct core_member){w->member_labels[i], w->member_keys[i], places[i]};
    }
    for (uint32_t v = 1; v <= version; v++) {
        snprintf(texts[v - 1], 16, "v%u", v);
        files[v - 1] = bytes_of_text(texts[v - 1]);
    }
}

HELPER void office_step(struct world *w, int who, struct core_event *e);

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
    uint32_t from = o->commit_count > 200 ? o->commit_count - 200 : 0; /* heads are never older */
    for (uint32_t i = from; i < o->commit_count; i++) {
        bool reached = false;
        for (uint32_t n = i + 1; n < o->commit_count && !reached; n++) {
            for (uint32_t p = 0; p < o->commits[n].parent_count && !reached; p++)
                reached = oid_equal(&o->commits[n].parents[p], &o->commits[i].id);
        }
        if (!reached && *count < 64) {
            writers[*count] = o->commits[i].office;
            heads[(*count)++] = o->commits[i].id;
        }
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
            labels[e.heads.label_count++] = (struct core_label_heads){
                bytes_of_text(names[o]), sorted + first, used - first};
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
    assert_true(o->commit_count < COMMITS_MAX);
    o->commits[o->commit_count++] = *c;
    return true;
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
    if (o->up) {
        office_tell_commit(w, who, &c, 0);
        office_tell_heads(w, who);
    }
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
            office_tell_commit(w, who, c, 0);
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
        } else if (office_keep(w, who, &c)) {
            office_tell_commit(w, who, &c, t->link);
        } else {
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
    office_tell_heads(w, who);
    e.stored.verdicts = verdicts;
    e.stored.ids = ids;
    e.stored.count = t->count;
    e.stored.missing = missing;
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
        struct core_event told = {.kind = CORE_INVITATIONS, .invitations = &o->invitation,
                                  .invitation_count = 1};
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
    else
        answer_pair(w, who, &t);
    buf_release(&t.data);
    return true;
}

/* ---- Connections ---- */

HELPER struct end *end_of(struct world *w, int who, link_id link, struct end **other)
{
    for (int i = 0; i < PIPES_MAX; i++) {
        for (int side = 0; side < 2 && w->pipes[i].used; side++) {
            struct end *end = &w->pipes[i].ends[side];
            if (end->office == who && end->link == link) {
                *other = &w->pipes[i].ends[1 - side];
                return end;
            }
        }
    }
    return NULL;
}

HELPER struct pipe *pipe_open(struct world *w, int from, link_id link, int to)
{
    for (int i = 0; i < PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        if (p->used)
            continue;
        *p = (struct pipe){.used = true};
        p->ends[0] = (struct end){.office = from, .link = link};
        p->ends[1] = (struct end){.office = to, .link = ++w->next_link | 0x80000000u};
        return p;
    }
    fail_msg("no pipe is free");
    return NULL;
}

HELPER void pipe_tidy(struct world *w)
{
    for (int i = 0; i < PIPES_MAX; i++) {
        struct pipe *p = &w->pipes[i];
        if (!p->used || !p->ends[0].closed || !p->ends[1].closed)
            continue;
        buf_release(&p->ends[0].inbox);
        buf_release(&p->ends[1].inbox);
        p->used = false;
    }
}

HELPER int office_named(const struct world *w, const char *place)
{
    for (int i = 0; i < w->office_count; i++) {
        size_t length = strlen(w->offices[i].name);
        if (strncmp(w->offices[i].name, place, length) == 0 && place[length] == ':')
            return i;
    }
    return -1;
}

HELPER void office_connect(struct world *w, int who, link_id link, const char *place)
{
    int to = office_named(w, place);
    w->offices[who].connects++;
    if (to < 0 || !w->offices[to].up || w->cut[who][to]) {
        struct core_event e = {.kind = CORE_CLOSED, .link = link, .status = ST_UNREACHABLE,
                               .text = "refused"};
        office_step(w, who, &e);
        return;
    }
    struct pipe *p = pipe_open(w, who, link, to);
    link_id accepted = p->ends[1].link;
    struct core_event e = {.kind = CORE_ACCEPTED, .link = accepted, .text = "127.0.0.1"};
    office_step(w, to, &e);
    e = (struct core_event){.kind = CORE_CONNECTED, .link = link};
    office_step(w, who, &e);
}

HELPER void keep_task(struct office *o, const struct core_effect *fx)
{
    assert_true(o->task_count < TASKS_MAX);
    struct task *t = &o->tasks[(o->task_first + o->task_count++) % TASKS_MAX];
    *t = (struct task){.kind = fx->kind, .link = fx->link, .request = fx->request,
                       .load = fx->load, .bytes_max = fx->bytes_max, .key = fx->key};
    if (fx->kind == FX_LOAD) {
        t->count = fx->known_count;
        buf_add(&t->data, fx->known, fx->known_count * sizeof(fx->known[0]));
        return;
    }
    t->count = fx->item_count;
    for (uint32_t i = 0; i < fx->item_count; i++) {
        uint32_t length = (uint32_t)fx->items[i].count;
        buf_add(&t->data, &length, sizeof(length));
        buf_add_bytes(&t->data, fx->items[i]);
    }
}

struct call { /* a CONNECT to be made once the step is over */
    link_id link;
    char place[ADDRESS_BYTES_MAX + 1];
};

HELPER void office_effect(struct world *w, int who, const struct core_effect *fx)
{
    struct office *o = &w->offices[who];
    struct end *other = NULL;
    crypto_generichash_state state;
    crypto_generichash_init(&state, w->trace, sizeof(w->trace), sizeof(w->trace));
    crypto_generichash_update(&state, (const uint8_t *)&fx->kind, sizeof(fx->kind));
    crypto_generichash_update(&state, fx->bytes.data, fx->bytes.count);
    crypto_generichash_final(&state, w->trace, sizeof(w->trace));
    struct end *end = fx->link != 0 ? end_of(w, who, fx->link, &other) : NULL;
    if (fx->kind == FX_SEND) {
        o->bytes_sent += fx->bytes.count;
        if (end != NULL && !other->closed)
            buf_add_bytes(&other->inbox, fx->bytes);
    } else if (fx->kind == FX_CLOSE) {
        o->closes++;
        o->last_close = fx->status;
        if (end != NULL) {
            end->closed = true;
            buf_reset(&end->inbox);
            other->closing = true;
        }
    } else if (fx->kind == FX_LOG) {
        size_t length = strlen(fx->text);
        if (o->log_used + length + 2 < LOG_BYTES) {
            memcpy(o->log + o->log_used, fx->text, length);
            o->log_used += length;
            o->log[o->log_used++] = '\n';
            o->log[o->log_used] = '\0';
        }
    } else if (fx->kind == FX_JOINED) {
        o->joined = true;
        snprintf(o->label, sizeof(o->label), "%s", fx->text);
        o->version = fx->item_count;
    } else if (fx->kind == FX_STORE || fx->kind == FX_LOAD || fx->kind == FX_CHARTER ||
               fx->kind == FX_PAIR) {
        keep_task(o, fx);
    }
}

/* Whoever says that its heads are durable elsewhere is right: no STORED before it is. */
HELPER void office_check(struct world *w, int who)
{
    struct core_peer peer;
    struct oid heads[64];
    uint32_t writers[64], count;
    struct office *o = &w->offices[who];
    for (uint32_t i = 0; core_peer(o->core, i, &peer); i++) {
        if (!peer.durable || o->commit_count > 300)
            continue;
        office_heads(o, heads, writers, &count);
        for (int n = 0; n < w->office_count; n++) {
            for (uint32_t h = 0; strcmp(w->offices[n].label, peer.label) == 0 && h < count; h++) {
                if (o->commit_count > 0 && !oid_equal(&heads[h], &o->commits[o->commit_count - 1].id))
                    assert_true(office_has(&w->offices[n], &heads[h]));
            }
        }
    }
}

HELPER void office_step(struct world *w, int who, struct core_event *e)
{
    struct office *o = &w->offices[who];
    struct effects effects;
    struct call calls[16];
    int call_count = 0;
    if (!o->up)
        return;
    e->now_ms = w->now_ms;
    w->steps++;
    if (w->steps == w->fail_step)
        mem_fail_at(w->fail_at);
    enum status status = core_step(o->core, e, &effects);
    w->failed = w->failed || (w->steps == w->fail_step && mem_failed());
    mem_fail_at(0);
    assert_true(status == ST_OK || (status == ST_NO_MEMORY && w->failed));
    assert_true(effects.count <= EFFECTS_MAX);
    for (uint32_t i = 0; i < effects.count; i++) {
        const struct core_effect *fx = &effects.list[i];
        if (fx->kind == FX_CONNECT) {
            assert_true(call_count < 16);
            calls[call_count].link = fx->link;
            snprintf(calls[call_count++].place, sizeof(calls[0].place), "%s", fx->text);
        } else {
            office_effect(w, who, fx);
        }
    }
    for (int i = 0; i < call_count; i++)
        office_connect(w, who, calls[i].link, calls[i].place);
}

/* Give one side some of what is on its way to it; false: there is nothing. */
HELPER bool end_deliver(struct world *w, struct end *end)
{
    if (end->closed || end->office < 0)
        return false;
    if (end->inbox.count > 0) {
        size_t most = w->offices[end->office].chunk;
        size_t count = 1 + (most > 0 ? most - 1 : world_draw(w, 20000));
        count = count < end->inbox.count ? count : end->inbox.count;
        uint8_t *copy = mem_copy(end->inbox.data, count);
        buf_drop_front(&end->inbox, count);
        struct core_event e = {.kind = CORE_DATA, .link = end->link, .bytes = {copy, count}};
        office_step(w, end->office, &e);
        mem_free(copy);
        return true;
    }
    if (!end->closing)
        return false;
    end->closed = true;
    struct core_event e = {.kind = CORE_CLOSED, .link = end->link, .status = ST_CLOSED};
    office_step(w, end->office, &e);
    return true;
}

/* ---- The course of things ---- */

/* Something that can happen now, chosen by the seed; false: nothing can. */
HELPER bool world_turn(struct world *w)
{
    uint32_t places = PIPES_MAX * 2 + OFFICES_MAX;
    uint32_t first = world_draw(w, places);
    for (uint32_t n = 0; n < places; n++) {
        uint32_t at = (first + n) % places;
        if (at < PIPES_MAX * 2) {
            if (w->pipes[at / 2].used && end_deliver(w, &w->pipes[at / 2].ends[at % 2])) {
                pipe_tidy(w);
                return true;
            }
        } else if ((int)(at - PIPES_MAX * 2) < w->office_count &&
                   office_answer(w, (int)(at - PIPES_MAX * 2))) {
            return true;
        }
    }
    return false;
}

/* At most so many turns, time passing only where nothing else can be done; how many it took. */
HELPER uint64_t world_turns(struct world *w, uint64_t until_ms, uint64_t turns_max)
{
    uint64_t turns = 0;
    for (; turns < turns_max; turns++) {
        if (world_turn(w))
            continue;
        uint64_t next = UINT64_MAX;
        for (int i = 0; i < w->office_count; i++) {
            if (w->offices[i].up && core_deadline_ms(w->offices[i].core) < next)
                next = core_deadline_ms(w->offices[i].core);
        }
        if (next > until_ms)
            break;
        w->now_ms = next > w->now_ms ? next : w->now_ms;
        for (int i = 0; i < w->office_count; i++) {
            struct core_event e = {.kind = CORE_TICK};
            if (w->offices[i].up && core_deadline_ms(w->offices[i].core) <= w->now_ms)
                office_step(w, i, &e);
        }
    }
    return turns;
}

/* Let virtual time pass, doing all that can be done. */
HELPER void world_run(struct world *w, uint64_t for_ms)
{
    uint64_t until_ms = w->now_ms + for_ms;
    assert_true(world_turns(w, until_ms, 1000000) < 1000000); /* else it goes round in circles */
    w->now_ms = until_ms;
    for (int i = 0; i < w->office_count; i++) {
        if (w->offices[i].up)
            office_check(w, i);
    }
}

HELPER void world_cut(struct world *w, int a, int b, bool cut)
{
    w->cut[a][b] = w->cut[b][a] = cut;
    for (int i = 0; i < PIPES_MAX && cut; i++) {
        struct pipe *p = &w->pipes[i];
        bool between = p->used && ((p->ends[0].office == a && p->ends[1].office == b) ||
                                   (p->ends[0].office == b && p->ends[1].office == a));
        for (int side = 0; side < 2 && between; side++) {
            buf_reset(&p->ends[side].inbox); /* what was under way is lost */
            p->ends[side].closing = true;
        }
    }
}

HELPER int office_new(struct world *w, const char *name)
{
    int who = w->office_count++;
    struct office *o = &w->offices[who];
    uint8_t seed[crypto_sign_SEEDBYTES] = {0};
    assert_true(who < OFFICES_MAX);
    crypto_generichash(seed, sizeof(seed), (const uint8_t *)name, strlen(name), NULL, 0);
    o->name = name;
    snprintf(o->label, sizeof(o->label), "%s", name);
    crypto_sign_seed_keypair(o->key.id, o->secret, seed);
    o->commits = mem_array(COMMITS_MAX, sizeof(o->commits[0]));
    return who;
}

/* Start its core and tell it what a shell tells. */
HELPER void office_up(struct world *w, int who)
{
    struct office *o = &w->offices[who];
    const struct core_options options = {
        .network = {{7}},
        .label = o->label,
        .identity = o->secret,
        .agent = "test",
        .listen_address = "",
        .entropy = world_random,
        .entropy_context = w,
    };
    assert_int_equal(core_create(&options, &o->core), ST_OK);
    o->up = true;
    office_tell_charter(w, who, 0, ST_OK);
    office_tell_heads(w, who);
    struct core_event e = {.kind = CORE_INVITATIONS, .invitations = &o->invitation,
                           .invitation_count = o->invites};
    office_step(w, who, &e);
    e = (struct core_event){.kind = CORE_START};
    office_step(w, who, &e);
}

HELPER void office_down(struct world *w, int who)
{
    struct office *o = &w->offices[who];
    o->up = false;
    for (int i = 0; i < PIPES_MAX; i++) {
        for (int side = 0; side < 2 && w->pipes[i].used; side++) {
            if (w->pipes[i].ends[side].office == who) {
                w->pipes[i].ends[side].closed = true;
                w->pipes[i].ends[1 - side].closing = true;
            }
        }
    }
    while (o->task_count > 0) {
        buf_release(&o->tasks[o->task_first].data);
        o->task_first = (o->task_first + 1) % TASKS_MAX;
        o->task_count--;
    }
    core_free(o->core);
    o->core = NULL;
}

/* A world of 'count' members that know each other, none of them up yet. */
HELPER struct world *world_new(uint64_t seed, int count)
{
    static const char *const names[] = {"alice", "bob", "carol", "eve", "frank", "grace"};
    struct world *w = mem_alloc(sizeof(*w));
    assert_non_null(w);
    assert_true(sodium_init() >= 0);
    w->seed = seed;
    w->now_ms = 1000;
    for (int i = 0; i < count; i++) {
        int who = office_new(w, names[i]);
        w->member_keys[i] = w->offices[who].key;
        snprintf(w->member_labels[i], sizeof(w->member_labels[i]), "%s", names[i]);
        w->offices[who].version = 1;
    }
    w->versions = 1;
    w->members_at[1] = (uint32_t)count;
    return w;
}

HELPER void world_free(struct world *w)
{
    for (int i = 0; i < w->office_count; i++) {
        struct office *o = &w->offices[i];
        if (o->up)
            office_down(w, i);
        for (uint32_t n = 0; n < o->waiting_count; n++)
            mem_free(o->waiting[n]);
        mem_free(o->commits);
    }
    for (int i = 0; i < PIPES_MAX; i++) {
        buf_release(&w->pipes[i].ends[0].inbox);
        buf_release(&w->pipes[i].ends[1].inbox);
    }
    mem_free(w);
}

HELPER bool offices_agree(const struct world *w, int a, int b)
{
    const struct office *left = &w->offices[a], *right = &w->offices[b];
    if (left->commit_count != right->commit_count)
        return false;
    for (uint32_t i = 0; i < left->commit_count; i++) {
        if (!office_has(right, &left->commits[i].id))
            return false;
    }
    return true;
}

HELPER struct core_peer office_peer(const struct world *w, int who, const char *label)
{
    struct core_peer peer;
    for (uint32_t i = 0; core_peer(w->offices[who].core, i, &peer); i++) {
        if (strcmp(peer.label, label) == 0)
            return peer;
    }
    fail_msg("no peer %s", label);
    return (struct core_peer){0};
}

HELPER bool office_logged(const struct world *w, int who, const char *text)
{
    return strstr(w->offices[who].log, text) != NULL;
}

#endif
