/*
 * shell: a command line run as a person would, in a child process, against a fake daemon: what it
 * printed on both streams and its exit code.
 */
#ifndef TESTS_SHELL_H
#define TESTS_SHELL_H

#include "tests/unit/cli/fake_daemon.h"

#include <git2.h>
#include <sodium.h>
#include <sys/wait.h>

#include "cli/arguments.h"
#include "cli/language.h"
#include "cli/verbs.h"

enum { SHELL_WORDS_MAX = 24, SHELL_TEXT_MAX = 64 * 1024 };

struct shell {
    int exit;
    char out[SHELL_TEXT_MAX], err[SHELL_TEXT_MAX];
};

static inline int shell_child(int argc, char **argv)
{
    static struct call c;
    const char *home;
    struct fault f = {0};
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 99;
    enum status st = arguments_parse(argc, argv, &c, &home, &f);
    if (st == ST_OK)
        st = home_choose(home, c.home, &c.home_is_default, &f);
    int exit = st == ST_OK ? c.verb->run(&c) : call_fail(&c, &f);
    fflush(stdout);
    fflush(stderr);
    return exit;
}

static inline void shell_take(int descriptor, char out[static SHELL_TEXT_MAX])
{
    size_t count = 0;
    ssize_t got;
    assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
    while ((got = read(descriptor, out + count, SHELL_TEXT_MAX - 1 - count)) > 0)
        count += (size_t)got;
    out[count] = '\0';
    close(descriptor);
}

/* shell_run(): "input" (may be NULL) is standard input; words end with NULL. */
static inline void shell_run(struct shell *s, const char *home, const char *input, ...)
{
    char copies[SHELL_WORDS_MAX][512], *argv[SHELL_WORDS_MAX];
    int argc = 0, state = 0;
    va_list words;
    snprintf(copies[argc++], sizeof copies[0], "--home=%s", home);
    va_start(words, input);
    for (const char *word = va_arg(words, const char *); word != NULL;
         word = va_arg(words, const char *)) {
        assert_true(argc < SHELL_WORDS_MAX);
        snprintf(copies[argc++], sizeof copies[0], "%s", word);
    }
    va_end(words);
    for (int i = 0; i < argc; i++)
        argv[i] = copies[i];
    FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
    assert_true(in != NULL && out != NULL && err != NULL);
    fputs(input != NULL ? input : "", in);
    rewind(in);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(fileno(in), STDIN_FILENO);
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        _exit(shell_child(argc, argv));
    }
    assert_int_equal(waitpid(child, &state, 0), child);
    assert_true(WIFEXITED(state));
    s->exit = WEXITSTATUS(state);
    shell_take(dup(fileno(out)), s->out);
    shell_take(dup(fileno(err)), s->err);
    fclose(in);
    fclose(out);
    fclose(err);
}

static inline void shell_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("not in the output: %s\n--- but:\n%s", part, text);
}

#endif
