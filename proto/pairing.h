/*
 * pairing: a newcomer joins by an invitation, over an XKpsk3 handshake. Both sides.
 *
 *   joiner                                inviter
 *   first message names the invitation -> finds its secret, or ends
 *                    <- handshake done ->
 *   HELLO, PAIR_REQUEST key, address   -> the invitation open, or used by this very key?
 *                                         FX_PAIR, CORE_PAIRED
 *   FX_JOINED, BYE DONE                <- HELLO, PAIR_ACCEPT label, chain
 *
 * Owns the files received so far. Invariants: a chain is collected by the joiner only, and bounded
 * by PAIRING_CHAIN_BYTES_MAX; a request is under way exactly in PAIRING_ADMITTING.
 */
#ifndef PROTO_PAIRING_H
#define PROTO_PAIRING_H

#include "proto/wire.h"

enum { PAIRING_CHAIN_BYTES_MAX = 64 * MIB };

enum pairing_state {
    PAIRING_OFF,
    PAIRING_HELLO,     /* the other's HELLO is awaited */
    PAIRING_REQUEST,   /* inviter: PAIR_REQUEST is awaited */
    PAIRING_ADMITTING, /* inviter: the replica makes the newcomer a member */
    PAIRING_ACCEPT,    /* joiner: PAIR_ACCEPT is awaited */
    PAIRING_DONE,      /* inviter: all is said; joiner: FX_JOINED was given */
    PAIRING_STATE_COUNT
};

struct pairing {
    enum pairing_state state;
    bool joiner;
    uint8_t invitation[64]; /* inviter: its id */
    size_t invitation_bytes;
    uint32_t request;
    char label[LABEL_BYTES_MAX + 1]; /* joiner: what we are called */
    struct bytes *files;             /* joiner: owned */
    uint32_t file_count;
    size_t files_bytes;
};

void pairing_release(struct pairing *p);

/*
 * pairing_secret(): inviter: give the channel the secret of the invitation that it waits for.
 * Errors: ST_NOT_FOUND  no such invitation: there is nothing to say to a stranger
 */
MUST_USE enum status pairing_secret(struct pairing *p, const struct common *c, struct wire *w);

/* pairing_begin(): the channel is open. */
void pairing_begin(struct pairing *p, struct common *c, struct wire *w, bool joiner);

/*
 * pairing_on_message(): c->in is HELLO, PAIR_REQUEST or PAIR_ACCEPT. ST_CLOSED: all is done.
 * Errors: ST_PROTOCOL   not now, or another version
 *         ST_MALFORMED  the key told is not the one of the handshake
 *         ST_EXPIRED    the invitation, or it is there no more; ST_USED
 *         ST_TOO_LARGE, ST_NO_MEMORY
 */
MUST_USE enum status pairing_on_message(struct pairing *p, struct common *c, struct wire *w);

/* pairing_on_answer(): CORE_PAIRED of p->request. Errors: what it says */
MUST_USE enum status pairing_on_answer(struct pairing *p, struct common *c, struct wire *w,
                                       const struct core_event *e);

#endif
