#include "daemon/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/jobs_charter.h"
#include "daemon/jobs_news.h"
#include "daemon/jobs_sealed.h"
#include "daemon/logger.h"
#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/assembly.h"
#include "replicas/concern.h"
#include "replicas/git.h"
#include "replicas/index.h"
#include "replicas/invite.h"
#include "replicas/json.h"
#include "replicas/restoration.h"
#include "replicas/settled.h"
#include "replicas/tend.h"
#include "replicas/verb.h"

enum {
    BATCH_JOBS_MAX = 256,    /* jobs that share one sync */
    BATCH_KEEPS_MAX = 32,    /* at most so many that came meanwhile; a person waits behind them */
    IDLE_MS = 5000,          /* of change-free time before a checkpoint */
    NEWS_COMMITS_MAX = 4096, /* commits of one news job; more go in the next */
};

struct worker {
    struct replica *replica;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wanted;
    struct job *in_first, *in_last;   /* submitted */
    struct job *out_first, *out_last; /* finished */
    bool stopping, failed;
    _Atomic bool held; /* see worker_release() */
    bool rested;       /* nothing happened since the last idle moment */
    bool full;         /* the last write found no room: said by status until one does */
    struct fault fault;
    void (*wake)(void *context);
    void *context;
    /* The thread's own: */
    uint32_t told_count;   /* commits that news have told */
    uint32_t told_charter; /* version that news have told */
    struct digest told_motions;
    uint64_t told_waiting[SEALED_LANES];
    link_id *sources; /* of commits from told_count on */
    size_t source_capacity;
    uint64_t idle_ms;   /* when the next idle moment is, unless a job comes before */
    uint64_t tend_ms;   /* when the next round of tending is due */
    uint64_t tended_ms; /* when the last one was */
    struct tend tend;
};

/* ---- the jobs ---- */

/* Which link commit 'node' came from, for the news. */
static enum status set_source(struct worker *w, uint32_t node, link_id link)
{
    size_t at = node - w->told_count;
    if (at >= w->source_capacity) {
        size_t capacity = at + 1 > w->source_capacity * 2 ? at + 1 : w->source_capacity * 2;
        void *fresh = mem_resize(w->sources, capacity * sizeof *w->sources);
        if (fresh == NULL)
            return ST_NO_MEMORY;
        w->sources = fresh;
        memset(w->sources + w->source_capacity, 0,
               (capacity - w->source_capacity) * sizeof *w->sources);
        w->source_capacity = capacity;
    }
    w->sources[at] = link;
    return ST_OK;
}

static void add_missing(struct job *j, const struct replica_verdict *v)
{
    for (uint32_t i = 0; i < v->missing_count && j->missing_count < WANT_IDS_MAX; i++)
        j->missing[j->missing_count++] = v->missing[i];
}

static void run_store(struct worker *w, struct job *j)
{
    j->verdicts = mem_array(j->item_count, sizeof *j->verdicts);
    j->ids = mem_array(j->item_count, sizeof *j->ids);
    j->missing = mem_array(WANT_IDS_MAX, sizeof *j->missing);
    j->writes = true;
    if (j->verdicts == NULL || j->ids == NULL || j->missing == NULL) {
        j->status = ST_NO_MEMORY;
        return;
    }
    j->id_count = j->item_count;
    for (uint32_t i = 0; i < j->item_count; i++) {
        struct replica_verdict v;
        struct fault f = {0};
        j->verdicts[i] = replica_accept(w->replica, j->items[i], &v, &f);
        j->ids[i] = v.id;
        if (j->verdicts[i] == ST_WAITING)
            add_missing(j, &v);
        if (j->verdicts[i] == ST_OK && set_source(w, v.node, j->link) != ST_OK)
            j->verdicts[i] = ST_NO_MEMORY;
        if (status_class(j->verdicts[i]) == STATUS_PEER) {
            char hex[OID_TEXT + 1];
            hex_encode(v.id.id, OID_BYTES, hex);
            logger_say(LOGGER_WARNING, "event=refused commit=%s reason=\"%s\"", hex,
                       status_word(j->verdicts[i]));
        }
        if (status_class(j->verdicts[i]) == STATUS_LOCAL) {
            j->status = j->verdicts[i];
            j->fault = f;
            return;
        }
    }
}

/* Items of an answer lie in j->data; their places are fixed up once it stopped growing. */
struct loading {
    struct job *job;
    size_t at[BATCH_ITEMS_MAX];
};

static void keep_item(void *user, const struct oid *id, struct bytes item)
{
    struct loading *l = user;
    struct job *j = l->job;
    CHECK(j->item_count < BATCH_ITEMS_MAX);
    l->at[j->item_count] = j->data.count;
    buf_add_bytes(&j->data, item);
    j->ids[j->item_count] = *id;
    j->items[j->item_count++].count = item.count;
}

static enum status load_by_id(struct worker *w, struct job *j, const struct oid *wanted,
                              uint32_t count, struct loading *l)
{
    struct buf frame = {0};
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < count && j->item_count < BATCH_ITEMS_MAX; i++) {
        struct item item;
        uint32_t node = graph_find(replica_graph(w->replica), &wanted[i]);
        if (node == GRAPH_NONE)
            continue;
        st = replica_item(w->replica, node, &frame, &item, &j->fault);
        if (st != ST_OK)
            break;
        if (j->data.count > 0 && j->data.count + frame.count > j->bytes_max)
            break;
        keep_item(l, &wanted[i], (struct bytes){frame.data + OID_BYTES, frame.count - OID_BYTES});
    }
    buf_release(&frame);
    return st;
}

static void run_load(struct worker *w, struct job *j)
{
    struct loading l = {.job = j};
    struct oid *asked = j->ids;
    uint32_t asked_count = j->id_count;
    uint32_t room = j->load == CORE_LOAD_SUMMARY ? SUMMARY_IDS_MAX : BATCH_ITEMS_MAX;
    j->ids = mem_array(room, sizeof *j->ids);
    j->items = mem_array(BATCH_ITEMS_MAX, sizeof *j->items);
    j->id_count = 0;
    buf_reset(&j->data);
    if (j->ids == NULL || j->items == NULL)
        j->status = ST_NO_MEMORY;
    else if (j->load == CORE_LOAD_SUMMARY)
        j->status = graph_summary(replica_graph(w->replica), j->ids, room, &j->id_count);
    else if (j->load == CORE_LOAD_BY_ID)
        j->status = load_by_id(w, j, asked, asked_count, &l);
    else
        j->status = replica_lacking(w->replica, asked, asked_count, j->bytes_max, keep_item, &l,
                                    &j->more, &j->unknown, &j->fault);
    if (j->status == ST_OK)
        j->status = buf_status(&j->data);
    for (uint32_t i = 0; i < j->item_count; i++)
        j->items[i].data = j->data.data + l.at[i];
    if (j->load != CORE_LOAD_SUMMARY)
        j->id_count = j->item_count;
    mem_free(asked);
}

static void run_pair(struct worker *w, struct job *j)
{
    char label[LABEL_BYTES_MAX + 1] = "";
    j->status = invite_admit(w->replica, buf_bytes(&j->data), &j->key, bytes_of_text(j->text),
                             label, &j->fault);
    memcpy(j->text, label, sizeof label);
    j->writes = true;
    if (j->status == ST_OK)
        j->status = jobs_charter_fill(w->replica, j);
}

static void keep_row(void *user, struct bytes json)
{
    struct job *j = user;
    control_write_row(json, &j->rows);
}

static void end_rows(struct job *j)
{
    struct control_answer end = {.kind = CONTROL_END,
                                 .code = bytes_of_text(status_word(j->status)),
                                 .exit = verb_exit(j->status)};
    if (j->status != ST_OK) {
        const char *text = j->fault.text[0] != '\0' ? j->fault.text : status_text(j->status);
        end.text = bytes_of_text(text);
        end.fix = bytes_of_text(j->fault.fix);
    }
    control_write_end(&end, &j->rows);
}

static void run_verb(struct worker *w, struct job *j)
{
    struct control_request *q = mem_alloc(sizeof *q);
    j->status = q != NULL ? control_read_request(buf_bytes(&j->data), q) : ST_NO_MEMORY;
    if (j->status == ST_OK) {
        struct verb_call call = {.replica = w->replica,
                                 .request = q,
                                 .author = bytes_of_text(j->author),
                                 .listen = j->listen,
                                 .user = j,
                                 .row = keep_row};
        j->writes = verb_writes(q->verb);
        j->invited = bytes_equal(q->verb, BYTES("invite"));
        j->status = bytes_equal(q->verb, BYTES("checkpoint"))
                        ? replica_checkpoint(w->replica, &j->fault)
                        : verb_run(&call, &j->fault);
    }
    end_rows(j);
    mem_free(q);
}

/* An index that cannot be brought forward (a full disk, say) is told among the health lines, and
 * what it held before is counted. */
static enum status count_records(struct worker *w, uint64_t *records, uint64_t *conflicted,
                                 struct fault *f)
{
    struct replica *r = w->replica;
    struct index *index = replica_index(r);
    struct fault ignored = {0};
    enum status st = index_update(index, replica_store(r), replica_state(r),
                                  charter_newest(replica_charters(r)), f);
    if (st == ST_NO_MEMORY)
        return st;
    enum status counted = index_totals(index, records, conflicted, &ignored);
    return st == ST_OK && counted != ST_OK ? fault_set(f, counted, "%s", ignored.text) : ST_OK;
}

static void add_health(void *user, const char *level, const char *text, const char *fix)
{
    struct job *j = user;
    buf_add_format(&j->health, "%s{\"level\":\"%s\",\"text\":", j->health.count > 0 ? "," : "",
                   level);
    json_add_text(&j->health, bytes_of_text(text));
    buf_add_text(&j->health, ",\"fix\":");
    json_add_text(&j->health, bytes_of_text(fix));
    buf_add_byte(&j->health, '}');
}

/* Everything of `status` that the replica knows, as members of one JSON object. */
static void run_status(struct worker *w, struct job *j)
{
    struct replica *r = w->replica;
    struct graph *g = replica_graph(r);
    const struct charter *newest = charter_newest(replica_charters(r));
    const struct charter_member *self = charter_by_key(newest, &replica_identity(r)->key);
    uint64_t records = 0, conflicted = 0, height = 0, waiting[SEALED_LANES];
    uint32_t head_count;
    char hex[OID_TEXT + 1];
    const uint32_t *heads = graph_heads(g, &head_count);
    j->status = count_records(w, &records, &conflicted, &j->fault);
    if (j->status == ST_OK)
        j->status = jobs_sealed_waiting(r, waiting, &j->fault);
    if (j->status != ST_OK)
        return;
    for (uint32_t i = 0; i < head_count; i++)
        height =
            graph_node(g, heads[i])->height > height ? graph_node(g, heads[i])->height : height;
    hex_encode(replica_state(r)->id, OID_BYTES, hex);
    buf_add_format(&j->rows,
                   "\"network\":\"%s\",\"office\":\"%s\",\"role\":\"%s\",\"state\":\"%s\","
                   "\"height\":%llu,\"charter\":%u,\"heads\":%u,\"commits\":%u,\"records\":%llu,"
                   "\"conflicts\":%llu,\"waiting_sealed\":%llu,\"unsettled\":%u,\"frontier\":{",
                   newest->network, replica_label(r),
                   self != NULL ? charter_role_text(self->role) : "former", hex,
                   (unsigned long long)height, newest->version, head_count, graph_count(g),
                   (unsigned long long)records, (unsigned long long)conflicted,
                   (unsigned long long)waiting[SEALED_VALUES], settled_waiting(r));
    j->members = mem_copy(newest->members, newest->member_count * sizeof *j->members);
    j->ids = mem_array(newest->member_count, sizeof *j->ids);
    if (j->members == NULL || j->ids == NULL) {
        j->status = ST_NO_MEMORY;
        return;
    }
    j->member_count = newest->member_count;
    for (uint32_t m = 0; m < newest->member_count; m++) {
        uint64_t seq = 0;
        for (uint32_t i = 0; i < head_count; i++)
            for (uint32_t k = 0; k < graph_node(g, heads[i])->vector_count; k++)
                if (memcmp(&graph_key(g, k)->key, &newest->members[m].key, KEY_BYTES) == 0) {
                    uint64_t there = graph_seq(g, heads[i], k);
                    seq = there > seq ? there : seq;
                }
        buf_add_format(&j->rows, "%s\"%s\":%llu", m > 0 ? "," : "", newest->members[m].label,
                       (unsigned long long)seq);
        memcpy(j->ids[m].id, &seq, sizeof seq);
    }
    buf_add_text(&j->rows, "}");
    if (w->full && j->fault.code == ST_OK)
        (void)fault_set(&j->fault, ST_DISK_FULL, "%s", status_text(ST_DISK_FULL));
    j->conflict_count = conflicted;
    replica_refusals(r, &j->refusal_count);
    assembly_health(r, add_health, j);
    restoration_health(r, add_health, j);
    concern_health(r, add_health, j);
    j->status = buf_status(&j->rows);
    if (j->status == ST_OK)
        j->status = buf_status(&j->health);
}

static void keep_invite(void *user, const struct invite *i)
{
    struct job *j = user;
    if (j->invite_count == INVITATIONS_MAX)
        return;
    struct job_invite *kept = &j->invites[j->invite_count++];
    memcpy(kept->id, i->id, sizeof kept->id);
    memcpy(kept->secret, i->secret, sizeof kept->secret);
    memcpy(kept->label, i->label, sizeof kept->label);
    kept->expired = i->expired;
    kept->used = i->used;
    kept->used_by = i->used_by;
}

static void run_invites(struct worker *w, struct job *j)
{
    j->invites = mem_array(INVITATIONS_MAX, sizeof *j->invites);
    j->status =
        j->invites != NULL ? invite_each(w->replica, keep_invite, j, &j->fault) : ST_NO_MEMORY;
}

/* The answer to this job tells the charter: no news need. */
static void note_told(struct worker *w, const struct job *j)
{
    if (j->charter_version == 0)
        return;
    w->told_charter = j->charter_version;
    jobs_charter_mark(w->replica, &w->told_motions);
}

static void run_job(struct worker *w, struct job *j)
{
    switch (j->kind) {
    case JOB_STORE:
        run_store(w, j);
        break;
    case JOB_LOAD:
        run_load(w, j);
        break;
    case JOB_CHARTERS:
        jobs_charter_offer(w->replica, j);
        note_told(w, j);
        break;
    case JOB_PAIR:
        run_pair(w, j);
        break;
    case JOB_VERB:
        run_verb(w, j);
        break;
    case JOB_STATUS:
        run_status(w, j);
        break;
    case JOB_INVITES:
        run_invites(w, j);
        break;
    case JOB_WISH:
        jobs_sealed_wish(w->replica, j);
        break;
    case JOB_GIVE:
        jobs_sealed_give(w->replica, j);
        break;
    case JOB_KEEP:
        jobs_sealed_keep(w->replica, j);
        break;
    case JOB_WANTED:
    case JOB_NEWS:
        break;
    }
    if (j->writes && (j->status == ST_OK || j->status == ST_DISK_FULL))
        w->full = j->status == ST_DISK_FULL;
}

/* ---- news ---- */

static enum status tell_commits(struct worker *w, struct job *j, uint32_t count)
{
    struct graph *g = replica_graph(w->replica);
    struct buf frame = {0};
    enum status st = ST_OK;
    j->commits = mem_array(count, sizeof *j->commits);
    if (j->commits == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        const struct graph_node *n = graph_node(g, w->told_count + i);
        struct job_commit *c = &j->commits[i];
        struct item item;
        st = replica_item(w->replica, w->told_count + i, &frame, &item, &j->fault);
        if (st != ST_OK)
            break;
        c->id = n->id;
        c->parent_count = n->parent_count;
        memcpy(c->parents, item.parents, item.parent_count * sizeof c->parents[0]);
        memcpy(c->label, item.label.data, item.label.count);
        c->source = i < w->source_capacity ? w->sources[i] : 0;
        c->item_at = j->data.count;
        c->item_bytes = frame.count - OID_BYTES;
        buf_add(&j->data, frame.data + OID_BYTES, c->item_bytes);
        st = buf_status(&j->data);
    }
    j->commit_count = count;
    buf_release(&frame);
    return st;
}

static void finish(struct worker *w, struct job *j)
{
    j->next = NULL;
    pthread_mutex_lock(&w->mutex);
    if (w->out_last != NULL)
        w->out_last->next = j;
    else
        w->out_first = j;
    w->out_last = j;
    pthread_mutex_unlock(&w->mutex);
}

/* The charter, where it or the motions for the next one are others than were told. */
static enum status tell_charter(struct worker *w)
{
    uint32_t version = charter_newest(replica_charters(w->replica))->version;
    struct digest motions;
    jobs_charter_mark(w->replica, &motions);
    if (version == w->told_charter && memcmp(motions.id, w->told_motions.id, DIGEST_BYTES) == 0)
        return ST_OK;
    struct job *j = job_new(JOB_CHARTERS);
    enum status st = j != NULL ? jobs_charter_fill(w->replica, j) : ST_NO_MEMORY;
    if (st != ST_OK) {
        job_free(j);
        return st;
    }
    note_told(w, j);
    finish(w, j);
    return ST_OK;
}

/* How many sealed items are wanted, where that changed, or where others may be among them. */
static enum status tell_wanted(struct worker *w, struct fault *f)
{
    uint64_t now[SEALED_LANES];
    bool fresh = graph_count(replica_graph(w->replica)) > w->told_count;
    enum status st = jobs_sealed_waiting(w->replica, now, f);
    if (st != ST_OK)
        return st;
    bool same = memcmp(now, w->told_waiting, sizeof now) == 0;
    if (same && !(fresh && (now[SEALED_VALUES] > 0 || now[SEALED_FILES] > 0)))
        return ST_OK;
    struct job *j = job_new(JOB_WANTED);
    if (j == NULL)
        return ST_NO_MEMORY;
    memcpy(j->waiting, now, sizeof now);
    memcpy(w->told_waiting, now, sizeof now);
    finish(w, j);
    return ST_OK;
}

/* What is durable now and was not told yet. */
static enum status tell_news(struct worker *w, bool first, struct fault *f)
{
    struct graph *g = replica_graph(w->replica);
    bool grown = charter_newest(replica_charters(w->replica))->version != w->told_charter;
    enum status st = tell_charter(w);
    if (st == ST_OK)
        st = tell_wanted(w, f);
    for (bool once = first || grown; st == ST_OK; once = false) {
        uint32_t left = graph_count(g) - w->told_count;
        if (left == 0 && !once)
            return ST_OK;
        uint32_t count = first ? 0 : left < NEWS_COMMITS_MAX ? left : NEWS_COMMITS_MAX;
        struct job *j = job_new(JOB_NEWS);
        if (j == NULL)
            return ST_NO_MEMORY;
        st = tell_commits(w, j, count);
        if (st == ST_OK)
            st = jobs_news_heads(w->replica, j);
        if (st != ST_OK) {
            job_free(j);
            return st;
        }
        finish(w, j);
        w->told_count += first ? left : count;
        if (w->sources != NULL)
            memset(w->sources, 0, w->source_capacity * sizeof *w->sources);
    }
    return st;
}

/* ---- the thread ---- */

static void fail(struct worker *w, const struct fault *f)
{
    pthread_mutex_lock(&w->mutex);
    w->failed = true;
    w->fault = *f;
    pthread_mutex_unlock(&w->mutex);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What was submitted up to 'last'; under the mutex. */
static struct job *detach(struct worker *w, struct job *last)
{
    struct job *first = w->in_first;
    w->in_first = last->next;
    if (w->in_first == NULL)
        w->in_last = NULL;
    last->next = NULL;
    return first;
}

/* Sealed items that came while others were written share their sync: one costs as much as hundreds
 * of them. NULL: there is none, or something else is before it. */
static struct job *take_keep(struct worker *w)
{
    struct job *j = NULL;
    pthread_mutex_lock(&w->mutex);
    if (w->in_first != NULL && w->in_first->kind == JOB_KEEP)
        j = detach(w, w->in_first);
    pthread_mutex_unlock(&w->mutex);
    return j;
}

/* Up to BATCH_JOBS_MAX jobs, after waiting; NULL where none came before the time of what else is to
 * be done. */
static struct job *take_batch(struct worker *w, bool *stop_out)
{
    uint64_t until_ms = w->idle_ms < w->tend_ms || w->held ? w->idle_ms : w->tend_ms;
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    bool late = false;
    pthread_mutex_lock(&w->mutex);
    while (w->in_first == NULL && !w->stopping && !late)
        late = pthread_cond_timedwait(&w->wanted, &w->mutex, &until) != 0;
    struct job *last = w->in_first;
    for (int i = 1; last != NULL && last->next != NULL && i < BATCH_JOBS_MAX; i++)
        last = last->next;
    struct job *first = last != NULL ? detach(w, last) : NULL;
    *stop_out = w->stopping && first == NULL;
    pthread_mutex_unlock(&w->mutex);
    return first;
}

/* The finished jobs of a kind, or of any other, in their order; the rest of the batch is left. */
static void finish_some(struct worker *w, struct job **batch, bool verbs)
{
    struct job **at = batch;
    while (*at != NULL) {
        struct job *j = *at;
        if ((j->kind == JOB_VERB) != verbs) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        finish(w, j);
    }
}

/* One batch: every job, one sync; then a person's answers, the news, and what peers asked. */
static enum status run_batch(struct worker *w, struct job *batch, struct fault *f)
{
    uint32_t more = 0;
    for (struct job *j = batch; j != NULL; j = j->next) {
        run_job(w, j);
        if (j->next == NULL && j->kind == JOB_KEEP && more++ < BATCH_KEEPS_MAX)
            j->next = take_keep(w);
    }
    enum status st = replica_sync(w->replica, f);
    if (st == ST_OK) {
        finish_some(w, &batch, true);
        w->wake(w->context);
        st = tell_news(w, false, f);
    }
    if (st == ST_OK)
        finish_some(w, &batch, false);
    while (batch != NULL) { /* the process ends: nothing is acknowledged */
        struct job *next = batch->next;
        job_free(batch);
        batch = next;
    }
    return st;
}

/* What can wait: a checkpoint, and in idle moments the index. A full disk only puts it off: what
 * was acknowledged is in the journal, and every write says so until there is space again. */
static enum status put_away(struct worker *w, bool idle, struct fault *f)
{
    enum status st = ST_OK;
    if (replica_wants_checkpoint(w->replica, idle)) {
        st = replica_checkpoint(w->replica, f);
        w->full = st == ST_DISK_FULL;
    }
    if (st == ST_OK && idle)
        st = replica_refresh_index(w->replica, f);
    if (idle && !w->rested)
        replica_rest(w->replica);
    w->rested = idle;
    if (st == ST_DISK_FULL) {
        logger_say(LOGGER_ERROR, "event=checkpoint_put_off text=\"%s\"", f->text);
        st = ST_OK;
    }
    return st;
}

/* What the replica does unasked: durable, then told as any other news. */
static enum status tend(struct worker *w, uint64_t now, struct fault *f)
{
    bool wrote;
    w->tended_ms = now;
    enum status st = tend_run(&w->tend, w->replica, now, &w->tend_ms, &wrote, f);
    if (w->tend.trouble.code != ST_OK)
        logger_say(LOGGER_WARNING, "event=tend_failed text=\"%s\"", w->tend.trouble.text);
    if (st == ST_OK && wrote)
        st = replica_sync(w->replica, f);
    if (st == ST_OK && wrote) {
        st = tell_news(w, false, f);
        w->idle_ms = now + IDLE_MS;
        w->wake(w->context);
    }
    if (st == ST_DISK_FULL) {
        logger_say(LOGGER_ERROR, "event=tend_put_off text=\"%s\"", f->text);
        w->tend_ms = now + IDLE_MS;
        st = ST_OK;
    }
    return st;
}

/* A batch or NULL, then what its time has come for. */
static enum status run_once(struct worker *w, struct job *batch, struct fault *f)
{
    enum status st = ST_OK;
    if (batch != NULL) {
        st = run_batch(w, batch, f);
        w->wake(w->context);
    }
    uint64_t now = now_ms();
    bool idle = batch == NULL && now >= w->idle_ms;
    if (idle && !w->rested) /* what the index shows now can be read now */
        w->tend_ms = now;
    if (st == ST_OK && (batch != NULL || idle))
        st = put_away(w, idle, f);
    if (batch != NULL || idle)
        w->idle_ms = now + IDLE_MS;
    if (batch != NULL && now + TEND_MS < w->tend_ms)
        w->tend_ms = now + TEND_MS;
    if (batch != NULL && now >= w->tend_ms && now < w->tended_ms + TEND_MS)
        w->tend_ms = now + TEND_PAUSE_MS; /* a quiet moment is better */
    return st == ST_OK && now >= w->tend_ms && !w->held ? tend(w, now, f) : st;
}

static void *run(void *user)
{
    struct worker *w = user;
    struct fault f = {0};
    git_thread_begin();
    for (;;) {
        bool stop;
        struct job *batch = take_batch(w, &stop);
        if (stop)
            return NULL;
        enum status st = run_once(w, batch, &f);
        if (st != ST_OK) {
            if (f.code != st)
                fault_set(&f, st, "%s", status_text(st));
            fail(w, &f);
            w->wake(w->context);
            return NULL;
        }
    }
}

/* Waits are counted on the clock that nobody sets. */
static void init_wanted(struct worker *w)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wanted, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum status worker_start(struct replica *replica, const struct worker_options *o,
                         void (*wake)(void *context), void *context, struct worker **out)
{
    struct worker *w = mem_alloc(sizeof *w);
    if (w == NULL)
        return ST_NO_MEMORY;
    w->replica = replica;
    w->wake = wake;
    w->context = context;
    pthread_mutex_init(&w->mutex, NULL);
    init_wanted(w);
    tend_init(&w->tend, &(struct tend_options){.acknowledge_ms = o->acknowledge_ms});
    w->held = o->held;
    w->idle_ms = now_ms() + IDLE_MS;
    w->tend_ms = now_ms() + TEND_MS;
    struct fault f = {0};
    enum status st = tell_news(w, true, &f);
    if (st == ST_OK && pthread_create(&w->thread, NULL, run, w) != 0)
        st = ST_NO_MEMORY;
    if (st != ST_OK) {
        mem_free(w);
        return st;
    }
    wake(context);
    *out = w;
    return ST_OK;
}

void worker_release(struct worker *w)
{
    w->held = false; /* seen by the thread's next idle moment at the latest */
}

void worker_submit(struct worker *w, struct job *j)
{
    j->next = NULL;
    pthread_mutex_lock(&w->mutex);
    if (w->in_last != NULL)
        w->in_last->next = j;
    else
        w->in_first = j;
    w->in_last = j;
    pthread_cond_signal(&w->wanted);
    pthread_mutex_unlock(&w->mutex);
}

struct job *worker_take(struct worker *w)
{
    pthread_mutex_lock(&w->mutex);
    struct job *j = w->out_first;
    if (j != NULL) {
        w->out_first = j->next;
        if (w->out_first == NULL)
            w->out_last = NULL;
        j->next = NULL;
    }
    pthread_mutex_unlock(&w->mutex);
    return j;
}

bool worker_failed(struct worker *w, struct fault *f_out)
{
    pthread_mutex_lock(&w->mutex);
    bool failed = w->failed;
    if (failed && f_out != NULL)
        *f_out = w->fault;
    pthread_mutex_unlock(&w->mutex);
    return failed;
}

struct replica *worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    pthread_cond_signal(&w->wanted);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    struct job *j;
    while ((j = worker_take(w)) != NULL)
        job_free(j);
    while (w->in_first != NULL) {
        j = w->in_first;
        w->in_first = j->next;
        job_free(j);
    }
    struct replica *r = w->replica;
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->wanted);
    mem_free(w->sources);
    mem_free(w);
    return r;
}
