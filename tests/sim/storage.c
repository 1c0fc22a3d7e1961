#include "tests/sim/storage.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/byzantine.h"
#include "tests/sim/ledger.h"
#include "tests/sim/member.h"
#include "tests/sim/net.h"
#include "tests/sim/sealing.h"
#include "tests/sim/simstate.h"
#include "tests/sim/work.h"

enum job_kind { JOB_STORE, JOB_LOAD, JOB_CHARTERS, JOB_ACT, JOB_ADMIT, JOB_SEALED };

enum { BATCH_JOBS_MAX = 16 };

struct world_job {
    struct world_job *next;
    enum job_kind kind;
    link_id link;
    uint32_t request, newcomer;
    enum core_load_kind load;
    size_t bytes_max;
    struct buf data;
    struct bytes *items; /* in data */
    uint32_t item_count;
    struct oid *ids;
    uint32_t id_count;
    enum status status;
    enum status *verdicts;
    struct oid *missing;
    uint32_t missing_count;
    bool more, unknown, heard;
    struct bytes *motions; /* in data */
    uint32_t motion_count;
    struct sealing *sealing;
    storage_act_fn act;
    struct step step;
};

static void *must_have(void *block)
{
    CHECK(block != NULL);
    return block;
}

static void free_job(struct world_job *j)
{
    buf_release(&j->data);
    mem_free(j->items);
    mem_free(j->ids);
    mem_free(j->verdicts);
    mem_free(j->missing);
    mem_free(j->motions);
    sealing_free(j->sealing);
    mem_free(j);
}

static struct world_job *new_job(enum job_kind kind)
{
    struct world_job *j = must_have(mem_alloc(sizeof *j));
    j->kind = kind;
    return j;
}

static void add_job(struct member *m, struct world_job *j)
{
    if (m->last != NULL)
        m->last->next = j;
    else
        m->first = j;
    m->last = j;
    m->job_bytes += j->data.count;
    if (m->job_bytes > MEMBER_JOBS_BYTES_MAX)
        world_fail(m->world, "%zu bytes of work wait at %s", m->job_bytes, m->label);
    if (++m->job_count > MEMBER_JOBS_MAX)
        world_fail(m->world, "%u pieces of work wait at %s", m->job_count, m->label);
    if (m->work_ms == UINT64_MAX)
        m->work_ms = m->world->now_ms + (simstate_draw(&m->random) >> 32) % m->slow_ms;
}

static struct world_job *take_job(struct member *m)
{
    struct world_job *j = m->first;
    if (j == NULL)
        return NULL;
    m->first = j->next;
    if (m->first == NULL)
        m->last = NULL;
    m->job_count--;
    m->job_bytes -= j->data.count;
    j->next = NULL;
    return j;
}

void storage_clear(struct member *m)
{
    for (struct world_job *j = take_job(m); j != NULL; j = take_job(m))
        free_job(j);
    m->work_ms = UINT64_MAX;
}

/* Copies that lie in j->data, once it does not grow any more: see place(). */
static struct bytes *gather(struct world_job *j, const struct bytes *from, uint32_t count)
{
    struct bytes *list = must_have(mem_array(count, sizeof *list));
    for (uint32_t i = 0; i < count; i++) {
        list[i].count = from[i].count;
        buf_add_bytes(&j->data, from[i]);
    }
    CHECK(buf_status(&j->data) == ST_OK);
    return list;
}

static void place(const struct world_job *j, struct bytes *list, uint32_t count, size_t *at)
{
    for (uint32_t i = 0; i < count; i++) {
        list[i].data = j->data.data + *at;
        *at += list[i].count;
    }
}

void storage_submit_sealed(struct member *m, const struct core_effect *fx)
{
    struct world_job *j = new_job(JOB_SEALED);
    j->sealing = sealing_new(fx);
    add_job(m, j);
}

void storage_submit(struct member *m, const struct core_effect *fx)
{
    size_t at = 0;
    struct world_job *j = new_job(fx->kind == FX_STORE  ? JOB_STORE
                                  : fx->kind == FX_LOAD ? JOB_LOAD
                                                        : JOB_CHARTERS);
    j->link = fx->link;
    j->request = fx->request;
    j->load = fx->load;
    j->bytes_max = fx->bytes_max;
    j->ids = must_have(mem_copy(fx->known, fx->known_count * sizeof *fx->known));
    j->id_count = fx->known_count;
    j->heard = fx->heard;
    j->items = gather(j, fx->items, fx->item_count);
    j->item_count = fx->item_count;
    j->motions = gather(j, fx->motions, fx->motion_count);
    j->motion_count = fx->motion_count;
    place(j, j->items, j->item_count, &at);
    place(j, j->motions, j->motion_count, &at);
    add_job(m, j);
}

void storage_act(struct member *m, storage_act_fn act, const struct step *s)
{
    struct world_job *j = new_job(JOB_ACT);
    j->act = act;
    j->step = *s;
    add_job(m, j);
}

void storage_admit(struct member *m, uint32_t index)
{
    struct world_job *j = new_job(JOB_ADMIT);
    j->newcomer = index;
    add_job(m, j);
}

/* ---- the jobs ---- */

static void set_source(struct member *m, uint32_t node, link_id link)
{
    size_t at = node - m->told_count;
    if (at >= m->source_capacity) {
        size_t capacity = (at + 1) * 2;
        m->sources = must_have(mem_resize(m->sources, capacity * sizeof *m->sources));
        memset(m->sources + m->source_capacity, 0,
               (capacity - m->source_capacity) * sizeof *m->sources);
        m->source_capacity = capacity;
    }
    m->sources[at] = link;
}

static void run_store(struct member *m, struct world_job *j)
{
    struct world *w = m->world;
    j->verdicts = must_have(mem_array(j->item_count, sizeof *j->verdicts));
    j->missing = must_have(mem_array(WANT_IDS_MAX, sizeof *j->missing));
    mem_free(j->ids);
    j->ids = must_have(mem_array(j->item_count, sizeof *j->ids));
    j->id_count = j->item_count;
    for (uint32_t i = 0; i < j->item_count; i++) {
        struct replica_verdict v;
        struct fault f = {0};
        enum status st = replica_accept(m->replica, j->items[i], &v, &f);
        j->verdicts[i] = st;
        j->ids[i] = v.id;
        w->counts[COUNT_REPEATED] += st == ST_EXISTS;
        for (uint32_t k = 0; k < v.missing_count && j->missing_count < WANT_IDS_MAX; k++)
            j->missing[j->missing_count++] = v.missing[k];
        bool lie = byzantine_is_lie(m, j->items[i], st);
        if (st == ST_OK)
            set_source(m, v.node, j->link);
        else if (status_class(st) == STATUS_PEER && !lie)
            world_fail(w, "%s refuses an honest commit: %s", m->label, f.text);
        else if (status_class(st) == STATUS_LOCAL) {
            j->status = st;
            return;
        }
    }
}

struct loading {
    struct world_job *job;
    size_t at[BATCH_ITEMS_MAX];
};

static void keep_item(void *user, const struct oid *id, struct bytes item)
{
    struct loading *l = user;
    struct world_job *j = l->job;
    CHECK(j->item_count < BATCH_ITEMS_MAX);
    l->at[j->item_count] = j->data.count;
    buf_add_bytes(&j->data, item);
    j->ids[j->item_count] = *id;
    j->items[j->item_count++].count = item.count;
}

static enum status load_by_id(struct member *m, const struct oid *wanted, uint32_t count,
                              struct loading *l)
{
    struct buf frame = {0};
    struct item item;
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < count && l->job->item_count < BATCH_ITEMS_MAX; i++) {
        uint32_t node = graph_find(replica_graph(m->replica), &wanted[i]);
        if (node == GRAPH_NONE)
            continue;
        st = replica_item(m->replica, node, &frame, &item, NULL);
        if (st != ST_OK)
            break;
        if (l->job->data.count > 0 && l->job->data.count + frame.count > l->job->bytes_max)
            break;
        keep_item(l, &wanted[i], (struct bytes){frame.data + OID_BYTES, frame.count - OID_BYTES});
    }
    buf_release(&frame);
    return st;
}

static void run_load(struct member *m, struct world_job *j)
{
    struct loading l = {.job = j};
    struct oid *asked = j->ids;
    uint32_t asked_count = j->id_count;
    mem_free(j->items);
    j->items = must_have(mem_array(BATCH_ITEMS_MAX, sizeof *j->items));
    j->ids = must_have(mem_array(SUMMARY_IDS_MAX, sizeof *j->ids));
    j->id_count = 0;
    if (j->load == CORE_LOAD_SUMMARY)
        j->status = graph_summary(replica_graph(m->replica), j->ids, SUMMARY_IDS_MAX, &j->id_count);
    else if (j->load == CORE_LOAD_BY_ID)
        j->status = load_by_id(m, asked, asked_count, &l);
    else
        j->status = replica_lacking(m->replica, asked, asked_count, j->bytes_max, keep_item, &l,
                                    &j->more, &j->unknown, NULL);
    for (uint32_t i = 0; i < j->item_count; i++)
        j->items[i].data = j->data.data + l.at[i];
    if (j->load != CORE_LOAD_SUMMARY)
        j->id_count = j->item_count;
    mem_free(asked);
}

static void run_charters(struct member *m, struct world_job *j)
{
    struct fault f = {0};
    bool grown;
    if (j->item_count > 0)
        j->status = replica_offer_charters(m->replica, j->items, j->item_count, &grown, &f);
    if (status_class(j->status) == STATUS_OUTCOME && j->motion_count > 0) {
        enum status st = replica_offer_motions(m->replica, j->motions, j->motion_count, &grown, &f);
        j->status = st != ST_OK ? st : j->status;
    }
    if (status_class(j->status) == STATUS_OUTCOME && j->heard) {
        enum status st = replica_heard_peer(m->replica, &f);
        j->status = st != ST_OK ? st : j->status;
    }
    if (status_class(j->status) == STATUS_PEER && !net_is_suspect(m->world, m, j->link))
        world_fail(m->world, "%s refuses an honest charter: %s", m->label, f.text);
}

static void run_admit(struct member *m, struct world_job *j)
{
    struct world *w = m->world;
    const struct member *fresh = &w->members[j->newcomer];
    struct charter_member member = {.role = CHARTER_OFFICE, .key = fresh->identity.key};
    struct fault f = {0};
    memcpy(member.label, fresh->label, sizeof member.label);
    memcpy(member.address, fresh->address, sizeof fresh->address);
    /* Where it came from a snapshot, a person would let it catch up first. */
    if (j->newcomer < w->member_count || replica_charters(m->replica)->count < w->charter_version) {
        j->status = ST_AGAIN;
        return;
    }
    j->status = replica_add_member(m->replica, &member, &f);
    if (j->status == ST_EXISTS)
        j->status = ST_OK; /* the power had gone before it was said */
    if (j->status == ST_WAITING)
        return; /* it was restored, or damaged: another member has to be heard first */
    if (j->status != ST_OK && status_class(j->status) != STATUS_LOCAL)
        world_fail(w, "%s cannot add %s: %s", m->label, fresh->label, f.text);
}

static void run_act(struct member *m, struct world_job *j)
{
    uint64_t dice = j->step.seed;
    uint64_t *before = world_take_dice(m->world, &dice);
    j->status = j->act(m, &j->step);
    (void)world_take_dice(m->world, before);
}

static void run_job(struct member *m, struct world_job *j)
{
    switch (j->kind) {
    case JOB_STORE:
        run_store(m, j);
        break;
    case JOB_LOAD:
        run_load(m, j);
        break;
    case JOB_CHARTERS:
        run_charters(m, j);
        break;
    case JOB_ACT:
        run_act(m, j);
        break;
    case JOB_ADMIT:
        run_admit(m, j);
        break;
    case JOB_SEALED:
        sealing_run(m, j->sealing);
        j->status = j->sealing->status;
        break;
    }
}

/* ---- news ---- */

/* Tells one set of open motions from another. */
static void mark_motions(struct member *m, struct digest *out)
{
    const struct bytes *motions;
    uint32_t count = replica_motions(m->replica, &motions);
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    for (uint32_t i = 0; i < count; i++)
        crypto_generichash_update(&state, motions[i].data, motions[i].count);
    crypto_generichash_final(&state, out->id, DIGEST_BYTES);
}

static void tell_charter(struct member *m, uint32_t request, enum status status)
{
    const struct charter_chain *chain = replica_charters(m->replica);
    const struct charter *newest = charter_newest(chain);
    struct core_event event = {.kind = CORE_CHARTER, .request = request, .status = status};
    struct core_member *members = must_have(mem_array(newest->member_count, sizeof *members));
    struct bytes *files = must_have(mem_array(chain->count, sizeof *files));
    struct key *retired = must_have(mem_array(newest->retired_count, sizeof *retired));
    for (uint32_t i = 0; i < newest->member_count; i++)
        members[i] = (struct core_member){newest->members[i].label, newest->members[i].key,
                                          newest->members[i].address,
                                          (enum core_role)newest->members[i].role};
    for (uint32_t i = 0; i < chain->count; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    event.charter.version = newest->version;
    event.charter.hash = newest->hash;
    event.charter.members = members;
    event.charter.member_count = newest->member_count;
    event.charter.files = files;
    for (uint32_t i = 0; i < newest->retired_count; i++)
        retired[i] = newest->retired[i].key;
    event.charter.retired = retired;
    event.charter.retired_count = newest->retired_count;
    event.charter.motion_count = replica_motions(m->replica, &event.charter.motions);
    m->told_charter = newest->version;
    mark_motions(m, &m->told_motions);
    member_step(m, &event);
    mem_free(retired);
    mem_free(files);
    mem_free(members);
}

static int by_id(const void *a, const void *b)
{
    return oid_compare(a, b);
}

/* All tips, by the label that wrote them; labels are in the order of their letters. */
static void tell_heads(struct member *m)
{
    struct graph *g = replica_graph(m->replica);
    struct core_event event = {.kind = CORE_HEADS};
    struct core_label_heads labels[WORLD_MEMBERS_MAX];
    struct oid ids[HEADS_MAX];
    uint32_t tip_count, used = 0;
    const uint32_t *tips = graph_tips(g, &tip_count);
    if (tip_count > HEADS_MAX)
        world_fail(m->world, "%s has %u heads", m->label, tip_count);
    for (uint32_t k = 0; k < m->world->member_count; k++) {
        const char *label = m->world->members[k].label;
        uint32_t first = used;
        for (uint32_t i = 0; i < tip_count; i++) {
            const struct graph_node *n = graph_node(g, tips[i]);
            if (strcmp(graph_key(g, n->key)->label, label) == 0)
                ids[used++] = n->id;
        }
        qsort(ids + first, used - first, sizeof *ids, by_id);
        if (used > first)
            labels[event.heads.label_count++] =
                (struct core_label_heads){bytes_of_text(label), ids + first, used - first};
    }
    CHECK(used == tip_count);
    event.heads.labels = labels;
    member_step(m, &event);
}

static enum status tell_commit(struct member *m, uint32_t node, struct buf *frame)
{
    struct item item;
    struct fault f = {0};
    const struct oid *id = &graph_node(replica_graph(m->replica), node)->id;
    enum status st = replica_item(m->replica, node, frame, &item, &f);
    if (st != ST_OK)
        return st;
    struct core_event event = {
        .kind = CORE_COMMITTED,
        .link = node - m->told_count < m->source_capacity ? m->sources[node - m->told_count] : 0,
        .bytes = {frame->data + OID_BYTES, frame->count - OID_BYTES}};
    event.committed.id = *id;
    event.committed.parents = item.parents;
    event.committed.parent_count = item.parent_count;
    member_step(m, &event);
    return ST_OK;
}

/* The sync returned: that is the acknowledgement, whatever comes after. */
static void hold_news(struct member *m)
{
    struct graph *g = replica_graph(m->replica);
    for (uint32_t i = m->told_count; i < graph_count(g); i++) {
        const struct oid *id = &graph_node(g, i)->id;
        ledger_hold(m, id);
        world_note(m->world, m->index, "holds", (struct bytes){id->id, OID_BYTES});
    }
}

static enum status tell_news(struct member *m)
{
    enum status st = ST_OK;
    uint32_t count = graph_count(replica_graph(m->replica));
    struct buf frame = {0};
    struct digest motions;
    mark_motions(m, &motions);
    if (m->told_charter != charter_newest(replica_charters(m->replica))->version ||
        memcmp(motions.id, m->told_motions.id, DIGEST_BYTES) != 0)
        tell_charter(m, 0, ST_OK);
    sealing_tell(m, count > m->told_count);
    if (count == m->told_count)
        return ST_OK;
    for (uint32_t i = m->told_count; st == ST_OK && i < count; i++)
        st = tell_commit(m, i, &frame);
    if (st != ST_OK) {
        buf_release(&frame);
        return st;
    }
    m->told_count = count;
    if (m->sources != NULL)
        memset(m->sources, 0, m->source_capacity * sizeof *m->sources);
    buf_release(&frame);
    tell_heads(m);
    return ST_OK;
}

void storage_begin(struct member *m)
{
    m->told_count = graph_count(replica_graph(m->replica));
    if (m->sources != NULL)
        memset(m->sources, 0, m->source_capacity * sizeof *m->sources);
    memset(m->told_waiting, 0, sizeof m->told_waiting);
    tell_charter(m, 0, ST_OK);
    sealing_tell(m, true);
    tell_heads(m);
}

/* ---- a batch ---- */

/* The newcomer gets the chain, as it does when it pairs. */
static void admitted(struct member *m, const struct world_job *j)
{
    struct world *w = m->world;
    const struct charter_chain *chain = replica_charters(m->replica);
    struct member *fresh = &w->members[j->newcomer];
    struct bytes *files = must_have(mem_array(chain->count, sizeof *files));
    for (uint32_t i = 0; i < chain->count; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    w->charter_version = chain->count;
    w->counts[COUNT_CHARTER]++;
    member_settle(fresh, files, chain->count);
    mem_free(files);
    fresh->restart_ms = w->now_ms + 1;
    w->member_count = j->newcomer + 1;
}

static void answer(struct member *m, const struct world_job *j)
{
    struct core_event event = {.request = j->request, .link = j->link, .status = j->status};
    switch (j->kind) {
    case JOB_STORE:
        event.kind = CORE_STORED;
        event.stored.verdicts = j->verdicts;
        event.stored.ids = j->ids;
        event.stored.count = j->item_count;
        event.stored.missing = j->missing;
        event.stored.missing_count = j->missing_count;
        break;
    case JOB_LOAD:
        event.kind = CORE_LOADED;
        event.loaded.items = j->items;
        event.loaded.ids = j->ids;
        event.loaded.count = j->id_count;
        event.loaded.more = j->more;
        event.loaded.unknown = j->unknown;
        break;
    case JOB_CHARTERS:
        tell_charter(m, j->request, j->status);
        return;
    case JOB_ADMIT:
        if (j->status == ST_OK)
            admitted(m, j);
        return;
    case JOB_SEALED:
        sealing_answer(m, j->sealing);
        return;
    case JOB_ACT:
        return;
    }
    member_step(m, &event);
}

/* With power, nothing may fail that is ours. */
static void check_results(struct member *m, const struct world_job *batch, enum status sync,
                          const struct fault *f)
{
    if (simdisk_is_off(m->disk))
        return;
    for (const struct world_job *j = batch; j != NULL; j = j->next)
        if (!world_bears(m, j->status) && status_class(j->status) == STATUS_LOCAL)
            world_fail(m->world, "%s: %s", m->label, status_text(j->status));
    if (!world_bears(m, sync))
        world_fail(m->world, "%s: sync: %s: %s", m->label, status_word(sync), f->text);
}

static enum status checkpoint(struct member *m)
{
    struct fault f = {0};
    enum status st = replica_checkpoint(m->replica, &f);
    m->world->counts[COUNT_CHECKPOINT]++;
    if (!world_bears(m, st))
        world_fail(m->world, "%s: a checkpoint: %s: %s", m->label, status_word(st), f.text);
    return st == ST_DISK_FULL ? ST_OK : st; /* it is put off */
}

/* The jobs of one batch; *damage_out: one of them met damage. */
static struct world_job *run_batch(struct member *m, bool *damage_out)
{
    struct world_job *batch = NULL, **end = &batch;
    uint32_t size = 1 + world_draw(m->world, BATCH_JOBS_MAX);
    for (uint32_t i = 0; i < size && m->first != NULL; i++) {
        *end = take_job(m);
        run_job(m, *end);
        *damage_out = *damage_out || (*end)->status == ST_CORRUPT;
        end = &(*end)->next;
    }
    return batch;
}

/* As the daemon does: what is not ST_OK ends it, and nothing is acknowledged. */
void storage_run(struct member *m)
{
    struct world *w = m->world;
    struct fault f = {0};
    bool damage = false;
    struct world_job *batch = run_batch(m, &damage);
    enum status st = replica_sync(m->replica, &f);
    check_results(m, batch, st, &f);
    if (st == ST_OK) {
        hold_news(m);
        st = simdisk_is_off(m->disk) ? ST_IO : tell_news(m);
    }
    while (batch != NULL) {
        struct world_job *next = batch->next;
        if (st == ST_OK)
            answer(m, batch);
        free_job(batch);
        batch = next;
    }
    if (st == ST_OK && replica_wants_checkpoint(m->replica, world_chance(w, 1, 12)))
        st = checkpoint(m);
    if (simdisk_is_off(m->disk)) {
        w->counts[COUNT_CRASH_AT_IO]++;
        member_stop(m);
    } else if (st == ST_CORRUPT || damage) {
        member_give_up(m);
    } else if (st != ST_OK) {
        member_exit(m);
    } else {
        if (world_chance(w, 1, 8))
            member_check(m);
        m->work_ms = m->first != NULL ? w->now_ms + world_draw(w, m->slow_ms) : UINT64_MAX;
    }
}
