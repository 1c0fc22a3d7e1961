/*
 * amount: money as people of each language write it: "CLP 1,250,000" and "USD 12.50" in English,
 * "CLP 1.250.000" and "USD 12,50" in Spanish. What is typed, and JSON, have no such marks.
 */
#ifndef CLI_AMOUNT_H
#define CLI_AMOUNT_H

#include "proto/bytes.h"

/* amount_number(): minor units of a currency (an unknown one has none), appended. */
void amount_number(int64_t amount, const char *currency, struct buf *out);

/* amount_money(): the same behind the currency's code. */
void amount_money(int64_t amount, const char *currency, struct buf *out);

#endif
