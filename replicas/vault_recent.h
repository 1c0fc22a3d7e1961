/*
 * vault_recent: the vault's newest small items, in memory and, behind each other, in rows of its
 * table 'recent': a row a commit. They go to the trees (vault_hold.h) in a quiet moment, many at a
 * time, for a row there costs several pages, and a row here none that is written twice.
 *
 * An item, as it stands in memory and in a row:
 *
 *   u8 kind | u8 class | u8 t | u8 r | u8 k | name, 32 | salt id, 20 | type, t | record, r |
 *   reader, k (0 or 32) | u32 n | bytes, n
 *
 * Owns its memory, and wipes it. Invariants: a name stands once in it; what is in no row yet stands
 * behind everything else.
 */
#ifndef REPLICAS_VAULT_RECENT_H
#define REPLICAS_VAULT_RECENT_H

#include "replicas/vault.h"

enum {
    VAULT_RECENT_ITEM_MAX = 2048, /* bytes of an item; greater ones go to the trees at once */
    VAULT_RECENT_FACTS_MAX = 256, /* that an item takes besides its bytes */
    VAULT_RECENT_MAX = 16 * 1024 * 1024, /* bytes of all: those of some 30,000 records */
};

struct vault_recent {
    struct buf bytes;
    size_t stored;            /* bytes of them that rows have */
    uint32_t *slots;          /* where an item begins, + 1, by its name; 0: free */
    uint32_t count, capacity; /* of slots; capacity is 0 or a power of two */
};

void vault_recent_release(struct vault_recent *r);

/* vault_recent_takes(): it is small. vault_recent_fits(): and there is room for it. */
bool vault_recent_takes(struct bytes item);
bool vault_recent_fits(const struct vault_recent *r, struct bytes item);

/* vault_recent_reserve(): memory for one more. Errors: ST_NO_MEMORY: unchanged
 * vault_recent_add(): one that fits, and is not there. Errors: the same */
MUST_USE enum status vault_recent_reserve(struct vault_recent *r);
MUST_USE enum status vault_recent_add(struct vault_recent *r, const struct vault_facts *facts,
                                      struct bytes item);

/* vault_recent_find(): facts or NULL; item or NULL: lent until the next change. */
bool vault_recent_find(const struct vault_recent *r, const struct digest *name,
                       struct vault_facts *facts_out, struct bytes *item_out);

/* vault_recent_row(): what no row has yet, lent. vault_recent_settle(): one has it now.
 * vault_recent_cut(): forget what none has. vault_recent_clear(): all of it. */
struct bytes vault_recent_row(const struct vault_recent *r);
void vault_recent_settle(struct vault_recent *r);
void vault_recent_cut(struct vault_recent *r);
void vault_recent_clear(struct vault_recent *r);

/* vault_recent_load(): a row. Errors: ST_CORRUPT  it is none of ours; ST_NO_MEMORY: unchanged */
MUST_USE enum status vault_recent_load(struct vault_recent *r, struct bytes row);

/* vault_recent_next(): the first item of 'rest', which then begins behind it; false: no item is
 * there. The bytes are not compared with the name. */
bool vault_recent_next(struct bytes *rest, struct vault_facts *facts_out, struct bytes *item_out);

/* vault_recent_each(): of sound bytes of rows, what belongs to one record, as vault_each(). */
MUST_USE enum status vault_recent_each(struct bytes rows, struct bytes type, struct bytes record,
                                       vault_fn each, void *user);

#endif
