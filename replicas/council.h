/*
 * council: this office's part in the next charter version: the motions that it holds, what it
 * promised and signed (ballot.h), which bodies its person approved, and what it wishes itself.
 *
 * All of it is one file of the home, "council", replaced as a whole and durable before anything of
 * it leaves: BLAKE2b-256 of the rest, then canonical msgpack
 *   [1, version, previous, [round, admin, stated], vote before, vote, [approved hash …],
 *    [motion …], [wish …]]
 * with a vote as [round, admin, hash]. A file that is damaged counts as one that a backup brought
 * back: see council_is_silent().
 *
 * Invariant: everything but the wishes is about the version after the newest; when the chain moves
 * on it is dropped, and the wishes are made again on top.
 */
#ifndef REPLICAS_COUNCIL_H
#define REPLICAS_COUNCIL_H

#include "replicas/branch.h"
#include "replicas/engine.h"
#include "replicas/motion.h"
#include "replicas/wish.h"

enum {
    COUNCIL_WISHES_MAX = 16,   /* changes that wait one behind the other */
    COUNCIL_APPROVED_MAX = 32, /* bodies a person approved for one version */
};

struct council {
    uint32_t version; /* the next one */
    struct digest previous;
    struct ballot_vow vow;
    struct digest approved[COUNCIL_APPROVED_MAX];
    uint32_t approved_count;
    struct motion motions[PROPOSALS_MAX]; /* ascending by ballot */
    uint32_t motion_count;
    struct wish wishes[COUNCIL_WISHES_MAX]; /* the oldest first */
    uint32_t wish_count;
    uint32_t restored; /* the newest version when a backup was restored here; 0: none was */
    bool changed;      /* since it was saved */
    bool busy;         /* council_tend() is under way: what it writes does not call it again */
    uint64_t revision; /* counts what peers should be told */
    struct charter *others[BRANCH_HELD_MAX]; /* successors not ours, and left ones: branch.h */
    uint32_t other_count;
    uint32_t choices;                /* branch_choices() */
    struct key liars[PROPOSALS_MAX]; /* admins seen to propose two bodies under one ballot */
    uint32_t liar_count;
    struct buf encoded;
    struct bytes lent[PROPOSALS_MAX];
};

/* ---- For council.c, council_hear.c, council_ask.c and council_room.c alone ---- */

/* The motion under a ballot; the one of the greatest ballot for a body. NULL: none. */
struct motion *council_motion_under(struct council *c, const struct ballot *b);
struct motion *council_motion_of(struct council *c, const struct digest *hash);

/*
 * council_room.c: which motions a list of PROPOSALS_MAX holds. Everywhere alike, or two members
 * with full lists would go on telling each other what the other has just dropped; and no admin's
 * push out those of another who has fewer, or one alone could silence all.
 *
 * council_room_for(): whether a motion from elsewhere would stay.
 * council_room_keep(): takes 'm' over; what its owner overtakes by it, or a quota, goes.
 * council_room_drop(): the motion at 'at' goes.
 * council_room_order(): the order in which they are told, as indices: our vote, then one of each
 * owner, then a second one of each: however long some are, all owners get a word in.
 */
bool council_room_for(const struct council *c, const struct motion *m);
void council_room_keep(struct council *c, struct motion *m);
void council_room_drop(struct council *c, uint32_t at);
void council_room_order(const struct council *c, uint32_t out[static PROPOSALS_MAX]);

bool council_is_approved(const struct council *c, const struct digest *hash);
void council_note_approved(struct council *c, const struct digest *hash);

/* council_holds_kept(): whether every commit that a retirement of 'next' keeps is here. */
bool council_holds_kept(const struct replica *r, const struct charter *next,
                        const struct charter_retired **lacking_out);

/* council_propose(): 'body' under a ballot of ours: the first of all where it is ours and unused,
 * else one above all that is known. */
MUST_USE enum status council_propose(struct replica *r, struct bytes body, struct fault *f);

/* council_propose_wish(): the oldest wish; unless 'again', only where nothing else is open. */
MUST_USE enum status council_propose_wish(struct replica *r, bool again, struct fault *f);

/* council_fall_back(): memory is ahead of the disk: back to what the disk holds; returns 'why'. */
MUST_USE enum status council_fall_back(struct replica *r, enum status why);

/* ---- For all ---- */

/* council_open(): from r->disk, once the charters are known. council_free() takes NULL. */
MUST_USE enum status council_open(struct replica *r, struct fault *f);
void council_free(struct council *c);

/* council_file_load(), council_file_save(): the file; council_file.c. A file that is missing is an
 * empty one. Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY */
MUST_USE enum status council_file_load(struct replica *r, struct council *out, struct fault *f);
MUST_USE enum status council_file_save(struct replica *r, struct council *c, struct fault *f);

/* council_file_mark(): what was said is no longer known, as after a restore; a new start does not
 * forget that. Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY */
MUST_USE enum status council_file_mark(struct replica *r, struct council *out, struct fault *f);

/* council_file_clear(): what is about the version; the wishes too where 'all'. */
void council_file_clear(struct council *c, bool all);

/* council_is_silent(): restored from a backup, and no peer has told since what it holds: this
 * office neither promises nor signs, for whichever version is next: the backup may be older than
 * several of them. */
bool council_is_silent(const struct replica *r);

/*
 * council_tend(): whatever can go on without a person goes on: wishes are proposed, promises given,
 * approved bodies signed, bodies taken over, a version that has its majority enters the chain.
 * Errors: LOCAL only
 */
MUST_USE enum status council_tend(struct replica *r, struct fault *f);

/* council_is_behind(): the chain moved on: council_tend() is due. */
bool council_is_behind(const struct replica *r);

/*
 * council_ask(): an admin of this office wants 'w' (moved away where it is kept). Asked again it
 * goes on top of everything that is open; not so an addition, which a machine asks for.
 * Errors: ST_OK           in force
 *         ST_NEEDS_PERSON a motion, or behind one: the fault says whom it waits for
 *         ST_NOT_ALLOWED  we are no admin; as wish_body(); LOCAL
 */
MUST_USE enum status council_ask(struct replica *r, struct wish *w, struct fault *f);

struct council_motion { /* one open body; borrowed until the next change */
    const struct charter *next;
    struct key owner; /* of its greatest ballot */
    bool approved;    /* here */
    bool wanted;      /* this office's approval would help */
    uint32_t signed_count, needed;
    const struct motion *greatest;
};

/* council_ask_motions(): the open bodies, oldest ballot first; at most PROPOSALS_MAX. */
uint32_t council_ask_motions(struct replica *r, struct council_motion out[static PROPOSALS_MAX]);

/* council_ask_waits_for(): the labels of the admins that have not signed it, with ", " between. */
void council_ask_waits_for(struct replica *r, const struct council_motion *m, struct buf *out);

/*
 * council_ask_approve(): a person of this office approves an open body.
 * Errors: ST_OK            in force now
 *         ST_NEEDS_PERSON  approved; the fault says whom it waits for
 *         ST_NOT_FOUND     no such open body; ST_NOT_ALLOWED  we are no admin
 *         ST_WAITING       it keeps commits that are not here yet, or we were restored: the fault
 *                          says what to do; LOCAL
 */
MUST_USE enum status council_ask_approve(struct replica *r, const struct digest *hash,
                                         struct fault *f);

#endif
