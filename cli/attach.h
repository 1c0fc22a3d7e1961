/*
 * attach: files of records: attach and fetch. A file goes and comes in parts, one a request.
 */
#ifndef CLI_ATTACH_H
#define CLI_ATTACH_H

#include "cli/call.h"

/* Each returns the exit code. */
int attach_run(struct call *c);
int attach_fetch(struct call *c);

/* attach_media(): the media type that a file's name ends in, or application/octet-stream. */
const char *attach_media(const char *path);

#endif
