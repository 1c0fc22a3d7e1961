#include "replicas/rotate.h"

#include <sodium.h>

#include "replicas/engine.h"
#include "replicas/keyring.h"

static const char next_name[] = "identity.next";

enum status rotate_prepare(struct replica *r, struct key *key_out, struct fault *f)
{
    struct home_identity next = {.secret = {0}};
    uint8_t seed[IDENTITY_SEED_BYTES];
    if (r->home == NULL || r->readonly || r->locked)
        return fault_set(f, ST_NOT_ALLOWED, "this replica has no identity file to replace");
    enum status status = home_read_next(r->home, next_name, &r->identity, &next, f);
    if (status == ST_NOT_FOUND) {
        randombytes_buf(seed, sizeof seed);
        status = home_write_identity(r->home, next_name, seed, &r->identity.wrap, f);
        if (status == ST_OK)
            status = home_read_next(r->home, next_name, &r->identity, &next, f);
    }
    if (status == ST_OK)
        *key_out = next.key;
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(&next, sizeof next);
    return status;
}

enum { HANDS_MAX = 64 }; /* commits of copies at once: far more keys than there are epochs */

enum status rotate_hand(struct replica *r, struct bytes author, struct fault *f)
{
    struct home_identity next = {.secret = {0}};
    struct keyring *keyring = NULL;
    const struct charter_member *self = charter_by_key(charter_newest(&r->chain), &r->identity.key);
    if (r->home == NULL || r->readonly || r->locked || r->vault == NULL || self == NULL ||
        self->role == CHARTER_PARTNER)
        return ST_OK;
    enum status status = home_read_next(r->home, next_name, &r->identity, &next, NULL);
    struct key key = next.key;
    sodium_memzero(&next, sizeof next);
    if (status != ST_OK) /* none waits; a damaged one is told where it is to take over */
        return ST_OK;
    bool any = true, wrote = false;
    for (int i = 0; i < HANDS_MAX && status == ST_OK && any; i++) {
        struct op_list ops = {0};
        struct replica_commit done;
        status = replica_keyring(r, &keyring, f);
        if (status == ST_OK)
            status = keyring_hand(keyring, &key, &ops, f);
        any = status == ST_OK && ops.count > 0;
        if (any)
            status = replica_write(r, &ops, author, &done, f);
        wrote = wrote || any;
        op_list_release(&ops);
    }
    /* On disk before a charter can make us let go of the old key. */
    return status == ST_OK && wrote ? replica_sync(r, f) : status;
}

enum status rotate_settle(struct replica *r, struct fault *f)
{
    struct home_identity next = {.secret = {0}};
    const struct charter_member *self =
        charter_by_label(charter_newest(&r->chain), bytes_of_text(r->label));
    if (r->home == NULL || r->readonly || r->locked || self == NULL ||
        memcmp(&self->key, &r->identity.key, sizeof self->key) == 0)
        return ST_OK;
    enum status status = home_read_next(r->home, next_name, &r->identity, &next, f);
    if (status == ST_OK && memcmp(&next.key, &self->key, sizeof self->key) == 0) {
        status = home_switch_identity(r->home, next_name, r->label, f);
        if (status == ST_OK)
            r->identity = next;
    } else if (status == ST_NOT_FOUND) {
        status = ST_OK; /* somebody else holds our label's key now */
        if (f != NULL)
            *f = (struct fault){.code = ST_OK};
    }
    sodium_memzero(&next, sizeof next);
    return status;
}
