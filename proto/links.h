/*
 * links: the table of one core's links. A link keeps its place until it is freed, so that the order
 * of work is the same in every run.
 *
 * Owns the links. Invariant: no two have one id.
 */
#ifndef PROTO_LINKS_H
#define PROTO_LINKS_H

#include "proto/link.h"

/* Open, unproven, half open, and silent ones. */
enum { LINKS_TABLE_MAX = LINKS_MAX + 3 * HALF_OPEN_MAX };

struct links {
    struct link *at[LINKS_TABLE_MAX]; /* NULL: free */
    uint32_t end;                     /* places from here on are free */
};

void links_release(struct links *ls);

/* links_add(): takes the link over. False: no place is free; it stays the caller's. */
bool links_add(struct links *ls, struct link *l);

/* links_reap(): free those that are closed and told, forget what was handed over. */
void links_reap(struct links *ls);

struct link *links_find(const struct links *ls, link_id id);

/* links_of_key(): a link with this member that is not closed, active before others; or NULL. */
struct link *links_of_key(const struct links *ls, const struct key *key);

/* links_of_request(): who waits for this answer; NULL: nobody any more. */
struct link *links_of_request(const struct links *ls, uint32_t request);

/* links_open(): how many have finished the handshake, but for unproven ones. */
uint32_t links_open(const struct links *ls);

/*
 * links_crowded_out(): whom an unproven link (accepted, the handshake finished, whether it is a
 * member's not known yet) makes give way: an older one of the same key; where there are
 * HALF_OPEN_MAX besides it, the oldest of a key that is no member's here, or else the oldest.
 * Anybody can finish a handshake: without this, places would be held by who says nothing more.
 * NULL: nobody.
 */
struct link *links_crowded_out(const struct links *ls, const struct link *fresh,
                               const struct common *c);

#endif
