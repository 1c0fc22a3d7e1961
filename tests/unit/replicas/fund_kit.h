/*
 * fund_kit: two offices with a programme, an enterprise each and money, for the tests of the
 * commands about money. Dates are of May 2026, as the offices' clock is.
 */
#ifndef TESTS_FUND_KIT_H
#define TESTS_FUND_KIT_H

#include "tests/unit/replicas/offices.h"

#include <string.h>

struct fund_kit {
    struct office santiago, iquique; /* treasurer and founder; an office */
};

static inline void fund_kit_meet(struct fund_kit *k)
{
    office_send(&k->santiago, &k->iquique);
    office_send(&k->iquique, &k->santiago);
}

static inline void fund_kit_begin(struct fund_kit *k)
{
    office_found(&k->santiago, "santiago");
    office_join(&k->iquique, &k->santiago, "iquique", CHARTER_OFFICE);
    office_run(&k->santiago, ST_OK, "add", "programme", "title=Reference",
               "period_start=2026-05-01", "period_end=2026-06-30", "lines_currency=CLP",
               "line_strengthening=400000", "line_idea=150000", NULL);
    office_run(&k->santiago, ST_OK, "add", "enterprise", "enterprise=E01", "office=santiago",
               "line=idea", NULL);
    office_run(&k->santiago, ST_OK, "add", "enterprise", "enterprise=E07", "office=iquique",
               "line=strengthening", NULL);
    office_run(&k->santiago, ST_OK, "fund", "grant", "USD", "2000", "--from=FOSIS",
               "--date=2026-05-01", NULL);
    office_run(&k->santiago, ST_OK, "fund", "exchange", "USD", "1999.50", "CLP", "1000000",
               "--date=2026-05-01", NULL);
    office_run(&k->santiago, ST_OK, "fund", "allot", "iquique", "enterprises", "CLP", "500000",
               "--date=2026-05-01", "--ref=A1", NULL);
    fund_kit_meet(k);
}

static inline void fund_kit_end(struct fund_kit *k)
{
    office_close(&k->santiago);
    office_close(&k->iquique);
}

/* What the refusal says, and what to do. */
static inline void fund_kit_says(const struct office *o, const char *text, const char *fix)
{
    if (strstr(o->fault.text, text) == NULL || strstr(o->fault.fix, fix) == NULL)
        fail_msg("%s (%s) does not say %s (%s)", o->fault.text, o->fault.fix, text, fix);
}

/* The balance of one account as an office sees it. */
static inline int64_t fund_kit_balance(struct office *o, const char *owner, const char *line,
                                       const char *currency)
{
    char office[64], on[64], in[64];
    snprintf(office, sizeof office, "--office=%s", owner);
    snprintf(on, sizeof on, "--line=%s", line);
    snprintf(in, sizeof in, "--currency=%s", currency);
    office_run(o, ST_OK, "fund", "balance", office, on, in, NULL);
    return office_rows(o) == 0 ? 0 : office_number(o, 0, "balance");
}

#endif
