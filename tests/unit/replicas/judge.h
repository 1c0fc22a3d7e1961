/*
 * judge: run stock tools (git, ssh-keygen) beside the code under test. Everything happens in a
 * fresh folder below /tmp, with no configuration of the machine's.
 */
#ifndef TESTS_JUDGE_H
#define TESTS_JUDGE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JUDGE_TEXT_MAX = 65536, JUDGE_PATH_MAX = 64 };

struct judge {
    char folder[JUDGE_PATH_MAX];
    char output[JUDGE_TEXT_MAX]; /* of the last command, both streams, cut */
};

/* judge_run(): a shell command in the folder; its exit code. */
static inline int __attribute__((format(printf, 2, 3)))
judge_run(struct judge *j, const char *format, ...)
{
    char command[8192], full[8192 + 512];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(full, sizeof full,
             "exec 2>&1; cd %s && export HOME=%s GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
             "LC_ALL=C TZ=UTC; %s",
             j->folder, j->folder, command);
    FILE *pipe = popen(full, "r");
    if (pipe == NULL)
        return -1;
    size_t count = fread(j->output, 1, sizeof j->output - 1, pipe);
    j->output[count] = '\0';
    char rest[4096];
    while (fread(rest, 1, sizeof rest, pipe) > 0)
        ;
    int code = pclose(pipe);
    while (count > 0 && j->output[count - 1] == '\n')
        j->output[--count] = '\0';
    if (code != 0)
        fprintf(stderr, "%s\n-> %d: %s\n", command, code, j->output);
    return code;
}

/* judge_number(): what the last command printed, a number alone; -1: something else. */
static inline long judge_number(const struct judge *j)
{
    char *end = NULL;
    long number = strtol(j->output, &end, 10);
    return end != j->output && *end == '\0' ? number : -1;
}

static inline int judge_open(struct judge *j)
{
    snprintf(j->folder, sizeof j->folder, "/tmp/minga-judge-XXXXXX");
    return mkdtemp(j->folder) != NULL ? 0 : -1;
}

static inline void judge_close(struct judge *j)
{
    char command[JUDGE_PATH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf %s", j->folder);
    FILE *pipe = popen(command, "r");
    if (pipe != NULL)
        pclose(pipe);
}

/* judge_write(): a file in the folder. */
static inline int judge_write(struct judge *j, const char *name, const void *data, size_t count)
{
    char path[JUDGE_PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/%s", j->folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return -1;
    size_t written = count > 0 ? fwrite(data, 1, count, file) : 0;
    return fclose(file) == 0 && written == count ? 0 : -1;
}

#endif
