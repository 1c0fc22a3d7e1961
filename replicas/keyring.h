/*
 * keyring: the class keys that this office can open, from the classkey records of the state; which
 * of them values are sealed with now; and the operations that make and share them.
 *
 * A classkey record: "class" (internal, personal), "epoch" (1, 2, …), "key" (its id, hex), and the
 * set "copies": "<member's key, hex> <base64 of crypto_box_seal of the class key>", one or more for
 * each member that may read the class. Its id is derived (docs/FORMATS.md) from "<class>/<key id>":
 * so who opens a copy knows from the record's id alone whether that is the key, and of which class,
 * whatever somebody wrote over the fields. A copy that does not open to such a key counts as none,
 * and is tried once.
 *
 * The current key of a class is the one of the greatest (epoch, id) of which this office holds a
 * copy and which is fit by the newest charter: whoever made the record may read the class, and so
 * may every member, past or present, whose key is among its copies. Where none is, the next writer
 * starts an epoch. So whoever lost its entitlement reads nothing that is written after its loss is
 * known, and no record that somebody makes up is in the way of the others. Older keys stay for
 * reading.
 *
 * Owns the keys, wiped at the end.
 */
#ifndef REPLICAS_KEYRING_H
#define REPLICAS_KEYRING_H

#include "replicas/charter.h"
#include "replicas/home.h"
#include "replicas/op.h"
#include "replicas/seal.h"
#include "replicas/store.h"

struct keyring;

/* keyring_entitled(): whether a role reads a class: office all, auditor open and internal, partner
 * open. */
bool keyring_entitled(enum charter_role role, enum schema_class class);

/* keyring_create(): of the network of this id. Errors: ST_NO_MEMORY */
MUST_USE enum status keyring_create(const struct digest *network, struct keyring **out);
void keyring_free(struct keyring *k);

/* keyring_update(): follow the state tree. Free while its classkey records and the identity are the
 * same. An identity without its secret (all zeros) opens nothing.
 * Errors: ST_CORRUPT, ST_IO, ST_NO_MEMORY: the keys of before stay */
MUST_USE enum status keyring_update(struct keyring *k, struct store *store, const struct oid *state,
                                    const struct home_identity *identity, struct fault *f);

/* keyring_find(): a class key by its id; NULL: no copy of it for us. */
const struct seal_key *keyring_find(const struct keyring *k, const struct seal_id *id);

/*
 * keyring_current(): the key to seal 'class' with. ST_NOT_FOUND: there is none fit for it:
 * keyring_start() appends the operations of a fresh one, sealed to every member that may read the
 * class, and keeps it: it is found by its id, and current once its record is in the state.
 * Errors of start: ST_NOT_ALLOWED  we may not read the class; ST_NO_MEMORY
 */
MUST_USE enum status keyring_current(const struct keyring *k, const struct charter *newest,
                                     enum schema_class class, struct seal_id *id_out);
MUST_USE enum status keyring_start(struct keyring *k, const struct charter *newest,
                                   const struct digest *network, const struct key *self,
                                   enum schema_class class, struct op_list *ops,
                                   struct seal_id *id_out, struct fault *f);

/* keyring_lacks(): the first record at '*at' or behind it (moved there; begin with 0) whose key we
 * do not have and for which nothing was recalled; false: no more. keyring_recalled(): the one at
 * 'at' need not be asked for again before it changes. */
bool keyring_lacks(const struct keyring *k, uint32_t *at, uint8_t out[static RECORD_ID_BYTES]);
void keyring_recalled(struct keyring *k, uint32_t at);

/* keyring_recall(): take the key of such a record from a copy ('text': JSON) that once stood there;
 * *opened_out: it is for us, and opens. Errors: ST_NO_MEMORY */
MUST_USE enum status keyring_recall(struct keyring *k, const uint8_t *record, struct bytes text,
                                    bool *opened_out);

enum { KEYRING_SHARE_MAX = 128 }; /* copies of one call: they fit a commit beside others */

/* keyring_share(): the operations that give entitled members the copies they lack of every key that
 * we can open, and that take copies for us out again that do not open, where none does: else nobody
 * would see that we lack one. KEYRING_SHARE_MAX at most: the rest with the next state. On error
 * 'ops' may hold some of them, each good by itself. */
MUST_USE enum status keyring_share(struct keyring *k, const struct charter *newest,
                                   struct op_list *ops, struct fault *f);

/* keyring_hand(): the same for one key that the charter need not know: the one that waits to take
 * the place of ours. Without it what only we can open would be lost with the old key. */
MUST_USE enum status keyring_hand(struct keyring *k, const struct key *next, struct op_list *ops,
                                  struct fault *f);

#endif
