/*
 * export: what an outsider needs to check a history with stock tools, and a replica's books in
 * other people's formats.
 */
#ifndef REPLICAS_EXPORT_H
#define REPLICAS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "replicas/book.h"

struct export_report {
    uint32_t refs;
    uint64_t objects;
};

/* export_git(): into folder 'dir' (made; must be empty or missing): minga.bundle (a plain git
 * bundle of every ref), allowed_signers (every key that was ever in force) and CHECK.txt (the
 * commands). Of what the last checkpoint wrote.
 * Errors: ST_EXISTS  the folder holds something; ST_NO_REPLICA, ST_CORRUPT, ST_IO, ST_DISK_FULL */
MUST_USE enum status export_git(const char *home, const char *dir, struct export_report *out,
                                struct fault *f);

/* export_repository(): that bundle alone, as the file 'path', which must not be there yet.
 * Errors: ST_NO_REPLICA, ST_IO, ST_DISK_FULL */
MUST_USE enum status export_repository(const char *home, const char *path,
                                       struct export_report *out, struct fault *f);

enum export_format { EXPORT_LEDGER, EXPORT_BEANCOUNT, EXPORT_IATI };

struct export_options {
    const char *reporter; /* EXPORT_IATI: identifier of who reports; NULL: X-MINGA- and the first 16
                           * digits of the network's id, which nobody has registered */
    const char *country;  /* EXPORT_IATI: see iati.h; NULL: by the programme's record */
};

/* export_book(): the book of the replica's state in another tool's words, appended.
 * left_out  EXPORT_IATI: entries whose money is not told; else 0.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status export_book(struct replica *r, const struct book *b, enum export_format format,
                                 const struct export_options *o, uint32_t *left_out,
                                 struct buf *out, struct fault *f);

/* export_csv(): sheets.h's files into folder 'dir' (made; must be empty or missing).
 * Errors: ST_EXISTS; as sheets_write(), export_file() */
MUST_USE enum status export_csv(struct replica *r, const struct book *b, const char *dir,
                                uint32_t *files_out, struct fault *f);

/* export_file(): a new file of a folder, durable but for its name. Errors: ST_IO, ST_DISK_FULL */
MUST_USE enum status export_file(const char *dir, const char *name, struct bytes content,
                                 struct fault *f);

/* export_folder(): make a folder, or take an empty one. Errors: ST_EXISTS, ST_IO */
MUST_USE enum status export_folder(const char *dir, struct fault *f);

#endif
