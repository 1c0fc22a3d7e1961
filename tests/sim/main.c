/*
 * minga-sim: whole members under virtual time, with faults. One seed is one world.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/many.h"
#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

struct options {
    struct many_options many;
    bool one; /* seed: many.first */
    bool trace, list, shrink;
    const char *steps, *without;
};

static int usage(void)
{
    fprintf(stderr, "usage: minga-sim --seeds N [--first S] [--jobs J] [--all] [--hashes]\n"
                    "       minga-sim --seed S [--steps LIST | --without LIST] [--trace | --list | "
                    "--shrink]\n"
                    "  --jobs     so many processes side by side\n"
                    "  --all      go on after a failure\n"
                    "  --hashes   print each seed's trace hash\n"
                    "  --steps    only these steps of the seed's plan: 3,17,40-52\n"
                    "  --without  all but these\n"
                    "  --list     print the plan in words\n"
                    "  --shrink   leave out what a failure does not need; print what is left\n"
                    "  --trace    print everything that happens\n"
                    "With 50 seeds or more, a fault that never happens is a failure.\n");
    return 2;
}

static bool read_option(const char *name, const char *value, struct options *o)
{
    if (strcmp(name, "--seeds") == 0)
        o->many.count = strtoull(value, NULL, 10);
    else if (strcmp(name, "--first") == 0)
        o->many.first = strtoull(value, NULL, 10);
    else if (strcmp(name, "--jobs") == 0)
        o->many.jobs = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--steps") == 0)
        o->steps = value;
    else if (strcmp(name, "--without") == 0)
        o->without = value;
    else if (strcmp(name, "--seed") == 0) {
        o->many.first = strtoull(value, NULL, 10);
        o->many.count = 1;
        o->one = true;
    } else {
        return false;
    }
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name;
        bool *to;
    } flags[] = {{"--trace", &o->trace},   {"--list", &o->list},          {"--all", &o->many.all},
                 {"--shrink", &o->shrink}, {"--hashes", &o->many.hashes}, {NULL, NULL}};
    for (int i = 1; i < argc; i++) {
        uint32_t k = 0;
        while (flags[k].name != NULL && strcmp(argv[i], flags[k].name) != 0)
            k++;
        if (flags[k].name != NULL)
            *flags[k].to = true;
        else if (i + 1 == argc || !read_option(argv[i], argv[i + 1], o))
            return false;
        else
            i++;
    }
    return o->many.count > 0 && o->many.jobs > 0 && o->many.jobs <= MANY_JOBS_MAX;
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

static int live(const struct options *o)
{
    uint64_t counts[COUNT_KIND_COUNT] = {0};
    uint8_t hash[32];
    char hex[65];
    struct world *w = world_new(o->many.first, counts, o->trace);
    choose_steps(&w->plan, o);
    world_live(w, hash);
    world_free(w);
    hex_encode(hash, sizeof hash, hex);
    printf("%llu %s\n", (unsigned long long)o->many.first, hex);
    return 0;
}

/* What concerns the plan alone. */
static int plan(const struct options *o)
{
    struct plan p;
    int code = 0;
    plan_draw(&p, o->many.first);
    choose_steps(&p, o);
    if (o->shrink)
        code = shrink_run(o->many.first, &p);
    else
        plan_print(&p);
    plan_release(&p);
    return code;
}

int main(int argc, char **argv)
{
    struct options o = {.many = {.jobs = 1}};
    if (!read_options(argc, argv, &o))
        return usage();
    if (sodium_init() < 0)
        return 1;
    if (!o.one)
        return many_run(&o.many);
    return o.list || o.shrink ? plan(&o) : live(&o);
}
