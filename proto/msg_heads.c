#include "proto/check.h"
#include "proto/msg_parts.h"

enum { HEADS_ELEMENTS = 3, GROUP_ELEMENTS = 2 };

static enum status check_group(const struct msg_heads *m, uint32_t index)
{
    const struct msg_heads_group *group = &m->groups[index];
    if (!label_is_valid(group->label))
        return ST_MALFORMED;
    if (index > 0 && bytes_compare(m->groups[index - 1].label, group->label) >= 0)
        return ST_NOT_CANONICAL;
    if (m->whole && group->count == 0)
        return ST_NOT_CANONICAL; /* not to name it says the same */
    return msg_parts_are_ascending(m->ids + group->first, group->count) ? ST_OK : ST_NOT_CANONICAL;
}

enum status msg_heads_validate(const struct msg_heads *m)
{
    if (m->group_count > HEADS_LABELS_MAX || m->id_count > HEADS_MAX)
        return ST_TOO_LARGE;
    uint32_t next = 0;
    for (uint32_t i = 0; i < m->group_count; i++) {
        if (m->groups[i].first != next || m->groups[i].count > m->id_count - next)
            return ST_MALFORMED;
        enum status status = check_group(m, i);
        if (status != ST_OK)
            return status;
        next += m->groups[i].count;
    }
    return next == m->id_count ? ST_OK : ST_MALFORMED;
}

bool msg_heads_add(struct msg_heads *m, struct bytes label, const struct oid *id)
{
    CHECK(m->group_count <= HEADS_LABELS_MAX && m->id_count <= HEADS_MAX);
    bool known = m->group_count > 0 && bytes_equal(m->groups[m->group_count - 1].label, label);
    if (id == NULL && (m->whole || known))
        return true;
    if ((id != NULL && m->id_count == HEADS_MAX) || (!known && m->group_count == HEADS_LABELS_MAX))
        return false;
    if (!known)
        m->groups[m->group_count++] = (struct msg_heads_group){label, m->id_count, 0};
    if (id != NULL) {
        m->ids[m->id_count++] = *id;
        m->groups[m->group_count - 1].count++;
    }
    return true;
}

void msg_heads_encode(const struct msg_heads *m, struct buf *out)
{
    CHECK(msg_heads_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_HEADS, HEADS_ELEMENTS);
    mp_write_bool(out, m->whole);
    mp_write_array(out, m->group_count);
    for (uint32_t i = 0; i < m->group_count; i++) {
        const struct msg_heads_group *group = &m->groups[i];
        mp_write_array(out, GROUP_ELEMENTS);
        mp_write_text(out, group->label);
        msg_parts_write_ids(out, m->ids + group->first, group->count);
    }
}

enum status msg_heads_decode(struct bytes in, struct msg_heads *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_HEADS, HEADS_ELEMENTS);
    out->whole = mp_read_bool(&r);
    out->group_count = mp_read_array(&r, 0, HEADS_LABELS_MAX);
    out->id_count = 0;
    for (uint32_t i = 0; i < out->group_count; i++) {
        struct msg_heads_group *group = &out->groups[i];
        mp_read_array(&r, GROUP_ELEMENTS, GROUP_ELEMENTS);
        group->label = mp_read_text(&r, LABEL_BYTES_MAX);
        group->first = out->id_count;
        group->count = msg_parts_read_ids(&r, out->ids + group->first, HEADS_MAX - out->id_count);
        out->id_count += group->count;
    }
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_heads_validate(out);
}
