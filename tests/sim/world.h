/*
 * world: whole members (core, replica, disk, repository) in one thread under virtual time, all
 * drawn from one seed: the members, their network, what they write, and the faults.
 *
 * A run has three parts: faults, then healing, then judgement (oracle.h). Whatever breaks a rule
 * ends the process (world_fail()), naming the seed and the time. Everything that happens enters a
 * hash, so that two runs of one seed can be compared.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <sodium.h>

#include "proto/core.h"
#include "replicas/home.h"
#include "replicas/oid_map.h"
#include "replicas/replica.h"
#include "tests/sim/simdisk.h"
#include "tests/sim/simrepo.h"

enum {
    WORLD_MEMBERS_MIN = 3,
    WORLD_MEMBERS_MAX = 7,
    WORLD_PIPES_MAX = 256,
    WORLD_TURNS_MAX = 3000000, /* of one seed; more of them go round in circles */
    WORLD_START_MS = 1000,
};

/* What happened, over all seeds of a process; one that never happens fails the run. */
enum world_count {
    COUNT_CRASH_AT_IO,   /* the power went at an I/O boundary, in the middle of storing */
    COUNT_CRASH_IN_OPEN, /* the same while recovering */
    COUNT_CRASH,         /* between two pieces of work */
    COUNT_RESTART,
    COUNT_RESTORE, /* an old snapshot came back */
    COUNT_FORK,    /* and its owner wrote on: two commits of one seq */
    COUNT_PARTITION,
    COUNT_DELAY,
    COUNT_REORDER,   /* something sent later, on another link, arrived earlier */
    COUNT_DUPLICATE, /* a second connection between two members */
    COUNT_FLIP,      /* a bit was inverted on its way */
    COUNT_DROP,      /* a connection was cut in the middle of bytes */
    COUNT_CLOCK,     /* a wall clock jumped by years */
    COUNT_CHARTER,   /* a member was added while others were away */
    COUNT_CONFLICT,  /* a field with several values */
    COUNT_OVERDRAWN, /* an expense that its account did not cover was refused */
    COUNT_REPEATED,  /* an item came that was there */
    COUNT_CHECKPOINT,
    COUNT_WRITE,
    COUNT_EXCUSED, /* acknowledged, and only ever on a disk that a snapshot replaced */
    COUNT_KIND_COUNT,
};

struct world_job; /* storage.c */

struct member {
    struct world *world;
    uint32_t index;
    bool exists, up;
    char label[LABEL_BYTES_MAX + 1], address[32];
    struct home_identity identity;
    struct simdisk *disk;
    struct disk table;
    struct simrepo *repo;
    struct replica *replica;
    struct core *core;
    uint32_t links_active;
    uint64_t boot_ms;    /* its own clock starts at 0 then */
    uint64_t restart_ms; /* UINT64_MAX: it is up */
    uint64_t cut_by_ms;  /* a cut of power that has not come by then comes; UINT64_MAX: none */
    int64_t wall_skew;   /* seconds */
    uint32_t storage_ms; /* how long its disk takes */
    uint64_t arrived;    /* the greatest number of a segment that arrived */
    link_id last_accepted;

    struct world_job *first, *last; /* work for the storage */
    uint32_t job_count;
    uint64_t work_ms;
    uint32_t told_count, told_charter;
    struct digest told_motions;
    uint64_t told_waiting[SEALED_LANES];
    link_id *sources;
    size_t source_capacity;

    struct simdisk *saved; /* a snapshot; NULL: none */
    struct simrepo_state saved_repo;
    uint64_t saved_ms, restored_ms;
    bool restored; /* and not opened since */
    uint32_t charter_seen;
};

struct segment {
    struct segment *next;
    uint64_t at_ms, number;
    size_t count;
    uint8_t data[];
};

struct pipe_end {
    uint32_t member;
    link_id link;
    bool closed; /* the member is done with it, or gone */
    struct segment *first, *last;
    size_t waiting_bytes; /* on their way to this end */
    uint64_t last_ms;
    uint64_t close_ms;  /* it learns then that the other is gone; UINT64_MAX: not */
    size_t unsent_told; /* CORE_WRITTEN */
    bool unsent_changed;
};

struct pipe {                      /* ends[0] dialled */
    bool used, connecting, silent; /* silent: the attempt gets no answer */
    uint64_t connect_ms;
    uint32_t delay_ms;
    bool flip, flipped; /* the next segment gets an inverted bit; one has got it */
    size_t drop_after;  /* bytes from now on until it is cut; SIZE_MAX: never */
    struct pipe_end ends[2];
};

struct world {
    uint64_t seed, now_ms, random, entropy, turns;
    struct member members[WORLD_MEMBERS_MAX];
    uint32_t member_count, member_target;
    struct digest network;
    uint32_t charter_version; /* the newest that anybody was told is there */

    struct pipe pipes[WORLD_PIPES_MAX];
    bool cut[WORLD_MEMBERS_MAX][WORLD_MEMBERS_MAX];
    uint32_t lag_ms[WORLD_MEMBERS_MAX][WORLD_MEMBERS_MAX];
    uint64_t segment_count;

    struct ledger *ledger;
    uint32_t tokens; /* values that were given out */

    uint64_t write_ms, fault_ms, mend_ms, calm_ms; /* when the next comes; UINT64_MAX: none */
    uint32_t mix[9];                               /* of faults: this seed's weights */
    uint32_t write_every_ms, fault_every_ms, delay_max_ms;
    bool healing;

    uint64_t *counts; /* COUNT_KIND_COUNT */
    bool print;
    crypto_generichash_state trace;
};

/* world_new(): nothing has happened yet. 'counts' is borrowed and added to. */
struct world *world_new(uint64_t seed, uint64_t *counts, bool print);
void world_free(struct world *w);

/* world_live(): everything, to the end. The trace's hash into 'out'. */
void world_live(struct world *w, uint8_t out[static 32]);

/* world_step(): the one next thing that happens; false: not before 'until_ms'. */
bool world_step(struct world *w, uint64_t until_ms);

/* world_draw(): 0 .. below - 1. world_chance(): 'of' times in 'out_of'. */
uint32_t world_draw(struct world *w, uint32_t below);
bool world_chance(struct world *w, uint32_t of, uint32_t out_of);

/* world_note(): what happened to member 'who' enters the trace. */
void world_note(struct world *w, uint32_t who, const char *what, struct bytes data);

/* world_fail(): a rule is broken: say so and end the process with 1. */
_Noreturn void world_fail(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* world_must(): 'st' is ST_OK, or world_fail(). */
void world_must(const struct world *w, enum status st, const char *what, const struct fault *f);

#endif
