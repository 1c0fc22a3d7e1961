/*
 * import: a CSV file, or a programme, to the daemon. A long file goes in parts that end with a row.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "cli/call.h"

enum { IMPORT_PART_BYTES = 512 * 1024, IMPORT_FILE_BYTES_MAX = 1024 * 1024 * 1024 };

/* import_run(): import TYPE FILE; the exit code. */
int import_run(struct call *c);

/* import_cut(): the bytes of the next part at the front of 'content': whole rows, at most bytes_max
 * unless one row alone is longer; quoted cells may hold line ends. All that is left once it fits.
 */
size_t import_cut(struct bytes content, size_t bytes_max);

/* import_lines(): line ends in 'content'. */
uint64_t import_lines(struct bytes content);

#endif
