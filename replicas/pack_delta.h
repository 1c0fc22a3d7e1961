/*
 * pack_delta: the bytes in the middle that differ, between what two objects begin and end with
 * alike. Enough for trees and records, which change in one place.
 */
#ifndef REPLICAS_PACK_DELTA_H
#define REPLICAS_PACK_DELTA_H

#include "proto/bytes.h"

/*
 * pack_delta_make(): how git's packs tell 'target' from 'base', in place of what 'out' held.
 * Returns false, with 'out' empty, where that would save less than half (or memory is short).
 */
bool pack_delta_make(struct bytes base, struct bytes target, struct buf *out);

#endif
