#include "replicas/backup.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum {
    VERSION = 1,
    MAGIC_BYTES = 15,
    BOUND_BYTES = MAGIC_BYTES + 4 + 4 + PASSPHRASE_SALT_BYTES,
    STREAM_BYTES = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    HEADER_BYTES = BOUND_BYTES + STREAM_BYTES,
    SEALED_BYTES = BACKUP_CHUNK_BYTES + crypto_secretstream_xchacha20poly1305_ABYTES,
};

static const char magic[MAGIC_BYTES + 1] = "minga-backup 1\n";

static_assert((int)PASSPHRASE_KEY_BYTES == (int)crypto_secretstream_xchacha20poly1305_KEYBYTES,
              "the stream's key");

/* ---- Names ---- */

static bool is_hex(struct bytes text)
{
    for (size_t i = 0; i < text.count; i++) {
        uint8_t c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return text.count > 0;
}

/* [a-z0-9][a-z0-9._-]*, and no "..": one part of a name. */
static bool is_part(struct bytes part)
{
    for (size_t i = 0; i < part.count; i++) {
        uint8_t c = part.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool inner = i > 0 && (c == '-' || c == '_' || (c == '.' && part.data[i - 1] != '.'));
        if (!plain && !inner)
            return false;
    }
    return part.count > 0 && part.data[part.count - 1] != '.';
}

/* objects/pack/pack-<40 hex>.pack or .idx */
static bool is_pack(struct bytes name)
{
    static const char before[] = "objects/pack/pack-";
    size_t start = sizeof before - 1;
    if (name.count < start + 2 * OID_BYTES || memcmp(name.data, before, start) != 0)
        return false;
    struct bytes end = {name.data + start + 2 * OID_BYTES, name.count - start - 2 * OID_BYTES};
    return is_hex((struct bytes){name.data + start, 2 * OID_BYTES}) &&
           (bytes_equal_text(end, ".pack") || bytes_equal_text(end, ".idx"));
}

static bool is_of_repository(struct bytes name)
{
    static const char refs[] = "refs/";
    if (bytes_equal_text(name, "HEAD") || bytes_equal_text(name, "config") ||
        bytes_equal_text(name, "description") || bytes_equal_text(name, "packed-refs"))
        return true;
    if (name.count < sizeof refs || memcmp(name.data, refs, sizeof refs - 1) != 0)
        return is_pack(name);
    while (name.count > 0) {
        const uint8_t *slash = memchr(name.data, '/', name.count);
        size_t count = slash != NULL ? (size_t)(slash - name.data) : name.count;
        if (!is_part((struct bytes){name.data, count}) ||
            (slash != NULL && count + 1 == name.count))
            return false;
        count += slash != NULL ? 1 : 0;
        name = (struct bytes){name.data + count, name.count - count};
    }
    return true;
}

bool backup_name_is_valid(struct bytes name)
{
    static const char repository[] = "repo.git/";
    size_t start = sizeof repository - 1;
    if (name.count == 0 || name.count > BACKUP_NAME_MAX)
        return false;
    if (name.count > start && memcmp(name.data, repository, start) == 0)
        return is_of_repository((struct bytes){name.data + start, name.count - start});
    const uint8_t *slash = memchr(name.data, '/', name.count);
    size_t first = slash != NULL ? (size_t)(slash - name.data) : name.count;
    if (bytes_equal_text((struct bytes){name.data, first}, "repo.git"))
        return false;
    return is_part((struct bytes){name.data, first}) &&
           (slash == NULL || is_part((struct bytes){slash + 1, name.count - first - 1}));
}

static bool ascends(const char *before, struct bytes name)
{
    return bytes_compare(bytes_of_text(before), name) < 0;
}

/* ---- Writing ---- */

struct backup_writer {
    crypto_secretstream_xchacha20poly1305_state stream;
    crypto_generichash_state hash; /* of the file that is under way */
    uint8_t bound[BOUND_BYTES];
    uint8_t chunk[BACKUP_CHUNK_BYTES], sealed[SEALED_BYTES];
    size_t used;
    uint64_t left;       /* bytes that the file still takes */
    uint32_t files_left; /* that are announced */
    char name[BACKUP_NAME_MAX + 1];
    backup_put_fn put;
    void *user;
};

static enum status seal(struct backup_writer *w, uint8_t tag, struct fault *f)
{
    unsigned long long count;
    crypto_secretstream_xchacha20poly1305_push(&w->stream, w->sealed, &count, w->chunk, w->used,
                                               w->bound, sizeof w->bound, tag);
    w->used = 0;
    return w->put(w->user, (struct bytes){w->sealed, (size_t)count}, f);
}

/* A full chunk leaves only when more comes: the last one is tagged. */
static enum status add(struct backup_writer *w, struct bytes data, struct fault *f)
{
    enum status st = ST_OK;
    while (st == ST_OK && data.count > 0) {
        if (w->used == sizeof w->chunk)
            st = seal(w, 0, f);
        size_t room = sizeof w->chunk - w->used;
        size_t count = data.count < room ? data.count : room;
        memcpy(w->chunk + w->used, data.data, count);
        w->used += count;
        data = (struct bytes){data.data + count, data.count - count};
    }
    return st;
}

static enum status add_about(struct backup_writer *w, const struct backup_about *about,
                             struct fault *f)
{
    struct buf text = {0};
    size_t label = strlen(about->label);
    CHECK(label <= LABEL_BYTES_MAX && about->files <= BACKUP_FILES_MAX);
    buf_add_byte(&text, VERSION);
    buf_add_byte(&text, (uint8_t)label);
    buf_add(&text, about->label, label);
    buf_add(&text, about->network.id, DIGEST_BYTES);
    buf_add_u64be(&text, about->made);
    buf_add_u64be(&text, about->seq);
    buf_add_u32be(&text, about->charter);
    buf_add_u32be(&text, about->files);
    enum status st = buf_status(&text);
    if (st == ST_OK)
        st = add(w, buf_bytes(&text), f);
    buf_release(&text);
    return st;
}

static void add_number(uint8_t out[static 4], uint32_t number)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (24 - 8 * i));
}

enum status backup_begin(struct bytes passphrase, struct passphrase_cost cost,
                         const struct backup_about *about, backup_put_fn put, void *user,
                         struct backup_writer **out, struct fault *f)
{
    struct backup_writer *w = mem_alloc(sizeof *w);
    uint8_t key[PASSPHRASE_KEY_BYTES], header[STREAM_BYTES];
    if (w == NULL)
        return ST_NO_MEMORY;
    uint8_t *salt = w->bound + MAGIC_BYTES + 8;
    w->put = put;
    w->user = user;
    w->files_left = about->files;
    memcpy(w->bound, magic, MAGIC_BYTES);
    add_number(w->bound + MAGIC_BYTES, cost.passes);
    add_number(w->bound + MAGIC_BYTES + 4, cost.memory_kib);
    randombytes_buf(salt, PASSPHRASE_SALT_BYTES);
    enum status st = passphrase_key(passphrase, cost, salt, key, f);
    if (st == ST_OK) {
        crypto_secretstream_xchacha20poly1305_init_push(&w->stream, header, key);
        st = put(user, (struct bytes){w->bound, sizeof w->bound}, f);
    }
    sodium_memzero(key, sizeof key);
    if (st == ST_OK)
        st = put(user, (struct bytes){header, sizeof header}, f);
    if (st == ST_OK)
        st = add_about(w, about, f);
    if (st != ST_OK)
        backup_free(w);
    else
        *out = w;
    return st;
}

static enum status end_file(struct backup_writer *w, struct fault *f)
{
    uint8_t sum[DIGEST_BYTES];
    crypto_generichash_final(&w->hash, sum, sizeof sum);
    return add(w, (struct bytes){sum, sizeof sum}, f);
}

enum status backup_file(struct backup_writer *w, const char *name, uint64_t count, struct fault *f)
{
    struct buf head = {0};
    struct bytes text = bytes_of_text(name);
    CHECK(w->left == 0 && w->files_left > 0 && backup_name_is_valid(text));
    CHECK(ascends(w->name, text));
    memcpy(w->name, text.data, text.count);
    w->name[text.count] = '\0';
    w->files_left--;
    w->left = count;
    buf_add_byte(&head, (uint8_t)text.count);
    buf_add_bytes(&head, text);
    buf_add_u64be(&head, count);
    enum status st = buf_status(&head);
    crypto_generichash_init(&w->hash, NULL, 0, DIGEST_BYTES);
    if (st == ST_OK) {
        crypto_generichash_update(&w->hash, head.data, head.count);
        st = add(w, buf_bytes(&head), f);
    }
    buf_release(&head);
    return st == ST_OK && count == 0 ? end_file(w, f) : st;
}

enum status backup_data(struct backup_writer *w, struct bytes data, struct fault *f)
{
    CHECK(data.count <= w->left);
    if (data.count == 0)
        return ST_OK;
    w->left -= data.count;
    crypto_generichash_update(&w->hash, data.data, data.count);
    enum status st = add(w, data, f);
    return st == ST_OK && w->left == 0 ? end_file(w, f) : st;
}

enum status backup_end(struct backup_writer *w, struct fault *f)
{
    CHECK(w->left == 0 && w->files_left == 0);
    return seal(w, crypto_secretstream_xchacha20poly1305_TAG_FINAL, f);
}

void backup_free(struct backup_writer *w)
{
    if (w == NULL)
        return;
    sodium_memzero(w, sizeof *w);
    mem_free(w);
}

/* ---- Reading ---- */

struct reader {
    const struct backup_source *source;
    const struct backup_sink *sink;
    struct fault *fault;
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t bound[BOUND_BYTES];
    uint8_t chunk[BACKUP_CHUNK_BYTES], sealed[SEALED_BYTES];
    size_t used, count; /* of the chunk */
    bool first, final;  /* no chunk was read yet; the last one was */
    char name[BACKUP_NAME_MAX + 1];
};

static enum status corrupt(struct reader *r, const char *what)
{
    fault_set(r->fault, ST_CORRUPT, "the backup is damaged: %s", what);
    fault_fix(r->fault, "take another copy of it, or an older backup");
    return ST_CORRUPT;
}

static enum status open_chunk(struct reader *r)
{
    size_t got;
    unsigned long long count;
    uint8_t tag;
    enum status st = r->source->read(r->source->user, r->sealed, sizeof r->sealed, &got, r->fault);
    if (st != ST_OK)
        return st;
    if (r->final)
        return corrupt(r, "it goes on behind its end");
    if (crypto_secretstream_xchacha20poly1305_pull(&r->stream, r->chunk, &count, &tag, r->sealed,
                                                   got, r->bound, sizeof r->bound) != 0) {
        if (!r->first)
            return corrupt(r, "it was changed, or cut short");
        fault_set(r->fault, ST_WRONG_KEY, "the passphrase does not open this backup");
        fault_fix(r->fault,
                  "it is the one of that time; if it is right, the file was cut short or changed");
        return ST_WRONG_KEY;
    }
    r->first = false;
    r->final = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    r->used = 0;
    r->count = (size_t)count;
    if (!r->final && r->count != sizeof r->chunk)
        return corrupt(r, "a part of it is too short");
    return ST_OK;
}

/* What is left of the chunk, at most 'max'; the next one where nothing is. */
static enum status lend(struct reader *r, uint64_t max, struct bytes *out)
{
    if (r->used == r->count) {
        if (r->final)
            return corrupt(r, "it ends too early");
        enum status st = open_chunk(r);
        if (st != ST_OK)
            return st;
        if (r->count == 0)
            return corrupt(r, "it ends too early");
    }
    size_t there = r->count - r->used;
    *out = (struct bytes){r->chunk + r->used, max < there ? (size_t)max : there};
    r->used += out->count;
    return ST_OK;
}

static enum status take(struct reader *r, void *out, size_t count)
{
    size_t at = 0;
    while (at < count) {
        struct bytes part;
        enum status st = lend(r, count - at, &part);
        if (st != ST_OK)
            return st;
        memcpy((uint8_t *)out + at, part.data, part.count);
        at += part.count;
    }
    return ST_OK;
}

static enum status take_number(struct reader *r, size_t bytes, uint64_t *out)
{
    uint8_t raw[8];
    enum status st = take(r, raw, bytes);
    *out = 0;
    for (size_t i = 0; st == ST_OK && i < bytes; i++)
        *out = *out << 8 | raw[i];
    return st;
}

static enum status take_about(struct reader *r, struct backup_about *out)
{
    uint64_t version, label, charter, files;
    enum status st = take_number(r, 1, &version);
    if (st == ST_OK && version != VERSION)
        return corrupt(r, "it was made by another version");
    if (st == ST_OK)
        st = take_number(r, 1, &label);
    if (st == ST_OK && label > LABEL_BYTES_MAX)
        return corrupt(r, "its label is too long");
    if (st == ST_OK)
        st = take(r, out->label, (size_t)label);
    if (st == ST_OK && !label_is_valid((struct bytes){(uint8_t *)out->label, (size_t)label}))
        return corrupt(r, "its label is none");
    if (st == ST_OK)
        st = take(r, out->network.id, DIGEST_BYTES);
    if (st == ST_OK)
        st = take_number(r, 8, &out->made);
    if (st == ST_OK)
        st = take_number(r, 8, &out->seq);
    if (st == ST_OK)
        st = take_number(r, 4, &charter);
    if (st == ST_OK)
        st = take_number(r, 4, &files);
    if (st != ST_OK)
        return st;
    if (files > BACKUP_FILES_MAX || out->made > INT64_MAX)
        return corrupt(r, "a number is too large");
    out->charter = (uint32_t)charter;
    out->files = (uint32_t)files;
    return ST_OK;
}

static enum status take_head(struct reader *r, crypto_generichash_state *hash, uint64_t *count_out)
{
    uint8_t head[1 + BACKUP_NAME_MAX + 8];
    char name[BACKUP_NAME_MAX + 1];
    enum status st = take(r, head, 1);
    if (st != ST_OK)
        return st;
    size_t length = head[0];
    if (length > BACKUP_NAME_MAX)
        return corrupt(r, "a name is too long");
    st = take(r, head + 1, length + 8);
    if (st != ST_OK)
        return st;
    struct bytes text = {head + 1, length};
    if (!backup_name_is_valid(text) || !ascends(r->name, text))
        return corrupt(r, "a name does not belong there");
    memcpy(name, text.data, length);
    name[length] = '\0';
    memcpy(r->name, name, length + 1);
    *count_out = 0;
    for (size_t i = 0; i < 8; i++)
        *count_out = *count_out << 8 | head[1 + length + i];
    if (*count_out > INT64_MAX)
        return corrupt(r, "a number is too large");
    crypto_generichash_init(hash, NULL, 0, DIGEST_BYTES);
    crypto_generichash_update(hash, head, 1 + length + 8);
    return ST_OK;
}

static enum status take_file(struct reader *r)
{
    const struct backup_sink *sink = r->sink;
    crypto_generichash_state hash;
    uint8_t sum[DIGEST_BYTES], told[DIGEST_BYTES];
    uint64_t left = 0;
    enum status st = take_head(r, &hash, &left);
    if (st == ST_OK && sink->file != NULL)
        st = sink->file(sink->user, r->name, left, r->fault);
    while (st == ST_OK && left > 0) {
        struct bytes part;
        st = lend(r, left, &part);
        if (st != ST_OK)
            break;
        left -= part.count;
        crypto_generichash_update(&hash, part.data, part.count);
        if (sink->data != NULL)
            st = sink->data(sink->user, part, r->fault);
    }
    if (st == ST_OK)
        st = take(r, told, sizeof told);
    if (st != ST_OK)
        return st;
    crypto_generichash_final(&hash, sum, sizeof sum);
    if (memcmp(sum, told, sizeof sum) != 0)
        return corrupt(r, "a file is not what was put in");
    return sink->file_end != NULL ? sink->file_end(sink->user, r->fault) : ST_OK;
}

/* The last chunk was read to its end, and nothing follows it. */
static enum status take_end(struct reader *r)
{
    uint8_t byte;
    size_t got;
    if (r->used != r->count || !r->final)
        return corrupt(r, "it goes on behind its end");
    enum status st = r->source->read(r->source->user, &byte, 1, &got, r->fault);
    return st == ST_OK && got > 0 ? corrupt(r, "it goes on behind its end") : st;
}

static enum status begin(struct reader *r, struct bytes passphrase)
{
    uint8_t header[STREAM_BYTES], key[PASSPHRASE_KEY_BYTES];
    size_t got, more = 0;
    struct passphrase_cost cost = {0};
    enum status st = r->source->read(r->source->user, r->bound, sizeof r->bound, &got, r->fault);
    if (st == ST_OK && got == sizeof r->bound)
        st = r->source->read(r->source->user, header, sizeof header, &more, r->fault);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < 4; i++) {
        cost.passes = cost.passes << 8 | r->bound[MAGIC_BYTES + i];
        cost.memory_kib = cost.memory_kib << 8 | r->bound[MAGIC_BYTES + 4 + i];
    }
    if (more != sizeof header || memcmp(r->bound, magic, MAGIC_BYTES) != 0 ||
        !passphrase_cost_is_valid(cost)) {
        fault_set(r->fault, ST_MALFORMED, "this is no backup that minga made");
        fault_fix(r->fault, "name the file that `minga backup` wrote, whole");
        return ST_MALFORMED;
    }
    st = passphrase_key(passphrase, cost, r->bound + MAGIC_BYTES + 8, key, r->fault);
    if (st == ST_OK &&
        crypto_secretstream_xchacha20poly1305_init_pull(&r->stream, header, key) != 0)
        st = ST_MALFORMED;
    sodium_memzero(key, sizeof key);
    return st;
}

enum status backup_read(const struct backup_source *source, struct bytes passphrase,
                        const struct backup_sink *sink, struct fault *f)
{
    struct backup_about about = {.files = 0};
    struct reader *r = mem_alloc(sizeof *r);
    if (r == NULL)
        return ST_NO_MEMORY;
    r->source = source;
    r->sink = sink;
    r->fault = f;
    r->first = true;
    enum status st = begin(r, passphrase);
    if (st == ST_OK)
        st = take_about(r, &about);
    if (st == ST_OK && sink->about != NULL)
        st = sink->about(sink->user, &about, f);
    for (uint32_t i = 0; st == ST_OK && i < about.files; i++)
        st = take_file(r);
    if (st == ST_OK)
        st = take_end(r);
    sodium_memzero(r, sizeof *r);
    mem_free(r);
    return st;
}
