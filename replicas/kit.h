/*
 * kit: a folder for an auditor who has only Debian: the history, the keys, the books in the words
 * of other tools, and a page of commands that hold each against the others. docs/FORMATS.md.
 *
 *   CHECK.txt        the page (kit_page.h); its commands are the lines that begin with four spaces
 *   minga.bundle     the whole history, as git bundles it
 *   heads            the commits that the state joins: "<commit> <label>"
 *   allowed_signers  every key of the history's charters
 *   journal.ledger books.beancount iati.xml csv/
 *   what the caller adds
 *   SHA256SUMS       of all the files above; SHA256SUMS.sig: signed by this office's key
 */
#ifndef REPLICAS_KIT_H
#define REPLICAS_KIT_H

#include "replicas/replica.h"

extern const char kit_namespace[]; /* of SHA256SUMS.sig */

enum { KIT_DIGEST_TEXT = 64 /* hex digits of SHA-256 */, KIT_EXTRAS_MAX = 8 };

struct kit_file {
    const char *name; /* letters, digits, "." and "-" */
    struct bytes content;
};

struct kit_options {
    const char *home;
    const char *dir;                      /* made; must be empty or missing */
    const struct home_identity *identity; /* of this office; NULL: the kit is not signed */
    const struct oid *state;              /* that it has to be of; NULL: any */
    const struct kit_file *extras;
    uint32_t extra_count; /* 0 .. KIT_EXTRAS_MAX */
};

struct kit_report {
    uint32_t files;                   /* that SHA256SUMS names */
    char digest[KIT_DIGEST_TEXT + 1]; /* SHA-256 of SHA256SUMS: for the paper */
    char signer[LABEL_BYTES_MAX + 1]; /* "": not signed */
    uint32_t left_out;                /* payments that iati.xml does not tell */
};

/*
 * kit_write(): of the state as it is, by a replica that is opened for reading. The repository has
 * to hold all of it: have a checkpoint made before.
 * Errors: ST_WAITING  commits came since the last checkpoint, or it is another state: nothing was
 *                     written; make another
 *         ST_NOT_FOUND  nobody has written anything yet
 *         ST_EXISTS   the folder holds something
 *         as replica_open(), book_read(), export_repository(), sheets_write(); on an error the
 *         folder is as empty as it was
 */
MUST_USE enum status kit_write(const struct kit_options *o, struct kit_report *out,
                               struct fault *f);

#endif
