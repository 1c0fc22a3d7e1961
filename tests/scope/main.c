/*
 * minga-scope: three members, up to six commits, every history and every interleaving (scope.h).
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scope/scope.h"

static const struct {
    const char *name;
    void (*walk)(const struct scope_options *o, struct scope_counts *counts);
} parts[] = {{"heads", heads_walk},
             {"money", money_walk},
             {"records", records_walk},
             {"replicas", replicas_walk}};

bool scope_mine(const struct scope_options *o, uint64_t *pairs, const struct history *h)
{
    if (h->count != 2)
        return true;
    return (*pairs)++ % o->parts == o->part;
}

bool scope_next_order(uint32_t *order, uint32_t count)
{
    uint32_t at = count - 1, other = count - 1;
    while (at > 0 && order[at - 1] > order[at])
        at--;
    if (at == 0)
        return false;
    while (order[other] < order[at - 1])
        other--;
    uint32_t kept = order[at - 1];
    order[at - 1] = order[other];
    order[other] = kept;
    for (uint32_t low = at, high = count - 1; low < high; low++, high--) {
        kept = order[low];
        order[low] = order[high];
        order[high] = kept;
    }
    return true;
}

void scope_fail(const struct history *h, const char *letters, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "FAILED: %s:\n", what);
    history_print(h, letters);
    exit(1);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: minga-scope heads|money|records|replicas|all COMMITS [PART/PARTS]\n"
            "  Every history of 1 to COMMITS (at most 6) commits by three members, in every\n"
            "  interleaving. With PART/PARTS (0/2 and 1/2) processors share them.\n");
    return 2;
}

static bool read_options(int argc, char **argv, struct scope_options *o)
{
    char *end;
    if (argc != 3 && argc != 4)
        return false;
    *o = (struct scope_options){.parts = 1};
    o->commits = (uint32_t)strtoul(argv[2], &end, 10);
    if (*end != '\0' || o->commits < 1 || o->commits > HISTORY_COMMITS_MAX)
        return false;
    if (argc == 4) {
        o->part = (uint32_t)strtoul(argv[3], &end, 10);
        if (*end != '/')
            return false;
        o->parts = (uint32_t)strtoul(end + 1, &end, 10);
    }
    return *end == '\0' && o->part < o->parts;
}

static void walk(size_t which, const struct scope_options *o)
{
    struct scope_counts c = {0};
    parts[which].walk(o, &c);
    printf("%s, %d members, up to %u commits, part %u of %u:\n", parts[which].name, HISTORY_MEMBERS,
           o->commits, o->part, o->parts);
    printf("%12" PRIu64 " histories, each a state that a member can be in\n", c.histories);
    printf("%12" PRIu64 " deliveries to them, in every order and again\n", c.deliveries);
    printf("%12" PRIu64 " meetings of two members\n", c.meetings);
    printf("%12" PRIu64 " commits refused that had to be\n", c.refusals);
    printf("%12" PRIu64 " states of the three members together, for which these stand\n",
           c.systems);
}

int main(int argc, char **argv)
{
    struct scope_options o;
    bool known = false;
    if (!read_options(argc, argv, &o))
        return usage();
    if (sodium_init() < 0)
        return 1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(argv[1], parts[i].name) == 0 || strcmp(argv[1], "all") == 0) {
            known = true;
            walk(i, &o);
        }
    return known ? 0 : usage();
}
