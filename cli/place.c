#include "cli/place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void place_program(const char *name, char out[static HOME_PATH_MAX])
{
    char own[HOME_PATH_MAX];
    ssize_t bytes = readlink("/proc/self/exe", own, sizeof own - 1);
    if (bytes > 0) {
        own[bytes] = '\0';
        const char *slash = strrchr(own, '/');
        size_t folder = slash != NULL ? (size_t)(slash - own) + 1 : 0;
        int used = snprintf(out, HOME_PATH_MAX, "%.*s%s", (int)folder, own, name);
        if (folder > 0 && used > 0 && used < HOME_PATH_MAX && access(out, X_OK) == 0)
            return;
    }
    if (snprintf(out, HOME_PATH_MAX, "%s", name) < 0)
        out[0] = '\0';
}
