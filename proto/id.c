#include "proto/id.h"

#include "proto/check.h"
#include "proto/limits.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { DECODED_BYTES_MAX = 64 };

struct change change_of_digest(const struct digest *d)
{
    struct change c;
    memcpy(c.id, d->id, CHANGE_BYTES);
    return c;
}

void hex_encode(const uint8_t *data, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = hex_digits[data[i] >> 4];
        out[2 * i + 1] = hex_digits[data[i] & 15];
    }
    out[2 * count] = '\0';
}

static int digit_of(const char *digits, uint8_t c)
{
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

enum status hex_decode(struct bytes text, uint8_t *out, size_t count)
{
    uint8_t decoded[DECODED_BYTES_MAX];
    CHECK(count <= DECODED_BYTES_MAX);
    if (text.count != 2 * count)
        return ST_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        int high = digit_of(hex_digits, text.data[2 * i]);
        int low = digit_of(hex_digits, text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return ST_MALFORMED;
        decoded[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(out, decoded, count);
    return ST_OK;
}

void base32_encode(const uint8_t *data, size_t count, char *out)
{
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < count; i++) {
        held = (held << 8 | data[i]) & 0xfff;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            *out++ = base32_digits[held >> bits & 31];
        }
    }
    if (bits > 0)
        *out++ = base32_digits[held << (5 - bits) & 31];
    *out = '\0';
}

enum status base32_decode(struct bytes text, uint8_t *out, size_t count)
{
    uint8_t decoded[DECODED_BYTES_MAX];
    CHECK(count <= DECODED_BYTES_MAX);
    if (text.count != (8 * count + 4) / 5)
        return ST_MALFORMED;
    unsigned held = 0, bits = 0;
    size_t filled = 0;
    for (size_t i = 0; i < text.count; i++) {
        int digit = digit_of(base32_digits, text.data[i]);
        if (digit < 0)
            return ST_MALFORMED;
        held = (held << 5 | (unsigned)digit) & 0xfff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            decoded[filled++] = (uint8_t)(held >> bits);
        }
    }
    if ((held & ((1u << bits) - 1)) != 0)
        return ST_MALFORMED;
    CHECK(filled == count);
    memcpy(out, decoded, count);
    return ST_OK;
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word(struct bytes text, uint8_t joiner)
{
    if (text.count == 0 || !is_lower(text.data[0]))
        return false;
    for (size_t i = 1; i < text.count; i++) {
        uint8_t c = text.data[i];
        if (!is_lower(c) && !(c >= '0' && c <= '9') && c != joiner)
            return false;
    }
    return true;
}

bool label_is_valid(struct bytes label)
{
    return label.count >= 2 && label.count <= LABEL_BYTES_MAX && is_word(label, '-') &&
           !bytes_equal(label, BYTES("main"));
}

bool name_is_valid(struct bytes name)
{
    return name.count <= NAME_BYTES_MAX && is_word(name, '_');
}
