/*
 * courier: bundles, seen from the replica: what an office lacks, chunk by chunk, and what a bundle
 * brings. The files themselves, their encryption and their parts are the command's affair
 * (cli/bundle.c): the daemon opens no file and keeps nothing between two requests, so that a
 * command that is interrupted leaves nothing behind.
 *
 * bundle WORD; bytes in options and rows are base64 (standard), keys hex:
 *   plan     for [, since-last]       {network, sender, recipient, label, known, tips, basis,
 *                                      charter, until}
 *   charters after                    {chunk, count, next, more}: versions above 'after'
 *   motions                           {chunk, count, more}; chunk "" where there is none
 *   history  known, after, until, bytes
 *                                     {chunk, count, next, more, records: ["type id" …]}
 *   sealed   to, records ("type id" a line), after, bytes [, leads: no chunks of files]
 *                                     {chunk, count, next, more}: what is held of those records
 *                                      and may go to that key
 *   wanted   to, after, bytes         the same of what its receipt asks for
 *   heads                             {chunk}: what is here, the last chunk of a part
 *   sign     head                     {head}: signed by us
 *   given    for, tips                none: --since-last starts from these from now on
 *   open     head                     {key, sender, label, standing}: the stream's key
 *   take     chunk, sender            {commits: {label: n}, new, known, waiting, quarantined,
 *                                      charters, motions, sealed, unwanted, refused: [{commit,
 *                                      reason}], more_refused}
 *   receipt  head                     {receipt}
 *   returned receipt                  {label, heads, unknown}
 *
 * What is known of another office: the heads of its last receipt or bundle, or of the last bundle
 * written for it (since-last), in bundles/<the key's first half, hex>.has and .given; and its
 * newest commit that is accepted here.
 */
#ifndef REPLICAS_COURIER_H
#define REPLICAS_COURIER_H

#include "replicas/verb.h"

/*
 * courier_run(): Errors: ST_NOT_FOUND      no such member
 *                        ST_NOT_ALLOWED    for a removed office, or for ourselves
 *                        ST_WRONG_NETWORK  before anything is decrypted
 *                        ST_WRONG_KEY      for somebody else; ST_NOT_MEMBER  the sender is unknown
 *                        ST_BAD_SIGNATURE, ST_MALFORMED, …  no bundle, head or receipt of ours
 *                        ST_USAGE, LOCAL
 */
MUST_USE enum status courier_run(const struct verb_call *call, struct fault *f);

/* courier_add(): a member "name":"<base64>" of the object that 'row' is being made of.
 * courier_option(): what an option holds in base64, appended. Errors: ST_MALFORMED, ST_NO_MEMORY */
void courier_add(struct buf *row, const char *name, struct bytes bytes);
MUST_USE enum status courier_option(const struct verb_call *call, const char *name, struct buf *out,
                                    struct fault *f);

#endif
