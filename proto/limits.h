/*
 * limits: every bound of the protocol and of the records, each with its unit and reason. Relations
 * between them are asserted at compile time, at the end.
 */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#include <assert.h>

#define KIB 1024u
#define MIB (1024u * 1024u)

enum {
    /* Records and commits (docs/FORMATS.md). */
    LABEL_BYTES_MAX = 32,            /* [a-z][a-z0-9-]{1,31}: short enough for a ref and a column */
    NAME_BYTES_MAX = 64,             /* type and field names: [a-z][a-z0-9_]{0,63} */
    VALUE_BYTES_MAX = 16 * KIB,      /* one value as JSON text; longer is an attachment */
    OPERATIONS_BYTES_MAX = 64 * KIB, /* a commit's operations: resumes on a bad line */
    COMMIT_RECORDS_MAX = 256,        /* records one commit may touch */
    PARENTS_MAX = 32,                /* of a commit; of more heads the lowest are merged first */
    IDENT_BYTES_MAX = 128,           /* "Name <mail>" of an author */
    RECORD_BYTES_MAX = 4 * MIB,      /* a record that a commit wrote: 'seen' grows with its edits */
    RECORD_JOINED_BYTES_MAX = 512 * MIB, /* what joins made of such: nobody can refuse a join */
    RECORD_FIELDS_MAX = 256,             /* fields of one type in the schema */
    SAFE_INTEGER_BITS = 53,              /* integers stay exact in every JSON reader */

    ATTACHMENT_BYTES_MAX = 127 * MIB, /* one file: the names of its chunks fit one item */

    /* Charter. */
    CHARTER_BYTES_MAX = 512 * KIB, /* one version with its schema and signatures */
    CHARTER_VERSIONS_MAX = 4096,
    MEMBERS_MAX = 256,
    ADDRESS_BYTES_MAX = 256, /* host:port */

    /* Wire (docs/PROTOCOL.md). */
    FRAME_BYTES_MAX = 16 * KIB,     /* ciphertext of one frame: lanes interleave by frame */
    MESSAGE_BYTES_MAX = MIB,        /* one message, after decompression */
    MESSAGE_DEPTH_MAX = 8,          /* nesting of msgpack */
    CHARTERS_BYTES_MAX = 512 * KIB, /* charter versions one commit may carry beside the rest */
    ITEM_BYTES_MAX = 640 * KIB,     /* one commit with its operations, as ITEM carries it */
    BATCH_BYTES_MAX = 256 * KIB,    /* items of one ITEM message, unless one alone is larger */
    BATCH_ITEMS_MAX = 256,
    WINDOW_BYTES = 4 * MIB, /* items in flight without STORED */
    WINDOW_ITEMS = 2048,    /* the same, by number: what either side keeps an entry for */
    HEADS_MAX = 1024,       /* head ids one HEADS may carry */
    HEADS_LABELS_MAX = 512, /* labels one HEADS may carry: members, and some that were */
    SUMMARY_IDS_MAX = 1024,
    WANT_IDS_MAX = 1024,                 /* commits one WANT may ask for */
    AGENT_BYTES_MAX = 64,                /* HELLO: program and version, for people */
    CHARTER_BATCH_MAX = 64,              /* charter versions in one CHARTER or PAIR_ACCEPT */
    CHARTER_BATCH_BYTES_MAX = MIB - KIB, /* versions and proposals of one, together */
    PROPOSALS_MAX = 16,                  /* open motions one CHARTER may carry */
    MOTIONS_MAX = 64,                    /* open motions a daemon carries */
    ZSTD_WINDOW_LOG = 20,                /* 1 MiB: what a peer can make us hold */
    HALF_OPEN_MAX = 64,                  /* handshakes under way */
    HANDSHAKE_MS = 5000,                 /* to finish one */
    REKEY_MS = 3600 * 1000,              /* fresh handshake every hour */
    GOSSIP_MS = 3000,                    /* differing HEADS are reconciled so often */
    PING_MS = 15 * 1000,                 /* a silent link is asked */
    STALL_MS = 60 * 1000,                /* and closed */
    BACKOFF_MS_MIN = 500,                /* reconnects: doubled up to the maximum, with jitter */
    BACKOFF_MS_MAX = 60 * 1000,
    LINKS_MAX = 128,          /* open links of one daemon, of either direction */
    LINKS_ACTIVE_DEFAULT = 4, /* links that a daemon dials and keeps */
    INVITATIONS_MAX = 64,
    SEALED_PIECE_BYTES = 16 * KIB,    /* of sealed items in one message: lanes interleave */
    SEALED_ITEM_BYTES_MAX = 66 * KIB, /* a chunk of 64 KiB with what seals it */
    SEALED_PIECES_MAX = 5,            /* of one item */
    SEALED_NAMES_MAX = 2048,          /* items named in one message, asked for and not answered */

    /* Commits of a key that is retired or frozen, beyond what counts. */
    QUARANTINE_COMMITS_MAX = 4096,   /* kept of one key: an office's work of months offline */
    QUARANTINE_BYTES_MAX = 16 * MIB, /* the same, by the bytes of their items */
    QUARANTINE_LENIENCE = 64,        /* times as much until what is kept of the key is here */
    DROPPED_MAX = 2048,              /* ids that are remembered of what was over that */

    /* Control socket. */
    CONTROL_BYTES_MAX = 2 * MIB, /* one request or one row of an answer */
    CONTROL_WORDS_MAX = 1024,
};

static_assert(OPERATIONS_BYTES_MAX + CHARTERS_BYTES_MAX + 4 * KIB <= ITEM_BYTES_MAX,
              "a commit's operations fit an item");
static_assert(BATCH_BYTES_MAX + ITEM_BYTES_MAX <= MESSAGE_BYTES_MAX, "a batch fits a message");
static_assert(BATCH_BYTES_MAX <= WINDOW_BYTES, "the window lets a batch through");
static_assert(BATCH_ITEMS_MAX <= WINDOW_ITEMS, "by bytes and by number");
static_assert(CHARTER_BYTES_MAX <= MESSAGE_BYTES_MAX - KIB, "a charter version fits a message");
static_assert(VALUE_BYTES_MAX < OPERATIONS_BYTES_MAX, "a value fits a commit");
static_assert(CHARTER_BYTES_MAX <= CHARTERS_BYTES_MAX, "a charter version fits a commit");
static_assert(CHARTER_BYTES_MAX <= CHARTER_BATCH_BYTES_MAX, "a batch holds a charter version");
static_assert(SEALED_ITEM_BYTES_MAX <= SEALED_PIECES_MAX * SEALED_PIECE_BYTES, "so many pieces");
static_assert(HEADS_LABELS_MAX >= MEMBERS_MAX, "HEADS names every member");
static_assert(HEADS_MAX * 22 + HEADS_LABELS_MAX * (LABEL_BYTES_MAX + 6) < MESSAGE_BYTES_MAX,
              "HEADS fits a message");

#endif
