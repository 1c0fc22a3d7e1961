#include "cli/amount.h"

#include <string.h>

#include "cli/language.h"
#include "proto/check.h"
#include "replicas/currency.h"

enum { DIGITS_MAX = 24, GROUP = 3, TEN = 10 };

void amount_number(int64_t amount, const char *currency, struct buf *out)
{
    bool spanish = language_now() == LANGUAGE_SPANISH;
    int known = currency_digits(bytes_of_text(currency)), minor = known > 0 ? known : 0;
    uint64_t rest = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
    char digits[DIGITS_MAX]; /* the last one first */
    int count = 0;
    while (rest > 0 || count <= minor) {
        CHECK(count < DIGITS_MAX);
        digits[count++] = (char)('0' + rest % TEN);
        rest /= TEN;
    }
    if (amount < 0)
        buf_add_byte(out, '-');
    while (count > 0) {
        int whole = --count - minor; /* digits of the whole part that follow */
        buf_add_byte(out, (uint8_t)digits[count]);
        if (whole > 0 && whole % GROUP == 0)
            buf_add_byte(out, spanish ? '.' : ',');
        else if (whole == 0 && minor > 0)
            buf_add_byte(out, spanish ? ',' : '.');
    }
}

void amount_money(int64_t amount, const char *currency, struct buf *out)
{
    buf_add_format(out, "%s ", currency);
    amount_number(amount, currency, out);
}
