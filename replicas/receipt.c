#include "replicas/receipt.h"

#include <assert.h>
#include <sodium.h>

#include "proto/check.h"
#include "proto/mp.h"

enum { ELEMENTS = 9 };

static_assert(RECEIPT_WANTS_MAX * DIGEST_BYTES + HEADS_MAX * OID_BYTES + KIB < RECEIPT_BYTES_MAX,
              "a receipt fits its bound");

static const char SIGNED_AS[] = "minga/receipt/1";

static enum status signed_bytes(struct bytes before, struct buf *out)
{
    buf_add_u64be(out, sizeof SIGNED_AS - 1);
    buf_add_text(out, SIGNED_AS);
    buf_add_u64be(out, before.count);
    buf_add_bytes(out, before);
    return buf_status(out);
}

static void add_body(const struct receipt *r, struct buf *out)
{
    bundle_magic(BUNDLE_RECEIPT, out);
    mp_write_array(out, ELEMENTS);
    mp_write_binary(out, (struct bytes){r->network.id, DIGEST_BYTES});
    mp_write_binary(out, (struct bytes){r->from.id, KEY_BYTES});
    mp_write_binary(out, (struct bytes){r->to.id, KEY_BYTES});
    mp_write_binary(out, (struct bytes){r->bundle, BUNDLE_ID_BYTES});
    mp_write_uint(out, r->part);
    mp_write_uint(out, (uint64_t)r->seconds);
    mp_write_uint(out, r->charter);
    mp_write_binary(out, r->heads);
    mp_write_binary(out, r->wants);
}

enum status receipt_write(const struct receipt *r, const uint8_t secret[static 64], struct buf *out)
{
    struct buf body = {0}, message = {0};
    uint8_t signature[SIGNATURE_BYTES];
    CHECK(r->heads.count % OID_BYTES == 0 && r->wants.count % DIGEST_BYTES == 0);
    add_body(r, &body);
    enum status st = buf_status(&body);
    if (st == ST_OK)
        st = signed_bytes(buf_bytes(&body), &message);
    if (st == ST_OK) {
        int failed = crypto_sign_detached(signature, NULL, message.data, message.count, secret);
        CHECK(failed == 0);
        buf_add_bytes(out, buf_bytes(&body));
        buf_add(out, signature, sizeof signature);
        st = buf_status(out);
    }
    buf_release(&message);
    buf_release(&body);
    return st;
}

static enum status decode(struct bytes body, struct receipt *out)
{
    struct mp_reader r;
    mp_read(&r, body);
    mp_read_array(&r, ELEMENTS, ELEMENTS);
    mp_read_fixed(&r, out->network.id, DIGEST_BYTES);
    mp_read_fixed(&r, out->from.id, KEY_BYTES);
    mp_read_fixed(&r, out->to.id, KEY_BYTES);
    mp_read_fixed(&r, out->bundle, BUNDLE_ID_BYTES);
    out->part = (uint32_t)mp_read_uint(&r, BUNDLE_PARTS_MAX);
    out->seconds = (int64_t)mp_read_uint(&r, (1ull << SAFE_INTEGER_BITS) - 1);
    out->charter = (uint32_t)mp_read_uint(&r, CHARTER_VERSIONS_MAX);
    out->heads = mp_read_binary(&r, HEADS_MAX * OID_BYTES);
    out->wants = mp_read_binary(&r, RECEIPT_WANTS_MAX * DIGEST_BYTES);
    if (out->heads.count % OID_BYTES != 0 || out->wants.count % DIGEST_BYTES != 0)
        mp_fail(&r, ST_MALFORMED);
    return mp_end(&r);
}

enum status receipt_read(struct bytes in, struct receipt *out)
{
    enum bundle_kind kind;
    struct buf message = {0};
    if (bundle_kind_of(in, &kind) != ST_OK || kind != BUNDLE_RECEIPT ||
        in.count < BUNDLE_MAGIC_BYTES + SIGNATURE_BYTES)
        return ST_MALFORMED;
    if (in.count > RECEIPT_BYTES_MAX)
        return ST_TOO_LARGE;
    struct bytes before = {in.data, in.count - SIGNATURE_BYTES};
    enum status st = decode(
        (struct bytes){in.data + BUNDLE_MAGIC_BYTES, before.count - BUNDLE_MAGIC_BYTES}, out);
    if (st == ST_OK)
        st = signed_bytes(before, &message);
    if (st == ST_OK && crypto_sign_verify_detached(in.data + before.count, message.data,
                                                   message.count, out->from.id) != 0)
        st = ST_BAD_SIGNATURE;
    buf_release(&message);
    return st;
}
