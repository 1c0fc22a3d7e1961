#include "proto/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "<0>event=check_failed at=%s:%d expression=\"%s\"\n", file, line, expression);
    abort();
}
