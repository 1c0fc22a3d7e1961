/*
 * inspect: the rules that a book alone decides, one small check for each. A check refuses nothing
 * and asks no clock. What was reversed, and the reversal of it, are out of every check and sum.
 *
 * What each rule means, to the day and the unit: docs/FORMATS.md, "Rules".
 */
#ifndef REPLICAS_INSPECT_H
#define REPLICAS_INSPECT_H

#include "replicas/book.h"
#include "replicas/finding.h"

struct inspect_settings {
    uint32_t sessions_group, sessions_individual; /* due at close; 0: none */
    bool closed; /* the rules that hold at a programme's close are asked too */
};

/* inspect_book(): every rule up to FINDING_OVERDRAWN, appended to 'out', in no order yet.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status inspect_book(const struct book *b, const struct inspect_settings *settings,
                                  struct findings *out);

#endif
