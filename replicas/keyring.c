#include "replicas/keyring.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/keyring_entry.h"
#include "replicas/tree.h"

enum {
    ENTRIES_MIN = 8,
    FILE_NAME = RECORD_ID_TEXT + 5, /* "<id>.json" */
};

static const uint64_t EPOCH_MAX = (UINT64_C(1) << SAFE_INTEGER_BITS) - 1;
static const char FOLDER[] = "records/classkey";

/* Pointers in one growing array. */
struct list {
    void **items;
    uint32_t count, capacity;
};

struct keyring {
    struct digest network;
    struct keyring_entry_reader reader;
    bool followed; /* the next three are of an update */
    struct home_identity identity;
    struct oid folder;   /* of the classkey records */
    struct list entries; /* struct keyring_entry, ascending by record */
    struct list keys;    /* struct keyring_entry_key, in the order they became known; each is
                            allocated alone, so that what was lent stays */
};

bool keyring_entitled(enum charter_role role, enum schema_class class)
{
    switch (class) {
    case SCHEMA_OPEN:
        return true;
    case SCHEMA_INTERNAL:
        return role == CHARTER_OFFICE || role == CHARTER_AUDITOR;
    case SCHEMA_PERSONAL:
        return role == CHARTER_OFFICE;
    }
    return false;
}

static enum status list_add(struct list *l, void *item)
{
    if (l->count == l->capacity) {
        uint32_t capacity = l->capacity == 0 ? ENTRIES_MIN : 2 * l->capacity;
        void *more = mem_resize(l->items, capacity * sizeof *l->items);
        if (more == NULL)
            return ST_NO_MEMORY;
        l->items = more;
        l->capacity = capacity;
    }
    l->items[l->count++] = item;
    return ST_OK;
}

enum status keyring_create(const struct digest *network, struct keyring **out)
{
    struct keyring *k = mem_alloc(sizeof *k);
    if (k == NULL)
        return ST_NO_MEMORY;
    k->network = *network;
    *out = k;
    return ST_OK;
}

void keyring_free(struct keyring *k)
{
    if (k == NULL)
        return;
    for (uint32_t i = 0; i < k->entries.count; i++)
        keyring_entry_free(k->entries.items[i]);
    for (uint32_t i = 0; i < k->keys.count; i++)
        mem_wipe_free(k->keys.items[i], sizeof(struct keyring_entry_key));
    mem_free(k->entries.items);
    mem_free(k->keys.items);
    mem_wipe_free(k, sizeof *k);
}

static const struct keyring_entry_key *key_of_record(const struct keyring *k, const uint8_t *record)
{
    for (uint32_t i = 0; i < k->keys.count; i++) {
        const struct keyring_entry_key *key = k->keys.items[i];
        if (memcmp(key->record, record, RECORD_ID_BYTES) == 0)
            return key;
    }
    return NULL;
}

static enum status keep_key(struct keyring *k, const struct keyring_entry_key *key)
{
    struct keyring_entry_key *copy = mem_copy(key, sizeof *key);
    enum status status = copy != NULL ? list_add(&k->keys, copy) : ST_NO_MEMORY;
    if (status != ST_OK && copy != NULL)
        mem_wipe_free(copy, sizeof *copy);
    return status;
}

/* ---- Following the state ---- */

struct walk {
    struct keyring *k;
    struct store *store;
    bool same_reader;
    struct list fresh;
    uint32_t at; /* in the entries of before: both are ascending */
    struct fault *f;
};

/* The entry of before; the walk and the entries are in one order. */
static struct keyring_entry *find_before(struct walk *w, const uint8_t *record)
{
    while (w->at < w->k->entries.count) {
        struct keyring_entry *e = w->k->entries.items[w->at];
        int order = memcmp(e->record, record, RECORD_ID_BYTES);
        if (order == 0)
            return e;
        if (order > 0)
            return NULL;
        w->at++;
    }
    return NULL;
}

static enum status read_record(struct walk *w, const uint8_t *record, const struct oid *blob,
                               const struct keyring_entry *before, struct keyring_entry **out)
{
    struct bytes file;
    struct keyring_entry_key key;
    bool opened = false;
    enum status status = store_read(w->store, blob, STORE_BLOB, &file, w->f);
    if (status == ST_OK)
        status = keyring_entry_read(&w->k->reader, file, key_of_record(w->k, record),
                                    w->same_reader ? before : NULL, out, &key, &opened, w->f);
    if (status == ST_OK)
        (*out)->blob = *blob;
    if (status == ST_OK && opened) {
        status = keep_key(w->k, &key);
        if (status != ST_OK)
            keyring_entry_free(*out);
    }
    if (opened)
        sodium_memzero(&key, sizeof key);
    return status;
}

static enum status see_record(void *user, const char *path, const struct oid *blob)
{
    struct walk *w = user;
    uint8_t record[RECORD_ID_BYTES];
    size_t count = strlen(path);
    struct bytes id = {(const uint8_t *)path + count - FILE_NAME, RECORD_ID_TEXT};
    if (count < sizeof FOLDER + FILE_NAME || hex_decode(id, record, RECORD_ID_BYTES) != ST_OK)
        return fault_set(w->f, ST_CORRUPT, "%s is no place of a record", path);
    struct keyring_entry *before = find_before(w, record), *e = before;
    bool same = before != NULL && w->same_reader && oid_equal(&before->blob, blob);
    enum status status = same ? ST_OK : read_record(w, record, blob, before, &e);
    if (status != ST_OK)
        return status;
    status = list_add(&w->fresh, e);
    if (status != ST_OK && e != before)
        keyring_entry_free(e);
    return status;
}

/* Free what is in 'gone' and not in 'kept'; both are ascending by record. */
static void free_others(const struct list *gone, const struct list *kept)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < gone->count; i++) {
        struct keyring_entry *e = gone->items[i];
        while (at < kept->count && memcmp(((struct keyring_entry *)kept->items[at])->record,
                                          e->record, RECORD_ID_BYTES) < 0)
            at++;
        if (at == kept->count || kept->items[at] != e)
            keyring_entry_free(e);
    }
}

static enum status follow(struct keyring *k, struct store *store, const struct oid *state,
                          bool same_reader, struct fault *f)
{
    struct walk w = {k, store, same_reader, {NULL, 0, 0}, 0, f};
    enum status status = tree_walk(store, state, FOLDER, see_record, &w, f);
    if (status != ST_OK) {
        free_others(&w.fresh, &k->entries);
        mem_free(w.fresh.items);
        return status == ST_NO_MEMORY ? fault_set(f, status, "out of memory") : status;
    }
    free_others(&k->entries, &w.fresh);
    mem_free(k->entries.items);
    k->entries = w.fresh;
    return ST_OK;
}

enum status keyring_update(struct keyring *k, struct store *store, const struct oid *state,
                           const struct home_identity *identity, struct fault *f)
{
    struct oid folder = {{0}};
    bool same_reader = k->followed &&
                       memcmp(identity->key.id, k->identity.key.id, KEY_BYTES) == 0 &&
                       sodium_memcmp(identity->secret, k->identity.secret, HOME_SECRET_BYTES) == 0;
    enum status status = tree_find_tree(store, state, FOLDER, &folder, f);
    if (status == ST_NOT_FOUND)
        status = ST_OK;
    if (status != ST_OK || (same_reader && oid_equal(&folder, &k->folder)))
        return status;
    if (!same_reader) {
        k->followed = false; /* should this fail, the next one reads all again */
        keyring_entry_reader(&k->network, identity, &k->reader);
    }
    status = follow(k, store, state, same_reader, f);
    if (status == ST_OK) {
        k->followed = true;
        k->folder = folder;
        k->identity = *identity;
    }
    return status;
}

/* ---- Recalling ---- */

bool keyring_lacks(const struct keyring *k, uint32_t *at, uint8_t out[static RECORD_ID_BYTES])
{
    if (sodium_is_zero(k->reader.secret, sizeof k->reader.secret))
        return false;
    for (; *at < k->entries.count; ++*at) {
        const struct keyring_entry *e = k->entries.items[*at];
        if (e->recalled || key_of_record(k, e->record) != NULL)
            continue;
        memcpy(out, e->record, RECORD_ID_BYTES);
        return true;
    }
    return false;
}

void keyring_recalled(struct keyring *k, uint32_t at)
{
    struct keyring_entry *e = k->entries.items[at];
    e->recalled = true;
}

enum status keyring_recall(struct keyring *k, const uint8_t *record, struct bytes text,
                           bool *opened_out)
{
    struct keyring_entry_key key;
    *opened_out = keyring_entry_open(&k->reader, record, text, &key);
    if (!*opened_out)
        return ST_OK;
    enum status status = keep_key(k, &key);
    for (uint32_t i = 0; status == ST_OK && i < k->entries.count; i++) {
        struct keyring_entry *e = k->entries.items[i];
        if (memcmp(e->record, record, RECORD_ID_BYTES) != 0)
            continue;
        e->named = true;
        e->class = key.class;
        e->id = key.id;
    }
    sodium_memzero(&key, sizeof key);
    return status;
}

/* ---- Finding ---- */

const struct seal_key *keyring_find(const struct keyring *k, const struct seal_id *id)
{
    for (uint32_t i = k->keys.count; i > 0; i--) {
        const struct keyring_entry_key *key = k->keys.items[i - 1];
        if (memcmp(key->id.id, id->id, SEAL_ID_BYTES) == 0)
            return &key->key;
    }
    return NULL;
}

/* Whether values may be sealed with it now: nobody who may not read the class is known to have it.
 * A key that the charter does not know is nobody's. */
static bool is_fit(const struct keyring_entry *e, const struct charter *newest)
{
    const struct charter_member *creator = charter_by_label(newest, bytes_of_text(e->creator));
    if (creator == NULL || !keyring_entitled(creator->role, e->class))
        return false;
    for (uint32_t i = 0; i < newest->member_count; i++)
        if (!keyring_entitled(newest->members[i].role, e->class) &&
            keyring_entry_has(e, &newest->members[i].key))
            return false;
    for (uint32_t i = 0; i < newest->retired_count; i++)
        if (keyring_entry_has(e, &newest->retired[i].key))
            return false;
    return true;
}

enum status keyring_current(const struct keyring *k, const struct charter *newest,
                            enum schema_class class, struct seal_id *id_out)
{
    const struct keyring_entry *best = NULL;
    CHECK(class == SCHEMA_INTERNAL || class == SCHEMA_PERSONAL);
    for (uint32_t i = 0; i < k->entries.count; i++) {
        const struct keyring_entry *e = k->entries.items[i];
        if (!e->named || e->class != class || e->epoch == 0)
            continue;
        bool greater =
            best == NULL || e->epoch > best->epoch ||
            (e->epoch == best->epoch && memcmp(e->id.id, best->id.id, SEAL_ID_BYTES) > 0);
        if (greater && keyring_find(k, &e->id) != NULL && is_fit(e, newest))
            best = e;
    }
    if (best == NULL)
        return ST_NOT_FOUND;
    *id_out = best->id;
    return ST_OK;
}

/* ---- Making and sharing ---- */

static uint64_t next_epoch(const struct keyring *k, enum schema_class class)
{
    uint64_t greatest = 0;
    for (uint32_t i = 0; i < k->entries.count; i++) {
        const struct keyring_entry *e = k->entries.items[i];
        if (e->named && e->class == class && e->epoch > greatest)
            greatest = e->epoch;
    }
    return greatest < EPOCH_MAX ? greatest + 1 : EPOCH_MAX;
}

static enum status add_op(struct op_list *ops, enum op_verb verb, const uint8_t *record,
                          const char *name, struct bytes value)
{
    struct op op = {
        .verb = verb, .type = BYTES("classkey"), .name = bytes_of_text(name), .value = value};
    memcpy(op.id, record, RECORD_ID_BYTES);
    return op_list_add(ops, &op);
}

/* A copy for one member; one whose key cannot be encrypted to gets none. */
static enum status add_copy(const struct keyring_entry_key *key, const struct key *member,
                            struct op_list *ops)
{
    struct buf text = {0};
    enum status status = keyring_entry_copy(&key->key, member, &text);
    if (status == ST_OK)
        status = add_op(ops, OP_ADD, key->record, "copies", buf_bytes(&text));
    buf_release(&text);
    return status == ST_BAD_VALUE ? ST_OK : status;
}

static enum status add_fields(const struct keyring_entry_key *key, uint64_t epoch,
                              struct op_list *ops)
{
    char hex[SEAL_ID_TEXT + 1], id[SEAL_ID_TEXT + 3], number[24];
    hex_encode(key->id.id, SEAL_ID_BYTES, hex);
    snprintf(id, sizeof id, "\"%s\"", hex);
    snprintf(number, sizeof number, "%llu", (unsigned long long)epoch);
    const char *class = key->class == SCHEMA_INTERNAL ? "\"internal\"" : "\"personal\"";
    enum status status = add_op(ops, OP_SET, key->record, "class", bytes_of_text(class));
    if (status == ST_OK)
        status = add_op(ops, OP_SET, key->record, "epoch", bytes_of_text(number));
    if (status == ST_OK)
        status = add_op(ops, OP_SET, key->record, "key", bytes_of_text(id));
    return status;
}

/* Copies for every member that may read the class; ours first, so that none comes without. */
static enum status add_copies(const struct keyring_entry_key *key, const struct charter *newest,
                              const struct key *self, struct op_list *ops)
{
    uint32_t given = 1;
    enum status status = add_copy(key, self, ops);
    for (uint32_t i = 0; i < newest->member_count && status == ST_OK; i++) {
        const struct charter_member *m = &newest->members[i];
        if (!keyring_entitled(m->role, key->class) || given == KEYRING_SHARE_MAX ||
            memcmp(m->key.id, self->id, KEY_BYTES) == 0)
            continue;
        status = add_copy(key, &m->key, ops);
        given++;
    }
    return status;
}

enum status keyring_start(struct keyring *k, const struct charter *newest,
                          const struct digest *network, const struct key *self,
                          enum schema_class class, struct op_list *ops, struct seal_id *id_out,
                          struct fault *f)
{
    const struct charter_member *me = charter_by_key(newest, self);
    struct keyring_entry_key key = {.class = class};
    struct op_list mine = {.ops = NULL};
    CHECK(class == SCHEMA_INTERNAL || class == SCHEMA_PERSONAL);
    if (me == NULL || !keyring_entitled(me->role, class))
        return fault_set(f, ST_NOT_ALLOWED, "this office may not read %s data",
                         class == SCHEMA_INTERNAL ? "internal" : "personal");
    randombytes_buf(key.key.key, SEAL_KEY_BYTES);
    seal_key_id(&key.key, &key.id);
    keyring_entry_record(network, class, &key.id, key.record);
    /* In a list of its own first: all of it, or nothing. */
    enum status status = add_fields(&key, next_epoch(k, class), &mine);
    if (status == ST_OK)
        status = add_copies(&key, newest, self, &mine);
    if (status == ST_OK)
        status = keep_key(k, &key);
    for (uint32_t i = 0; i < mine.count && status == ST_OK; i++)
        status = op_list_add(ops, &mine.ops[i]);
    if (status == ST_OK)
        *id_out = key.id;
    op_list_release(&mine);
    sodium_memzero(&key, sizeof key);
    return status == ST_OK ? ST_OK : fault_set(f, status, "out of memory");
}

/* Copies for us that do not open go, so that whoever can gives us others. */
static enum status drop_copies(const struct keyring_entry *e, struct op_list *ops, uint32_t *given)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < e->drops.count && *given < KEYRING_SHARE_MAX && status == ST_OK;
         i++, ++*given)
        status = op_list_add(ops, &e->drops.ops[i]);
    return status;
}

enum status keyring_share(struct keyring *k, const struct charter *newest, struct op_list *ops,
                          struct fault *f)
{
    uint32_t given = 0;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < k->entries.count; i++) {
        const struct keyring_entry *e = k->entries.items[i];
        const struct keyring_entry_key *key = key_of_record(k, e->record);
        if (key == NULL)
            status = drop_copies(e, ops, &given);
        if (status != ST_OK)
            return fault_set(f, status, "out of memory");
        for (uint32_t j = 0; key != NULL && j < newest->member_count; j++) {
            const struct charter_member *m = &newest->members[j];
            if (!keyring_entitled(m->role, e->class) || keyring_entry_has(e, &m->key))
                continue;
            if (given == KEYRING_SHARE_MAX)
                return ST_OK;
            status = add_copy(key, &m->key, ops);
            if (status != ST_OK)
                return fault_set(f, status, "out of memory");
            given++;
        }
    }
    return ST_OK;
}

enum status keyring_hand(struct keyring *k, const struct key *next, struct op_list *ops,
                         struct fault *f)
{
    uint32_t given = 0;
    for (uint32_t i = 0; i < k->entries.count && given < KEYRING_SHARE_MAX; i++) {
        const struct keyring_entry *e = k->entries.items[i];
        const struct keyring_entry_key *key = key_of_record(k, e->record);
        if (key == NULL || keyring_entry_has(e, next))
            continue;
        enum status status = add_copy(key, next, ops);
        if (status != ST_OK)
            return fault_set(f, status, "out of memory");
        given++;
    }
    return ST_OK;
}
