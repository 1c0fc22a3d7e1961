#include "replicas/graph.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/oid_map.h"

struct graph_writer {
    struct graph_key key;
    uint8_t *commits_at; /* how many commits this key has at each seq, from 1; saturates */
    uint64_t seq_max;
    size_t capacity;
    bool forked;   /* some seq has two */
    uint32_t *own; /* see graph_own_heads() */
    uint32_t own_count;
    size_t own_capacity;
    uint32_t waiting; /* commits that do not count */
    uint64_t waiting_bytes;
};

struct graph {
    struct graph_node *nodes;
    uint32_t count, capacity;
    uint32_t *links; /* parents of all nodes, then found by parent_first */
    size_t link_count, link_capacity;
    uint32_t *vectors;
    size_t vector_count, vector_capacity;
    struct graph_writer *writers;
    uint32_t writer_count, writer_capacity;
    struct oid_map by_id, by_change; /* index + 1 as a pointer */
    uint8_t *covered;                /* a counted child exists */
    uint32_t *marks;                 /* node was met in traversal number 'epoch' */
    uint32_t epoch;
    uint32_t *stack, *list; /* scratch of traversals, as large as nodes */
    uint32_t *heads;
    uint32_t head_count, head_capacity;
    uint32_t *tips;
    size_t tip_count, tip_capacity;
};

/* Room for 'more' elements of 'bytes_each' behind 'count', doubling. false: no memory. */
static bool grow(void **array, size_t *capacity, size_t count, size_t more, size_t bytes_each)
{
    if (count + more <= *capacity)
        return true;
    size_t wanted = *capacity * 2 > count + more ? *capacity * 2 : count + more;
    if (wanted < 16)
        wanted = 16;
    void *fresh = mem_resize(*array, wanted * bytes_each);
    if (fresh == NULL)
        return false;
    *array = fresh;
    *capacity = wanted;
    return true;
}

enum status graph_create(struct graph **out)
{
    *out = mem_alloc(sizeof **out);
    return *out != NULL ? ST_OK : ST_NO_MEMORY;
}

void graph_free(struct graph *g)
{
    if (g == NULL)
        return;
    for (uint32_t i = 0; i < g->writer_count; i++) {
        mem_free(g->writers[i].commits_at);
        mem_free(g->writers[i].own);
    }
    mem_free(g->nodes);
    mem_free(g->links);
    mem_free(g->vectors);
    mem_free(g->writers);
    oid_map_release(&g->by_id);
    oid_map_release(&g->by_change);
    mem_free(g->covered);
    mem_free(g->marks);
    mem_free(g->stack);
    mem_free(g->list);
    mem_free(g->heads);
    mem_free(g->tips);
    mem_free(g);
}

uint32_t graph_count(const struct graph *g)
{
    return g->count;
}

const struct graph_node *graph_node(const struct graph *g, uint32_t index)
{
    CHECK(index < g->count);
    return &g->nodes[index];
}

uint32_t graph_parent(const struct graph *g, const struct graph_node *n, uint32_t which)
{
    CHECK(which < n->parent_count);
    return g->links[n->parent_first + which];
}

static uint32_t index_at(const struct oid_map *m, const struct oid *id)
{
    uintptr_t value = (uintptr_t)oid_map_find(m, id);
    return value != 0 ? (uint32_t)(value - 1) : GRAPH_NONE;
}

uint32_t graph_find(const struct graph *g, const struct oid *id)
{
    return index_at(&g->by_id, id);
}

uint32_t graph_find_change(const struct graph *g, const struct change *c)
{
    struct oid id; /* both are 160 bits of a hash */
    memcpy(id.id, c->id, sizeof id.id);
    return index_at(&g->by_change, &id);
}

const struct graph_key *graph_key(const struct graph *g, uint32_t index)
{
    CHECK(index < g->writer_count);
    return &g->writers[index].key;
}

uint32_t graph_key_count(const struct graph *g)
{
    return g->writer_count;
}

static uint32_t find_writer(const struct graph *g, const struct key *key)
{
    for (uint32_t i = 0; i < g->writer_count; i++)
        if (memcmp(g->writers[i].key.key.id, key->id, KEY_BYTES) == 0)
            return i;
    return GRAPH_NONE;
}

/* The greatest seq of writer 'key' in the past of 'n' and itself. */
static uint64_t seq_at(const struct graph *g, const struct graph_node *n, uint32_t key)
{
    return key < n->vector_count ? g->vectors[n->vector_first + key] : 0;
}

uint64_t graph_seq(const struct graph *g, uint32_t index, uint32_t key)
{
    return seq_at(g, graph_node(g, index), key);
}

uint64_t graph_next_seq(const struct graph *g, const struct key *key, const uint32_t *parents,
                        uint32_t count)
{
    uint32_t writer = find_writer(g, key);
    uint64_t greatest = 0;
    for (uint32_t i = 0; writer != GRAPH_NONE && i < count; i++) {
        uint64_t seq = seq_at(g, graph_node(g, parents[i]), writer);
        greatest = seq > greatest ? seq : greatest;
    }
    return greatest + 1;
}

uint64_t graph_next_height(const struct graph *g, const uint32_t *parents, uint32_t count)
{
    uint64_t greatest = 0;
    for (uint32_t i = 0; i < count; i++)
        if (graph_node(g, parents[i])->height > greatest)
            greatest = graph_node(g, parents[i])->height;
    return greatest + 1;
}

uint32_t graph_charter_floor(const struct graph *g, const uint32_t *parents, uint32_t count)
{
    uint32_t greatest = 0;
    for (uint32_t i = 0; i < count; i++)
        if (graph_node(g, parents[i])->charter_version > greatest)
            greatest = graph_node(g, parents[i])->charter_version;
    return greatest;
}

/* A number that no mark has: a fresh traversal. */
static uint32_t new_epoch(struct graph *g)
{
    if (++g->epoch == 0) {
        memset(g->marks, 0, g->capacity * sizeof *g->marks);
        g->epoch = 1;
    }
    return g->epoch;
}

bool graph_reaches(struct graph *g, uint32_t above, uint32_t below)
{
    const struct graph_node *target = graph_node(g, below);
    if (above == below)
        return true;
    if (seq_at(g, graph_node(g, above), target->key) < target->seq)
        return false;
    /* A commit of some seq has one of every lesser seq of its key in its past: where there is only
     * one of the target's seq, it is the target. */
    if (g->writers[target->key].commits_at[target->seq - 1] == 1)
        return true;
    uint32_t epoch = new_epoch(g), depth = 0;
    g->stack[depth++] = above;
    g->marks[above] = epoch;
    while (depth > 0) {
        const struct graph_node *n = &g->nodes[g->stack[--depth]];
        for (uint32_t i = 0; i < n->parent_count; i++) {
            uint32_t p = graph_parent(g, n, i);
            if (p == below)
                return true;
            if (g->marks[p] == epoch || g->nodes[p].height <= target->height)
                continue;
            g->marks[p] = epoch;
            g->stack[depth++] = p;
        }
    }
    return false;
}

bool graph_is_antichain(struct graph *g, const uint32_t *nodes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < count; k++)
            if (i != k && graph_reaches(g, nodes[i], nodes[k]))
                return false;
    return true;
}

static enum status reserve_writer(struct graph *g, const struct graph_new *n, uint32_t *writer_out)
{
    uint32_t writer = find_writer(g, &n->key);
    if (writer == GRAPH_NONE) {
        size_t capacity = g->writer_capacity;
        if (!grow((void **)&g->writers, &capacity, g->writer_count, 1, sizeof *g->writers))
            return ST_NO_MEMORY;
        g->writer_capacity = (uint32_t)capacity;
        writer = g->writer_count++; /* a writer without commits is harmless */
        g->writers[writer] = (struct graph_writer){.key = {.key = n->key}};
        size_t bytes = strlen(n->label);
        CHECK(bytes <= LABEL_BYTES_MAX);
        memcpy(g->writers[writer].key.label, n->label, bytes);
    }
    struct graph_writer *w = &g->writers[writer];
    CHECK(n->seq >= 1 && n->seq <= w->seq_max + 1);
    size_t before = w->capacity;
    if (!grow((void **)&w->commits_at, &w->capacity, (size_t)w->seq_max, 1, 1))
        return ST_NO_MEMORY;
    if (w->capacity > before)
        memset(w->commits_at + before, 0, w->capacity - before);
    if (!grow((void **)&w->own, &w->own_capacity, w->own_count, 1, sizeof *w->own))
        return ST_NO_MEMORY;
    *writer_out = writer;
    return ST_OK;
}

static bool reserve_nodes(struct graph *g)
{
    if (g->count < g->capacity)
        return true;
    size_t capacity = g->capacity > 0 ? (size_t)g->capacity * 2 : 64;
    void *nodes = mem_resize(g->nodes, capacity * sizeof *g->nodes);
    g->nodes = nodes != NULL ? nodes : g->nodes;
    void *covered = mem_resize(g->covered, capacity);
    g->covered = covered != NULL ? covered : g->covered;
    void *marks = mem_resize(g->marks, capacity * sizeof *g->marks);
    g->marks = marks != NULL ? marks : g->marks;
    void *stack = mem_resize(g->stack, capacity * sizeof *g->stack);
    g->stack = stack != NULL ? stack : g->stack;
    void *list = mem_resize(g->list, capacity * sizeof *g->list);
    g->list = list != NULL ? list : g->list;
    if (nodes == NULL || covered == NULL || marks == NULL || stack == NULL || list == NULL)
        return false;
    memset(g->marks + g->capacity, 0, (capacity - g->capacity) * sizeof *g->marks);
    g->capacity = (uint32_t)capacity;
    return true;
}

static void fill_vector(struct graph *g, const struct graph_new *n, uint32_t writer)
{
    uint32_t *vector = g->vectors + g->vector_count;
    for (uint32_t k = 0; k < g->writer_count; k++) {
        uint64_t greatest = k == writer ? n->seq : 0;
        for (uint32_t i = 0; i < n->parent_count; i++) {
            uint64_t seq = seq_at(g, &g->nodes[n->parents[i]], k);
            greatest = seq > greatest ? seq : greatest;
        }
        vector[k] = (uint32_t)greatest;
    }
}

/* The next node by its id and, if it is the first of its digest, by its change. */
static enum status name_node(struct graph *g, const struct graph_new *n)
{
    void *value = (void *)((uintptr_t)g->count + 1);
    struct oid change;
    memcpy(change.id, n->digest.id, sizeof change.id);
    enum status st = oid_map_put(&g->by_id, &n->id, value);
    if (st != ST_OK || oid_map_find(&g->by_change, &change) != NULL)
        return st;
    st = oid_map_put(&g->by_change, &change, value);
    if (st != ST_OK)
        oid_map_remove(&g->by_id, &n->id);
    return st;
}

static void renew_tips(struct graph *g, const struct graph_new *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->tip_count; i++) {
        bool covered = false;
        for (uint32_t k = 0; k < n->parent_count; k++)
            covered = covered || n->parents[k] == g->tips[i];
        if (!covered)
            g->tips[kept++] = g->tips[i];
    }
    g->tips[kept++] = g->count;
    g->tip_count = kept;
}

/* The writer's own heads, with the node that was just added; of too many the oldest goes. */
static void renew_own(struct graph *g, struct graph_writer *w, uint32_t index)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < w->own_count; i++)
        if (!graph_reaches(g, index, w->own[i]))
            w->own[kept++] = w->own[i];
    if (kept == GRAPH_OWN_MAX)
        memmove(w->own, w->own + 1, --kept * sizeof *w->own);
    w->own[kept++] = index;
    w->own_count = kept;
}

enum status graph_add(struct graph *g, const struct graph_new *n, uint32_t *index_out)
{
    uint32_t writer;
    enum status st = reserve_writer(g, n, &writer);
    if (st != ST_OK)
        return st;
    if (!reserve_nodes(g) ||
        !grow((void **)&g->links, &g->link_capacity, g->link_count, n->parent_count,
              sizeof *g->links) ||
        !grow((void **)&g->vectors, &g->vector_capacity, g->vector_count, g->writer_count,
              sizeof *g->vectors) ||
        !grow((void **)&g->tips, &g->tip_capacity, g->tip_count, 1, sizeof *g->tips))
        return ST_NO_MEMORY;
    st = name_node(g, n);
    if (st != ST_OK)
        return st;

    struct graph_node *node = &g->nodes[g->count];
    *node = (struct graph_node){.id = n->id,
                                .tree = n->tree,
                                .digest = n->digest,
                                .seq = n->seq,
                                .height = n->height,
                                .time = n->time,
                                .key = writer,
                                .charter_version = n->charter_version,
                                .parent_first = (uint32_t)g->link_count,
                                .parent_count = n->parent_count,
                                .empty = n->empty,
                                .bytes = n->bytes,
                                .vector_first = (uint32_t)g->vector_count,
                                .vector_count = g->writer_count};
    fill_vector(g, n, writer);
    g->vector_count += g->writer_count;
    for (uint32_t i = 0; i < n->parent_count; i++) {
        g->links[g->link_count++] = n->parents[i];
        node->left = node->left || g->nodes[n->parents[i]].left;
    }
    g->covered[g->count] = 0;

    struct graph_writer *w = &g->writers[writer];
    w->seq_max = n->seq > w->seq_max ? n->seq : w->seq_max;
    uint8_t *commits = &w->commits_at[n->seq - 1];
    *commits = (uint8_t)(*commits < UINT8_MAX ? *commits + 1 : UINT8_MAX);
    if (*commits == 2)
        SOMETIMES("a second commit of one seq: its key has forked");
    if (*commits == GRAPH_FORKS_MAX + 1)
        SOMETIMES("more commits of one seq than a key may have: it is frozen");
    w->forked = w->forked || *commits > 1;
    w->key.frozen = w->key.frozen || *commits > GRAPH_FORKS_MAX;
    w->waiting++; /* until it is counted */
    w->waiting_bytes += n->bytes;
    renew_tips(g, n);
    *index_out = g->count++;
    renew_own(g, w, *index_out);
    return ST_OK;
}

/* Whether a commit counts by itself, not only through others. */
static bool is_end(const struct graph *g, const struct charter *newest, const struct graph_node *n)
{
    const struct graph_key *key = &g->writers[n->key].key;
    if (n->left)
        return false;
    if (!key->frozen && charter_by_key(newest, &key->key) != NULL)
        return true;
    const struct charter_retired *retired = charter_retired_key(newest, &key->key);
    for (uint32_t i = 0; retired != NULL && i < retired->kept_count; i++)
        if (oid_equal(&retired->kept[i], &n->id)) {
            SOMETIMES("a commit counts by a retirement that keeps it");
            return true;
        }
    return false;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Heads = those of before and the newly counted, less what a counted child covers. */
static enum status renew_heads(struct graph *g, uint32_t fresh_count)
{
    size_t capacity = g->head_capacity;
    if (!grow((void **)&g->heads, &capacity, g->head_count, fresh_count, sizeof *g->heads))
        return ST_NO_MEMORY;
    g->head_capacity = (uint32_t)capacity;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->head_count; i++)
        if (!g->covered[g->heads[i]])
            g->heads[kept++] = g->heads[i];
    for (uint32_t i = 0; i < fresh_count; i++)
        if (!g->covered[g->list[i]])
            g->heads[kept++] = g->list[i];
    for (uint32_t i = 1; i < kept; i++) { /* few: by insertion, by (height, id) */
        uint32_t head = g->heads[i], k = i;
        const struct graph_node *n = &g->nodes[head];
        for (; k > 0; k--) {
            const struct graph_node *o = &g->nodes[g->heads[k - 1]];
            if (o->height < n->height ||
                (o->height == n->height && oid_compare(&o->id, &n->id) < 0))
                break;
            g->heads[k] = g->heads[k - 1];
        }
        g->heads[k] = head;
    }
    g->head_count = kept;
    return ST_OK;
}

enum status graph_count_new(struct graph *g, const struct charter *newest, uint32_t index,
                            const uint32_t **list_out, uint32_t *count_out)
{
    *list_out = g->list;
    *count_out = 0;
    if (g->nodes[index].counted || !is_end(g, newest, &g->nodes[index]))
        return ST_OK;
    uint32_t depth = 0, found = 0;
    g->stack[depth++] = index;
    g->nodes[index].counted = true;
    while (depth > 0) {
        uint32_t at = g->stack[--depth];
        const struct graph_node *n = &g->nodes[at];
        g->list[found++] = at;
        g->writers[n->key].waiting--;
        g->writers[n->key].waiting_bytes -= n->bytes;
        for (uint32_t i = 0; i < n->parent_count; i++) {
            uint32_t p = graph_parent(g, n, i);
            g->covered[p] = 1;
            if (!g->nodes[p].counted) {
                g->nodes[p].counted = true;
                g->stack[depth++] = p;
            }
        }
    }
    qsort(g->list, found, sizeof *g->list, by_number);
    *count_out = found;
    return renew_heads(g, found);
}

enum status graph_recount(struct graph *g, const struct charter *newest, bool *lost_out)
{
    uint32_t epoch = new_epoch(g), found = 0; /* mark: reached by what counts */
    *lost_out = false;
    for (uint32_t k = 0; k < g->writer_count; k++)
        g->writers[k].waiting_bytes = g->writers[k].waiting = 0;
    for (uint32_t i = g->count; i-- > 0;) {
        struct graph_node *n = &g->nodes[i];
        bool counted = g->marks[i] == epoch || is_end(g, newest, n);
        *lost_out = *lost_out || (n->counted && !counted);
        g->covered[i] = g->marks[i] == epoch;
        n->counted = counted;
        if (!counted) {
            g->writers[n->key].waiting++;
            g->writers[n->key].waiting_bytes += n->bytes;
            continue;
        }
        for (uint32_t k = 0; k < n->parent_count; k++)
            g->marks[graph_parent(g, n, k)] = epoch;
        if (!g->covered[i])
            g->list[found++] = i;
    }
    g->head_count = 0;
    return renew_heads(g, found);
}

void graph_leave(struct graph *g, uint32_t index)
{
    CHECK(index < g->count);
    g->nodes[index].left = true;
}

const uint32_t *graph_heads(struct graph *g, uint32_t *count_out)
{
    *count_out = g->head_count;
    return g->heads;
}

const uint32_t *graph_tips(const struct graph *g, uint32_t *count_out)
{
    *count_out = (uint32_t)g->tip_count;
    return g->tips;
}

uint32_t graph_key_find(const struct graph *g, const struct key *key)
{
    return find_writer(g, key);
}

void graph_waiting(const struct graph *g, uint32_t key, uint32_t *commits_out, uint64_t *bytes_out)
{
    CHECK(key < g->writer_count);
    *commits_out = g->writers[key].waiting;
    *bytes_out = g->writers[key].waiting_bytes;
}

const uint32_t *graph_own_heads(const struct graph *g, uint32_t key, uint32_t *count_out)
{
    CHECK(key < g->writer_count);
    *count_out = g->writers[key].own_count;
    return g->writers[key].own;
}

bool graph_frozen(const struct graph *g, const struct key *key)
{
    uint32_t writer = find_writer(g, key);
    return writer != GRAPH_NONE && g->writers[writer].key.frozen;
}

bool graph_forked(const struct graph *g, uint32_t key)
{
    CHECK(key < g->writer_count);
    return g->writers[key].forked;
}

/* How many commits 'known' reach, where no key has forked; else UINT64_MAX: unknown. */
static uint64_t reached_count(const struct graph *g, const uint32_t *known, uint32_t known_count)
{
    uint64_t total = 0;
    for (uint32_t k = 0; k < g->writer_count; k++) {
        uint64_t greatest = 0;
        if (g->writers[k].forked)
            return UINT64_MAX;
        for (uint32_t i = 0; i < known_count; i++) {
            uint64_t seq = seq_at(g, &g->nodes[known[i]], k);
            greatest = seq > greatest ? seq : greatest;
        }
        total += greatest;
    }
    return total;
}

enum status graph_lacking(struct graph *g, const uint32_t *known, uint32_t known_count,
                          uint32_t **list_out, uint32_t *count_out)
{
    uint64_t reached = reached_count(g, known, known_count), met = 0;
    uint32_t epoch = new_epoch(g), found = 0;
    for (uint32_t i = 0; i < known_count; i++)
        g->marks[known[i]] = epoch;
    /* From the newest down; done when all that is left below is known to be reached. */
    for (uint32_t i = g->count; i-- > 0;) {
        if (reached != UINT64_MAX && reached - met == (uint64_t)i + 1)
            break;
        if (g->marks[i] != epoch) {
            g->list[found++] = i;
            continue;
        }
        met++;
        const struct graph_node *n = &g->nodes[i];
        for (uint32_t k = 0; k < n->parent_count; k++)
            g->marks[graph_parent(g, n, k)] = epoch;
    }
    *count_out = found;
    *list_out = mem_array(found, sizeof **list_out);
    if (*list_out == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < found; i++)
        (*list_out)[i] = g->list[found - 1 - i];
    return ST_OK;
}

enum status graph_summary(struct graph *g, struct oid *out, uint32_t max, uint32_t *count_out)
{
    uint32_t filled = 0;
    for (uint32_t h = 0; h < g->head_count && filled < max; h++) {
        uint32_t epoch = new_epoch(g);
        uint64_t met = 0, next = 1;
        g->marks[g->heads[h]] = epoch;
        for (uint32_t i = g->heads[h] + 1; i-- > 0 && filled < max;) {
            if (g->marks[i] != epoch)
                continue;
            const struct graph_node *n = &g->nodes[i];
            if (++met == next) {
                out[filled++] = n->id;
                next *= 2;
            }
            for (uint32_t k = 0; k < n->parent_count; k++)
                g->marks[graph_parent(g, n, k)] = epoch;
        }
    }
    *count_out = filled;
    return ST_OK;
}
