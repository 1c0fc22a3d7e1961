/*
 * crowd: members in one thread: real replicas on disks that lose power, who meet by chance, remove
 * each other, go back to old backups, seal, erase and lose their vaults. All from one seed. What
 * they do is the program's: minga-trust (trust.c) or minga-funds (tests/funds).
 *
 * What two members exchange is what their daemons would: charters to everyone who ever was a
 * member, motions, commits and sealed items only to who is one. The wire itself is tests/sim's.
 */
#ifndef TESTS_TRUST_CROWD_H
#define TESTS_TRUST_CROWD_H

#include "replicas/home.h"
#include "replicas/replica.h"
#include "replicas/tend.h"
#include "tests/sim/simdisk.h"
#include "tests/sim/simrepo.h"

enum { CROWD_MAX = 8, CROWD_WRITES_MAX = 1024 };

/* Who there is; the first founds the network and is its admin and a treasurer. */
struct crowd_plan {
    uint32_t count; /* 1 .. CROWD_MAX */
    struct crowd_seat {
        const char *label;
        enum charter_role role;
        bool treasurer;
        bool index; /* it can import entries */
    } of[CROWD_MAX];
    struct bytes schema; /* any JSON; the system's types are added */
    bool vaults;         /* sealed values are written: they travel, and outlive the power */
};

/* The members of minga-trust. */
enum {
    CROWD_OFFICES = 4, /* the first three become admins */
    CROWD_ADMINS = 3,
    CROWD_AUDITOR = 4,
    CROWD_PARTNER = 5,
    CROWD_COUNT = 6,
    CROWD_RECORDS = 4,
};

/* What happened, over all seeds; one that never happens fails the run. */
enum crowd_event {
    DID_WRITE,
    DID_SEAL,
    DID_EXCHANGE,
    DID_CRASH,
    DID_RESTORE,
    DID_FORK,
    DID_FLOOD,
    DID_PROPOSE,
    DID_APPROVE,
    DID_REMOVE,
    DID_REMOVE_EACH_OTHER,
    DID_TALK_ON,
    DID_QUARANTINE,
    DID_ADOPT,
    DID_LOSE_VAULT,
    DID_LOSE_ITEM,
    DID_ORDER,
    DID_ERASE,
    DID_EXCUSE,
    DID_COUNT,
};

struct crowd;

struct person {
    struct crowd *crowd;
    uint32_t index;
    enum charter_role role;
    char label[LABEL_BYTES_MAX + 1];
    struct home_identity identity;
    struct simdisk *disk;
    struct disk table;
    struct simrepo *repo;
    struct buf vault; /* what of it is durable */
    struct replica *replica;
    struct tend tend;
    struct { /* a backup */
        struct simdisk *disk;
        struct simrepo_state repo;
        struct buf vault;
        uint32_t charter;
    } saved;
    bool went_back;  /* ever: what only its disk held may be gone */
    int64_t clock_s; /* how far its clock is ahead */
    uint32_t opened; /* how often */
    uint32_t charter_seen;
    bool cheats;      /* from now on it writes what others have to refuse */
    uint32_t refused; /* how often they did */
};

struct write { /* acknowledged */
    struct oid id;
    uint32_t writer;
};

struct crowd {
    uint64_t seed, random, entropy, now_ms;
    const struct crowd_plan *plan;
    struct person of[CROWD_MAX];
    uint32_t count;
    struct digest network;
    char records[CROWD_RECORDS][RECORD_ID_TEXT + 1]; /* of minga-trust */
    uint32_t side; /* a partition: bits of those on one side; 0: none */
    struct write writes[CROWD_WRITES_MAX];
    uint32_t write_count, tokens;
    uint64_t *counts; /* DID_COUNT, added to */
};

/* crowd_begin(): a network of all, known to everyone. 'plan' is borrowed until crowd_end(). */
void crowd_begin(struct crowd *c, const struct crowd_plan *plan, uint64_t seed, uint64_t *counts);
void crowd_end(struct crowd *c);

uint32_t crowd_draw(struct crowd *c, uint32_t below);

/* crowd_fail(): a rule is broken: says so with the seed, and ends the process. */
_Noreturn void crowd_fail(const struct crowd *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void crowd_must(const struct crowd *c, enum status st, const char *what, const struct fault *f);

/* crowd_open(), crowd_crash(): the power comes back; it goes. */
void crowd_open(struct person *p);
void crowd_crash(struct person *p);
void crowd_save(struct person *p);
void crowd_go_back(struct person *p);

/* crowd_sync(): what was written or accepted is durable; false: the power went, and is back. */
bool crowd_sync(struct person *p);

/* crowd_ask(): as crowd_say(), and what the answer names ("" where it names none). */
struct crowd_answer {
    char commit[OID_TEXT + 1], id[ENTRY_ID_TEXT + 1];
};
MUST_USE enum status crowd_ask(struct person *p, const char *const *words, struct crowd_answer *out,
                               struct fault *f);

/* crowd_say(): a command, by its words (NULL ends them; "--name=value" is an option).
 * Errors: as verb_run(); what the power did to it: ST_IO */
MUST_USE enum status crowd_say(struct person *p, const char *const *words, struct fault *f);

/* crowd_meet(): 'a' and 'b' exchange what they have, both ways. true: something was new. */
bool crowd_meet(struct person *a, struct person *b);

/* crowd_meet_all(): everyone everyone else, twice. */
void crowd_meet_all(struct crowd *c);

/* crowd_tend(): what a quiet moment brings. true: it wrote. */
bool crowd_tend(struct person *p);

/* crowd_is_member(): whether a person's key is in force by the newest charter of 'by'. */
bool crowd_is_member(const struct person *by, const struct person *p);

/* crowd_check(): of minga-trust: after all have met: what has to be so. */
void crowd_check(struct crowd *c);

#endif
