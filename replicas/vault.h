/*
 * vault: what the history only names: sealed items, salts, chunks of files, disclosures; and which
 * of them are wanted, and which are never taken again. One SQLite file, vault.db (0600), WAL,
 * synchronous=FULL, secure_delete, temp_store in memory. Nothing in it is readable without a class
 * key, which it does not hold.
 *
 *   item(name, kind, class, type, record, salt, bytes)   held
 *   recent(items)                                        held, the newest: vault_recent.h
 *   want(name, kind, class, type, record, salt)          named by the history, not held
 *   refused(salt)                                        erased: never held again; a salt's id,
 *                                                        or one that stands for it in one record
 *
 * Writes gather in a transaction until vault_commit(); it is durable when that returns. A salt's
 * name is its id and 12 zero bytes.
 *
 * Invariants: a name is held or wanted or neither, never both; no item of a refused salt is held or
 * wanted.
 */
#ifndef REPLICAS_VAULT_H
#define REPLICAS_VAULT_H

#include "replicas/fault.h"
#include "replicas/seal.h"

enum vault_kind {
    VAULT_VALUE = 1,      /* seal.h's item: a field's value */
    VAULT_SALT = 2,       /* 32 bytes */
    VAULT_LIST = 3,       /* seal.h's item: the names of a file's chunks, one behind the other */
    VAULT_CHUNK = 4,      /* seal.h's item: a chunk of a file */
    VAULT_DISCLOSURE = 5, /* for one member's key alone */
};

struct vault_facts { /* what is known of an item from the history */
    struct digest name;
    enum vault_kind kind;
    enum schema_class class;
    char type[NAME_BYTES_MAX + 1]; /* of the record that it belongs to */
    char record[RECORD_ID_TEXT + 1];
    struct seal_id salt; /* that its key is made with; of a SALT its own id */
    struct key reader;   /* DISCLOSURE: whose it is; else zero */
};

struct vault;

/* vault_open(): at 'path', made where it is missing; NULL: in memory, from 'image' (may be empty)
 * as vault_image() gave it: for the simulator. Errors: ST_CORRUPT, ST_IO, ST_DISK_FULL,
 * ST_NO_MEMORY */
MUST_USE enum status vault_open(const char *path, struct bytes image, struct vault **out,
                                struct fault *f);
void vault_close(struct vault *v);

/* vault_image(): what is committed, as bytes; appended. */
MUST_USE enum status vault_image(struct vault *v, struct buf *out, struct fault *f);

/* vault_salt_name(): the name of a salt. */
void vault_salt_name(const struct seal_id *id, struct digest *out);

/*
 * vault_put(): hold an item; what was wanted is no longer. Held already: free.
 * Errors: ST_BAD_VALUE    the bytes are not what the name says (hash, or a salt's id)
 *         ST_NOT_ALLOWED  its salt is refused, or erased for this record
 *         ST_TOO_LARGE, ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status vault_put(struct vault *v, const struct vault_facts *facts, struct bytes item,
                               struct fault *f);

/* vault_get(): an item's bytes (appended; NULL: not asked) and facts (or NULL).
 * Errors: ST_NOT_FOUND; ST_CORRUPT  the bytes held are not what the name says; ST_IO */
MUST_USE enum status vault_get(struct vault *v, const struct digest *name,
                               struct vault_facts *facts_out, struct buf *out, struct fault *f);
MUST_USE enum status vault_has(struct vault *v, const struct digest *name, bool *out,
                               struct fault *f);

/* vault_want(): it is named by the history. Held, wanted or refused already: nothing, but that what
 * anybody names as personal is of that class from then on. */
MUST_USE enum status vault_want(struct vault *v, const struct vault_facts *facts, struct fault *f);
/* vault_wanted(): ST_NOT_FOUND  it is not wanted. */
MUST_USE enum status vault_wanted(struct vault *v, const struct digest *name,
                                  struct vault_facts *facts_out, struct fault *f);
/* vault_unwant(): of a class that this office may not read any more, or an order to erase. */
MUST_USE enum status vault_unwant(struct vault *v, const struct digest *name, struct fault *f);

/* vault_wants(): the first 'max' names behind 'after' (ascending; zero: from the start) of those
 * that are chunks (files) or that are not. */
MUST_USE enum status vault_wants(struct vault *v, bool files, const struct digest *after,
                                 uint32_t max, struct vault_facts *out, uint32_t *count_out,
                                 struct fault *f);
/* vault_waiting(): how many are wanted; files: chunks, or all others. Cheap. */
MUST_USE enum status vault_waiting(struct vault *v, bool files, uint64_t *out, struct fault *f);

/* vault_each(): what is held of one record (type and id), facts lent for the call. */
typedef enum status (*vault_fn)(void *user, const struct vault_facts *facts);
MUST_USE enum status vault_each(struct vault *v, struct bytes type, struct bytes record,
                                vault_fn each, void *user, struct fault *f);

/* vault_refuse(): a salt is erased: it and whatever was made with it goes, and is never taken
 * again. vault_is_refused(). */
MUST_USE enum status vault_refuse(struct vault *v, const struct seal_id *salt, struct fault *f);
MUST_USE enum status vault_is_refused(struct vault *v, const struct seal_id *salt, bool *out,
                                      struct fault *f);

/* vault_erase(): the same of what one record ('record': its id) has of a salt that its history
 * names. Any writer can name the salt of another record: what others have of it stays, and the salt
 * with it; one that only this record has goes. vault_is_erased(): so, or refused. */
MUST_USE enum status vault_erase(struct vault *v, const struct seal_id *salt, const char *record,
                                 struct fault *f);
MUST_USE enum status vault_is_erased(struct vault *v, const struct seal_id *salt,
                                     const char *record, bool *out, struct fault *f);

/* vault_drop_class(): everything of a class goes, held and wanted: this member may not read it any
 * more. */
MUST_USE enum status vault_drop_class(struct vault *v, enum schema_class class, struct fault *f);

/* vault_commit(): what was written since the last one is durable. Free when nothing was.
 * vault_rollback(): forget it. */
MUST_USE enum status vault_commit(struct vault *v, struct fault *f);
void vault_rollback(struct vault *v);
/* vault_commit_held(): the same, but for wants, which stay in memory: for those who can want again
 * what a crash forgot. vault_is_due(): there is something for it (or that failed). */
MUST_USE enum status vault_commit_held(struct vault *v, struct fault *f);
bool vault_is_due(const struct vault *v);

/* vault_checkpoint(): the newest items into the trees, the WAL into the file, and cut where
 * something was erased: after it no erased byte is left. vault_has_erased(): there may be one. */
MUST_USE enum status vault_checkpoint(struct vault *v, struct fault *f);
bool vault_has_erased(const struct vault *v);

/* vault_copy(): what is held, wanted and refused, into a fresh file at 'path', for a backup.
 * Commits first. Errors: as vault_open() */
MUST_USE enum status vault_copy(struct vault *v, const char *path, struct fault *f);

/*
 * vault_salvage(): make a damaged vault anew, from what of it still reads and is what its name
 * says, and from the refused salts that still read. Nobody has it open. What is lost the caller
 * wants again, and refuses again, by the history. On error the old one stays as it is.
 *
 * kept_out, lost_out  items; of some that are lost nobody can tell.
 * Errors: ST_LOCKED, ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status vault_salvage(const char *path, uint64_t *kept_out, uint64_t *lost_out,
                                   struct fault *f);

#endif
