/*
 * backup: no bytes make the reader do more than refuse. Input that begins with '!' is the plaintext
 * inside: the harness seals it in chunks, as no fuzzer could.
 */
#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/backup.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BOUND = 15 + 8 + PASSPHRASE_SALT_BYTES, COST_AT = 15, COST_BYTES = 8 };

static const uint8_t cheap[COST_BYTES] = {0, 0, 0, 1, 0, 0, 0, PASSPHRASE_KIB_MIN};

struct input {
    struct bytes in;
    size_t at;
};

static enum status read_in(void *user, void *out, size_t count, size_t *got_out, struct fault *f)
{
    struct input *i = user;
    size_t left = i->in.count - i->at;
    (void)f;
    *got_out = count < left ? count : left;
    if (*got_out > 0)
        memcpy(out, i->in.data + i->at, *got_out);
    i->at += *got_out;
    return ST_OK;
}

static enum status on_file(void *user, const char *name, uint64_t count, struct fault *f)
{
    (void)user, (void)count, (void)f;
    CHECK(name[0] != '/' && strstr(name, "..") == NULL);
    CHECK(backup_name_is_valid(bytes_of_text(name)));
    return ST_OK;
}

static void try_bytes(struct bytes in)
{
    struct input input = {.in = in};
    const struct backup_source source = {&input, read_in};
    const struct backup_sink sink = {.user = &input, .file = on_file};
    enum status st = backup_read(&source, BYTES("correct horse"), &sink, NULL);
    CHECK(st == ST_OK || st == ST_MALFORMED || st == ST_WRONG_KEY || st == ST_CORRUPT);
    CHECK(st != ST_OK || input.at == in.count);
}

static void seal(struct bytes plain, struct buf *out)
{
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t bound[BOUND] = "minga-backup 1\n", key[PASSPHRASE_KEY_BYTES];
    uint8_t header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    memcpy(bound + COST_AT, cheap, sizeof cheap);
    enum status st = passphrase_key(BYTES("correct horse"), (struct passphrase_cost){1, 8},
                                    bound + COST_AT + COST_BYTES, key, NULL);
    CHECK(st == ST_OK);
    crypto_secretstream_xchacha20poly1305_init_push(&stream, header, key);
    buf_add(out, bound, sizeof bound);
    buf_add(out, header, sizeof header);
    do {
        bool last = plain.count <= BACKUP_CHUNK_BYTES;
        size_t count = last ? plain.count : BACKUP_CHUNK_BYTES;
        size_t room = count + crypto_secretstream_xchacha20poly1305_ABYTES;
        uint8_t *sealed = buf_reserve(out, room);
        if (sealed == NULL)
            return;
        crypto_secretstream_xchacha20poly1305_push(
            &stream, sealed, NULL, plain.data, count, bound, sizeof bound,
            last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
        out->count += room;
        plain = (struct bytes){plain.data + count, plain.count - count};
    } while (plain.count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '!') {
        struct buf sealed = {0};
        seal((struct bytes){data + 1, size - 1}, &sealed);
        if (buf_status(&sealed) == ST_OK)
            try_bytes(buf_bytes(&sealed));
        buf_release(&sealed);
        return 0;
    }
    if (size >= COST_AT + COST_BYTES && memcmp(data + COST_AT, cheap, sizeof cheap) != 0)
        return 0; /* a dear cost is not paid for each input */
    try_bytes((struct bytes){data, size});
    return 0;
}

/* The plaintext inside: something changes, then each file's hash is put right. */
static bool mutate_files(struct bytes in, struct chance *c, struct buf *out)
{
    enum { LABEL_AT = 1, AFTER_LABEL = 32 + 8 + 8 + 4 + 4, LENGTH = 8 };
    if (in.data[0] != '!' || in.count < 3)
        return false;
    buf_add_byte(out, '!');
    struct bytes plain = {in.data + 1, in.count - 1};
    bool changed =
        chance_below(c, 3) == 0 ? mutate_words(plain, c, out) : mutate_plain(plain, c, out);
    if (!changed || out->failed || out->count < 3)
        return false;
    size_t at = 1 + LABEL_AT + 1 + (size_t)out->data[1 + LABEL_AT] + AFTER_LABEL;
    while (at < out->count) {
        size_t name = out->data[at], content = 0, begin = at;
        if (out->count - at < 1 + name + LENGTH)
            break;
        at += 1 + name;
        for (size_t i = 0; i < LENGTH; i++)
            content = content << 8 | out->data[at + i];
        at += LENGTH;
        if (content > out->count - at || out->count - at - content < DIGEST_BYTES)
            break;
        at += content;
        crypto_generichash(out->data + at, DIGEST_BYTES, out->data + begin, at - begin, NULL, 0);
        at += DIGEST_BYTES;
    }
    return true;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_files, data, size, room, seed);
}
