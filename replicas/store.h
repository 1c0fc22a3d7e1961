/*
 * store: git objects. New ones are kept in memory until a checkpoint writes them into one pack;
 * older ones are read through a backing (libgit2 in production, memory in tests and simulation).
 * Never writes a loose object. Object ids are SHA-1 by nettle.
 *
 * Borrowing: what store_read() lends stays until the next store_tidy() (or close); the replica
 * calls that between commits, and it evicts read objects beyond the cap.
 */
#ifndef REPLICAS_STORE_H
#define REPLICAS_STORE_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "replicas/fault.h"

enum store_kind { STORE_COMMIT = 1, STORE_TREE = 2, STORE_BLOB = 3 }; /* git's numbers */

struct store_object {
    struct oid id;
    enum store_kind kind;
    struct bytes data;
    struct oid near; /* the version it replaced, zero if none: a delta base for the pack */
};

struct store_ref {
    char name[128];    /* refs/heads/santiago */
    struct oid target; /* zero: delete */
};

/* Where objects and refs live for good. write() and refs() are durable when they return. */
struct backing {
    void *context;
    enum status (*read)(void *context, const struct oid *id, enum store_kind *kind_out,
                        struct buf *data_out, struct fault *f); /* ST_NOT_FOUND, ST_CORRUPT */
    enum status (*write)(void *context, const struct store_object *objects, size_t count,
                         struct fault *f);
    enum status (*set_refs)(void *context, const struct store_ref *refs, size_t count,
                            struct fault *f);
    enum status (*list_refs)(void *context, void (*each)(void *user, const struct store_ref *ref),
                             void *user, struct fault *f);
    void (*rest)(void *context); /* give back memory that reads left behind; or NULL */
    void (*close)(void *context);
};

/* backing_git_open(): a bare repository at 'path', created where 'create'; fsync and strict hashes
 * on; stale locks swept. 'readonly' opens a stock clone (bare or not) without touching it. */
MUST_USE enum status backing_git_open(const char *path, bool create, bool readonly,
                                      struct backing *out, struct fault *f);
/* backing_memory_open(): for tests and the simulator: a durable map; survives store_close(). */
MUST_USE enum status backing_memory_open(struct backing *out);

struct store;

/* store_open(): takes over 'backing' (closed by store_close(), unless a memory backing is kept by
 * its owner: then pass a copy whose close is NULL). cache_bytes bounds what reads keep. */
MUST_USE enum status store_open(const struct backing *backing, size_t cache_bytes,
                                struct store **out);
void store_close(struct store *s);

/* store_hash(): the id that git gives these bytes. */
void store_hash(enum store_kind kind, struct bytes data, struct oid *out);

/* store_write(): keep a copy in memory; writing what is there already is free. 'near': or NULL. */
MUST_USE enum status store_write(struct store *s, enum store_kind kind, struct bytes data,
                                 const struct oid *near, struct oid *id_out);

/* Errors: ST_NOT_FOUND  no such commit or tree; ST_CORRUPT  another kind, damaged bytes, or a blob
 * that is missing; ST_IO; ST_NO_MEMORY */
MUST_USE enum status store_read(struct store *s, const struct oid *id, enum store_kind kind,
                                struct bytes *data_out, struct fault *f);
bool store_has(struct store *s, const struct oid *id);
void store_tidy(struct store *s);

/* store_rest(): as store_tidy(), and everything that reading only keeps for speed goes back to the
 * system: for a moment when nobody waits. */
void store_rest(struct store *s);

/* store_pending_bytes(): what the next checkpoint has to write [bytes of content]. */
size_t store_pending_bytes(const struct store *s);

/* store_discard_since(): forget objects written after mark = store_mark(): a refused commit. */
size_t store_mark(const struct store *s);
void store_discard_since(struct store *s, size_t mark);

/* store_flush(): write what is pending through the backing, as one pack, durable; then refs. */
MUST_USE enum status store_flush(struct store *s, const struct store_ref *refs, size_t ref_count,
                                 struct fault *f);
MUST_USE enum status store_refs(struct store *s,
                                void (*each)(void *user, const struct store_ref *ref), void *user,
                                struct fault *f);

#endif
