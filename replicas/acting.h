/*
 * acting: characters of a text that act on a terminal or on the line around them instead of
 * showing: control characters (U+0000 .. 1F but line break and tab, U+007F .. 9F), line and
 * paragraph separators (U+2028, 2029), marks that turn the direction (U+061C, 200E, 200F, 202A ..
 * 202E, 2066 .. 2069). What is written for other programs shows or encodes them. Pure.
 */
#ifndef REPLICAS_ACTING_H
#define REPLICAS_ACTING_H

#include "proto/bytes.h"

/* acting_bytes(): of the one at the front of 'text' (1 byte at least); 0: that shows. */
size_t acting_bytes(struct bytes text);

/* acting_anywhere(): whether a text holds one. */
bool acting_anywhere(struct bytes text);

#endif
