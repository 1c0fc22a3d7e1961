/*
 * loose: objects that stand alone in a file. This program writes none; stock git does, in a clone
 * or when somebody collects garbage. Read here because libgit2 1.5 reads for ever where one is cut.
 */
#ifndef REPLICAS_LOOSE_H
#define REPLICAS_LOOSE_H

#include "replicas/store.h"

enum { LOOSE_BYTES_MAX = 64 << 20 }; /* of one object, either way */

/*
 * loose_read(): the object 'id' below 'folder' (objects/), appended to 'out'.
 * Errors: ST_NOT_FOUND; ST_CORRUPT, ST_TOO_LARGE  with the file's name; ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status loose_read(const char *folder, const struct oid *id, enum store_kind *kind_out,
                                struct buf *out, struct fault *f);

/*
 * loose_parse(): the same from the bytes of the file.
 * Errors: ST_MALFORMED  not zlib, no head of an object, or cut; ST_TOO_LARGE, ST_NO_MEMORY
 */
MUST_USE enum status loose_parse(struct bytes file, enum store_kind *kind_out, struct buf *out);

#endif
