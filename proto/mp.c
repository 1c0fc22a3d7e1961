#include "proto/mp.h"

#include <msgpack.h>
#include <string.h>

#include "proto/check.h"

static_assert(MESSAGE_DEPTH_MAX >= 1, "a document may be a container");

/* The forms that end in a big-endian number, from 0xc4 to 0xdf; a width of 0 is refused. */
enum { FORM_FIRST = 0xc4, FORM_LAST = 0xdf };

struct form {
    uint8_t kind;  /* enum mp_kind */
    uint8_t width; /* bytes of the number */
    bool is_signed;
    uint64_t magnitude; /* the least that no shorter form holds */
};

static const struct form forms[FORM_LAST - FORM_FIRST + 1] = {
    [0xc4 - FORM_FIRST] = {MP_BINARY, 1, false, 0},
    [0xc5 - FORM_FIRST] = {MP_BINARY, 2, false, 1u << 8},
    [0xc6 - FORM_FIRST] = {MP_BINARY, 4, false, 1u << 16},
    [0xcc - FORM_FIRST] = {MP_INTEGER, 1, false, 1u << 7},
    [0xcd - FORM_FIRST] = {MP_INTEGER, 2, false, 1u << 8},
    [0xce - FORM_FIRST] = {MP_INTEGER, 4, false, 1u << 16},
    [0xcf - FORM_FIRST] = {MP_INTEGER, 8, false, UINT64_C(1) << 32},
    [0xd0 - FORM_FIRST] = {MP_INTEGER, 1, true, (1u << 5) + 1},
    [0xd1 - FORM_FIRST] = {MP_INTEGER, 2, true, (1u << 7) + 1},
    [0xd2 - FORM_FIRST] = {MP_INTEGER, 4, true, (1u << 15) + 1},
    [0xd3 - FORM_FIRST] = {MP_INTEGER, 8, true, (UINT64_C(1) << 31) + 1},
    [0xd9 - FORM_FIRST] = {MP_TEXT, 1, false, 1u << 5},
    [0xda - FORM_FIRST] = {MP_TEXT, 2, false, 1u << 8},
    [0xdb - FORM_FIRST] = {MP_TEXT, 4, false, 1u << 16},
    [0xdc - FORM_FIRST] = {MP_ARRAY, 2, false, 1u << 4},
    [0xdd - FORM_FIRST] = {MP_ARRAY, 4, false, 1u << 16},
    [0xde - FORM_FIRST] = {MP_MAP, 2, false, 1u << 4},
    [0xdf - FORM_FIRST] = {MP_MAP, 4, false, 1u << 16},
};

/* What begins an element: its kind, and its number (value, length or count). */
struct head {
    enum mp_kind kind;
    bool negative;
    uint64_t number; /* of a negative integer: the two's complement */
    size_t bytes;    /* of the head itself */
};

static bool head_is(struct head *h, enum mp_kind kind, uint64_t number)
{
    *h = (struct head){.kind = kind, .number = number, .bytes = 1};
    return true;
}

/* The heads of one byte; false when a number follows, or nothing good. */
static bool head_read_short(uint8_t lead, struct head *out)
{
    if (lead <= 0x7f)
        return head_is(out, MP_INTEGER, lead);
    if (lead <= 0x8f)
        return head_is(out, MP_MAP, lead & 0x0f);
    if (lead <= 0x9f)
        return head_is(out, MP_ARRAY, lead & 0x0f);
    if (lead <= 0xbf)
        return head_is(out, MP_TEXT, lead & 0x1f);
    if (lead == 0xc0)
        return head_is(out, MP_NIL, 0);
    if (lead == 0xc2 || lead == 0xc3)
        return head_is(out, MP_BOOL, lead & 1);
    if (lead >= 0xe0) {
        head_is(out, MP_INTEGER, (uint64_t)(int64_t)(int8_t)lead);
        return out->negative = true;
    }
    return false;
}

static enum status head_read(const uint8_t *at, const uint8_t *end, struct head *out)
{
    CHECK(at <= end);
    if (at == end)
        return ST_MALFORMED;
    uint8_t lead = *at++;
    if (head_read_short(lead, out))
        return ST_OK;
    if (lead < FORM_FIRST)
        return ST_MALFORMED; /* 0xc1 is never used */
    const struct form *form = &forms[lead - FORM_FIRST];
    if (form->width == 0)
        return ST_NOT_CANONICAL; /* a float or an extension */
    if ((size_t)(end - at) < form->width)
        return ST_MALFORMED;
    uint64_t number = 0;
    for (unsigned i = 0; i < form->width; i++)
        number = number << 8 | at[i];
    uint64_t magnitude = number;
    bool negative = form->is_signed && (at[0] & 0x80) != 0;
    if (form->is_signed) {
        if (!negative)
            return ST_NOT_CANONICAL; /* belongs in an unsigned form */
        if (form->width < sizeof number)
            number |= UINT64_MAX << (8 * form->width);
        magnitude = 0 - number;
    }
    if (magnitude < form->magnitude)
        return ST_NOT_CANONICAL;
    *out = (struct head){form->kind, negative, number, (size_t)form->width + 1};
    return ST_OK;
}

void mp_read(struct mp_reader *r, struct bytes in)
{
    *r = (struct mp_reader){0};
    if (in.count == 0)
        return; /* a NULL begin has no end to compute */
    r->at = in.data;
    r->end = in.data + in.count;
}

void mp_fail(struct mp_reader *r, enum status status)
{
    CHECK(status != ST_OK);
    if (r->status == ST_OK)
        r->status = status;
}

enum mp_kind mp_peek(const struct mp_reader *r)
{
    struct head head;
    if (r->status != ST_OK || head_read(r->at, r->end, &head) != ST_OK)
        return MP_NONE;
    return head.kind;
}

/* Take the head of the next element, which has to be of 'kind'; false after any failure. */
static bool take_head(struct mp_reader *r, enum mp_kind kind, struct head *out)
{
    CHECK(r->depth <= MESSAGE_DEPTH_MAX);
    if (r->status != ST_OK)
        return false;
    enum status status = head_read(r->at, r->end, out);
    if (status == ST_OK && out->kind != kind)
        status = ST_MALFORMED;
    if (status != ST_OK) {
        mp_fail(r, status);
        return false;
    }
    r->at += out->bytes;
    if (r->depth > 0) {
        CHECK(r->left[r->depth - 1] > 0);
        r->left[r->depth - 1]--;
    }
    return true;
}

/* Leave every container whose last element was just read. */
static void leave_finished(struct mp_reader *r)
{
    while (r->depth > 0 && r->left[r->depth - 1] == 0)
        r->depth--;
}

static uint32_t enter(struct mp_reader *r, enum mp_kind kind, uint32_t min, uint32_t max)
{
    struct head head;
    CHECK(min <= max);
    if (!take_head(r, kind, &head))
        return 0;
    uint64_t elements = kind == MP_MAP ? head.number * 2 : head.number;
    if (head.number > max || r->depth == MESSAGE_DEPTH_MAX) {
        /* Where one count alone is right another is a wrong shape, not a limit met. */
        mp_fail(r, head.number > max && min == max && min > 0 ? ST_MALFORMED : ST_TOO_LARGE);
        return 0;
    }
    /* An element takes a byte at least: a count without its bytes is refused before any loop. */
    if (head.number < min || elements > (uint64_t)(r->end - r->at)) {
        mp_fail(r, ST_MALFORMED);
        return 0;
    }
    r->left[r->depth++] = (uint32_t)elements;
    leave_finished(r);
    return (uint32_t)head.number;
}

uint32_t mp_read_array(struct mp_reader *r, uint32_t min, uint32_t max)
{
    return enter(r, MP_ARRAY, min, max);
}

uint32_t mp_read_map(struct mp_reader *r, uint32_t max_pairs)
{
    CHECK(max_pairs <= UINT32_MAX / 2);
    return enter(r, MP_MAP, 0, max_pairs);
}

uint64_t mp_read_uint(struct mp_reader *r, uint64_t max)
{
    struct head head;
    if (!take_head(r, MP_INTEGER, &head))
        return 0;
    if (head.negative || head.number > max) {
        mp_fail(r, head.negative ? ST_MALFORMED : ST_TOO_LARGE);
        return 0;
    }
    leave_finished(r);
    return head.number;
}

int64_t mp_read_int(struct mp_reader *r)
{
    struct head head;
    if (!take_head(r, MP_INTEGER, &head))
        return 0;
    if (!head.negative && head.number > INT64_MAX) {
        mp_fail(r, ST_TOO_LARGE);
        return 0;
    }
    leave_finished(r);
    return (int64_t)head.number;
}

bool mp_read_bool(struct mp_reader *r)
{
    struct head head;
    if (!take_head(r, MP_BOOL, &head))
        return false;
    leave_finished(r);
    return head.number != 0;
}

void mp_read_nil(struct mp_reader *r)
{
    struct head head;
    if (take_head(r, MP_NIL, &head))
        leave_finished(r);
}

static struct bytes take_run(struct mp_reader *r, enum mp_kind kind, size_t max_bytes)
{
    struct head head;
    if (!take_head(r, kind, &head))
        return (struct bytes){0};
    struct bytes run = {r->at, (size_t)head.number};
    if (head.number > max_bytes)
        mp_fail(r, ST_TOO_LARGE);
    else if (head.number > (uint64_t)(r->end - r->at))
        mp_fail(r, ST_MALFORMED);
    else if (kind == MP_TEXT && !bytes_are_utf8(run))
        mp_fail(r, ST_NOT_CANONICAL);
    if (r->status != ST_OK)
        return (struct bytes){0};
    r->at += run.count;
    leave_finished(r);
    return run;
}

struct bytes mp_read_text(struct mp_reader *r, size_t max_bytes)
{
    return take_run(r, MP_TEXT, max_bytes);
}

struct bytes mp_read_binary(struct mp_reader *r, size_t max_bytes)
{
    return take_run(r, MP_BINARY, max_bytes);
}

void mp_read_fixed(struct mp_reader *r, void *out, size_t count)
{
    CHECK(count > 0);
    struct bytes run = take_run(r, MP_BINARY, SIZE_MAX);
    if (r->status == ST_OK && run.count == count) {
        memcpy(out, run.data, count);
        return;
    }
    memset(out, 0, count);
    mp_fail(r, ST_MALFORMED);
}

enum status mp_end(const struct mp_reader *r)
{
    if (r->status != ST_OK)
        return r->status;
    return r->at == r->end && r->depth == 0 ? ST_OK : ST_MALFORMED;
}

/* msgpack-c's way out; a failure stays in the buffer, which its writer asks at the end. */
static int add_packed(void *context, const char *data, size_t count)
{
    buf_add(context, data, count);
    return 0;
}

static msgpack_packer packer_into(struct buf *out)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, add_packed);
    return packer;
}

void mp_write_array(struct buf *out, uint32_t count)
{
    msgpack_packer packer = packer_into(out);
    msgpack_pack_array(&packer, count);
}

void mp_write_map(struct buf *out, uint32_t pairs)
{
    msgpack_packer packer = packer_into(out);
    msgpack_pack_map(&packer, pairs);
}

void mp_write_uint(struct buf *out, uint64_t n)
{
    msgpack_packer packer = packer_into(out);
    msgpack_pack_uint64(&packer, n);
}

void mp_write_int(struct buf *out, int64_t n)
{
    msgpack_packer packer = packer_into(out);
    msgpack_pack_int64(&packer, n);
}

void mp_write_bool(struct buf *out, bool b)
{
    msgpack_packer packer = packer_into(out);
    if (b)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

void mp_write_nil(struct buf *out)
{
    msgpack_packer packer = packer_into(out);
    msgpack_pack_nil(&packer);
}

void mp_write_text(struct buf *out, struct bytes text)
{
    CHECK(text.count <= UINT32_MAX);
    msgpack_packer packer = packer_into(out);
    msgpack_pack_str(&packer, text.count);
    msgpack_pack_str_body(&packer, text.data, text.count);
}

void mp_write_binary(struct buf *out, struct bytes data)
{
    CHECK(data.count <= UINT32_MAX);
    msgpack_packer packer = packer_into(out);
    msgpack_pack_bin(&packer, data.count);
    msgpack_pack_bin_body(&packer, data.data, data.count);
}
