/*
 * records: add, set, show, list, find.
 */
#ifndef CLI_RECORDS_H
#define CLI_RECORDS_H

#include <jansson.h>

#include "cli/call.h"

/* Each returns the exit code. */
int records_add(struct call *c);
int records_set(struct call *c);
int records_show(struct call *c);
int records_list(struct call *c);
int records_find(struct call *c);

enum { RECORDS_ID_DIGITS = 8 }; /* of an id where a person reads it */

/* records_write(): run a verb that makes a commit (add, set, resolve), values from files included.
 */
int records_write(struct call *c, void (*row)(void *user, const struct call *c, const json_t *row));

/* records_show_written(): the row of set and resolve. */
void records_show_written(void *user, const struct call *c, const json_t *row);

#endif
