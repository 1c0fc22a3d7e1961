#include "proto/msg_parts.h"

#include "proto/check.h"

void msg_parts_begin(struct mp_reader *r, struct bytes in, enum message_kind kind,
                     uint32_t elements)
{
    CHECK(elements >= 1);
    mp_read(r, in);
    if (in.count > MESSAGE_BYTES_MAX)
        mp_fail(r, ST_TOO_LARGE);
    mp_read_array(r, elements, elements);
    if (mp_read_uint(r, UINT32_MAX) != (uint64_t)kind)
        mp_fail(r, ST_MALFORMED);
}

void msg_parts_start(struct buf *out, enum message_kind kind, uint32_t elements)
{
    CHECK(elements >= 1);
    mp_write_array(out, elements);
    mp_write_uint(out, (uint64_t)kind);
}

uint32_t msg_parts_read_ids(struct mp_reader *r, struct oid *ids, uint32_t max)
{
    uint32_t count = mp_read_array(r, 0, max);
    for (uint32_t i = 0; i < count; i++)
        mp_read_fixed(r, ids[i].id, OID_BYTES);
    return count;
}

void msg_parts_write_ids(struct buf *out, const struct oid *ids, uint32_t count)
{
    mp_write_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        mp_write_binary(out, (struct bytes){ids[i].id, OID_BYTES});
}

uint32_t msg_parts_read_names(struct mp_reader *r, struct digest *names, uint32_t max)
{
    uint32_t count = mp_read_array(r, 0, max);
    for (uint32_t i = 0; i < count; i++)
        mp_read_fixed(r, names[i].id, DIGEST_BYTES);
    return count;
}

void msg_parts_write_names(struct buf *out, const struct digest *names, uint32_t count)
{
    mp_write_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        mp_write_binary(out, (struct bytes){names[i].id, DIGEST_BYTES});
}

enum sealed_lane msg_parts_read_lane(struct mp_reader *r)
{
    return (enum sealed_lane)mp_read_uint(r, SEALED_LANES - 1);
}

uint32_t msg_parts_read_list(struct mp_reader *r, struct bytes *list, struct msg_parts_bound bound)
{
    uint32_t count = mp_read_array(r, 0, bound.max);
    for (uint32_t i = 0; i < count; i++)
        list[i] = mp_read_binary(r, bound.each_bytes_max);
    return count;
}

void msg_parts_write_list(struct buf *out, const struct bytes *list, uint32_t count)
{
    mp_write_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        mp_write_binary(out, list[i]);
}

enum status msg_parts_check_list(const struct bytes *list, uint32_t count,
                                 struct msg_parts_bound bound, size_t *total_bytes)
{
    if (count > bound.max)
        return ST_TOO_LARGE;
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].count > bound.each_bytes_max)
            return ST_TOO_LARGE;
        if (list[i].count == 0)
            return ST_MALFORMED;
    }
    *total_bytes += msg_parts_total(list, count);
    return ST_OK;
}

size_t msg_parts_total(const struct bytes *list, uint32_t count)
{
    size_t total_bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        total_bytes += list[i].count;
    return total_bytes;
}

bool msg_parts_is_printable(struct bytes text, bool spaces)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.data[i] < (spaces ? 0x20 : 0x21) || text.data[i] > 0x7e)
            return false;
    return true;
}

bool msg_parts_are_ascending(const struct oid *ids, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (oid_compare(&ids[i - 1], &ids[i]) >= 0)
            return false;
    return true;
}
