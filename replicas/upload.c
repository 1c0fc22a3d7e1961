#include "replicas/upload.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/attachment.h"
#include "replicas/engine.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/render.h"
#include "replicas/rules.h"
#include "replicas/settings.h"

#define UPLOADS_NAME "uploads"

enum { FILE_BYTES_MAX = 64 * KIB, HASH_ALIGN = 64 };

enum upload_state { UPLOAD_LIVE, UPLOAD_OVER };

struct upload {
    struct upload *next;
    enum upload_state state;
    char name[UPLOAD_NAME_BYTES + 1]; /* "": another process's */
    struct attachment_seal seal;
    char record[ENTRY_ID_TEXT + 1]; /* whose file it is */
    uint64_t bytes, offset, idle_offset, idle_ms;
    bool idle; /* seen without progress since idle_ms */
    uint8_t hash_room[sizeof(crypto_generichash_state) + HASH_ALIGN];
    struct buf names;     /* of its chunks */
    struct buf file_name; /* the sealed value */
    struct buf media;     /* JSON text */
};

struct uploads {
    struct upload *first;
    uint32_t count;
    bool loaded; /* what an earlier process left is in the list */
};

/* The state of the hash wants an alignment that no allocation promises. */
static crypto_generichash_state *hash_of(struct upload *u)
{
    uintptr_t at = (uintptr_t)u->hash_room;
    return (void *)(u->hash_room + (HASH_ALIGN - at % HASH_ALIGN) % HASH_ALIGN);
}

static void release(struct upload *u)
{
    buf_release(&u->names);
    buf_release(&u->file_name);
    buf_release(&u->media);
    mem_free(u);
}

void upload_free(struct uploads *u)
{
    if (u == NULL)
        return;
    while (u->first != NULL) {
        struct upload *next = u->first->next;
        release(u->first);
        u->first = next;
    }
    mem_free(u);
}

/* ---- The file ---- */

static struct upload *append(struct uploads *u)
{
    struct upload *one = u->count < 4 * UPLOADS_MAX ? mem_alloc(sizeof *one) : NULL;
    if (one == NULL)
        return NULL;
    one->next = u->first;
    u->first = one;
    u->count++;
    return one;
}

static bool take_word(struct bytes *line, char *out, size_t room)
{
    size_t count = 0;
    while (count < line->count && line->data[count] != ' ')
        count++;
    if (count == 0 || count >= room)
        return false;
    memcpy(out, line->data, count);
    out[count] = '\0';
    size_t used = count < line->count ? count + 1 : count;
    *line = (struct bytes){line->data + used, line->count - used};
    return true;
}

static enum status take_line(struct uploads *u, struct bytes line, struct fault *f)
{
    struct attachment_seal seal = {.class = SCHEMA_PERSONAL};
    char salt[SEAL_ID_TEXT + 1];
    bool whole = take_word(&line, seal.type, sizeof seal.type) &&
                 take_word(&line, seal.record, sizeof seal.record) &&
                 take_word(&line, salt, sizeof salt) && line.count == 0 &&
                 hex_decode(bytes_of_text(salt), seal.salt.id, SEAL_ID_BYTES) == ST_OK;
    if (!whole)
        return fault_set(f, ST_CORRUPT, "the file " UPLOADS_NAME " holds a line that is no upload");
    struct upload *one = append(u);
    if (one == NULL)
        return ST_NO_MEMORY;
    one->seal = seal;
    one->state = UPLOAD_OVER;
    return ST_OK;
}

static enum status load(struct replica *r, struct fault *f)
{
    struct buf text = {0};
    if (r->uploads == NULL)
        r->uploads = mem_alloc(sizeof *r->uploads);
    if (r->uploads == NULL)
        return ST_NO_MEMORY;
    if (r->uploads->loaded)
        return ST_OK;
    enum status status = disk_get(r->disk, UPLOADS_NAME, FILE_BYTES_MAX, &text, f);
    struct bytes left = buf_bytes(&text);
    while (status == ST_OK && left.count > 0) {
        const uint8_t *end = memchr(left.data, '\n', left.count);
        size_t count = end != NULL ? (size_t)(end - left.data) : left.count;
        status = take_line(r->uploads, (struct bytes){left.data, count}, f);
        count += end != NULL ? 1 : 0;
        left = (struct bytes){left.data + count, left.count - count};
    }
    buf_release(&text);
    r->uploads->loaded = status == ST_OK || status == ST_NOT_FOUND;
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static enum status save(struct replica *r, struct fault *f)
{
    struct buf text = {0};
    for (const struct upload *u = r->uploads->first; u != NULL; u = u->next) {
        char salt[SEAL_ID_TEXT + 1];
        hex_encode(u->seal.salt.id, SEAL_ID_BYTES, salt);
        buf_add_format(&text, "%s %s %s\n", u->seal.type, u->seal.record, salt);
    }
    enum status status = buf_status(&text);
    if (status == ST_OK)
        status = disk_put(r->disk, "", UPLOADS_NAME, buf_bytes(&text), f);
    buf_release(&text);
    return status;
}

/* ---- Sweeping ---- */

/* Those that are over: the history names its items, or they go. The file follows what is durable:
 * a crash in between sweeps once more. */
static enum status sweep(struct replica *r, bool *wrote_out, struct fault *f)
{
    bool changed = false;
    enum status status = ST_OK;
    for (struct upload **at = &r->uploads->first; *at != NULL && status == ST_OK;) {
        struct upload *u = *at;
        bool held = false;
        if (u->state == UPLOAD_LIVE) {
            at = &u->next;
            continue;
        }
        status =
            lookup_held(r, bytes_of_text(u->seal.type), bytes_of_text(u->seal.record), &held, f);
        if (status == ST_OK && !held)
            status = vault_refuse(r->vault, &u->seal.salt, f);
        if (status != ST_OK)
            break;
        *at = u->next;
        r->uploads->count--;
        release(u);
        changed = true;
    }
    if (status == ST_OK && changed) {
        *wrote_out = true;
        status = vault_commit(r->vault, f);
    }
    return status == ST_OK && changed ? save(r, f) : status;
}

enum status upload_step(struct tending *now, struct fault *f)
{
    struct replica *r = now->replica;
    if (r->vault == NULL || r->disk == NULL || (r->uploads == NULL && graph_count(r->graph) == 0))
        return ST_OK;
    enum status status = load(r, f);
    for (struct upload *u = status == ST_OK ? r->uploads->first : NULL; u != NULL; u = u->next) {
        if (u->state != UPLOAD_LIVE)
            continue;
        if (!u->idle || u->idle_offset != u->offset) {
            u->idle = true;
            u->idle_offset = u->offset;
            u->idle_ms = now->now_ms;
        }
        if (now->now_ms - u->idle_ms >= UPLOAD_IDLE_MS)
            u->state = UPLOAD_OVER;
        else
            tend_again(now, u->idle_ms + UPLOAD_IDLE_MS);
    }
    return status == ST_OK ? sweep(r, &now->wrote, f) : status;
}

/* ---- The first part ---- */

struct part { /* one request */
    const struct verb_call *call;
    struct replica *replica;
    const struct control_request *request;
    struct index_id whose;
    const struct schema_type *type;
    uint64_t bytes, offset;
    struct buf content;
};

static enum status limit_of(struct replica *r, uint64_t *out, struct fault *f)
{
    char path[HOME_PATH_MAX];
    struct settings settings = {.peers = NULL};
    *out = ATTACHMENT_BYTES_MAX;
    if (r->home == NULL)
        return ST_OK;
    enum status status = home_path(r->home, "config", path, f);
    if (status == ST_OK)
        status = settings_load(path, &settings, f);
    if (status == ST_OK)
        *out = settings.attachment_bytes_max;
    settings_release(&settings);
    return status;
}

static enum status check_size(struct part *p, struct fault *f)
{
    uint64_t most = 0;
    enum status status = limit_of(p->replica, &most, f);
    if (status != ST_OK || p->bytes <= most)
        return status;
    status = fault_set(f, ST_TOO_LARGE, "the file has %llu bytes, and at most %llu are taken",
                       (unsigned long long)p->bytes, (unsigned long long)most);
    fault_fix(f, "make it smaller, or raise office.attachment-max (at most 127M)");
    return status;
}

static enum status check_writer(struct part *p, struct fault *f)
{
    struct bytes class = control_option(p->request, "class");
    bool internal = bytes_equal_text(class, "internal");
    if (class.count > 0 && !internal && !bytes_equal_text(class, "personal"))
        return fault_set(f, ST_USAGE, "the class of a file is personal or internal");
    enum status status =
        lookup_type(p->replica, internal ? BYTES(ATTACHMENT_INTERNAL) : BYTES(ATTACHMENT_PERSONAL),
                    &p->type, f);
    if (status != ST_OK)
        return status;
    const struct charter_member *self = charter_by_key(charter_newest(replica_charters(p->replica)),
                                                       &replica_identity(p->replica)->key);
    if (self != NULL && rules_may_write(self, p->type))
        return ST_OK;
    return fault_set(f, ST_NOT_ALLOWED, "%s may not attach files: offices do",
                     replica_label(p->replica));
}

static enum status text_option(struct part *p, const char *name, size_t most, const char *otherwise,
                               struct buf *json_out, struct fault *f)
{
    struct bytes text = control_option(p->request, name);
    if (text.count > most)
        return fault_set(f, ST_BAD_VALUE, "the %s of a file has at most %zu bytes", name, most);
    json_add_text(json_out, text.count > 0 ? text : bytes_of_text(otherwise));
    return buf_status(json_out);
}

/* The file's name is its first sealed value: with it the salt is made. A class key that has to be
 * made goes into a commit of its own, before the first chunk. */
static enum status seal_name_of(struct part *p, struct upload *u, struct fault *f)
{
    struct op_list ops = {0};
    struct buf json = {0};
    struct sealed_value value;
    struct replica_commit commit;
    struct sealed_target target = {
        .type = bytes_of_text(u->seal.type),
        .record = bytes_of_text(u->seal.record),
        .field = schema_field(p->type, BYTES("name")),
    };
    CHECK(target.field != NULL);
    enum status status = text_option(p, "name", UPLOAD_FILE_NAME_MAX, "file", &json, f);
    if (status == ST_OK)
        status = sealed_close(p->replica, &target, buf_bytes(&json), &ops, &u->file_name, f);
    if (status == ST_OK && ops.count > 0)
        status = replica_write(p->replica, &ops, p->call->author, &commit, f);
    if (status == ST_OK) {
        bool whole = sealed_parse(buf_bytes(&u->file_name), &value);
        CHECK(whole);
        u->seal.class = value.class;
        u->seal.key = value.key;
        u->seal.salt = value.salt;
    }
    op_list_release(&ops);
    buf_release(&json);
    return status;
}

static enum status begin(struct part *p, struct upload **out, struct fault *f)
{
    struct uploads *all = p->replica->uploads;
    struct bytes name = control_option(p->request, "upload");
    uint8_t id[RECORD_ID_BYTES];
    uint32_t live = 0;
    for (const struct upload *u = all->first; u != NULL; u = u->next)
        live += u->state == UPLOAD_LIVE ? 1 : 0;
    struct upload *u = live < UPLOADS_MAX ? append(all) : NULL;
    if (u == NULL) {
        enum status status =
            fault_set(f, ST_NOT_ALLOWED, "%u files are on their way already", live);
        fault_fix(f, "wait until one of them is done");
        return status;
    }
    randombytes_buf(id, sizeof id);
    hex_encode(id, sizeof id, u->seal.record);
    memcpy(u->seal.type, p->type->name, sizeof u->seal.type);
    memcpy(u->name, name.data, UPLOAD_NAME_BYTES);
    memcpy(u->record, p->whose.id, sizeof u->record);
    u->bytes = p->bytes;
    u->state = UPLOAD_OVER; /* until it stands: a failure sweeps it */
    crypto_generichash_init(hash_of(u), NULL, 0, DIGEST_BYTES);
    enum status status =
        text_option(p, "media", UPLOAD_MEDIA_MAX, "application/octet-stream", &u->media, f);
    if (status == ST_OK)
        status = seal_name_of(p, u, f);
    if (status == ST_OK)
        status = save(p->replica, f);
    if (status == ST_OK) {
        u->state = UPLOAD_LIVE;
        *out = u;
    }
    return status;
}

/* ---- Every part ---- */

static enum status put_chunks(struct part *p, struct upload *u, struct fault *f)
{
    struct bytes left = buf_bytes(&p->content);
    enum status status = ST_OK;
    while (left.count > 0 && status == ST_OK) {
        size_t bytes = left.count < ATTACHMENT_CHUNK_BYTES ? left.count : ATTACHMENT_CHUNK_BYTES;
        struct digest name;
        crypto_generichash_update(hash_of(u), left.data, bytes);
        status = attachment_put(p->replica, &u->seal, VAULT_CHUNK, (struct bytes){left.data, bytes},
                                &name, f);
        buf_add(&u->names, name.id, DIGEST_BYTES);
        left = (struct bytes){left.data + bytes, left.count - bytes};
        u->offset += bytes;
    }
    p->replica->vault_changed = true;
    return status == ST_OK ? buf_status(&u->names) : status;
}

static enum status add_set(struct op_list *ops, const struct upload *u, const char *name,
                           struct bytes value)
{
    struct op op = {
        .verb = OP_SET,
        .type = bytes_of_text(u->seal.type),
        .name = bytes_of_text(name),
        .value = value,
    };
    enum status status = hex_decode(bytes_of_text(u->seal.record), op.id, RECORD_ID_BYTES);
    CHECK(status == ST_OK);
    return op_list_add(ops, &op);
}

/* List and content, with the hash of what came. */
static enum status seal_content(struct part *p, struct upload *u, struct op_list *ops,
                                struct buf *json_out, struct fault *f)
{
    struct attachment_content content;
    struct buf plain = {0};
    struct sealed_target target = {
        .type = bytes_of_text(u->seal.type),
        .record = bytes_of_text(u->seal.record),
        .field = schema_field(p->type, BYTES("content")),
    };
    CHECK(target.field != NULL);
    crypto_generichash_final(hash_of(u), content.file.id, DIGEST_BYTES);
    enum status status =
        attachment_put(p->replica, &u->seal, VAULT_LIST, buf_bytes(&u->names), &content.list, f);
    attachment_write_content(&content, &plain);
    if (status == ST_OK)
        status = buf_status(&plain);
    if (status == ST_OK)
        status = sealed_close(p->replica, &target, buf_bytes(&plain), ops, json_out, f);
    buf_release(&plain);
    return status;
}

static enum status write_record(struct part *p, struct upload *u, struct replica_commit *done,
                                struct fault *f)
{
    struct op_list ops = {0};
    struct buf content = {0}, bytes = {0}, record = {0};
    json_add_integer(&bytes, (int64_t)u->bytes);
    json_add_text(&record, bytes_of_text(u->record));
    enum status status = seal_content(p, u, &ops, &content, f);
    if (status == ST_OK)
        status = add_set(&ops, u, "bytes", buf_bytes(&bytes));
    if (status == ST_OK)
        status = add_set(&ops, u, "content", buf_bytes(&content));
    if (status == ST_OK)
        status = add_set(&ops, u, "media", buf_bytes(&u->media));
    if (status == ST_OK)
        status = add_set(&ops, u, "name", buf_bytes(&u->file_name));
    if (status == ST_OK)
        status = add_set(&ops, u, "record", buf_bytes(&record));
    if (status == ST_OK)
        status = replica_write(p->replica, &ops, p->call->author, done, f);
    op_list_release(&ops);
    buf_release(&content);
    buf_release(&bytes);
    buf_release(&record);
    return status;
}

static enum status finish(struct part *p, struct upload *u, struct fault *f)
{
    struct replica_commit done;
    struct buf row = {0};
    char commit[OID_TEXT + 1];
    enum status status = write_record(p, u, &done, f);
    u->state = UPLOAD_OVER;
    if (status != ST_OK)
        return status;
    hex_encode(done.id.id, OID_BYTES, commit);
    buf_add_format(&row,
                   "{\"id\":\"%s\",\"type\":\"%s\",\"record\":\"%s\",\"bytes\":%llu,"
                   "\"commit\":\"%s\"}",
                   u->seal.record, u->seal.type, u->record, (unsigned long long)u->bytes, commit);
    status = verb_send(p->call, &row);
    buf_release(&row);
    return status;
}

static enum status take_part(struct part *p, struct upload *u, struct fault *f)
{
    struct buf row = {0};
    uint64_t end = p->offset + p->content.count;
    if (p->offset != u->offset || p->bytes != u->bytes || end > u->bytes ||
        strcmp(p->whose.id, u->record) != 0)
        return fault_set(f, ST_USAGE, "this part is not the next one of its file");
    if (end < u->bytes && (p->content.count == 0 || p->content.count % ATTACHMENT_CHUNK_BYTES != 0))
        return fault_set(f, ST_USAGE, "a part that is not the last consists of whole chunks");
    enum status status = put_chunks(p, u, f);
    if (status != ST_OK || u->offset == u->bytes)
        return status == ST_OK ? finish(p, u, f) : status;
    buf_add_format(&row, "{\"upload\":\"%s\",\"offset\":%llu,\"bytes\":%llu}", u->name,
                   (unsigned long long)u->offset, (unsigned long long)u->bytes);
    status = verb_send(p->call, &row);
    buf_release(&row);
    return status;
}

/* ---- The request ---- */

static enum status take_content(struct part *p, struct fault *f)
{
    enum { PART_BYTES_MAX = UPLOAD_PART_CHUNKS * ATTACHMENT_CHUNK_BYTES };
    struct bytes text = control_option(p->request, "content");
    size_t count = 0;
    uint8_t *out = buf_reserve(&p->content, text.count > 0 ? text.count : 1);
    if (out == NULL)
        return ST_NO_MEMORY;
    if (text.count > 0 &&
        sodium_base642bin(out, text.count, (const char *)text.data, text.count, NULL, &count, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return fault_set(f, ST_USAGE, "the content of a part is not base64");
    if (count > PART_BYTES_MAX)
        return fault_set(f, ST_TOO_LARGE, "a part has at most %d bytes", PART_BYTES_MAX);
    p->content.count = count;
    return ST_OK;
}

static enum status read_request(struct part *p, struct fault *f)
{
    const struct control_request *q = p->request;
    uint8_t id[UPLOAD_NAME_BYTES / 2];
    if (q->word_count < 1 || hex_decode(control_option(q, "upload"), id, sizeof id) != ST_OK) {
        enum status status = fault_set(f, ST_USAGE, "something is missing behind 'attach'");
        fault_fix(f, "use: minga attach ID FILE");
        return status;
    }
    enum status status = words_count(control_option(q, "bytes"), "bytes", &p->bytes, f);
    if (status == ST_OK && control_has(q, "offset"))
        status = words_count(control_option(q, "offset"), "offset", &p->offset, f);
    if (status == ST_OK)
        status = lookup_id(p->replica, q->words[0], &p->whose, f);
    if (status == ST_OK)
        status = check_writer(p, f);
    if (status == ST_OK)
        status = check_size(p, f);
    return status == ST_OK ? take_content(p, f) : status;
}

static struct upload *find(struct replica *r, struct bytes name)
{
    for (struct upload *u = r->uploads->first; u != NULL; u = u->next)
        if (u->state == UPLOAD_LIVE && bytes_equal_text(name, u->name))
            return u;
    return NULL;
}

static enum status send_dry(struct part *p)
{
    struct buf row = {0};
    buf_add_format(&row, "{\"record\":\"%s\",\"type\":\"%s\",\"bytes\":%llu,\"dry_run\":true}",
                   p->whose.id, p->type->name, (unsigned long long)p->bytes);
    enum status status = verb_send(p->call, &row);
    buf_release(&row);
    return status;
}

enum status upload_attach(const struct verb_call *call, struct fault *f)
{
    struct part p = {.call = call, .replica = call->replica, .request = call->request};
    struct bytes name = control_option(call->request, "upload");
    struct replica *r = call->replica;
    bool wrote = false;
    if (r->vault == NULL || r->disk == NULL)
        return fault_set(f, ST_NOT_ALLOWED, "this replica is open for reading only");
    enum status status = load(r, f);
    if (status != ST_OK)
        return status;
    struct upload *u = find(r, name);
    if (control_has(call->request, "abandon")) {
        if (u != NULL)
            u->state = UPLOAD_OVER;
        return u != NULL ? sweep(r, &wrote, f) : ST_OK;
    }
    status = read_request(&p, f);
    if (status == ST_OK && control_has(call->request, "dry-run")) {
        status = send_dry(&p);
    } else if (status == ST_OK) {
        if (u == NULL && p.offset > 0)
            status = fault_set(f, ST_NOT_FOUND, "this file is not on its way any more");
        else if (u == NULL)
            status = begin(&p, &u, f);
        if (status == ST_OK)
            status = take_part(&p, u, f);
        if (status != ST_OK && u != NULL)
            u->state = UPLOAD_OVER; /* the next round sweeps */
    }
    buf_release(&p.content);
    return status;
}
