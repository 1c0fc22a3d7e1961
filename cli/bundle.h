/*
 * bundle: `minga bundle write`: a file, or several of a size, that carry to one office what it
 * lacks; encrypted for it, signed by us. The file is streamed: a chunk from the daemon, encrypted
 * here, written.
 *
 * Each part is FILE.<k>.unfinished until all are complete and on the disk; then they get their
 * heads and names: FILE where one is enough, else FILE.1, FILE.2, … What a command that fails
 * leaves is nothing.
 *
 * Where the history takes no more than half of a part, every part carries all of it, and its share
 * of the sealed items: each can be read without the others, in any order. A longer history is cut,
 * and the parts are read in their order.
 */
#ifndef CLI_BUNDLE_H
#define CLI_BUNDLE_H

#include "cli/call.h"

int bundle_run(struct call *c); /* write, read */

#endif
