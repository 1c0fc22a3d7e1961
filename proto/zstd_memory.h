/*
 * zstd_memory: zstd on our allocator, so that what it takes is counted and failed as ours. Include
 * this in place of <zstd.h>: its static part is declared only on request.
 */
#ifndef PROTO_ZSTD_MEMORY_H
#define PROTO_ZSTD_MEMORY_H

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

/* zstd_memory(): for ZSTD_createCCtx_advanced() and ZSTD_createDCtx_advanced(); blocks are not
 * zeroed. */
ZSTD_customMem zstd_memory(void);

#endif
