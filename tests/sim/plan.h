/*
 * plan: what happens in a world besides what its members do by themselves: timed steps, all drawn
 * from the seed before the first of them happens. Each step has a seed of its own, so that leaving
 * others out does not change it.
 *
 * What can be a step stands in the table of steps.c, a line a kind. Each seed draws which kinds
 * there are in it at all, and how often each.
 */
#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PLAN_STEPS_MAX = 2048,
    PLAN_TEXT_BYTES = 128, /* of one step in words */
};

struct world;

struct step {
    uint32_t number; /* in the plan, from 1 on; 0: not of the plan */
    uint64_t at_ms, seed;
    uint32_t kind;       /* the row of step_kinds */
    uint32_t who, other; /* two members; who may not be there yet: nothing happens then */
};

/* Two rhythms: people work much more often than something breaks. */
enum step_rhythm { STEP_ADMIT, STEP_WORK, STEP_FAULT, STEP_RHYTHM_COUNT };

struct step_kind {
    const char *name; /* one word, for the trace */
    const char *text; /* in words; A and B stand for the two members */
    void (*run)(struct world *w, const struct step *s);
    enum step_rhythm rhythm;
    uint32_t weight; /* a seed draws 0 (it has none of them) up to this */
};

extern const struct step_kind step_kinds[]; /* steps.c */
extern const uint32_t step_kind_count;

struct plan {
    uint32_t member_count; /* that there can be */
    uint64_t begin_ms;     /* the first fault at the earliest */
    uint64_t end_ms;       /* from then on everything is mended */
    struct step *steps;    /* by time */
    bool *left_out;        /* one for each step */
    uint32_t count;
};

/* plan_draw(): of a seed. Release it with plan_release(). */
void plan_draw(struct plan *p, uint64_t seed);
void plan_release(struct plan *p);

/* plan_select(): only the steps that 'list' names ("3,17,40-52"), or, where 'without', all others.
 * false: not a list of steps. An empty list names none. */
bool plan_select(struct plan *p, const char *list, bool without);

/* plan_name(): the steps that are not left out, as plan_select() reads them, cut to out_bytes;
 * NULL where none is left out. */
const char *plan_name(const struct plan *p, char *out, size_t out_bytes);

/* plan_text(): a step in words. plan_print(): all that are not left out, a line each. */
void plan_text(const struct step *s, char out[static PLAN_TEXT_BYTES]);
void plan_print(const struct plan *p);

#endif
