/*
 * oid_map: a hash table from object ids to pointers. It owns its slots, never what they point at.
 * Ids are hashes already, so their first bytes are the hash; linear probing, at most 3/4 full.
 */
#ifndef REPLICAS_OID_MAP_H
#define REPLICAS_OID_MAP_H

#include "proto/id.h"

struct oid_map_slot {
    struct oid id;
    void *value; /* NULL: empty */
};

struct oid_map {
    struct oid_map_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

void oid_map_release(struct oid_map *m);

/* oid_map_find(): the value at 'id', NULL if none. */
void *oid_map_find(const struct oid_map *m, const struct oid *id);

/* oid_map_put(): 'value' (not NULL) at 'id', in place of what was there.
 * Errors: ST_NO_MEMORY  the map is as before */
MUST_USE enum status oid_map_put(struct oid_map *m, const struct oid *id, void *value);

/* oid_map_remove(): forget 'id'; nothing happens where it is not there. Allocates: no. */
void oid_map_remove(struct oid_map *m, const struct oid *id);

/* oid_map_shrink(): give back what many removals left empty, as far as memory for it can be had. */
void oid_map_shrink(struct oid_map *m);

#endif
