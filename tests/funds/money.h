/*
 * money: what offices do with it, and to it: from the grant to the receipt, by chance; now and then
 * something that must be refused, and now and then something that an audit has to find.
 */
#ifndef TESTS_FUNDS_MONEY_H
#define TESTS_FUNDS_MONEY_H

#include "replicas/account.h"
#include "tests/funds/story.h"

enum {
    VENTURES_MAX = 16,
    DONE_MAX = 512,
    SESSIONS_DUE = 1, /* of each kind, by the schema that these networks have */
};

/* What happened, over all seeds; one that never happens fails the run. */
enum money_event {
    MONEY_WRITTEN,
    MONEY_REFUSED,
    MONEY_AGAIN,      /* an entry that was there already */
    MONEY_COMMANDED,  /* by fund, instead of add */
    MONEY_IMPORTED,   /* by CSV */
    MONEY_ROWS,       /* of entries, in files */
    MONEY_OVERSPENT,  /* tried */
    MONEY_TO_THE_END, /* spent to the last unit */
    MONEY_OF_OTHERS,  /* tried */
    MONEY_REVERSED,
    MONEY_CLASHED, /* fields of money edited apart */
    MONEY_SAME_RECEIPT,
    MONEY_SAME_GRANT,
    MONEY_CUT,     /* power went while it was written */
    MONEY_DOUBLED, /* a backup's return, and the same balance spent twice */
    MONEY_WRONG_CLOCK,
    MONEY_CHEATED,
    MONEY_REMOVED, /* members */
    MONEY_EVENTS,
};

struct venture { /* an enterprise, as the one who writes about it has it in mind */
    uint32_t office;
    char id[RECORD_ID_TEXT + 1];
    int64_t cap, awarded, disbursed, purchased;
    int32_t day; /* of the last act about it */
};

struct done { /* an entry that was acknowledged */
    uint32_t who;
    struct act act;
    char id[ENTRY_ID_TEXT + 1];
};

struct money {
    struct story story;
    struct crowd *crowd;
    struct account_memo *memo;
    uint64_t *counts; /* MONEY_EVENTS */
    uint32_t offices; /* of the crowd; who comes behind them only reads */
    struct venture ventures[VENTURES_MAX];
    uint32_t venture_count;
    struct done done[DONE_MAX];
    uint32_t done_count, number; /* of refs and receipts */
    char programme[RECORD_ID_TEXT + 1];
    int32_t first_day, last_day; /* of the period */
    /* In this history offices go back and spend twice; clocks are wrong; one is removed; one writes
     * what its account does not cover. */
    bool forks, clocks, removes, cheats;
};

/* money_begin(): a programme, enterprises, sessions, and money in most offices; all know it. */
void money_begin(struct money *m);

/* money_step(): one act of somebody. */
void money_step(struct money *m);

/* money_cheat(): an office whose program asks for no cover spends what it does not have; it does
 * nothing more by itself after that. */
void money_cheat(struct money *m);

/* money_remove(): the admin removes an office. */
void money_remove(struct money *m);

/* money_spend_twice(): an office saves its disk, spends, goes back, and spends again. */
void money_spend_twice(struct money *m);

#endif
