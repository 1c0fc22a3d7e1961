/*
 * attach: files of records: attach and fetch. A file goes and comes in parts, one a request.
 */
#ifndef CLI_ATTACH_H
#define CLI_ATTACH_H

#include "cli/call.h"
#include "cli/client.h"

/* Each returns the exit code. */
int attach_run(struct call *c);
int attach_fetch(struct call *c);

/*
 * attach_file(): attach 'path' to a record or entry (its whole id), as class internal; prints
 * nothing but its progress. row_out: the answer's row. end_out: how the request ended.
 * attach_check(): whether there is such a file, before anything is written.
 * Errors: ST_NOT_FOUND, ST_BAD_VALUE, ST_TOO_LARGE of the file; as ask_open(), client_run()
 */
MUST_USE enum status attach_file(const struct call *c, const char *id, const char *path,
                                 struct buf *row_out, struct client_end *end_out, struct fault *f);
MUST_USE enum status attach_check(const struct call *c, const char *path, struct fault *f);

/* attach_media(): the media type that a file's name ends in, or application/octet-stream. */
const char *attach_media(const char *path);

#endif
