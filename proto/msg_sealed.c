#include "proto/check.h"
#include "proto/msg_parts.h"

enum { SEALED_ELEMENTS = 3, PIECE_ELEMENTS = 4 };

static enum status check_piece(const struct sealed_piece *p)
{
    if (p->total > SEALED_ITEM_BYTES_MAX || p->bytes.count > SEALED_PIECE_BYTES)
        return ST_TOO_LARGE;
    bool inside = p->offset < p->total && p->bytes.count <= p->total - p->offset;
    return inside && p->bytes.count > 0 ? ST_OK : ST_MALFORMED;
}

enum status msg_sealed_validate(const struct msg_sealed *m)
{
    size_t bytes = 0;
    if (m->piece_count > SEALED_NAMES_MAX)
        return ST_TOO_LARGE;
    for (uint32_t i = 0; i < m->piece_count; i++) {
        enum status status = check_piece(&m->pieces[i]);
        if (status != ST_OK)
            return status;
        bytes += m->pieces[i].bytes.count;
    }
    if (bytes > SEALED_PIECE_BYTES)
        return ST_TOO_LARGE;
    return m->piece_count > 0 && (unsigned)m->lane < SEALED_LANES ? ST_OK : ST_MALFORMED;
}

bool msg_sealed_add(struct msg_sealed *m, const struct sealed_piece *piece)
{
    size_t bytes = piece->bytes.count;
    CHECK(check_piece(piece) == ST_OK);
    for (uint32_t i = 0; i < m->piece_count; i++)
        bytes += m->pieces[i].bytes.count;
    if (m->piece_count == SEALED_NAMES_MAX || bytes > SEALED_PIECE_BYTES)
        return false;
    m->pieces[m->piece_count++] = *piece;
    return true;
}

void msg_sealed_encode(const struct msg_sealed *m, struct buf *out)
{
    CHECK(msg_sealed_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_SEALED, SEALED_ELEMENTS);
    mp_write_uint(out, (uint64_t)m->lane);
    mp_write_array(out, m->piece_count);
    for (uint32_t i = 0; i < m->piece_count; i++) {
        const struct sealed_piece *p = &m->pieces[i];
        mp_write_array(out, PIECE_ELEMENTS);
        mp_write_binary(out, (struct bytes){p->name.id, DIGEST_BYTES});
        mp_write_uint(out, p->total);
        mp_write_uint(out, p->offset);
        mp_write_binary(out, p->bytes);
    }
}

enum status msg_sealed_decode(struct bytes in, struct msg_sealed *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_SEALED, SEALED_ELEMENTS);
    out->lane = msg_parts_read_lane(&r);
    out->piece_count = mp_read_array(&r, 0, SEALED_NAMES_MAX);
    for (uint32_t i = 0; i < out->piece_count; i++) {
        struct sealed_piece *p = &out->pieces[i];
        mp_read_array(&r, PIECE_ELEMENTS, PIECE_ELEMENTS);
        mp_read_fixed(&r, p->name.id, DIGEST_BYTES);
        p->total = (uint32_t)mp_read_uint(&r, SEALED_ITEM_BYTES_MAX);
        p->offset = (uint32_t)mp_read_uint(&r, SEALED_ITEM_BYTES_MAX);
        p->bytes = mp_read_binary(&r, SEALED_PIECE_BYTES);
    }
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_sealed_validate(out);
}
