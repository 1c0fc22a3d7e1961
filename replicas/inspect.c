#include "replicas/inspect.h"

#include <string.h>

#include "proto/check.h"
#include "replicas/inspection.h"

static inspection_check *const CHECKS[FINDING_OVERDRAWN + 1] = {
    [FINDING_DISBURSEMENT_ABOVE_AWARD] = inspect_sums_disbursed,
    [FINDING_AWARD_ABOVE_LINE] = inspect_sums_awarded,
    [FINDING_PURCHASE_ABOVE_DISBURSEMENT] = inspect_sums_bought,
    [FINDING_PURCHASE_BELOW_DISBURSEMENT] = inspect_sums_unbought,
    [FINDING_RECEIPT_TWICE] = inspect_papers_twice,
    [FINDING_NO_RECEIPT] = inspect_papers_none,
    [FINDING_NOT_HANDED_OVER] = inspect_papers_kept,
    [FINDING_OUTLAY_BEFORE_ACT] = inspect_days_order,
    [FINDING_OUTSIDE_PERIOD] = inspect_days_period,
    [FINDING_SESSIONS_MISSING] = inspect_days_sessions,
    [FINDING_CONFLICT_ON_MONEY] = inspect_accounts_conflicts,
    [FINDING_STATEMENT_DIFFERS] = inspect_accounts_statements,
    [FINDING_GRANT_TWICE] = inspect_papers_grants,
    [FINDING_OVERDRAWN] = inspect_accounts_overdrawn,
};

enum status inspect_book(const struct book *b, const struct inspect_settings *settings,
                         struct findings *out)
{
    struct inspection in = {.book = b, .settings = settings, .out = out};
    enum status st = inspection_begin(&in);
    for (unsigned rule = 0; st == ST_OK && rule <= FINDING_OVERDRAWN; rule++) {
        CHECK(CHECKS[rule] != NULL);
        if (settings->closed || !finding_facts((enum finding_rule)rule)->at_close)
            st = CHECKS[rule](&in);
    }
    inspection_end(&in);
    return st == ST_OK && out->failed ? ST_NO_MEMORY : st;
}
