/*
 * edit: the verbs that write one commit: add, set, resolve. verb.h has their contract.
 */
#ifndef REPLICAS_EDIT_H
#define REPLICAS_EDIT_H

#include "replicas/verb.h"

/* edit_add(): add TYPE FIELD=VALUE…; row: id, commit, change. */
MUST_USE enum status edit_add(const struct verb_call *call, struct fault *f);

/* edit_set(): set ID FIELD=VALUE FIELD+=V FIELD-=V FIELD= [as-of]; row: id, commit, conflicts (how
 * many fields of the record still hold one); "unchanged" where every value was there already. */
MUST_USE enum status edit_set(const struct verb_call *call, struct fault *f);

/* edit_resolve(): resolve ID FIELD=VALUE… | keep=LABEL [FIELD…] [because]; row as edit_set(). */
MUST_USE enum status edit_resolve(const struct verb_call *call, struct fault *f);

#endif
