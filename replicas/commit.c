#include "replicas/commit.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "replicas/sshsig.h"

enum {
    COMMIT_BYTES_MAX = 4 * KIB, /* 32 parents are 1.5 KiB, the rest half of that */
    SUBJECT_BYTES_MAX = 72,     /* op_subject() makes no more */
    DECIMAL_TEXT_MAX = 20,
    KEY_BASE64_TEXT = (SSHSIG_KEY_BYTES + 2) / 3 * 4,
};

#define SAFE_INTEGER_MAX ((UINT64_C(1) << SAFE_INTEGER_BITS) - 1)

static const char digest_domain[] = "minga/commit/1";

static void hash_part(crypto_generichash_state *state, const void *data, size_t count)
{
    uint8_t length[8];
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)((uint64_t)count >> 8 * (sizeof length - 1 - i));
    crypto_generichash_update(state, length, sizeof length);
    if (count > 0)
        crypto_generichash_update(state, data, count);
}

static void hash_number(crypto_generichash_state *state, uint64_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(n >> 8 * (sizeof bytes - 1 - i));
    hash_part(state, bytes, sizeof bytes);
}

void commit_digest(const struct digest *network, const struct key *key, const struct item *item,
                   const struct digest *parent_digests, struct digest *out)
{
    CHECK(item->parent_count <= PARENTS_MAX);
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    hash_part(&state, digest_domain, sizeof digest_domain - 1);
    hash_part(&state, network->id, DIGEST_BYTES);
    hash_part(&state, item->label.data, item->label.count);
    hash_part(&state, key->id, KEY_BYTES);
    hash_number(&state, item->seq);
    hash_number(&state, item->height);
    hash_part(&state, item->charter_hash.id, DIGEST_BYTES);
    for (uint32_t i = 0; i < item->parent_count; i++)
        hash_part(&state, parent_digests[i].id, DIGEST_BYTES);
    hash_part(&state, item->operations.data, item->operations.count);
    crypto_generichash_final(&state, out->id, DIGEST_BYTES);
}

static void add_oid_line(struct buf *out, const char *name, const struct oid *id)
{
    char hex[OID_TEXT + 1];
    hex_encode(id->id, OID_BYTES, hex);
    buf_add_text(out, name);
    buf_add(out, hex, OID_TEXT);
    buf_add_byte(out, '\n');
}

static void add_digest(struct buf *out, const struct digest *d)
{
    char text[DIGEST_TEXT + 1];
    base32_encode(d->id, DIGEST_BYTES, text);
    buf_add_byte(out, ' ');
    buf_add(out, text, DIGEST_TEXT);
}

static void add_headers(struct buf *out, const struct item *item)
{
    add_oid_line(out, "tree ", &item->tree);
    for (uint32_t i = 0; i < item->parent_count; i++)
        add_oid_line(out, "parent ", &item->parents[i]);
    buf_add_text(out, "author ");
    buf_add_bytes(out, item->author);
    buf_add_format(out, " %lld +0000\ncommitter ", (long long)item->author_time);
    buf_add_bytes(out, item->label);
    buf_add_text(out, " <");
    buf_add_bytes(out, item->label);
    buf_add_format(out, "@minga> %lld +0000\n", (long long)item->commit_time);
}

static void add_signature(struct buf *out, const struct item *item, const struct key *key)
{
    struct buf armour = {0};
    sshsig_armour(key, item->signature, &armour);
    if (armour.failed)
        out->failed = true;
    /* A header of several lines: each further one begins with a space. */
    const char *prefix = "gpgsig ";
    for (size_t at = 0; at < armour.count;) {
        const uint8_t *end = memchr(armour.data + at, '\n', armour.count - at);
        CHECK(end != NULL);
        size_t count = (size_t)(end - (armour.data + at)) + 1;
        buf_add_text(out, prefix);
        buf_add(out, armour.data + at, count);
        at += count;
        prefix = " ";
    }
    buf_release(&armour);
}

static void add_message(struct buf *out, const struct item *item, struct bytes subject)
{
    buf_add_byte(out, '\n');
    buf_add_bytes(out, subject);
    buf_add_text(out, "\n\nMinga-Writer: ");
    buf_add_bytes(out, item->label);
    buf_add_format(out, "\nMinga-Seq: %llu\nMinga-Height: %llu\nMinga-Charter: %lu",
                   (unsigned long long)item->seq, (unsigned long long)item->height,
                   (unsigned long)item->charter_version);
    add_digest(out, &item->charter_hash);
    buf_add_text(out, "\nMinga-Change:");
    add_digest(out, &item->digest);
    buf_add_byte(out, '\n');
}

void commit_encode(const struct item *item, const struct key *key, struct bytes subject,
                   struct buf *out)
{
    add_headers(out, item);
    add_signature(out, item, key);
    add_message(out, item, subject);
}

/* What the signature covers: the commit without it. */
static enum status signed_bytes(const struct item *item, struct bytes subject, struct buf *out)
{
    add_headers(out, item);
    add_message(out, item, subject);
    return buf_status(out);
}

enum status commit_sign(struct item *item, struct bytes subject, const uint8_t secret[static 64])
{
    struct buf text = {0};
    enum status st = signed_bytes(item, subject, &text);
    if (st == ST_OK)
        sshsig_sign(buf_bytes(&text), secret, item->signature);
    buf_release(&text);
    return st;
}

enum status commit_verify(const struct item *item, const struct key *key, struct bytes subject)
{
    struct buf text = {0};
    enum status st = signed_bytes(item, subject, &text);
    if (st == ST_OK)
        st = sshsig_verify(buf_bytes(&text), key, item->signature);
    buf_release(&text);
    return st;
}

/* Takes lines off the front; after a failure everything else fails too. */
struct reader {
    struct bytes rest;
    bool failed;
};

/* The next line without its newline, and without 'prefix', which it must have. */
static struct bytes take_line(struct reader *r, const char *prefix)
{
    struct bytes line = BYTES("");
    size_t head = strlen(prefix);
    const uint8_t *end = r->rest.count > 0 ? memchr(r->rest.data, '\n', r->rest.count) : NULL;
    size_t count = end != NULL ? (size_t)(end - r->rest.data) : 0;
    if (r->failed || end == NULL || count < head || memcmp(r->rest.data, prefix, head) != 0) {
        r->failed = true;
        return line;
    }
    line = (struct bytes){r->rest.data + head, count - head};
    r->rest = (struct bytes){end + 1, r->rest.count - count - 1};
    return line;
}

static bool next_is(const struct reader *r, const char *prefix)
{
    size_t count = strlen(prefix);
    return r->rest.count >= count && memcmp(r->rest.data, prefix, count) == 0;
}

/* Split 'line' at the last space: what is before it, and behind it in 'line'. */
static struct bytes split_last(struct reader *r, struct bytes *line)
{
    size_t at = line->count;
    while (at > 0 && line->data[at - 1] != ' ')
        at--;
    if (at == 0) {
        r->failed = true;
        return BYTES("");
    }
    struct bytes head = {line->data, at - 1};
    *line = (struct bytes){line->data + at, line->count - at};
    return head;
}

static uint64_t take_number(struct reader *r, struct bytes text, uint64_t max)
{
    uint64_t n = 0;
    if (text.count == 0 || text.count > DECIMAL_TEXT_MAX)
        r->failed = true;
    for (size_t i = 0; i < text.count && !r->failed; i++) {
        uint8_t c = text.data[i];
        r->failed = c < '0' || c > '9' || n > (max - (uint64_t)(c - '0')) / 10;
        n = 10 * n + (uint64_t)(c - '0');
    }
    return r->failed ? 0 : n;
}

static void take_oid(struct reader *r, struct bytes hex, struct oid *out)
{
    if (r->failed || hex_decode(hex, out->id, OID_BYTES) != ST_OK)
        r->failed = true;
}

static void take_digest(struct reader *r, struct bytes text, struct digest *out)
{
    if (r->failed || base32_decode(text, out->id, DIGEST_BYTES) != ST_OK)
        r->failed = true;
}

/* "<ident> <seconds> +0000" */
static struct bytes take_person(struct reader *r, const char *prefix, int64_t *time_out)
{
    struct bytes line = take_line(r, prefix);
    struct bytes ident = split_last(r, &line);
    if (!bytes_equal(line, BYTES("+0000")))
        r->failed = true;
    struct bytes seconds = ident;
    ident = split_last(r, &seconds);
    *time_out = (int64_t)take_number(r, seconds, ITEM_TIME_MAX);
    return ident;
}

static void take_headers(struct reader *r, struct item *item)
{
    take_oid(r, take_line(r, "tree "), &item->tree);
    while (!r->failed && next_is(r, "parent ")) {
        if (item->parent_count == PARENTS_MAX) {
            r->failed = true;
            return;
        }
        take_oid(r, take_line(r, "parent "), &item->parents[item->parent_count++]);
    }
    item->author = take_person(r, "author ", &item->author_time);
    /* That the committer is the writer is seen when the bytes are compared. */
    take_person(r, "committer ", &item->commit_time);
}

static void take_signature(struct reader *r, struct item *item, struct key *key_out)
{
    char armour[SSHSIG_ARMOUR_TEXT];
    size_t count = 0;
    const char *prefix = "gpgsig ";
    while (!r->failed && (count == 0 || next_is(r, " "))) {
        struct bytes line = take_line(r, prefix);
        if (r->failed || line.count + 1 > sizeof armour - count) {
            r->failed = true;
            return;
        }
        memcpy(armour + count, line.data, line.count);
        count += line.count;
        armour[count++] = '\n';
        prefix = " ";
    }
    struct bytes text = {(const uint8_t *)armour, count};
    if (r->failed || sshsig_parse(text, key_out, item->signature) != ST_OK)
        r->failed = true;
}

static void take_message(struct reader *r, struct item *item, struct bytes *subject_out)
{
    if (take_line(r, "").count != 0)
        r->failed = true;
    *subject_out = take_line(r, "");
    if (take_line(r, "").count != 0)
        r->failed = true;
    item->label = take_line(r, "Minga-Writer: ");
    item->seq = take_number(r, take_line(r, "Minga-Seq: "), SAFE_INTEGER_MAX);
    item->height = take_number(r, take_line(r, "Minga-Height: "), SAFE_INTEGER_MAX);
    struct bytes line = take_line(r, "Minga-Charter: ");
    struct bytes version = split_last(r, &line);
    item->charter_version = (uint32_t)take_number(r, version, CHARTER_VERSIONS_MAX);
    take_digest(r, line, &item->charter_hash);
    take_digest(r, take_line(r, "Minga-Change: "), &item->digest);
    if (r->rest.count != 0)
        r->failed = true;
}

static bool subject_is_valid(struct bytes subject)
{
    if (subject.count == 0 || subject.count > SUBJECT_BYTES_MAX)
        return false;
    if (subject.data[0] == ' ' || subject.data[subject.count - 1] == ' ')
        return false;
    for (size_t i = 0; i < subject.count; i++)
        if (subject.data[i] < ' ' || subject.data[i] > '~')
            return false;
    return true;
}

static enum status check_forms(const struct item *item, struct bytes subject)
{
    if (!label_is_valid(item->label) || !ident_is_valid(item->author) || !subject_is_valid(subject))
        return ST_MALFORMED;
    if (item->seq < 1 || item->height < 1 || item->charter_version < 1)
        return ST_MALFORMED;
    for (uint32_t i = 1; i < item->parent_count; i++)
        if (oid_compare(&item->parents[i - 1], &item->parents[i]) >= 0)
            return ST_NOT_CANONICAL;
    return ST_OK;
}

enum status commit_parse(struct bytes data, struct item *out, struct key *key_out,
                         struct bytes *subject_out)
{
    if (data.count > COMMIT_BYTES_MAX)
        return ST_TOO_LARGE;
    struct reader r = {.rest = data};
    struct item item = {.label = BYTES("")};
    struct key key = {{0}};
    struct bytes subject;
    take_headers(&r, &item);
    take_signature(&r, &item, &key);
    take_message(&r, &item, &subject);
    enum status st = r.failed ? ST_MALFORMED : check_forms(&item, subject);
    if (st != ST_OK)
        return st;
    struct buf again = {0};
    commit_encode(&item, &key, subject, &again);
    st = buf_status(&again);
    if (st == ST_OK && !bytes_equal(buf_bytes(&again), data))
        st = ST_NOT_CANONICAL;
    buf_release(&again);
    if (st == ST_OK) {
        *out = item;
        *key_out = key;
        *subject_out = subject;
    }
    return st;
}

static void add_public_key(struct buf *out, const struct key *key)
{
    uint8_t blob[SSHSIG_KEY_BYTES];
    char base64[KEY_BASE64_TEXT + 1];
    sshsig_key(key, blob);
    sodium_bin2base64(base64, sizeof base64, blob, sizeof blob, sodium_base64_VARIANT_ORIGINAL);
    buf_add_text(out, "ssh-ed25519 ");
    buf_add_text(out, base64);
}

void commit_allowed_signer(struct bytes label, const struct key *key, struct buf *out)
{
    buf_add_bytes(out, label);
    buf_add_text(out, " namespaces=\"git\" ");
    add_public_key(out, key);
    buf_add_byte(out, '\n');
}

void commit_key_line(struct bytes label, const struct key *key, struct buf *out)
{
    add_public_key(out, key);
    buf_add_byte(out, ' ');
    buf_add_bytes(out, label);
    buf_add_byte(out, '\n');
}
