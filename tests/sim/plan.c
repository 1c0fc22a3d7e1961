#include "tests/sim/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/simstate.h"
#include "tests/sim/world.h"

enum {
    ADMIT_MS = 4000,    /* between two members that are there before the first fault */
    SETTLE_MS = 20000,  /* before the first fault, at most */
    FAULTS_MS = 60000,  /* faults and writes: this long, and up to twice */
    WORK_MIN_MS = 200,  /* between two pieces of work, in the busiest seeds */
    WORK_MS = 1500,     /* and this much more in the others */
    FAULT_MIN_MS = 500, /* the same for faults */
    FAULT_MS = 6000,
    KINDS_MAX = 128,
};

struct drawing {
    struct plan *p;
    uint64_t dice;
    uint32_t weights[KINDS_MAX];
};

static uint32_t draw(struct drawing *d, uint32_t below)
{
    return below > 0 ? (uint32_t)(simstate_draw(&d->dice) >> 32) % below : 0;
}

static void add(struct drawing *d, uint64_t at_ms, uint32_t kind)
{
    struct plan *p = d->p;
    uint32_t there = 1; /* by then; the admissions were drawn first */
    if (p->count == PLAN_STEPS_MAX)
        return;
    for (uint32_t i = 0; i < p->count; i++)
        there += step_kinds[p->steps[i].kind].rhythm == STEP_ADMIT && p->steps[i].at_ms < at_ms;
    p->steps[p->count++] = (struct step){.at_ms = at_ms,
                                         .seed = simstate_draw(&d->dice),
                                         .kind = kind,
                                         .who = draw(d, there),
                                         .other = draw(d, there)};
}

/* The kinds of one rhythm: a third of them is not there at all. */
static uint32_t weigh(struct drawing *d, enum step_rhythm rhythm)
{
    uint32_t sum = 0, last = 0;
    CHECK(step_kind_count <= KINDS_MAX);
    for (uint32_t i = 0; i < step_kind_count; i++) {
        if (step_kinds[i].rhythm != rhythm)
            continue;
        last = i;
        d->weights[i] = draw(d, 3) > 0 ? 1 + draw(d, step_kinds[i].weight) : 0;
        sum += d->weights[i];
    }
    if (sum == 0)
        d->weights[last] = 1;
    return sum > 0 ? sum : 1;
}

static void draw_rhythm(struct drawing *d, enum step_rhythm rhythm, uint32_t every_ms)
{
    uint32_t sum = weigh(d, rhythm);
    uint64_t at_ms = d->p->begin_ms;
    while (at_ms < d->p->end_ms) {
        uint32_t dice = draw(d, sum), kind = 0;
        while (step_kinds[kind].rhythm != rhythm || dice >= d->weights[kind]) {
            dice -= step_kinds[kind].rhythm == rhythm ? d->weights[kind] : 0;
            kind++;
        }
        add(d, at_ms, kind);
        at_ms += 1 + draw(d, 2 * every_ms);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->seed < y->seed ? -1 : x->seed > y->seed;
}

static void draw_admissions(struct drawing *d, uint32_t count, uint64_t from_ms, uint32_t within_ms)
{
    uint32_t kind = 0;
    while (step_kinds[kind].rhythm != STEP_ADMIT)
        kind++;
    for (uint32_t i = 0; i < count; i++)
        add(d, from_ms + draw(d, within_ms), kind);
}

void plan_draw(struct plan *p, uint64_t seed)
{
    struct drawing d = {.p = p, .dice = seed};
    *p = (struct plan){0};
    p->steps = mem_array(PLAN_STEPS_MAX, sizeof *p->steps);
    p->left_out = mem_array(PLAN_STEPS_MAX, sizeof *p->left_out);
    CHECK(p->steps != NULL && p->left_out != NULL);
    p->member_count = WORLD_MEMBERS_MIN + draw(&d, WORLD_MEMBERS_MAX - WORLD_MEMBERS_MIN + 1);
    uint32_t early = draw(&d, p->member_count);
    draw_admissions(&d, early, WORLD_START_MS, early * ADMIT_MS);
    p->begin_ms = WORLD_START_MS + early * ADMIT_MS + draw(&d, SETTLE_MS);
    uint32_t last_ms = FAULTS_MS + draw(&d, FAULTS_MS);
    p->end_ms = p->begin_ms + last_ms;
    draw_admissions(&d, p->member_count - 1 - early, p->begin_ms, last_ms / 2);
    draw_rhythm(&d, STEP_WORK, WORK_MIN_MS + draw(&d, WORK_MS));
    draw_rhythm(&d, STEP_FAULT, FAULT_MIN_MS + draw(&d, FAULT_MS));
    qsort(p->steps, p->count, sizeof *p->steps, by_time);
    for (uint32_t i = 0; i < p->count; i++)
        p->steps[i].number = i + 1;
}

void plan_release(struct plan *p)
{
    mem_free(p->steps);
    mem_free(p->left_out);
    *p = (struct plan){0};
}

/* ---- some of the steps ---- */

bool plan_select(struct plan *p, const char *list, bool without)
{
    for (uint32_t i = 0; i < p->count; i++)
        p->left_out[i] = !without;
    while (*list != '\0') {
        char *end;
        unsigned long first = strtoul(list, &end, 10), last = first;
        if (end == list)
            return false;
        if (*end == '-') {
            list = end + 1;
            last = strtoul(list, &end, 10);
            if (end == list)
                return false;
        }
        if (first < 1 || last < first || last > p->count || (*end != ',' && *end != '\0'))
            return false;
        for (unsigned long i = first; i <= last; i++)
            p->left_out[i - 1] = without;
        list = *end == ',' ? end + 1 : end;
    }
    return true;
}

const char *plan_name(const struct plan *p, char *out, size_t out_bytes)
{
    size_t used = 0;
    bool all = true;
    out[0] = '\0';
    for (uint32_t i = 0; i < p->count; i++) {
        all = all && !p->left_out[i];
        if (p->left_out[i])
            continue;
        uint32_t last = i;
        while (last + 1 < p->count && !p->left_out[last + 1])
            last++;
        int more = snprintf(out + used, out_bytes - used, last > i ? "%s%u-%u" : "%s%u",
                            used > 0 ? "," : "", i + 1, last + 1);
        if (more < 0 || (size_t)more >= out_bytes - used)
            break;
        used += (size_t)more;
        i = last;
    }
    return all ? NULL : out;
}

void plan_text(const struct step *s, char out[static PLAN_TEXT_BYTES])
{
    size_t used = 0;
    for (const char *at = step_kinds[s->kind].text; *at != '\0' && used + 1 < PLAN_TEXT_BYTES;
         at++) {
        bool member = *at == 'A' || *at == 'B';
        int more = member ? snprintf(out + used, PLAN_TEXT_BYTES - used, "office-%c",
                                     (char)('a' + (*at == 'A' ? s->who : s->other)))
                          : snprintf(out + used, PLAN_TEXT_BYTES - used, "%c", *at);
        used += (size_t)more;
    }
}

void plan_print(const struct plan *p)
{
    char text[PLAN_TEXT_BYTES];
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->left_out[i])
            continue;
        plan_text(&p->steps[i], text);
        printf("%5u %9.3f s  %s\n", i + 1, (double)p->steps[i].at_ms / 1000, text);
    }
}
