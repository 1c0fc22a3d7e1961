/*
 * keyring_kit: offices with fixed keys, a charter as they are members of it, and a state tree of
 * classkey records to which operations are applied.
 */
#ifndef TESTS_KEYRING_KIT_H
#define TESTS_KEYRING_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/mem.h"
#include "replicas/keyring.h"
#include "replicas/tree.h"

enum { KEYRING_KIT_MEMBERS = 6 };

struct keyring_kit {
    struct backing backing;
    struct store *store;
    struct oid state;
    struct digest network;
    uint64_t height;
    struct home_identity identities[KEYRING_KIT_MEMBERS];
    struct charter_member members[KEYRING_KIT_MEMBERS];
    struct charter_retired retired[KEYRING_KIT_MEMBERS];
    struct charter charter;
    struct fault f;
};

/* Member 'n': 0 .. 3 are offices, 4 an auditor, 5 a partner. */
static inline void keyring_kit_identity(uint8_t seed, struct home_identity *out)
{
    uint8_t bytes[crypto_sign_SEEDBYTES] = {seed, 1};
    crypto_sign_seed_keypair(out->key.id, out->secret, bytes);
}

static inline void keyring_kit_open(struct keyring_kit *x, uint32_t members)
{
    static const char *const labels[] = {"arica",  "iquique", "santiago",
                                         "temuco", "yungay",  "zapallar"};
    memset(x, 0, sizeof *x);
    memset(x->network.id, 7, sizeof x->network.id);
    assert_int_equal(backing_memory_open(&x->backing), ST_OK);
    assert_int_equal(store_open(&x->backing, 1 << 20, &x->store), ST_OK);
    for (uint8_t i = 0; i < KEYRING_KIT_MEMBERS; i++) {
        struct charter_member *m = &x->members[i];
        keyring_kit_identity(i, &x->identities[i]);
        snprintf(m->label, sizeof m->label, "%s", labels[i]);
        m->role = i < 4 ? CHARTER_OFFICE : i == 4 ? CHARTER_AUDITOR : CHARTER_PARTNER;
        m->key = x->identities[i].key;
    }
    x->charter.members = x->members;
    x->charter.member_count = members;
    x->charter.retired = x->retired;
}

static inline void keyring_kit_close(struct keyring_kit *x)
{
    store_close(x->store);
}

/* The last member goes. */
static inline void keyring_kit_remove_last(struct keyring_kit *x)
{
    x->charter.member_count--;
    x->retired[x->charter.retired_count].key = x->members[x->charter.member_count].key;
    x->charter.retired_count++;
}

static inline void keyring_kit_path(const struct op *op, char out[static TREE_PATH_MAX])
{
    char hex[RECORD_ID_TEXT + 1];
    hex_encode(op->id, RECORD_ID_BYTES, hex);
    snprintf(out, TREE_PATH_MAX, "records/classkey/%c/%c/%c/%s.json", hex[0], hex[1], hex[2], hex);
}

/* One record's operations, on the state, by an office; the record's bytes into the tree. */
static inline void keyring_kit_write(struct keyring_kit *x, const struct op *ops, uint32_t count,
                                     const struct op_change *by)
{
    char path[TREE_PATH_MAX];
    struct oid blob;
    struct bytes text;
    struct record base = {.id = {NULL, 0}}, after;
    struct buf file = {0};
    keyring_kit_path(ops, path);
    bool there = tree_find(x->store, &x->state, path, &blob, NULL) == ST_OK;
    if (there) {
        assert_int_equal(store_read(x->store, &blob, STORE_BLOB, &text, NULL), ST_OK);
        assert_int_equal(record_parse(text, &base), ST_OK);
    }
    assert_int_equal(op_apply(there ? &base : NULL, ops, count, by, &after), ST_OK);
    record_encode(&after, &file);
    assert_int_equal(buf_status(&file), ST_OK);
    assert_int_equal(store_write(x->store, STORE_BLOB, buf_bytes(&file), NULL, &blob), ST_OK);
    struct tree_change change = {path, blob};
    assert_int_equal(tree_edit(x->store, &x->state, &change, 1, &x->state, NULL), ST_OK);
    buf_release(&file);
    record_release(&after);
    record_release(&base);
}

/* Apply a list, as one commit by this office would; the list is released. */
static inline void keyring_kit_commit(struct keyring_kit *x, struct op_list *ops, const char *label)
{
    struct op_change by = {.height = ++x->height, .label = bytes_of_text(label)};
    struct buf wire = {0};
    randombytes_buf(by.change.id, sizeof by.change.id);
    op_list_resolve(ops, &x->network);
    assert_int_equal(op_list_encode(ops, &wire), ST_OK);
    for (uint32_t i = 0; i < ops->count;) {
        uint32_t end = i + 1;
        while (end < ops->count && memcmp(ops->ops[end].id, ops->ops[i].id, RECORD_ID_BYTES) == 0)
            end++;
        keyring_kit_write(x, &ops->ops[i], end - i, &by);
        i = end;
    }
    buf_release(&wire);
    op_list_release(ops);
    *ops = (struct op_list){.ops = NULL};
}

static inline struct keyring *keyring_kit_ring(struct keyring_kit *x, uint32_t member)
{
    struct keyring *k = NULL;
    assert_int_equal(keyring_create(&x->network, &k), ST_OK);
    assert_int_equal(keyring_update(k, x->store, &x->state, &x->identities[member], &x->f), ST_OK);
    return k;
}

static inline void keyring_kit_update(struct keyring_kit *x, struct keyring *k, uint32_t member)
{
    assert_int_equal(keyring_update(k, x->store, &x->state, &x->identities[member], &x->f), ST_OK);
}

/* A member starts an epoch and commits it. */
static inline struct seal_id keyring_kit_start(struct keyring_kit *x, struct keyring *k,
                                               uint32_t member, enum schema_class class)
{
    struct op_list ops = {.ops = NULL};
    struct seal_id id;
    assert_int_equal(keyring_start(k, &x->charter, &x->network, &x->members[member].key, class,
                                   &ops, &id, &x->f),
                     ST_OK);
    keyring_kit_commit(x, &ops, x->members[member].label);
    return id;
}

/* Whether the ring opens the key of this id; that it is that key. */
static inline bool keyring_kit_opens(const struct keyring *k, const struct seal_id *id)
{
    const struct seal_key *key = keyring_find(k, id);
    struct seal_id again;
    if (key == NULL)
        return false;
    seal_key_id(key, &again);
    assert_memory_equal(&again, id, sizeof again);
    return true;
}

static inline void keyring_kit_assert_current(struct keyring_kit *x, const struct keyring *k,
                                              enum schema_class class, const struct seal_id *id)
{
    struct seal_id found;
    assert_int_equal(keyring_current(k, &x->charter, class, &found), ST_OK);
    assert_memory_equal(&found, id, sizeof found);
}

#endif
