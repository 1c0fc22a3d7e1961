/*
 * trace: what this program does to the files below one folder, call by call, as a log of events
 * out of which image.h builds what a power cut may leave.
 *
 * trace_calls.c defines the C library's own names (open, pwrite, rename, …): in a program they
 * come before the library's, for libgit2 and SQLite too, which reach them through their tables of
 * symbols. A call that changes files in a way that no event stands for ends the program with its
 * name; and trace_end() compares what the log says with what the folder holds, byte for byte, so
 * that nothing goes by unseen, however it was written.
 *
 * Files whose name ends in "-shm" are SQLite's shared memory: written through a mapping, empty of
 * meaning after a crash (the first to open the file makes it anew), so their content is not known.
 */
#ifndef TESTS_CRASH_TRACE_H
#define TESTS_CRASH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/bytes.h"

enum { TRACE_NAME_BYTES = 96, TRACE_NONE = UINT32_MAX };

enum trace_kind {
    TRACE_CREATE, /* 'inode' appears in 'folder' as 'name' */
    TRACE_FOLDER, /* the same of a folder */
    TRACE_LINK,   /* 'inode' has a further name */
    TRACE_WRITE,  /* 'count' bytes of the arena from 'data' on, at 'at' */
    TRACE_CUT,    /* the size is 'at' */
    TRACE_SYNC,   /* all of 'inode' is durable: content, or a folder's names */
    TRACE_RENAME, /* folder/name becomes to_folder/to_name, in one step */
    TRACE_REMOVE, /* folder/name goes, of a file or a folder */
};

struct trace_event {
    enum trace_kind kind;
    uint32_t inode, folder, to_folder;
    char name[TRACE_NAME_BYTES], to_name[TRACE_NAME_BYTES];
    uint64_t at;
    size_t data, count;
};

struct trace_entry { /* a name that was there when the record began */
    uint32_t folder, inode;
    char name[TRACE_NAME_BYTES];
};

struct trace_inode {
    dev_t device;
    ino_t number; /* 0: gone */
    bool folder;
    bool unknown;       /* "-shm": its content is not known */
    struct buf content; /* when the record began */
};

struct trace { /* inode 0 is the folder itself */
    struct trace_inode *inodes;
    uint32_t inode_count, inode_room;
    struct trace_entry *entries;
    uint32_t entry_count, entry_room;
    struct trace_event *events;
    size_t event_count, event_room;
    struct buf arena;
};

/* trace_begin(): from now on what happens below 'root' is recorded. Ends the program on trouble,
 * as all of these do. */
void trace_begin(const char *root);

/* trace_count(): how many events there are so far; 0 while nothing is recorded. */
size_t trace_count(void);

/* trace_end(): the record, compared with the folder; release it. */
void trace_end(struct trace *out);
void trace_release(struct trace *r);

/* trace_text(): an event for a person, at most 'bytes' long. */
void trace_text(const struct trace *r, size_t event, char *out, size_t bytes);

/* ---- For trace_calls.c alone ---- */

struct trace_place {
    uint32_t folder;
    char name[TRACE_NAME_BYTES];
};

/* May be called by several threads; which of two came first is known where one waits for the other.
 *
 * trace_is_on(); trace_place(): where 'path' lies; false: not below the root. trace_of(): the
 * inode that a descriptor stands for, or TRACE_NONE. */
bool trace_is_on(void);
bool trace_place(int folder, const char *path, struct trace_place *out);
uint32_t trace_of(int descriptor);
bool trace_is_unknown(uint32_t inode);

void trace_made(const struct trace_place *p, int descriptor, bool folder);
void trace_linked(const struct trace_place *from, const struct trace_place *to);
void trace_written(uint32_t inode, uint64_t at, const void *data, size_t count);
void trace_cut(uint32_t inode, uint64_t size);
void trace_synced(uint32_t inode);
void trace_renamed(const struct trace_place *from, const struct trace_place *to);
void trace_removed(const struct trace_place *p);
_Noreturn void trace_die(const char *what, const char *path);

#endif
