/*
 * vault_file: the vault's SQLite file: made, opened, told apart from a damaged one, written anew.
 *
 * A file is made beside its place and renamed, so one that is there without our tables is damaged,
 * never new; a damaged one is left alone, for only people may give up what it holds. One process
 * has it at a time (locking_mode=EXCLUSIVE), so no shared memory lies beside it.
 */
#ifndef REPLICAS_VAULT_FILE_H
#define REPLICAS_VAULT_FILE_H

#include <sqlite3.h>

#include "proto/bytes.h"
#include "replicas/fault.h"

struct vault_file {
    sqlite3 *db;       /* NULL: not open */
    char *path;        /* owned; NULL: in memory */
    uint64_t begun_at; /* bytes of the log when the transaction began */
    uint64_t brought;  /* by its writes */
    uint64_t changed;  /* by them, of pages that are there: at most */
    uint64_t reserved; /* where the log's blocks end, as far as we reserved any */
};

/* vault_file_open(): as vault_open(). On error *out is as zeroed. */
MUST_USE enum status vault_file_open(const char *path, struct bytes image, struct vault_file *out,
                                     struct fault *f);
/* vault_file_again(): open it where vault_file_rewrite() could not. */
MUST_USE enum status vault_file_again(struct vault_file *v, struct fault *f);
/* Every statement on it must be finalized. */
void vault_file_close(struct vault_file *v);

/* vault_file_tell(): 'code' of a failed call, with SQLite's words and what to do; read at once. */
MUST_USE enum status vault_file_tell(const struct vault_file *v, enum status code, struct fault *f);
/* vault_file_damaged(): ST_CORRUPT, what of the vault, and what to do. */
MUST_USE enum status vault_file_damaged(const char *what, struct fault *f);

/*
 * vault_file_reserve(): disk blocks behind the log for one more write of the transaction, so that
 * its commit finds room: SQLite writes pages when it commits, and what was said to somebody before
 * then could not be taken back. 'first': the transaction is about to begin. A file system that
 * cannot reserve tells at the commit.
 *
 * bytes   that the write brings, beside what it changes of pages that are there.
 * Errors: ST_DISK_FULL  there is no room: the transaction stays as it is
 */
MUST_USE enum status vault_file_reserve(struct vault_file *v, bool first, uint64_t bytes,
                                        struct fault *f);

/* vault_file_image(): what is committed of one in memory; appended. */
MUST_USE enum status vault_file_image(struct vault_file *v, struct buf *out, struct fault *f);

/* vault_file_checkpoint(): the log into the file; 'cut': and cut to nothing. A log that keeps its
 * bytes is written over from its start, and a sync of it changes no size. No transaction is open.
 */
MUST_USE enum status vault_file_checkpoint(struct vault_file *v, bool cut, struct fault *f);

/* vault_file_copy(): what the tables hold into a fresh file at 'path', durable but for its name. No
 * transaction is open. */
MUST_USE enum status vault_file_copy(const struct vault_file *v, const char *path, struct fault *f);

/*
 * vault_file_rewrite(): a fresh file with what the tables hold takes this one's place: pages that
 * SQLite splits and joins keep old copies of rows between their cells, which secure_delete does not
 * reach. Every statement must be finalized and no transaction open. Afterwards, even on error, the
 * file is open, or v->db is NULL. Errors: as vault_open()
 */
MUST_USE enum status vault_file_rewrite(struct vault_file *v, struct fault *f);

/* vault_file_replace(): the whole, closed file 'from' takes the place of the one at 'path', whose
 * log goes. Nobody has either open. */
MUST_USE enum status vault_file_replace(const char *from, const char *path, struct fault *f);
/* vault_file_remove(): a file that is no vault any more, and its log. */
void vault_file_remove(const char *path);

#endif
