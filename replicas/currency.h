/*
 * currency: the currencies of ISO 4217 and the digits of their minor units.
 */
#ifndef REPLICAS_CURRENCY_H
#define REPLICAS_CURRENCY_H

#include "proto/bytes.h"

enum { CURRENCY_DIGITS_MAX = 4 };

/* currency_digits(): minor digits of a code of three capitals (CLP 0, USD 2); -1: unknown. */
int currency_digits(struct bytes code);

/* currency_amount(): minor units as people write them, appended: "400000" CLP, "-12.50" USD. */
void currency_amount(int64_t amount, const char *code, struct buf *out);

/* currency_nearest(): the code that was probably meant, capitals or not; a constant; NULL: none. */
const char *currency_nearest(struct bytes typed);

#endif
