/*
 * flowsheet: the way of the money: a picture for each currency, and the same as a table.
 */
#ifndef CLI_FLOWSHEET_H
#define CLI_FLOWSHEET_H

#include <stdio.h>

#include "cli/report.h"

/* flowsheet_print(): to a terminal. flowsheet_json(): one object. flowsheet_html(): a page. Both
 * append. Errors: ST_NO_MEMORY */
MUST_USE enum status flowsheet_print(const struct report *r, FILE *file);
MUST_USE enum status flowsheet_json(const struct report *r, struct buf *out);
MUST_USE enum status flowsheet_html(const struct report *r, struct buf *out);

#endif
