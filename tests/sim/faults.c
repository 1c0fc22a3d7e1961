#include "tests/sim/faults.h"

#include <string.h>

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
    OPERATIONS_MAX = 40, /* of a disk until one fails */
    ROOM_BYTES = 4096,   /* that a full disk still has */
    FULL_MS = 20000,
    ROTTEN_BYTES = 64, /* of a vault, at once */
    SLOW_MIN_MS = 100, /* a slow disk, for each batch */
    SLOW_MS = 1500,
    ANEW_MS = 10000, /* until a new machine is there */
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

/* ---- disks ---- */

void faults_count(struct member *m)
{
    static const enum world_count kinds[SIMDISK_FAULT_COUNT] = {
        [SIMDISK_FAIL_READ] = COUNT_IO_ERROR,
        [SIMDISK_FAIL_WRITE] = COUNT_IO_ERROR,
        [SIMDISK_FAIL_SYNC] = COUNT_IO_ERROR,
        [SIMDISK_FAIL_NAME] = COUNT_IO_ERROR,
        [SIMDISK_FULL] = COUNT_FULL,
        [SIMDISK_LOSE_WRITE] = COUNT_LOST,
        [SIMDISK_MISDIRECT] = COUNT_MISDIRECTED};
    const struct simdisk_counts *now = simdisk_counts(m->disk);
    for (int i = 0; i < SIMDISK_FAULT_COUNT; i++)
        m->world->counts[kinds[i]] += now->faults[i] - m->struck[i];
    memcpy(m->struck, now->faults, sizeof m->struck);
}

void faults_mend_disk(struct member *m)
{
    for (int i = 0; i < SIMDISK_FAULT_COUNT; i++)
        simdisk_arm(m->disk, (enum simdisk_fault)i, 0);
    simdisk_limit(m->disk, 0);
    simrepo_arm(m->repo, 0);
    faults_count(m);
}

static void arm(struct world *w, const struct step *s, enum simdisk_fault fault)
{
    struct member *m = &w->members[s->who];
    m->ill = true;
    simdisk_arm(m->disk, fault, 1 + world_draw(w, OPERATIONS_MAX));
}

void faults_io_error(struct world *w, const struct step *s)
{
    uint32_t kind = world_draw(w, SIMDISK_FULL + 1);
    if (kind < SIMDISK_FULL)
        arm(w, s, (enum simdisk_fault)kind);
    else
        simrepo_arm(w->members[s->who].repo, 1 + world_draw(w, OPERATIONS_MAX));
    w->members[s->who].ill = true;
}

void faults_full(struct world *w, const struct step *s)
{
    struct member *m = &w->members[s->who];
    m->ill = true;
    simdisk_limit(m->disk, simdisk_bytes(m->disk) + world_draw(w, ROOM_BYTES));
    m->full_ms = w->now_ms + world_draw(w, FULL_MS);
}

/* One disk at a time: of two that lie, both may have been the only ones with a write. */
static bool may_lie(struct world *w, const struct step *s)
{
    for (uint32_t i = 0; i < w->member_count; i++)
        if (i != s->who && w->members[i].lied)
            return false;
    if (w->member_count == 1)
        return false; /* nobody could help it */
    w->members[s->who].ill = w->members[s->who].lied = true;
    return true;
}

void faults_lost(struct world *w, const struct step *s)
{
    if (may_lie(w, s))
        arm(w, s, SIMDISK_LOSE_WRITE);
}

void faults_misdirected(struct world *w, const struct step *s)
{
    if (may_lie(w, s))
        arm(w, s, SIMDISK_MISDIRECT);
}

void faults_rot(struct world *w, const struct step *s)
{
    if (may_lie(w, s) && simdisk_rot(w->members[s->who].disk, simstate_draw(w->dice)))
        w->counts[COUNT_ROT]++;
}

/* It shows when the vault is opened next, or read. */
void faults_rot_vault(struct world *w, const struct step *s)
{
    struct member *m = &w->members[s->who];
    if (!may_lie(w, s))
        return;
    if (m->up)
        member_exit(m);
    if (m->vault.count == 0)
        return;
    uint32_t count = 1 + world_draw(w, ROTTEN_BYTES);
    for (uint32_t i = 0; i < count; i++)
        m->vault.data[world_draw(w, (uint32_t)m->vault.count)] ^= (uint8_t)(1 + world_draw(w, 255));
    w->counts[COUNT_ROT_VAULT]++;
}

void faults_rot_repository(struct world *w, const struct step *s)
{
    if (may_lie(w, s) && simrepo_spoil(w->members[s->who].repo, simstate_draw(w->dice)))
        w->counts[COUNT_ROT_REPOSITORY]++;
}

void faults_loss(struct world *w, const struct step *s)
{
    struct member *m = &w->members[s->who];
    if (member_lose_all(m))
        m->restart_ms = w->now_ms + world_draw(w, ANEW_MS);
}

void faults_slow(struct world *w, const struct step *s)
{
    struct member *m = &w->members[s->who];
    m->slow_ms = SLOW_MIN_MS + world_draw(w, SLOW_MS);
    m->fit_ms = w->now_ms + world_draw(w, PART_MS);
    w->counts[COUNT_SLOW]++;
}

/* ---- what was heard before ---- */

void faults_replay(struct world *w, const struct step *s)
{
    net_repeat(w, s->who, s->other);
}

void faults_replay_connection(struct world *w, const struct step *s)
{
    net_replay(w, s->who);
}

void faults_end(struct world *w)
{
    w->healing = true;
    w->mend_ms = w->calm_ms = w->dial_ms = UINT64_MAX;
    net_calm(w);
    for (uint32_t i = 0; i < w->member_count; i++) {
        struct member *m = &w->members[i];
        simdisk_cut(m->disk, 0);
        m->cut_by_ms = m->fit_ms = m->full_ms = UINT64_MAX;
        m->slow_ms = m->storage_ms;
        faults_mend_disk(m);
        member_examine(m);
        if (!m->up)
            m->restart_ms = w->now_ms;
    }
}
