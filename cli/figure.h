/*
 * figure: an indicator's numbers as people read them, and the choices of the shipped schema in
 * their language.
 */
#ifndef CLI_FIGURE_H
#define CLI_FIGURE_H

#include "replicas/indicator.h"

/* figure_count(): with marks for thousands, appended. */
void figure_count(int64_t count, struct buf *out);

/* figure_number(): a count or, with 'currency', money; "<5" where it is small, and a word where it
 * is hidden; nothing where there is none. */
void figure_number(const struct indicator_number *n, uint32_t k, const char *currency,
                   struct buf *out);

/* figure_percent(): "40 %"; nothing for BOOK_UNKNOWN. */
void figure_percent(int64_t percent, struct buf *out);

/* figure_word(): a choice ("monitoring") in the chosen language, a word for INDICATOR_OTHERS; any
 * other text as it is. */
const char *figure_word(const char *choice);

#endif
