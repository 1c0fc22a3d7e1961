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

/* An entry made of words, not yet written. */
struct edit_entry {
    const struct schema_type *type;
    struct buf content;         /* canonical JSON */
    char id[ENTRY_ID_TEXT + 1]; /* hex digits */
    bool held;                  /* the state has this very entry */
};

struct edit_reason {      /* why, as a decision (class internal) in the same commit */
    struct bytes because; /* empty: none is written */
    struct bytes record;  /* what it is about: hex digits */
};

/* edit_entry(): what edit_add() would make of the call's words, TYPE FIELD=VALUE…, of an entry
 * type. Release it in any case. Errors: as edit_add() before it writes */
MUST_USE enum status edit_entry(const struct verb_call *call, struct edit_entry *out,
                                struct fault *f);
void edit_entry_release(struct edit_entry *e);

/* edit_entry_write(): one commit of it. Errors: as edit_add() */
MUST_USE enum status edit_entry_write(const struct verb_call *call, const struct edit_entry *entry,
                                      const struct edit_reason *reason, struct replica_commit *out,
                                      struct fault *f);

#endif
