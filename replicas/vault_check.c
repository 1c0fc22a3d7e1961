#include "replicas/vault_check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "replicas/sql.h"
#include "replicas/vault_hold.h"

enum { URI_MAX = 3 * 4096 + 64 };

/* The path as SQLite reads it in a URI, where nothing beside the file is looked for or made. */
static void write_uri(const char *path, char out[static URI_MAX])
{
    size_t used = (size_t)snprintf(out, URI_MAX, "file:");
    for (const char *at = path; *at != '\0' && used < URI_MAX - 64; at++) {
        bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                     (*at >= '0' && *at <= '9') || *at == '/' || *at == '.' || *at == '-' ||
                     *at == '_';
        used += (size_t)snprintf(out + used, URI_MAX - used, plain ? "%c" : "%%%02x",
                                 (unsigned char)*at);
    }
    snprintf(out + used, URI_MAX - used, "?immutable=1");
}

static struct bytes blob(sqlite3_stmt *s, int column)
{
    const uint8_t *data = sqlite3_column_blob(s, column);
    return (struct bytes){data, data != NULL ? (size_t)sqlite3_column_bytes(s, column) : 0};
}

static void take_text(sqlite3_stmt *s, int column, char *out, size_t room)
{
    struct bytes text = sql_column(s, column);
    size_t count = text.count < room - 1 ? text.count : room - 1;
    if (count > 0)
        memcpy(out, text.data, count);
    out[count] = '\0';
}

/* Whether the row's bytes are what its name says; its facts as far as they can be read. */
static bool is_sound(sqlite3_stmt *s, struct vault_facts *facts)
{
    struct bytes name = blob(s, 0), item = blob(s, 2), salt_id = blob(s, 5);
    struct digest found = {{0}};
    *facts = (struct vault_facts){.kind = (enum vault_kind)sqlite3_column_int(s, 1)};
    take_text(s, 3, facts->type, sizeof facts->type);
    take_text(s, 4, facts->record, sizeof facts->record);
    if (name.count != DIGEST_BYTES)
        return false;
    memcpy(facts->name.id, name.data, DIGEST_BYTES);
    if (facts->kind != VAULT_SALT) {
        seal_name(item, &found);
    } else {
        struct seal_salt salt;
        if (item.count != SEAL_SALT_BYTES)
            return false;
        memcpy(salt.salt, item.data, SEAL_SALT_BYTES);
        seal_salt_id(&salt, &facts->salt);
        vault_salt_name(&facts->salt, &found);
    }
    return memcmp(found.id, name.data, DIGEST_BYTES) == 0 && salt_id.count == SEAL_ID_BYTES;
}

static enum status check_rows(sqlite3 *db, vault_check_fn damaged, void *user, uint64_t *checked,
                              struct fault *f)
{
    sqlite3_stmt *s = NULL;
    bool row = true;
    enum status status = sql_prepare(db,
                                     "SELECT name, kind, bytes, type, record, salt FROM item"
                                     " LEFT JOIN owner ON owner.id = owner ORDER BY item.id",
                                     &s, f);
    while (status == ST_OK && row) {
        struct vault_facts facts;
        status = sql_step(s, &row, f);
        if (status != ST_OK || !row)
            break;
        ++*checked;
        if (!is_sound(s, &facts))
            damaged(user, &facts);
    }
    sqlite3_finalize(s);
    return status;
}

/* A row of 'recent', up to its first item that does not read. */
static void check_row(struct bytes rest, vault_check_fn damaged, void *user, uint64_t *checked)
{
    bool reads = true;
    while (rest.count > 0 && reads) {
        struct vault_facts facts;
        struct bytes item;
        reads = vault_recent_next(&rest, &facts, &item);
        ++*checked;
        if (!reads || !vault_hold_is_named(&facts, item))
            damaged(user, &facts);
    }
}

static enum status check_recent(sqlite3 *db, vault_check_fn damaged, void *user, uint64_t *checked,
                                struct fault *f)
{
    sqlite3_stmt *s = NULL;
    bool row = true, there = true;
    enum status status =
        sql_prepare(db, "SELECT 1 FROM pragma_user_version WHERE user_version > 1", &s, f);
    if (status == ST_OK)
        status = sql_step(s, &there, f);
    sqlite3_finalize(s);
    s = NULL;
    if (status == ST_OK && there)
        status = sql_prepare(db, "SELECT items FROM recent ORDER BY id", &s, f);
    while (status == ST_OK && there && row) {
        status = sql_step(s, &row, f);
        if (status == ST_OK && row)
            check_row(blob(s, 0), damaged, user, checked);
    }
    sqlite3_finalize(s);
    return status;
}

enum status vault_check(const char *path, vault_check_fn damaged, void *user, uint64_t *checked_out,
                        struct fault *f)
{
    char uri[URI_MAX];
    sqlite3 *db = NULL;
    *checked_out = 0;
    if (access(path, F_OK) != 0)
        return ST_NOT_FOUND;
    write_uri(path, uri);
    int result = sqlite3_open_v2(
        uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    enum status status = sql_status(db, result, f);
    if (status == ST_OK)
        status = check_rows(db, damaged, user, checked_out, f);
    if (status == ST_OK)
        status = check_recent(db, damaged, user, checked_out, f);
    /* A table that is not there is damage: the format is ours. */
    if (status == ST_CORRUPT || (db != NULL && (sqlite3_errcode(db) & 0xff) == SQLITE_ERROR))
        status = fault_set(f, ST_CORRUPT, "the vault does not read to its end");
    if (status == ST_CORRUPT)
        fault_fix(f, "minga repair vault");
    sqlite3_close(db);
    return status;
}
