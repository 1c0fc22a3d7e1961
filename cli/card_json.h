/*
 * card_json: the programme card for programs: facts as the records have them, every indicator in
 * every division, English names.
 */
#ifndef CLI_CARD_JSON_H
#define CLI_CARD_JSON_H

#include "cli/report.h"

/* card_json(): one object, its braces included, appended. A failure shows in 'out'. */
void card_json(const struct report *r, struct buf *out);

#endif
