#include "replicas/disclosed.h"

#include <sodium.h>

#include "proto/check.h"
#include "replicas/engine.h"
#include "replicas/index.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/object.h"
#include "replicas/tree.h"

/* An item that is for us, opened. Errors: ST_NOT_FOUND  it is not here; ST_BAD_VALUE  it does not
 * open, or is no disclosure; LOCAL */
static enum status open_item(struct replica *r, const struct digest *name, struct disclosure *out,
                             struct fault *f)
{
    uint8_t public[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
    struct buf item = {0}, plain = {0};
    enum status status = vault_get(r->vault, name, NULL, &item, f);
    if (status == ST_OK && (item.count <= crypto_box_SEALBYTES || r->locked))
        status = ST_BAD_VALUE;
    if (status == ST_OK && buf_reserve(&plain, item.count) == NULL)
        status = ST_NO_MEMORY;
    if (status == ST_OK &&
        (crypto_sign_ed25519_pk_to_curve25519(public, r->identity.key.id) != 0 ||
         crypto_sign_ed25519_sk_to_curve25519(secret, r->identity.secret) != 0 ||
         crypto_box_seal_open(plain.data, item.data, item.count, public, secret) != 0))
        status = ST_BAD_VALUE;
    if (status == ST_OK) {
        size_t bytes = item.count - crypto_box_SEALBYTES;
        if (disclosure_decode((struct bytes){plain.data, bytes}, out) != ST_OK)
            status = ST_BAD_VALUE;
        sodium_memzero(plain.data, bytes);
    }
    sodium_memzero(secret, sizeof secret);
    buf_release(&item);
    buf_release(&plain);
    return status;
}

/* ---- Finding a key ---- */

struct search {
    struct replica *replica;
    struct bytes type, record;
    const struct digest *name;
    struct seal_key *out;
    struct fault *fault;
    struct disclosure disclosure;
    struct buf names; /* of the disclosures to us */
};

static enum status note(void *user, const struct vault_facts *facts)
{
    struct search *s = user;
    if (facts->kind == VAULT_DISCLOSURE &&
        memcmp(facts->reader.id, s->replica->identity.key.id, KEY_BYTES) == 0)
        buf_add(&s->names, facts->name.id, DIGEST_BYTES);
    return buf_status(&s->names);
}

/* ST_NOT_FOUND: this one does not hold it. */
static enum status look_into(struct search *s, const struct digest *item)
{
    struct disclosure *d = &s->disclosure;
    enum status status = open_item(s->replica, item, d, s->fault);
    if (status != ST_OK)
        return status == ST_BAD_VALUE ? ST_NOT_FOUND : status;
    status = ST_NOT_FOUND;
    bool ours = bytes_equal_text(s->type, d->type) && bytes_equal_text(s->record, d->record);
    for (uint32_t i = 0; ours && i < d->count; i++) {
        if (memcmp(d->values[i].name.id, s->name->id, DIGEST_BYTES) != 0)
            continue;
        *s->out = d->values[i].key;
        status = ST_OK;
    }
    disclosure_clear(d);
    return status;
}

enum status disclosed_find(struct replica *r, struct bytes type, struct bytes record,
                           const struct digest *name, struct seal_key *out, struct fault *f)
{
    struct search s = {
        .replica = r, .type = type, .record = record, .name = name, .out = out, .fault = f};
    struct oid folder;
    if (r->vault == NULL || r->locked ||
        tree_find_tree(r->store, &r->state, "records/" DISCLOSURE_TYPE, &folder, NULL) != ST_OK)
        return ST_NOT_FOUND;
    enum status status = vault_each(r->vault, type, record, note, &s, f);
    enum status found = ST_NOT_FOUND;
    for (size_t at = 0; status == ST_OK && found == ST_NOT_FOUND && at < s.names.count;
         at += DIGEST_BYTES) {
        struct digest item;
        memcpy(item.id, s.names.data + at, DIGEST_BYTES);
        found = look_into(&s, &item);
    }
    buf_release(&s.names);
    return status == ST_OK ? found : status;
}

/* ---- Following ---- */

static struct bytes text_of(const struct record *record, const char *name)
{
    const struct record_field *field = record_field(record, bytes_of_text(name));
    return field != NULL ? object_unquoted(record_reads(record, field)->json)
                         : (struct bytes){NULL, 0};
}

/* The item is not here: what the record says of it is what it is wanted by. The type of the record
 * that it is about is found where that is. */
static enum status want_item(struct replica *r, const struct digest *name, struct bytes about,
                             struct fault *f)
{
    struct disclosure d = {.count = 0};
    struct vault_facts facts;
    struct index_id id;
    enum status status = lookup_id(r, about, &id, f);
    if (status != ST_OK)
        return status_class(status) == STATUS_LOCAL ? status : ST_OK;
    memcpy(d.type, id.type, sizeof d.type);
    memcpy(d.record, id.id, RECORD_ID_TEXT);
    disclosure_facts(&d, name, &r->identity.key, &facts);
    return vault_want(r->vault, &facts, f);
}

static enum status want_values(struct replica *r, const struct disclosure *d, struct fault *f)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < d->count && status == ST_OK; i++) {
        struct vault_facts facts = {.name = d->values[i].name,
                                    .kind = VAULT_VALUE,
                                    .class = SCHEMA_PERSONAL,
                                    .salt = d->values[i].salt};
        memcpy(facts.type, d->type, sizeof facts.type);
        memcpy(facts.record, d->record, sizeof facts.record);
        status = vault_want(r->vault, &facts, f);
    }
    return status;
}

enum status disclosed_follow(struct replica *r, const struct record *record, bool *done_out,
                             struct fault *f)
{
    struct disclosure d;
    struct digest name;
    struct bytes about = text_of(record, "record");
    bool held = false;
    *done_out = true;
    if (r->vault == NULL || !bytes_equal_text(text_of(record, "to"), r->label) ||
        about.count != RECORD_ID_TEXT ||
        hex_decode(text_of(record, "item"), name.id, DIGEST_BYTES) != ST_OK)
        return ST_OK;
    enum status status = vault_has(r->vault, &name, &held, f);
    if (status == ST_OK && !held) {
        *done_out = false;
        return want_item(r, &name, about, f);
    }
    if (status == ST_OK)
        status = open_item(r, &name, &d, f);
    if (status != ST_OK) /* for a key of ours that is no more, or nonsense: nothing to be done */
        return status == ST_BAD_VALUE || status == ST_NOT_FOUND || status == ST_CORRUPT ? ST_OK
                                                                                        : status;
    if (bytes_equal_text(about, d.record))
        status = want_values(r, &d, f);
    disclosure_clear(&d);
    return status;
}

/* ---- Who may hold what ---- */

struct allowance {
    const char *name; /* of the item, hex */
    bool found;
};

static enum status on_row(void *user, const struct index_row *row)
{
    struct allowance *a = user;
    struct object o;
    struct bytes value, list = object_find(row->fields, "values");
    if (list.count == 0 || list.data[0] != '[')
        return ST_OK;
    object_begin_list(&o, list);
    while (object_next_element(&o, &value))
        a->found = a->found || bytes_equal_text(object_unquoted(value), a->name);
    return ST_OK;
}

enum status disclosed_allows(struct replica *r, const char *label, const struct vault_facts *facts,
                             bool *out, struct fault *f)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct allowance a = {.name = hex};
    struct index *index = NULL;
    struct buf record = {0}, to = {0};
    const struct schema *schema = charter_newest(&r->chain)->schema;
    *out = false;
    if (r->index == NULL || facts->kind != VAULT_VALUE ||
        schema_type(schema, BYTES(DISCLOSURE_TYPE)) == NULL)
        return ST_OK;
    hex_encode(facts->name.id, DIGEST_BYTES, hex);
    json_add_text(&record, bytes_of_text(facts->record));
    json_add_text(&to, bytes_of_text(label));
    struct index_filter filters[] = {{.field = "record", .json = buf_bytes(&record)},
                                     {.field = "to", .json = buf_bytes(&to)}};
    struct index_query query = {.type = DISCLOSURE_TYPE, .filters = filters, .filter_count = 2};
    enum status status = buf_status(&record);
    if (status == ST_OK)
        status = buf_status(&to);
    if (status == ST_OK)
        status = lookup_index(r, &index, f);
    if (status == ST_OK)
        status = index_list(index, &query, on_row, &a, f);
    *out = status == ST_OK && a.found;
    buf_release(&record);
    buf_release(&to);
    return status;
}
