/*
 * marks: the rare branches of the product (proto/sometimes.h) that the seeds have to reach, and how
 * many seeds it may take.
 */
#ifndef TESTS_SIM_MARKS_H
#define TESTS_SIM_MARKS_H

#include <stdbool.h>
#include <stdint.h>

enum { MARKS_MAX = 64 };

/* marks_take(): how often each was reached so far in this process, into 'out'. A mark that is not
 * in the list ends the process: it has to be added. */
void marks_take(uint64_t out[static MARKS_MAX]);

/* marks_print(): each with its count. How many were never reached that 'seeds' have to reach. */
uint32_t marks_print(const uint64_t counts[static MARKS_MAX], uint64_t seeds);

#endif
