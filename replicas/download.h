/*
 * download: the files of a record on their way to a person: the verb fetch.
 */
#ifndef REPLICAS_DOWNLOAD_H
#define REPLICAS_DOWNLOAD_H

#include "replicas/verb.h"

/*
 * download_fetch(): fetch ID [NAME]: ID is a record's or a file's own; NAME a file's name or the
 * beginning of its id. Without the option "offset" a row for each file that fits, as
 * attachment_add_row() and "record", "file" (the hash of its bytes, null where it cannot be read);
 * of one file alone the parts that are not here are wanted from then on. With "offset", the start
 * of a chunk, and one file that fits: "offset", "content" (base64 of up to UPLOAD_PART_CHUNKS
 * chunks).
 * Errors: ST_NOT_FOUND  no such file, or it was erased
 *         ST_PARTLY     it is named and not here yet: how much of it is (behind the row)
 *         ST_NOT_ALLOWED, ST_CORRUPT
 */
MUST_USE enum status download_fetch(const struct verb_call *call, struct fault *f);

#endif
