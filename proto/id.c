#include "proto/id.h"

#include "proto/check.h"
#include "proto/limits.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum {
    DECODED_BYTES_MAX = 64,
    IS_DIGIT = 0x40, /* in the tables below, beside the digit's value; 0: no digit */
    GROUP_BYTES = 5, /* of base32: whole bytes as whole digits */
    GROUP_TEXT = 8,
};

static const uint8_t hex_values[256] = {
    ['0'] = IS_DIGIT | 0,  ['1'] = IS_DIGIT | 1,  ['2'] = IS_DIGIT | 2,  ['3'] = IS_DIGIT | 3,
    ['4'] = IS_DIGIT | 4,  ['5'] = IS_DIGIT | 5,  ['6'] = IS_DIGIT | 6,  ['7'] = IS_DIGIT | 7,
    ['8'] = IS_DIGIT | 8,  ['9'] = IS_DIGIT | 9,  ['a'] = IS_DIGIT | 10, ['b'] = IS_DIGIT | 11,
    ['c'] = IS_DIGIT | 12, ['d'] = IS_DIGIT | 13, ['e'] = IS_DIGIT | 14, ['f'] = IS_DIGIT | 15,
};

static const uint8_t base32_values[256] = {
    ['0'] = IS_DIGIT | 0,  ['1'] = IS_DIGIT | 1,  ['2'] = IS_DIGIT | 2,  ['3'] = IS_DIGIT | 3,
    ['4'] = IS_DIGIT | 4,  ['5'] = IS_DIGIT | 5,  ['6'] = IS_DIGIT | 6,  ['7'] = IS_DIGIT | 7,
    ['8'] = IS_DIGIT | 8,  ['9'] = IS_DIGIT | 9,  ['a'] = IS_DIGIT | 10, ['b'] = IS_DIGIT | 11,
    ['c'] = IS_DIGIT | 12, ['d'] = IS_DIGIT | 13, ['e'] = IS_DIGIT | 14, ['f'] = IS_DIGIT | 15,
    ['g'] = IS_DIGIT | 16, ['h'] = IS_DIGIT | 17, ['j'] = IS_DIGIT | 18, ['k'] = IS_DIGIT | 19,
    ['m'] = IS_DIGIT | 20, ['n'] = IS_DIGIT | 21, ['p'] = IS_DIGIT | 22, ['q'] = IS_DIGIT | 23,
    ['r'] = IS_DIGIT | 24, ['s'] = IS_DIGIT | 25, ['t'] = IS_DIGIT | 26, ['v'] = IS_DIGIT | 27,
    ['w'] = IS_DIGIT | 28, ['x'] = IS_DIGIT | 29, ['y'] = IS_DIGIT | 30, ['z'] = IS_DIGIT | 31,
};

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

enum status hex_decode(struct bytes text, uint8_t *out, size_t count)
{
    uint8_t decoded[DECODED_BYTES_MAX];
    unsigned all = IS_DIGIT;
    CHECK(count <= DECODED_BYTES_MAX);
    if (text.count != 2 * count)
        return ST_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        unsigned high = hex_values[text.data[2 * i]], low = hex_values[text.data[2 * i + 1]];
        all &= high & low;
        decoded[i] = (uint8_t)(high << 4 | (low & 15));
    }
    if (all == 0)
        return ST_MALFORMED;
    memcpy(out, decoded, count);
    return ST_OK;
}

/* Five bytes as a number of 40 bits: eight digits of five. */
static void encode_group(const uint8_t data[static GROUP_BYTES], char out[static GROUP_TEXT])
{
    uint64_t bits = 0;
    for (size_t i = 0; i < GROUP_BYTES; i++)
        bits = bits << 8 | data[i];
    for (size_t i = GROUP_TEXT; i-- > 0; bits >>= 5)
        out[i] = base32_digits[bits & 31];
}

/* Its inverse; *all loses IS_DIGIT where a character is none. */
static void decode_group(const uint8_t text[static GROUP_TEXT], uint8_t out[static GROUP_BYTES],
                         unsigned *all)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < GROUP_TEXT; i++) {
        unsigned value = base32_values[text[i]];
        *all &= value;
        bits = bits << 5 | (value & 31);
    }
    for (size_t i = GROUP_BYTES; i-- > 0; bits >>= 8)
        out[i] = (uint8_t)bits;
}

static size_t base32_text(size_t count)
{
    return (8 * count + 4) / 5;
}

void base32_encode(const uint8_t *data, size_t count, char *out)
{
    uint8_t last[GROUP_BYTES] = {0}; /* the spare bits of a group cut short are zero */
    char text[GROUP_TEXT];
    size_t whole = count - count % GROUP_BYTES;
    for (size_t i = 0; i < whole; i += GROUP_BYTES, out += GROUP_TEXT)
        encode_group(data + i, out);
    if (count > whole) {
        memcpy(last, data + whole, count - whole);
        encode_group(last, text);
        memcpy(out, text, base32_text(count - whole));
        out += base32_text(count - whole);
    }
    *out = '\0';
}

enum status base32_decode(struct bytes text, uint8_t *out, size_t count)
{
    uint8_t decoded[DECODED_BYTES_MAX + GROUP_BYTES];
    uint8_t last[GROUP_TEXT] = "00000000";
    size_t done = 0, at = 0;
    unsigned all = IS_DIGIT;
    CHECK(count <= DECODED_BYTES_MAX);
    if (text.count != base32_text(count))
        return ST_MALFORMED;
    for (; done + GROUP_BYTES <= count; done += GROUP_BYTES, at += GROUP_TEXT)
        decode_group(text.data + at, decoded + done, &all);
    if (done < count) {
        memcpy(last, text.data + at, text.count - at);
        decode_group(last, decoded + done, &all);
        for (size_t i = count; i < done + GROUP_BYTES; i++)
            if (decoded[i] != 0)
                return ST_MALFORMED; /* spare bits */
    }
    if (all == 0)
        return ST_MALFORMED;
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
