/*
 * held: how much memory the core of each member holds: what it took while it ran and did not give
 * back. mem.h's functions are replaced at the link, around the product.
 */
#ifndef TESTS_SIM_HELD_H
#define TESTS_SIM_HELD_H

#include <stddef.h>

/* held_begin(): what is taken from now on, or given back, is added to '*bytes', until held_end().
 */
void held_begin(size_t *bytes);
void held_end(void);

#endif
