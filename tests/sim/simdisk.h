/*
 * simdisk: a disk in memory, behind struct disk, that loses, tears, fills up, fails and rots.
 *
 * It keeps what the program sees apart from what would survive a power cut: the content of a file
 * moves over at its sync, a name at its folder's. Everything random comes from the seeds given.
 */
#ifndef TESTS_SIM_SIMDISK_H
#define TESTS_SIM_SIMDISK_H

#include "replicas/disk.h"

struct simdisk;

/* What a power cut leaves of that which was not synced. */
enum simdisk_loss {
    SIMDISK_KEEP_NOTHING,
    SIMDISK_KEEP_ALL,
    SIMDISK_KEEP_SOME, /* whole writes and names, each by chance, in no order */
    SIMDISK_TEAR,      /* sectors of writes by chance, one cut within; junk where the file grew */
    SIMDISK_LOSS_COUNT,
};

enum simdisk_fault {
    SIMDISK_FAIL_READ,  /* ST_IO */
    SIMDISK_FAIL_WRITE, /* ST_IO from write, truncate or allocate; nothing changes */
    SIMDISK_FAIL_SYNC,  /* ST_IO from either sync; what it should have kept may be lost later */
    SIMDISK_FAIL_NAME,  /* ST_IO from open with create, rename, remove or make_folder */
    SIMDISK_FULL,       /* ST_DISK_FULL from write, allocate or open with create */
    SIMDISK_LOSE_WRITE, /* ST_OK, and seen until the power cut, but never on the disk */
    SIMDISK_MISDIRECT,  /* as lost, and what lies a sector or more beside it is overwritten */
    SIMDISK_FAULT_COUNT,
};

struct simdisk_counts {
    uint64_t writes, syncs, folder_syncs, names; /* done: boundaries of each kind */
    uint64_t others;                             /* simdisk_pass() */
    uint64_t crashes[SIMDISK_LOSS_COUNT];
    uint64_t faults[SIMDISK_FAULT_COUNT]; /* that happened */
    uint64_t flips;
};

/* simdisk_new(), simdisk_clone(): NULL: out of memory. A clone has no open files, watch or faults
 * armed, and counts from zero. */
struct simdisk *simdisk_new(void);
struct simdisk *simdisk_clone(const struct simdisk *from);
void simdisk_free(struct simdisk *d);

/* simdisk_table(): the disk as the code under test takes it; disk_release() of it frees nothing. */
struct disk simdisk_table(struct simdisk *d);

/*
 * simdisk_restore(): the state of 'from' (an old snapshot, or a fresh disk) in place of its own.
 * simdisk_crash(): a power cut, and the power back.
 * After either, files that were open give ST_IO and are only good for closing.
 * Errors: ST_NO_MEMORY  the state is then undefined: free it
 */
MUST_USE enum status simdisk_restore(struct simdisk *d, const struct simdisk *from);
MUST_USE enum status simdisk_crash(struct simdisk *d, enum simdisk_loss loss, uint64_t seed);

/* simdisk_watch(): called after every boundary: a write, truncate, allocate or change of names,
 * not yet synced, and a sync. NULL: nobody. */
void simdisk_watch(struct simdisk *d, void (*each)(void *user), void *user);

/*
 * simdisk_cut(): the power goes after the n-th boundary from now (1: the next; 0: never): from then
 * on everything gives ST_IO and nothing changes, until simdisk_crash() or simdisk_restore().
 * simdisk_pass(): one boundary of something beside the disk that has the same power; false: it is
 * off, and nothing may be done.
 */
void simdisk_cut(struct simdisk *d, uint64_t n);
bool simdisk_is_off(const struct simdisk *d);
bool simdisk_pass(struct simdisk *d);

/* simdisk_arm(): the n-th operation from now that the fault fits fails (1: the next); 0: disarm. */
void simdisk_arm(struct simdisk *d, enum simdisk_fault fault, uint64_t n);

/* simdisk_bytes(): of all content, as the program sees it. */
uint64_t simdisk_bytes(const struct simdisk *d);

/* simdisk_limit(): no more content than this, or ST_DISK_FULL; 0: no limit. */
void simdisk_limit(struct simdisk *d, uint64_t bytes);

/* simdisk_content(): of a file, as the program sees it; borrowed until the next call; {NULL, 0}. */
struct bytes simdisk_content(const struct simdisk *d, const char *name);

/* simdisk_flip(): invert bits of one byte, on the disk and as seen; false: no such byte. */
bool simdisk_flip(struct simdisk *d, const char *name, uint64_t offset, uint8_t bits);

/* simdisk_rot(): one bit of one file, by chance; false: there is none. */
bool simdisk_rot(struct simdisk *d, uint64_t seed);

const struct simdisk_counts *simdisk_counts(const struct simdisk *d);

#endif
