#include "tests/sim/faults.h"

#include <string.h>

#include "tests/sim/member.h"
#include "tests/sim/net.h"
#include "tests/sim/storage.h"

enum fault_kind {
    CRASH,
    CRASH_AT_IO,
    PARTITION,
    DELAY,
    DROP,
    FLIP,
    DUPLICATE,
    RESTORE,
    CLOCK,
    FAULTS
};

enum {
    WEIGHT_MAX = 6,
    BOUNDARIES_MAX = 60, /* of I/O until the power goes */
    CUT_BY_MS = 8000,
    PART_MS = 40000,
    LAG_MS = 4000,
    DROP_BYTES = 3000,
    AGED_MS = 2000, /* that a snapshot has to have */
    DECADE_SECONDS = 10 * 365 * 24 * 3600,
};

static_assert(sizeof(((struct world *)0)->mix) / sizeof(uint32_t) == FAULTS, "one weight each");

void faults_begin(struct world *w)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < FAULTS; i++)
        sum += w->mix[i] = world_draw(w, WEIGHT_MAX);
    if (sum == 0)
        w->mix[PARTITION] = 1;
}

static struct member *some_member(struct world *w)
{
    return &w->members[world_draw(w, w->member_count)];
}

static void crash_at_io(struct world *w, struct member *m)
{
    if (!m->up)
        return;
    simdisk_cut(m->disk, 1 + world_draw(w, BOUNDARIES_MAX));
    m->cut_by_ms = w->now_ms + world_draw(w, CUT_BY_MS);
}

static void part(struct world *w)
{
    uint32_t all = (UINT32_C(1) << w->member_target) - 1;
    uint32_t mask = 1 + world_draw(w, all - 1);
    net_part(w, mask);
    w->mend_ms = w->now_ms + 1000 + world_draw(w, PART_MS);
    if (world_chance(w, 1, 4))
        w->mend_ms = UINT64_MAX; /* until all is mended, or parted in another way */
    w->counts[COUNT_PARTITION]++;
}

static void delay(struct world *w)
{
    uint32_t a = world_draw(w, w->member_count), b = world_draw(w, w->member_count);
    w->lag_ms[a][b] = w->lag_ms[b][a] = world_draw(w, LAG_MS);
    w->calm_ms = w->now_ms + world_draw(w, PART_MS);
    w->counts[COUNT_DELAY]++;
}

/* The connection between two is gone, and both notice, and both dial. */
static void duplicate(struct world *w)
{
    uint32_t a = world_draw(w, w->member_count), b = world_draw(w, w->member_count);
    struct core_event sync = {.kind = CORE_SYNC};
    if (a == b || w->cut[a][b])
        return;
    (void)net_cut(w, a, b, 0);
    uint64_t until_ms = w->now_ms + NET_CLOSE_MS + 1;
    while (world_step(w, until_ms))
        ;
    sync.label = bytes_of_text(w->members[b].label);
    member_step(&w->members[a], &sync);
    sync.label = bytes_of_text(w->members[a].label);
    member_step(&w->members[b], &sync);
}

/* Often it writes before anybody can tell it what it has forgotten. */
static void restore(struct world *w, struct member *m)
{
    if (m->saved == NULL || m->saved_ms + AGED_MS > w->now_ms)
        return;
    member_go_back(m);
    member_open(m);
    for (uint32_t i = world_draw(w, 3); m->up && i > 0; i--)
        storage_write(m);
}

void faults_run(struct world *w)
{
    uint32_t sum = 0, kind = 0;
    struct member *m = some_member(w);
    for (uint32_t i = 0; i < FAULTS; i++)
        sum += w->mix[i];
    for (uint32_t dice = world_draw(w, sum); dice >= w->mix[kind]; kind++)
        dice -= w->mix[kind];
    world_note(w, m->index, "fault", (struct bytes){(const uint8_t *)&kind, sizeof kind});
    if (m->up && world_chance(w, 1, 3))
        member_save(m);
    switch ((enum fault_kind)kind) {
    case CRASH:
        if (m->up) {
            member_stop(m);
            w->counts[COUNT_CRASH]++;
        }
        break;
    case CRASH_AT_IO:
        crash_at_io(w, m);
        break;
    case PARTITION:
        part(w);
        break;
    case DELAY:
        delay(w);
        break;
    case DROP:
        (void)net_cut(w, m->index, world_draw(w, w->member_count), 1 + world_draw(w, DROP_BYTES));
        break;
    case FLIP:
        net_flip(w, m->index, world_draw(w, w->member_count));
        break;
    case DUPLICATE:
        duplicate(w);
        break;
    case RESTORE:
        restore(w, m);
        break;
    case CLOCK:
        m->wall_skew = (int64_t)world_draw(w, 2 * DECADE_SECONDS) - DECADE_SECONDS;
        w->counts[COUNT_CLOCK]++;
        break;
    case FAULTS:
        break;
    }
}

void faults_end(struct world *w)
{
    w->healing = true;
    w->fault_ms = w->write_ms = w->mend_ms = w->calm_ms = UINT64_MAX;
    net_calm(w);
    for (uint32_t i = 0; i < w->member_count; i++) {
        struct member *m = &w->members[i];
        simdisk_cut(m->disk, 0);
        m->cut_by_ms = UINT64_MAX;
        if (!m->up)
            m->restart_ms = w->now_ms;
    }
}
