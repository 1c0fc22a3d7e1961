/*
 * wording: sentences of the daemon that carry names and numbers, in the chosen language: the health
 * lines of `status` and `doctor`. The daemon speaks English; what it says is recognised by the
 * words around what it names.
 */
#ifndef CLI_WORDING_H
#define CLI_WORDING_H

#include "cli/language.h"
#include "proto/bytes.h"

/* wording_text(): 'english' in the chosen language, in 'room' (emptied first) or a constant; what
 * nobody has translated stays as it is. Lent until 'room' changes. */
const char *wording_text(const char *english, struct buf *room);

#endif
