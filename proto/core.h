/*
 * core: the protocol's state machine behind one step. Free of I/O, clock, threads and randomness.
 *
 *   enum status core_step(core, event, effects)
 *
 * 1. Every event carries now_ms (monotonic). Entropy is injected.
 * 2. Input is borrowed for the call; the core copies what it keeps.
 * 3. Effects are an ordered, bounded list, lent until the next step.
 * 4. Validate, reserve, then commit.
 * 5. A peer's misbehaviour yields CLOSE(reason); a step fails for local faults only.
 * 6. core_deadline_ms() is the single next timer.
 *
 * The core never looks into an item, a charter or a commit graph: the replica does, asked through
 * STORE, LOAD and CHARTER effects, and answers as events. A STORED message to a peer leaves only
 * after the STORED event says its items are durable (or refused).
 *
 * What happens, in order. CONNECTED (dialled) or ACCEPTED opens a link; channel.h authenticates it.
 * The dialler sends HELLO and CHARTER, the other answers; each checks that the other's key is in
 * force in its newest charter (after taking the charters offered), or says BYE. Both then send
 * whole HEADS. A side that knows all the other's heads LOADs what they do not reach and sends
 * ITEMs; one that does not sends SUMMARY, and the other LOADs what that does not reach. Receivers
 * STORE and answer STORED; at most WINDOW_BYTES are in flight. A COMMITTED event (ours, or stored
 * from another link) goes at once to every active link whose known heads show it lacks it and has
 * its parents; where parents are uncertain, HEADS differ and the reconciliation of every GOSSIP_MS
 * (HEADS again) mends it.
 *
 * After a batch was stored the shell tells COMMITTED (each), HEADS, STORED, in this order: so
 * pushes leave first, and STORED already names the new heads. Another order is correct, and dearer.
 * STORED and LOADED answer in the order of the requests of a link.
 *
 * A core that joins dials until the inviter answers. Its FX_CLOSE says: ST_OK after FX_JOINED;
 * ST_EXPIRED, ST_USED and other words of the inviter; ST_NEEDS_PERSON where the inviter has
 * proposed us and others have to approve (it is asked again until it admits); ST_NOT_FOUND where it
 * ended the connection three times without a word (no such invitation, or a wrong secret): nothing
 * is tried after these.
 */
#ifndef PROTO_CORE_H
#define PROTO_CORE_H

#include "proto/channel.h"
#include "proto/id.h"
#include "proto/limits.h"
#include "proto/message.h"

typedef uint32_t link_id; /* chosen by the shell for ACCEPTED, by the core for CONNECT; not 0 */

enum core_event_kind {
    CORE_TICK,        /* time passed */
    CORE_START,       /* nothing but time */
    CORE_CHARTER,     /* the newest charter, at start and when it grew; also answers FX_CHARTER */
    CORE_HEADS,       /* the counted and all further heads here, durable; at start and on change */
    CORE_PEERS,       /* addresses to dial besides the charter's, from the configuration */
    CORE_INVITATIONS, /* open invitations */
    CORE_SYNC,        /* a person asked: dial and reconcile now; 'label' or all */
    CORE_CONNECTED,   /* a CONNECT succeeded */
    CORE_ACCEPTED,    /* somebody connected; 'link' was chosen by the shell (high bit set) */
    CORE_DATA,        /* bytes from the wire */
    CORE_WRITTEN,     /* the shell's unsent bytes of a link, for back-pressure */
    CORE_CLOSED,      /* the transport is gone (or CONNECT failed); 'text' says why */
    CORE_STORED,      /* answer to FX_STORE */
    CORE_LOADED,      /* answer to FX_LOAD */
    CORE_COMMITTED,   /* a commit is durable here: written here, or stored from 'link' */
    CORE_PAIRED,      /* answer to FX_PAIR */
    CORE_WANTED,      /* sealed items that are named here and not held; at start, on change, and
                       * when others may be among them */
    CORE_WISHES,      /* answer to FX_WISH */
    CORE_GIVEN,       /* answer to FX_GIVE */
    CORE_KEPT,        /* answer to FX_KEEP */
};

enum core_role { CORE_OFFICE, CORE_AUDITOR, CORE_PARTNER };

struct core_member {
    const char *label;
    struct key key;
    const char *address; /* "" where unknown */
    enum core_role role;
};

struct core_invitation {
    struct bytes id; /* 1 .. 64 bytes */
    uint8_t secret[KEY_BYTES];
    struct bytes label;
    bool expired; /* told to whoever holds the secret: BYE_EXPIRED */
    bool used;    /* admits 'used_by' only: BYE_USED to others */
    struct key used_by;
};

struct core_label_heads {
    struct bytes label;
    const struct oid *ids;
    uint32_t count;
};

enum core_load_kind { CORE_LOAD_LACKING, CORE_LOAD_SUMMARY, CORE_LOAD_BY_ID };

struct core_event {
    enum core_event_kind kind;
    uint64_t now_ms;
    link_id link;
    uint32_t request;    /* of an answer; CHARTER: 0 where nobody asked */
    enum status status;  /* of an answer; CLOSED */
    struct bytes bytes;  /* DATA; COMMITTED: the item */
    const char *text;    /* CLOSED; ACCEPTED: the other's address without its port */
    size_t unsent_bytes; /* WRITTEN */

    struct { /* CHARTER */
        uint32_t version;
        struct digest hash;
        const struct core_member *members;
        uint32_t member_count;
        const struct bytes *files; /* versions 1 .. version, as they stand */
        const struct key *retired; /* keys of former members */
        uint32_t retired_count;
        const struct bytes *motions; /* open ones, opaque, 1 .. CHARTER_BYTES_MAX each */
        uint32_t motion_count;       /* 0 .. MOTIONS_MAX */
    } charter;
    struct {                                   /* HEADS */
        const struct core_label_heads *labels; /* ascending */
        uint32_t label_count;
    } heads;
    const char *const *addresses; /* PEERS: host:port */
    uint32_t address_count;
    const struct core_invitation *invitations;
    uint32_t invitation_count;
    struct bytes label; /* SYNC */

    struct {                         /* STORED: what became of each item of the request, in order */
        const enum status *verdicts; /* ST_OK, ST_EXISTS, ST_WAITING, ST_OVER_QUOTA, or why not */
        const struct oid *ids;       /* each item's commit id (zero where it could not be read) */
        uint32_t count;
        const struct oid *missing; /* parents that WAITING items lack */
        uint32_t missing_count;
    } stored;
    struct { /* LOADED */
        const struct bytes *items;
        const struct oid *ids; /* of items, or the summary's ids */
        uint32_t count;
        bool more;    /* LACKING: not all fitted; ask again with what was sent known */
        bool unknown; /* LACKING: some of the known ids given are not known here */
    } loaded;
    struct { /* COMMITTED */
        struct oid id;
        const struct oid *parents;
        uint32_t parent_count;
    } committed;
    struct { /* PAIRED (status ST_OK) */
        struct bytes label;
        const struct bytes *files; /* the whole chain, the joiner in the last */
        uint32_t file_count;
    } paired;
    struct { /* WANTED */
        uint64_t waiting[SEALED_LANES];
    } wanted;
    struct { /* WISHES: what this side wants and the peer may hold, ascending */
        const struct digest *names;
        uint32_t count;
        bool more; /* there are others behind them */
    } wishes;
    struct { /* GIVEN: the first 'count' wishes, each answered in its place; of one that is not to
              * be had the total is 0. At least one, however large. */
        const struct sealed_piece *pieces;
        uint32_t count;
    } given;
    struct { /* KEPT, in the order of the request; durable where ST_OK */
        const struct digest *names;
        const enum status *verdicts; /* ST_OK; ST_BAD_VALUE: not what its name says; else: not kept,
                                      * by nobody's fault */
        uint32_t count;
    } kept;
};

enum core_effect_kind {
    FX_SEND,    /* bytes to a link's transport */
    FX_CONNECT, /* dial 'text' (host:port) as 'link' */
    FX_CLOSE,   /* end a link once what was sent is out; status is the reason */
    FX_STORE,   /* accept 'items' (in order), then CORE_STORED with 'request' */
    FX_LOAD,    /* answer with CORE_LOADED */
    FX_CHARTER, /* take these version files, then 'motions'; answer with CORE_CHARTER */
    FX_PAIR,    /* admit 'key' at address 'text' by invitation 'bytes'; answer with CORE_PAIRED */
    FX_JOINED,  /* we joined: label 'text', charter files 'items' */
    FX_LOG,     /* 'level' (syslog's 3 .. 7), 'text' without case content */
    FX_PEER,    /* a link's state changed: 'link' (for watch and status) */
    FX_WISH,    /* up to 'max' wanted names of 'lane' behind 'after' that the member of 'key' may
                 * hold; answer with CORE_WISHES */
    FX_GIVE,    /* read 'wishes' for the member of 'key'; answer with CORE_GIVEN */
    FX_KEEP,    /* keep 'items', named 'names'; answer with CORE_KEPT once they are durable */
};

struct core_effect {
    enum core_effect_kind kind;
    link_id link;
    uint32_t request;
    enum status status;
    int level;
    struct bytes bytes;
    const char *text;
    const struct bytes *items; /* STORE, CHARTER, JOINED, KEEP */
    uint32_t item_count;
    enum core_load_kind load;
    const struct oid *known; /* LOAD LACKING: what the peer has; BY_ID: what it wants */
    uint32_t known_count;
    size_t bytes_max;            /* LOAD: of items; GIVE: of pieces */
    struct key key;              /* PAIR, WISH, GIVE */
    const struct bytes *motions; /* CHARTER */
    uint32_t motion_count;
    bool heard;                       /* CHARTER: the peer, a member, has told all that it has */
    enum sealed_lane lane;            /* WISH, GIVE, KEEP */
    struct digest after;              /* WISH; zero: from the start */
    uint32_t max;                     /* WISH */
    const struct sealed_wish *wishes; /* GIVE */
    uint32_t wish_count;
    const struct digest *names; /* KEEP */
};

enum { EFFECTS_MAX = 1024 };

struct effects { /* lent by the core until the next step */
    const struct core_effect *list;
    uint32_t count;
};

struct core_options {
    struct digest network;
    const char *label;          /* ours */
    const uint8_t *identity;    /* Ed25519 secret key, 64 bytes; copied, wiped at the end */
    const char *agent;          /* "mingad 0.1.0" */
    const char *listen_address; /* told when pairing; "" for none */
    uint32_t links_active;      /* 1 .. LINKS_MAX; LINKS_ACTIVE_DEFAULT */
    entropy_fn entropy;
    void *entropy_context;
    struct { /* joining: all other fields but network and identity unused */
        bool wanted;
        const char *address; /* the inviter's */
        struct key inviter;
        uint8_t secret[KEY_BYTES];
        struct bytes invitation;
    } join;
};

struct core;
MUST_USE enum status core_create(const struct core_options *o, struct core **out);
void core_free(struct core *c);

/* core_step(): see above. '*out' is to be carried out also on an error.
 * Errors: ST_NO_MEMORY: a local fault; the core stays usable.
 *         ST_TOO_LARGE, ST_MALFORMED: the shell told more than limits.h allows, or a broken key */
MUST_USE enum status core_step(struct core *c, const struct core_event *event, struct effects *out);
uint64_t core_deadline_ms(const struct core *c); /* UINT64_MAX: none */

enum core_link_state {
    CORE_LINK_NONE,
    CORE_LINK_DIALLING,
    CORE_LINK_HANDSHAKE,
    CORE_LINK_CHARTER,
    CORE_LINK_ACTIVE,
    CORE_LINK_WAITING /* backing off */
};

struct core_peer {     /* one member other than ourselves, or an address whose member is unknown */
    const char *label; /* "" unknown */
    const char *address;
    enum core_link_state state;
    uint64_t bytes_in, bytes_out;
    uint64_t last_contact_ms; /* now_ms of the last authenticated message; 0 never */
    enum status last_error;   /* ST_OK none */
    bool met;                 /* it has told all its heads, and they are known here */
    bool durable;             /* all that our newest HEADS reach is durable there, and what it may
                               * read of the values that they name */
    uint32_t behind_heads;    /* heads of theirs that we lack */
    uint64_t waiting_sealed;  /* values that it waits for, as it told */
    uint64_t retry_ms;        /* WAITING: now_ms of the next try */
};

/* core_peers(): one after the other, 'index' from 0; false at the end. */
bool core_peer(const struct core *c, uint32_t index, struct core_peer *out);

#endif
