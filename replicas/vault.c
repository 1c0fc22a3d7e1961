#include "replicas/vault.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/sql.h"
#include "replicas/vault_hold.h"
#include "replicas/wantlist.h"

static const struct bytes NO_BLOB = {NULL, 0};

enum {
    LANES = 2,         /* chunks of files, and everything else: 'files' is the index */
    WANT_BYTES = 1024, /* that a row of 'want' takes at most, with its share of split pages */
};

struct vault {
    struct vault_queries q;
    bool writing;                    /* a transaction is open */
    bool full;                       /* the last write had no room, and did not begin */
    bool due;                        /* not only wants were written */
    bool refusing;                   /* something may have been erased: 'refused' may have rows */
    bool dropped, committed_dropped; /* what was deleted may still have copies in the file */
    struct wantlist fresh[LANES];    /* wanted since the last vault_commit() */
    struct wantlist known[LANES];    /* of 'stored', those that need no look into the file */
    uint64_t stored[LANES], committed[LANES]; /* wanted by the file */
    bool cut;    /* at the next checkpoint: the log may hold what was erased, or never committed */
    bool sorted; /* the trees may hold something */
    struct vault_recent recent; /* held, and in no tree yet */
    struct vault_holder holder;
    struct fault failed; /* of a write: what was written since the last commit is gone */
};

static unsigned lane_of(enum vault_kind kind)
{
    return kind == VAULT_CHUNK;
}

static void settle(struct vault *v)
{
    memcpy(v->committed, v->stored, sizeof v->stored);
    v->committed_dropped = v->dropped;
    vault_recent_settle(&v->recent);
    v->due = false;
    v->writing = false;
}

static void forget_known(struct vault *v)
{
    for (int lane = 0; lane < LANES; lane++)
        wantlist_clear(&v->known[lane]);
}

static void abandon(struct vault *v)
{
    vault_query_rollback(&v->q);
    vault_recent_cut(&v->recent);
    v->cut = true;
    v->holder.owner = 0;
    v->due = false;
    memcpy(v->stored, v->committed, sizeof v->stored);
    for (int lane = 0; lane < LANES; lane++)
        wantlist_clear(&v->fresh[lane]);
    forget_known(v);
    v->dropped = v->committed_dropped;
    v->writing = false;
}

/* SQLite ends a transaction by itself where memory or the disk fails. */
static const char gave_up[] = "the vault gave up what was to be kept: memory or disk failed";

/* The end of a write: when it failed, all of the transaction goes. */
static enum status wrote(struct vault *v, enum status status, struct fault *f)
{
    if (status == ST_OK || v->full)
        return status;
    if (f != NULL)
        v->failed = *f;
    else
        (void)fault_set(&v->failed, status, "writing the vault failed");
    v->failed.code = status;
    abandon(v);
    return status;
}

/* Every write of so many bytes begins here; one that follows a failed one is refused, so that no
 * half is kept. Without room for it nothing is written: what was before stays good. */
static enum status begin(struct vault *v, uint64_t bytes, struct fault *f)
{
    bool row;
    if (v->failed.code != ST_OK) {
        if (f != NULL)
            *f = v->failed;
        return v->failed.code;
    }
    if (v->writing && !vault_query_is_open(&v->q)) { /* by a read that failed, for one */
        v->full = false;
        return wrote(v, fault_set(f, ST_IO, "%s", gave_up), f);
    }
    enum status status = vault_file_reserve(&v->q.file, !v->writing, bytes, f);
    v->full = status != ST_OK;
    if (status != ST_OK || v->writing)
        return status;
    status = vault_query_ask(&v->q, VAULT_QUERY_BEGIN, NO_BLOB, &row, f);
    v->writing = status == ST_OK;
    return status;
}

enum status vault_open(const char *path, struct bytes image, struct vault **out, struct fault *f)
{
    struct vault *v = mem_alloc(sizeof *v);
    if (v == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    enum status status = vault_query_open(path, image, &v->q, f);
    if (status == ST_OK)
        status = vault_query_count_wants(&v->q, v->stored, f);
    if (status == ST_OK) /* most vaults have had no erasure: nothing is searched for one */
        status = vault_query_ask(&v->q, VAULT_QUERY_ANY_REFUSED, NO_BLOB, &v->refusing, f);
    if (status == ST_OK)
        status = vault_query_ask(&v->q, VAULT_QUERY_HAS_ANY, NO_BLOB, &v->sorted, f);
    if (status == ST_OK)
        status = vault_hold_load(&v->q, &v->recent, f);
    if (status == ST_OK)
        status = vault_query_ask(&v->q, VAULT_QUERY_HAS_MARK, NO_BLOB, &v->dropped, f);
    settle(v);
    v->cut = true; /* whatever an end at a bad moment left */
    if (status != ST_OK) {
        vault_close(v);
        return status;
    }
    *out = v;
    return ST_OK;
}

void vault_close(struct vault *v)
{
    if (v == NULL)
        return;
    abandon(v);
    for (int lane = 0; lane < LANES; lane++) {
        wantlist_release(&v->fresh[lane]);
        wantlist_release(&v->known[lane]);
    }
    vault_recent_release(&v->recent);
    vault_query_close(&v->q);
    mem_free(v);
}

enum status vault_image(struct vault *v, struct buf *out, struct fault *f)
{
    return vault_file_image(&v->q.file, out, f);
}

void vault_salt_name(const struct seal_id *id, struct digest *out)
{
    *out = (struct digest){{0}};
    memcpy(out->id, id->id, SEAL_ID_BYTES);
}

static void check_facts(const struct vault_facts *facts)
{
    CHECK(facts->kind >= VAULT_VALUE && facts->kind <= VAULT_DISCLOSURE);
    CHECK(facts->class == SCHEMA_INTERNAL || facts->class == SCHEMA_PERSONAL);
}

/* What the file wants in a lane is not all in 'known'. */
static bool is_search(const struct vault *v, int lane)
{
    return v->stored[lane] > v->known[lane].count;
}

/* It is wanted no longer, in whichever lane that was. */
static enum status forget_want(struct vault *v, const struct digest *name, struct fault *f)
{
    enum status status = ST_OK;
    for (int files = 0; files < LANES && status == ST_OK; files++) {
        sqlite3_stmt *statement = NULL;
        bool row;
        if (wantlist_remove(&v->fresh[files], name))
            continue;
        if (!wantlist_remove(&v->known[files], name) && !is_search(v, files))
            continue;
        status = vault_query_take(&v->q, VAULT_QUERY_UNWANT, &statement, f);
        if (status == ST_OK)
            status = vault_query_bound(vault_query_bind_blob(statement, 1, name->id, DIGEST_BYTES) |
                                           sqlite3_bind_int(statement, 2, files),
                                       f);
        if (status == ST_OK)
            status = vault_query_step(&v->q, statement, &row, f);
        if (status == ST_OK)
            v->stored[files] -= (uint64_t)sqlite3_changes64(v->q.file.db);
    }
    return status;
}

static struct vault_facts *find_want(const struct wantlist lists[static LANES],
                                     const struct digest *name)
{
    struct vault_facts *found = wantlist_find(&lists[0], name);
    return found != NULL ? found : wantlist_find(&lists[1], name);
}

/* The end of the transaction; where it fails, what it wrote is still to be forgotten. */
static enum status finish(struct vault *v, struct fault *f)
{
    bool found;
    enum status status = ST_OK;
    if (!vault_query_is_open(&v->q))
        return fault_set(f, ST_IO, "%s", gave_up);
    if (vault_recent_row(&v->recent).count > 0)
        status = vault_hold_row(&v->q, &v->recent, f);
    if (status == ST_OK)
        status = vault_query_ask(&v->q, VAULT_QUERY_COMMIT, NO_BLOB, &found, f);
    if (status == ST_OK)
        settle(v);
    return status;
}

/* What is recent goes to the trees, in a transaction of its own: where that fails, nothing that
 * anybody wrote is gone. */
static enum status move_recent(struct vault *v, struct fault *f)
{
    if (v->failed.code != ST_OK)
        return begin(v, 0, f); /* says what failed */
    if (v->recent.count == 0)
        return ST_OK;
    v->full = false;
    enum status status = v->writing ? wrote(v, finish(v, f), f) : ST_OK;
    if (status == ST_OK)
        status = begin(v, v->recent.bytes.count, f);
    if (status != ST_OK)
        return status;
    v->sorted = true;
    status = vault_hold_recent(&v->q, &v->holder, &v->recent, f);
    if (status == ST_OK)
        status = finish(v, f);
    if (status == ST_OK) {
        vault_recent_clear(&v->recent);
        return ST_OK;
    }
    vault_query_rollback(&v->q);
    v->holder.owner = 0;
    v->writing = false;
    v->full = status == ST_DISK_FULL || status == ST_NO_MEMORY; /* no reason to abandon anything */
    return status;
}

/* An item that is named and not refused; the transaction is open. */
static enum status hold(struct vault *v, const struct vault_facts *facts, struct bytes item,
                        struct fault *f)
{
    bool wanted =
        find_want(v->fresh, &facts->name) != NULL || find_want(v->known, &facts->name) != NULL;
    bool held = false;
    enum status status = wanted ? ST_OK : vault_has(v, &facts->name, &held, f);
    if (status != ST_OK || held)
        return status;
    if (!vault_recent_takes(item)) {
        v->sorted = true;
        status = vault_hold(&v->q, &v->holder, facts, item, f);
    } else if (vault_recent_add(&v->recent, facts, item) != ST_OK) {
        status = fault_set(f, ST_NO_MEMORY, "out of memory");
    }
    return status == ST_OK ? forget_want(v, &facts->name, f) : status;
}

enum status vault_put(struct vault *v, const struct vault_facts *facts, struct bytes item,
                      struct fault *f)
{
    bool refused = false;
    check_facts(facts);
    if (item.count > SEAL_ITEM_BYTES_MAX)
        return fault_set(f, ST_TOO_LARGE, "an item for the vault is over the limit");
    if (!vault_hold_is_named(facts, item))
        return fault_set(f, ST_BAD_VALUE, "an item for the vault is not what its name says");
    enum status status = vault_is_erased(v, &facts->salt, facts->record, &refused, f);
    if (status == ST_OK && refused)
        return fault_set(f, ST_NOT_ALLOWED, "what this item belongs to was erased");
    bool small = vault_recent_takes(item);
    if (status == ST_OK && small && !vault_recent_fits(&v->recent, item))
        status = move_recent(v, f);
    /* Without memory for it nothing is begun, and what was before stays good. */
    if (status == ST_OK && small && vault_recent_reserve(&v->recent) != ST_OK)
        status = fault_set(f, ST_NO_MEMORY, "out of memory");
    if (status == ST_OK)
        status = begin(v, VAULT_RECENT_FACTS_MAX + item.count, f);
    v->due = v->due || status == ST_OK;
    return status == ST_OK ? wrote(v, hold(v, facts, item, f), f) : status;
}

enum status vault_get(struct vault *v, const struct digest *name, struct vault_facts *facts_out,
                      struct buf *out, struct fault *f)
{
    struct vault_facts facts;
    struct bytes item;
    enum status status = ST_OK;
    if (!vault_recent_find(&v->recent, name, &facts, &item))
        status = vault_hold_get(&v->q, name, &facts, out, f);
    else if (out != NULL)
        status = vault_hold_give(&facts, item, out, f);
    if (status == ST_OK && facts_out != NULL)
        *facts_out = facts;
    return status;
}

enum status vault_has(struct vault *v, const struct digest *name, bool *out, struct fault *f)
{
    *out = vault_recent_find(&v->recent, name, NULL, NULL);
    if (*out || !v->sorted)
        return ST_OK;
    return vault_query_ask(&v->q, VAULT_QUERY_HAS, (struct bytes){name->id, DIGEST_BYTES}, out, f);
}

/* An item that is held goes to the owner that it has, but of class personal. */
static enum status raise_item(struct vault *v, const struct digest *name, struct fault *f)
{
    struct vault_facts held;
    sqlite3_stmt *statement = NULL;
    int64_t owner = 0;
    bool row;
    enum status status = vault_get(v, name, &held, NULL, f);
    if (status != ST_OK)
        return status == ST_NOT_FOUND ? ST_OK : status;
    held.class = SCHEMA_PERSONAL;
    status = vault_query_owner(&v->q, &held, &owner, f);
    if (status == ST_OK)
        status = vault_query_take(&v->q, VAULT_QUERY_RAISE_ITEM, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_blob(statement, 1, name->id, DIGEST_BYTES) |
                                       sqlite3_bind_int64(statement, 9, owner),
                                   f);
    return status == ST_OK ? vault_query_step(&v->q, statement, &row, f) : status;
}

/* It is wanted as personal and known already: of two who name one item the stricter is right. */
static enum status raise_class(struct vault *v, const struct digest *name, struct fault *f)
{
    struct bytes blob = {name->id, DIGEST_BYTES};
    struct vault_facts facts;
    bool below = false;
    uint64_t count;
    enum status status = ST_OK;
    if (vault_recent_find(&v->recent, name, &facts, NULL) && facts.class < SCHEMA_PERSONAL)
        status = move_recent(v, f);
    if (status == ST_OK)
        status = vault_query_ask(&v->q, VAULT_QUERY_IS_BELOW, blob, &below, f);
    if (status != ST_OK || !below)
        return status;
    status = begin(v, 0, f);
    if (status != ST_OK)
        return status;
    forget_known(v);
    v->due = true;
    status = vault_query_change(&v->q, VAULT_QUERY_RAISE_WANT, blob, 0, &count, f);
    return status == ST_OK ? raise_item(v, name, f) : status;
}

/* A salt's name for what is no salt: no hash ends in so many zeros, and the salt would be lost. */
static bool is_alias(const struct vault_facts *facts)
{
    return facts->kind != VAULT_SALT &&
           sodium_is_zero(facts->name.id + SEAL_ID_BYTES, DIGEST_BYTES - SEAL_ID_BYTES);
}

/* One of them goes to the file; the caller forgets it. */
static enum status store_want(struct vault *v, unsigned lane, const struct vault_facts *facts,
                              struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row;
    enum status status = vault_query_take(&v->q, VAULT_QUERY_WANT, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_facts(statement, facts) |
                                       sqlite3_bind_int(statement, 8, (int)lane),
                                   f);
    if (status == ST_OK)
        status = vault_query_step(&v->q, statement, &row, f);
    v->stored[lane] += status == ST_OK;
    return status;
}

/* What is wanted and has not come goes to the file, with the next commit. */
static enum status store_wants(struct vault *v, struct fault *f)
{
    uint64_t count = (uint64_t)v->fresh[0].count + v->fresh[1].count;
    enum status status = count > 0 ? begin(v, count * WANT_BYTES, f) : ST_OK;
    for (unsigned lane = 0; lane < LANES && status == ST_OK; lane++) {
        const struct wantlist *fresh = &v->fresh[lane];
        for (uint32_t i = 0; i < fresh->count && status == ST_OK; i++)
            status = store_want(v, lane, wantlist_at(fresh, i), f);
    }
    for (int lane = 0; lane < LANES && status == ST_OK; lane++) {
        struct wantlist stored = v->fresh[lane];
        if (stored.count == 0 || v->known[lane].count > 0) {
            wantlist_clear(&v->fresh[lane]);
            continue;
        }
        v->fresh[lane] = v->known[lane];
        v->known[lane] = stored;
    }
    return wrote(v, status, f);
}

/* Held, or wanted by the file. */
static enum status is_known(struct vault *v, const struct digest *name, bool *out, struct fault *f)
{
    enum status status = vault_has(v, name, out, f);
    *out = *out || (status == ST_OK && find_want(v->known, name) != NULL);
    if (status == ST_OK && !*out && (is_search(v, 0) || is_search(v, 1)))
        status = vault_query_ask(&v->q, VAULT_QUERY_IS_WANTED,
                                 (struct bytes){name->id, DIGEST_BYTES}, out, f);
    return status;
}

static enum status want(struct vault *v, const struct vault_facts *facts, struct fault *f)
{
    struct wantlist *fresh = &v->fresh[lane_of(facts->kind)];
    struct vault_facts *wanted = find_want(v->fresh, &facts->name);
    bool known = false;
    if (wanted != NULL) { /* of two who name one item the stricter is right */
        wanted->class = facts->class == SCHEMA_PERSONAL ? SCHEMA_PERSONAL : wanted->class;
        return ST_OK;
    }
    enum status status = is_known(v, &facts->name, &known, f);
    if (status == ST_OK && known && facts->class == SCHEMA_PERSONAL)
        return raise_class(v, &facts->name, f);
    if (status != ST_OK || known)
        return status;
    if (wantlist_is_full(fresh))
        status = store_wants(v, f);
    if (status == ST_OK && wantlist_add(fresh, facts) != ST_OK)
        status = fault_set(f, ST_NO_MEMORY, "out of memory");
    return status;
}

enum status vault_want(struct vault *v, const struct vault_facts *facts, struct fault *f)
{
    bool refused = false;
    check_facts(facts);
    if (v->failed.code != ST_OK)
        return begin(v, 0, f); /* says what failed */
    if (is_alias(facts))
        return ST_OK;
    enum status status = vault_is_erased(v, &facts->salt, facts->record, &refused, f);
    if (status != ST_OK || refused)
        return status;
    return wrote(v, want(v, facts, f), f);
}

enum status vault_wanted(struct vault *v, const struct digest *name, struct vault_facts *facts_out,
                         struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    const struct vault_facts *wanted = find_want(v->fresh, name);
    struct vault_facts facts;
    bool row = false;
    wanted = wanted != NULL ? wanted : find_want(v->known, name);
    if (wanted != NULL) {
        if (facts_out != NULL)
            *facts_out = *wanted;
        return ST_OK;
    }
    if (!is_search(v, 0) && !is_search(v, 1))
        return fault_set(f, ST_NOT_FOUND, "nothing is wanted");
    enum status status = vault_query_take(&v->q, VAULT_QUERY_WANTED, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_blob(statement, 1, name->id, DIGEST_BYTES), f);
    if (status == ST_OK)
        status = vault_query_step(&v->q, statement, &row, f);
    if (status == ST_OK && !row)
        status = fault_set(f, ST_NOT_FOUND, "it is not wanted");
    if (status == ST_OK)
        status = vault_query_facts(statement, &facts, f);
    if (status == ST_OK && facts_out != NULL)
        *facts_out = facts;
    sqlite3_reset(statement);
    return status;
}

enum status vault_unwant(struct vault *v, const struct digest *name, struct fault *f)
{
    for (int files = 0; files < LANES; files++)
        if (wantlist_remove(&v->fresh[files], name))
            return ST_OK;
    if (v->stored[0] + v->stored[1] == 0)
        return ST_OK;
    enum status status = begin(v, 0, f);
    return status == ST_OK ? wrote(v, forget_want(v, name, f), f) : status;
}

/* The same of those that the file wants. */
static enum status stored_wants(struct vault *v, bool files, const struct digest *after,
                                uint32_t max, struct vault_facts *out, uint32_t *count_out,
                                struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    uint32_t count = 0;
    *count_out = 0;
    if (v->stored[files] == 0)
        return ST_OK;
    enum status status = vault_query_take(&v->q, VAULT_QUERY_WANTS, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_blob(statement, 1, after->id, DIGEST_BYTES) |
                                       sqlite3_bind_int(statement, 2, files) |
                                       sqlite3_bind_int64(statement, 3, max),
                                   f);
    if (status == ST_OK)
        status = vault_query_step(&v->q, statement, &row, f);
    while (status == ST_OK && row && count < max) {
        status = vault_query_facts(statement, &out[count], f);
        count++;
        if (status == ST_OK)
            status = vault_query_step(&v->q, statement, &row, f);
    }
    sqlite3_reset(statement);
    if (status == ST_OK)
        *count_out = count;
    return status;
}

enum status vault_wants(struct vault *v, bool files, const struct digest *after, uint32_t max,
                        struct vault_facts *out, uint32_t *count_out, struct fault *f)
{
    const struct wantlist *fresh = &v->fresh[files];
    uint32_t count = 0, at = 0;
    enum status status = stored_wants(v, files, after, max, out, &count, f);
    for (uint32_t i = wantlist_behind(fresh, after); i < fresh->count && status == ST_OK; i++) {
        const struct vault_facts *next = wantlist_at(fresh, i);
        while (at < count && memcmp(out[at].name.id, next->name.id, DIGEST_BYTES) < 0)
            at++;
        if (at == max)
            break;
        count += count < max;
        memmove(&out[at + 1], &out[at], (count - at - 1) * sizeof *out);
        out[at++] = *next;
    }
    if (status == ST_OK)
        *count_out = count;
    return status;
}

enum status vault_waiting(struct vault *v, bool files, uint64_t *out, struct fault *f)
{
    (void)f;
    *out = v->stored[files] + v->fresh[files].count;
    return ST_OK;
}

enum status vault_each(struct vault *v, struct bytes type, struct bytes record, vault_fn each,
                       void *user, struct fault *f)
{
    struct buf unsorted = {0};
    enum status status = move_recent(v, f);
    if (status == ST_DISK_FULL) { /* no reason to tell nothing */
        buf_add_bytes(&unsorted, buf_bytes(&v->recent.bytes));
        status = buf_status(&unsorted);
    }
    if (status == ST_OK)
        status = vault_hold_each(&v->q, type, record, each, user, f);
    if (status == ST_OK)
        status = vault_recent_each(buf_bytes(&unsorted), type, record, each, user);
    buf_release(&unsorted);
    return status;
}

/* Something was deleted, of which copies may be left in the file. */
static enum status mark(struct vault *v, struct fault *f)
{
    uint64_t marks;
    v->dropped = true;
    return vault_query_change(&v->q, VAULT_QUERY_SET_MARK, NO_BLOB, 0, &marks, f);
}

/* Before something goes: the statements that delete see what the trees hold and the file wants. */
static enum status begin_drop(struct vault *v, struct fault *f)
{
    enum status status = move_recent(v, f);
    if (status == ST_OK)
        status = store_wants(v, f);
    if (status == ST_OK)
        status = begin(v, 0, f);
    forget_known(v);
    v->due = v->due || status == ST_OK;
    v->cut = true;
    return status;
}

/* Delete what is held and wanted of a salt or a class; remember that copies may be left. */
static enum status drop(struct vault *v, const enum vault_query queries[static 3],
                        struct bytes blob, int number, struct fault *f)
{
    uint64_t items = 0, owners, wants = 0;
    v->holder.owner = 0;
    enum status status = vault_query_change(&v->q, queries[0], blob, number, &items, f);
    if (status == ST_OK)
        status = vault_query_change(&v->q, queries[1], blob, number, &owners, f);
    if (status == ST_OK && v->stored[0] + v->stored[1] > 0)
        status = vault_query_change(&v->q, queries[2], blob, number, &wants, f);
    if (status == ST_OK && wants > 0)
        status = vault_query_count_wants(&v->q, v->stored, f);
    return status == ST_OK && items > 0 ? mark(v, f) : status;
}

enum status vault_refuse(struct vault *v, const struct seal_id *salt, struct fault *f)
{
    static const enum vault_query queries[3] = {VAULT_QUERY_DROP_SALT, VAULT_QUERY_DISOWN_SALT,
                                                VAULT_QUERY_UNWANT_SALT};
    struct bytes id = {salt->id, SEAL_ID_BYTES};
    uint64_t fresh;
    enum status status = begin_drop(v, f);
    if (status != ST_OK)
        return status;
    v->refusing = true;
    status = vault_query_change(&v->q, VAULT_QUERY_REFUSE, id, 0, &fresh, f);
    if (status == ST_OK)
        status = drop(v, queries, id, 0, f);
    return wrote(v, status, f);
}

enum status vault_is_refused(struct vault *v, const struct seal_id *salt, bool *out,
                             struct fault *f)
{
    *out = false;
    if (!v->refusing)
        return ST_OK;
    return vault_query_ask(&v->q, VAULT_QUERY_IS_REFUSED, (struct bytes){salt->id, SEAL_ID_BYTES},
                           out, f);
}

/* What stands in 'refused' for a salt in one record. */
static void erased_id(const struct seal_id *salt, const char *record, struct seal_id *out)
{
    static const struct bytes text = BYTES("minga/erased/1");
    crypto_generichash_state hash;
    int failed = crypto_generichash_init(&hash, NULL, 0, SEAL_ID_BYTES);
    failed |= crypto_generichash_update(&hash, text.data, text.count);
    failed |= crypto_generichash_update(&hash, salt->id, SEAL_ID_BYTES);
    failed |= crypto_generichash_update(&hash, (const uint8_t *)record, strlen(record));
    failed |= crypto_generichash_final(&hash, out->id, SEAL_ID_BYTES);
    CHECK(failed == 0);
}

static enum status drop_shared(struct vault *v, const struct seal_id *salt, const char *record,
                               struct fault *f)
{
    uint64_t items = 0, count;
    v->holder.owner = 0;
    enum status status =
        vault_query_of_record(&v->q, VAULT_QUERY_DROP_RECORD, salt, record, &items, f);
    if (status == ST_OK)
        status = vault_query_of_record(&v->q, VAULT_QUERY_HAND_ITEM, salt, record, &count, f);
    if (status == ST_OK)
        status = vault_query_of_record(&v->q, VAULT_QUERY_DISOWN_RECORD, salt, record, &count, f);
    if (status == ST_OK)
        status = vault_query_of_record(&v->q, VAULT_QUERY_UNWANT_RECORD, salt, record, &count, f);
    if (status == ST_OK)
        status = vault_query_of_record(&v->q, VAULT_QUERY_HAND_WANT, salt, record, &count, f);
    if (status == ST_OK)
        status = vault_query_count_wants(&v->q, v->stored, f);
    return status == ST_OK && items > 0 ? mark(v, f) : status;
}

enum status vault_erase(struct vault *v, const struct seal_id *salt, const char *record,
                        struct fault *f)
{
    static const enum vault_query queries[3] = {VAULT_QUERY_DROP_SALT, VAULT_QUERY_DISOWN_SALT,
                                                VAULT_QUERY_UNWANT_SALT};
    struct seal_id erased;
    uint64_t count, shared = 0;
    erased_id(salt, record, &erased);
    enum status status = begin_drop(v, f);
    if (status != ST_OK)
        return status;
    v->refusing = true;
    status = vault_query_change(&v->q, VAULT_QUERY_REFUSE, (struct bytes){erased.id, SEAL_ID_BYTES},
                                0, &count, f);
    if (status == ST_OK)
        status = vault_query_of_record(&v->q, VAULT_QUERY_IS_SHARED, salt, record, &shared, f);
    if (status == ST_OK && shared > 0)
        status = drop_shared(v, salt, record, f);
    else if (status == ST_OK)
        status = drop(v, queries, (struct bytes){salt->id, SEAL_ID_BYTES}, 0, f);
    return wrote(v, status, f);
}

enum status vault_is_erased(struct vault *v, const struct seal_id *salt, const char *record,
                            bool *out, struct fault *f)
{
    struct seal_id erased;
    enum status status = vault_is_refused(v, salt, out, f);
    if (status != ST_OK || *out || !v->refusing)
        return status;
    erased_id(salt, record, &erased);
    return vault_is_refused(v, &erased, out, f);
}

enum status vault_drop_class(struct vault *v, enum schema_class class, struct fault *f)
{
    static const enum vault_query queries[3] = {VAULT_QUERY_DROP_CLASS, VAULT_QUERY_DISOWN_CLASS,
                                                VAULT_QUERY_UNWANT_CLASS};
    enum status status = begin_drop(v, f);
    return status == ST_OK ? wrote(v, drop(v, queries, NO_BLOB, (int)class, f), f) : status;
}

enum status vault_commit_held(struct vault *v, struct fault *f)
{
    if (v->failed.code != ST_OK) {
        enum status status = begin(v, 0, f); /* says what failed */
        v->failed.code = ST_OK;
        return status;
    }
    if (!v->writing)
        return ST_OK;
    enum status status = finish(v, f);
    if (status != ST_OK)
        abandon(v);
    return status;
}

enum status vault_commit(struct vault *v, struct fault *f)
{
    enum status status = v->failed.code == ST_OK ? store_wants(v, f) : ST_OK;
    enum status committed = vault_commit_held(v, status == ST_OK ? f : NULL);
    return status == ST_OK ? committed : status;
}

void vault_rollback(struct vault *v)
{
    abandon(v);
    v->failed.code = ST_OK;
}

bool vault_is_due(const struct vault *v)
{
    return v->due || v->failed.code != ST_OK;
}

/* What was deleted goes from every byte of the file; then the mark may go. */
static enum status purge(struct vault *v, struct fault *f)
{
    uint64_t count;
    enum status status = vault_query_rewrite(&v->q, f);
    if (status == ST_OK)
        status = begin(v, 0, f);
    if (status != ST_OK)
        return status;
    status = vault_query_change(&v->q, VAULT_QUERY_DROP_MARK, NO_BLOB, 0, &count, f);
    v->dropped = status != ST_OK;
    status = wrote(v, status, f);
    return status == ST_OK ? vault_commit(v, f) : status;
}

enum status vault_checkpoint(struct vault *v, struct fault *f)
{
    enum status status = vault_commit(v, f);
    if (status == ST_OK)
        status = vault_query_ready(&v->q, f);
    if (status == ST_OK)
        status = move_recent(v, f);
    if (status == ST_OK && v->dropped)
        status = purge(v, f);
    if (status == ST_OK)
        status = vault_file_checkpoint(&v->q.file, v->cut, f);
    v->cut = v->cut && status != ST_OK;
    for (int lane = 0; lane < LANES && status == ST_OK; lane++)
        wantlist_release(&v->known[lane]);
    return status;
}

bool vault_has_erased(const struct vault *v)
{
    return v->dropped;
}

enum status vault_copy(struct vault *v, const char *path, struct fault *f)
{
    enum status status = vault_commit(v, f);
    if (status == ST_OK)
        status = vault_query_ready(&v->q, f);
    return status == ST_OK ? vault_file_copy(&v->q.file, path, f) : status;
}
