#include "replicas/words.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/id.h"

enum {
    COUNT_DIGITS_MAX = 15,
    MINUTE = 60,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    YEAR_MIN = 1970,
    YEAR_MAX = 9999,
    SPAN_DAYS_MAX = 3653,
    SHOWN_BYTES_MAX = 80,
};

static const int64_t TIME_MAX = 253402300799; /* 9999-12-31T23:59:59Z */

int words_shown(struct bytes text)
{
    size_t count = text.count < SHOWN_BYTES_MAX ? text.count : SHOWN_BYTES_MAX;
    while (count > 0 && count < text.count && (text.data[count] & 0xc0) == 0x80)
        count--;
    return (int)count;
}

enum status words_assignment(struct bytes word, struct words_assignment *out, struct fault *f)
{
    const uint8_t *equals = word.count > 0 ? memchr(word.data, '=', word.count) : NULL;
    struct words_assignment a = {.sign = WORDS_SET};
    if (equals != NULL) {
        size_t at = (size_t)(equals - word.data);
        a.value = (struct bytes){equals + 1, word.count - at - 1};
        if (at > 0 && (word.data[at - 1] == '+' || word.data[at - 1] == '-')) {
            a.sign = word.data[at - 1] == '+' ? WORDS_ADD : WORDS_DROP;
            at--;
        }
        a.name = (struct bytes){word.data, at};
    }
    if (equals == NULL || !name_is_valid(a.name)) {
        enum status status = fault_set(f, ST_USAGE, "'%.*s' is no FIELD=VALUE", words_shown(word),
                                       word.count > 0 ? (const char *)word.data : "");
        fault_fix(f, "write the field's name, '=' and its value, as in stage=purchase");
        return status;
    }
    *out = a;
    return ST_OK;
}

/* Decimal digits at the front of 'text', at most 'max' of them; how many there were. */
static size_t digits(struct bytes text, size_t max, uint64_t *out)
{
    uint64_t n = 0;
    size_t i = 0;
    for (; i < text.count && i < max && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.data[i] - '0');
    *out = n;
    return i;
}

enum status words_count(struct bytes text, const char *what, uint64_t *out, struct fault *f)
{
    uint64_t n;
    size_t used = digits(text, COUNT_DIGITS_MAX, &n);
    if (used == 0 || used != text.count) {
        enum status status = fault_set(f, ST_USAGE, "%s is no number", what);
        fault_fix(f, "write digits only, as in --%s 50", what);
        return status;
    }
    *out = n;
    return ST_OK;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: years begin in March, so that the leap
 * day is a year's last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    CHECK(month >= 1 && month <= 12);
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097, of_era = shifted - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t part = (5 * of_year + 2) / 153;
    *day = of_year - (153 * part + 2) / 5 + 1;
    *month = part < 10 ? part + 3 : part - 9;
    *year = years + era * 400 + (*month <= 2 ? 1 : 0);
}

/* 'count' digits and one separator of 'separators' in front of them; false: not there. */
static bool take(struct bytes *text, const char *separators, size_t count, int64_t *out)
{
    uint64_t n;
    struct bytes t = *text;
    if (separators != NULL) {
        if (t.count == 0 || t.data[0] == '\0' || strchr(separators, t.data[0]) == NULL)
            return false;
        t = (struct bytes){t.data + 1, t.count - 1};
    }
    if (digits(t, count, &n) != count)
        return false;
    *out = (int64_t)n;
    *text = (struct bytes){t.data + count, t.count - count};
    return true;
}

static bool parse_moment(struct bytes text, int64_t *seconds_out, bool *whole_day_out)
{
    int64_t year, month, day, hour = 0, minute = 0, second = 0;
    if (!take(&text, NULL, 4, &year) || !take(&text, "-", 2, &month) || !take(&text, "-", 2, &day))
        return false;
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int64_t days = days_of(year, month, day), y, m, d;
    date_of(days, &y, &m, &d);
    if (d != day) /* no such day in that month */
        return false;
    *whole_day_out = text.count == 0;
    if (text.count > 0) {
        if (!take(&text, "T ", 2, &hour) || !take(&text, ":", 2, &minute))
            return false;
        (void)take(&text, ":", 2, &second);
        if (text.count == 1 && text.data[0] == 'Z')
            text.count = 0;
    }
    if (text.count > 0 || hour > 23 || minute > 59 || second > 59)
        return false;
    *seconds_out = days * DAY + hour * HOUR + minute * MINUTE + second;
    return true;
}

enum status words_moment(struct bytes text, int64_t *seconds_out, bool *whole_day_out,
                         struct fault *f)
{
    bool whole_day;
    int64_t seconds;
    if (!parse_moment(text, &seconds, &whole_day)) {
        enum status status = fault_set(f, ST_USAGE, "'%.*s' is no date", words_shown(text),
                                       text.count > 0 ? (const char *)text.data : "");
        fault_fix(f, "write it as 2026-05-01 or 2026-05-01T10:02:00Z");
        return status;
    }
    *seconds_out = seconds;
    if (whole_day_out != NULL)
        *whole_day_out = whole_day;
    return ST_OK;
}

enum status words_span(struct bytes text, int64_t *seconds_out, struct fault *f)
{
    uint64_t n;
    size_t used = digits(text, COUNT_DIGITS_MAX, &n);
    int64_t unit = 0;
    if (used > 0 && used + 1 == text.count) {
        switch (text.data[used]) {
        case 'd':
            unit = DAY;
            break;
        case 'h':
            unit = HOUR;
            break;
        case 'm':
            unit = MINUTE;
            break;
        case 's':
            unit = 1;
            break;
        default:
            break;
        }
    }
    uint64_t most = unit > 0 ? (uint64_t)SPAN_DAYS_MAX * DAY / (uint64_t)unit : 0;
    if (unit == 0 || n == 0 || n > most) {
        enum status status = fault_set(f, ST_USAGE, "'%.*s' is no span of time", words_shown(text),
                                       text.count > 0 ? (const char *)text.data : "");
        fault_fix(f, "write a number and d, h, m or s, as in 7d; at most ten years");
        return status;
    }
    *seconds_out = (int64_t)n * unit;
    return ST_OK;
}

void words_time(int64_t seconds, char out[static WORDS_TIME_BYTES])
{
    int64_t bounded = seconds < 0 ? 0 : seconds > TIME_MAX ? TIME_MAX : seconds;
    int64_t year, month, day, rest = bounded % DAY;
    date_of(bounded / DAY, &year, &month, &day);
    int used =
        snprintf(out, WORDS_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000,
                 (unsigned)month % 100, (unsigned)day % 100, (unsigned)(rest / HOUR) % 100,
                 (unsigned)(rest / MINUTE % 60) % 100, (unsigned)(rest % 60));
    CHECK(used == WORDS_TIME_BYTES - 1);
}
