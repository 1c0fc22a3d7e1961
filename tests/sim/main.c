/*
 * minga-sim: whole members under virtual time, with faults. One seed is one world.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

enum { COUNTED_FROM = 50 }; /* with fewer seeds, a fault may honestly not come */

static const char *const count_texts[COUNT_KIND_COUNT] = {
#define COUNT_TEXT(name, text) [COUNT_##name] = (text),
    WORLD_COUNTS(COUNT_TEXT)
#undef COUNT_TEXT
};

struct options {
    uint64_t first, count;
    bool trace, hashes, list, shrink;
    const char *steps, *without;
};

static int usage(void)
{
    fprintf(
        stderr,
        "usage: minga-sim --seeds N [--first S] [--hashes]\n"
        "       minga-sim --seed S [--steps LIST | --without LIST] [--trace | --list | --shrink]\n"
        "  --hashes   print each seed's trace hash\n"
        "  --steps    only these steps of the seed's plan: 3,17,40-52\n"
        "  --without  all but these\n"
        "  --list     print the plan in words\n"
        "  --shrink   leave out what a failure does not need; print what is left\n"
        "  --trace    print everything that happens\n"
        "With %d seeds or more, a fault that never happens is a failure.\n",
        COUNTED_FROM);
    return 2;
}

static bool read_option(const char *name, const char *value, struct options *o)
{
    if (strcmp(name, "--seeds") == 0)
        o->count = strtoull(value, NULL, 10);
    else if (strcmp(name, "--first") == 0)
        o->first = strtoull(value, NULL, 10);
    else if (strcmp(name, "--steps") == 0)
        o->steps = value;
    else if (strcmp(name, "--without") == 0)
        o->without = value;
    else if (strcmp(name, "--seed") == 0) {
        o->first = strtoull(value, NULL, 10);
        o->count = 1;
    } else {
        return false;
    }
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0)
            o->trace = true;
        else if (strcmp(argv[i], "--hashes") == 0)
            o->hashes = true;
        else if (strcmp(argv[i], "--list") == 0)
            o->list = true;
        else if (strcmp(argv[i], "--shrink") == 0)
            o->shrink = true;
        else if (i + 1 == argc || !read_option(argv[i], argv[i + 1], o))
            return false;
        else
            i++;
    }
    return o->count > 0;
}

/* The steps that the options leave of the plan. */
static void choose_steps(struct plan *p, const struct options *o)
{
    const char *list = o->steps != NULL ? o->steps : o->without;
    if (list == NULL || plan_select(p, list, o->steps == NULL))
        return;
    fprintf(stderr, "minga-sim: %s: the seed has steps 1-%u\n", list, p->count);
    exit(2);
}

static void live(uint64_t seed, const struct options *o, uint64_t counts[static COUNT_KIND_COUNT])
{
    uint8_t hash[32];
    char hex[65];
    struct world *w = world_new(seed, counts, o->trace);
    choose_steps(&w->plan, o);
    world_live(w, hash);
    world_free(w);
    hex_encode(hash, sizeof hash, hex);
    if (o->hashes || o->trace)
        printf("%llu %s\n", (unsigned long long)seed, hex);
}

/* What concerns the plan alone. */
static int plan(const struct options *o)
{
    struct plan p;
    int code = 0;
    plan_draw(&p, o->first);
    choose_steps(&p, o);
    if (o->shrink)
        code = shrink_run(o->first, &p);
    else
        plan_print(&p);
    plan_release(&p);
    return code;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    uint64_t counts[COUNT_KIND_COUNT] = {0};
    int missing = 0;
    if (!read_options(argc, argv, &o))
        return usage();
    if (sodium_init() < 0)
        return 1;
    if (o.list || o.shrink)
        return plan(&o);
    for (uint64_t i = 0; i < o.count; i++)
        live(o.first + i, &o, counts);
    if (o.hashes)
        return 0;
    for (int i = 0; i < COUNT_KIND_COUNT; i++) {
        printf("%10llu %s\n", (unsigned long long)counts[i], count_texts[i]);
        missing += counts[i] == 0;
    }
    printf("%llu seeds from %llu on: one state everywhere, nothing lost\n",
           (unsigned long long)o.count, (unsigned long long)o.first);
    if (missing > 0 && o.count >= COUNTED_FROM) {
        fprintf(stderr, "FAILED: %d of the above never happened\n", missing);
        return 1;
    }
    return 0;
}
