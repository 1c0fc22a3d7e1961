/*
 * snapshot: the files of a home as they stand together at one moment, in a folder of it, for
 * whoever makes a backup of them while the office works on: <home>/snapshot. What is never changed
 * (packs, feeds) is linked, the rest is copied. Only the home's owner holds it, and it goes when
 * the backup is made, or at the next start.
 */
#ifndef REPLICAS_SNAPSHOT_H
#define REPLICAS_SNAPSHOT_H

#include "replicas/backup.h"
#include "replicas/verb.h"

/* snapshot_take(): a checkpoint, then the files; an older snapshot goes first. Blocks as long as
 * the vault takes to copy. Errors: as replica_checkpoint(); ST_IO, ST_DISK_FULL */
MUST_USE enum status snapshot_take(struct replica *r, struct fault *f);

/* snapshot_verb(): the verb `snapshot`: snapshot_take(). No rows. */
MUST_USE enum status snapshot_verb(const struct verb_call *call, struct fault *f);

/* snapshot_clear(): remove what is there. Errors: ST_IO */
MUST_USE enum status snapshot_clear(const char *home, struct fault *f);

/*
 * snapshot_write(): the snapshot of 'home' as a backup (backup.h) at 'path', which must not exist
 * yet; whole and durable, or not there. Needs no daemon and no lock. about_out: what is in it.
 * Errors: ST_EXISTS     there is a file at 'path'
 *         ST_NOT_FOUND  there is no whole snapshot
 *         ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status snapshot_write(const char *home, struct bytes passphrase,
                                    struct passphrase_cost cost, const char *path,
                                    struct backup_about *about_out, struct fault *f);

#endif
