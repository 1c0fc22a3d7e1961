/*
 * pack_file: a pack (version 2) and its index (version 2) on their way to disk.
 *
 * Both are written under temporary names, synced, then renamed, the pack first: git reads a pack
 * only where its index stands, so a crash at any point leaves a valid repository. Every failure of
 * a sync is final: nobody knows what is on the disk then.
 */
#ifndef REPLICAS_PACK_FILE_H
#define REPLICAS_PACK_FILE_H

#include <nettle/sha1.h>

#include "proto/bytes.h"
#include "proto/id.h"
#include "replicas/fault.h"

enum {
    PACK_PATH_MAX = 4096,
    PACK_HEADER_BYTES = 12,
    PACK_TRAILER_BYTES = 20,
    PACK_ENTRY_HEADER_MAX = 32, /* type and size, and the distance or id of a base */
    PACK_COMMIT = 1,            /* what an entry is */
    PACK_TREE = 2,
    PACK_BLOB = 3,
    PACK_TAG = 4,
    PACK_OFS_DELTA = 6,
    PACK_REF_DELTA = 7,
};

/* Offsets stay below 2^31, so that no index needs its table of long ones. */
#define PACK_BYTES_MAX ((UINT64_C(1) << 31) - 1)

struct pack_file_entry {
    struct oid id;
    uint32_t crc, offset;
};

struct pack_file {
    int fd; /* 0: none */
    char folder[PACK_PATH_MAX];
    unsigned number;      /* in the temporary names; 0: nothing to remove */
    struct buf out;       /* written, not yet handed to the file */
    uint64_t offset;      /* of what comes next */
    struct sha1_ctx sha1; /* of all before */
    struct pack_file_entry *entries;
    uint32_t count, count_planned;
};

/* pack_file_create(): begin a pack of exactly 'count' entries in 'folder' (objects/pack). */
MUST_USE enum status pack_file_create(const char *folder, uint32_t count, struct pack_file *out,
                                      struct fault *f);

/* pack_file_entry_header(): type and size [bytes, inflated] of an entry, and for PACK_OFS_DELTA the
 * 'distance' back to its base; into 'out', the length returned. */
size_t pack_file_entry_header(unsigned type, uint64_t size, uint64_t distance,
                              uint8_t out[static PACK_ENTRY_HEADER_MAX]);

/* pack_file_add(): one entry. Errors: ST_TOO_LARGE  the pack would pass PACK_BYTES_MAX; ST_IO */
MUST_USE enum status pack_file_add(struct pack_file *p, const struct oid *id, struct bytes header,
                                   struct bytes deflated, struct fault *f);

/* pack_file_finish(): make it durable and visible. name_out: hex of its hash, as in its file names;
 * may be NULL. */
MUST_USE enum status pack_file_finish(struct pack_file *p, char name_out[OID_TEXT + 1],
                                      struct fault *f);

/* pack_file_release(): what was not finished is removed. */
void pack_file_release(struct pack_file *p);

/* pack_file_sync_folder(): make names in a folder durable. */
MUST_USE enum status pack_file_sync_folder(const char *folder, struct fault *f);

#endif
