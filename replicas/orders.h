/*
 * orders: all orders to erase that wait for somebody: for an approval, or for a majority.
 */
#ifndef REPLICAS_ORDERS_H
#define REPLICAS_ORDERS_H

#include "replicas/verb.h"

/* orders_list(): erase --list: a row each: record, type (of it; null where it is not here),
 * erasure, state ("proposed", "approved"), office (who proposed), by, of (offices that have the
 * order). */
MUST_USE enum status orders_list(const struct verb_call *call, struct fault *f);

#endif
