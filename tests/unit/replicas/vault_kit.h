/*
 * vault_kit: items for the tests of the vault: small ones, whose content follows from a number.
 */
#ifndef TESTS_VAULT_KIT_H
#define TESTS_VAULT_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "replicas/vault.h"

struct vault_kit_item {
    struct vault_facts facts;
    uint8_t data[4096];
    size_t count;
};

static inline struct bytes vault_kit_bytes(const struct vault_kit_item *item)
{
    return (struct bytes){item->data, item->count};
}

/* Bytes that stand nowhere else: a search of raw files finds them or they are gone. */
static inline void vault_kit_fill(uint32_t n, uint8_t *out, size_t count)
{
    uint64_t x = 0x9e3779b97f4a7c15u * (n + 1);
    for (size_t i = 0; i < count; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        out[i] = (uint8_t)(x >> 24);
    }
}

/* The n-th salt, of record number 'record'. */
static inline struct vault_kit_item vault_kit_salt(uint32_t n, uint32_t record)
{
    struct vault_kit_item item = {.count = SEAL_SALT_BYTES};
    struct seal_salt salt;
    vault_kit_fill(n + 1000000, salt.salt, sizeof salt.salt);
    memcpy(item.data, salt.salt, sizeof salt.salt);
    item.facts = (struct vault_facts){.kind = VAULT_SALT, .class = SCHEMA_PERSONAL};
    seal_salt_id(&salt, &item.facts.salt);
    vault_salt_name(&item.facts.salt, &item.facts.name);
    snprintf(item.facts.type, sizeof item.facts.type, "visit");
    snprintf(item.facts.record, sizeof item.facts.record, "%024x", record);
    return item;
}

/* An item of 'count' bytes of that record, made with that salt. */
static inline struct vault_kit_item vault_kit_item(uint32_t n, uint32_t salt, uint32_t record,
                                                   enum vault_kind kind, size_t count)
{
    struct vault_kit_item item = vault_kit_salt(salt, record);
    item.facts.kind = kind;
    item.count = count;
    vault_kit_fill(n, item.data, count);
    seal_name(vault_kit_bytes(&item), &item.facts.name);
    return item;
}

static inline enum status vault_kit_put(struct vault *v, const struct vault_kit_item *item)
{
    struct fault f = {.code = ST_OK};
    return vault_put(v, &item->facts, vault_kit_bytes(item), &f);
}

/* Whether it is held, whole. */
static inline bool vault_kit_holds(struct vault *v, const struct vault_kit_item *item)
{
    struct buf out = {0};
    struct vault_facts facts;
    struct fault f = {.code = ST_OK};
    bool has = false;
    enum status status = vault_get(v, &item->facts.name, &facts, &out, &f);
    assert_int_equal(vault_has(v, &item->facts.name, &has, &f), ST_OK);
    assert_int_equal(has, status == ST_OK);
    if (status == ST_OK) {
        assert_true(bytes_equal(buf_bytes(&out), vault_kit_bytes(item)));
        assert_memory_equal(&facts, &item->facts, sizeof facts);
    } else {
        assert_int_equal(status, ST_NOT_FOUND);
    }
    buf_release(&out);
    return status == ST_OK;
}

static inline uint64_t vault_kit_waiting(struct vault *v, bool files)
{
    struct fault f = {.code = ST_OK};
    uint64_t count = 0;
    assert_int_equal(vault_waiting(v, files, &count, &f), ST_OK);
    return count;
}

#endif
