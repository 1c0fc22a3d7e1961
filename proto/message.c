#include "proto/message.h"

#include "proto/check.h"
#include "proto/mp.h"

enum { ELEMENTS_MAX = 6 }; /* of the longest message, its kind included */

const char *message_name(enum message_kind kind)
{
#define MESSAGE_NAME(name, number, member) [number] = #name,
    static const char *const names[MESSAGE_KIND_END] = {MESSAGE_LIST(MESSAGE_NAME)};
#undef MESSAGE_NAME
    bool known = (unsigned)kind < MESSAGE_KIND_END && names[kind] != NULL;
    return known ? names[kind] : "?";
}

/* The kind alone; the decoder of that kind reads again from the start. */
static enum status read_kind(struct bytes in, uint64_t *kind_out)
{
    struct mp_reader r;
    if (in.count > MESSAGE_BYTES_MAX)
        return ST_TOO_LARGE;
    mp_read(&r, in);
    mp_read_array(&r, 1, ELEMENTS_MAX);
    *kind_out = mp_read_uint(&r, UINT32_MAX);
    return r.status;
}

enum status message_decode(struct bytes in, struct message *out)
{
    uint64_t kind;
    enum status status = read_kind(in, &kind);
    if (status != ST_OK)
        return status;
    switch (kind) {
    case MESSAGE_HELLO:
        status = msg_hello_decode(in, &out->hello);
        break;
    case MESSAGE_CHARTER:
        status = msg_charter_decode(in, &out->charter);
        break;
    case MESSAGE_HEADS:
        status = msg_heads_decode(in, &out->heads);
        break;
    case MESSAGE_WANT:
        status = msg_want_decode(in, &out->want);
        break;
    case MESSAGE_ITEM:
        status = msg_item_decode(in, &out->item);
        break;
    case MESSAGE_SUMMARY:
        status = msg_summary_decode(in, &out->summary);
        break;
    case MESSAGE_STORED:
        status = msg_stored_decode(in, &out->stored);
        break;
    case MESSAGE_SEALED_WANT:
        status = msg_sealed_want_decode(in, &out->sealed_want);
        break;
    case MESSAGE_SEALED:
        status = msg_sealed_decode(in, &out->sealed);
        break;
    case MESSAGE_SEALED_GONE:
        status = msg_sealed_gone_decode(in, &out->sealed_gone);
        break;
    case MESSAGE_KEPT:
        status = msg_kept_decode(in, &out->kept);
        break;
    case MESSAGE_PING:
    case MESSAGE_PONG:
        status = msg_ping_decode((enum message_kind)kind, in, &out->ping);
        break;
    case MESSAGE_BYE:
        status = msg_bye_decode(in, &out->bye);
        break;
    case MESSAGE_PAIR_REQUEST:
        status = msg_pair_request_decode(in, &out->pair_request);
        break;
    case MESSAGE_PAIR_ACCEPT:
        status = msg_pair_accept_decode(in, &out->pair_accept);
        break;
    default:
        return ST_PROTOCOL;
    }
    if (status == ST_OK)
        out->kind = (enum message_kind)kind;
    return status;
}

void message_encode(const struct message *m, struct buf *out)
{
    switch (m->kind) {
    case MESSAGE_HELLO:
        msg_hello_encode(&m->hello, out);
        break;
    case MESSAGE_CHARTER:
        msg_charter_encode(&m->charter, out);
        break;
    case MESSAGE_HEADS:
        msg_heads_encode(&m->heads, out);
        break;
    case MESSAGE_WANT:
        msg_want_encode(&m->want, out);
        break;
    case MESSAGE_ITEM:
        msg_item_encode(&m->item, out);
        break;
    case MESSAGE_SUMMARY:
        msg_summary_encode(&m->summary, out);
        break;
    case MESSAGE_STORED:
        msg_stored_encode(&m->stored, out);
        break;
    case MESSAGE_SEALED_WANT:
        msg_sealed_want_encode(&m->sealed_want, out);
        break;
    case MESSAGE_SEALED:
        msg_sealed_encode(&m->sealed, out);
        break;
    case MESSAGE_SEALED_GONE:
        msg_sealed_gone_encode(&m->sealed_gone, out);
        break;
    case MESSAGE_KEPT:
        msg_kept_encode(&m->kept, out);
        break;
    case MESSAGE_PING:
    case MESSAGE_PONG:
        msg_ping_encode(m->kind, &m->ping, out);
        break;
    case MESSAGE_BYE:
        msg_bye_encode(&m->bye, out);
        break;
    case MESSAGE_PAIR_REQUEST:
        msg_pair_request_encode(&m->pair_request, out);
        break;
    case MESSAGE_PAIR_ACCEPT:
        msg_pair_accept_encode(&m->pair_accept, out);
        break;
    case MESSAGE_KIND_END:
    default:
        check_failed("kind", __FILE__, __LINE__);
    }
}

enum status message_validate(const struct message *m)
{
    switch (m->kind) {
    case MESSAGE_HELLO:
        return msg_hello_validate(&m->hello);
    case MESSAGE_CHARTER:
        return msg_charter_validate(&m->charter);
    case MESSAGE_HEADS:
        return msg_heads_validate(&m->heads);
    case MESSAGE_WANT:
        return msg_want_validate(&m->want);
    case MESSAGE_ITEM:
        return msg_item_validate(&m->item);
    case MESSAGE_SUMMARY:
        return msg_summary_validate(&m->summary);
    case MESSAGE_STORED:
        return msg_stored_validate(&m->stored);
    case MESSAGE_SEALED_WANT:
        return msg_sealed_want_validate(&m->sealed_want);
    case MESSAGE_SEALED:
        return msg_sealed_validate(&m->sealed);
    case MESSAGE_SEALED_GONE:
        return msg_sealed_gone_validate(&m->sealed_gone);
    case MESSAGE_KEPT:
        return msg_kept_validate(&m->kept);
    case MESSAGE_PING:
    case MESSAGE_PONG:
        return ST_OK; /* every nonce is valid */
    case MESSAGE_BYE:
        return msg_bye_validate(&m->bye);
    case MESSAGE_PAIR_REQUEST:
        return msg_pair_request_validate(&m->pair_request);
    case MESSAGE_PAIR_ACCEPT:
        return msg_pair_accept_validate(&m->pair_accept);
    case MESSAGE_KIND_END:
    default:
        return ST_PROTOCOL;
    }
}
