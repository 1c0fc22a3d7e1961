/*
 * agenda: what a next charter version would change, as data: for people who are to approve it.
 */
#ifndef REPLICAS_AGENDA_H
#define REPLICAS_AGENDA_H

#include "replicas/charter.h"

/*
 * agenda_changes(): a JSON list, appended; one object a change, by label, then the whole's:
 *   {"change":"add","label","role","rights"}       {"change":"remove","label","kept":commits}
 *   {"change":"key","label","kept"}                {"change":"role","label","role"}
 *   {"change":"rights","label","rights"}           {"change":"address","label","address"}
 *   {"change":"schema","types":[names that are new or have more fields]}   {"change":"limits"}
 *   {"change":"audit","sessions":{"group","individual"},"small_cell"}: what an audit now expects
 */
void agenda_changes(const struct charter *before, const struct charter *next, struct buf *out);

#endif
