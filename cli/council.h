/*
 * council: changes of the charter, in words: member remove, change, rotate, schema, approve,
 * choose, and the open motions below member list.
 */
#ifndef CLI_COUNCIL_H
#define CLI_COUNCIL_H

#include <jansson.h>

#include "cli/call.h"

/* council_knows(): whether council_run() serves "member WORD". */
bool council_knows(const char *word);
int council_run(struct call *c);

/* council_motion(): a line for an open motion of member list. */
void council_motion(const json_t *row);

#endif
