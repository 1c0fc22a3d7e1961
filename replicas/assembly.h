/*
 * assembly: the verbs by which the members' list is changed: member remove, change, rotate, schema,
 * approve, choose; and the open motions in member list.
 */
#ifndef REPLICAS_ASSEMBLY_H
#define REPLICAS_ASSEMBLY_H

#include "replicas/verb.h"

/* assembly_knows(): whether assembly_run() serves "member WORD". */
bool assembly_knows(struct bytes word);

/*
 * assembly_run():
 *   member remove LABEL
 *   member change LABEL [role=R] [rights=admin,treasurer|none] [address=A]
 *   member rotate               this office's own key
 *   member schema JSON          the schema's text
 *   member approve [N|HASH]     the only open motion, or that one of member list
 *   member choose HASH          the other of two successors of one version
 * One row: version, in_force, changes, waits_for [labels], needed (how many more), and "invite" (a
 * command) where a label is left without a key.
 * Errors: as council_ask() and council_ask_approve(), ST_USAGE
 */
MUST_USE enum status assembly_run(const struct verb_call *call, struct fault *f);

/* assembly_list(): a row for each open motion: motion, version, hash, by, changes, signed [labels],
 * needed, waits_for [labels], approved, wanted. ST_NEEDS_PERSON where one is wanted here. */
MUST_USE enum status assembly_list(const struct verb_call *call, struct fault *f);

/* assembly_health(): what a person should know of the charter, a line each: level (error, warning,
 * notice), text, fix; lent for the call. */
typedef void (*assembly_health_fn)(void *user, const char *level, const char *text,
                                   const char *fix);
void assembly_health(struct replica *r, assembly_health_fn each, void *user);

#endif
