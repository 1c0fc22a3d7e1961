/*
 * attestation: an audit's result, signed into the history by an office or an auditor: which heads
 * it covers, what it found. A record of type `attestation`, written once. docs/FORMATS.md.
 */
#ifndef REPLICAS_ATTESTATION_H
#define REPLICAS_ATTESTATION_H

#include "replicas/verb.h"

#define ATTESTATION_TYPE "attestation"

enum { ATTESTATION_HEADS_MAX = 64 };

struct attestation {
    char id[RECORD_ID_TEXT + 1];
    char office[LABEL_BYTES_MAX + 1]; /* who signed it */
    struct oid commit;                /* by which */
    int64_t time;                     /* its date */
    uint64_t height;                  /* of that commit */
    char verdict[16]; /* "clean" or "findings"; "altered": somebody changed it since */
    bool closed;      /* the rules at close were asked too */
    struct oid state; /* the tree that was audited */
    struct oid heads[ATTESTATION_HEADS_MAX]; /* the counted heads of it */
    uint32_t head_count;                     /* 0: it names none that can be read */
    int64_t commits;                         /* replayed */
    int64_t errors, warnings, notices;       /* findings */
    struct digest digest;                    /* finding_digest() */
};

/* attestation_list(): of the state, oldest first by (height, commit); a fresh array, freed with
 * mem_free(). Errors: ST_CORRUPT, ST_IO, ST_NO_MEMORY */
MUST_USE enum status attestation_list(struct replica *r, struct attestation **out,
                                      uint32_t *count_out, struct fault *f);

/* attestation_verb(): attest state=HEX heads=HEX,… verdict= commits= errors= warnings= notices=
 * digest= [closed]: one commit; row: id, commit. What is attested has to be a state of ours: the
 * join of the trees of these heads.
 * Errors: ST_USAGE, ST_NOT_FOUND (a head), ST_BAD_VALUE (another state), as replica_write() */
MUST_USE enum status attestation_verb(const struct verb_call *call, struct fault *f);

#endif
