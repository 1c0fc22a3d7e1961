/*
 * indicator_cells: which numbers of a tally count people, and which are sums, rests or copies of
 * others: what somebody could subtract.
 */
#ifndef REPLICAS_INDICATOR_CELLS_H
#define REPLICAS_INDICATOR_CELLS_H

#include "replicas/tally.h"

/* indicator_cells_lay(): cells and sums of counted rows. A failure shows at tally_end(). */
void indicator_cells_lay(struct tally *t);

#endif
