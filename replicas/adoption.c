#include "replicas/adoption.h"

#include <string.h>

#include "proto/check.h"
#include "proto/sometimes.h"
#include "replicas/engine.h"
#include "replicas/history.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/render.h"
#include "replicas/tend.h"
#include "replicas/words.h"

enum {
    HEADS_AT_ONCE = PARENTS_MAX / 2, /* adopted by one commit; the rest of its parents count */
    SHOWN_MAX = 32,                  /* waiting commits that are told one by one */
};

/* Whether a commit of this key can be waiting at all. */
static bool may_wait(struct replica *r, const struct graph_key *key)
{
    return key->frozen || charter_retired_key(charter_newest(&r->chain), &key->key) != NULL;
}

/* Add 'node' to an antichain unless it is below one there; what is below it goes. */
static void add_head(struct graph *g, uint32_t node, uint32_t *out, uint32_t max, uint32_t *count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *count; i++)
        if (graph_reaches(g, out[i], node))
            return;
    for (uint32_t i = 0; i < *count; i++)
        if (!graph_reaches(g, node, out[i]))
            out[kept++] = out[i];
    if (kept < max)
        out[kept++] = node;
    *count = kept;
}

static void add_heads_of(struct replica *r, uint32_t key, uint32_t *out, uint32_t max,
                         uint32_t *count)
{
    uint32_t own_count;
    const uint32_t *own = graph_own_heads(r->graph, key, &own_count);
    for (uint32_t i = 0; i < own_count; i++)
        if (!graph_node(r->graph, own[i])->counted)
            add_head(r->graph, own[i], out, max, count);
}

void adoption_heads(struct replica *r, struct bytes label, uint32_t *out, uint32_t max,
                    uint32_t *count_out)
{
    *count_out = 0;
    for (uint32_t k = 0; k < graph_key_count(r->graph); k++) {
        const struct graph_key *key = graph_key(r->graph, k);
        if (bytes_equal_text(label, key->label) && may_wait(r, key))
            add_heads_of(r, k, out, max, count_out);
    }
}

static bool waits_under(struct replica *r, const struct graph_node *n, struct bytes label)
{
    const struct graph_key *key = graph_key(r->graph, n->key);
    return !n->counted && bytes_equal_text(label, key->label) && may_wait(r, key);
}

/* Whether to look at all: the graph counts what waits by key. */
static bool any_waits(struct replica *r, struct bytes label)
{
    for (uint32_t k = 0; k < graph_key_count(r->graph); k++) {
        uint32_t commits;
        uint64_t bytes;
        graph_waiting(r->graph, k, &commits, &bytes);
        if (commits > 0 && bytes_equal_text(label, graph_key(r->graph, k)->label))
            return true;
    }
    return false;
}

void adoption_waiting(struct replica *r, struct bytes label, struct adoption_waiting *out)
{
    *out = (struct adoption_waiting){0};
    if (!any_waits(r, label))
        return;
    for (uint32_t i = 0; i < graph_count(r->graph); i++) {
        const struct graph_node *n = graph_node(r->graph, i);
        if (!waits_under(r, n, label))
            continue;
        out->first = out->commits == 0 || n->time < out->first ? n->time : out->first;
        out->last = out->commits == 0 || n->time > out->last ? n->time : out->last;
        out->commits++;
    }
}

/* ---- adopting ---- */

/* A kept head of a retired key, and a commit of a key in force, is a parent without adoption. */
static bool needs_adoption(struct replica *r, const struct graph_node *n)
{
    const struct charter_retired *retired =
        charter_retired_key(charter_newest(&r->chain), &graph_key(r->graph, n->key)->key);
    for (uint32_t i = 0; retired != NULL && i < retired->kept_count; i++)
        if (oid_equal(&retired->kept[i], &n->id))
            return false;
    return retired != NULL;
}

/* Counted heads that none of these reaches; false: more than 'max'. */
static bool other_heads(struct replica *r, const uint32_t *heads, uint32_t count, uint32_t *out,
                        uint32_t max, uint32_t *count_out)
{
    uint32_t counted_count;
    const uint32_t *counted = graph_heads(r->graph, &counted_count);
    *count_out = 0;
    for (uint32_t i = 0; i < counted_count; i++) {
        bool below = false;
        for (uint32_t k = 0; k < count && !below; k++)
            below = graph_reaches(r->graph, heads[k], counted[i]);
        if (below)
            continue;
        if (*count_out == max)
            return false;
        out[(*count_out)++] = counted[i];
    }
    return true;
}

/* One commit over at most HEADS_AT_ONCE of them. */
static enum status adopt_some(struct replica *r, const uint32_t *heads, uint32_t count,
                              struct bytes author, struct fault *f)
{
    uint32_t parents[PARENTS_MAX], parent_count, node;
    struct op_list ops = {0}, none = {0};
    enum status st = ST_OK;
    CHECK(count <= HEADS_AT_ONCE);
    if (!other_heads(r, heads, count, parents, PARENTS_MAX - count, &parent_count)) {
        SOMETIMES("heads are merged before others are adopted");
        st = engine_write_on_heads(r, &none, author, &node, f); /* many become one */
        if (st == ST_OK &&
            !other_heads(r, heads, count, parents, PARENTS_MAX - count, &parent_count))
            CHECK(false);
    }
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        const struct graph_node *n = graph_node(r->graph, heads[i]);
        struct op op = {.verb = OP_ADOPT, .commit = n->id};
        parents[parent_count++] = heads[i];
        if (needs_adoption(r, n)) {
            SOMETIMES("commits of a retired or frozen key are adopted");
            st = op_list_add(&ops, &op);
        }
    }
    if (st == ST_OK)
        st = engine_write_on(r, &ops, parents, parent_count, author, &node, f);
    op_list_release(&ops);
    return st;
}

enum status adoption_adopt(struct replica *r, const uint32_t *heads, uint32_t count,
                           struct bytes author, struct fault *f)
{
    enum status st = ST_OK;
    if (count > 0 && (r->readonly || r->journal == NULL))
        return fault_set(f, ST_NOT_ALLOWED, "this replica is open for reading only");
    for (uint32_t i = 0; st == ST_OK && i < count; i += HEADS_AT_ONCE)
        st = adopt_some(r, heads + i, count - i < HEADS_AT_ONCE ? count - i : HEADS_AT_ONCE, author,
                        f);
    return st;
}

/* The key that had our label right before 'key' came in its place; NULL: none had. */
static const struct key *predecessor(const struct charter_chain *chain, const char *label,
                                     const struct key *key)
{
    struct bytes name = bytes_of_text(label);
    for (uint32_t v = 2; v <= chain->count; v++) {
        const struct charter_member *now = charter_by_label(charter_at(chain, v), name);
        const struct charter_member *before = charter_by_label(charter_at(chain, v - 1), name);
        if (now != NULL && before != NULL && memcmp(now->key.id, key->id, KEY_BYTES) == 0 &&
            memcmp(before->key.id, key->id, KEY_BYTES) != 0)
            return &before->key;
    }
    return NULL;
}

enum status adoption_own(struct replica *r, struct bytes author, bool *wrote_out, struct fault *f)
{
    uint32_t heads[GRAPH_OWN_MAX], count = 0;
    const struct key *key = &r->identity.key;
    const struct charter_member *self = charter_by_key(charter_newest(&r->chain), key);
    *wrote_out = false;
    if (self == NULL || strcmp(self->label, r->label) != 0 ||
        graph_key_find(r->graph, key) != GRAPH_NONE)
        return ST_OK;
    for (uint32_t i = 0; key != NULL && i < r->chain.count; i++) { /* a key replaced, and again */
        uint32_t writer = graph_key_find(r->graph, key);
        if (writer != GRAPH_NONE)
            add_heads_of(r, writer, heads, GRAPH_OWN_MAX, &count);
        key = predecessor(&r->chain, r->label, key);
    }
    enum status st = adoption_adopt(r, heads, count, author, f);
    *wrote_out = st == ST_OK && count > 0;
    return st;
}

enum status adoption_step(struct tending *now, struct fault *f)
{
    bool wrote;
    enum status st = adoption_own(now->replica, now->author, &wrote, f);
    now->wrote = now->wrote || wrote;
    return st;
}

/* ---- telling ---- */

static void add_when(bool known, int64_t seconds, struct buf *out)
{
    char when[WORDS_TIME_BYTES];
    words_time(seconds, when);
    buf_add_format(out, "%s%s%s", known ? "\"" : "", known ? when : "null", known ? "\"" : "");
}

enum status adoption_add(struct replica *r, struct bytes label, struct buf *out, struct fault *f)
{
    struct adoption_waiting waiting;
    enum status st = ST_OK;
    uint32_t shown = 0;
    adoption_waiting(r, label, &waiting);
    buf_add_format(out, "\"quarantine\":{\"commits\":%u,\"since\":", waiting.commits);
    add_when(waiting.commits > 0, waiting.first, out);
    buf_add_text(out, ",\"until\":");
    add_when(waiting.commits > 0, waiting.last, out);
    buf_add_text(out, ",\"newest\":[");
    for (uint32_t i = graph_count(r->graph); st == ST_OK && i-- > 0 && shown < SHOWN_MAX;) {
        if (waiting.commits == 0 || !waits_under(r, graph_node(r->graph, i), label))
            continue;
        buf_add_text(out, shown++ > 0 ? "," : "");
        st = history_row(r, i, out, f);
    }
    buf_add_text(out, "]}");
    return st == ST_OK ? buf_status(out) : st;
}

/* Which to adopt: all that wait under the label, or the one commit named, with what it builds on.
 */
static enum status choose(const struct verb_call *call, struct bytes label,
                          uint32_t out[static GRAPH_OWN_MAX], uint32_t *count_out, struct fault *f)
{
    const struct control_request *q = call->request;
    if (q->word_count == 2) {
        adoption_heads(call->replica, label, out, GRAPH_OWN_MAX, count_out);
        return ST_OK;
    }
    *count_out = 0;
    enum status st = lookup_commit(call->replica, q->words[2], out, f);
    if (st != ST_OK)
        return st;
    if (waits_under(call->replica, graph_node(call->replica->graph, out[0]), label)) {
        *count_out = 1;
        return ST_OK;
    }
    fault_set(f, ST_NOTHING, "commit %.*s is none of those that wait under %.*s",
              words_shown(q->words[2]), (const char *)q->words[2].data, words_shown(label),
              (const char *)label.data);
    fault_fix(f, "minga member show %.*s tells which do", words_shown(label),
              (const char *)label.data);
    return ST_NOTHING;
}

enum status adoption_verb(const struct verb_call *call, struct fault *f)
{
    struct replica *r = call->replica;
    uint32_t heads[GRAPH_OWN_MAX], count;
    struct adoption_waiting before, after;
    struct buf row = {0};
    char hex[OID_TEXT + 1];
    if (call->request->word_count != 2 && call->request->word_count != 3) {
        fault_set(f, ST_USAGE, "say whose commits: member adopt takes a label, and up to which");
        fault_fix(f, "use: minga member adopt LABEL [COMMIT]; see them first: minga member show "
                     "LABEL");
        return ST_USAGE;
    }
    struct bytes label = call->request->words[1];
    enum status st = lookup_label(r, label, f);
    if (st == ST_OK)
        st = choose(call, label, heads, &count, f);
    if (st != ST_OK)
        return st;
    if (count == 0) {
        fault_set(f, ST_NOTHING, "no commit of %.*s waits: all that is here counts",
                  words_shown(label), (const char *)label.data);
        return ST_NOTHING;
    }
    adoption_waiting(r, label, &before);
    st = adoption_adopt(r, heads, count, call->author, f);
    if (st != ST_OK)
        return st;
    adoption_waiting(r, label, &after);
    hex_encode(graph_node(r->graph, graph_count(r->graph) - 1)->id.id, OID_BYTES, hex);
    buf_add_text(&row, "{\"label\":");
    json_add_text(&row, label);
    buf_add_format(&row, ",\"adopted\":%u,\"commit\":\"%s\"}", before.commits - after.commits, hex);
    st = verb_send(call, &row);
    buf_release(&row);
    return st;
}
