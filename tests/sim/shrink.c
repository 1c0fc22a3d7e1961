#include "tests/sim/shrink.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/check.h"
#include "tests/sim/world.h"

enum {
    SAID_BYTES = 1024, /* what a failure says, at most */
    TRIES_MAX = 4000,
    LIST_BYTES = 8192,
    COLONS = 3, /* see same_failure() */
};

struct shrinker {
    uint64_t seed;
    struct plan *plan;
    uint32_t steps[PLAN_STEPS_MAX]; /* that are still in it, by index */
    uint32_t count, tries;
    char said[SAID_BYTES];  /* by the seed as a whole */
    char again[SAID_BYTES]; /* by the last try that failed in the same way */
};

/* ---- one try ---- */

_Noreturn static void live(const struct shrinker *s, int report)
{
    uint64_t counts[COUNT_KIND_COUNT] = {0};
    uint8_t hash[32];
    if (dup2(report, STDERR_FILENO) < 0 || freopen("/dev/null", "w", stdout) == NULL)
        _exit(2);
    struct world *w = world_new(s->seed, counts, false);
    CHECK(w->plan.count == s->plan->count);
    memcpy(w->plan.left_out, s->plan->left_out, w->plan.count * sizeof *w->plan.left_out);
    world_live(w, hash);
    _exit(0);
}

/* Whether the plan as it stands fails; what was said, to its first line's end. */
static bool fails(struct shrinker *s, char said[static SAID_BYTES])
{
    int ends[2], status = 0;
    size_t count = 0;
    ssize_t more = 1;
    fflush(stdout);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        live(s, ends[1]);
    close(ends[1]);
    while (more > 0 && count < SAID_BYTES - 1) {
        more = read(ends[0], said + count, SAID_BYTES - 1 - count);
        count += more > 0 ? (size_t)more : 0;
    }
    said[count] = '\0';
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    s->tries++;
    char *line = strstr(said, "FAILED: ");
    if (line != NULL)
        memmove(said, line, strlen(line) + 1);
    said[strcspn(said, "\n")] = '\0';
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static const char *skip_word(const char *at)
{
    while (*at != '\0' && *at != ' ')
        at++;
    return at;
}

static bool is_particular(const char *word, const char *end)
{
    bool digit = false;
    for (const char *at = word; at < end; at++)
        digit = digit || isdigit((unsigned char)*at);
    return digit || strncmp(word, "office-", strlen("office-")) == 0;
}

/* What is wrong is the same, but for numbers and names of offices; behind the last of these colons
 * stands why: FAILED: seed 1 at 2.3 s: it is wrong: why */
static bool same_failure(const char *a, const char *b)
{
    uint32_t colons = 0;
    while (*a != '\0' && *b != '\0') {
        const char *a_end = skip_word(a), *b_end = skip_word(b);
        bool same = a_end - a == b_end - b && memcmp(a, b, (size_t)(a_end - a)) == 0;
        colons += a_end > a && a_end[-1] == ':';
        if (same && colons == COLONS)
            return true;
        if (!same && !(is_particular(a, a_end) && is_particular(b, b_end)))
            return false;
        a = a_end + (*a_end == ' ');
        b = b_end + (*b_end == ' ');
    }
    return *a == *b;
}

/* ---- fewer steps ---- */

/* Leaves out steps[first .. first + count - 1] for good where it still fails in the same way. */
static bool try_without(struct shrinker *s, uint32_t first, uint32_t count)
{
    char said[SAID_BYTES];
    for (uint32_t i = first; i < first + count; i++)
        s->plan->left_out[s->steps[i]] = true;
    if (fails(s, said) && same_failure(said, s->said)) {
        memcpy(s->again, said, sizeof said);
        memmove(s->steps + first, s->steps + first + count,
                (s->count - first - count) * sizeof *s->steps);
        s->count -= count;
        return true;
    }
    for (uint32_t i = first; i < first + count; i++)
        s->plan->left_out[s->steps[i]] = false;
    return false;
}

/* Ever smaller parts are left out, the last first: what comes after the failure goes at once. */
static void reduce(struct shrinker *s)
{
    uint32_t part = s->count;
    while (part > 0 && s->tries < TRIES_MAX) {
        bool any = false;
        for (uint32_t end = s->count; end > 0 && s->tries < TRIES_MAX;) {
            uint32_t first = end > part ? end - part : 0;
            any = try_without(s, first, end - first) || any;
            end = first;
        }
        if (part == 1 && !any)
            return;
        part = part > 1 ? (part + 1) / 2 : 1;
    }
}

static void tell(const struct shrinker *s, uint32_t before)
{
    char list[LIST_BYTES];
    printf("%s\n%u of %u steps, after %u tries:\n", s->again, s->count, before, s->tries);
    plan_print(s->plan);
    const char *name = plan_name(s->plan, list, sizeof list);
    printf("Again: minga-sim --seed %llu%s%s\n", (unsigned long long)s->seed,
           name != NULL ? " --steps " : "",
           name == NULL      ? ""
           : name[0] == '\0' ? "''"
                             : name);
}

int shrink_run(uint64_t seed, struct plan *p)
{
    static struct shrinker s;
    s.seed = seed;
    s.plan = p;
    for (uint32_t i = 0; i < p->count; i++)
        if (!p->left_out[i])
            s.steps[s.count++] = i;
    uint32_t before = s.count;
    if (!fails(&s, s.said)) {
        printf("seed %llu does not fail\n", (unsigned long long)seed);
        return 0;
    }
    memcpy(s.again, s.said, sizeof s.said);
    reduce(&s);
    tell(&s, before);
    return 1;
}
