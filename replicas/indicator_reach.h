/*
 * indicator_reach: the rows of a tally that are about families, enterprises, sessions, incomes and
 * contacts.
 */
#ifndef REPLICAS_INDICATOR_REACH_H
#define REPLICAS_INDICATOR_REACH_H

#include "replicas/tally.h"

/* indicator_reach_count(): into rows that are 0. Errors: ST_NO_MEMORY */
MUST_USE enum status indicator_reach_count(struct tally *t);

#endif
