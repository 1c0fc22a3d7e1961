/*
 * simstate: what a simulated disk holds: contents with the changes that no sync has covered, and
 * names with the renamings that no sync of their folder has covered. Part of simdisk.
 */
#ifndef TESTS_SIM_SIMSTATE_H
#define TESTS_SIM_SIMSTATE_H

#include "tests/sim/simdisk.h"

enum {
    SIMSTATE_SECTOR_BYTES = 512,
    SIMSTATE_FILES_MAX = 4096,
    SIMSTATE_NAMES_MAX = 4096,
    SIMSTATE_CHANGES_MAX = 16384,
};

/* The bytes of a file: 'head', and zeros from there on: journals write megabytes of them ahead. */
struct image {
    struct buf head; /* at most 'bytes' */
    uint64_t bytes;
};

/* A write or a new size, that no sync has covered. */
struct unsynced {
    uint64_t offset;      /* or the size */
    uint64_t disk_offset; /* where it really goes */
    struct buf data;      /* 'count' bytes, or none: they are zeros */
    size_t count;
    bool resizes, lost;
};

struct content {
    struct image durable, seen;
    struct unsynced *changes;
    size_t change_count, change_capacity;
    unsigned handles; /* of this epoch */
};

struct name {
    char text[DISK_NAME_BYTES];
    size_t content; /* index */
    bool folder;
};

struct names {
    struct name *items;
    size_t count, capacity;
};

/* 'from' goes, 'to' comes; one of them may be empty. No sync of their folder has covered it. */
struct renaming {
    struct name from, to;
};

/* simstate_draw(): the next number of a reproducible series. */
uint64_t simstate_draw(uint64_t *state);

/* simstate_grow(): one more element, zeroed, of an array that grows; NULL: no memory. */
void *simstate_grow(void **items, size_t *count, size_t *capacity, size_t bytes_each,
                    size_t count_max);

/* Contents. All return ST_NO_MEMORY or NULL where they fail. */
void simstate_drop_changes(struct content *c);
void simstate_free(struct content *c);
struct content *simstate_copy(const struct content *from);
MUST_USE enum status simstate_resize(struct image *to, uint64_t bytes);
MUST_USE enum status simstate_apply(struct image *to, const struct unsynced *change);
void simstate_read(const struct image *from, uint64_t offset, void *out, size_t count);
MUST_USE enum status simstate_spell(struct image *all); /* all its bytes stand in 'head' then */
bool simstate_is_zero(struct bytes data);

/* simstate_keeps(): whether a power cut of that kind spares one whole change. */
bool simstate_keeps(enum simdisk_loss loss, uint64_t *random);
MUST_USE enum status simstate_crash(struct content *c, enum simdisk_loss loss, uint64_t *random);

/* Names. */
struct name *simstate_find(const struct names *n, const char *text);
MUST_USE enum status simstate_add(struct names *n, const struct name *name);
MUST_USE enum status simstate_rename(struct names *n, const struct renaming *r);
MUST_USE enum status simstate_copy_names(struct names *to, const struct names *from);
bool simstate_in_folder(const char *name, const char *folder);
struct name simstate_name(const char *text, size_t content, bool folder);

#endif
