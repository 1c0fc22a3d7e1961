/*
 * file: whole files and standard input, bounded.
 */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include "proto/bytes.h"
#include "replicas/fault.h"

/* file_missing(): ST_NOT_FOUND, with what to do; file_unread(): of an errno. */
MUST_USE enum status file_missing(const char *path, struct fault *f);
MUST_USE enum status file_unread(int error, const char *path, struct fault *f);

/* file_read(): the file at 'path' ("-": standard input), appended to 'out'.
 * Errors: ST_NOT_FOUND, ST_TOO_LARGE (over bytes_max), ST_IO, ST_NO_MEMORY */
MUST_USE enum status file_read(const char *path, size_t bytes_max, struct buf *out,
                               struct fault *f);

/* file_write(): a new file, or an old one's content anew. Errors: ST_IO, ST_DISK_FULL */
MUST_USE enum status file_write(const char *path, struct bytes content, struct fault *f);

/* file_check_utf8(): ST_BAD_VALUE names the first line that is no UTF-8; 'first_line' is the number
 * of the first. */
MUST_USE enum status file_check_utf8(struct bytes content, uint64_t first_line, const char *path,
                                     struct fault *f);

#endif
