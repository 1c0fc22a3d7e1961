#include "replicas/git.h"

#include <errno.h>
#include <git2.h>
#include <stdarg.h>
#include <stdio.h>

#include "proto/check.h"

static enum status status_of(int code, int klass, int os_error)
{
    switch (code) {
    case GIT_ENOTFOUND:
        return ST_NOT_FOUND;
    case GIT_EMISMATCH:
        return ST_CORRUPT;
    case GIT_ELOCKED:
        return ST_LOCKED;
    default:
        break;
    }
    switch (klass) {
    case GIT_ERROR_NOMEMORY:
        return ST_NO_MEMORY;
    case GIT_ERROR_OS:
    case GIT_ERROR_FILESYSTEM:
        return os_error == ENOSPC || os_error == EDQUOT ? ST_DISK_FULL : ST_IO;
    case GIT_ERROR_ZLIB: /* it needs memory of its own, of which libgit2 knows nothing */
        return os_error == ENOMEM ? ST_NO_MEMORY : ST_CORRUPT;
    case GIT_ERROR_REFERENCE:
    case GIT_ERROR_OBJECT:
    case GIT_ERROR_TREE:
    case GIT_ERROR_INDEXER:
    case GIT_ERROR_ODB:
    case GIT_ERROR_SHA:
        return ST_CORRUPT;
    default:
        return ST_IO;
    }
}

enum status git_fault(struct fault *f, int code, const char *format, ...)
{
    int os_error = errno;
    CHECK(code < 0);
    const git_error *error = git_error_last();
    enum status st = status_of(code, error != NULL ? error->klass : GIT_ERROR_NONE, os_error);
    if (f == NULL)
        return st;
    char what[FAULT_TEXT_BYTES / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    fault_set(f, st, "%s: %s", what, error != NULL ? error->message : status_text(st));
    if (st == ST_CORRUPT)
        fault_fix(f, "put it back from a copy, or fetch the history again from a peer");
    return st;
}

void git_thread_begin(void)
{
    git_error_clear();
}
