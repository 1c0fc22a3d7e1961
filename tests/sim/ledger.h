/*
 * ledger: what was written, what was acknowledged, and on whose disks it is durable.
 *
 * A commit is held by a member once its sync returned. Acknowledged commits may be lost in one way
 * only: a snapshot came back in the place of the only disk that held them; those are excused.
 */
#ifndef TESTS_SIM_LEDGER_H
#define TESTS_SIM_LEDGER_H

#include "replicas/op.h"
#include "tests/sim/world.h"

enum ledger_money { LEDGER_NONE, LEDGER_GRANT, LEDGER_ALLOTMENT, LEDGER_EXPENSE };

struct ledger_entry { /* the money of one commit: one entry at most */
    enum ledger_money kind;
    int64_t amount;
    uint32_t from, to, line; /* members; the line's number */
};

struct ledger_commit {
    struct oid id;
    uint32_t holders;  /* bits of members */
    bool written;      /* by a person here; else an empty merge, or a charter */
    bool acknowledged; /* some sync that covered it returned */
    bool excused;
    uint32_t writer;
    struct digest ops; /* a hash of what was asked for */
    struct ledger_entry money;
};

struct ledger;

/* NULL: out of memory. */
struct ledger *ledger_new(void);
void ledger_free(struct ledger *l);

/* ledger_write(): member 'm' made this commit of these operations (canonical bytes). */
void ledger_write(struct member *m, const struct oid *id, struct bytes ops,
                  const struct ledger_entry *money);

/* ledger_hold(): it is durable at 'm'. ledger_is_held(): whether it is at member 'index'. */
void ledger_hold(struct member *m, const struct oid *id);
bool ledger_is_held(const struct world *w, const struct oid *id, uint32_t index);

/* ledger_check_held(): after opening: everything that 'm' held is in its graph, and what is in its
 * graph it holds. */
void ledger_check_held(struct member *m);

/* ledger_drop_holder(): a snapshot came back at 'm'. ledger_went_back(): and was opened: what
 * nobody holds any more is excused. */
void ledger_drop_holder(struct member *m);
void ledger_went_back(struct member *m);

uint32_t ledger_count(const struct world *w);
const struct ledger_commit *ledger_at(const struct world *w, uint32_t index);
const struct ledger_commit *ledger_find(const struct world *w, const struct oid *id);

#endif
