/*
 * message: what two members say to each other, one canonical msgpack array a message, whose first
 * element is the kind.
 *
 * One file each (msg_<name>.c): encode, decode, validate. A decoder allocates nothing: texts and
 * binaries are borrowed from its input, ids are copied into arrays of fixed size. An encoder takes
 * only what its own validate accepts (it CHECKs: another value is our bug) and appends to 'out'
 * with the buffer's sticky failure.
 *
 * Every decoder:
 * Errors: ST_MALFORMED      cut short, of the wrong kind or count, a value outside its set
 *         ST_NOT_CANONICAL  another spelling of the same message; ids or labels out of order
 *         ST_TOO_LARGE      over a limit of limits.h
 * and *out is then unspecified.
 *
 * struct message is large (about 33 KiB): one to a thread, not one to a peer.
 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"

/* The kinds and their numbers on the wire; 17 onwards are left for later ones. */
#define MESSAGE_LIST(X)                                                                            \
    X(HELLO, 1, hello)                                                                             \
    X(CHARTER, 2, charter)                                                                         \
    X(HEADS, 3, heads)                                                                             \
    X(WANT, 4, want)                                                                               \
    X(ITEM, 5, item)                                                                               \
    X(SUMMARY, 6, summary)                                                                         \
    X(STORED, 7, stored)                                                                           \
    X(SEALED_WANT, 8, sealed_want)                                                                 \
    X(SEALED, 9, sealed)                                                                           \
    X(PING, 10, ping)                                                                              \
    X(PONG, 11, pong)                                                                              \
    X(BYE, 12, bye)                                                                                \
    X(PAIR_REQUEST, 13, pair_request)                                                              \
    X(PAIR_ACCEPT, 14, pair_accept)                                                                \
    X(SEALED_GONE, 15, sealed_gone)                                                                \
    X(KEPT, 16, kept)

#define MESSAGE_ENUM(name, number, member) MESSAGE_##name = number,
enum message_kind { MESSAGE_LIST(MESSAGE_ENUM) MESSAGE_KIND_END };
#undef MESSAGE_ENUM

enum { MESSAGE_VERSION = 1 }; /* of the protocol, in HELLO */

/* HELLO [1, version, features, agent]: the first message of either side on an open channel. */
struct msg_hello {
    uint32_t version;   /* 1 .. 2^32 - 1 */
    uint64_t features;  /* bits; what the other does not know it ignores */
    struct bytes agent; /* program and version, for people: 0 .. AGENT_BYTES_MAX printable ASCII */
};

/*
 * CHARTER [2, version, hash, [version file …], [proposal …], more]: the version that the sender
 * has (0: none, the hash is then zero), and versions that the other lacks, ascending and without
 * gaps; with 'more' another CHARTER follows for those that did not fit.
 */
struct msg_charter {
    uint32_t version; /* 0 .. CHARTER_VERSIONS_MAX */
    struct digest hash;
    uint32_t version_count;                   /* 0 .. CHARTER_BATCH_MAX */
    struct bytes versions[CHARTER_BATCH_MAX]; /* opaque, 1 .. CHARTER_BYTES_MAX each */
    uint32_t proposal_count;                  /* 0 .. PROPOSALS_MAX */
    struct bytes proposals[PROPOSALS_MAX];    /* opaque, 1 .. CHARTER_BYTES_MAX each */
    bool more;
};

/*
 * HEADS [3, whole, [[label, [id …]] …]]: the sender's heads by the label that wrote them. Whole: a
 * label that is not named has none. Otherwise only what changed: a label that is named now has
 * exactly these, or none when it names no id.
 */
struct msg_heads_group {
    struct bytes label; /* strictly ascending from group to group */
    uint32_t first;     /* its ids are ids[first .. first + count - 1], strictly ascending */
    uint32_t count;
};
struct msg_heads {
    bool whole;
    uint32_t group_count; /* 0 .. HEADS_LABELS_MAX */
    struct msg_heads_group groups[HEADS_LABELS_MAX];
    uint32_t id_count; /* 0 .. HEADS_MAX: of all groups, one behind the other */
    struct oid ids[HEADS_MAX];
};

/* WANT [4, [id …]]: commits asked for by name; 1 .. WANT_IDS_MAX, any order. */
struct msg_want {
    uint32_t id_count;
    struct oid ids[WANT_IDS_MAX];
};

/*
 * ITEM [5, [item …], more]: commits with their operations in causal order, opaque here (item.h).
 * With 'more' the sender has another ITEM to send at once.
 */
struct msg_item {
    uint32_t item_count; /* 0 .. BATCH_ITEMS_MAX; two and more hold at most BATCH_BYTES_MAX */
    struct bytes items[BATCH_ITEMS_MAX]; /* 1 .. ITEM_BYTES_MAX each */
    bool more;
};

/* SUMMARY [6, [id …]]: commits that the sender has, at doubling distances back from each head. */
struct msg_summary {
    uint32_t id_count; /* 0 .. SUMMARY_IDS_MAX, any order */
    struct oid ids[SUMMARY_IDS_MAX];
};

/*
 * STORED [7, items, [head …]]: how many items of this link have been judged so far, ever, and the
 * heads that are durable here, in any order. The only "done" a peer may show.
 */
struct msg_stored {
    uint64_t items;    /* 0 .. 2^53 - 1 */
    uint32_t id_count; /* 0 .. HEADS_MAX */
    struct oid ids[HEADS_MAX];
    uint32_t dropped_count; /* 0 .. BATCH_ITEMS_MAX */
    struct oid dropped[BATCH_ITEMS_MAX];
};

/* The two lanes of what the history only names: values and salts, and the chunks of files. */
enum sealed_lane { SEALED_VALUES, SEALED_FILES, SEALED_LANES };

/*
 * SEALED_WANT [8, lane, [[name, offset] …]]: pieces asked for: of the item of this name the bytes
 * from 'offset' on, up to SEALED_PIECE_BYTES. Each is answered once, by a piece or SEALED_GONE.
 */
struct sealed_wish {
    struct digest name;
    uint32_t offset; /* 0 .. SEALED_ITEM_BYTES_MAX - 1 */
};
struct msg_sealed_want {
    enum sealed_lane lane;
    uint32_t wish_count; /* 1 .. SEALED_NAMES_MAX */
    struct sealed_wish wishes[SEALED_NAMES_MAX];
};

/* SEALED [9, lane, [[name, total, offset, bytes] …]]: pieces of items of 'total' bytes. */
struct sealed_piece {
    struct digest name;
    uint32_t total; /* 1 .. SEALED_ITEM_BYTES_MAX */
    uint32_t offset;
    struct bytes bytes; /* 1 ..; offset + bytes <= total */
};
struct msg_sealed {
    enum sealed_lane lane;
    uint32_t piece_count; /* 1 .. SEALED_NAMES_MAX, together at most SEALED_PIECE_BYTES */
    struct sealed_piece pieces[SEALED_NAMES_MAX];
};

/* SEALED_GONE [15, lane, [name …]]: not here, or not for you: which is not told. One name for each
 * wish that is answered so. */
struct msg_sealed_gone {
    enum sealed_lane lane;
    uint32_t name_count; /* 1 .. SEALED_NAMES_MAX, any order */
    struct digest names[SEALED_NAMES_MAX];
};

/*
 * KEPT [16, [name …], waiting]: sealed items that are durable here now: that the reader gave, or
 * asked for in vain; and how many values the sender still waits for. Not said: none.
 */
struct msg_kept {
    uint32_t name_count; /* 0 .. SEALED_NAMES_MAX, any order */
    struct digest names[SEALED_NAMES_MAX];
    uint64_t waiting; /* 0 .. 2^53 - 1 */
};

/* PING [10, nonce], PONG [11, the same nonce]. */
struct msg_ping {
    uint64_t nonce;
};

/*
 * BYE [12, code]: the last message of a link. Codes: name, number, the status that it means to the
 * side that reads it, the text for people there (never sent).
 */
#define BYE_LIST(X)                                                                                \
    X(DONE, 0, ST_CLOSED, "the other side is done")                                                \
    X(NOT_MEMBER, 1, ST_NOT_MEMBER, "the other side does not know this key as a member's")         \
    X(WRONG_NETWORK, 2, ST_WRONG_NETWORK, "the other side belongs to another network")             \
    X(VERSION, 3, ST_PROTOCOL, "the other side speaks another version of the protocol")            \
    X(PROTOCOL, 4, ST_PROTOCOL, "the other side did not expect a message that it got")             \
    X(MALFORMED, 5, ST_MALFORMED, "the other side could not read a message that it got")           \
    X(LIMIT, 6, ST_TOO_LARGE, "the other side met a limit")                                        \
    X(REFUSED, 7, ST_WRONG_ROOT, "the other side refused a commit that it got")                    \
    X(STALLED, 8, ST_STALLED, "the other side waited in vain")                                     \
    X(BUSY, 9, ST_UNREACHABLE, "the other side has no room for another link")                      \
    X(RESTART, 10, ST_CLOSED, "the other side restarts")                                           \
    X(DUPLICATE, 11, ST_CLOSED, "the other side keeps an older link to this member")               \
    X(EXPIRED, 12, ST_EXPIRED, "the invitation has expired")                                       \
    X(USED, 13, ST_USED, "the invitation was used by another key")                                 \
    X(INTERNAL, 14, ST_UNREACHABLE, "the other side has a fault of its own")                       \
    X(REKEY, 15, ST_CLOSED, "the other side asks for a fresh handshake")                           \
    X(PROPOSED, 16, ST_NEEDS_PERSON, "the newcomer is proposed, and admins have to approve")       \
    X(RETIRED, 17, ST_RETIRED, "the other side knows this key as retired")                         \
    X(BAD_ITEM, 18, ST_BAD_VALUE, "the other side got a sealed item that its name does not fit")

#define BYE_ENUM(name, number, status, text) BYE_##name = number,
enum bye_code { BYE_LIST(BYE_ENUM) BYE_CODE_COUNT };
#undef BYE_ENUM

enum { BYE_CODE_MAX = 255 }; /* codes of later versions are read, and mean ST_CLOSED */

struct msg_bye {
    uint32_t code; /* 0 .. BYE_CODE_MAX */
};

/* PAIR_REQUEST [13, key, address]: a joiner's identity and where it listens (may be empty). */
struct msg_pair_request {
    struct key key;       /* Ed25519 */
    struct bytes address; /* printable ASCII without spaces, 0 .. ADDRESS_BYTES_MAX */
};

/*
 * PAIR_ACCEPT [14, label, [version file …], more]: the joiner's label and the whole chain from the
 * first version on; with 'more' another PAIR_ACCEPT of the same label goes on with it.
 */
struct msg_pair_accept {
    struct bytes label;
    uint32_t version_count;                   /* 0 .. CHARTER_BATCH_MAX */
    struct bytes versions[CHARTER_BATCH_MAX]; /* opaque, 1 .. CHARTER_BYTES_MAX each */
    bool more;
};

struct message {
    enum message_kind kind;
    union {
        struct msg_hello hello;
        struct msg_charter charter;
        struct msg_heads heads;
        struct msg_want want;
        struct msg_item item;
        struct msg_summary summary;
        struct msg_stored stored;
        struct msg_sealed_want sealed_want;
        struct msg_sealed sealed;
        struct msg_sealed_gone sealed_gone;
        struct msg_kept kept;
        struct msg_ping ping, pong;
        struct msg_bye bye;
        struct msg_pair_request pair_request;
        struct msg_pair_accept pair_accept;
    };
};

/*
 * message_decode(): any message. Borrows from 'in'.
 * Errors: as every decoder, and
 *         ST_TOO_LARGE  'in' is over MESSAGE_BYTES_MAX
 *         ST_PROTOCOL   a kind that this version does not know
 */
MUST_USE enum status message_decode(struct bytes in, struct message *out);
void message_encode(const struct message *m, struct buf *out);
MUST_USE enum status message_validate(const struct message *m);

/* message_name(): "HELLO", for logs; "?" for an unknown kind. A constant. */
const char *message_name(enum message_kind kind);

/* A kind each. validate: ST_OK when the struct may be encoded, else what the decoder would say. */
void msg_hello_encode(const struct msg_hello *m, struct buf *out);
MUST_USE enum status msg_hello_decode(struct bytes in, struct msg_hello *out);
MUST_USE enum status msg_hello_validate(const struct msg_hello *m);

void msg_charter_encode(const struct msg_charter *m, struct buf *out);
MUST_USE enum status msg_charter_decode(struct bytes in, struct msg_charter *out);
MUST_USE enum status msg_charter_validate(const struct msg_charter *m);

/* msg_charter_add(): append a version; false when this message is full: send it with 'more' set,
 * then begin another. An empty message takes any one version of valid size. */
bool msg_charter_add(struct msg_charter *m, struct bytes version);

void msg_heads_encode(const struct msg_heads *m, struct buf *out);
MUST_USE enum status msg_heads_decode(struct bytes in, struct msg_heads *out);
MUST_USE enum status msg_heads_validate(const struct msg_heads *m);

/* msg_heads_add(): append one head of 'label' (borrowed), or with id NULL the word that it has
 * none. Calls come in ascending order of label, then id. False when this message is full. */
bool msg_heads_add(struct msg_heads *m, struct bytes label, const struct oid *id);

void msg_want_encode(const struct msg_want *m, struct buf *out);
MUST_USE enum status msg_want_decode(struct bytes in, struct msg_want *out);
MUST_USE enum status msg_want_validate(const struct msg_want *m);

void msg_item_encode(const struct msg_item *m, struct buf *out);
MUST_USE enum status msg_item_decode(struct bytes in, struct msg_item *out);
MUST_USE enum status msg_item_validate(const struct msg_item *m);

/* msg_item_add(): append one item (borrowed); false when this message is full: send it with 'more'
 * set, then begin another. An empty message takes any one item of valid size. */
bool msg_item_add(struct msg_item *m, struct bytes item);

void msg_summary_encode(const struct msg_summary *m, struct buf *out);
MUST_USE enum status msg_summary_decode(struct bytes in, struct msg_summary *out);
MUST_USE enum status msg_summary_validate(const struct msg_summary *m);

void msg_stored_encode(const struct msg_stored *m, struct buf *out);
MUST_USE enum status msg_stored_decode(struct bytes in, struct msg_stored *out);
MUST_USE enum status msg_stored_validate(const struct msg_stored *m);

void msg_sealed_want_encode(const struct msg_sealed_want *m, struct buf *out);
MUST_USE enum status msg_sealed_want_decode(struct bytes in, struct msg_sealed_want *out);
MUST_USE enum status msg_sealed_want_validate(const struct msg_sealed_want *m);

void msg_sealed_encode(const struct msg_sealed *m, struct buf *out);
MUST_USE enum status msg_sealed_decode(struct bytes in, struct msg_sealed *out);
MUST_USE enum status msg_sealed_validate(const struct msg_sealed *m);

/* msg_sealed_add(): append one piece (its bytes borrowed); false when this message is full. An
 * empty message takes any one piece of valid size. */
bool msg_sealed_add(struct msg_sealed *m, const struct sealed_piece *piece);

void msg_sealed_gone_encode(const struct msg_sealed_gone *m, struct buf *out);
MUST_USE enum status msg_sealed_gone_decode(struct bytes in, struct msg_sealed_gone *out);
MUST_USE enum status msg_sealed_gone_validate(const struct msg_sealed_gone *m);

void msg_kept_encode(const struct msg_kept *m, struct buf *out);
MUST_USE enum status msg_kept_decode(struct bytes in, struct msg_kept *out);
MUST_USE enum status msg_kept_validate(const struct msg_kept *m);

/* PING and PONG are one shape: 'kind' says which. Every nonce is valid. */
void msg_ping_encode(enum message_kind kind, const struct msg_ping *m, struct buf *out);
MUST_USE enum status msg_ping_decode(enum message_kind kind, struct bytes in, struct msg_ping *out);

void msg_bye_encode(const struct msg_bye *m, struct buf *out);
MUST_USE enum status msg_bye_decode(struct bytes in, struct msg_bye *out);
MUST_USE enum status msg_bye_validate(const struct msg_bye *m);

/* msg_bye_text(), msg_bye_word(), msg_bye_status(): a code's text for people, its stable word
 * ("NOT_MEMBER"), the status it means here; of an unknown code "…", "UNKNOWN", ST_CLOSED. */
const char *msg_bye_text(uint32_t code);
const char *msg_bye_word(uint32_t code);
MUST_USE enum status msg_bye_status(uint32_t code);

/* msg_bye_of(): the code to send when a link is closed because of 'why'. */
enum bye_code msg_bye_of(enum status why);

void msg_pair_request_encode(const struct msg_pair_request *m, struct buf *out);
MUST_USE enum status msg_pair_request_decode(struct bytes in, struct msg_pair_request *out);
MUST_USE enum status msg_pair_request_validate(const struct msg_pair_request *m);

void msg_pair_accept_encode(const struct msg_pair_accept *m, struct buf *out);
MUST_USE enum status msg_pair_accept_decode(struct bytes in, struct msg_pair_accept *out);
MUST_USE enum status msg_pair_accept_validate(const struct msg_pair_accept *m);
bool msg_pair_accept_add(struct msg_pair_accept *m, struct bytes version);

#endif
