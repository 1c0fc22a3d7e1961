/*
 * fund_balance: what each account was credited and debited, and holds.
 */
#ifndef REPLICAS_FUND_BALANCE_H
#define REPLICAS_FUND_BALANCE_H

#include "replicas/verb.h"

/*
 * fund_balance_run(): fund balance [office=LABEL] [line=LINE] [currency=CUR]. A row an account, by
 * office, line, currency: office, line, currency, credited, debited, balance; minor units.
 * Errors: ST_NOT_FOUND  no such office or line (the nearest is named); ST_BAD_VALUE  no currency
 *         ST_USAGE, as replica_book()
 */
MUST_USE enum status fund_balance_run(const struct verb_call *call, struct fault *f);

#endif
