/*
 * minga-funds: offices that grant, allot, spend, reverse and overspend by chance, apart and
 * together. One seed is one history. It tells what happened (story.h); judge.py judges.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/funds/canary.h"
#include "tests/funds/money.h"

enum {
    OFFICES_MIN = 3,
    OFFICES_MAX = 7,
    STEPS_MIN = 30,
    STEPS_MAX = 70,
    ROUNDS_MAX = 80,     /* until all agree */
    BOUNDARIES_MAX = 40, /* of I/O until the power goes */
    SCHEMA_BYTES_MAX = 256 * 1024,
};

static const char *const money_texts[MONEY_EVENTS] = {
    [MONEY_WRITTEN] = "entries acknowledged",
    [MONEY_REFUSED] = "entries refused",
    [MONEY_AGAIN] = "entries given again, and there already",
    [MONEY_COMMANDED] = "entries by fund, instead of add",
    [MONEY_IMPORTED] = "imports",
    [MONEY_ROWS] = "entries in files",
    [MONEY_OVERSPENT] = "times more than was there was tried",
    [MONEY_TO_THE_END] = "times an account was spent to the last unit",
    [MONEY_OF_OTHERS] = "times another's money was tried",
    [MONEY_REVERSED] = "reversals",
    [MONEY_CLASHED] = "fields of money edited apart",
    [MONEY_SAME_RECEIPT] = "entries on one receipt with another",
    [MONEY_SAME_GRANT] = "grants registered like another",
    [MONEY_CUT] = "entries that the power cut off",
    [MONEY_WRONG_CLOCK] = "times a clock was set wrong",
    [MONEY_CHEATED] = "offices whose overspending all others refused",
    [MONEY_REMOVED] = "members removed",
    [MONEY_DOUBLED] = "entries on a balance spent twice",
};

struct history {
    struct money money;
    struct crowd crowd;
    struct crowd_plan plan;
};

/* crowd.h's counts, of which those that happen here are told. */
static uint64_t crowd_counts[DID_COUNT], money_counts[MONEY_EVENTS];

static bool can_meet(const struct crowd *c, const struct person *a, const struct person *b)
{
    return a != b && ((c->side >> a->index) & 1) == ((c->side >> b->index) & 1);
}

static void look_all(struct history *h)
{
    for (uint32_t i = 0; i < h->crowd.count; i++)
        story_look(&h->money.story, &h->crowd.of[i]);
}

static void meet(struct history *h)
{
    struct crowd *c = &h->crowd;
    struct person *a = &c->of[crowd_draw(c, c->count)], *b = &c->of[crowd_draw(c, c->count)];
    if (!can_meet(c, a, b))
        return;
    if (crowd_draw(c, 12) == 0 && !a->cheats) /* no other program would open its journal again */
        simdisk_cut(a->disk, 1 + crowd_draw(c, BOUNDARIES_MAX));
    (void)crowd_meet(a, b);
    simdisk_cut(a->disk, 0);
    look_all(h);
}

/* Who cheats only passes on what it wrote. */
static struct person *somebody(struct crowd *c)
{
    struct person *p = &c->of[crowd_draw(c, c->count)];
    return p->cheats ? &c->of[0] : p;
}

static void set_clock(struct history *h, struct person *p)
{
    enum { WRONG_S = 3 * 24 * 3600 };
    p->clock_s = p->clock_s != 0 ? 0 : (int64_t)crowd_draw(&h->crowd, 2 * WRONG_S) - WRONG_S;
    money_counts[MONEY_WRONG_CLOCK] += p->clock_s != 0;
}

static void step(struct history *h)
{
    struct crowd *c = &h->crowd;
    uint32_t dice = crowd_draw(c, 1000);
    struct person *p = somebody(c);
    c->now_ms += crowd_draw(c, 120000);
    if (h->money.clocks && dice < 40)
        set_clock(h, p);
    else if (dice < 730)
        money_step(&h->money);
    else if (dice < 900)
        meet(h);
    else if (dice < 940)
        c->side = crowd_draw(c, 2) == 0 ? 0 : crowd_draw(c, 1u << c->count);
    else if (dice < 955)
        crowd_crash(p);
    else if (dice < 970)
        (void)crowd_tend(p);
    else if (dice < 980)
        crowd_save(p);
    else if (dice < 985)
        story_books(&h->money.story, p, false);
    else if (h->money.forks && dice < 990)
        crowd_go_back(p);
    else if (h->money.forks)
        money_spend_twice(&h->money);
    look_all(h);
}

/* Everybody meets everybody, and quiet moments come, until nothing is new. */
static void heal(struct history *h)
{
    struct crowd *c = &h->crowd;
    c->side = 0;
    for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
        bool fresh = false;
        for (uint32_t i = 0; i < c->count; i++)
            for (uint32_t k = 0; k < i; k++)
                fresh = crowd_meet(&c->of[i], &c->of[k]) || fresh;
        if (!fresh)
            return;
    }
    crowd_fail(c, "they never come to rest");
}

/* One charter and one state among those who are in force by it; they say the rest. */
static void check_agreement(struct history *h, const char *dir)
{
    struct crowd *c = &h->crowd;
    struct person *first = &c->of[0], *last = first; /* the admin is never removed */
    for (uint32_t i = 0; i < c->count; i++) {
        struct person *p = &c->of[i];
        money_counts[MONEY_CHEATED] += p->cheats && p->refused + 1 >= c->count;
        if (!crowd_is_member(first, p) || p->cheats)
            continue;
        if (!oid_equal(replica_state(first->replica), replica_state(p->replica)))
            crowd_fail(c, "%s and %s have different states", first->label, p->label);
        story_books(&h->money.story, p, true);
        last = crowd_draw(c, 2) == 0 ? p : last;
    }
    story_export(&h->money.story, last, dir);
}

static void make_plan(struct history *h, uint64_t seed, struct bytes schema)
{
    static const char *const labels[CROWD_MAX] = {"arica",  "calama",     "iquique",  "talca",
                                                  "temuco", "valparaiso", "santiago", "auditor"};
    uint64_t mix = seed * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t offices = OFFICES_MIN + (uint32_t)((mix >> 33) % (OFFICES_MAX - OFFICES_MIN + 1));
    struct crowd_plan *p = &h->plan;
    *p = (struct crowd_plan){.count = offices, .schema = schema};
    for (uint32_t i = 0; i < offices; i++)
        p->of[i] = (struct crowd_seat){.label = labels[i], .role = CHARTER_OFFICE};
    p->of[0].treasurer = true;
    p->of[(mix >> 55) % offices].index = true;
    p->of[1].treasurer = (mix >> 40) % 2 == 0;
    if ((mix >> 42) % 4 == 0)
        p->of[p->count++] = (struct crowd_seat){.label = "auditor", .role = CHARTER_AUDITOR};
    h->money.offices = offices;
    h->money.forks = (mix >> 45) % 4 == 0;
    h->money.clocks = (mix >> 48) % 4 == 0;
    h->money.cheats = (mix >> 59) % 6 == 0;
    h->money.removes = (mix >> 51) % 6 == 0;
}

static void live(uint64_t seed, struct bytes schema, FILE *out, const char *dir)
{
    struct history *h = mem_alloc(sizeof *h);
    struct crowd *c = &h->crowd;
    CHECK(h != NULL);
    make_plan(h, seed, schema);
    crowd_begin(c, &h->plan, seed, crowd_counts);
    h->money.crowd = c;
    h->money.counts = money_counts;
    enum status st = account_memo_create(&h->money.memo);
    CHECK(st == ST_OK);
    story_begin(&h->money.story, c, out);
    look_all(h);
    money_begin(&h->money);
    crowd_meet_all(c);
    look_all(h);
    for (uint32_t i = 0; i < c->count; i++)
        story_books(&h->money.story, &c->of[i], false);
    uint32_t steps = STEPS_MIN + crowd_draw(c, STEPS_MAX - STEPS_MIN);
    for (uint32_t i = 0; i < steps; i++) {
        step(h);
        if (h->money.forks && i == steps / 2)
            money_spend_twice(&h->money);
        if (h->money.removes && i == steps * 2 / 3)
            money_remove(&h->money);
        if (h->money.cheats && i == steps / 3)
            money_cheat(&h->money);
    }
    heal(h);
    look_all(h);
    check_agreement(h, dir);
    story_end(&h->money.story);
    account_memo_free(h->money.memo);
    crowd_end(c);
    mem_free(h);
}

/* A type of the schema that these histories do without: less to read in every charter. */
static void leave_out(struct buf *schema, const char *type)
{
    static const char back[] = "\n  },";
    char front[80];
    int used = snprintf(front, sizeof front, "\n  \"%s\": {", type);
    uint8_t *at = memmem(schema->data, schema->count, front, (size_t)used);
    CHECK(at != NULL);
    uint8_t *stop = schema->data + schema->count;
    uint8_t *end = memmem(at, (size_t)(stop - at), back, sizeof back - 1);
    CHECK(end != NULL);
    end += sizeof back - 1;
    memmove(at, end, (size_t)(stop - end));
    schema->count -= (size_t)(end - at);
}

/* The schema that is shipped, but that one session of each kind is due. */
static struct bytes read_schema(struct buf *out)
{
    static const char shipped[] = "\"sessions\": {\"group\": 4, \"individual\": 4}";
    static const char ours[] = "\"sessions\": {\"group\": 1, \"individual\": 1}";
    FILE *file = fopen(SOURCE_DIR "/replicas/schema/microenterprise.json", "rb");
    CHECK(file != NULL && sizeof shipped == sizeof ours);
    uint8_t *space = buf_reserve(out, SCHEMA_BYTES_MAX);
    CHECK(space != NULL);
    out->count = fread(space, 1, SCHEMA_BYTES_MAX, file);
    fclose(file);
    uint8_t *at = memmem(out->data, out->count, shipped, sizeof shipped - 1);
    CHECK(at != NULL);
    memcpy(at, ours, sizeof ours - 1);
    leave_out(out, "contact");
    leave_out(out, "income");
    return buf_bytes(out);
}

static void print_counts(FILE *out)
{
    static const struct {
        enum crowd_event event;
        const char *text;
    } shared[] = {
        {DID_EXCHANGE, "meetings"}, {DID_CRASH, "power lost"}, {DID_RESTORE, "old disks put back"}};
    for (int i = 0; i < MONEY_EVENTS; i++)
        fprintf(out, "%10llu %s\n", (unsigned long long)money_counts[i], money_texts[i]);
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
        fprintf(out, "%10llu %s\n", (unsigned long long)crowd_counts[shared[i].event],
                shared[i].text);
}

int main(int argc, char **argv)
{
    uint64_t first = 1, seeds = 0;
    const char *dir = NULL;
    char path[512];
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seeds") == 0)
            seeds = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--first") == 0)
            first = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--out") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--canary") == 0)
            CHECK(canary_choose(argv[i + 1]));
    }
    if (seeds == 0 || dir == NULL) {
        fputs("usage: minga-funds --seeds N --out DIR [--first S] [--canary NAME]\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/story.jsonl", dir);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        return 1;
    }
    struct buf schema = {0};
    struct bytes json = read_schema(&schema);
    for (uint64_t i = 0; i < seeds; i++)
        live(first + i, json, out, dir);
    buf_release(&schema);
    print_counts(stdout);
    return fclose(out) == 0 ? 0 : 1;
}
