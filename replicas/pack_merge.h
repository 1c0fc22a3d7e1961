/*
 * pack_merge: several packs into one, entry by entry as they stand: nothing is inflated, every
 * entry is compared with the sum that its index keeps. Touches no library state: may run on a
 * thread of its own beside whoever reads the packs.
 */
#ifndef REPLICAS_PACK_MERGE_H
#define REPLICAS_PACK_MERGE_H

#include <stdatomic.h>

#include "replicas/pack_file.h"

enum { PACK_MERGE_MAX = 256, PACK_NAME_BYTES = 64 };

struct pack_merge_list {
    char names[PACK_MERGE_MAX][PACK_NAME_BYTES]; /* "pack-<hex>" */
    uint64_t bytes[PACK_MERGE_MAX];
    size_t count;
};

/* pack_merge_list(): the packs with an index in 'folder' that may be merged (none with .keep),
 * smallest first. Errors: ST_IO */
MUST_USE enum status pack_merge_list(const char *folder, struct pack_merge_list *out,
                                     struct fault *f);

/*
 * pack_merge_choose(): cut the list to the packs worth merging, so that those left over grow at
 * least twofold from one to the next and are few: each byte is written a logarithmic number of
 * times.
 */
void pack_merge_choose(struct pack_merge_list *list);

/*
 * pack_merge_run(): write the new pack; the old ones stay. Stops early where *cancel becomes true.
 * Errors: ST_CORRUPT  with the object and the pack; ST_CLOSED  cancelled; as pack_file.h
 */
MUST_USE enum status pack_merge_run(const char *folder, const struct pack_merge_list *list,
                                    const atomic_bool *cancel, char name_out[OID_TEXT + 1],
                                    struct fault *f);

/* pack_merge_drop(): remove the old packs, the index of each first; 'kept' (hex) is spared. */
MUST_USE enum status pack_merge_drop(const char *folder, const struct pack_merge_list *list,
                                     const char *kept, struct fault *f);

#endif
