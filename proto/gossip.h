/*
 * gossip: what concerns several links: whom to dial and when again, which of two links to one
 * member stays, who is asked first by a member that is behind, and the push of new commits.
 *
 * A peer is a member other than ourselves, or a configured address whose member is not known. Peers
 * of the configuration are always dialled; of the charter's others the next ones in the ring of
 * labels behind our own: the nearest that can be reached always, further ones until 'links_active'
 * are linked: so the whole stays connected. A link that ends is tried again after a time that
 * doubles with every failure, with jitter.
 *
 * Owns the list of peers and the configured addresses. Invariants: members come first, ascending by
 * label, then unknown addresses; a peer that waits has a time to be tried again.
 */
#ifndef PROTO_GOSSIP_H
#define PROTO_GOSSIP_H

#include "proto/address.h"
#include "proto/links.h"

enum { GOSSIP_ADDRESSES_MAX = 256 };

enum peer_state {
    PEER_IDLE,    /* may be dialled */
    PEER_LINKED,  /* dialling, or some link to it is open */
    PEER_WAITING, /* backing off until retry_ms */
    PEER_STATE_COUNT
};

struct peer {
    enum peer_state state;
    char label[LABEL_BYTES_MAX + 1];
    char place[ADDRESS_BYTES_MAX + 1]; /* host:port; "" unknown */
    bool member;                       /* 'key' is known */
    bool configured;
    bool wanted; /* a person asked to dial it now */
    struct key key;
    uint32_t failures; /* in a row */
    uint64_t retry_ms;
    uint64_t contact_ms;
    enum status last_error;
    uint64_t bytes_in, bytes_out; /* of links that are gone */
};

struct gossip {
    uint32_t links_active;
    link_id last_id;
    struct peer *peers;
    uint32_t peer_count;
    struct address *addresses; /* configured */
    uint32_t address_count;
    bool due; /* something changed: look whom to dial */
    uint64_t due_ms;
};

void gossip_release(struct gossip *g);

/* gossip_set_addresses(): CORE_PEERS. gossip_set_members(): the charter is another.
 * Errors: ST_NO_MEMORY, ST_TOO_LARGE: nothing has changed. Unreadable addresses are logged. */
MUST_USE enum status gossip_set_addresses(struct gossip *g, struct common *c,
                                          const struct core_event *e);
MUST_USE enum status gossip_set_members(struct gossip *g, struct common *c);

/* gossip_sync(): CORE_SYNC: dial 'label' (or all) and compare with it now. */
void gossip_sync(struct gossip *g, struct common *c, struct links *ls, struct bytes label);

/* gossip_push(): CORE_COMMITTED: to every active link but its source. */
void gossip_push(struct common *c, struct links *ls, const struct core_event *e);

/* gossip_settle(): look at links that became active: end duplicates, tell our heads. */
void gossip_settle(struct gossip *g, struct common *c, struct links *ls);

/* gossip_run(): dial where it is time. Errors: ST_NO_MEMORY */
MUST_USE enum status gossip_run(struct gossip *g, struct common *c, struct links *ls);

/* gossip_closed(): this link is closed: when is its member dialled again? */
void gossip_closed(struct gossip *g, struct common *c, struct links *ls, const struct link *l);
uint64_t gossip_deadline_ms(const struct gossip *g, const struct common *c, const struct links *ls);

/* gossip_peer(): the index-th peer as core_peer() tells it; false at the end. */
bool gossip_peer(const struct gossip *g, const struct common *c, const struct links *ls,
                 uint32_t index, struct core_peer *out);

#endif
