/*
 * words: what a person typed behind a verb: assignments, counts, moments, spans of time. Pure.
 */
#ifndef REPLICAS_WORDS_H
#define REPLICAS_WORDS_H

#include "proto/bytes.h"
#include "replicas/fault.h"

enum words_sign { WORDS_SET, WORDS_ADD, WORDS_DROP }; /* F=V, F+=V, F-=V */

struct words_assignment { /* borrows from the word */
    struct bytes name;
    enum words_sign sign;
    struct bytes value; /* may be empty: clears */
};

/* words_assignment(): Errors: ST_USAGE  no '=', or no name of a field before it */
MUST_USE enum status words_assignment(struct bytes word, struct words_assignment *out,
                                      struct fault *f);

/* words_count(): a plain decimal number, 0 .. 10^15. Errors: ST_USAGE; 'what' names it */
MUST_USE enum status words_count(struct bytes text, const char *what, uint64_t *out,
                                 struct fault *f);

/*
 * words_moment(): "2026-05-01", "2026-05-01 10:02", "2026-05-01T10:02:33Z" as seconds since 1970,
 * UTC, years 1970 .. 9999. whole_day_out (may be NULL): no time of day was given.
 * Errors: ST_USAGE
 */
MUST_USE enum status words_moment(struct bytes text, int64_t *seconds_out, bool *whole_day_out,
                                  struct fault *f);

/* words_span(): "7d", "12h", "30m", "90s" in seconds, 1 s .. 10 years. Errors: ST_USAGE */
MUST_USE enum status words_span(struct bytes text, int64_t *seconds_out, struct fault *f);

/* words_shown(): how many bytes of a text a sentence shows: for "%.*s", never half a character. */
int words_shown(struct bytes text);

enum { WORDS_TIME_BYTES = 21 }; /* "2026-05-01T10:02:33Z" and its NUL */

/* words_time(): seconds since 1970 as RFC 3339 in UTC; before 1970 and after 9999: the nearest. */
void words_time(int64_t seconds, char out[static WORDS_TIME_BYTES]);

#endif
