/*
 * minga-crash: power cuts in the transactions of a whole office. Each kind of transaction (kinds.h)
 * runs once on real files while every change of them is recorded (trace.h); then, for each
 * boundary between two changes, images of what a power cut may leave (image.h) are opened, held
 * against what was promised by then, and written on (check.h).
 *
 * The same seed makes the same keys, the same records and the same images.
 */
#include <errno.h>
#include <getopt.h>
#include <git2.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/mem.h"
#include "tests/crash/check.h"
#include "tests/crash/image.h"
#include "tests/crash/kinds.h"

enum {
    KINDS_MAX = 64,
    DEEP_EACH = 8,           /* every so manieth image is replayed as a whole */
    CHILD_SECONDS_MAX = 600, /* of all that is done to one image */
};

static const char usage[] =
    "usage: minga-crash [--images N] [--seed S] [--kind NAME]… [--often] [--list]\n"
    "                   [--boundary B --image KIND]\n"
    "  --images N    so many, evenly over all boundaries (default: one at each), and at the end\n"
    "                of each kind one without anything that was not synced\n"
    "  --often       the five kinds that continuous integration takes\n"
    "  --boundary B  only there, and only that kind of image, kept where it fails\n";

struct run { /* a kind, recorded */
    const struct kind *kind;
    struct stage *stage;
    struct trace record;
    uint64_t images, absent;
};

static struct {
    uint64_t seed, images;
    bool often, list;
    const char *only[KINDS_MAX];
    uint32_t only_count;
    long boundary; /* -1: all */
    int image;     /* -1: all kinds */
} options = {.seed = 1, .boundary = -1, .image = -1};

static struct run runs[KINDS_MAX];
static uint32_t run_count;
static struct check_result *shared;
static char images_folder[64];

static struct {
    uint64_t images[IMAGE_KINDS], deep, killed, promises, missing, absent, failed;
    uint64_t slowest_us;
    const char *slowest;
} counts;

/* ---- chance ---- */

static uint64_t random_at;

static void draw_bytes(void *const out, const size_t count)
{
    uint8_t key[crypto_stream_chacha20_KEYBYTES] = {0}, nonce[crypto_stream_chacha20_NONCEBYTES];
    memcpy(key, &options.seed, sizeof options.seed);
    random_at++;
    memcpy(nonce, &random_at, sizeof nonce);
    crypto_stream_chacha20(out, count, nonce, key);
}

static uint32_t draw_number(void)
{
    uint32_t out;
    draw_bytes(&out, sizeof out);
    return out;
}

static const char *chance_name(void)
{
    return "seed";
}

static struct randombytes_implementation chance = {
    .implementation_name = chance_name, .random = draw_number, .buf = draw_bytes};

/* ---- recording ---- */

static bool is_wanted(const struct kind *k)
{
    bool named = options.only_count == 0;
    for (uint32_t i = 0; i < options.only_count; i++)
        named = named || strcmp(options.only[i], k->name) == 0;
    return named && (!options.often || k->often);
}

static void trace_kind(const struct kind *k)
{
    struct run *r = &runs[run_count++];
    r->kind = k;
    r->stage = mem_alloc(sizeof *r->stage);
    assert_non_null(r->stage);
    random_at = 0;
    offices_clock = 1777629720;
    k->prepare(r->stage);
    stage_record(r->stage);
    k->run(r->stage);
    trace_end(&r->record);
    stage_end(r->stage);
    if (r->record.event_count == 0) {
        fprintf(stderr, "%s changes no file\n", k->name);
        exit(1);
    }
}

static void trace_all(void)
{
    static const struct kinds *const all[] = {&kinds_records, &kinds_charters, &kinds_sealed,
                                              &kinds_files};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (size_t n = 0; n < all[i]->count; n++)
            if (options.list)
                printf("%s%s\n", all[i]->list[n].name, all[i]->list[n].often ? " (often)" : "");
            else if (is_wanted(&all[i]->list[n]))
                trace_kind(&all[i]->list[n]);
}

/* ---- images ---- */

struct shot {
    struct run *run;
    size_t boundary;
    enum image_kind kind;
    uint64_t seed, number;
};

static void child(const struct shot *p, const char *folder)
{
    signal(SIGTERM, SIG_DFL);
    alarm(CHILD_SECONDS_MAX);
    random_at = (p->number + 1) << 32; /* nothing that was drawn in a record comes again */
    bool deep = p->number % DEEP_EACH == 0;
    check_image(p->run->stage, folder, p->boundary, deep, p->number % 2 == 1, shared);
    _exit(0);
}

static void report(const struct shot *p, int code)
{
    char before[256] = "the beginning", after[256] = "the end";
    if (p->boundary > 0)
        trace_text(&p->run->record, p->boundary - 1, before, sizeof before);
    if (p->boundary < p->run->record.event_count)
        trace_text(&p->run->record, p->boundary, after, sizeof after);
    printf("FAILED: %s, boundary %zu of %zu (after: %s; before: %s), image %s%s\n"
           "  again: minga-crash --seed %llu --kind %s --boundary %zu --image %s:%llu\n",
           p->run->kind->name, p->boundary, p->run->record.event_count, before, after,
           image_words[p->kind],
           WIFSIGNALED(code) && WTERMSIG(code) == SIGALRM ? ", which took too long" : "",
           (unsigned long long)options.seed, p->run->kind->name, p->boundary, image_words[p->kind],
           (unsigned long long)p->seed);
    fflush(stdout);
    counts.failed++;
}

static void count_one(const struct shot *p)
{
    counts.images[p->kind]++;
    counts.deep += shared->deep;
    counts.killed += p->number % 2 == 1;
    counts.promises += shared->promises;
    counts.absent += shared->absent;
    p->run->images++;
    p->run->absent += shared->absent;
    if (shared->recovery_us > counts.slowest_us) {
        counts.slowest_us = shared->recovery_us;
        counts.slowest = p->run->kind->name;
    }
}

static void take(const struct shot *p)
{
    char folder[96];
    int code = 0;
    snprintf(folder, sizeof folder, "%s/i", images_folder);
    *shared = (struct check_result){.recovery_us = 0};
    counts.missing += image_build(&p->run->record, p->boundary, p->kind, p->seed, folder);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        child(p, folder);
    if (pid < 0 || waitpid(pid, &code, 0) != pid)
        trace_die("fork", "");
    count_one(p);
    if (code != 0) {
        report(p, code);
        if (options.boundary >= 0) {
            printf("  kept: %s\n", folder);
            exit(1);
        }
    }
    image_remove(folder);
}

/* Whoever ends it before its time gets the counts so far. */
static volatile sig_atomic_t ended;

static void end_early(int signal_number)
{
    (void)signal_number;
    ended = 1;
}

static void take_all(void)
{
    uint64_t boundaries = 0, at = 0, number = 0;
    for (uint32_t i = 0; i < run_count; i++)
        boundaries += runs[i].record.event_count + 1;
    uint64_t images = options.images > 0 ? options.images : boundaries;
    for (uint32_t i = 0; i < run_count; i++)
        for (size_t b = 0; b <= runs[i].record.event_count; b++, at++) {
            uint64_t end = images * (at + 1) / boundaries;
            for (uint64_t first = number; number < end && ended == 0; number++) {
                /* The first two of a boundary take turns with all kinds; the rest are by chance. */
                enum image_kind kind = number - first < IMAGE_KINDS
                                           ? (enum image_kind)(number % IMAGE_KINDS)
                                           : (number % 2 == 0 ? IMAGE_SOME : IMAGE_TORN);
                struct shot p = {&runs[i], b, kind, options.seed * 1000003 + number, number};
                take(&p);
            }
            if (b == runs[i].record.event_count &&
                ended == 0) { /* all was acknowledged: none of it may go */
                struct shot p = {&runs[i], b, IMAGE_NOTHING, 0, 0};
                take(&p);
            }
        }
}

static void take_one(uint64_t seed)
{
    struct shot p = {&runs[0], (size_t)options.boundary, (enum image_kind)options.image, seed, 0};
    take(&p);
    p.number = 1;
    take(&p);
}

static void print(void)
{
    uint64_t images = 0, boundaries = 0;
    for (uint32_t i = 0; i < run_count; i++) {
        printf("%-16s %5zu boundaries %6llu images", runs[i].kind->name,
               runs[i].record.event_count + 1, (unsigned long long)runs[i].images);
        if (runs[i].absent > 0)
            printf("  (%llu before there was a home)", (unsigned long long)runs[i].absent);
        printf("\n");
        boundaries += runs[i].record.event_count + 1;
    }
    for (int i = 0; i < IMAGE_KINDS; i++) {
        printf("%s %llu%s", image_words[i], (unsigned long long)counts.images[i],
               i + 1 < IMAGE_KINDS ? ", " : "\n");
        images += counts.images[i];
    }
    printf(
        "%s%u kinds, %llu boundaries, %llu images; %llu changes lost in them, %llu promises held "
        "against them, %llu replayed as a whole, %llu killed once more\n"
        "slowest recovery: %llu ms (%s)\n%llu failed\n",
        ended != 0 ? "ended early: " : "", run_count, (unsigned long long)boundaries,
        (unsigned long long)images, (unsigned long long)counts.missing,
        (unsigned long long)counts.promises, (unsigned long long)counts.deep,
        (unsigned long long)counts.killed, (unsigned long long)counts.slowest_us / 1000,
        counts.slowest, (unsigned long long)counts.failed);
}

/* KIND or KIND:SEED. */
static uint64_t read_image(const char *text)
{
    size_t count = strcspn(text, ":");
    for (int i = 0; i < IMAGE_KINDS; i++)
        if (strlen(image_words[i]) == count && memcmp(image_words[i], text, count) == 0)
            options.image = i;
    return text[count] == ':' ? strtoull(text + count + 1, NULL, 10) : 0;
}

static uint64_t parse(int count, char **words)
{
    static const struct option names[] = {
        {"images", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'},
        {"kind", required_argument, NULL, 'k'},   {"often", no_argument, NULL, 'o'},
        {"list", no_argument, NULL, 'l'},         {"boundary", required_argument, NULL, 'b'},
        {"image", required_argument, NULL, 'i'},  {NULL, 0, NULL, 0},
    };
    uint64_t seed = 0;
    for (int c; (c = getopt_long(count, words, "", names, NULL)) != -1;)
        switch (c) {
        case 'n':
            options.images = strtoull(optarg, NULL, 10);
            break;
        case 's':
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'k':
            if (options.only_count < KINDS_MAX)
                options.only[options.only_count++] = optarg;
            break;
        case 'o':
            options.often = true;
            break;
        case 'l':
            options.list = true;
            break;
        case 'b':
            options.boundary = strtol(optarg, NULL, 10);
            break;
        case 'i':
            seed = read_image(optarg);
            break;
        default:
            fputs(usage, stderr);
            exit(2);
        }
    return seed;
}

int main(int count, char **words)
{
    uint64_t seed = parse(count, words);
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failed assertion ends the process with its words */
    randombytes_set_implementation(&chance);
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 2;
    trace_all();
    if (options.list)
        return 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(images_folder, sizeof images_folder, "/dev/shm/minga-crash-XXXXXX");
    if (run_count == 0 || shared == MAP_FAILED || mkdtemp(images_folder) == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    signal(SIGTERM, end_early);
    if (options.boundary >= 0 && options.image >= 0)
        take_one(seed);
    else
        take_all();
    image_remove(images_folder);
    print();
    for (uint32_t i = 0; i < run_count; i++) {
        trace_release(&runs[i].record);
        stage_release(runs[i].stage);
        mem_free(runs[i].stage);
    }
    return counts.failed > 0 ? 1 : 0;
}
