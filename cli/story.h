/*
 * story: who changed what, and what people have to settle: log, conflicts, explain, resolve.
 */
#ifndef CLI_STORY_H
#define CLI_STORY_H

#include <jansson.h>

#include "cli/call.h"

/* Each returns the exit code. */
int story_log(struct call *c);
int story_conflicts(struct call *c);
int story_explain(struct call *c);
int story_resolve(struct call *c);

/* story_show_commit(): a row of log in words, a line a change. */
void story_show_commit(void *user, const struct call *c, const json_t *row);

/* story_add_change(): one of a commit's changes, in words; appended. Not yet safe. */
void story_add_change(const json_t *change, struct buf *out);

/* story_add_value(): one of the values of a conflict, with who wrote it and when. Not yet safe. */
void story_add_value(const json_t *value, struct buf *out);

/* story_when(): "2026-05-01 10:02" of a time as JSON holds it; appended. */
void story_when(const char *time, struct buf *out);

#endif
