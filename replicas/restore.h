/*
 * restore: a home out of a backup.
 */
#ifndef REPLICAS_RESTORE_H
#define REPLICAS_RESTORE_H

#include "replicas/backup.h"

/*
 * restore_home(): the home that the backup at 'path' holds, as it was. It is made beside 'home'
 * (<home>.restoring) and takes that name only when all of it is durable: whatever goes wrong,
 * nothing is made. 'home' must not be there, or be an empty folder. Beside what was in the backup
 * it gets "restored" (the number of the newest charter then) and "restoration" (restoration.h).
 *
 * now        seconds since 1970.
 * about_out  what was in it.
 *
 * Errors: ST_EXISTS  something is at 'home'; ST_USAGE  there is no such backup
 *         as backup_read(); ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status restore_home(const char *home, const char *path, struct bytes passphrase,
                                  uint64_t now, struct backup_about *about_out, struct fault *f);

#endif
