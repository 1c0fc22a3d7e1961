/*
 * verify: replay a whole history from nothing and check everything that can be checked: for an
 * office's home, and for a stock `git clone` of its repository. Writes nothing, needs no daemon and
 * no lock; a running daemon is not disturbed.
 */
#ifndef REPLICAS_VERIFY_H
#define REPLICAS_VERIFY_H

#include "proto/id.h"
#include <stdbool.h>
#include <stdint.h>

#include "replicas/fault.h"

enum { VERIFY_FINDINGS_MAX = 64 };

struct verify_finding {
    struct oid commit; /* zero: not about one commit */
    enum status code;
    char text[300]; /* what is wrong, where */
};

struct verify_report {
    bool ok;
    uint64_t commits;    /* judged sound by replay */
    uint64_t signatures; /* verified */
    struct verify_finding findings[VERIFY_FINDINGS_MAX];
    uint32_t finding_count; /* listed; more_findings: how many did not fit */
    uint32_t more_findings;
    struct oid state; /* the state tree that replay reaches */
    struct digest network;
    char network_name[65];
    uint32_t charter;    /* newest version */
    char unchecked[300]; /* what cannot be checked here, in a sentence; "" */
};

/* verify_home(): charters, every byte of the journal, packs, refs, and every commit by replay.
 * Errors: ST_NO_REPLICA, ST_IO, ST_NO_MEMORY. Damage is no error: it is a finding, ok is false. */
MUST_USE enum status verify_home(const char *home, struct verify_report *out, struct fault *f);

/* verify_repo(): a repository that stock git made, bare or not. 'network': the id it must have, or
 * NULL: then the report says which one it is, to be compared with the paper. */
MUST_USE enum status verify_repo(const char *dir, const struct digest *network,
                                 struct verify_report *out, struct fault *f);

struct replica;

/* verify_home_into(), verify_repo_into(): the same, and the replica that replay has made is handed
 * over, for reading: *replica_out is replica_drop()ped by the caller; NULL where there is none: on
 * an error, or where the repository could not be opened. */
MUST_USE enum status verify_home_into(const char *home, struct verify_report *out,
                                      struct replica **replica_out, struct fault *f);
MUST_USE enum status verify_repo_into(const char *dir, const struct digest *network,
                                      struct verify_report *out, struct replica **replica_out,
                                      struct fault *f);

#endif
