/*
 * upload: a file on its way from a person into the vault: the verb attach. It comes in parts, one a
 * request; its chunks are in the vault before the history names them.
 *
 * What was begun and not finished leaves nothing: the file "uploads" of the home names each salt
 * before the first item made with it is durable, a line "<type> <record> <salt>" in hex each.
 * An upload that its owner gave up, that was silent for UPLOAD_IDLE_MS, or that an earlier process
 * did not finish, is swept: its salt is refused, and everything made with it goes.
 */
#ifndef REPLICAS_UPLOAD_H
#define REPLICAS_UPLOAD_H

#include "replicas/tend.h"
#include "replicas/verb.h"

enum {
    UPLOAD_IDLE_MS = 10 * 60 * 1000,
    UPLOAD_PART_CHUNKS = 16, /* as base64 they fit one request */
    UPLOADS_MAX = 16,        /* under way at a time */
    UPLOAD_NAME_BYTES = 32,  /* that the client chose: hex digits */
    UPLOAD_FILE_NAME_MAX = 255,
    UPLOAD_MEDIA_MAX = 100,
};

struct uploads; /* of one replica */

/*
 * upload_attach(): attach ID, with options
 *   upload   UPLOAD_NAME_BYTES hex digits: the same in every part
 *   offset   of this part; bytes: of the whole file, 0 .. the office's limit
 *   content  base64 of up to UPLOAD_PART_CHUNKS chunks, whole ones except at the end
 *   name, media, class ("personal", "internal"): of the first part
 *   dry-run  only look whether it could be attached; abandon: forget it
 * Row of a part: upload, offset (of the next), bytes. Of the last: id, type, record, bytes, commit.
 */
MUST_USE enum status upload_attach(const struct verb_call *call, struct fault *f);

/* upload_step(): of tend: sweeps. */
MUST_USE enum status upload_step(struct tending *now, struct fault *f);

void upload_free(struct uploads *u);

#endif
