/*
 * replica: the façade: one office's replicated state machine. One thread owns it.
 *
 * Invariant: the state tree is the join of the trees of the counted heads; everything a caller was
 * told is durable survives a crash at any instant (journal), and replaying the history from nothing
 * gives the same heads and the same state.
 */
#ifndef REPLICAS_REPLICA_H
#define REPLICAS_REPLICA_H

#include "proto/item.h"
#include "replicas/charter.h"
#include "replicas/fault.h"
#include "replicas/graph.h"
#include "replicas/home.h"
#include "replicas/journal.h"
#include "replicas/op.h"
#include "replicas/record.h"
#include "replicas/store.h"

struct replica;
struct index;
struct vault;
struct keyring;
struct book;

struct replica_options {
    const char *home;              /* real files; or NULL and the three below (tests, simulator) */
    const struct disk *disk;       /* borrowed until close */
    const struct backing *backing; /* taken over */
    /* With 'home': unlocked already. NULL: read there; one under a passphrase stays locked: the
     * replica reads, accepts and checkpoints, but signs nothing. */
    const struct home_identity *identity;
    const char *label; /* with 'disk': ours */
    const struct digest *network;
    struct vault *vault; /* with 'disk': taken over; NULL: a fresh one in memory */
    bool readonly;       /* no lock, no journal writes, no index, no vault */
    bool index;          /* keep the SQLite index: at home/index.db; with 'disk': in memory */
    bool rebuild;        /* the journal may lack what the repository has: for repair alone */
    int64_t (*wall_seconds)(void *context); /* for git's dates only; NULL: time() */
    void *wall_context;
    void (*entropy)(void *context, void *out, size_t count); /* salts, nonces; NULL: libsodium's */
    void *entropy_context;
};

/* replica_found(): home with first charter: members = the founder alone, an office, admin and
 * treasurer. Then replica_open(). Errors: ST_EXISTS, ST_BAD_VALUE, ST_NOT_SCHEMA, ST_IO */
MUST_USE enum status replica_found(const char *home, const char *network_name, const char *label,
                                   const char *address, struct bytes schema_json,
                                   struct digest *network_out, struct fault *f);

/* replica_found_as(): the same with the identity of a home that home_make_wrapped() made. */
MUST_USE enum status replica_found_as(const struct home_identity *identity, const char *home,
                                      const char *network_name, const char *label,
                                      const char *address, struct bytes schema_json,
                                      struct digest *network_out, struct fault *f);

/* replica_enter(): a home made by home_make() joins a network: its charter chain and our label. No
 * secret is needed. */
MUST_USE enum status replica_enter(const char *home, const char *label,
                                   const struct digest *network, const struct bytes *files,
                                   uint32_t file_count, struct fault *f);

/* replica_open(): recover: lock, charters, journal, objects, heads, state.
 * Errors: ST_NO_REPLICA, ST_LOCKED, ST_CORRUPT (names file and offset, and the repair), ST_IO,
 *         ST_WRONG_NETWORK, ST_NO_MEMORY */
MUST_USE enum status replica_open(const struct replica_options *o, struct replica **out,
                                  struct fault *f);
/* replica_close(): a last checkpoint (unless readonly), then free. */
MUST_USE enum status replica_close(struct replica *r, struct fault *f);
/* replica_drop(): free without writing anything: as a crash would. For tests and after fatal I/O.
 */
void replica_drop(struct replica *r);

/* What it is. All lent until the next write, accept or charter. */
/* replica_home(): the folder; NULL where the disk was given. */
const char *replica_home(const struct replica *r);
const char *replica_label(const struct replica *r);
const struct digest *replica_network(const struct replica *r);
const struct home_identity *replica_identity(const struct replica *r);
const struct charter_chain *replica_charters(const struct replica *r);
struct graph *replica_graph(struct replica *r);
struct store *replica_store(struct replica *r);
struct index *replica_index(struct replica *r); /* as it stands; see index_update(); NULL: none */
const struct oid *replica_state(const struct replica *r); /* the state tree */
struct journal *replica_journal(struct replica *r);
/* replica_vault(): what the history only names; NULL: open for reading only. What is written there
 * is durable with the next replica_sync(). */
struct vault *replica_vault(struct replica *r);
/* replica_keyring(): the class keys of the state. Errors: ST_CORRUPT, ST_IO, ST_NO_MEMORY */
MUST_USE enum status replica_keyring(struct replica *r, struct keyring **out, struct fault *f);

/* replica_book(): what the state says about money (book.h), brought to the state; kept for the next
 * time. Lent until the next write, accept or call of this. Errors: as book_follow() */
MUST_USE enum status replica_book(struct replica *r, const struct book **out, struct fault *f);

/* replica_record(): one record of tree 'root' (NULL: the state), parsed; 'out' borrows from the
 * store until the next store_tidy(); release it. Errors: ST_NOT_FOUND, ST_CORRUPT, … */
MUST_USE enum status replica_record(struct replica *r, const struct oid *root, struct bytes type,
                                    struct bytes id_hex, struct record *out, struct fault *f);
/* replica_record_path(): "records/<type>/h/h/h/<id>.json". */
void replica_record_path(struct bytes type, struct bytes id_hex, char out[static 320]);

/* replica_base(): the record as commit 'node' found it: the join over its parents. */
MUST_USE enum status replica_record_before(struct replica *r, uint32_t node, struct bytes type,
                                           struct bytes id_hex, struct record *out,
                                           struct fault *f);

/* replica_item(): a commit's item, decoded; borrows from 'bytes' (filled anew). */
MUST_USE enum status replica_item(struct replica *r, uint32_t node, struct buf *bytes,
                                  struct item *out, struct fault *f);

struct replica_commit {
    struct oid id;
    struct change change;
    uint32_t node;
};

/*
 * replica_write(): one commit of ours: operations on the state, signed, appended to the journal.
 * Not durable before replica_sync(). Missing charter operations are added. 'author' is an ident.
 * Operations must fit one commit. An empty list makes an empty commit (a merge).
 * Errors: ST_NOT_ALLOWED, ST_NOT_SCHEMA, ST_BAD_VALUE, ST_OVERDRAWN, ST_WRONG_OPERATION,
 *         ST_TOO_LARGE, ST_DISK_FULL, ST_IO, ST_NO_MEMORY: nothing changed
 *         ST_EXISTS  this very commit was signed before, and does not count: our key is frozen
 */
MUST_USE enum status replica_write(struct replica *r, struct op_list *ops, struct bytes author,
                                   struct replica_commit *out, struct fault *f);

struct replica_verdict {
    struct oid id;                   /* zero where the bytes could not be read so far */
    uint32_t node;                   /* ST_OK, ST_EXISTS */
    struct oid missing[PARENTS_MAX]; /* ST_WAITING: unknown parents */
    uint32_t missing_count;
};

/*
 * replica_accept(): a peer's commit and operations in, verdict out: the seven steps of
 * docs/FORMATS.md, then appended to the journal (not durable before replica_sync()).
 * Errors: ST_OVER_QUOTA  see quota.h: dropped, without blame
 *         ST_EXISTS  accepted before; ST_WAITING  parents or charter version unknown (not kept:
 *         the peer sends it again after what it builds on); any PEER class: refused, remembered
 *         with its reason (fault); LOCAL class: nothing changed
 */
MUST_USE enum status replica_accept(struct replica *r, struct bytes item,
                                    struct replica_verdict *out, struct fault *f);

/* replica_sync(): all that was written or accepted is durable. Any failure is fatal: the caller
 * must stop and open anew. */
MUST_USE enum status replica_sync(struct replica *r, struct fault *f);

/* replica_offer_charters(): verify and keep versions (files in order), durable on return.
 * grown_out: whether the newest changed. A refused file ends it with its reason; what came before
 * is kept. */
MUST_USE enum status replica_offer_charters(struct replica *r, const struct bytes *files,
                                            uint32_t count, bool *grown_out, struct fault *f);

/* replica_motions(): the open motions for the next charter version, each as it travels in CHARTER
 * (1 .. CHARTER_BYTES_MAX bytes), at most PROPOSALS_MAX, together at most CHARTER_BATCH_BYTES_MAX;
 * lent until the next call that changes the replica. */
uint32_t replica_motions(struct replica *r, const struct bytes **out);

/* replica_offer_motions(): verify and keep motions from a peer, durable on return; an admin's own
 * promise is added unasked; a motion that thereby has its majority becomes the next version.
 * grown_out: motions or charter changed (tell peers). A refused motion is skipped and named in the
 * fault (ST_OK all the same); LOCAL errors end it. */
MUST_USE enum status replica_offer_motions(struct replica *r, const struct bytes *motions,
                                           uint32_t count, bool *grown_out, struct fault *f);

/* replica_heard_peer(): a member has told us all the charters and motions that it has: from now on
 * an admin that was restored from a backup knows again what it promised and signed before. */
MUST_USE enum status replica_heard_peer(struct replica *r, struct fault *f);

/* replica_add_member(): by this office's admin right, the next charter version; durable. */
MUST_USE enum status replica_add_member(struct replica *r, const struct charter_member *member,
                                        struct fault *f);

/* replica_lacking(): items of commits that 'known' ids do not reach, parents first, up to bytes_max
 * and BATCH_ITEMS_MAX; each is lent for the call. unknown_out: some known id is not known here.
 * more_out: not all fitted. */
typedef void (*replica_item_fn)(void *user, const struct oid *id, struct bytes item);
MUST_USE enum status replica_lacking(struct replica *r, const struct oid *known,
                                     uint32_t known_count, size_t bytes_max, replica_item_fn each,
                                     void *user, bool *more_out, bool *unknown_out,
                                     struct fault *f);

/* replica_checkpoint(): objects into a pack, refs, journal segment into the feed. */
MUST_USE enum status replica_checkpoint(struct replica *r, struct fault *f);
/* replica_refresh_index(): bring the index to the state. Queries do so themselves; an idle moment
 * does it before somebody waits for it. */
MUST_USE enum status replica_refresh_index(struct replica *r, struct fault *f);

/* replica_rest(): what is kept for speed only goes back to the system. For idle moments. */
void replica_rest(struct replica *r);

/* replica_wants_checkpoint(): enough has gathered (bytes), or anything at all where 'idle'. */
bool replica_wants_checkpoint(const struct replica *r, bool idle);

struct replica_refusal {
    struct oid id;
    enum status code;
    char text[256];
};
/* replica_refusals(): the last refused commits with their reasons, newest first, bounded. */
const struct replica_refusal *replica_refusals(const struct replica *r, uint32_t *count_out);

#endif
