/*
 * check: an image is opened as the daemon would at its start, and held against what was promised.
 * Runs in a process of its own, which ends where something is wrong.
 */
#ifndef TESTS_CRASH_CHECK_H
#define TESTS_CRASH_CHECK_H

#include "tests/crash/stage.h"

enum { CHECK_RECOVERY_MS = 5000 };

struct check_result { /* shared with the parent */
    uint64_t recovery_us;
    uint64_t promises; /* held against the image */
    bool absent;       /* there was no home yet */
    bool deep;
};

/* check_image(): 'folder' is the image, 'boundary' where it was taken. 'deep': replay all of its
 * history too. 'kill': what is written after is not closed, but killed. */
void check_image(const struct stage *s, const char *folder, size_t boundary, bool deep, bool kill,
                 struct check_result *out);

#endif
