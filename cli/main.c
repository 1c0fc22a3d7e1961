/*
 * minga: the command line of an office. See `minga -h`.
 */
#include <git2.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/language.h"
#include "cli/output.h"
#include "proto/mem.h"
#include "replicas/git.h"

static int run(struct call *c, const char *home)
{
    struct fault f = {0};
    enum status st = home_choose(home, c->home, &c->home_is_default, &f);
    return st == ST_OK ? c->verb->run(c) : call_fail(c, &f);
}

static int start(int argc, char **argv)
{
    static struct call c; /* over 20 KiB of words */
    const char *home = NULL;
    struct fault f = {0};
    enum status st = arguments_parse(argc - 1, argv + 1, &c, &home, &f);
    if (st != ST_OK)
        return call_fail(&c, &f);
    if (c.version) {
        if (c.json)
            output_line(stdout, "{\"schema\":\"minga.version/1\",\"version\":\"%s\"}",
                        MINGA_VERSION);
        else
            output_line(stdout, "minga %s", MINGA_VERSION);
        return CALL_DONE;
    }
    if (c.verb == NULL)
        help_all(stdout);
    else if (c.help)
        help_verb(stdout, c.verb);
    else
        return run(&c, home);
    return CALL_DONE;
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(mem_alloc, mem_free); /* so that mem_refused() knows of all */
    language_choose();
    if (sodium_init() < 0 || git_libgit2_init() < 0) {
        fputs("minga: a library could not be started\n", stderr);
        return CALL_FAILED;
    }
    git_thread_begin();
    umask(077);
    int exit = start(argc, argv);
    if (exit == CALL_DONE && mem_refused()) {
        fprintf(stderr, "minga: %s\n",
                tr("it was done, but memory ran out: a part of the answer may be missing"));
        exit = CALL_FAILED;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("minga: cannot write to standard output\n", stderr);
        exit = exit == CALL_DONE ? CALL_FAILED : exit;
    }
    git_libgit2_shutdown();
    return exit;
}
