/*
 * minga-trust: members who remove, restore, seal and erase, by chance. One seed is one history.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/adoption.h"
#include "replicas/custody.h"
#include "replicas/erasure.h"
#include "replicas/vault.h"
#include "tests/sim/saying.h"
#include "tests/trust/crowd.h"

enum {
    STEPS_MIN = 40,
    STEPS_MAX = 160,
    ROUNDS_MAX = 80,     /* until all agree */
    BOUNDARIES_MAX = 40, /* of I/O until the power goes */
    FLOOD = 12,          /* forks of one seq */
    COUNTED_FROM = 100,  /* with fewer seeds, a rare thing may honestly not happen */
};

static const char *const event_texts[DID_COUNT] = {
    [DID_WRITE] = "writes acknowledged",
    [DID_SEAL] = "of them with sealed fields",
    [DID_EXCHANGE] = "meetings",
    [DID_CRASH] = "power lost",
    [DID_RESTORE] = "old backups restored",
    [DID_FORK] = "keys that forked",
    [DID_FLOOD] = "floods of forks",
    [DID_PROPOSE] = "changes of the charter proposed",
    [DID_APPROVE] = "approvals by persons",
    [DID_REMOVE] = "members removed",
    [DID_REMOVE_EACH_OTHER] = "times two admins proposed to remove each other",
    [DID_TALK_ON] = "meetings with somebody removed",
    [DID_QUARANTINE] = "commits in quarantine at the end",
    [DID_ADOPT] = "adoptions",
    [DID_LOSE_VAULT] = "vaults lost",
    [DID_LOSE_ITEM] = "values that nobody holds any more",
    [DID_ORDER] = "orders to erase approved",
    [DID_ERASE] = "values found erased at the end",
    [DID_EXCUSE] = "acknowledged writes lost to a backup's return alone",
};

static const char schema_json[] = "{\"types\":{\"case\":{\"fields\":{"
                                  "\"a\":{\"class\":\"open\",\"kind\":\"text\"},"
                                  "\"memo\":{\"class\":\"internal\",\"kind\":\"text\"},"
                                  "\"name\":{\"class\":\"personal\",\"kind\":\"text\"}},"
                                  "\"shape\":\"record\",\"writers\":[\"office\"]}}}";

/* The second admin by the first alone, the third by both. */
static void appoint(struct crowd *c)
{
    struct fault f = {0};
    for (uint32_t i = 1; i < CROWD_ADMINS; i++) {
        const char *change[] = {"member", "change", c->of[i].label, "--rights=admin", NULL};
        const char *approve[] = {"member", "approve", NULL};
        enum status st = crowd_say(&c->of[0], change, &f);
        if (st == ST_NEEDS_PERSON) {
            crowd_meet_all(c);
            st = crowd_say(&c->of[1], approve, &f);
            if (st != ST_OK && st != ST_NEEDS_PERSON)
                crowd_must(c, st, "approve", &f);
        } else {
            crowd_must(c, st, "appoint", &f);
        }
        crowd_meet_all(c);
    }
    if (!charter_by_label(charter_newest(replica_charters(c->of[0].replica)),
                          bytes_of_text(c->of[2].label))
             ->admin)
        crowd_fail(c, "three admins were not appointed");
}

/* All of them, three of them admins, and records that everyone knows. */
static void begin(struct crowd *c, uint64_t seed, uint64_t *counts)
{
    static struct crowd_plan plan = {
        .count = CROWD_COUNT,
        .of = {{.label = "arica", .role = CHARTER_OFFICE},
               {.label = "calama", .role = CHARTER_OFFICE},
               {.label = "iquique", .role = CHARTER_OFFICE},
               {.label = "talca", .role = CHARTER_OFFICE},
               {.label = "auditor", .role = CHARTER_AUDITOR},
               {.label = "fosis", .role = CHARTER_PARTNER}},
        .vaults = true,
    };
    plan.schema = bytes_of_text(schema_json);
    crowd_begin(c, &plan, seed, counts);
    appoint(c);
    for (uint32_t i = 0; i < CROWD_RECORDS; i++) {
        static const char *const words[] = {"add", "case", "a=begun", NULL};
        struct crowd_answer a;
        struct fault f = {0};
        crowd_must(c, crowd_ask(&c->of[i % CROWD_OFFICES], words, &a, &f), "add", &f);
        memcpy(c->records[i], a.id, sizeof c->records[i]);
    }
    crowd_meet_all(c);
}

static struct person *somebody(struct crowd *c, uint32_t below)
{
    return &c->of[crowd_draw(c, below)];
}

static bool can_meet(const struct crowd *c, const struct person *a, const struct person *b)
{
    return a != b && ((c->side >> a->index) & 1) == ((c->side >> b->index) & 1);
}

static void write(struct crowd *c)
{
    static const char *const fields[] = {"a", "name", "memo"};
    struct person *p = somebody(c, CROWD_OFFICES);
    uint32_t field = crowd_draw(c, 3);
    char word[64];
    struct fault f = {0};
    snprintf(word, sizeof word, "%s=value %u", fields[field], ++c->tokens);
    const char *words[] = {"set", c->records[crowd_draw(c, CROWD_RECORDS)], word, NULL};
    if (crowd_draw(c, 12) == 0)
        simdisk_cut(p->disk, 1 + crowd_draw(c, BOUNDARIES_MAX));
    enum status st = crowd_say(p, words, &f);
    simdisk_cut(p->disk, 0);
    if (st == ST_OK)
        c->counts[DID_SEAL] += field > 0;
    else if (st != ST_IO && st != ST_BAD_CONFIG && /* the record is not here yet, or any more */
             !(st == ST_NOT_ALLOWED && !crowd_is_member(p, p)))
        crowd_fail(c, "%s cannot write: %s: %s", p->label, status_word(st), f.text);
}

static void meet(struct crowd *c)
{
    struct person *a = somebody(c, CROWD_COUNT), *b = somebody(c, CROWD_COUNT);
    if (!can_meet(c, a, b))
        return;
    if (crowd_draw(c, 12) == 0)
        simdisk_cut(a->disk, 1 + crowd_draw(c, BOUNDARIES_MAX));
    (void)crowd_meet(a, b);
    simdisk_cut(a->disk, 0);
}

static void propose_removal(struct crowd *c, struct person *by, const struct person *of)
{
    const char *words[] = {"member", "remove", of->label, NULL};
    struct fault f = {0};
    enum status st = crowd_say(by, words, &f);
    c->counts[DID_PROPOSE] += st == ST_OK || st == ST_NEEDS_PERSON;
}

/* Enough offices stay for a majority and a second signature. */
static void remove_somebody(struct crowd *c)
{
    const struct charter *newest = charter_newest(replica_charters(c->of[0].replica));
    uint32_t offices = 0;
    for (uint32_t i = 0; i < newest->member_count; i++)
        offices += newest->members[i].role == CHARTER_OFFICE;
    if (offices < 4)
        return;
    struct person *by = somebody(c, CROWD_ADMINS), *of = somebody(c, CROWD_COUNT);
    if (by != of)
        propose_removal(c, by, of);
}

static void remove_each_other(struct crowd *c)
{
    struct person *a = &c->of[crowd_draw(c, CROWD_ADMINS)];
    struct person *b = &c->of[(a->index + 1) % CROWD_ADMINS];
    if (charter_newest(replica_charters(a->replica))->retired_count > 0)
        return;
    c->side = UINT32_C(1) << a->index;
    propose_removal(c, a, b);
    propose_removal(c, b, a);
    c->counts[DID_REMOVE_EACH_OTHER]++;
}

static void approve(struct crowd *c)
{
    struct person *p = somebody(c, CROWD_ADMINS);
    char number[SAYING_NUMBER_BYTES];
    const char *words[] = {"member", "approve", number, NULL};
    struct fault f = {0};
    if (!saying_motion(p->replica, number))
        return;
    enum status st = crowd_say(p, words, &f);
    c->counts[DID_APPROVE] += st == ST_OK || st == ST_NEEDS_PERSON;
}

static void adopt(struct crowd *c)
{
    struct person *p = somebody(c, CROWD_OFFICES), *of = somebody(c, CROWD_OFFICES);
    const char *words[] = {"member", "adopt", of->label, NULL};
    struct fault f = {0};
    c->counts[DID_ADOPT] += crowd_say(p, words, &f) == ST_OK;
}

static void erase(struct crowd *c)
{
    struct person *p = somebody(c, CROWD_OFFICES);
    const char *id = c->records[crowd_draw(c, 2)];
    bool approves = crowd_draw(c, 3) > 0;
    const char *words[] = {"erase", id, approves ? "--approve" : "--reason=asked for", NULL};
    struct fault f = {0};
    enum status st = crowd_say(p, words, &f);
    c->counts[DID_ORDER] += st == ST_OK && approves;
}

/* A fork that its writer makes on purpose: again and again from one and the same past. */
static void flood(struct crowd *c)
{
    struct person *p = &c->of[CROWD_OFFICES - 1];
    if (!crowd_is_member(p, p))
        return;
    crowd_save(p);
    for (int i = 0; i < FLOOD; i++) {
        char word[64];
        struct fault f = {0};
        snprintf(word, sizeof word, "a=value %u", ++c->tokens);
        const char *words[] = {"set", c->records[0], word, NULL};
        enum status st = crowd_say(p, words, &f);
        if (st != ST_OK && st != ST_IO && st != ST_BAD_CONFIG)
            crowd_fail(c, "%s cannot write: %s: %s", p->label, status_word(st), f.text);
        for (uint32_t k = 0; k < CROWD_OFFICES - 1; k++)
            if (can_meet(c, p, &c->of[k]))
                (void)crowd_meet(p, &c->of[k]);
        crowd_go_back(p);
    }
    c->counts[DID_FLOOD]++;
}

static void lose_vault(struct crowd *c)
{
    struct person *p = somebody(c, CROWD_COUNT);
    struct fault f = {0};
    replica_drop(p->replica);
    p->replica = NULL;
    crowd_must(c, simdisk_crash(p->disk, SIMDISK_KEEP_ALL, 0), "stop", NULL);
    buf_release(&p->vault);
    crowd_open(p);
    crowd_must(c, custody_want_state(p->replica, &f), "want", &f);
    (void)crowd_sync(p);
    c->counts[DID_LOSE_VAULT]++;
}

static void step(struct crowd *c)
{
    uint32_t dice = crowd_draw(c, 1000);
    c->now_ms += crowd_draw(c, 120000);
    if (dice < 360)
        write(c);
    else if (dice < 720)
        meet(c);
    else if (dice < 780)
        (void)crowd_tend(somebody(c, CROWD_COUNT));
    else if (dice < 815)
        c->side = crowd_draw(c, 2) == 0 ? 0 : crowd_draw(c, 1u << CROWD_COUNT);
    else if (dice < 840)
        crowd_crash(somebody(c, CROWD_COUNT));
    else if (dice < 865)
        crowd_save(somebody(c, CROWD_COUNT));
    else if (dice < 880)
        crowd_go_back(somebody(c, CROWD_COUNT));
    else if (dice < 895)
        remove_somebody(c);
    else if (dice < 900)
        remove_each_other(c);
    else if (dice < 940)
        approve(c);
    else if (dice < 955)
        adopt(c);
    else if (dice < 985)
        erase(c);
    else if (dice < 990)
        lose_vault(c);
    else if (dice < 992)
        flood(c);
}

/* Everybody meets everybody, and quiet moments come, until nothing is new. */
static void heal(struct crowd *c)
{
    c->side = 0;
    for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
        bool fresh = false;
        c->now_ms += 3600000;
        for (uint32_t i = 0; i < CROWD_COUNT; i++)
            fresh = crowd_tend(&c->of[i]) || fresh;
        for (uint32_t i = 0; i < CROWD_COUNT; i++)
            for (uint32_t k = 0; k < i; k++)
                fresh = crowd_meet(&c->of[i], &c->of[k]) || fresh;
        if (!fresh)
            return;
    }
    crowd_fail(c, "they never come to rest");
}

static void live(uint64_t seed, uint64_t counts[static DID_COUNT])
{
    struct crowd *c = mem_alloc(sizeof *c);
    CHECK(c != NULL);
    begin(c, seed, counts);
    uint32_t steps = STEPS_MIN + crowd_draw(c, STEPS_MAX - STEPS_MIN);
    for (uint32_t i = 0; i < steps; i++)
        step(c);
    heal(c);
    crowd_check(c);
    crowd_end(c);
    mem_free(c);
}

int main(int argc, char **argv)
{
    uint64_t counts[DID_COUNT] = {0}, first = 1, seeds = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seeds") == 0)
            seeds = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--first") == 0)
            first = strtoull(argv[i + 1], NULL, 10);
    }
    if (seeds == 0) {
        fputs("usage: minga-trust --seeds N [--first S]\n", stderr);
        return 2;
    }
    for (uint64_t i = 0; i < seeds; i++)
        live(first + i, counts);
    int missing = 0;
    for (int i = 0; i < DID_COUNT; i++) {
        printf("%10llu %s\n", (unsigned long long)counts[i], event_texts[i]);
        missing += counts[i] == 0;
    }
    printf("%llu seeds from %llu on: one charter, one state, nobody holds what it may not read\n",
           (unsigned long long)seeds, (unsigned long long)first);
    if (missing > 0 && seeds >= COUNTED_FROM) {
        fprintf(stderr, "FAILED: %d of the above never happened\n", missing);
        return 1;
    }
    return 0;
}
