#include "replicas/sealed.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/disclosed.h"
#include "replicas/engine.h"
#include "replicas/erasure.h"
#include "replicas/json.h"

/* A salt at hand: the values of a record come one behind the other. */
struct memo_salt {
    bool there;
    struct seal_id id;
    struct seal_salt salt;
};

/* A salt that was made for a record, which does not name it yet. */
struct memo_fresh {
    struct memo_salt salt;
    char type[NAME_BYTES_MAX + 1];
    char record[RECORD_ID_TEXT + 1];
};

struct sealed_memo {
    struct memo_fresh fresh[SCHEMA_PERSONAL + 1]; /* by class */
    struct memo_salt read;
    struct buf item; /* used again */
};

enum status sealed_memo_create(struct sealed_memo **out)
{
    *out = mem_alloc(sizeof **out);
    return *out != NULL ? ST_OK : ST_NO_MEMORY;
}

void sealed_memo_free(struct sealed_memo *m)
{
    if (m == NULL)
        return;
    buf_release(&m->item);
    mem_wipe_free(m, sizeof *m);
}

void sealed_memo_forget(struct sealed_memo *m)
{
    struct buf item = m->item;
    buf_reset(&item);
    sodium_memzero(m, sizeof *m);
    m->item = item;
}

const char *sealed_class_text(enum schema_class class)
{
    switch (class) {
    case SCHEMA_OPEN:
        return "open";
    case SCHEMA_INTERNAL:
        return "internal";
    case SCHEMA_PERSONAL:
        return "personal";
    }
    CHECK(false);
    return "";
}

const char *sealed_state_text(enum sealed_state s)
{
    static const char *const texts[] = {"read", "waiting", "not-entitled", "erased", "damaged"};
    CHECK((size_t)s < sizeof texts / sizeof *texts);
    return texts[s];
}

/* ---- The value in the record ---- */

static bool take_hex(struct json_reader *r, uint8_t *out, size_t count)
{
    struct bytes raw = json_read_text(r);
    return r->status == ST_OK && raw.count >= 2 &&
           hex_decode((struct bytes){raw.data + 1, raw.count - 2}, out, count) == ST_OK;
}

bool sealed_parse(struct bytes json, struct sealed_value *out)
{
    struct json_reader r;
    struct sealed_value v = {.class = SCHEMA_PERSONAL};
    json_read(&r, json);
    json_read_literal(&r, "{\"class\":");
    if (json_read_try(&r, "\"internal\""))
        v.class = SCHEMA_INTERNAL;
    else
        json_read_literal(&r, "\"personal\"");
    json_read_literal(&r, ",\"key\":");
    bool whole = take_hex(&r, v.key.id, SEAL_ID_BYTES);
    json_read_literal(&r, ",\"salt\":");
    whole = whole && take_hex(&r, v.salt.id, SEAL_ID_BYTES);
    json_read_literal(&r, ",\"sealed\":");
    whole = whole && take_hex(&r, v.name.id, DIGEST_BYTES);
    json_read_literal(&r, "}");
    if (!whole || json_end(&r) != ST_OK)
        return false;
    *out = v;
    return true;
}

void sealed_write(const struct sealed_value *value, struct buf *out)
{
    char key[SEAL_ID_TEXT + 1], salt[SEAL_ID_TEXT + 1], name[2 * DIGEST_BYTES + 1];
    CHECK(value->class != SCHEMA_OPEN);
    hex_encode(value->key.id, SEAL_ID_BYTES, key);
    hex_encode(value->salt.id, SEAL_ID_BYTES, salt);
    hex_encode(value->name.id, DIGEST_BYTES, name);
    buf_add_format(out, "{\"class\":\"%s\",\"key\":\"%s\",\"salt\":\"%s\",\"sealed\":\"%s\"}",
                   sealed_class_text(value->class), key, salt, name);
}

/* ---- What this office may read ---- */

bool sealed_readable(struct replica *r, enum schema_class class)
{
    /* By the label: it stays ours while a new key takes the place of the old one. */
    const struct charter_member *self =
        charter_by_label(charter_newest(&r->chain), bytes_of_text(r->label));
    return self != NULL && keyring_entitled(self->role, class);
}

static void draw(struct replica *r, void *out, size_t count)
{
    if (r->entropy != NULL)
        r->entropy(r->entropy_context, out, count);
    else
        randombytes_buf(out, count);
}

static void fill_place(struct replica *r, const struct sealed_target *t, struct seal_place *out)
{
    *out = (struct seal_place){.network = replica_network(r),
                               .type = t->type,
                               .record = t->record,
                               .class = t->field->class,
                               .field = bytes_of_text(t->field->name)};
}

static void fill_facts(const struct sealed_target *t, const struct seal_id *salt,
                       struct vault_facts *out)
{
    *out = (struct vault_facts){.kind = VAULT_VALUE, .class = t->field->class, .salt = *salt};
    CHECK(t->type.count <= NAME_BYTES_MAX && t->record.count <= RECORD_ID_TEXT);
    memcpy(out->type, t->type.data, t->type.count);
    memcpy(out->record, t->record.data, t->record.count);
}

/* ---- Salts ---- */

/* A salt out of the vault. ST_NOT_FOUND: it is not held. */
static enum status fetch_salt(struct replica *r, const struct seal_id *id, struct memo_salt *out,
                              struct fault *f)
{
    struct digest name;
    struct buf bytes = {0};
    vault_salt_name(id, &name);
    enum status status = vault_get(r->vault, &name, NULL, &bytes, f);
    if (status == ST_OK && bytes.count != SEAL_SALT_BYTES)
        status = ST_CORRUPT;
    if (status == ST_OK) {
        memcpy(out->salt.salt, bytes.data, SEAL_SALT_BYTES);
        sodium_memzero(bytes.data, bytes.count);
        out->id = *id;
        out->there = true;
    }
    buf_release(&bytes);
    return status;
}

/* Whether the change of value a comes before that of b, by (height, label, id). */
static bool is_before(const struct record *now, const struct change *a, const struct change *b)
{
    const struct record_seen *x = record_seen(now, a), *y = record_seen(now, b);
    CHECK(x != NULL && y != NULL);
    if (x->height != y->height)
        return x->height < y->height;
    int labels = bytes_compare(x->label, y->label);
    return labels != 0 ? labels < 0 : change_compare(a, b) < 0;
}

/* The salt that the record's values of this class have; of several the greatest change's. */
static enum status find_salt(struct replica *r, const struct sealed_target *t,
                             struct memo_salt *out, struct fault *f)
{
    const struct change *best = NULL;
    const struct record *now = t->now;
    enum status status = ST_OK;
    bool spared = true;
    out->there = false;
    for (uint32_t i = 0; now != NULL && i < now->value_count && status == ST_OK; i++) {
        struct sealed_value v;
        const struct change *change = &now->values[i].change;
        if (!sealed_parse(now->values[i].json, &v) || v.class != t->field->class)
            continue;
        if (best != NULL && is_before(now, change, best))
            continue;
        status = erasure_spares(r, now, change, &spared, f);
        if (status != ST_OK || !spared)
            continue; /* an order covers it: what is written from now on has another salt */
        struct memo_salt one = {.there = false};
        if (out->there && memcmp(v.salt.id, out->id.id, SEAL_ID_BYTES) == 0)
            best = change;
        else
            status = fetch_salt(r, &v.salt, &one, NULL);
        if (status == ST_OK && one.there) {
            *out = one;
            best = change;
        }
        if (status == ST_NOT_FOUND || status == ST_CORRUPT)
            status = ST_OK; /* on its way, erased or damaged: none to write with */
        sodium_memzero(&one, sizeof one);
    }
    return status == ST_OK ? ST_OK : fault_set(f, status, "a salt: %s", status_text(status));
}

static bool names_salt(const struct record *now, const struct seal_id *salt)
{
    for (uint32_t i = 0; i < now->value_count; i++) {
        struct sealed_value v;
        if (sealed_parse(now->values[i].json, &v) &&
            memcmp(v.salt.id, salt->id, SEAL_ID_BYTES) == 0)
            return true;
    }
    return false;
}

/* The salt of an earlier value of the same record, which the state does not show yet. */
static enum status find_fresh(struct replica *r, const struct sealed_target *t,
                              struct memo_salt *out, struct fault *f)
{
    struct memo_fresh *fresh = &r->sealed->fresh[t->field->class];
    struct digest name;
    bool held = false;
    if (!fresh->salt.there || !bytes_equal_text(t->type, fresh->type) ||
        !bytes_equal_text(t->record, fresh->record))
        return ST_OK;
    if (t->now != NULL && names_salt(t->now, &fresh->salt.id))
        return ST_OK; /* the state shows it, and an order covers it */
    vault_salt_name(&fresh->salt.id, &name);
    enum status status = vault_has(r->vault, &name, &held, f);
    if (status == ST_OK && held)
        *out = fresh->salt;
    return status;
}

static enum status make_salt(struct replica *r, const struct sealed_target *t,
                             struct memo_salt *out, struct fault *f)
{
    struct vault_facts facts;
    draw(r, out->salt.salt, SEAL_SALT_BYTES);
    seal_salt_id(&out->salt, &out->id);
    fill_facts(t, &out->id, &facts);
    facts.kind = VAULT_SALT;
    vault_salt_name(&out->id, &facts.name);
    enum status status =
        vault_put(r->vault, &facts, (struct bytes){out->salt.salt, SEAL_SALT_BYTES}, f);
    if (status != ST_OK)
        return status;
    out->there = true;
    struct memo_fresh *fresh = &r->sealed->fresh[t->field->class];
    fresh->salt = *out;
    memcpy(fresh->type, facts.type, sizeof fresh->type);
    memcpy(fresh->record, facts.record, sizeof fresh->record);
    return ST_OK;
}

static enum status choose_salt(struct replica *r, const struct sealed_target *t,
                               struct memo_salt *out, struct fault *f)
{
    *out = (struct memo_salt){.there = false};
    enum status status = find_salt(r, t, out, f);
    if (status == ST_OK && !out->there)
        status = find_fresh(r, t, out, f);
    if (status == ST_OK && !out->there)
        status = make_salt(r, t, out, f);
    return status;
}

/* ---- Closing ---- */

/* A class key that these operations make: it is in no state yet. */
static bool find_started(const struct op_list *ops, const char *class, struct seal_id *out)
{
    for (uint32_t i = 0; i < ops->count; i++) {
        const struct op *op = &ops->ops[i];
        if (op->verb != OP_SET || !bytes_equal_text(op->type, "classkey") ||
            !bytes_equal_text(op->name, "class") || op->value.count != strlen(class) + 2 ||
            memcmp(op->value.data + 1, class, strlen(class)) != 0)
            continue;
        for (uint32_t k = 0; k < ops->count; k++) {
            const struct op *key = &ops->ops[k];
            if (key->verb == OP_SET && memcmp(key->id, op->id, RECORD_ID_BYTES) == 0 &&
                bytes_equal_text(key->type, "classkey") && bytes_equal_text(key->name, "key") &&
                key->value.count == SEAL_ID_TEXT + 2)
                return hex_decode((struct bytes){key->value.data + 1, SEAL_ID_TEXT}, out->id,
                                  SEAL_ID_BYTES) == ST_OK;
        }
    }
    return false;
}

enum status sealed_ready(struct replica *r, enum schema_class class, struct op_list *ops,
                         struct seal_id *id_out, struct fault *f)
{
    struct keyring *keyring = NULL;
    const struct charter *newest = charter_newest(replica_charters(r));
    CHECK(class == SCHEMA_INTERNAL || class == SCHEMA_PERSONAL);
    if (r->vault == NULL)
        return fault_set(f, ST_NOT_ALLOWED, "this replica is open for reading only");
    if (!sealed_readable(r, class)) {
        enum status status = fault_set(f, ST_NOT_ALLOWED, "%s may not read %s data, nor write it",
                                       replica_label(r), sealed_class_text(class));
        fault_fix(f, "leave the field out, or ask an office to write it");
        return status;
    }
    if (find_started(ops, sealed_class_text(class), id_out))
        return ST_OK;
    enum status status = replica_keyring(r, &keyring, f);
    if (status == ST_OK)
        status = keyring_current(keyring, newest, class, id_out);
    if (status == ST_NOT_FOUND)
        status = keyring_start(keyring, newest, replica_network(r), &replica_identity(r)->key,
                               class, ops, id_out, f);
    return status;
}

static enum status close_with(struct replica *r, const struct sealed_target *t,
                              const struct seal_key *key, const struct memo_salt *salt,
                              struct bytes plain, struct sealed_value *value, struct fault *f)
{
    struct seal_place place;
    struct vault_facts facts;
    struct buf item = {0};
    uint8_t nonce[SEAL_NONCE_BYTES];
    fill_place(r, t, &place);
    draw(r, nonce, sizeof nonce);
    enum status status = seal_close(key, &salt->salt, &place, nonce, plain, &item);
    if (status != ST_OK) {
        buf_release(&item);
        return fault_set(f, status, "field %s cannot be sealed: %s", t->field->name,
                         status_text(status));
    }
    fill_facts(t, &salt->id, &facts);
    seal_name(buf_bytes(&item), &facts.name);
    status = vault_put(r->vault, &facts, buf_bytes(&item), f);
    value->name = facts.name;
    value->salt = salt->id;
    buf_release(&item);
    return status;
}

enum status sealed_close(struct replica *r, const struct sealed_target *target, struct bytes plain,
                         struct op_list *ops, struct buf *json_out, struct fault *f)
{
    struct sealed_value value = {.class = target->field->class};
    struct keyring *keyring = NULL;
    struct memo_salt salt = {.there = false};
    enum status status = sealed_ready(r, value.class, ops, &value.key, f);
    if (status == ST_OK)
        status = replica_keyring(r, &keyring, f);
    const struct seal_key *key = status == ST_OK ? keyring_find(keyring, &value.key) : NULL;
    if (status == ST_OK && key == NULL)
        status = fault_set(f, ST_IO, "the key of class %s is not at hand",
                           sealed_class_text(value.class));
    if (status == ST_OK)
        status = choose_salt(r, target, &salt, f);
    if (status == ST_OK)
        status = close_with(r, target, key, &salt, plain, &value, f);
    sodium_memzero(&salt, sizeof salt);
    if (status != ST_OK)
        return status;
    r->vault_changed = true;
    sealed_write(&value, json_out);
    return buf_status(json_out);
}

/* ---- Opening ---- */

/* By the class key and the salt at hand, or by the value's own key. */
static enum status open_with(struct replica *r, const struct sealed_target *t,
                             const struct seal_key *key, bool is_value_key, struct buf *plain_out,
                             enum sealed_state *state_out, struct fault *f)
{
    struct bytes item = buf_bytes(&r->sealed->item);
    struct seal_place place;
    size_t start = plain_out->count;
    fill_place(r, t, &place);
    *state_out = SEALED_DAMAGED;
    enum status status = is_value_key
                             ? seal_open_with(key, &place, item, plain_out)
                             : seal_open(key, &r->sealed->read.salt, &place, item, plain_out);
    if (status == ST_NO_MEMORY)
        return status;
    struct bytes plain = {plain_out->data + start, plain_out->count - start};
    if (status == ST_OK && (bytes_equal_text(plain, "null") || json_check(plain) != ST_OK))
        status = ST_BAD_VALUE;
    if (status == ST_OK)
        status = schema_check(t->field, plain, NULL);
    if (status == ST_OK) {
        *state_out = SEALED_READ;
        return ST_OK;
    }
    if (plain_out->count > start)
        sodium_memzero(plain_out->data + start, plain_out->count - start);
    plain_out->count = start;
    if (status == ST_NO_MEMORY)
        return status;
    (void)fault_set(f, ST_OK, "field %s of %.*s %.*s: its content does not open: %s",
                    t->field->name, (int)t->type.count, (const char *)t->type.data,
                    (int)t->record.count, (const char *)t->record.data, status_text(status));
    return ST_OK;
}

/* What is not held: on its way, or erased. */
static enum status why_missing(struct replica *r, const struct sealed_target *t,
                               const struct sealed_value *value, enum sealed_state *state_out,
                               struct fault *f)
{
    bool refused = false;
    char record[RECORD_ID_TEXT + 1] = "";
    CHECK(t->record.count <= RECORD_ID_TEXT);
    memcpy(record, t->record.data, t->record.count);
    enum status status = vault_is_erased(r->vault, &value->salt, record, &refused, f);
    *state_out = refused ? SEALED_ERASED : SEALED_WAITING;
    return status;
}

/* Item and salt out of the vault; *state_out is SEALED_READ where both are at hand. */
static enum status fetch(struct replica *r, const struct sealed_target *t,
                         const struct sealed_value *value, enum sealed_state *state_out,
                         struct fault *f)
{
    struct sealed_memo *memo = r->sealed;
    struct fault own = {.code = ST_OK};
    buf_reset(&memo->item);
    enum status status = vault_get(r->vault, &value->name, NULL, &memo->item, &own);
    bool at_hand = memo->read.there && memcmp(memo->read.id.id, value->salt.id, SEAL_ID_BYTES) == 0;
    if (status == ST_OK && !at_hand) {
        memo->read.there = false;
        status = fetch_salt(r, &value->salt, &memo->read, &own);
    }
    *state_out = status == ST_OK ? SEALED_READ : SEALED_DAMAGED;
    if (status == ST_NOT_FOUND)
        return why_missing(r, t, value, state_out, f);
    if (status == ST_CORRUPT) {
        (void)fault_set(f, ST_OK, "%s", own.text);
        return ST_OK;
    }
    if (status != ST_OK && f != NULL)
        *f = own;
    return status;
}

/* A value of a class that is not ours to read: unless just this one was disclosed to us. */
static enum status open_disclosed(struct replica *r, const struct sealed_target *t,
                                  const struct sealed_value *value, struct buf *plain_out,
                                  enum sealed_state *state_out, struct fault *f)
{
    struct seal_key key;
    enum status status = disclosed_find(r, t->type, t->record, &value->name, &key, f);
    if (status == ST_NOT_FOUND && r->vault != NULL) {
        status = why_missing(r, t, value, state_out, f);
        if (*state_out != SEALED_ERASED)
            *state_out = SEALED_NOT_ENTITLED;
        return status;
    }
    if (status != ST_OK)
        return status == ST_NOT_FOUND ? ST_OK : status;
    buf_reset(&r->sealed->item);
    status = vault_get(r->vault, &value->name, NULL, &r->sealed->item, f);
    if (status == ST_OK)
        status = open_with(r, t, &key, true, plain_out, state_out, f);
    else if (status == ST_NOT_FOUND)
        status = why_missing(r, t, value, state_out, f);
    else if (status == ST_CORRUPT) {
        *state_out = SEALED_DAMAGED;
        status = ST_OK;
    }
    sodium_memzero(&key, sizeof key);
    return status;
}

enum status sealed_open(struct replica *r, const struct sealed_target *target, struct bytes json,
                        struct buf *plain_out, enum sealed_state *state_out, struct fault *f)
{
    struct sealed_value value;
    struct keyring *keyring = NULL;
    *state_out = SEALED_DAMAGED;
    if (!sealed_parse(json, &value) || value.class != target->field->class) {
        (void)fault_set(f, ST_OK, "field %s holds no sealed value of its class",
                        target->field->name);
        return ST_OK;
    }
    *state_out = SEALED_NOT_ENTITLED;
    if (!sealed_readable(r, value.class))
        return open_disclosed(r, target, &value, plain_out, state_out, f);
    *state_out = SEALED_WAITING;
    if (r->vault == NULL)
        return ST_OK;
    enum status status = fetch(r, target, &value, state_out, f);
    if (status != ST_OK || *state_out != SEALED_READ)
        return status;
    status = replica_keyring(r, &keyring, f);
    if (status != ST_OK)
        return status;
    const struct seal_key *key = keyring_find(keyring, &value.key);
    *state_out = SEALED_WAITING; /* a copy of the class key for us is on its way */
    return key != NULL ? open_with(r, target, key, false, plain_out, state_out, f) : ST_OK;
}
