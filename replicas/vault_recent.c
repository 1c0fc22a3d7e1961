#include "replicas/vault_recent.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum {
    HEAD_BYTES = 5 + DIGEST_BYTES + SEAL_ID_BYTES,
    COUNT_BYTES = 4,
    ENTRY_BYTES_MAX = VAULT_RECENT_FACTS_MAX + VAULT_RECENT_ITEM_MAX,
    SLOTS_MIN = 64,
};

static_assert((int)HEAD_BYTES + (int)NAME_BYTES_MAX + (int)RECORD_ID_TEXT + (int)KEY_BYTES +
                      (int)COUNT_BYTES <=
                  (int)VAULT_RECENT_FACTS_MAX,
              "every item has room for its facts");
static_assert(NAME_BYTES_MAX <= UINT8_MAX && RECORD_ID_TEXT <= UINT8_MAX, "a byte says how many");

void vault_recent_clear(struct vault_recent *r)
{
    if (r->bytes.data != NULL)
        sodium_memzero(r->bytes.data, r->bytes.capacity);
    buf_release(&r->bytes);
    mem_free(r->slots);
    *r = (struct vault_recent){0};
}

void vault_recent_release(struct vault_recent *r)
{
    vault_recent_clear(r);
}

bool vault_recent_takes(struct bytes item)
{
    return item.count <= VAULT_RECENT_ITEM_MAX;
}

bool vault_recent_fits(const struct vault_recent *r, struct bytes item)
{
    return vault_recent_takes(item) && r->bytes.count + ENTRY_BYTES_MAX <= VAULT_RECENT_MAX;
}

/* ---- Bytes ---- */

static void write_item(struct buf *out, const struct vault_facts *facts, struct bytes item)
{
    bool read_by_one = !sodium_is_zero(facts->reader.id, KEY_BYTES);
    struct bytes type = bytes_of_text(facts->type), record = bytes_of_text(facts->record);
    buf_add_byte(out, (uint8_t)facts->kind);
    buf_add_byte(out, (uint8_t)facts->class);
    buf_add_byte(out, (uint8_t)type.count);
    buf_add_byte(out, (uint8_t)record.count);
    buf_add_byte(out, read_by_one ? KEY_BYTES : 0);
    buf_add(out, facts->name.id, DIGEST_BYTES);
    buf_add(out, facts->salt.id, SEAL_ID_BYTES);
    buf_add_bytes(out, type);
    buf_add_bytes(out, record);
    buf_add(out, facts->reader.id, read_by_one ? KEY_BYTES : 0);
    buf_add_u32be(out, (uint32_t)item.count);
    buf_add_bytes(out, item);
}

static bool take(struct bytes *rest, void *out, size_t count)
{
    if (rest->count < count)
        return false;
    if (count > 0)
        memcpy(out, rest->data, count);
    *rest = (struct bytes){rest->data + count, rest->count - count};
    return true;
}

static bool take_text(struct bytes *rest, char *out, size_t count, size_t most)
{
    if (count > most || !take(rest, out, count))
        return false;
    out[count] = '\0';
    return strlen(out) == count;
}

static bool take_facts(struct bytes *rest, struct vault_facts *out)
{
    uint8_t head[5];
    *out = (struct vault_facts){.kind = VAULT_VALUE};
    if (!take(rest, head, sizeof head) || head[0] < VAULT_VALUE || head[0] > VAULT_DISCLOSURE ||
        (head[1] != SCHEMA_INTERNAL && head[1] != SCHEMA_PERSONAL) ||
        (head[4] != 0 && head[4] != KEY_BYTES))
        return false;
    out->kind = (enum vault_kind)head[0];
    out->class = (enum schema_class)head[1];
    return take(rest, out->name.id, DIGEST_BYTES) && take(rest, out->salt.id, SEAL_ID_BYTES) &&
           take_text(rest, out->type, head[2], NAME_BYTES_MAX) &&
           take_text(rest, out->record, head[3], RECORD_ID_TEXT) &&
           take(rest, out->reader.id, head[4]) &&
           sodium_is_zero(out->reader.id, KEY_BYTES) == (head[4] == 0);
}

bool vault_recent_next(struct bytes *rest, struct vault_facts *facts_out, struct bytes *item_out)
{
    uint8_t n[COUNT_BYTES];
    struct bytes at = *rest;
    if (!take_facts(&at, facts_out) || !take(&at, n, sizeof n))
        return false;
    size_t count = (size_t)n[0] << 24 | (size_t)n[1] << 16 | (size_t)n[2] << 8 | n[3];
    if (count > VAULT_RECENT_ITEM_MAX || count > at.count)
        return false;
    *item_out = (struct bytes){at.data, count};
    *rest = (struct bytes){at.data + count, at.count - count};
    return true;
}

/* ---- Where a name is ---- */

static const uint8_t *name_at(const struct vault_recent *r, uint32_t slot)
{
    return r->bytes.data + slot - 1 + 5;
}

/* The slot of a name, or the free one where it would be. Names are hashes, or begin with one. */
static uint32_t slot_of(const struct vault_recent *r, const uint8_t *name)
{
    uint32_t hash;
    memcpy(&hash, name + 8, sizeof hash);
    uint32_t at = hash & (r->capacity - 1);
    while (r->slots[at] != 0 && memcmp(name_at(r, r->slots[at]), name, DIGEST_BYTES) != 0)
        at = (at + 1) & (r->capacity - 1);
    return at;
}

/* The slots anew, with those of the items in 'bytes' up to 'end', which are sound. */
static void fill_slots(struct vault_recent *r, size_t end)
{
    struct bytes rest = {r->bytes.data, end};
    r->count = 0;
    if (r->capacity > 0)
        memset(r->slots, 0, r->capacity * sizeof *r->slots);
    while (rest.count > 0) {
        struct vault_facts facts;
        struct bytes item;
        uint32_t at = (uint32_t)(end - rest.count);
        bool sound = vault_recent_next(&rest, &facts, &item);
        CHECK(sound && r->capacity > 0);
        r->slots[slot_of(r, facts.name.id)] = at + 1;
        r->count++;
    }
}

static enum status reserve_slots(struct vault_recent *r)
{
    if (2 * (r->count + 1) <= r->capacity)
        return ST_OK;
    uint32_t capacity = r->capacity > 0 ? 2 * r->capacity : SLOTS_MIN;
    uint32_t *fresh = mem_array(capacity, sizeof *fresh), *old = r->slots;
    uint32_t old_capacity = r->capacity;
    if (fresh == NULL)
        return ST_NO_MEMORY;
    r->slots = fresh;
    r->capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i] != 0)
            r->slots[slot_of(r, name_at(r, old[i]))] = old[i];
    mem_free(old);
    return ST_OK;
}

enum status vault_recent_reserve(struct vault_recent *r)
{
    if (reserve_slots(r) == ST_OK && buf_reserve(&r->bytes, ENTRY_BYTES_MAX) != NULL)
        return ST_OK;
    r->bytes.failed = false; /* nothing of it was written */
    return ST_NO_MEMORY;
}

enum status vault_recent_add(struct vault_recent *r, const struct vault_facts *facts,
                             struct bytes item)
{
    CHECK(vault_recent_fits(r, item));
    if (vault_recent_reserve(r) != ST_OK)
        return ST_NO_MEMORY;
    uint32_t at = (uint32_t)r->bytes.count;
    uint32_t slot = slot_of(r, facts->name.id);
    CHECK(r->slots[slot] == 0);
    write_item(&r->bytes, facts, item);
    r->slots[slot] = at + 1;
    r->count++;
    return ST_OK;
}

bool vault_recent_find(const struct vault_recent *r, const struct digest *name,
                       struct vault_facts *facts_out, struct bytes *item_out)
{
    uint32_t slot = r->count > 0 ? r->slots[slot_of(r, name->id)] : 0;
    struct vault_facts facts;
    struct bytes item;
    if (slot == 0)
        return false;
    struct bytes rest = {r->bytes.data + slot - 1, r->bytes.count - (slot - 1)};
    bool sound = vault_recent_next(&rest, &facts, &item);
    CHECK(sound);
    if (facts_out != NULL)
        *facts_out = facts;
    if (item_out != NULL)
        *item_out = item;
    return true;
}

/* ---- Rows ---- */

struct bytes vault_recent_row(const struct vault_recent *r)
{
    size_t count = r->bytes.count - r->stored;
    return (struct bytes){count > 0 ? r->bytes.data + r->stored : NULL, count};
}

void vault_recent_settle(struct vault_recent *r)
{
    r->stored = r->bytes.count;
}

void vault_recent_cut(struct vault_recent *r)
{
    if (r->bytes.count == r->stored)
        return;
    sodium_memzero(r->bytes.data + r->stored, r->bytes.count - r->stored);
    r->bytes.count = r->stored;
    fill_slots(r, r->stored);
}

enum status vault_recent_load(struct vault_recent *r, struct bytes row)
{
    enum status status = ST_OK;
    CHECK(r->stored == r->bytes.count);
    while (row.count > 0 && status == ST_OK) {
        struct vault_facts facts;
        struct bytes item;
        if (!vault_recent_next(&row, &facts, &item) || !vault_recent_fits(r, item) ||
            vault_recent_find(r, &facts.name, NULL, NULL))
            status = ST_CORRUPT;
        else
            status = vault_recent_add(r, &facts, item);
    }
    if (status == ST_OK)
        vault_recent_settle(r);
    else
        vault_recent_cut(r);
    return status;
}

enum status vault_recent_each(struct bytes rows, struct bytes type, struct bytes record,
                              vault_fn each, void *user)
{
    enum status status = ST_OK;
    while (rows.count > 0 && status == ST_OK) {
        struct vault_facts facts;
        struct bytes item;
        bool sound = vault_recent_next(&rows, &facts, &item);
        CHECK(sound);
        if (bytes_equal_text(type, facts.type) && bytes_equal_text(record, facts.record))
            status = each(user, &facts);
    }
    return status;
}
