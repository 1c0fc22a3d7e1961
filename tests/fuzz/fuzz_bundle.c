/*
 * bundle: heads, chunks and receipts from a stick. What is taken is written again byte for byte.
 * The first byte says which: 'h' a head, 'p' what a chunk holds, 'r' a receipt (signed by the
 * harness, as no fuzzer does), else a whole file whose stream's key is known and whose head is
 * signed.
 */
#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/bundle.h"
#include "replicas/parcel.h"
#include "replicas/receipt.h"
#include "tests/fuzz/founder.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_head(struct bytes in)
{
    struct bundle_head h;
    struct buf again = {0};
    if (bundle_decode(in, &h) != ST_OK)
        return;
    bundle_encode(&h, &again);
    CHECK(bytes_equal(buf_bytes(&again), in));
    CHECK(bundle_verify(&h) == ST_BAD_SIGNATURE || h.part >= 1);
    buf_release(&again);
}

static void try_parcel(struct bytes in)
{
    static struct parcel p;
    struct buf again = {0};
    if (parcel_decode(in, &p) != ST_OK)
        return;
    parcel_encode(&p, &again);
    CHECK(buf_status(&again) == ST_OK && bytes_equal(buf_bytes(&again), in));
    buf_release(&again);
}

static void try_receipt(struct bytes in)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {1};
    struct receipt r;
    struct buf file = {0}, again = {0};
    struct key key;
    uint8_t secret[64];
    crypto_sign_seed_keypair(key.id, secret, seed);
    buf_add_bytes(&file, in);
    buf_add(&file, secret, SIGNATURE_BYTES); /* no signature, but its room */
    enum status st = receipt_read(buf_bytes(&file), &r);
    if (st == ST_BAD_SIGNATURE) { /* all but that is good */
        r.from = key;
        CHECK(receipt_write(&r, secret, &again) == ST_OK && again.count == file.count);
        CHECK(receipt_read(buf_bytes(&again), &r) == ST_OK);
    }
    CHECK(st != ST_OK);
    buf_release(&again);
    buf_release(&file);
}

static void try_body(struct bytes in)
{
    static const uint8_t key[BUNDLE_KEY_BYTES] = {3};
    struct bundle_head h = {.part = 1, .parts = 1};
    struct bundle_stream s;
    struct buf plain = {0};
    size_t used, wanted;
    if (in.count < BUNDLE_START_BYTES ||
        bundle_pull_begin(&s, &h, key, (struct bytes){in.data, BUNDLE_START_BYTES}) != ST_OK)
        return;
    struct bytes left = {in.data + BUNDLE_START_BYTES, in.count - BUNDLE_START_BYTES};
    while (bundle_pull(&s, left, &plain, &used, &wanted) == ST_OK) {
        CHECK(used > BUNDLE_CHUNK_MORE_BYTES && used <= left.count);
        try_parcel(buf_bytes(&plain));
        buf_reset(&plain);
        left = (struct bytes){left.data + used, left.count - used};
    }
    CHECK(bundle_pull_end(&s, &h) != ST_OK); /* the head's length is zero */
    buf_release(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = {data + 1, size - 1};
    if (data[0] == 'h')
        try_head(rest);
    else if (data[0] == 'p')
        try_parcel(rest);
    else if (data[0] == 'r')
        try_receipt(rest);
    else
        try_body(rest);
    return 0;
}

/* A body's chunks are opened and sealed again, one of them changed. */
static bool mutate_body(struct bytes in, struct chance *c, struct buf *out)
{
    static const uint8_t key[BUNDLE_KEY_BYTES] = {3};
    struct bundle_head h = {.part = 1, .parts = 1};
    struct bundle_stream pull, push;
    struct buf plain = {0}, made = {0};
    size_t used, wanted, chunks = 0, chosen = chance_below(c, 4);
    if (in.count < BUNDLE_START_BYTES ||
        bundle_pull_begin(&pull, &h, key, (struct bytes){in.data, BUNDLE_START_BYTES}) != ST_OK)
        return false;
    struct bytes left = {in.data + BUNDLE_START_BYTES, in.count - BUNDLE_START_BYTES};
    bundle_push_begin(&push, &h, key, out);
    while (bundle_pull(&pull, left, &plain, &used, &wanted) == ST_OK) {
        left = (struct bytes){left.data + used, left.count - used};
        if (chunks++ != chosen || !mutate_msgpack(buf_bytes(&plain), c, &made))
            buf_add_bytes(&made, buf_bytes(&plain));
        bool pushed = bundle_push(&push, buf_bytes(&made), left.count == 0, out) == ST_OK;
        CHECK(pushed);
        buf_reset(&plain);
        buf_reset(&made);
    }
    buf_release(&plain);
    buf_release(&made);
    return chunks > 0;
}

/* A head with another number in it, signed by the founder. */
static bool mutate_head(struct bytes in, struct chance *c, struct buf *out)
{
    struct buf changed = {0};
    struct bundle_head h;
    bool done = mutate_behind(in, BUNDLE_MAGIC_BYTES, mutate_words, c, &changed);
    if (done && bundle_decode(buf_bytes(&changed), &h) == ST_OK) {
        h.sender = *founder_key();
        bundle_sign(&h, founder_secret());
        bundle_encode(&h, out);
    } else {
        buf_add_bytes(out, buf_bytes(&changed));
    }
    buf_release(&changed);
    return done;
}

/* The first byte says what it is, and stays. */
static bool mutate_part(struct bytes in, struct chance *c, struct buf *out)
{
    struct bytes rest = {in.data + 1, in.count - 1};
    buf_add_byte(out, in.data[0]);
    if (in.data[0] == 'p')
        return mutate_msgpack(rest, c, out);
    if (in.data[0] == 'r')
        return mutate_behind(rest, BUNDLE_MAGIC_BYTES, mutate_msgpack, c, out);
    return in.data[0] == 'h' ? mutate_head(rest, c, out) : mutate_body(rest, c, out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_part, data, size, room, seed);
}
