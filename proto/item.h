/*
 * item: one signed commit with its operations, as ITEM carries it, as a journal frame and the feed
 * hold it. The commit's bytes are rebuilt from it (replicas/commit.h), so no other spelling of a
 * commit can exist.
 *
 * msgpack array: [label, seq, height, charter version, charter hash, tree, [parent …], author,
 * author time, commit time, digest, signature, operations]; ids and operations are binary.
 */
#ifndef PROTO_ITEM_H
#define PROTO_ITEM_H

#include "proto/id.h"
#include "proto/limits.h"

/* The end of the year 9998 [seconds since 1970]: git hands a commit's time to ssh-keygen with a
 * year of four digits, in whatever zone its user is; it could verify no signature of a later one.
 */
#define ITEM_TIME_MAX INT64_C(253370764799)

struct item {
    struct bytes label;       /* the writer's office; borrowed */
    uint64_t seq, height;     /* 1 .. 2^53 - 1 */
    uint32_t charter_version; /* 1 .. CHARTER_VERSIONS_MAX */
    struct digest charter_hash;
    struct oid tree;
    uint32_t parent_count;            /* 0 .. PARENTS_MAX */
    struct oid parents[PARENTS_MAX];  /* strictly ascending bytes: the canonical order */
    struct bytes author;              /* "Name <mail>"; borrowed */
    int64_t author_time, commit_time; /* seconds since 1970, 0 .. ITEM_TIME_MAX: for
                                       * people only */
    struct digest digest;
    uint8_t signature[SIGNATURE_BYTES];
    struct bytes operations; /* replicas/op.h; borrowed; at most OPERATIONS_BYTES_MAX, and
                              * CHARTERS_BYTES_MAX for the charter versions among them */
};

void item_encode(const struct item *item, struct buf *out);

/*
 * item_decode(): the exact inverse. Borrows label, author and operations from 'in'.
 * Checks forms and bounds (labels, ident, order of parents), not meaning.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE; *out is then unspecified.
 */
MUST_USE enum status item_decode(struct bytes in, struct item *out);

/* ident_is_valid(): "Name <mail>" as git writes it: no control bytes, no further '<' or '>', no
 * space at the ends of the name, valid UTF-8, at most IDENT_BYTES_MAX. */
bool ident_is_valid(struct bytes ident);

#endif
