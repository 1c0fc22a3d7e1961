/*
 * engine: what the files behind the façade share: the replica itself. Private to replicas/, and
 * there to what acts on journal, graph, charters or vault as one; everyone else, commands about
 * records and the daemon among them, goes through replica.h.
 */
#ifndef REPLICAS_ENGINE_H
#define REPLICAS_ENGINE_H

#include "replicas/account.h"
#include "replicas/bases.h"
#include "replicas/keyring.h"
#include "replicas/replay.h"
#include "replicas/replica.h"
#include "replicas/sealed.h"
#include "replicas/vault.h"

enum {
    ENGINE_REFUSALS_MAX = 64,            /* remembered refusals: a quota */
    ENGINE_PENDING_BYTES_MAX = 24 * MIB, /* objects in memory that force a checkpoint */
    ENGINE_CACHE_BYTES = 8 * MIB,        /* objects that reads keep */
    ENGINE_RECENT_FRAMES = 512,          /* the newest frames, at hand for the news of them */
    ENGINE_RECENT_BYTES = MIB,
    ENGINE_FRAME_ID_BYTES = OID_BYTES, /* a frame: commit id, then the item */
};

struct council;

struct uploads;
struct purge;
struct book;
struct follow;
struct wrote;

struct replica {
    char *home;                      /* NULL: disk given */
    struct disk own_disk, seen_disk; /* the home's files; the same for reading only */
    struct disk *disk; /* own_disk, or the caller's; NULL: nothing is journalled (verify) */
    struct store *store;
    struct journal *journal;
    struct graph *graph;
    struct charter_chain chain;
    struct account_memo *memo;
    struct bases bases;
    struct quota *quota;     /* NULL: nothing was dropped yet */
    struct council *council; /* NULL: nothing is journalled */
    struct index *index;
    struct home_identity identity;
    bool locked; /* the identity's secret is under a passphrase: only its key is here */
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct oid state; /* the join of the trees of the counted heads */
    bool readonly;
    bool rebuild; /* see replica_options */
    bool failed;  /* a sync failed: nothing more is written */
    bool changed; /* since the last checkpoint */
    int lock_fd;
    int64_t (*wall_seconds)(void *context);
    void *wall_context;
    struct vault *vault; /* NULL: open for reading only */
    bool vault_changed;  /* items came since the last checkpoint */
    bool want_again;     /* wants were lost on a full disk */
    struct keyring *keyring;
    struct oid keyring_state; /* whose keys it holds */
    struct sealed_memo *sealed;
    struct uploads *uploads; /* upload.h, purge.h, follow.h; NULL until they are needed */
    struct purge *purge;
    struct follow *follow;
    struct book *book;   /* replica_book(); NULL until it is needed */
    uint32_t book_saved; /* commits of the history that book.cache was read from; 0: none */
    struct wrote *wrote; /* NULL: the journal tells who wrote what */
    void (*entropy)(void *context, void *out, size_t count);
    void *entropy_context;
    struct buf recent; /* frames of nodes recent_first .. recent_first + recent_count - 1 */
    uint32_t recent_first, recent_count;
    size_t recent_at[ENGINE_RECENT_FRAMES];
    struct replica_refusal refusals[ENGINE_REFUSALS_MAX];
    uint32_t refusal_count, refusal_next;
    struct replica_refusal refusals_sorted[ENGINE_REFUSALS_MAX];
};

/* A commit that was judged: what its acceptance needs. Owns ops, replay and frame. */
struct judged {
    struct op_list ops;
    struct replay_output replay;
    struct buf frame; /* commit id, then the item: the journal's payload */
    struct graph_new node;
    uint32_t parents[PARENTS_MAX];
    char label[LABEL_BYTES_MAX + 1];
    struct oid missing[PARENTS_MAX];
    uint32_t missing_count;
    bool known;  /* accepted before: node_index holds */
    size_t mark; /* of the store, before its own objects */
    uint32_t node_index;
};

void judged_release(struct judged *j);

/*
 * judge_item(): the seven steps of accepting, in their order; on ST_OK the commit, its trees and
 * blobs are in the store and 'out' is ready for advance_commit(). 'trusted' skips the signature:
 * for frames of our own journal and commits that we just signed.
 */
MUST_USE enum status judge_item(struct replica *r, struct bytes item_bytes, bool trusted,
                                struct judged *out, struct fault *f);

/* judge_again(): all that judge_item() checks of a peer's commit, for one that was accepted:
 * signature, rules, replay, root. Changes nothing. Errors: any PEER class: it is not what was
 * accepted; LOCAL classes */
MUST_USE enum status judge_again(struct replica *r, uint32_t node, struct fault *f);

/* judge_base(): the join of the parents' trees. */
MUST_USE enum status judge_base(struct replica *r, const uint32_t *parents, uint32_t count,
                                struct oid *out, struct fault *f);

/* judge_replay(): an item's operations, j->ops, on the join of its parents, j->parents, into
 * j->replay. Errors: as replay_run() */
MUST_USE enum status judge_replay(struct replica *r, const struct charter *charter,
                                  const struct item *item, struct judged *j, struct fault *f);

/*
 * write_commit(): a signed commit of ours on 'parents', judged in the same way; 'ops' is moved
 * away, on success and on failure alike. Nothing is appended or advanced yet.
 */
MUST_USE enum status write_commit(struct replica *r, struct op_list *ops, const uint32_t *parents,
                                  uint32_t count, struct bytes author, struct judged *out,
                                  struct fault *f);

/* engine_write_on(): write_commit() on these parents, into journal, graph and state.
 * engine_write_on_heads(): on the counted heads; of more than a commit may have parents, empty
 * commits merge the lowest first. 'ops' is moved away by the first, by the other on its last
 * commit.
 */
MUST_USE enum status engine_write_on(struct replica *r, struct op_list *ops,
                                     const uint32_t *parents, uint32_t count, struct bytes author,
                                     uint32_t *node_out, struct fault *f);
MUST_USE enum status engine_write_on_heads(struct replica *r, struct op_list *ops,
                                           struct bytes author, uint32_t *node_out,
                                           struct fault *f);

/* advance_commit(): take a judged commit into the graph, the counted set and the state. */
MUST_USE enum status advance_commit(struct replica *r, const struct judged *j, uint32_t *node_out,
                                    struct fault *f);

/* advance_recount(): the charter changed or a key froze: count anew, join the state anew. */
MUST_USE enum status advance_recount(struct replica *r, struct fault *f);

/* recover_open(): charters, journal, graph, state, from r->disk and r->store. */
MUST_USE enum status recover_open(struct replica *r, struct fault *f);

/* recover_node(): a journal frame whose objects are packed, and that was judged before: only the
 * graph needs it. Errors: ST_CORRUPT, ST_NO_MEMORY */
MUST_USE enum status recover_node(struct replica *r, struct bytes payload, struct fault *f);

/* recover_charters(): the chain from r->disk. Errors: ST_CORRUPT and what charter_chain_add() says
 */
MUST_USE enum status recover_charters(struct replica *r, struct fault *f);

/* checkpoint_refs(): the refs as they should stand; a fresh array freed with mem_free(). */
MUST_USE enum status checkpoint_refs(struct replica *r, struct store_ref **out, size_t *count_out,
                                     struct fault *f);
MUST_USE enum status checkpoint_run(struct replica *r, struct fault *f);

/*
 * verify_rebuild_item(): the item that a commit of the repository stands for, with the operations
 * that its trees show; appended to 'item_out'. Its parents must be in the graph.
 * Errors: ST_WAITING  a parent is not; as commit_parse(), derive_operations(), op_list_encode()
 */
MUST_USE enum status verify_rebuild_item(struct replica *r, const struct oid *id,
                                         struct buf *item_out, struct fault *f);

/* engine_keep_charter(): verify one version's file, make it durable, append it to the chain.
 * ST_EXISTS is not an error for callers. */
MUST_USE enum status engine_keep_charter(struct replica *r, struct bytes file, struct fault *f);

#endif
