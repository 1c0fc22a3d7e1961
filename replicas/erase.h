/*
 * erase: the verb about orders to erase (erasure.h): propose, approve, certificate.
 */
#ifndef REPLICAS_ERASE_H
#define REPLICAS_ERASE_H

#include "replicas/verb.h"

/*
 * erase_verb(): erase ID with one of the options
 *   reason   proposes; row: as below
 *   approve  approves what another office proposed
 *   status   the certificate
 *   list     without ID: what waits for somebody (orders.h)
 * and dry-run for the first two. ID is the record's, or that of the record of type erasure.
 * Row: record, type, erasure, state ("none", "proposed", "approved", "settled", "done"), proposed
 * {office, author, time, commit} or null, because (null where it cannot be read), approved likewise
 * or null, settled {by, of, enough}, confirmed [{office, author, time, commit}], missing [{office,
 * role}], cannot_confirm [{office, key}] (keys retired before they had confirmed), needs
 * ("approval" or null). Errors: ST_NEEDS_PERSON  of status: some have not confirmed, or nobody has
 * approved ST_NOT_ALLOWED   an entry, an order itself, one's own proposal, no office ST_EXISTS
 * proposed or approved already; ST_NOT_FOUND  nothing was proposed
 */
MUST_USE enum status erase_verb(const struct verb_call *call, struct fault *f);

#endif
