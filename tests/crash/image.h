/*
 * image: the folder that a power cut may leave behind, built out of a record.
 *
 * The model is POSIX's, without the mercy of any one file system:
 *
 *   content   A file's bytes and its size are durable where an fsync or fdatasync of that file came
 *             after them. Until then each write and each change of the size is there or not, each
 *             for itself, in whatever order; of a write, each sector for itself (IMAGE_TORN). What
 *             was not written in a file that became longer reads as zeros.
 *   names     A name that was made, changed or removed is durable where an fsync of its folder came
 *             after it: syncing the file itself does not do, so a synced file may be missing. Until
 *             then each change is there or not, each for itself.
 *   renames   happen as one: never both names, never neither; also between two folders, and durable
 *             with the sync of either.
 *   sectors   of 512 bytes are written whole or not at all, and leave their neighbours alone.
 *
 * sync_file_range() promises nothing. A process that is killed (IMAGE_ALL) loses nothing that its
 * system calls did.
 */
#ifndef TESTS_CRASH_IMAGE_H
#define TESTS_CRASH_IMAGE_H

#include "tests/crash/trace.h"

enum image_kind {
    IMAGE_NOTHING, /* of what was not synced */
    IMAGE_ALL,
    IMAGE_SOME,    /* a random part of it, write by write and name by name */
    IMAGE_TORN,    /* the same, sector by sector */
    IMAGE_NAMES,   /* every name, no content */
    IMAGE_CONTENT, /* all content, no name */
    IMAGE_KINDS,
};

extern const char *const image_words[IMAGE_KINDS];

/* image_build(): what may be there after the first 'boundary' events, in the fresh folder 'to'.
 * Returns how many of the changes that were not synced are missing. Ends the program on trouble. */
size_t image_build(const struct trace *r, size_t boundary, enum image_kind kind, uint64_t seed,
                   const char *to);

/* image_is(): whether the folder holds just what the whole record says; else the first difference
 * in 'why'. */
bool image_is(const struct trace *r, const char *folder, char *why, size_t bytes);

/* image_remove(): the folder and all below it. */
void image_remove(const char *folder);

#endif
