#include "proto/check.h"
#include "proto/msg_parts.h"

enum { CHARTER_ELEMENTS = 6 };

static const struct msg_parts_bound version_bound = {CHARTER_BATCH_MAX, CHARTER_BYTES_MAX};
static const struct msg_parts_bound proposal_bound = {PROPOSALS_MAX, CHARTER_BYTES_MAX};

static bool hash_is_zero(const struct digest *hash)
{
    static const struct digest zero;
    return memcmp(hash->id, zero.id, DIGEST_BYTES) == 0;
}

enum status msg_charter_validate(const struct msg_charter *m)
{
    size_t total_bytes = 0;
    if (m->version > CHARTER_VERSIONS_MAX)
        return ST_TOO_LARGE;
    enum status status =
        msg_parts_check_list(m->versions, m->version_count, version_bound, &total_bytes);
    if (status != ST_OK)
        return status;
    status = msg_parts_check_list(m->proposals, m->proposal_count, proposal_bound, &total_bytes);
    if (status != ST_OK)
        return status;
    if (total_bytes > CHARTER_BATCH_BYTES_MAX)
        return ST_TOO_LARGE;
    return m->version == 0 && !hash_is_zero(&m->hash) ? ST_NOT_CANONICAL : ST_OK;
}

bool msg_charter_add(struct msg_charter *m, struct bytes version)
{
    CHECK(version.count >= 1 && version.count <= CHARTER_BYTES_MAX);
    size_t held = msg_parts_total(m->versions, m->version_count) +
                  msg_parts_total(m->proposals, m->proposal_count);
    if (m->version_count == CHARTER_BATCH_MAX || held + version.count > CHARTER_BATCH_BYTES_MAX)
        return false;
    m->versions[m->version_count++] = version;
    return true;
}

void msg_charter_encode(const struct msg_charter *m, struct buf *out)
{
    CHECK(msg_charter_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_CHARTER, CHARTER_ELEMENTS);
    mp_write_uint(out, m->version);
    mp_write_binary(out, (struct bytes){m->hash.id, DIGEST_BYTES});
    msg_parts_write_list(out, m->versions, m->version_count);
    msg_parts_write_list(out, m->proposals, m->proposal_count);
    mp_write_bool(out, m->more);
}

enum status msg_charter_decode(struct bytes in, struct msg_charter *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_CHARTER, CHARTER_ELEMENTS);
    out->version = (uint32_t)mp_read_uint(&r, CHARTER_VERSIONS_MAX);
    mp_read_fixed(&r, out->hash.id, DIGEST_BYTES);
    out->version_count = msg_parts_read_list(&r, out->versions, version_bound);
    out->proposal_count = msg_parts_read_list(&r, out->proposals, proposal_bound);
    out->more = mp_read_bool(&r);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_charter_validate(out);
}
