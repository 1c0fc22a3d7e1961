/*
 * quota: how much of a key is kept whose commits do not count: one that is retired or frozen. What
 * a thief or a liar signs by the thousand takes neither memory nor disk beyond that:
 * QUARANTINE_COMMITS_MAX commits, QUARANTINE_BYTES_MAX, GRAPH_OWN_MAX branches of one key.
 *
 * A commit over the quota is dropped, without blame for whoever brought it: the relay may have kept
 * other ones. It is dropped only if each of its parents is here or was dropped, so that whoever
 * sent it may take it and its past for done. Its id is remembered, for a while. When a commit that
 * counts turns out to stand on one that was dropped, the key's quota grows by itself once more: a
 * member vouches for it. Kept heads are never dropped, and as long as one is missing here the quota
 * is QUARANTINE_LENIENCE times as large: who is new gets the past of retired keys before the
 * commits that make it count.
 *
 * Owned by the replica. In memory only: after a start everything is offered once more.
 */
#ifndef REPLICAS_QUOTA_H
#define REPLICAS_QUOTA_H

#include "proto/item.h"
#include "replicas/replica.h"

struct quota;
void quota_free(struct quota *q);

/* quota_check(): an item whose signature verified, before it is replayed. 'key' its writer's.
 * Errors: ST_OVER_QUOTA; ST_NO_MEMORY */
MUST_USE enum status quota_check(struct replica *r, const struct item *item, const struct key *key,
                                 const struct oid *id, size_t bytes, struct fault *f);

/* quota_vouch(): a commit of 'key', verified, waits for these parents. Where it counts once it is
 * here, what was dropped of them may come. */
void quota_vouch(struct replica *r, const struct key *key, const struct oid *missing,
                 uint32_t count);

/* quota_dropped(): whether this is remembered as dropped. */
bool quota_dropped(const struct replica *r, const struct oid *id);

/* quota_full(): whether no more is kept of the key. */
bool quota_full(struct replica *r, const struct key *key);

#endif
