#include "replicas/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status fault_set(struct fault *f, enum status code, const char *format, ...)
{
    if (f == NULL)
        return code;
    va_list args;
    va_start(args, format);
    f->code = code;
    f->fix[0] = '\0';
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    return code;
}

void fault_fix(struct fault *f, const char *format, ...)
{
    if (f == NULL)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(f->fix, sizeof f->fix, format, args);
    va_end(args);
}

enum status fault_context(struct fault *f, enum status code, const char *format, ...)
{
    if (f == NULL)
        return code;
    char inner[FAULT_TEXT_BYTES];
    if (f->code != code || f->text[0] == '\0')
        snprintf(f->text, sizeof f->text, "%s", status_text(code));
    f->code = code;
    memcpy(inner, f->text, sizeof inner);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    /* An overlong text is cut. */
    if (used >= 0 && (size_t)used < sizeof f->text &&
        snprintf(f->text + used, sizeof f->text - (size_t)used, ": %s", inner) < 0)
        f->text[used] = '\0';
    return code;
}

enum status fault_errno(struct fault *f, int error, const char *format, ...)
{
    enum status code = error == ENOSPC || error == EDQUOT ? ST_DISK_FULL : ST_IO;
    if (f == NULL)
        return code;
    va_list args;
    va_start(args, format);
    f->code = code;
    f->fix[0] = '\0';
    int used = vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof f->text)
        snprintf(f->text + used, sizeof f->text - (size_t)used, ": %s", strerror(error));
    if (code == ST_DISK_FULL)
        fault_fix(f, "free some space; nothing that was acknowledged is lost");
    return code;
}
