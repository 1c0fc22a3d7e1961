#include "replicas/custody.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/disclosed.h"
#include "replicas/engine.h"
#include "replicas/follow.h"
#include "replicas/index.h"
#include "replicas/index_steps.h"
#include "replicas/plain.h"

enum {
    TIDY_EVERY = 1024, /* records read between two tidyings of the store */
    WISHES_AT_ONCE = 128,
};

static const struct charter_member *member_of(struct replica *r, const struct key *key)
{
    return charter_by_key(charter_newest(replica_charters(r)), key);
}

/* Whether a member may hold an item of these facts; ST_NOT_FOUND: it may not. */
static enum status may_hold(struct replica *r, const struct key *key,
                            const struct vault_facts *facts, struct fault *f)
{
    const struct charter_member *m = member_of(r, key);
    bool allowed = m != NULL && keyring_entitled(m->role, facts->class);
    if (m != NULL && facts->kind == VAULT_DISCLOSURE)
        allowed = allowed || memcmp(facts->reader.id, key->id, KEY_BYTES) == 0;
    enum status status = ST_OK;
    if (m != NULL && !allowed && m->role == CHARTER_AUDITOR)
        status = disclosed_allows(r, m->label, facts, &allowed, f);
    return status == ST_OK && !allowed ? ST_NOT_FOUND : status;
}

/* ---- Wanting ---- */

/* One sealed value of a record, and its salt; 'salted' spares asking for the same one again. */
static enum status want_value(struct replica *r, struct bytes type, struct bytes record,
                              struct bytes json, struct seal_id *salted, struct fault *f)
{
    struct sealed_value v;
    if (json.count == 0 || json.data[0] != '{' || !sealed_parse(json, &v) ||
        !sealed_readable(r, v.class))
        return ST_OK;
    struct vault_facts facts = {
        .name = v.name, .kind = VAULT_VALUE, .class = v.class, .salt = v.salt};
    CHECK(type.count <= NAME_BYTES_MAX && record.count <= RECORD_ID_TEXT);
    memcpy(facts.type, type.data, type.count);
    memcpy(facts.record, record.data, record.count);
    enum status status = vault_want(r->vault, &facts, f);
    if (status != ST_OK || memcmp(salted->id, v.salt.id, SEAL_ID_BYTES) == 0)
        return status;
    facts.kind = VAULT_SALT;
    vault_salt_name(&v.salt, &facts.name);
    *salted = v.salt;
    return vault_want(r->vault, &facts, f);
}

enum status custody_note(struct replica *r, const struct op_list *ops, struct fault *f)
{
    struct seal_id salted = {{0}};
    enum status status = ST_OK;
    for (uint32_t i = 0; r->vault != NULL && i < ops->count && status == ST_OK; i++) {
        const struct op *op = &ops->ops[i];
        char record[RECORD_ID_TEXT + 1];
        if (op->verb != OP_SET || op->value.count == 0 || op->value.data[0] != '{')
            continue;
        hex_encode(op->id, RECORD_ID_BYTES, record);
        status = want_value(r, op->type, bytes_of_text(record), op->value, &salted, f);
    }
    return status;
}

static enum status want_record(struct replica *r, const struct oid *blob, struct fault *f)
{
    struct bytes data;
    struct record record = {0};
    struct seal_id salted = {{0}};
    enum status status = store_read(r->store, blob, STORE_BLOB, &data, f);
    if (status == ST_OK)
        status = record_parse(data, &record);
    for (uint32_t i = 0; i < record.value_count && status == ST_OK; i++)
        status = want_value(r, record.type, record.id, record.values[i].json, &salted, f);
    record_release(&record);
    return status == ST_OK ? ST_OK : fault_set(f, status, "a record: %s", status_text(status));
}

enum status custody_want_state(struct replica *r, struct fault *f)
{
    struct index_steps steps = {0};
    struct oid nothing;
    tree_empty(&nothing);
    if (r->vault == NULL)
        return ST_OK;
    enum status status = tree_diff(r->store, &nothing, &r->state, index_steps_add, &steps, f);
    for (size_t i = 0; i < steps.count && status == ST_OK; i++) {
        bool entry = strlen(steps.list[i].id) == ENTRY_ID_TEXT;
        if (!entry)
            status = want_record(r, &steps.list[i].blob, f);
        if (i % TIDY_EVERY == TIDY_EVERY - 1)
            store_tidy(r->store);
    }
    index_steps_release(&steps);
    return status;
}

/* A member that was retired wants nothing more; what it has stays until its home is gone. */
static enum status want_nothing(struct replica *r, struct fault *f)
{
    enum status status = ST_OK;
    for (unsigned files = 0; files < 2 && status == ST_OK; files++) {
        uint32_t count = 1;
        while (count > 0 && status == ST_OK) {
            struct vault_facts facts[WISHES_AT_ONCE];
            static const struct digest start;
            status = vault_wants(r->vault, files == 1, &start, WISHES_AT_ONCE, facts, &count, f);
            for (uint32_t i = 0; i < count && status == ST_OK; i++)
                status = vault_unwant(r->vault, &facts[i].name, f);
        }
    }
    return status;
}

enum status custody_recount(struct replica *r, struct fault *f)
{
    static const enum schema_class classes[] = {SCHEMA_INTERNAL, SCHEMA_PERSONAL};
    const struct charter_member *self =
        charter_by_label(charter_newest(&r->chain), bytes_of_text(r->label));
    bool any = false;
    if (r->vault == NULL)
        return ST_OK;
    r->vault_changed = true;
    sealed_memo_forget(r->sealed);
    follow_anew(r->follow);
    enum status status = plain_forget(r, f);
    if (status == ST_OK && self == NULL)
        status = want_nothing(r, f);
    if (status != ST_OK || self == NULL)
        return status;
    for (unsigned i = 0; i < 2 && status == ST_OK; i++) {
        if (keyring_entitled(self->role, classes[i]))
            any = true;
        else
            status = vault_drop_class(r->vault, classes[i], f);
    }
    return status == ST_OK && any ? custody_want_state(r, f) : status;
}

enum status custody_erase(struct replica *r, const struct seal_id *salt, struct bytes type,
                          struct bytes record, struct fault *f)
{
    if (r->vault == NULL)
        return fault_set(f, ST_NOT_ALLOWED, "this replica is open for reading only");
    sealed_memo_forget(r->sealed);
    enum status status = plain_mark(r, type, record, f);
    if (status == ST_OK)
        status = vault_refuse(r->vault, salt, f);
    r->vault_changed = true;
    return status;
}

/* ---- With others ---- */

enum status custody_wishes(struct replica *r, enum custody_lane lane, const struct key *from,
                           const struct digest *after, uint32_t max, struct digest *out,
                           uint32_t *count_out, bool *more_out, struct fault *f)
{
    const struct charter_member *m = member_of(r, from);
    struct digest last = *after;
    uint32_t count = 0, got = WISHES_AT_ONCE;
    enum status status = ST_OK;
    *more_out = false;
    while (r->vault != NULL && m != NULL && status == ST_OK && got == WISHES_AT_ONCE &&
           !*more_out) {
        struct vault_facts facts[WISHES_AT_ONCE];
        status =
            vault_wants(r->vault, lane == CUSTODY_FILES, &last, WISHES_AT_ONCE, facts, &got, f);
        for (uint32_t i = 0; status == ST_OK && i < got && !*more_out; i++) {
            last = facts[i].name;
            if (facts[i].kind != VAULT_DISCLOSURE && !keyring_entitled(m->role, facts[i].class))
                continue;
            if (count == max)
                *more_out = true;
            else
                out[count++] = facts[i].name;
        }
    }
    *count_out = status == ST_OK ? count : 0;
    return status;
}

enum status custody_give(struct replica *r, const struct key *to, const struct digest *name,
                         struct buf *out, struct fault *f)
{
    struct vault_facts facts;
    size_t start = out->count;
    if (r->vault == NULL)
        return ST_NOT_FOUND;
    enum status status = vault_get(r->vault, name, &facts, out, f);
    if (status == ST_OK)
        status = may_hold(r, to, &facts, f);
    if (status != ST_OK)
        out->count = start;
    return status == ST_CORRUPT ? ST_NOT_FOUND : status; /* others may have it sound */
}

enum status custody_keep(struct replica *r, const struct digest *name, struct bytes item,
                         struct fault *f)
{
    struct vault_facts facts;
    if (r->vault == NULL)
        return ST_NOT_FOUND;
    if (r->failed)
        return fault_set(f, ST_IO, "an earlier write failed; the daemon must be started again");
    enum status status = vault_wanted(r->vault, name, &facts, f);
    if (status == ST_OK)
        status = may_hold(r, &r->identity.key, &facts, f);
    if (status == ST_OK)
        status = vault_put(r->vault, &facts, item, f);
    if (status == ST_NOT_ALLOWED) {
        SOMETIMES("a sealed item comes that was erased meanwhile, or is not for us");
        return ST_NOT_FOUND; /* erased meanwhile */
    }
    if (status == ST_TOO_LARGE)
        return fault_set(f, ST_BAD_VALUE, "an item over the limit");
    if (status != ST_OK)
        return status;
    r->vault_changed = true;
    return plain_mark(r, bytes_of_text(facts.type), bytes_of_text(facts.record), f);
}

enum status custody_waiting(struct replica *r, uint64_t *values_out, uint64_t *files_out,
                            struct fault *f)
{
    *values_out = *files_out = 0;
    if (r->vault == NULL)
        return ST_OK;
    enum status status = vault_waiting(r->vault, false, values_out, f);
    return status == ST_OK ? vault_waiting(r->vault, true, files_out, f) : status;
}
