/*
 * minga-sim: whole members under virtual time, with faults. One seed is one world.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

enum { COUNTED_FROM = 50 }; /* with fewer seeds, a fault may honestly not come */

static const char *const count_texts[COUNT_KIND_COUNT] = {
    [COUNT_CRASH_AT_IO] = "power lost at an I/O boundary",
    [COUNT_CRASH_IN_OPEN] = "power lost while recovering",
    [COUNT_CRASH] = "power lost between work",
    [COUNT_RESTART] = "restarts",
    [COUNT_RESTORE] = "old snapshots restored",
    [COUNT_FORK] = "keys forked by that",
    [COUNT_PARTITION] = "partitions",
    [COUNT_DELAY] = "delays of up to seconds",
    [COUNT_REORDER] = "segments reordered between links",
    [COUNT_DUPLICATE] = "duplicate connections",
    [COUNT_FLIP] = "bits inverted on their way",
    [COUNT_DROP] = "connections cut within bytes",
    [COUNT_CLOCK] = "wall clocks moved by years",
    [COUNT_CHARTER] = "members added",
    [COUNT_CONFLICT] = "conflicts at the end",
    [COUNT_OVERDRAWN] = "expenses refused",
    [COUNT_REPEATED] = "items that came again",
    [COUNT_CHECKPOINT] = "checkpoints",
    [COUNT_WRITE] = "writes",
    [COUNT_EXCUSED] = "acknowledged writes lost to a snapshot's return alone",
};

struct options {
    uint64_t first, count;
    bool trace, hashes;
};

static int usage(void)
{
    fprintf(stderr,
            "usage: minga-sim --seeds N [--first S] [--hashes]\n"
            "       minga-sim --seed S [--trace]\n"
            "  --hashes  print each seed's trace hash\n"
            "  --trace   print everything that happens\n"
            "With %d seeds or more, a fault that never happens is a failure.\n",
            COUNTED_FROM);
    return 2;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        uint64_t n = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
        if (strcmp(argv[i], "--trace") == 0) {
            o->trace = true;
        } else if (strcmp(argv[i], "--hashes") == 0) {
            o->hashes = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0) {
            o->count = n;
            i++;
        } else if (i + 1 < argc && strcmp(argv[i], "--first") == 0) {
            o->first = n;
            i++;
        } else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) {
            o->first = n;
            o->count = 1;
            i++;
        } else {
            return false;
        }
    }
    return o->count > 0;
}

static void live(uint64_t seed, const struct options *o, uint64_t counts[static COUNT_KIND_COUNT])
{
    uint8_t hash[32];
    char hex[65];
    struct world *w = world_new(seed, counts, o->trace);
    world_live(w, hash);
    world_free(w);
    hex_encode(hash, sizeof hash, hex);
    if (o->hashes || o->trace)
        printf("%llu %s\n", (unsigned long long)seed, hex);
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
