/*
 * export: what an outsider needs to check a history with stock tools.
 */
#ifndef REPLICAS_EXPORT_H
#define REPLICAS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "replicas/fault.h"

struct export_report {
    uint32_t refs;
    uint64_t objects;
};

/* export_git(): into folder 'dir' (made; must be empty or missing): minga.bundle (a plain git
 * bundle of every ref), allowed_signers (every key that was ever in force) and CHECK.txt (the
 * commands). Of what the last checkpoint wrote.
 * Errors: ST_EXISTS  the folder holds something; ST_NO_REPLICA, ST_CORRUPT, ST_IO, ST_DISK_FULL */
MUST_USE enum status export_git(const char *home, const char *dir, struct export_report *out,
                                struct fault *f);

#endif
