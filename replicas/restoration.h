/*
 * restoration: that this home came out of a backup, and what became of it: the file "restoration",
 * "minga-restoration 1 <made> <restored> <own seq then>\n", seconds since 1970. It is written by
 * restore and goes with the next backup.
 */
#ifndef REPLICAS_RESTORATION_H
#define REPLICAS_RESTORATION_H

#include "replicas/replica.h"

struct restoration {
    uint64_t made, restored; /* seconds since 1970, at most INT64_MAX */
    uint64_t seq;            /* the greatest of our key in the backup */
};

enum { RESTORATION_TEXT_MAX = 96 };

void restoration_write(const struct restoration *r, struct buf *out);

/* restoration_read(): Errors: ST_MALFORMED; *out is unchanged */
MUST_USE enum status restoration_read(struct bytes text, struct restoration *out);

/* restoration_of(): that of a replica's home. Errors: ST_NOT_FOUND  none, or it is damaged */
MUST_USE enum status restoration_of(const struct replica *r, struct restoration *out);

/* restoration_tell(): what happened, in one sentence: when the backup was made, and how many
 * commits of our own, newer than it, the others gave back. False: nothing to tell. */
bool restoration_tell(struct replica *r, char *out, size_t room);

/* restoration_health(): the same as a health line for `status`; lent for the call. */
typedef void (*restoration_health_fn)(void *user, const char *level, const char *text,
                                      const char *fix);
void restoration_health(struct replica *r, restoration_health_fn each, void *user);

#endif
