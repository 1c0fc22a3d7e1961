/*
 * fold: text as a search compares it: letters without case and without accents (utf8proc: case
 * folding, canonical decomposition, marks stripped). "Ñuñoa", "nunoa" and "ÑUÑOA" fold alike.
 */
#ifndef REPLICAS_FOLD_H
#define REPLICAS_FOLD_H

#include "proto/bytes.h"

/* fold_text(): append the folded form of 'text'; what is no UTF-8 is appended as it stands.
 * Check buf_status(). */
void fold_text(struct bytes text, struct buf *out);

#endif
