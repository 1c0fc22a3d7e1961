#include "proto/check.h"
#include "proto/msg_parts.h"

enum { REQUEST_ELEMENTS = 3, ACCEPT_ELEMENTS = 4 };

static const struct msg_parts_bound version_bound = {CHARTER_BATCH_MAX, CHARTER_BYTES_MAX};

enum status msg_pair_request_validate(const struct msg_pair_request *m)
{
    if (m->address.count > ADDRESS_BYTES_MAX)
        return ST_TOO_LARGE;
    return msg_parts_is_printable(m->address, false) ? ST_OK : ST_MALFORMED;
}

void msg_pair_request_encode(const struct msg_pair_request *m, struct buf *out)
{
    CHECK(msg_pair_request_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_PAIR_REQUEST, REQUEST_ELEMENTS);
    mp_write_binary(out, (struct bytes){m->key.id, KEY_BYTES});
    mp_write_text(out, m->address);
}

enum status msg_pair_request_decode(struct bytes in, struct msg_pair_request *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_PAIR_REQUEST, REQUEST_ELEMENTS);
    mp_read_fixed(&r, out->key.id, KEY_BYTES);
    out->address = mp_read_text(&r, ADDRESS_BYTES_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_pair_request_validate(out);
}

enum status msg_pair_accept_validate(const struct msg_pair_accept *m)
{
    size_t total_bytes = 0;
    enum status status =
        msg_parts_check_list(m->versions, m->version_count, version_bound, &total_bytes);
    if (status != ST_OK)
        return status;
    if (total_bytes > CHARTER_BATCH_BYTES_MAX)
        return ST_TOO_LARGE;
    return label_is_valid(m->label) ? ST_OK : ST_MALFORMED;
}

bool msg_pair_accept_add(struct msg_pair_accept *m, struct bytes version)
{
    CHECK(version.count >= 1 && version.count <= CHARTER_BYTES_MAX);
    size_t held = msg_parts_total(m->versions, m->version_count);
    if (m->version_count == CHARTER_BATCH_MAX || held + version.count > CHARTER_BATCH_BYTES_MAX)
        return false;
    m->versions[m->version_count++] = version;
    return true;
}

void msg_pair_accept_encode(const struct msg_pair_accept *m, struct buf *out)
{
    CHECK(msg_pair_accept_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_PAIR_ACCEPT, ACCEPT_ELEMENTS);
    mp_write_text(out, m->label);
    msg_parts_write_list(out, m->versions, m->version_count);
    mp_write_bool(out, m->more);
}

enum status msg_pair_accept_decode(struct bytes in, struct msg_pair_accept *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_PAIR_ACCEPT, ACCEPT_ELEMENTS);
    out->label = mp_read_text(&r, LABEL_BYTES_MAX);
    out->version_count = msg_parts_read_list(&r, out->versions, version_bound);
    out->more = mp_read_bool(&r);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_pair_accept_validate(out);
}
