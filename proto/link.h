/*
 * link: one connection to another member: transport, handshake, greeting, charter, active, closed.
 * A link decides about itself alone; what concerns several (whom to dial, duplicates, pushes) is
 * gossip's.
 *
 *   DIALLING -> HANDSHAKE -> GREETING -> (CHARTER ->) ACTIVE -> CLOSED
 *                         -> PAIRING                         -> CLOSED
 *
 * Messages are read one at a time
 * (link_read_next) and not at all while the replica checks a charter that the other offered before
 * the verdict on its key.
 *
 * Whoever authenticated hears the version and hash of our charter; more is given only to a key that
 * is or once was in it. One that was gets the versions that it lacks, and then BYE.
 *
 * Owns its wire, fetch, lanes and pairing. Invariants: fetch and lanes exist exactly while ACTIVE
 * (and are kept until the link is freed); ACTIVE implies a member's key; CLOSED implies a reason
 * was recorded.
 */
#ifndef PROTO_LINK_H
#define PROTO_LINK_H

#include "proto/fetch.h"
#include "proto/lanes.h"
#include "proto/motions.h"
#include "proto/pairing.h"

enum link_state {
    LINK_DIALLING,
    LINK_HANDSHAKE,
    LINK_GREETING, /* HELLO and CHARTER of the other are awaited */
    LINK_CHARTER,  /* charter versions are awaited, or being checked */
    LINK_ACTIVE,
    LINK_PAIRING,
    LINK_CLOSED,
    LINK_STATE_COUNT
};

struct link {
    link_id id;
    bool dialled;                 /* by us */
    bool joining;                 /* a JOIN handshake */
    enum link_state state, shown; /* shown: as FX_PEER last said */
    enum status reason;           /* CLOSED: why */
    bool transport_gone;          /* the shell closed it */
    bool reached_active;
    bool settled;   /* gossip has looked at it since it became active */
    bool half_open; /* holds a slot of the limiter */
    bool hello_seen, charter_seen, charter_said;
    bool unread;  /* there may be whole messages to read */
    bool rekeyed; /* closed for a fresh handshake */
    bool flushed; /* CLOSED, and the shell was told: free it */
    bool key_known;
    struct key key; /* the other's; dialled: from the start */
    char label[LABEL_BYTES_MAX + 1];
    enum core_role role; /* ACTIVE */
    struct wire wire;
    struct fetch *fetch;
    struct lanes *lanes;
    struct motions motions;
    struct pairing pairing;
    uint32_t their_version;   /* of the charter, as told, or given by us */
    uint32_t charter_request; /* 0: none */
    bool charter_more;
    bool branch_said; /* the other has another branch of charters: it was given all of ours */
    bool ended;       /* the other side, or the transport: what it said before is still read */
    uint64_t opened_ms, deadline_ms; /* deadline of the present phase; UINT64_MAX: none */
    uint64_t heard_ms, pinged_ms;
    uint32_t backlog; /* steps in a row that left messages unread */
};

struct link_options {
    link_id id;
    bool dialled, joining;
    const struct key *remote; /* dialled */
    const uint8_t *secret;    /* joining */
    struct bytes invitation;  /* joining */
};

/* Errors: ST_NO_MEMORY; ST_MALFORMED  the other's key has no X25519 form */
MUST_USE enum status link_create(struct common *c, const struct link_options *o, struct link **out);
void link_free(struct link *l);

/* link_connected(): the transport of a dialled link is there. */
void link_connected(struct link *l, struct common *c);

/* link_receive(): bytes came. Whole messages wait for link_read_next(). */
void link_receive(struct link *l, struct common *c, struct bytes in);

/* link_read_next(): take one message and act; false: there is none, or none may be read now. */
bool link_read_next(struct link *l, struct common *c);

/* link_owns(), link_answer(): an answer to a request of this link. */
bool link_owns(const struct link *l, uint32_t request);
void link_answer(struct link *l, struct common *c, const struct core_event *e);

/* link_charter_grew(): our charter is another: check the other's key again, tell what is new. */
void link_charter_grew(struct link *l, struct common *c);

/* link_pump(): at the end of every step: what there is to ask and to tell. */
void link_pump(struct link *l, struct common *c);

/* link_tell_kept(): CORE_KEPT; 'gave': it came by this link. */
void link_tell_kept(struct link *l, struct common *c, const struct core_event *e, bool gave);

/* link_end(): close for this reason; the other hears 'code'. Closed already: nothing. */
void link_end(struct link *l, struct common *c, enum status reason, enum bye_code code);

/* link_fail(): link_end() with the code that fits the reason; ST_OK: nothing. */
void link_fail(struct link *l, struct common *c, enum status reason);

/* link_gone(): the transport is gone. */
void link_gone(struct link *l, struct common *c, enum status reason);

/* link_name(): its label for logs, or "unknown". */
const char *link_name(const struct link *l);

#endif
