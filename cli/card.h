/*
 * card: the programme card: what a programme is, what it promised and what it reached, its money by
 * line and office, and what the audit says.
 */
#ifndef CLI_CARD_H
#define CLI_CARD_H

#include <stdio.h>

#include "cli/report.h"

/* card_print(): to a terminal. card_html(): a page, appended; a failure shows in 'out'. */
void card_print(const struct report *r, FILE *file);
void card_html(const struct report *r, struct buf *out);

#endif
