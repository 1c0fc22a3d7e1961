#include "daemon/logger.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_BYTES = 1024 };

static int highest = LOGGER_INFO;

void logger_set_level(enum logger_level level)
{
    highest = (int)level;
}

void logger_say(int level, const char *format, ...)
{
    char line[LINE_BYTES];
    if (level > highest)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    fprintf(stderr, "<%d>%s\n", level, line);
}
