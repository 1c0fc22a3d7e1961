#include "tests/sim/many.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/check.h"
#include "tests/sim/marks.h"
#include "tests/sim/world.h"

enum {
    COUNTED_FROM = 50,  /* with fewer seeds, a fault may honestly not come */
    FAILURES_MAX = 100, /* more say nothing new */
};

struct tally { /* of one job; in memory that it shares with the others */
    uint64_t counts[COUNT_KIND_COUNT], marks[MARKS_MAX];
    uint64_t done, now; /* seeds */
};

struct job {
    pid_t process; /* 0: none */
    uint64_t next; /* seed */
};

struct many {
    const struct many_options *o;
    struct tally *tallies;
    struct job jobs[MANY_JOBS_MAX];
    uint64_t failed[FAILURES_MAX];
    uint32_t failed_count;
};

static const char *const count_texts[COUNT_KIND_COUNT] = {
#define COUNT_TEXT(name, text) [COUNT_##name] = (text),
    WORLD_COUNTS(COUNT_TEXT)
#undef COUNT_TEXT
};

/* ---- a job ---- */

static void live(const struct many *m, struct tally *t)
{
    uint8_t hash[32];
    char hex[65];
    struct world *w = world_new(t->now, t->counts, false);
    world_live(w, hash);
    world_free(w);
    t->done++;
    hex_encode(hash, sizeof hash, hex);
    if (m->o->hashes)
        printf("%llu %s\n", (unsigned long long)t->now, hex);
    fflush(stdout);
}

static void work(const struct many *m, uint32_t index)
{
    struct tally *t = &m->tallies[index];
    uint64_t before[MARKS_MAX], marks[MARKS_MAX] = {0};
    for (uint64_t seed = m->jobs[index].next; seed < m->o->first + m->o->count;
         seed += m->o->jobs) {
        t->now = seed;
        live(m, t);
        memcpy(before, marks, sizeof before);
        marks_take(marks);
        for (int i = 0; i < MARKS_MAX; i++)
            t->marks[i] += marks[i] - before[i];
    }
}

static void start(struct many *m, uint32_t index)
{
    struct job *j = &m->jobs[index];
    j->process = 0;
    if (j->next >= m->o->first + m->o->count)
        return;
    fflush(stdout);
    j->process = fork();
    CHECK(j->process >= 0);
    if (j->process > 0)
        return;
    work(m, index);
    exit(0);
}

/* ---- all of them ---- */

static void stop(struct many *m)
{
    for (uint32_t i = 0; i < m->o->jobs; i++)
        if (m->jobs[i].process > 0)
            (void)kill(m->jobs[i].process, SIGTERM);
}

static void ended(struct many *m, pid_t process, int status)
{
    uint32_t index = 0;
    while (m->jobs[index].process != process)
        index++;
    m->jobs[index].process = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (m->failed_count > 0 && !m->o->all)
        return; /* it was stopped */
    m->failed[m->failed_count++] = m->tallies[index].now;
    m->jobs[index].next = m->tallies[index].now + m->o->jobs;
    if (m->o->all && m->failed_count < FAILURES_MAX)
        start(m, index);
    else
        stop(m);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* How many things never happened. */
static uint32_t print_counts(const struct tally *sum)
{
    uint32_t missing = 0;
    for (int i = 0; i < COUNT_KIND_COUNT; i++) {
        printf("%10llu %s\n", (unsigned long long)sum->counts[i], count_texts[i]);
        missing += sum->counts[i] == 0;
    }
    printf("Rare branches of the product:\n");
    missing += marks_print(sum->marks, sum->done);
    return sum->done >= COUNTED_FROM ? missing : 0;
}

static int print_all(const struct many *m, double took)
{
    struct tally sum = {{0}, {0}, 0, 0};
    for (uint32_t j = 0; j < m->o->jobs; j++) {
        for (int i = 0; i < COUNT_KIND_COUNT; i++)
            sum.counts[i] += m->tallies[j].counts[i];
        for (int i = 0; i < MARKS_MAX; i++)
            sum.marks[i] += m->tallies[j].marks[i];
        sum.done += m->tallies[j].done;
    }
    uint32_t missing = print_counts(&sum);
    printf("%llu seeds from %llu on in %.0f s: %.2f seeds a second, %u jobs\n",
           (unsigned long long)sum.done, (unsigned long long)m->o->first, took,
           (double)sum.done / (took > 0 ? took : 1), m->o->jobs);
    fflush(stdout);
    for (uint32_t i = 0; i < m->failed_count; i++)
        fprintf(stderr, "failed: minga-sim --seed %llu --shrink\n",
                (unsigned long long)m->failed[i]);
    if (missing > 0)
        fprintf(stderr, "FAILED: %u of the above never happened\n", missing);
    if (m->failed_count > 0 || missing > 0)
        return 1;
    printf("One state everywhere, nothing lost. The chance that a seed fails is below %.2g "
           "(3/%llu) with 95 %% confidence.\n",
           3.0 / (double)sum.done, (unsigned long long)sum.done);
    return 0;
}

int many_run(const struct many_options *o)
{
    struct many m = {.o = o};
    double began = seconds();
    size_t bytes = MANY_JOBS_MAX * sizeof *m.tallies;
    int status;
    m.tallies = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(m.tallies != MAP_FAILED && o->jobs > 0 && o->jobs <= MANY_JOBS_MAX);
    for (uint32_t i = 0; i < o->jobs; i++) {
        m.jobs[i].next = o->first + i;
        start(&m, i);
    }
    for (pid_t process = wait(&status); process > 0; process = wait(&status))
        ended(&m, process, status);
    int code = o->hashes ? m.failed_count > 0 : print_all(&m, seconds() - began);
    munmap(m.tallies, bytes);
    return code;
}
