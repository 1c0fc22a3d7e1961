/*
 * auditor: audit --kit: a folder for an auditor who has only Debian (replicas/kit.h), with the
 * verdict and the reports in it.
 */
#ifndef CLI_AUDITOR_H
#define CLI_AUDITOR_H

#include <jansson.h>

#include "cli/call.h"

/* auditor_check(): whether what goes with --kit is fit. Errors: ST_USAGE */
MUST_USE enum status auditor_check(const struct call *c, struct fault *f);

/*
 * auditor_kit(): make the kit that --kit names; 'result' is what the audit found, in which "kit"
 * then says what was made. Errors: ST_WAITING  commits came since the audit; ST_WRONG_KEY  not that
 * passphrase; as kit_write()
 */
MUST_USE enum status auditor_kit(const struct call *c, json_t *result, struct fault *f);

/* auditor_tell(): the same in words, and what belongs on paper. */
void auditor_tell(const struct call *c, const json_t *result);

#endif
