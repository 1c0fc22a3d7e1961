/*
 * repair: bring back what can be derived. Each needs the home's lock: the daemon must be stopped.
 */
#ifndef REPLICAS_REPAIR_H
#define REPLICAS_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "replicas/fault.h"

struct repair_report {
    uint64_t commits; /* JOURNAL: back in the journal; REFS: refs set; INDEX: rows; VAULT: items */
    char note[400];   /* what was done and what to do next */
};

/* repair_index(): index.db anew from the state. */
MUST_USE enum status repair_index(const char *home, struct repair_report *out, struct fault *f);

/* repair_refs(): every ref anew from the journal. */
MUST_USE enum status repair_refs(const char *home, struct repair_report *out, struct fault *f);

/* repair_journal(): a fresh journal from the repository and whatever frames of the old one are
 * sound; the old folder is kept as journal.damaged-<time>. What only the damaged part held comes
 * back from the peers at the next sync. */
MUST_USE enum status repair_journal(const char *home, struct repair_report *out, struct fault *f);

/* repair_vault(): vault.db anew from the items of the old one that still read; what the history
 * names beside them is wanted again, from the other members. The damaged file is not kept: it may
 * hold what was erased. */
MUST_USE enum status repair_vault(const char *home, struct repair_report *out, struct fault *f);

#endif
