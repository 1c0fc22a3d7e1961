/*
 * intake: rows of a CSV file, or a programme, into commits. Idempotent: a row that is here already
 * changes nothing. Rows that cannot go in are handed back with the reason; the others go in.
 *
 * import TYPE, options: content (text: the file, or a chunk of it), header (the file's first line,
 * where content is a later chunk), first-line (the number of content's first line), key (a column;
 * the type's own where it has one), where ("COLUMN=VALUE"), dry-run. `import programme` takes
 * programme.json as its content.
 *
 * Rows sent: added, changed, same, skipped, rejected, commits, left_out [column], filled
 * ["field=label": what the file does not say and was filled in], rejects [{line, raw, why}]. A file
 * with very many rejects gives several; their sums are the answer.
 */
#ifndef REPLICAS_INTAKE_H
#define REPLICAS_INTAKE_H

#include "replicas/verb.h"

/* intake_import(): Errors: ST_PARTLY  some rows were rejected, after their row
 *                          ST_BAD_VALUE, ST_USAGE  nothing was read; LOCAL: what came before is in
 */
MUST_USE enum status intake_import(const struct verb_call *call, struct fault *f);

#endif
