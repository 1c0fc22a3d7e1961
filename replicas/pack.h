/*
 * pack: write a batch of objects as one pack, durable when it returns. Deflated by libdeflate on a
 * few threads; what names a version that it replaced, earlier in the batch, becomes a delta of it.
 */
#ifndef REPLICAS_PACK_H
#define REPLICAS_PACK_H

#include "replicas/pack_file.h"
#include "replicas/store.h"

enum {
    PACK_THREADS_MAX = 4,
    PACK_DEPTH_MAX = 20, /* of a chain of deltas: a reader walks it */
};

/*
 * pack_write(): 'objects' (count >= 1; doubles are written once) as a pack in 'folder', which is
 * objects/pack of a repository. Never a thin pack: a base is in the same one. On error nothing is
 * visible to git; after ST_IO from a sync the disk is not to be trusted.
 * Errors: ST_NO_MEMORY, ST_IO, ST_DISK_FULL, ST_TOO_LARGE  over 2 GiB deflated
 */
MUST_USE enum status pack_write(const char *folder, const struct store_object *objects,
                                size_t count, struct fault *f);

#endif
