/*
 * text: the records of the measurements: about 1 KiB each, of words that a seed makes up, the same
 * in every run. Nothing in them stands for a person or a place.
 */
#ifndef TESTS_BENCH_TEXT_H
#define TESTS_BENCH_TEXT_H

#include "proto/bytes.h"

/* text_csv(): rows [first, first + count) of type session with their header, as `minga import`
 * takes them; another revision gives each row another topic. */
void text_csv(uint32_t first, uint32_t count, uint32_t revision, struct buf *out);

/* text_json(): the same row as a file of a git repository. */
void text_json(uint32_t number, uint32_t revision, struct buf *out);

/* text_path(): where that file lies: three levels of 16, as Minga lays records out. */
enum { TEXT_PATH_BYTES = 64 };
void text_path(uint32_t number, char out[static TEXT_PATH_BYTES]);

/* text_import(): a stream for `git fast-import`: one commit of 'count' files on main. */
void text_import(uint32_t count, struct buf *out);

#endif
