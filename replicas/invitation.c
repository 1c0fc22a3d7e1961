#include "replicas/invitation.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/mp.h"

enum {
    VERSION = 1,
    ELEMENTS = 10,
    CHECKSUM_BYTES = 4,
    PACKED_MAX = INVITATION_LINK_MAX * 3 / 4,
};

static const char SCHEME[] = "minga:";
static const char DOMAIN[] = "minga/link/1";
static const uint64_t EXPIRES_MAX = (UINT64_C(1) << SAFE_INTEGER_BITS) - 1;

static void checksum(struct bytes packed, uint8_t out[static CHECKSUM_BYTES])
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)DOMAIN, sizeof DOMAIN - 1);
    crypto_generichash_update(&state, packed.data, packed.count);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(out, hash, CHECKSUM_BYTES);
    sodium_memzero(&state, sizeof state);
}

static void pack(const struct invitation *i, struct buf *out)
{
    mp_write_array(out, ELEMENTS);
    mp_write_uint(out, VERSION);
    mp_write_binary(out, (struct bytes){i->network.id, DIGEST_BYTES});
    mp_write_binary(out, (struct bytes){i->charter.id, DIGEST_BYTES});
    mp_write_text(out, bytes_of_text(i->address));
    mp_write_binary(out, (struct bytes){i->inviter.id, KEY_BYTES});
    mp_write_binary(out, (struct bytes){i->id, INVITATION_ID_BYTES});
    mp_write_binary(out, (struct bytes){i->secret, INVITATION_SECRET_BYTES});
    mp_write_text(out, bytes_of_text(i->label));
    mp_write_text(out, bytes_of_text(charter_role_text(i->role)));
    mp_write_uint(out, (uint64_t)i->expires);
}

void invitation_encode(const struct invitation *i, struct buf *out)
{
    CHECK(i->expires > 0 && label_is_valid(bytes_of_text(i->label)));
    struct buf packed = {0};
    uint8_t sum[CHECKSUM_BYTES];
    pack(i, &packed);
    checksum(buf_bytes(&packed), sum);
    buf_add(&packed, sum, sizeof sum);
    size_t room = sodium_base64_encoded_len(packed.count, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_add_text(out, SCHEME);
    uint8_t *text = packed.failed ? NULL : buf_reserve(out, room);
    if (text != NULL) {
        sodium_bin2base64((char *)text, room, packed.data, packed.count,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        out->count += room - 1; /* its NUL stays behind the end */
    } else {
        out->failed = true;
    }
    if (packed.data != NULL)
        sodium_memzero(packed.data, packed.count);
    buf_release(&packed);
}

static void copy_text(struct mp_reader *r, size_t max, char *out)
{
    struct bytes text = mp_read_text(r, max);
    CHECK(text.count <= max);
    if (text.count > 0)
        memcpy(out, text.data, text.count);
    out[text.count] = '\0';
}

static enum status unpack(struct bytes packed, struct invitation *out)
{
    struct mp_reader r;
    struct bytes role;
    mp_read(&r, packed);
    mp_read_array(&r, ELEMENTS, ELEMENTS);
    if (mp_read_uint(&r, UINT32_MAX) != VERSION)
        mp_fail(&r, ST_MALFORMED);
    mp_read_fixed(&r, out->network.id, DIGEST_BYTES);
    mp_read_fixed(&r, out->charter.id, DIGEST_BYTES);
    copy_text(&r, ADDRESS_BYTES_MAX, out->address);
    mp_read_fixed(&r, out->inviter.id, KEY_BYTES);
    mp_read_fixed(&r, out->id, INVITATION_ID_BYTES);
    mp_read_fixed(&r, out->secret, INVITATION_SECRET_BYTES);
    copy_text(&r, LABEL_BYTES_MAX, out->label);
    role = mp_read_text(&r, NAME_BYTES_MAX);
    out->expires = (int64_t)mp_read_uint(&r, EXPIRES_MAX);
    if (!label_is_valid(bytes_of_text(out->label)) || !charter_role_parse(role, &out->role) ||
        out->expires == 0 || out->address[0] == '\0')
        mp_fail(&r, ST_MALFORMED);
    return mp_end(&r);
}

static struct bytes without_space(struct bytes text)
{
    while (text.count > 0 && text.data[0] <= ' ')
        text = (struct bytes){text.data + 1, text.count - 1};
    while (text.count > 0 && text.data[text.count - 1] <= ' ')
        text.count--;
    return text;
}

/* libsodium's decoder takes some bytes above ASCII for characters of its alphabet. */
static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static enum status decode_text(struct bytes text, struct invitation *out)
{
    uint8_t packed[PACKED_MAX];
    size_t count = 0, scheme = sizeof SCHEME - 1;
    if (text.count <= scheme || text.count > INVITATION_LINK_MAX || !is_ascii(text) ||
        memcmp(text.data, SCHEME, scheme) != 0)
        return ST_MALFORMED;
    enum status status = ST_MALFORMED;
    const char *start = (const char *)text.data + scheme, *end = NULL;
    if (sodium_base642bin(packed, sizeof packed, start, text.count - scheme, NULL, &count, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
        end == start + text.count - scheme && count > CHECKSUM_BYTES) {
        uint8_t sum[CHECKSUM_BYTES];
        struct bytes body = {packed, count - CHECKSUM_BYTES};
        checksum(body, sum);
        if (memcmp(sum, packed + body.count, CHECKSUM_BYTES) == 0)
            status = unpack(body, out);
    }
    sodium_memzero(packed, sizeof packed);
    return status;
}

enum status invitation_decode(struct bytes text, struct invitation *out, struct fault *f)
{
    struct invitation found = {.expires = 0};
    enum status status = decode_text(without_space(text), &found);
    if (status == ST_OK) {
        *out = found;
    } else {
        status = fault_set(f, ST_MALFORMED, "this is no whole invitation link");
        fault_fix(f, "copy all of it, from minga: to its last character; or ask for a new one");
    }
    sodium_memzero(&found, sizeof found);
    return status;
}
