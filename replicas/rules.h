/*
 * rules: what a role may write and what a schema admits: step 5 of accepting a commit, and the same
 * check before every write of ours. A pure function of the charter version and the operations.
 */
#ifndef REPLICAS_RULES_H
#define REPLICAS_RULES_H

#include "replicas/charter.h"
#include "replicas/op.h"

/*
 * rules_check(): every operation against the member's role and the charter's schema.
 * Errors: ST_NOT_ALLOWED   the role may not write this type (or anything)
 *         ST_NOT_SCHEMA    unknown type or field, an entry where a record is due, a set as register
 *         ST_BAD_VALUE     a value that does not fit; a value of class internal or personal in
 *                          clear, which never enters the history
 */
MUST_USE enum status rules_check(const struct charter *charter, const struct charter_member *member,
                                 const struct op_list *ops, struct fault *f);

/* rules_may_write(): whether the member may write records or entries of this type. */
bool rules_may_write(const struct charter_member *member, const struct schema_type *type);

#endif
