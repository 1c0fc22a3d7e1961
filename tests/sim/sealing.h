/*
 * sealing: sealed items of a simulated member: what its core asks of custody, and the answers.
 */
#ifndef TESTS_SIM_SEALING_H
#define TESTS_SIM_SEALING_H

#include "tests/sim/world.h"

struct sealing { /* one WISH, GIVE or KEEP; owns everything */
    enum core_effect_kind kind;
    enum sealed_lane lane;
    struct key key;
    uint32_t request, max;
    link_id link;
    struct digest after;
    struct digest *names; /* KEEP, and the answer to WISH */
    struct bytes *items;  /* KEEP: in data */
    uint32_t count;
    struct sealed_wish *wishes;
    struct sealed_piece *pieces; /* the answer to GIVE: in data */
    uint32_t piece_count;
    size_t bytes_max;
    enum status *verdicts;
    struct buf data;
    bool more;
    enum status status;
};

/* sealing_new(): what FX_WISH, FX_GIVE or FX_KEEP asks. sealing_free() takes NULL. */
struct sealing *sealing_new(const struct core_effect *fx);
void sealing_free(struct sealing *s);

/* sealing_run(): in a batch. sealing_answer(): once its sync is over. */
void sealing_run(struct member *m, struct sealing *s);
void sealing_answer(struct member *m, const struct sealing *s);

/* sealing_tell(): how many items are wanted, where that is not what was told, or 'always'. */
void sealing_tell(struct member *m, bool always);

#endif
