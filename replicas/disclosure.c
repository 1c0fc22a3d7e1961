#include "replicas/disclosure.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/mp.h"
#include "replicas/engine.h"
#include "replicas/index.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/object.h"
#include "replicas/words.h"

enum { VERSION = 1, SECRET_BYTES = crypto_box_SECRETKEYBYTES };

void disclosure_clear(struct disclosure *d)
{
    sodium_memzero(d, sizeof *d);
}

/* ---- The item ---- */

void disclosure_encode(const struct disclosure *d, struct buf *out)
{
    CHECK(d->count <= DISCLOSURE_VALUES_MAX);
    mp_write_array(out, 4);
    mp_write_uint(out, VERSION);
    mp_write_text(out, bytes_of_text(d->type));
    mp_write_text(out, bytes_of_text(d->record));
    mp_write_array(out, d->count);
    for (uint32_t i = 0; i < d->count; i++) {
        const struct disclosure_value *v = &d->values[i];
        mp_write_array(out, 3);
        mp_write_binary(out, (struct bytes){v->name.id, DIGEST_BYTES});
        mp_write_binary(out, (struct bytes){v->salt.id, SEAL_ID_BYTES});
        mp_write_binary(out, (struct bytes){v->key.key, SEAL_KEY_BYTES});
    }
}

enum status disclosure_decode(struct bytes in, struct disclosure *out)
{
    struct mp_reader r;
    uint8_t id[RECORD_ID_BYTES];
    *out = (struct disclosure){.count = 0};
    mp_read(&r, in);
    mp_read_array(&r, 4, 4);
    uint64_t version = mp_read_uint(&r, VERSION);
    struct bytes type = mp_read_text(&r, NAME_BYTES_MAX);
    struct bytes record = mp_read_text(&r, RECORD_ID_TEXT);
    if (r.status == ST_OK &&
        (version != VERSION || !name_is_valid(type) || hex_decode(record, id, sizeof id) != ST_OK))
        mp_fail(&r, ST_MALFORMED);
    uint32_t count = mp_read_array(&r, 1, DISCLOSURE_VALUES_MAX);
    for (uint32_t i = 0; i < count && r.status == ST_OK; i++) {
        struct disclosure_value *v = &out->values[i];
        mp_read_array(&r, 3, 3);
        mp_read_fixed(&r, v->name.id, DIGEST_BYTES);
        mp_read_fixed(&r, v->salt.id, SEAL_ID_BYTES);
        mp_read_fixed(&r, v->key.key, SEAL_KEY_BYTES);
    }
    enum status status = mp_end(&r);
    if (status != ST_OK) {
        disclosure_clear(out);
        return status;
    }
    out->count = count;
    memcpy(out->type, type.data, type.count);
    memcpy(out->record, record.data, record.count);
    return ST_OK;
}

void disclosure_facts(const struct disclosure *d, const struct digest *name,
                      const struct key *reader, struct vault_facts *out)
{
    *out = (struct vault_facts){
        .name = *name, .kind = VAULT_DISCLOSURE, .class = SCHEMA_INTERNAL, .reader = *reader};
    memcpy(out->type, d->type, sizeof out->type);
    memcpy(out->record, d->record, sizeof out->record);
    memcpy(out->salt.id, name->id, SEAL_ID_BYTES);
}

/* ---- Giving ---- */

struct giving {
    const struct verb_call *call;
    struct replica *replica;
    struct index_id id;
    struct record record;
    const struct schema_type *type; /* of the record */
    struct charter_member to;
    struct disclosure disclosure;
    struct op_list ops;
    uint8_t own[RECORD_ID_BYTES]; /* the record of type disclosure */
    struct buf fields;            /* their names as JSON texts, comma between them */
};

static enum status find_reader(struct giving *g, struct fault *f)
{
    struct bytes label = control_option(g->call->request, "to");
    const struct charter *newest = charter_newest(replica_charters(g->replica));
    enum status status = lookup_label(g->replica, label, f);
    if (status != ST_OK)
        return status;
    for (uint32_t i = 0; i < newest->member_count; i++)
        if (bytes_equal_text(label, newest->members[i].label))
            g->to = newest->members[i];
    if (g->to.label[0] == '\0')
        return fault_set(f, ST_NOT_ALLOWED, "%.*s is no member any more", words_shown(label),
                         (const char *)label.data);
    if (g->to.role == CHARTER_OFFICE)
        return fault_set(f, ST_NOT_ALLOWED, "%s is an office, which reads everything already",
                         g->to.label);
    if (g->to.role == CHARTER_PARTNER)
        return fault_set(f, ST_NOT_ALLOWED,
                         "%s is a partner: nothing but open fields is for partners", g->to.label);
    return ST_OK;
}

static enum status refuse_field(const struct schema_field *field, struct fault *f)
{
    if (field->class == SCHEMA_OPEN)
        return fault_set(f, ST_USAGE, "%s is an open field: every member reads it", field->name);
    if (field->class == SCHEMA_INTERNAL)
        return fault_set(f, ST_USAGE, "%s is internal: auditors read it already", field->name);
    enum status status =
        fault_set(f, ST_USAGE, "%s is a file: files are not disclosed", field->name);
    fault_fix(f, "attach it once more with --class internal: auditors read such");
    return status;
}

static enum status say_state(const struct giving *g, const struct schema_field *field,
                             enum sealed_state state, struct fault *f)
{
    if (state == SEALED_WAITING)
        return fault_set(f, ST_WAITING, "%s of %s %.8s is not here yet", field->name, g->id.type,
                         g->id.id);
    if (state == SEALED_ERASED)
        return fault_set(f, ST_NOT_FOUND, "%s of %s %.8s was erased", field->name, g->id.type,
                         g->id.id);
    if (state == SEALED_NOT_ENTITLED)
        return fault_set(f, ST_NOT_ALLOWED, "%s may not read %s itself", replica_label(g->replica),
                         field->name);
    return fault_set(f, ST_CORRUPT, "%s of %s %.8s is damaged", field->name, g->id.type, g->id.id);
}

/* The key of one value, which is at hand: it was just opened. */
static enum status take_key(struct giving *g, const struct schema_field *field,
                            const struct sealed_value *value, struct fault *f)
{
    struct replica *r = g->replica;
    struct disclosure_value *out = &g->disclosure.values[g->disclosure.count];
    struct keyring *keyring = NULL;
    struct digest salt_name;
    struct buf salt = {0}, item = {0};
    vault_salt_name(&value->salt, &salt_name);
    enum status status = replica_keyring(r, &keyring, f);
    const struct seal_key *key = status == ST_OK ? keyring_find(keyring, &value->key) : NULL;
    if (status == ST_OK)
        status = vault_get(r->vault, &salt_name, NULL, &salt, f);
    if (status == ST_OK)
        status = vault_get(r->vault, &value->name, NULL, &item, f);
    if (status == ST_OK && (key == NULL || salt.count != SEAL_SALT_BYTES))
        status = fault_set(f, ST_CORRUPT, "the key of %s is damaged", field->name);
    if (status == ST_OK) {
        struct seal_salt own;
        memcpy(own.salt, salt.data, SEAL_SALT_BYTES);
        status = seal_value_key(key, &own, bytes_of_text(field->name), buf_bytes(&item), &out->key);
        sodium_memzero(&own, sizeof own);
        sodium_memzero(salt.data, salt.count);
    }
    if (status == ST_OK) {
        out->name = value->name;
        out->salt = value->salt;
        g->disclosure.count++;
    }
    buf_release(&salt);
    buf_release(&item);
    return status;
}

static enum status take_field(struct giving *g, struct bytes name, struct fault *f)
{
    const struct schema_field *field = NULL;
    struct sealed_value value;
    struct buf plain = {0};
    enum sealed_state state = SEALED_DAMAGED;
    enum status status = lookup_field(g->type, name, &field, f);
    if (status == ST_OK && (field->class != SCHEMA_PERSONAL || field->kind == SCHEMA_FILE))
        status = refuse_field(field, f);
    if (status == ST_OK && g->disclosure.count == DISCLOSURE_VALUES_MAX)
        status = fault_set(f, ST_USAGE, "more than %d fields", DISCLOSURE_VALUES_MAX);
    if (status != ST_OK)
        return status;
    const struct record_field *held = record_field(&g->record, name);
    struct bytes json = held != NULL ? record_reads(&g->record, held)->json : BYTES("null");
    if (!sealed_parse(json, &value))
        return fault_set(f, ST_USAGE, "%s %.8s has nothing in %s", g->id.type, g->id.id,
                         field->name);
    for (uint32_t i = 0; i < g->disclosure.count; i++)
        if (memcmp(g->disclosure.values[i].name.id, value.name.id, DIGEST_BYTES) == 0)
            return fault_set(f, ST_USAGE, "%s is named twice", field->name);
    struct sealed_target target = {.type = bytes_of_text(g->id.type),
                                   .record = bytes_of_text(g->id.id),
                                   .now = &g->record,
                                   .field = field};
    status = sealed_open(g->replica, &target, json, &plain, &state, f);
    if (plain.count > 0)
        sodium_memzero(plain.data, plain.count);
    buf_release(&plain);
    if (status == ST_OK)
        status =
            state == SEALED_READ ? take_key(g, field, &value, f) : say_state(g, field, state, f);
    if (status == ST_OK) {
        buf_add_text(&g->fields, g->fields.count > 0 ? "," : "");
        json_add_text(&g->fields, name);
    }
    return status;
}

static enum status take_fields(struct giving *g, struct fault *f)
{
    struct bytes left = control_option(g->call->request, "fields");
    enum status status = ST_OK;
    if (left.count == 0)
        return fault_set(f, ST_USAGE, "name the fields: --fields name,phone");
    while (left.count > 0 && status == ST_OK) {
        const uint8_t *comma = memchr(left.data, ',', left.count);
        size_t count = comma != NULL ? (size_t)(comma - left.data) : left.count;
        status = take_field(g, (struct bytes){left.data, count}, f);
        count += comma != NULL ? 1 : 0;
        left = (struct bytes){left.data + count, left.count - count};
    }
    return status;
}

static enum status seal_item(struct giving *g, struct digest *name_out, struct fault *f)
{
    uint8_t box[crypto_box_PUBLICKEYBYTES];
    struct vault_facts facts;
    struct buf plain = {0}, item = {0};
    disclosure_encode(&g->disclosure, &plain);
    uint8_t *out = buf_reserve(&item, plain.count + crypto_box_SEALBYTES);
    enum status status = buf_status(&plain);
    if (status == ST_OK && out == NULL)
        status = ST_NO_MEMORY;
    if (status == ST_OK && (crypto_sign_ed25519_pk_to_curve25519(box, g->to.key.id) != 0 ||
                            crypto_box_seal(out, plain.data, plain.count, box) != 0))
        status = fault_set(f, ST_BAD_VALUE, "the key of %s is no key", g->to.label);
    if (status == ST_OK) {
        item.count += plain.count + crypto_box_SEALBYTES;
        seal_name(buf_bytes(&item), name_out);
        disclosure_facts(&g->disclosure, name_out, &g->to.key, &facts);
        status = vault_put(g->replica->vault, &facts, buf_bytes(&item), f);
        g->replica->vault_changed = true;
    }
    if (plain.count > 0)
        sodium_memzero(plain.data, plain.count);
    buf_release(&plain);
    buf_release(&item);
    return status;
}

static enum status add_op(struct giving *g, enum op_verb verb, const char *name, struct bytes text)
{
    struct buf json = {0};
    struct op op = {.verb = verb, .type = BYTES(DISCLOSURE_TYPE), .name = bytes_of_text(name)};
    json_add_text(&json, text);
    op.value = buf_bytes(&json);
    memcpy(op.id, g->own, sizeof op.id);
    enum status status = buf_status(&json);
    if (status == ST_OK)
        status = op_list_add(&g->ops, &op);
    buf_release(&json);
    return status;
}

static enum status add_names(struct giving *g)
{
    struct bytes left = control_option(g->call->request, "fields");
    enum status status = ST_OK;
    for (uint32_t i = 0; i < g->disclosure.count && status == ST_OK; i++) {
        char hex[2 * DIGEST_BYTES + 1];
        const uint8_t *comma = memchr(left.data, ',', left.count);
        size_t count = comma != NULL ? (size_t)(comma - left.data) : left.count;
        hex_encode(g->disclosure.values[i].name.id, DIGEST_BYTES, hex);
        status = add_op(g, OP_ADD, "fields", (struct bytes){left.data, count});
        if (status == ST_OK)
            status = add_op(g, OP_ADD, "values", bytes_of_text(hex));
        count += comma != NULL ? 1 : 0;
        left = (struct bytes){left.data + count, left.count - count};
    }
    return status;
}

static enum status write_record(struct giving *g, struct replica_commit *done, struct fault *f)
{
    struct digest name;
    char hex[2 * DIGEST_BYTES + 1];
    randombytes_buf(g->own, sizeof g->own);
    enum status status = seal_item(g, &name, f);
    if (status != ST_OK)
        return status;
    hex_encode(name.id, DIGEST_BYTES, hex);
    status = add_op(g, OP_SET, "item", bytes_of_text(hex));
    if (status == ST_OK)
        status = add_op(g, OP_SET, "record", bytes_of_text(g->id.id));
    if (status == ST_OK)
        status = add_op(g, OP_SET, "to", bytes_of_text(g->to.label));
    if (status == ST_OK)
        status = add_names(g);
    return status == ST_OK ? replica_write(g->replica, &g->ops, g->call->author, done, f) : status;
}

static enum status send_row(struct giving *g, const struct replica_commit *done)
{
    struct buf row = {0};
    char own[RECORD_ID_TEXT + 1], commit[OID_TEXT + 1];
    hex_encode(g->own, sizeof g->own, own);
    buf_add_format(&row, "{\"record\":\"%s\",\"type\":\"%s\",\"to\":\"%s\",\"fields\":[", g->id.id,
                   g->id.type, g->to.label);
    buf_add_bytes(&row, buf_bytes(&g->fields));
    if (done != NULL) {
        hex_encode(done->id.id, OID_BYTES, commit);
        buf_add_format(&row, "],\"id\":\"%s\",\"commit\":\"%s\"}", own, commit);
    } else {
        buf_add_text(&row, "],\"id\":null,\"commit\":null,\"dry_run\":true}");
    }
    enum status status = verb_send(g->call, &row);
    buf_release(&row);
    return status;
}

static enum status open_giving(struct giving *g, struct fault *f)
{
    const struct control_request *q = g->call->request;
    const struct schema_type *own = NULL;
    if (q->word_count != 1 || !control_has(q, "fields") || !control_has(q, "to")) {
        enum status status = fault_set(f, ST_USAGE, "something is missing behind 'disclose'");
        fault_fix(f, "use: minga disclose ID --fields FIELD,... --to AUDITOR");
        return status;
    }
    if (g->replica->vault == NULL)
        return fault_set(f, ST_NOT_ALLOWED, "this replica is open for reading only");
    enum status status = lookup_type(g->replica, BYTES(DISCLOSURE_TYPE), &own, f);
    if (status == ST_OK)
        status = lookup_record(g->replica, q->words[0], &g->id, &g->record, f);
    if (status == ST_OK)
        status = lookup_type(g->replica, bytes_of_text(g->id.type), &g->type, f);
    if (status == ST_OK && g->type->entry)
        status = fault_set(f, ST_USAGE, "%s %.8s is an entry, which has open fields only",
                           g->id.type, g->id.id);
    if (status == ST_OK)
        status = find_reader(g, f);
    if (status != ST_OK)
        return status;
    memcpy(g->disclosure.type, g->id.type, sizeof g->disclosure.type);
    memcpy(g->disclosure.record, g->id.id, RECORD_ID_TEXT);
    return take_fields(g, f);
}

enum status disclosure_give(const struct verb_call *call, struct fault *f)
{
    struct giving g = {.call = call, .replica = call->replica};
    struct replica_commit done;
    bool dry = control_has(call->request, "dry-run");
    enum status status = open_giving(&g, f);
    if (status == ST_OK && !dry)
        status = write_record(&g, &done, f);
    if (status == ST_OK)
        status = send_row(&g, dry ? NULL : &done);
    disclosure_clear(&g.disclosure);
    record_release(&g.record);
    op_list_release(&g.ops);
    buf_release(&g.fields);
    return status;
}
