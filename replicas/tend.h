/*
 * tend: what a replica does unasked, in quiet moments: a table of steps (tend.c), each in a file of
 * its own. Time and randomness come in, so that tests and the simulator own both.
 *
 * A step looks whether there is something to do, does a bounded part of it, and says with
 * tend_again() when it wants to be called at the latest. All are called after every change, too,
 * though not more often than every TEND_MS: a step that finds nothing new has to be cheap.
 *
 * A new step: a function of the type tend_step_fn, and its line in the table.
 */
#ifndef REPLICAS_TEND_H
#define REPLICAS_TEND_H

#include "replicas/replica.h"

enum {
    TEND_MS = 1000,     /* between two rounds, unless a step asks for less */
    TEND_PAUSE_MS = 20, /* at least, whatever it asks for: others come to their turn */
};

struct tend_options {
    uint64_t acknowledge_ms; /* others' commits wait so long before they are acknowledged; 0: never
                              */
    void (*entropy)(void *context, void *out, size_t count); /* NULL: libsodium's */
    void *entropy_context;
};

/* What steps keep between two rounds. Private to them, each to its own part. */
struct tend {
    struct tend_options options;
    struct fault trouble; /* why the last round's first failing step failed; ST_OK: none did */
    struct {
        uint32_t looked; /* nodes below were looked at */
        uint64_t due_ms; /* UINT64_MAX: nothing waits */
    } acknowledge;
    struct {
        struct oid state; /* by which, and by which charter, nobody lacked a class key */
        uint32_t charter;
        uint64_t due_ms; /* UINT64_MAX: nobody lacks one */
    } share;
};

void tend_init(struct tend *t, const struct tend_options *o);

/* One round, as a step sees it. */
struct tending {
    struct replica *replica;
    struct tend *tend;
    uint64_t now_ms;     /* monotonic */
    struct bytes author; /* of what is written: an ident */
    uint64_t next_ms;    /* see tend_again() */
    bool wrote;          /* set by a step that wrote: the caller syncs */
};

typedef enum status (*tend_step_fn)(struct tending *now, struct fault *f);

/* tend_again(): call the steps at 'at_ms' at the latest. */
void tend_again(struct tending *now, uint64_t at_ms);

/* tend_draw(): 0 .. below - 1, evenly; below > 0. */
uint64_t tend_draw(const struct tend *t, uint64_t below);

/*
 * tend_run(): one round of all the steps, in the order of the table. A step that fails for other
 * than local reasons is named in t->trouble, and the others go on.
 *
 * next_ms_out  when to call again at the latest; UINT64_MAX: when something changes
 * wrote_out    something was written: not durable before replica_sync()
 * Errors: LOCAL class only, of the step that met it; the round ends there
 */
MUST_USE enum status tend_run(struct tend *t, struct replica *r, uint64_t now_ms,
                              uint64_t *next_ms_out, bool *wrote_out, struct fault *f);

#endif
