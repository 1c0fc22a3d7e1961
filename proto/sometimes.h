/*
 * sometimes: marks on rare branches, so that a test can tell that it reached them: SOMETIMES("what
 * happened") is a statement. A mark counts itself; nothing of it is left where MINGA_UNMARKED is
 * defined, as in a build without tests.
 *
 * The simulator prints the marks and fails where one of its list was never reached
 * (tests/sim/marks.c).
 */
#ifndef PROTO_SOMETIMES_H
#define PROTO_SOMETIMES_H

#include <stdatomic.h>

struct sometimes {
    const char *name;
    struct sometimes *next; /* reached before it for the first time */
    _Atomic unsigned long count;
};

/* sometimes_hit(): the branch of 'mark' (static) was reached. Any thread. */
void sometimes_hit(struct sometimes *mark);

/* sometimes_first(): the marks that were reached, the newest first; NULL: none. */
const struct sometimes *sometimes_first(void);

#ifdef MINGA_UNMARKED
#define SOMETIMES(text) ((void)0)
#else
#define SOMETIMES(text)                                                                            \
    do {                                                                                           \
        static struct sometimes sometimes_mark = {.name = (text)};                                 \
        sometimes_hit(&sometimes_mark);                                                            \
    } while (0)
#endif

#endif
