/*
 * world: whole members (core, replica, disk, repository) in one thread under virtual time, all
 * drawn from one seed: the members, their network, and the plan of what people write and what
 * breaks (plan.h).
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
#include "tests/sim/plan.h"
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
#define WORLD_COUNTS(X)                                                                            \
    X(CRASH_AT_IO, "power lost at an I/O boundary, in the middle of storing")                      \
    X(CRASH_IN_OPEN, "power lost while recovering")                                                \
    X(CRASH, "power lost between two pieces of work")                                              \
    X(RESTART, "restarts")                                                                         \
    X(RESTORE, "old snapshots restored")                                                           \
    X(FORK, "keys forked by that: two commits of one seq")                                         \
    X(PARTITION, "partitions")                                                                     \
    X(DELAY, "delays of up to seconds")                                                            \
    X(REORDER, "segments reordered: sent later, on another link, and arrived earlier")             \
    X(DUPLICATE, "duplicate connections between two members")                                      \
    X(FLIP, "bits inverted on their way")                                                          \
    X(DROP, "connections cut within bytes")                                                        \
    X(CLOCK, "wall clocks moved by years")                                                         \
    X(CHARTER, "members added")                                                                    \
    X(CONFLICT, "conflicts at the end")                                                            \
    X(OVERDRAWN, "expenses refused that their account did not cover")                              \
    X(REPEATED, "items that came again")                                                           \
    X(CHECKPOINT, "checkpoints")                                                                   \
    X(WRITE, "writes")                                                                             \
    X(FORGED, "commits of a liar refused: signature, signer, author, tree or digest forged")       \
    X(MISPLACED, "commits of a liar refused: wrong seq, height, parents or charter")               \
    X(ORPHAN, "commits of a liar on parents or charters that nobody has")                          \
    X(NOT_ALLOWED, "commits of a liar refused: what its office may not do")                        \
    X(UNCOVERED, "commits of a liar refused: more than its account holds")                         \
    X(EQUIVOCATION, "commits of one seq that a liar told to different members")                    \
    X(OLD_PAST, "commits of a liar on an old past")                                                \
    X(FORK_FLOOD, "commits of one seq, more than a key may have")                                  \
    X(FROZEN, "keys frozen by that")                                                               \
    X(FLOOD, "bursts of a liar that speaks by hand, and what of them was refused")                 \
    X(HALF_OPEN, "handshakes that a liar left half-way")                                           \
    X(APPOINT, "proposals of another admin")                                                       \
    X(REMOVE, "proposals to remove a member")                                                      \
    X(EACH_OTHER, "times two admins, cut from each other, proposed to remove each other")          \
    X(APPROVE, "approvals by admins")                                                              \
    X(REMOVED, "members removed")                                                                  \
    X(QUARANTINE, "commits of removed members in quarantine at the end, once for each member")     \
    X(ADOPT, "adoptions")                                                                          \
    X(GONE, "acknowledged writes that only removed members hold")                                  \
    X(TORN, "losses of power that tore writes")                                                    \
    X(IO_ERROR, "I/O errors")                                                                      \
    X(FULL, "writes on a full disk")                                                               \
    X(LOST, "writes that never reached the disk")                                                  \
    X(MISDIRECTED, "writes that reached another place of the disk")                                \
    X(ROT, "bits that rotted on a disk")                                                           \
    X(ROT_VAULT, "bytes of a vault that rotted")                                                   \
    X(ROT_REPOSITORY, "objects of a repository that rotted or were lost")                          \
    X(EXIT, "daemons that ended because a disk failed")                                            \
    X(DAMAGE, "damage that was found, and the member set up anew")                                 \
    X(LOSS, "members that lost everything")                                                        \
    X(SLOW, "disks that got slow")                                                                 \
    X(REPLAY, "bytes of before that came again")                                                   \
    X(REPLAY_CONNECTION, "connections of before that came again")                                  \
    X(EXCUSED, "acknowledged writes that were only ever on a disk that was lost or replaced")

enum world_count {
#define WORLD_COUNT_NAME(name, text) COUNT_##name,
    WORLD_COUNTS(WORLD_COUNT_NAME)
#undef WORLD_COUNT_NAME
        COUNT_KIND_COUNT,
};

struct world_job; /* storage.c */

struct member {
    struct world *world;
    uint32_t index;
    bool exists, up;
    bool liar;           /* it has lied (byzantine.h) */
    struct rogue *rogue; /* flood.c: it speaks by hand; its daemon is stopped; NULL: it does not */
    uint32_t rogue_links;
    size_t held_bytes; /* by its core (held.h) */
    char label[LABEL_BYTES_MAX + 1], address[32];
    struct home_identity identity;
    struct simdisk *disk;
    struct disk table;
    struct simrepo *repo;
    struct replica *replica;
    struct core *core;
    uint64_t random, entropy; /* its own dice */
    uint32_t links_active;
    uint64_t boot_ms;     /* its own clock starts at 0 then */
    uint64_t restart_ms;  /* UINT64_MAX: it is up */
    uint32_t cut_in_open; /* boundaries until the power goes again while it starts; 0: it stays */
    uint64_t cut_by_ms;   /* a cut of power that has not come by then comes; UINT64_MAX: none */
    int64_t wall_skew;    /* seconds */
    uint32_t storage_ms, slow_ms; /* how long its disk takes, when it is itself; and now */
    uint64_t arrived;             /* the greatest number of a segment that arrived */
    link_id last_accepted;

    struct world_job *first, *last; /* work for the storage */
    uint32_t job_count;
    size_t job_bytes;
    uint64_t work_ms;
    uint32_t told_count, told_charter;
    struct digest told_motions;
    uint64_t told_waiting[SEALED_LANES];
    link_id *sources;
    size_t source_capacity;

    struct simdisk *saved; /* a snapshot; NULL: none */
    struct simrepo_state saved_repo;
    uint64_t saved_ms, restored_ms;
    uint32_t saved_charter;
    bool restored;                 /* and not opened since */
    struct buf vault, saved_vault; /* what of it is durable: vault_image() */
    bool vault_lost;               /* and its wants have to be made anew */
    bool ill;                      /* its disk may fail: that has to be told, and nothing more */
    bool lied;                     /* its disk lost what it said it had: that has to be found */
    uint64_t struck[SIMDISK_FAULT_COUNT]; /* faults of its disk that were counted */
    uint64_t fit_ms, full_ms; /* a slow disk is as it was again, a full one has room; UINT64_MAX */
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
    uint64_t connect_ms, random;
    uint32_t delay_ms;
    bool flip, again;  /* the next segment gets an inverted bit, or comes twice */
    bool hearing;      /* what is said first is kept: it may come again */
    bool flipped;      /* one did, or all of it is of before */
    size_t drop_after; /* bytes from now on until it is cut; SIZE_MAX: never */
    struct pipe_end ends[2];
};

struct world {
    uint64_t seed, now_ms, random, turns;
    uint64_t *dice; /* of what happens now: a step's, a member's, a connection's, or 'random' */
    struct plan plan;
    uint32_t step_next; /* of the plan */
    struct member members[WORLD_MEMBERS_MAX];
    uint32_t member_count, member_target; /* that there are; that there should be by now */
    struct digest network;
    uint32_t charter_version; /* the newest that anybody was told is there */

    struct pipe pipes[WORLD_PIPES_MAX];
    bool cut[WORLD_MEMBERS_MAX][WORLD_MEMBERS_MAX];
    uint32_t lag_ms[WORLD_MEMBERS_MAX][WORLD_MEMBERS_MAX];
    uint64_t segment_count;
    struct buf spoken[WORLD_MEMBERS_MAX]; /* the first bytes of a connection to each */

    struct ledger *ledger;
    struct lies *lies; /* byzantine.c; NULL: none was told */

    uint64_t admit_ms, mend_ms, calm_ms, dial_ms; /* when the next comes; UINT64_MAX: none */
    uint32_t dial_a, dial_b;
    uint32_t delay_max_ms;
    bool healing;
    bool council; /* admins have begun to change the charter: who restores says so */

    uint64_t *counts; /* COUNT_KIND_COUNT */
    bool print;
    crypto_generichash_state trace;
};

/* world_new(): nothing has happened yet; w->plan may still be cut down. 'counts' is borrowed and
 * added to. */
struct world *world_new(uint64_t seed, uint64_t *counts, bool print);
void world_free(struct world *w);

/* world_live(): everything, to the end. The trace's hash into 'out'. */
void world_live(struct world *w, uint8_t out[static 32]);

/* world_step(): the one next thing that happens; false: not before 'until_ms'. */
bool world_step(struct world *w, uint64_t until_ms);

/* world_take_dice(): what is drawn from now on is drawn from 'stream'; what it was before. */
uint64_t *world_take_dice(struct world *w, uint64_t *stream);

/* world_draw(): 0 .. below - 1. world_chance(): 'of' times in 'out_of'. */
uint32_t world_draw(struct world *w, uint32_t below);
bool world_chance(struct world *w, uint32_t of, uint32_t out_of);

/* world_note(): what happened to member 'who' enters the trace. */
void world_note(struct world *w, uint32_t who, const char *what, struct bytes data);

/* world_fail(): a rule is broken: say so and end the process with 1. */
_Noreturn void world_fail(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* world_bears(): 'st' is ST_OK, or a LOCAL failure of a member whose disk fails or is off. */
bool world_bears(const struct member *m, enum status st);

/* world_must(): 'st' is ST_OK, or world_fail(). */
void world_must(const struct world *w, enum status st, const char *what, const struct fault *f);

#endif
