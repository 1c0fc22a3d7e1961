/*
 * member: one office: it starts, steps its core, loses its power, comes back, as it was or older.
 */
#ifndef TESTS_SIM_MEMBER_H
#define TESTS_SIM_MEMBER_H

#include "tests/sim/world.h"

enum { /* what one member may hold at the most, whatever others say to it */
       MEMBER_JOBS_MAX = 2 * WINDOW_ITEMS, /* one flood, and what all the others have to say */
       MEMBER_JOBS_BYTES_MAX = WORLD_MEMBERS_MAX * (WINDOW_BYTES + MESSAGE_BYTES_MAX),
       MEMBER_HELD_BYTES_MAX = 64 * MIB, /* by its core */
};

/* member_make(): identity, disk and repository of the index-th member; nothing on them yet. */
void member_make(struct world *w, uint32_t index);
void member_release(struct member *m);

/* member_settle(): charter files on its disk, as joining leaves them. */
void member_settle(struct member *m, const struct bytes *files, uint32_t count);

/* member_open(): recover and start. The power may go once more while it does: it is down then. */
void member_open(struct member *m);

/* member_exit(): the daemon ends, because its disk failed; the power stays. member_lose_all(): the
 * disk is empty; with the same identity, from paper, and the charters of another member it begins
 * anew. false: no other member is up. member_examine(): a person looks at all of the disk of one
 * that may be damaged, and sets the member up anew if it is. member_give_up(): it met damage: the
 * same without looking. */
void member_exit(struct member *m);
bool member_lose_all(struct member *m);
void member_examine(struct member *m);
void member_give_up(struct member *m);

/* member_stop(): the power goes now. member_save(): a snapshot of disk and repository.
 * member_go_back(): the power goes, and the snapshot is what is there. */
void member_stop(struct member *m);
void member_save(struct member *m);
void member_go_back(struct member *m);

/* member_step(): an event for the core, and what follows from it; nothing where it is down. */
void member_step(struct member *m, struct core_event *event);

/* member_deadline_ms(): when its core wants to be called. */
uint64_t member_deadline_ms(const struct member *m);

/* member_linked(): whether both have an active link with each other. */
bool member_linked(const struct member *a, const struct member *b);

/* member_check(): what the core tells about others is so. */
void member_check(struct member *m);

#endif
