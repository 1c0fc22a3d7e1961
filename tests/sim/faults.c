#include "tests/sim/faults.h"

#include "tests/sim/member.h"
#include "tests/sim/net.h"
#include "tests/sim/simstate.h"
#include "tests/sim/storage.h"
#include "tests/sim/work.h"

enum {
    BOUNDARIES_MAX = 60, /* of I/O until the power goes */
    CUT_BY_MS = 8000,
    PART_MS = 40000,
    LAG_MS = 4000,
    DROP_BYTES = 3000,
    AGED_MS = 2000, /* that a snapshot has to have */
    WRITES_MAX = 3, /* after a snapshot came back, before anybody else is heard */
    DECADE_SECONDS = 10 * 365 * 24 * 3600,
};

void faults_snapshot(struct world *w, const struct step *s)
{
    if (w->members[s->who].up)
        member_save(&w->members[s->who]);
}

void faults_crash(struct world *w, const struct step *s)
{
    if (!w->members[s->who].up)
        return;
    member_stop(&w->members[s->who]);
    w->counts[COUNT_CRASH]++;
}

void faults_crash_io(struct world *w, const struct step *s)
{
    struct member *m = &w->members[s->who];
    if (!m->up)
        return;
    simdisk_cut(m->disk, 1 + world_draw(w, BOUNDARIES_MAX));
    m->cut_by_ms = w->now_ms + world_draw(w, CUT_BY_MS);
}

void faults_partition(struct world *w, const struct step *s)
{
    uint32_t all = (UINT32_C(1) << w->plan.member_count) - 1;
    (void)s;
    net_part(w, 1 + world_draw(w, all - 1));
    w->mend_ms = w->now_ms + 1000 + world_draw(w, PART_MS);
    if (world_chance(w, 1, 4))
        w->mend_ms = UINT64_MAX; /* until all is mended, or parted in another way */
    w->counts[COUNT_PARTITION]++;
}

void faults_delay(struct world *w, const struct step *s)
{
    w->lag_ms[s->who][s->other] = w->lag_ms[s->other][s->who] = world_draw(w, LAG_MS);
    w->calm_ms = w->now_ms + world_draw(w, PART_MS);
    w->counts[COUNT_DELAY]++;
}

void faults_drop(struct world *w, const struct step *s)
{
    (void)net_cut(w, s->who, s->other, 1 + world_draw(w, DROP_BYTES));
}

void faults_flip(struct world *w, const struct step *s)
{
    net_flip(w, s->who, s->other);
}

void faults_duplicate(struct world *w, const struct step *s)
{
    if (s->who == s->other || w->cut[s->who][s->other])
        return;
    (void)net_cut(w, s->who, s->other, 0);
    w->dial_a = s->who;
    w->dial_b = s->other;
    w->dial_ms = w->now_ms + NET_CLOSE_MS + 1;
}

void faults_dial(struct world *w)
{
    struct core_event sync = {.kind = CORE_SYNC};
    sync.label = bytes_of_text(w->members[w->dial_b].label);
    member_step(&w->members[w->dial_a], &sync);
    sync.label = bytes_of_text(w->members[w->dial_a].label);
    member_step(&w->members[w->dial_b], &sync);
}

/* Often it writes before anybody can tell it what it has forgotten. */
void faults_restore(struct world *w, const struct step *s)
{
    struct member *m = &w->members[s->who];
    if (m->saved == NULL || m->saved_ms + AGED_MS > w->now_ms)
        return;
    member_go_back(m);
    member_open(m);
    for (uint32_t i = world_draw(w, WRITES_MAX); m->up && i > 0; i--) {
        struct step write = *s;
        write.number += i * PLAN_STEPS_MAX;
        write.seed = simstate_draw(w->dice);
        storage_act(m, work_write, &write);
    }
}

void faults_clock(struct world *w, const struct step *s)
{
    w->members[s->who].wall_skew = (int64_t)world_draw(w, 2 * DECADE_SECONDS) - DECADE_SECONDS;
    w->counts[COUNT_CLOCK]++;
}

void faults_end(struct world *w)
{
    w->healing = true;
    w->mend_ms = w->calm_ms = w->dial_ms = UINT64_MAX;
    net_calm(w);
    for (uint32_t i = 0; i < w->member_count; i++) {
        struct member *m = &w->members[i];
        simdisk_cut(m->disk, 0);
        m->cut_by_ms = UINT64_MAX;
        if (!m->up)
            m->restart_ms = w->now_ms;
    }
}
