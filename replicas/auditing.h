/*
 * auditing: the parts of an audit. Private to audit*.c.
 */
#ifndef REPLICAS_AUDITING_H
#define REPLICAS_AUDITING_H

#include "replicas/audit.h"

/* audit_offices_gather(): whose commits are in it, up to which, and who is silent; the heads.
 * audit_offices_closed(): whether two offices date commits after this day, or the only one does.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status audit_offices_gather(struct replica *r, struct audit_result *a);
bool audit_offices_closed(const struct audit_result *a, int32_t last_day);

/* audit_history_inspect(): the rules about who signed what when, appended to the findings; forks
 * and quarantines. Errors: ST_NO_MEMORY */
MUST_USE enum status audit_history_inspect(struct replica *r, struct audit_result *a);

/* audit_totals_gather(): the sums by currency. Errors: ST_NO_MEMORY */
MUST_USE enum status audit_totals_gather(const struct book *b, struct audit_result *a);

/* audit_accounts_check(): every posting of the book, held against what the schema says that its
 * entry posts. Where they differ, 'verified' says so and is not ok. Errors: ST_CORRUPT, ST_IO,
 * ST_NO_MEMORY */
MUST_USE enum status audit_accounts_check(struct replica *r, const struct book *b,
                                          struct audit_result *a, struct fault *f);

/* audit_refuse(): one more of 'verified', which is then not ok; about a commit, or NULL. */
void audit_refuse(struct audit_result *a, const struct oid *commit, enum status code,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
