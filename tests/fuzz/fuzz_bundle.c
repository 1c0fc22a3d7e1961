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
