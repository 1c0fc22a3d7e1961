/*
 * attestation: an audit's result, signed into the history by an office or an auditor: which heads
 * it covers, what it found. docs/FORMATS.md.
 */
#ifndef REPLICAS_ATTESTATION_H
#define REPLICAS_ATTESTATION_H

#include "proto/id.h"
#include "proto/limits.h"

struct attestation {
    uint8_t id[RECORD_ID_BYTES];
    char office[LABEL_BYTES_MAX + 1]; /* who signed it */
    struct oid commit;                /* by which */
    int64_t time;                     /* its date */
    char verdict[16];
    struct oid state;                   /* the tree that was audited */
    struct oid heads[PARENTS_MAX];      /* the counted heads of it */
    uint32_t head_count;                /* 0: not readable */
    uint64_t commits;                   /* replayed */
    uint32_t errors, warnings, notices; /* findings */
    struct digest digest;               /* finding_digest() */
};

#endif
