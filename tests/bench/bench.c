/*
 * bench: what tests/bench/run.sh measures with, and the text that it measures on. One subcommand a
 * measurement; each prints its lines of JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/line.h"
#include "tests/bench/text.h"

enum {
    WRITERS = 64,
    CHANGED_ROWS = 100,
    CHANGE_ROUNDS = 5,
    SET_ROUNDS = 10, /* git's; Minga's are SETS_A_ROUND each */
    SETS_A_ROUND = 50,
    COMMIT_ROUNDS = 5,
    COMMITS_A_ROUND = 400,
    APPEND_BYTES = 300, /* about a frame of one field */
    APPEND_FILE_BYTES = 4 * 1024 * 1024,
    QUERY_ROUNDS = 20,
    GIT_QUERY_ROUNDS = 3,
    VALUES_MAX = 4096,
    ID_TEXT_BYTES = 32,
};

static void print(struct buf *text)
{
    if (buf_status(text) != ST_OK || fwrite(text->data, 1, text->count, stdout) != text->count)
        line_fail("the text cannot be written");
    buf_release(text);
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static void print_csv(char **words)
{
    struct buf out = {0};
    text_csv(0, number(words[0]), 0, &out);
    print(&out);
}

static void print_import(char **words)
{
    struct buf out = {0};
    text_import(number(words[0]), &out);
    print(&out);
}

/* arrive SOCKET COMMIT: until it is durable there, from before the daemon listens. */
static void arrive(char **words)
{
    struct line l;
    line_open(&l, words[0], 60);
    line_send(&l, (const char *const[]){"watch", NULL});
    line_commits(&l, 1, words[1]);
    line_close(&l);
}

/* fill SOCKET COUNT: commits of one new record each, by many writers at once. */
static void fill(char **words)
{
    static struct line lines[WRITERS];
    uint32_t count = number(words[1]);
    struct buf csv = {0};
    for (uint32_t i = 0; i < WRITERS; i++)
        line_open(&lines[i], words[0], 10);
    for (uint32_t i = 0; i < count + WRITERS; i++) {
        if (i >= WRITERS && i - WRITERS < count)
            line_answer(&lines[i % WRITERS]);
        if (i >= count)
            continue;
        buf_reset(&csv);
        text_csv(i, 1, 0, &csv);
        line_send_option(&lines[i % WRITERS], (const char *const[]){"import", "session", NULL},
                         "content", buf_bytes(&csv));
    }
    for (uint32_t i = 0; i < WRITERS; i++)
        line_close(&lines[i]);
    buf_release(&csv);
}

/* The id of row 'which'. */
static void find(struct line *l, uint32_t which, char out[static ID_TEXT_BYTES])
{
    char filter[32];
    snprintf(filter, sizeof filter, "session=S%06u", which);
    line_send(l, (const char *const[]){"list", "session", filter, NULL});
    line_answer(l);
    line_text(l, "id", out, ID_TEXT_BYTES);
}

static void write_file(const char *folder, uint32_t which, uint32_t revision)
{
    char path[TEXT_PATH_BYTES], whole[512];
    struct buf text = {0};
    text_path(which, path);
    text_json(which, revision, &text);
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    FILE *file = fopen(whole, "w");
    if (file == NULL || fwrite(text.data, 1, text.count, file) != text.count || fclose(file) != 0)
        line_fail("%s: %s", whole, strerror(errno));
    buf_release(&text);
}

static void commit_and_push(const char *folder)
{
    line_run(
        (const char *const[]){"git", "-C", folder, "commit", "-q", "-a", "-m", "changed", NULL});
    line_run((const char *const[]){"git", "-C", folder, "push", "-q", "origin", "main", NULL});
}

/* change HERE THERE FOLDER RECORDS: W2. HERE and THERE are control sockets of two daemons, FOLDER a
 * work tree whose origin is over a socket too. */
static void change(char **words)
{
    struct line here, there;
    double ours[CHANGE_ROUNDS], git[CHANGE_ROUNDS];
    uint32_t records = number(words[3]);
    char commits[16];
    line_open(&here, words[0], 10);
    line_open(&there, words[1], 10);
    line_send(&there, (const char *const[]){"watch", NULL});
    for (uint32_t round = 0; round < CHANGE_ROUNDS; round++) {
        uint32_t first = round * CHANGED_ROWS % (records - CHANGED_ROWS);
        struct buf csv = {0};
        text_csv(first, CHANGED_ROWS, round + 1, &csv);
        double start = line_seconds();
        line_send_option(&here, (const char *const[]){"import", "session", NULL}, "content",
                         buf_bytes(&csv));
        line_answer(&here);
        line_text(&here, "commits", commits, sizeof commits);
        line_commits(&there, number(commits), NULL);
        ours[round] = (line_seconds() - start) * 1000;
        buf_release(&csv);
        for (uint32_t i = first; i < first + CHANGED_ROWS; i++)
            write_file(words[2], i, round + 1);
        start = line_seconds();
        commit_and_push(words[2]);
        git[round] = (line_seconds() - start) * 1000;
    }
    struct line_result r = {.what = "W2 100 records changed, until durable on the other side, p50",
                            .unit = "ms",
                            .peer = "git commit, push",
                            .value = line_share(ours, CHANGE_ROUNDS, 0.5),
                            .peer_value = line_share(git, CHANGE_ROUNDS, 0.5)};
    r.ratio = r.peer_value / r.value;
    line_report(&r);
    line_close(&here);
    line_close(&there);
}

/* set HERE THERE FOLDER: W3. */
static void set(char **words)
{
    struct line here, there;
    double ours[SET_ROUNDS * SETS_A_ROUND], git[SET_ROUNDS];
    char id[ID_TEXT_BYTES], topic[32];
    uint32_t used = 0;
    line_open(&here, words[0], 10);
    line_open(&there, words[1], 10);
    line_send(&there, (const char *const[]){"watch", NULL});
    for (uint32_t round = 0; round < SET_ROUNDS; round++) {
        for (uint32_t i = 0; i < SETS_A_ROUND; i++, used++) {
            find(&here, used, id);
            snprintf(topic, sizeof topic, "number=%u", 1000 + used);
            double start = line_seconds();
            line_send(&here, (const char *const[]){"set", id, topic, NULL});
            line_answer(&here);
            line_commits(&there, 1, NULL);
            ours[used] = (line_seconds() - start) * 1000;
        }
        write_file(words[2], round, 1000 + round);
        double start = line_seconds();
        commit_and_push(words[2]);
        git[round] = (line_seconds() - start) * 1000;
    }
    struct line_result r = {.what = "W3 one record, from command to durable elsewhere, p50",
                            .unit = "ms",
                            .peer = "git commit, push",
                            .bar = "2.5 ms at most, 100 times faster than git",
                            .value = line_share(ours, used, 0.5),
                            .peer_value = line_share(git, SET_ROUNDS, 0.5)};
    r.ratio = r.peer_value / r.value;
    r.met = r.value <= 2.5 && r.ratio >= 100;
    line_report(&r);
    r = (struct line_result){.what = "W3 one record, from command to durable elsewhere, p99",
                             .unit = "ms",
                             .value = line_share(ours, used, 0.99)};
    line_report(&r);
    line_close(&here);
    line_close(&there);
}

/* One change of a number, at HERE, until its commit is durable at THERE [ms]. */
static double one_set(struct line *here, struct line *there, const char *id, uint32_t value)
{
    char word[32];
    snprintf(word, sizeof word, "number=%u", value);
    double start = line_seconds();
    line_send(here, (const char *const[]){"set", id, word, NULL});
    line_answer(here);
    line_commits(there, 1, NULL);
    return (line_seconds() - start) * 1000;
}

/* sealed HERE THERE SEALED_HERE SEALED_THERE: W3 where the field is open, and where it is sealed,
 * turn about. */
static void sealed(char **words)
{
    struct line lines[4];
    double took[2][SET_ROUNDS * SETS_A_ROUND];
    char id[ID_TEXT_BYTES];
    uint32_t used = 0;
    for (int i = 0; i < 4; i++)
        line_open(&lines[i], words[i], 10);
    for (int i = 1; i < 4; i += 2)
        line_send(&lines[i], (const char *const[]){"watch", NULL});
    for (; used < SET_ROUNDS * SETS_A_ROUND; used++) {
        for (int i = 0; i < 2; i++) {
            find(&lines[2 * i], used, id);
            took[i][used] = one_set(&lines[2 * i], &lines[2 * i + 1], id, 1000 + used);
        }
    }
    struct line_result r = {.what = "W3 with a sealed field, p50",
                            .unit = "ms",
                            .peer = "the same, open",
                            .bar = "0.3 ms more at most",
                            .value = line_share(took[1], used, 0.5),
                            .peer_value = line_share(took[0], used, 0.5)};
    r.ratio = r.peer_value / r.value;
    r.met = r.value - r.peer_value <= 0.3;
    line_report(&r);
    for (int i = 0; i < 4; i++)
        line_close(&lines[i]);
}

/* How many appends of one frame a second can be made durable, in a file whose blocks are there. */
static double append_rate(const char *folder)
{
    static uint8_t zeros[APPEND_FILE_BYTES];
    uint8_t data[APPEND_BYTES];
    char path[512];
    snprintf(path, sizeof path, "%s/bench.tmp", folder);
    memset(data, 'x', sizeof data);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || pwrite(fd, zeros, sizeof zeros, 0) != (ssize_t)sizeof zeros || fsync(fd) != 0)
        line_fail("%s: %s", path, strerror(errno));
    double start = line_seconds();
    for (off_t i = 0; i < COMMITS_A_ROUND; i++)
        if (pwrite(fd, data, sizeof data, i * APPEND_BYTES) != APPEND_BYTES || fdatasync(fd) != 0)
            line_fail("%s: %s", path, strerror(errno));
    double seconds = line_seconds() - start;
    close(fd);
    unlink(path);
    return COMMITS_A_ROUND / seconds;
}

static void send_set(struct line *l, const char *id, uint32_t value)
{
    char field[32];
    snprintf(field, sizeof field, "number=%u", value);
    line_send(l, (const char *const[]){"set", id, field, NULL});
}

/* Each changes another record: one record's edits make its next one dearer. */
static double one_writer(struct line *l, char (*ids)[ID_TEXT_BYTES], uint32_t first)
{
    double start = line_seconds();
    for (uint32_t i = 0; i < COMMITS_A_ROUND; i++) {
        send_set(l, ids[i], first + i);
        line_answer(l);
    }
    return COMMITS_A_ROUND / (line_seconds() - start);
}

/* Each writer sends its next as soon as it has its answer. */
static double many_writers(struct line *lines, char (*ids)[ID_TEXT_BYTES], uint32_t first)
{
    struct pollfd polled[WRITERS];
    uint32_t sent = 0, answered = 0;
    double start = line_seconds();
    for (uint32_t i = 0; i < WRITERS; i++) {
        polled[i] = (struct pollfd){.fd = lines[i].descriptor, .events = POLLIN};
        send_set(&lines[i], ids[i], first + sent);
        sent++;
    }
    while (answered < 4 * COMMITS_A_ROUND) {
        if (poll(polled, WRITERS, -1) < 0)
            line_fail("%s", strerror(errno));
        for (uint32_t i = 0; i < WRITERS; i++) {
            if (polled[i].revents == 0)
                continue;
            line_answer(&lines[i]);
            answered++;
            if (sent == 4 * COMMITS_A_ROUND) {
                polled[i].fd = -1;
                continue;
            }
            send_set(&lines[i], ids[sent % COMMITS_A_ROUND], first + sent);
            sent++;
        }
    }
    return 4 * COMMITS_A_ROUND / (line_seconds() - start);
}

/* commits SOCKET FOLDER: W6; FOLDER on the disk that the daemon writes to. */
static void commits(char **words)
{
    static struct line lines[WRITERS];
    static char ids[COMMITS_A_ROUND][ID_TEXT_BYTES];
    double appends[COMMIT_ROUNDS + 1], one[COMMIT_ROUNDS], many[COMMIT_ROUNDS];
    uint32_t value = 100000;
    for (uint32_t i = 0; i < WRITERS; i++)
        line_open(&lines[i], words[0], 10);
    for (uint32_t i = 0; i < COMMITS_A_ROUND; i++)
        find(&lines[0], i, ids[i]);
    for (uint32_t round = 0; round < COMMIT_ROUNDS; round++) {
        appends[round] = append_rate(words[1]);
        one[round] = one_writer(&lines[0], ids, value);
        value += COMMITS_A_ROUND;
        many[round] = many_writers(lines, ids, value);
        value += 4 * COMMITS_A_ROUND;
    }
    struct line_result r = {.what = "W6 durable commits, one writer",
                            .unit = "a second",
                            .peer = "append of 300 bytes and fdatasync",
                            .bar = "0.4 of the fsync rate",
                            .value = line_share(one, COMMIT_ROUNDS, 0.5),
                            .peer_value = line_share(appends, COMMIT_ROUNDS, 0.5)};
    r.ratio = r.value / r.peer_value;
    r.met = r.ratio >= 0.4;
    line_report(&r);
    r.what = "W6 durable commits, 64 writers";
    r.value = line_share(many, COMMIT_ROUNDS, 0.5);
    r.ratio = r.value / r.peer_value;
    r.bar = NULL;
    line_report(&r);
    for (uint32_t i = 0; i < WRITERS; i++)
        line_close(&lines[i]);
}

static double query_ms(struct line *l, const char *const *words)
{
    double taken[QUERY_ROUNDS];
    for (uint32_t i = 0; i < QUERY_ROUNDS; i++) {
        double start = line_seconds();
        line_send(l, words);
        line_answer(l);
        taken[i] = (line_seconds() - start) * 1000;
    }
    return line_share(taken, QUERY_ROUNDS, 0.5);
}

static double grep_ms(const char *folder)
{
    double taken[GIT_QUERY_ROUNDS];
    for (uint32_t i = 0; i < GIT_QUERY_ROUNDS; i++) {
        double start = line_seconds();
        line_run((const char *const[]){"git", "-C", folder, "grep", "-l", "\"date\":\"2026-05-17\"",
                                       "main", NULL});
        taken[i] = (line_seconds() - start) * 1000;
    }
    return line_share(taken, GIT_QUERY_ROUNDS, 0.5);
}

/* query SOCKET FOLDER: W7; git has no index, so that a list and a count cost it the same. */
static void query(char **words)
{
    struct line l;
    line_open(&l, words[0], 10);
    double git = grep_ms(words[1]);
    struct line_result r = {.unit = "ms", .peer = "git grep -l", .peer_value = git};
    static const char filter[] = "date=2026-05-17";
    r.what = "W7 first 50 rows by a filter";
    r.value = query_ms(&l, (const char *const[]){"list", "session", filter, "--limit=50", NULL});
    r.ratio = git / r.value;
    line_report(&r);
    r.what = "W7 a count by a filter";
    r.value = query_ms(&l, (const char *const[]){"list", "session", filter, "--count", NULL});
    r.ratio = git / r.value;
    line_report(&r);
    r.what = "W7 first 50 rows of all";
    r.value = query_ms(&l, (const char *const[]){"list", "session", "--limit=50", NULL});
    r.ratio = git / r.value;
    line_report(&r);
    r.what = "W7 a count of all";
    r.value = query_ms(&l, (const char *const[]){"list", "session", "--count", NULL});
    r.ratio = git / r.value;
    line_report(&r);
    line_close(&l);
}

/* trail SOCKET ID: the daemon's answer on a connection that is open. */
static void trail(char **words)
{
    struct line l;
    struct line_result r = {.what = "trail of a receipt", .unit = "ms", .bar = "20 ms at most"};
    line_open(&l, words[0], 10);
    r.value = query_ms(&l, (const char *const[]){"trail", words[1], NULL});
    r.met = r.value <= 20;
    line_report(&r);
    line_close(&l);
}

/* report WHAT VALUE UNIT [PEER PEER_VALUE RATIO [BAR MET]]: what the script itself measured. */
static void report(char **words)
{
    struct line_result r = {.what = words[0], .unit = words[2]};
    r.value = strtod(words[1], NULL);
    if (words[3] != NULL && words[3][0] != '\0') {
        r.peer = words[3];
        r.peer_value = strtod(words[4], NULL);
        r.ratio = strtod(words[5], NULL);
    }
    if (words[3] != NULL && words[6] != NULL) {
        r.bar = words[6];
        r.met = strcmp(words[7], "true") == 0;
    }
    line_report(&r);
}

int main(int count, char **words)
{
    static const struct command {
        const char *name;
        int words_min;
        void (*run)(char **words);
    } commands[] = {
        {"csv", 1, print_csv},   {"fast-import", 1, print_import},
        {"arrive", 2, arrive},   {"fill", 2, fill},
        {"change", 4, change},   {"set", 3, set},
        {"commits", 2, commits}, {"query", 2, query},
        {"sealed", 4, sealed},   {"trail", 2, trail},
        {"report", 3, report},
    };
    for (size_t i = 0; count > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(words[1], commands[i].name) == 0 && count - 2 >= commands[i].words_min) {
            commands[i].run(words + 2);
            return 0;
        }
    fputs("usage: bench csv|fast-import|arrive|fill|change|set|commits|query|sealed|trail|report "
          "WORDS\n",
          stderr);
    return 2;
}
