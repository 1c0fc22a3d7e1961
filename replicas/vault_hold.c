#include "replicas/vault_hold.h"

#include <sodium.h>
#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/sql.h"

static const struct bytes NO_BLOB = {NULL, 0};

bool vault_hold_is_named(const struct vault_facts *facts, struct bytes item)
{
    struct digest name;
    if (facts->kind == VAULT_SALT) {
        struct seal_salt salt;
        struct seal_id id;
        if (item.count != SEAL_SALT_BYTES)
            return false;
        memcpy(salt.salt, item.data, SEAL_SALT_BYTES);
        seal_salt_id(&salt, &id);
        sodium_memzero(&salt, sizeof salt);
        vault_salt_name(&id, &name);
        if (memcmp(id.id, facts->salt.id, SEAL_ID_BYTES) != 0)
            return false;
    } else {
        seal_name(item, &name);
    }
    return memcmp(name.id, facts->name.id, DIGEST_BYTES) == 0;
}

enum status vault_hold_give(const struct vault_facts *facts, struct bytes item, struct buf *out,
                            struct fault *f)
{
    if (!vault_hold_is_named(facts, item))
        return vault_file_damaged("an item in it is not what its name says", f);
    buf_add_bytes(out, item);
    return buf_status(out);
}

enum status vault_hold_get(struct vault_queries *q, const struct digest *name,
                           struct vault_facts *facts, struct buf *out, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum status status = vault_query_take(q, VAULT_QUERY_GET, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_blob(statement, 1, name->id, DIGEST_BYTES), f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, &row, f);
    if (status == ST_OK && !row)
        status = fault_set(f, ST_NOT_FOUND, "the vault does not hold it");
    if (status == ST_OK)
        status = vault_query_facts(statement, facts, f);
    if (status == ST_OK && out != NULL) {
        const uint8_t *data = sqlite3_column_blob(statement, 7);
        struct bytes item = {data, (size_t)sqlite3_column_bytes(statement, 7)};
        if (data == NULL && sqlite3_errcode(q->file.db) == SQLITE_NOMEM)
            status = fault_set(f, ST_NO_MEMORY, "out of memory");
        else
            status = vault_hold_give(facts, item, out, f);
    }
    sqlite3_reset(statement);
    return status;
}

enum status vault_hold_each(struct vault_queries *q, struct bytes type, struct bytes record,
                            vault_fn each, void *user, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    struct vault_facts facts;
    bool row = false;
    enum status status = vault_query_ready(q, f);
    if (status != ST_OK)
        return status;
    /* A statement of its own: 'each' may ask the vault, and for another record too. */
    status = vault_query_told(q,
                              sql_prepare(q->file.db,
                                          "SELECT " VAULT_QUERY_FACTS
                                          " FROM owner JOIN item ON owner = owner.id"
                                          " WHERE record = ?1 AND type = ?2",
                                          &statement, NULL),
                              f);
    if (status == ST_OK)
        status = vault_query_told(q, sql_bind(statement, 1, record, NULL), f);
    if (status == ST_OK)
        status = vault_query_told(q, sql_bind(statement, 2, type, NULL), f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, &row, f);
    while (status == ST_OK && row) {
        status = vault_query_facts(statement, &facts, f);
        if (status == ST_OK)
            status = each(user, &facts);
        if (status == ST_OK)
            status = vault_query_step(q, statement, &row, f);
    }
    sqlite3_finalize(statement);
    return status;
}

static bool same_owner(const struct vault_facts *a, const struct vault_facts *b)
{
    return a->class == b->class && memcmp(a->salt.id, b->salt.id, SEAL_ID_BYTES) == 0 &&
           strcmp(a->record, b->record) == 0 && strcmp(a->type, b->type) == 0;
}

/* h->owner is the row of what these items share. */
static enum status find_owner(struct vault_queries *q, struct vault_holder *h,
                              const struct vault_facts *facts, struct fault *f)
{
    if (h->owner != 0 && same_owner(&h->last, facts))
        return ST_OK;
    h->owner = 0;
    enum status status = vault_query_owner(q, facts, &h->owner, f);
    if (status == ST_OK)
        h->last = *facts;
    return status;
}

enum status vault_hold(struct vault_queries *q, struct vault_holder *h,
                       const struct vault_facts *facts, struct bytes item, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row;
    enum status status = find_owner(q, h, facts, f);
    if (status == ST_OK)
        status = vault_query_take(q, VAULT_QUERY_PUT, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_facts(statement, facts) |
                                       vault_query_bind_blob(statement, 8, item.data, item.count) |
                                       sqlite3_bind_int64(statement, 9, h->owner),
                                   f);
    return status == ST_OK ? vault_query_step(q, statement, &row, f) : status;
}

/* ---- What is recent ---- */

struct place {
    struct vault_facts facts;
    struct bytes item;
};

static int compare(const void *a, const void *b)
{
    const struct place *one = a, *other = b;
    return memcmp(one->facts.name.id, other->facts.name.id, DIGEST_BYTES);
}

enum status vault_hold_recent(struct vault_queries *q, struct vault_holder *h,
                              const struct vault_recent *recent, struct fault *f)
{
    struct place *places = mem_array(recent->count, sizeof *places);
    struct bytes rest = buf_bytes(&recent->bytes);
    enum status status = ST_OK;
    uint64_t gone;
    if (places == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < recent->count; i++) {
        bool sound = vault_recent_next(&rest, &places[i].facts, &places[i].item);
        CHECK(sound);
    }
    /* By name: the tree's pages then come one behind the other. */
    qsort(places, recent->count, sizeof *places, compare);
    for (uint32_t i = 0; i < recent->count && status == ST_OK; i++)
        status = vault_hold(q, h, &places[i].facts, places[i].item, f);
    mem_free(places);
    return status == ST_OK ? vault_query_change(q, VAULT_QUERY_DROP_RECENT, NO_BLOB, 0, &gone, f)
                           : status;
}

enum status vault_hold_row(struct vault_queries *q, const struct vault_recent *recent,
                           struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    struct bytes row = vault_recent_row(recent);
    bool found;
    enum status status = vault_query_take(q, VAULT_QUERY_PUT_RECENT, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(
            sqlite3_bind_blob(statement, 1, row.data, (int)row.count, SQLITE_STATIC), f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, &found, f);
    return status;
}

enum status vault_hold_load(struct vault_queries *q, struct vault_recent *recent, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum status status = vault_query_take(q, VAULT_QUERY_GET_RECENT, &statement, f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, &row, f);
    while (status == ST_OK && row) {
        const uint8_t *data = sqlite3_column_blob(statement, 0);
        struct bytes items = {data, (size_t)sqlite3_column_bytes(statement, 0)};
        if (data == NULL && sqlite3_errcode(q->file.db) == SQLITE_NOMEM)
            status = ST_NO_MEMORY;
        else
            status = vault_recent_load(recent, items);
        if (status == ST_CORRUPT)
            status = vault_file_damaged("a row of its newest items is none of ours", f);
        else if (status != ST_OK)
            status = fault_set(f, status, "out of memory");
        else
            status = vault_query_step(q, statement, &row, f);
    }
    sqlite3_reset(statement);
    return status;
}
