/*
 * graph: the accepted commits, in memory: who wrote what on top of what, which count, the heads.
 * A node's index is its ordinal in the journal. Parents come before children.
 */
#ifndef REPLICAS_GRAPH_H
#define REPLICAS_GRAPH_H

#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/charter.h"

enum {
    GRAPH_NONE = UINT32_MAX,
    GRAPH_FORKS_MAX = 8,
    GRAPH_OWN_MAX = 64, /* of its own heads a key's graph remembers; a frozen key may have more */
};

struct graph_key { /* every key that ever wrote */
    struct key key;
    char label[LABEL_BYTES_MAX + 1];
    bool frozen; /* more than GRAPH_FORKS_MAX commits of one seq */
};

struct graph_node {
    struct oid id, tree;
    struct digest digest;
    uint64_t seq, height;
    int64_t time; /* commit time: for people only */
    uint32_t key; /* index of its graph_key */
    uint32_t charter_version;
    uint32_t parent_first, parent_count; /* see graph_parent() */
    uint32_t vector_first, vector_count; /* greatest seq of each key in its past and itself */
    bool counted;
    bool empty;     /* it has no operations: a merge or an acknowledgement */
    uint32_t bytes; /* of its item */
    bool left;      /* it, or one in its past, names a charter that was left: it never counts */
};

struct graph;
MUST_USE enum status graph_create(struct graph **out);
void graph_free(struct graph *g);

uint32_t graph_count(const struct graph *g);
const struct graph_node *graph_node(const struct graph *g, uint32_t index);
uint32_t graph_parent(const struct graph *g, const struct graph_node *n, uint32_t which);
uint32_t graph_find(const struct graph *g, const struct oid *id); /* or GRAPH_NONE */
uint32_t graph_find_change(const struct graph *g,
                           const struct change *c); /* first of that digest */
const struct graph_key *graph_key(const struct graph *g, uint32_t index);
uint32_t graph_key_count(const struct graph *g);
uint32_t graph_key_find(const struct graph *g, const struct key *key); /* or GRAPH_NONE */

/* graph_waiting(): how many accepted commits of a key do not count, and their bytes. */
void graph_waiting(const struct graph *g, uint32_t key, uint32_t *commits_out, uint64_t *bytes_out);

/* graph_own_heads(): the commits of a key that are in no other commit of that key's past, counted
 * or not; one, unless it forked. Lent until the next change. */
const uint32_t *graph_own_heads(const struct graph *g, uint32_t key, uint32_t *count_out);

/* graph_seq(): the greatest seq of writer 'key' in the past of a node and itself; 0: none. */
uint64_t graph_seq(const struct graph *g, uint32_t index, uint32_t key);

/* What a commit on these parents must say. */
uint64_t graph_next_seq(const struct graph *g, const struct key *key, const uint32_t *parents,
                        uint32_t count);
uint64_t graph_next_height(const struct graph *g, const uint32_t *parents, uint32_t count);
uint32_t graph_charter_floor(const struct graph *g, const uint32_t *parents, uint32_t count);

/* graph_reaches(): whether 'below' is 'above' or in its past. */
bool graph_reaches(struct graph *g, uint32_t above, uint32_t below);
bool graph_is_antichain(struct graph *g, const uint32_t *nodes, uint32_t count);

struct graph_new {
    struct oid id, tree;
    struct digest digest;
    uint64_t seq, height;
    int64_t time;
    struct key key;
    const char *label;
    uint32_t charter_version;
    const uint32_t *parents;
    uint32_t parent_count;
    bool empty;
    uint32_t bytes; /* of its item */
};
/* graph_add(): append an accepted commit; nothing is counted yet. Errors: ST_NO_MEMORY (unchanged)
 */
MUST_USE enum status graph_add(struct graph *g, const struct graph_new *n, uint32_t *index_out);

/*
 * graph_count_new(): count 'index' and what it reaches, if the newest charter lets it: its key in
 * force and not frozen, or a kept head of a retired key. The newly counted nodes, parents first,
 * into a list lent until the next call.
 */
MUST_USE enum status graph_count_new(struct graph *g, const struct charter *newest, uint32_t index,
                                     const uint32_t **list_out, uint32_t *count_out);

/* graph_recount(): from nothing, by the newest charter (it changed, or a key froze).
 * lost_out: whether a node that counted no longer does. */
MUST_USE enum status graph_recount(struct graph *g, const struct charter *newest, bool *lost_out);

/* graph_leave(): a node names a charter version that was left for another: it, and whatever is
 * added on top of it, never counts. Its children that are there are the caller's to leave, and then
 * graph_recount(). */
void graph_leave(struct graph *g, uint32_t index);

/* graph_heads(): counted nodes without a counted child, ascending by (height, id); lent until the
 * next change. */
const uint32_t *graph_heads(struct graph *g, uint32_t *count_out);

/* graph_tips(): accepted nodes without an accepted child, counted or not, ascending by index; lent
 * until the next change. */
const uint32_t *graph_tips(const struct graph *g, uint32_t *count_out);

/* graph_frozen(): whether a key has written and is frozen. */
bool graph_frozen(const struct graph *g, const struct key *key);

/* graph_forked(): whether a key has two commits of one seq. */
bool graph_forked(const struct graph *g, uint32_t key);

/* graph_lacking(): nodes that 'known' (indices) do not reach, parents first; a fresh array that the
 * caller frees with mem_free(). */
MUST_USE enum status graph_lacking(struct graph *g, const uint32_t *known, uint32_t known_count,
                                   uint32_t **list_out, uint32_t *count_out);

/* graph_summary(): ids at doubling distances (1, 2, 4 … commits back) from each head. */
MUST_USE enum status graph_summary(struct graph *g, struct oid *out, uint32_t max,
                                   uint32_t *count_out);

#endif
