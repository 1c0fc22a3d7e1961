/*
 * net: connections between members: bytes that take their time, in order within one connection
 * and in any order between two; cuts, partitions, answers that never come.
 */
#ifndef TESTS_SIM_NET_H
#define TESTS_SIM_NET_H

#include "tests/sim/world.h"

enum {
    NET_BYTES_MAX = WINDOW_BYTES + 4 * MESSAGE_BYTES_MAX, /* that one end may have under way */
    NET_SOCKET_BYTES = 64 * KIB, /* the socket's buffer: the rest is unsent */
    NET_CLOSE_MS = 3000,         /* until an end learns that it is cut */
};

/* What the core's effects ask for. */
void net_connect(struct world *w, struct member *m, link_id link, const char *place);
void net_send(struct world *w, struct member *m, link_id link, struct bytes data);
void net_close(struct world *w, struct member *m, link_id link);

/* net_vanish(): the member lost its power: nobody says goodbye. */
void net_vanish(struct world *w, struct member *m);

/* net_next_ms(): when the next thing arrives. net_run(): let one thing that is due arrive. */
uint64_t net_next_ms(const struct world *w);
void net_run(struct world *w);

/* net_part(): members of 'mask' and the others are cut from each other. */
void net_part(struct world *w, uint32_t mask);
void net_mend(struct world *w);

/* net_cut(): a connection between two members is cut, 'after' bytes from now. false: there is none.
 */
bool net_cut(struct world *w, uint32_t a, uint32_t b, size_t after);

/* net_flip(): a bit of the next bytes between the two is inverted. net_is_suspect(): whether that
 * has happened to this link, or a liar is at an end of it: its end is to be expected. */
void net_flip(struct world *w, uint32_t a, uint32_t b);
bool net_is_suspect(struct world *w, const struct member *m, link_id link);

/* net_repeat(): the next bytes between the two come twice. net_replay(): somebody dials 'to' and
 * says what a member said to it before. */
void net_repeat(struct world *w, uint32_t a, uint32_t b);
void net_replay(struct world *w, uint32_t to);

/* net_calm(): no faults from now on; what only seems to be connected is cut. */
void net_calm(struct world *w);
void net_release(struct world *w);

#endif
