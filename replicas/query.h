/*
 * query: the verbs that show records as they are: show, list, find. verb.h has their contract.
 */
#ifndef REPLICAS_QUERY_H
#define REPLICAS_QUERY_H

#include "replicas/verb.h"

/* query_show(): show ID [at=COMMIT|DATE] [history]; row: id, type, fields, conflicts; with 'at'
 * also "at", with 'history' also "history", the changes that touched it, newest first; where it
 * has files also "attachments", as attachment_add_row(). */
MUST_USE enum status query_show(const struct verb_call *call, struct fault *f);

/* query_list(): list TYPE [FIELD=VALUE…] [sort=F|-F] [limit] [count]; a row each, as show's; with
 * 'count' one row: type, count. */
MUST_USE enum status query_list(const struct verb_call *call, struct fault *f);

/* query_find(): find TEXT [limit]; rows as list's. */
MUST_USE enum status query_find(const struct verb_call *call, struct fault *f);

#endif
