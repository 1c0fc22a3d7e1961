#include "proto/check.h"
#include "proto/msg_parts.h"

enum { BYE_ELEMENTS = 2 };

struct meaning {
    const char *word, *text;
    enum status status;
};

#define BYE_MEANING(name, number, status, text) [number] = {#name, text, status},
static const struct meaning meanings[BYE_CODE_COUNT] = {BYE_LIST(BYE_MEANING)};
#undef BYE_MEANING

static const struct meaning unknown = {
    "UNKNOWN", "the other side ended it for a reason that this version does not know", ST_CLOSED};

static_assert((int)BYE_CODE_COUNT <= (int)BYE_CODE_MAX, "every code can be sent");

static const struct meaning *meaning_of(uint32_t code)
{
    return code < BYE_CODE_COUNT ? &meanings[code] : &unknown;
}

const char *msg_bye_text(uint32_t code)
{
    return meaning_of(code)->text;
}

const char *msg_bye_word(uint32_t code)
{
    return meaning_of(code)->word;
}

enum status msg_bye_status(uint32_t code)
{
    return meaning_of(code)->status;
}

enum bye_code msg_bye_of(enum status why)
{
    switch (why) {
    case ST_OK:
    case ST_CLOSED:
        return BYE_DONE;
    case ST_NOT_MEMBER:
        return BYE_NOT_MEMBER;
    case ST_RETIRED:
        return BYE_RETIRED;
    case ST_WRONG_NETWORK:
        return BYE_WRONG_NETWORK;
    case ST_PROTOCOL:
        return BYE_PROTOCOL;
    case ST_TOO_LARGE:
        return BYE_LIMIT;
    case ST_STALLED:
    case ST_TIMEOUT:
        return BYE_STALLED;
    case ST_EXPIRED:
        return BYE_EXPIRED;
    case ST_USED:
        return BYE_USED;
    case ST_NEEDS_PERSON:
        return BYE_PROPOSED;
    case ST_MALFORMED:
    case ST_NOT_CANONICAL:
    case ST_BAD_MAC:
        return BYE_MALFORMED;
    default:
        /* What else a peer's bytes can be blamed for is a commit that does not hold. */
        return status_class(why) == STATUS_PEER ? BYE_REFUSED : BYE_INTERNAL;
    }
}

enum status msg_bye_validate(const struct msg_bye *m)
{
    return m->code <= BYE_CODE_MAX ? ST_OK : ST_TOO_LARGE;
}

void msg_bye_encode(const struct msg_bye *m, struct buf *out)
{
    CHECK(msg_bye_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_BYE, BYE_ELEMENTS);
    mp_write_uint(out, m->code);
}

enum status msg_bye_decode(struct bytes in, struct msg_bye *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_BYE, BYE_ELEMENTS);
    out->code = (uint32_t)mp_read_uint(&r, BYE_CODE_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_bye_validate(out);
}
