#include "replicas/attachment.h"

#include <sodium.h>

#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/keyring.h"
#include "replicas/lookup.h"
#include "replicas/object.h"
#include "replicas/reading.h"
#include "replicas/render.h"

bool attachment_is_type(struct bytes type)
{
    return bytes_equal_text(type, ATTACHMENT_PERSONAL) ||
           bytes_equal_text(type, ATTACHMENT_INTERNAL);
}

uint32_t attachment_chunks(uint64_t bytes)
{
    CHECK(bytes <= ATTACHMENT_BYTES_MAX);
    return (uint32_t)((bytes + ATTACHMENT_CHUNK_BYTES - 1) / ATTACHMENT_CHUNK_BYTES);
}

/* ---- The record ---- */

static struct bytes value_of(const struct record *record, const char *name)
{
    const struct record_field *field = record_field(record, bytes_of_text(name));
    return field != NULL ? record_reads(record, field)->json : BYTES("null");
}

static void copy_text(struct bytes from, char *out, size_t room)
{
    size_t count = from.count < room ? from.count : 0;
    if (count > 0)
        memcpy(out, from.data, count);
    out[count] = '\0';
}

enum status attachment_take(const struct record *record, struct attachment *out)
{
    int64_t bytes = 0;
    struct bytes content = value_of(record, "content"), name = value_of(record, "name"),
                 media = value_of(record, "media");
    *out = (struct attachment){.bytes = 0};
    copy_text(record->type, out->type, sizeof out->type);
    copy_text(record->id, out->id, sizeof out->id);
    copy_text(object_unquoted(value_of(record, "record")), out->record, sizeof out->record);
    if (json_take_integer(value_of(record, "bytes"), &bytes) == ST_OK && bytes >= 0 &&
        bytes <= ATTACHMENT_BYTES_MAX)
        out->bytes = (uint64_t)bytes;
    if (reading_is_sealed(content))
        buf_add_bytes(&out->content, content);
    if (reading_is_sealed(name))
        buf_add_bytes(&out->name, name);
    if (media.count > 0 && media.data[0] == '"')
        reading_text(media, &out->media);
    enum status status = buf_status(&out->content);
    if (status == ST_OK)
        status = buf_status(&out->name);
    return status == ST_OK ? buf_status(&out->media) : status;
}

void attachment_release(struct attachment *a)
{
    buf_release(&a->media);
    buf_release(&a->content);
    buf_release(&a->name);
}

void attachment_write_content(const struct attachment_content *content, struct buf *out)
{
    char file[2 * DIGEST_BYTES + 1], list[2 * DIGEST_BYTES + 1];
    hex_encode(content->file.id, DIGEST_BYTES, file);
    hex_encode(content->list.id, DIGEST_BYTES, list);
    buf_add_format(out, "{\"file\":\"%s\",\"list\":\"%s\"}", file, list);
}

static bool take_digest(struct json_reader *r, const char *before, struct digest *out)
{
    json_read_literal(r, before);
    return hex_decode(object_unquoted(json_read_text(r)), out->id, DIGEST_BYTES) == ST_OK;
}

bool attachment_read_content(struct bytes json, struct attachment_content *out)
{
    struct json_reader r;
    struct attachment_content content;
    json_read(&r, json);
    bool whole = take_digest(&r, "{\"file\":", &content.file) &&
                 take_digest(&r, ",\"list\":", &content.list);
    json_read_literal(&r, "}");
    if (!whole || json_end(&r) != ST_OK)
        return false;
    *out = content;
    return true;
}

/* ---- Sealing ---- */

static void fill_place(struct replica *r, const struct attachment_seal *seal, enum vault_kind kind,
                       struct seal_place *out)
{
    CHECK(kind == VAULT_LIST || kind == VAULT_CHUNK);
    *out = (struct seal_place){
        .network = replica_network(r),
        .type = bytes_of_text(seal->type),
        .record = bytes_of_text(seal->record),
        .class = seal->class,
        .field = kind == VAULT_LIST ? BYTES("content/list") : BYTES("content/chunk"),
    };
}

static void fill_facts(const struct attachment_seal *seal, enum vault_kind kind,
                       const struct digest *name, struct vault_facts *out)
{
    *out =
        (struct vault_facts){.name = *name, .kind = kind, .class = seal->class, .salt = seal->salt};
    memcpy(out->type, seal->type, sizeof out->type);
    memcpy(out->record, seal->record, sizeof out->record);
}

/* The class key and the salt. ST_NOT_FOUND: one of them is not here. */
static enum status at_hand(struct replica *r, const struct attachment_seal *seal,
                           const struct seal_key **key_out, struct seal_salt *salt_out,
                           struct fault *f)
{
    struct keyring *keyring = NULL;
    struct digest name;
    struct buf salt = {0};
    enum status status = replica_keyring(r, &keyring, f);
    *key_out = status == ST_OK ? keyring_find(keyring, &seal->key) : NULL;
    if (status == ST_OK && *key_out == NULL)
        status = ST_NOT_FOUND;
    vault_salt_name(&seal->salt, &name);
    if (status == ST_OK)
        status = vault_get(replica_vault(r), &name, NULL, &salt, f);
    if (status == ST_OK && salt.count != SEAL_SALT_BYTES)
        status = fault_set(f, ST_CORRUPT, "a salt of %s %.8s is damaged", seal->type, seal->record);
    if (status == ST_OK)
        memcpy(salt_out->salt, salt.data, SEAL_SALT_BYTES);
    if (salt.count > 0)
        sodium_memzero(salt.data, salt.count);
    buf_release(&salt);
    return status;
}

enum status attachment_put(struct replica *r, const struct attachment_seal *seal,
                           enum vault_kind kind, struct bytes plain, struct digest *name_out,
                           struct fault *f)
{
    const struct seal_key *key = NULL;
    struct seal_salt salt;
    struct seal_place place;
    struct vault_facts facts;
    struct buf item = {0};
    uint8_t nonce[SEAL_NONCE_BYTES];
    fill_place(r, seal, kind, &place);
    randombytes_buf(nonce, sizeof nonce);
    enum status status = at_hand(r, seal, &key, &salt, f);
    if (status == ST_OK)
        status = seal_close(key, &salt, &place, nonce, plain, &item);
    if (status == ST_OK) {
        seal_name(buf_bytes(&item), name_out);
        fill_facts(seal, kind, name_out, &facts);
        status = vault_put(replica_vault(r), &facts, buf_bytes(&item), f);
    }
    sodium_memzero(&salt, sizeof salt);
    buf_release(&item);
    return status;
}

/* An item's plaintext, appended. ST_NOT_FOUND: item, key or salt is not here. */
static enum status open_item(struct replica *r, const struct attachment_seal *seal,
                             enum vault_kind kind, const struct digest *name, struct buf *out,
                             struct fault *f)
{
    const struct seal_key *key = NULL;
    struct seal_salt salt;
    struct seal_place place;
    struct buf item = {0};
    fill_place(r, seal, kind, &place);
    enum status status = vault_get(replica_vault(r), name, NULL, &item, f);
    if (status == ST_OK)
        status = at_hand(r, seal, &key, &salt, f);
    if (status == ST_OK) {
        status = seal_open(key, &salt, &place, buf_bytes(&item), out);
        sodium_memzero(&salt, sizeof salt);
        if (status == ST_MALFORMED || status == ST_BAD_MAC)
            status = fault_set(f, ST_CORRUPT, "a part of %s %.8s does not open: %s", seal->type,
                               seal->record, status_text(status));
    }
    buf_release(&item);
    return status;
}

/* ---- Reading ---- */

static const struct schema_field *field_of(struct replica *r, const struct attachment *a,
                                           const char *name)
{
    const struct schema *schema = charter_newest(replica_charters(r))->schema;
    const struct schema_type *type = schema_type(schema, bytes_of_text(a->type));
    return type != NULL ? schema_field(type, bytes_of_text(name)) : NULL;
}

/* A sealed value of its record; *state_out says what came of it. */
static enum status open_value(struct replica *r, const struct attachment *a, const char *name,
                              struct bytes json, struct buf *out, enum sealed_state *state_out,
                              struct fault *f)
{
    struct sealed_target target = {
        .type = bytes_of_text(a->type),
        .record = bytes_of_text(a->id),
        .field = field_of(r, a, name),
    };
    *state_out = SEALED_DAMAGED;
    if (json.count == 0 || target.field == NULL)
        return ST_OK;
    return sealed_open(r, &target, json, out, state_out, f);
}

static enum status want_list(struct replica *r, const struct attachment_view *v, struct fault *f)
{
    struct vault_facts facts;
    fill_facts(&v->seal, VAULT_LIST, &v->content.list, &facts);
    return vault_want(replica_vault(r), &facts, f);
}

static struct digest name_at(const struct attachment_view *v, uint32_t index)
{
    struct digest name;
    CHECK(v->names.count >= ((size_t)index + 1) * DIGEST_BYTES);
    memcpy(name.id, v->names.data + (size_t)index * DIGEST_BYTES, DIGEST_BYTES);
    return name;
}

static enum status count_held(struct replica *r, struct attachment_view *v, struct fault *f)
{
    enum status status = ST_OK;
    v->held = 0;
    for (uint32_t i = 0; status == ST_OK && i < v->chunks; i++) {
        struct digest name = name_at(v, i);
        bool held = false;
        status = vault_has(replica_vault(r), &name, &held, f);
        v->held += held ? 1 : 0;
    }
    return status;
}

/* The content could be read: so the list, which has to have as many names as the size says. */
static enum status open_list(struct replica *r, const struct attachment *a,
                             struct attachment_view *v, struct fault *f)
{
    enum status status = open_item(r, &v->seal, VAULT_LIST, &v->content.list, &v->names, f);
    v->chunks = attachment_chunks(a->bytes);
    if (status == ST_NOT_FOUND) {
        v->state = SEALED_WAITING;
        return want_list(r, v, f);
    }
    if (status == ST_OK && v->names.count == (size_t)v->chunks * DIGEST_BYTES) {
        v->state = SEALED_READ;
        return count_held(r, v, f);
    }
    v->state = SEALED_DAMAGED;
    if (status == ST_OK)
        (void)fault_set(f, ST_OK, "%s %.8s: its list has not as many parts as its size says",
                        a->type, a->id);
    return status == ST_CORRUPT ? ST_OK : status;
}

enum status attachment_open(struct replica *r, const struct attachment *a,
                            struct attachment_view *out, struct fault *f)
{
    struct sealed_value value;
    struct buf plain = {0};
    *out = (struct attachment_view){.state = SEALED_DAMAGED};
    enum status status =
        open_value(r, a, "content", buf_bytes(&a->content), &plain, &out->state, f);
    if (status == ST_OK && out->state == SEALED_READ) {
        out->state = SEALED_DAMAGED;
        if (attachment_read_content(buf_bytes(&plain), &out->content) &&
            sealed_parse(buf_bytes(&a->content), &value)) {
            out->seal = (struct attachment_seal){
                .class = value.class, .key = value.key, .salt = value.salt};
            memcpy(out->seal.type, a->type, sizeof out->seal.type);
            memcpy(out->seal.record, a->id, sizeof out->seal.record);
            status = open_list(r, a, out, f);
        }
    }
    buf_release(&plain);
    return status;
}

void attachment_view_release(struct attachment_view *v)
{
    buf_release(&v->names);
}

enum status attachment_want(struct replica *r, const struct attachment_view *v, struct fault *f)
{
    enum status status = ST_OK;
    CHECK(v->state == SEALED_READ);
    for (uint32_t i = 0; status == ST_OK && i < v->chunks; i++) {
        struct vault_facts facts;
        struct digest name = name_at(v, i);
        fill_facts(&v->seal, VAULT_CHUNK, &name, &facts);
        status = vault_want(replica_vault(r), &facts, f);
    }
    return status;
}

enum status attachment_chunk(struct replica *r, const struct attachment *a,
                             const struct attachment_view *v, uint32_t index, struct buf *out,
                             struct fault *f)
{
    CHECK(v->state == SEALED_READ && index < v->chunks);
    struct digest name = name_at(v, index);
    size_t start = out->count;
    uint64_t before = (uint64_t)index * ATTACHMENT_CHUNK_BYTES, left = a->bytes - before;
    uint64_t bytes = left < ATTACHMENT_CHUNK_BYTES ? left : ATTACHMENT_CHUNK_BYTES;
    enum status status = open_item(r, &v->seal, VAULT_CHUNK, &name, out, f);
    if (status == ST_OK && out->count - start != bytes)
        status = fault_set(f, ST_CORRUPT, "part %u of %s %.8s is not as long as it should be",
                           index + 1, a->type, a->id);
    return status;
}

/* ---- Lists of them ---- */

struct lister {
    struct replica *replica;
    attachment_fn each;
    void *user;
    struct fault *fault;
};

static enum status list_one(void *user, const struct index_row *row)
{
    struct lister *l = user;
    struct record record = {0};
    struct attachment a = {.bytes = 0};
    enum status status = replica_record(l->replica, NULL, row->type, row->id, &record, l->fault);
    if (status == ST_OK)
        status = attachment_take(&record, &a);
    if (status == ST_OK)
        status = l->each(l->user, &a);
    attachment_release(&a);
    record_release(&record);
    return status;
}

enum status attachment_each(struct replica *r, struct bytes record, attachment_fn each, void *user,
                            struct fault *f)
{
    static const char *const types[] = {ATTACHMENT_PERSONAL, ATTACHMENT_INTERNAL};
    const struct schema *schema = charter_newest(replica_charters(r))->schema;
    struct lister l = {.replica = r, .each = each, .user = user, .fault = f};
    struct index *index = NULL;
    struct buf json = {0};
    json_add_text(&json, record);
    enum status status = buf_status(&json);
    if (status == ST_OK)
        status = lookup_index(r, &index, f);
    for (size_t i = 0; status == ST_OK && i < sizeof types / sizeof types[0]; i++) {
        struct index_filter filter = {.field = "record", .json = buf_bytes(&json)};
        struct index_query query = {.type = types[i], .filters = &filter, .filter_count = 1};
        if (schema_type(schema, bytes_of_text(types[i])) != NULL)
            status = index_list(index, &query, list_one, &l, f);
    }
    buf_release(&json);
    return status;
}

enum status attachment_name(struct replica *r, const struct attachment *a, struct buf *json_out,
                            struct fault *f)
{
    enum sealed_state state;
    return open_value(r, a, "name", buf_bytes(&a->name), json_out, &state, f);
}

enum status attachment_copy(const struct attachment *from, struct attachment *to)
{
    *to = *from;
    to->media = to->content = to->name = (struct buf){0};
    buf_add_bytes(&to->media, buf_bytes(&from->media));
    buf_add_bytes(&to->content, buf_bytes(&from->content));
    buf_add_bytes(&to->name, buf_bytes(&from->name));
    enum status status = buf_status(&to->media);
    if (status == ST_OK)
        status = buf_status(&to->content);
    return status == ST_OK ? buf_status(&to->name) : status;
}

enum status attachment_add_row(struct replica *r, const struct attachment *a, struct buf *out,
                               struct fault *f)
{
    struct attachment_view view = {.state = SEALED_WAITING};
    struct buf name = {0};
    enum status status = attachment_name(r, a, &name, f);
    if (status == ST_OK)
        status = attachment_open(r, a, &view, f);
    buf_add_format(out, "\"id\":\"%s\",\"type\":\"%s\",\"media\":", a->id, a->type);
    json_add_text(out, buf_bytes(&a->media));
    buf_add_format(out, ",\"bytes\":%llu,\"name\":", (unsigned long long)a->bytes);
    buf_add_bytes(out, name.count > 0 ? buf_bytes(&name) : BYTES("null"));
    buf_add_format(out, ",\"state\":\"%s\",\"chunks\":%u,\"held\":%u",
                   sealed_state_text(view.state), attachment_chunks(a->bytes), view.held);
    attachment_view_release(&view);
    buf_release(&name);
    return status == ST_OK ? buf_status(out) : status;
}

struct row_list {
    struct replica *replica;
    struct buf *out;
    uint32_t count;
    struct fault *fault;
};

static enum status add_to_list(void *user, const struct attachment *a)
{
    struct row_list *l = user;
    buf_add_text(l->out, l->count++ == 0 ? ",\"attachments\":[{" : ",{");
    enum status status = attachment_add_row(l->replica, a, l->out, l->fault);
    buf_add_byte(l->out, '}');
    return status;
}

enum status attachment_add_list(struct replica *r, struct bytes record, struct buf *out,
                                struct fault *f)
{
    struct row_list l = {.replica = r, .out = out, .fault = f};
    if (replica_index(r) == NULL || replica_vault(r) == NULL)
        return ST_OK;
    enum status status = attachment_each(r, record, add_to_list, &l, f);
    if (l.count > 0)
        buf_add_byte(out, ']');
    return status;
}
