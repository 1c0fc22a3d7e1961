#include "proto/theirs.h"

#include "proto/check.h"
#include "proto/mem.h"

void theirs_release(struct theirs *t)
{
    if (t == NULL)
        return;
    mem_free(t->told);
    idset_release(&t->has);
    idset_release(&t->base);
    idset_release(&t->summary);
    *t = (struct theirs){0};
}

void theirs_recall(struct theirs *t, const struct oid *id)
{
    t->recent[t->recent_next] = *id;
    t->recent_next = (t->recent_next + 1) % THEIRS_RECENT;
    if (t->recent_count < THEIRS_RECENT)
        t->recent_count++;
    CHECK(t->recent_next < THEIRS_RECENT);
}

bool theirs_knows(const struct theirs *t, const struct oid *id)
{
    if (idset_has(&t->has, id) || idset_has(&t->base, id))
        return true;
    for (uint32_t i = 1; i <= t->recent_count; i++) {
        if (oid_equal(&t->recent[(t->recent_next + THEIRS_RECENT - i) % THEIRS_RECENT], id))
            return true;
    }
    return false;
}

/* 'has' becomes 'heads' (moved); what it no longer names is remembered. */
static void replace_has(struct theirs *t, struct idset *heads)
{
    for (uint32_t i = 0; i < t->has.count; i++) {
        if (!idset_has(heads, &t->has.ids[i]))
            theirs_recall(t, &t->has.ids[i]);
    }
    idset_release(&t->has);
    t->has = *heads;
    *heads = (struct idset){0};
}

static bool is_named(const struct msg_heads *m, const char *label)
{
    for (uint32_t i = 0; i < m->group_count; i++) {
        if (bytes_equal_text(m->groups[i].label, label))
            return true;
    }
    return false;
}

/* Append one group's ids to 'told'. */
static uint32_t add_group(struct theirs_head *told, uint32_t count, const struct msg_heads *m,
                          const struct msg_heads_group *group)
{
    CHECK(group->label.count <= LABEL_BYTES_MAX);
    for (uint32_t i = 0; i < group->count; i++) {
        memset(told[count].label, 0, sizeof(told[count].label));
        memcpy(told[count].label, group->label.data, group->label.count);
        told[count++].id = m->ids[group->first + i];
    }
    return count;
}

enum status theirs_take_heads(struct theirs *t, const struct msg_heads *m)
{
    enum status status = ST_NO_MEMORY;
    struct idset heads = {0};
    uint32_t count = 0;
    if (!m->whole && !t->known)
        return ST_PROTOCOL;
    struct theirs_head *told = mem_array(t->told_count + m->id_count, sizeof(told[0]));
    struct oid *ids = mem_array(t->told_count + m->id_count, sizeof(ids[0]));
    if (told == NULL || ids == NULL)
        goto out;
    for (uint32_t i = 0; i < t->told_count && !m->whole; i++) {
        if (!is_named(m, t->told[i].label))
            told[count++] = t->told[i];
    }
    for (uint32_t i = 0; i < m->group_count; i++)
        count = add_group(told, count, m, &m->groups[i]);
    if (count > HEADS_MAX) {
        status = ST_TOO_LARGE;
        goto out;
    }
    for (uint32_t i = 0; i < count; i++)
        ids[i] = told[i].id;
    status = idset_assign(&heads, ids, count);
    if (status != ST_OK)
        goto out;
    mem_free(t->told);
    t->told = told;
    t->told_count = count;
    told = NULL;
    t->known = true;
    replace_has(t, &heads);
out:
    idset_release(&heads);
    mem_free(told);
    mem_free(ids);
    return status;
}

enum status theirs_take_stored(struct theirs *t, const struct msg_stored *m)
{
    struct idset heads = {0};
    enum status status = idset_assign(&heads, m->ids, m->id_count);
    if (status == ST_OK)
        replace_has(t, &heads);
    idset_release(&heads);
    for (uint32_t i = 0; i < m->dropped_count && status == ST_OK; i++) {
        t->dropped[t->dropped_next] = m->dropped[i];
        t->dropped_next = (t->dropped_next + 1) % THEIRS_DROPPED;
        if (t->dropped_count < THEIRS_DROPPED)
            t->dropped_count++;
    }
    CHECK(t->dropped_next < THEIRS_DROPPED);
    return status;
}

void theirs_forget_dropped(struct theirs *t)
{
    t->dropped_count = t->dropped_next = 0;
}

enum status theirs_take_summary(struct theirs *t, const struct msg_summary *m)
{
    enum status status = idset_assign(&t->summary, m->ids, m->id_count);
    if (status == ST_OK)
        t->summarized = true;
    return status;
}

enum status theirs_note(struct theirs *t, const struct oid *id, const struct oid *parents,
                        uint32_t parent_count)
{
    for (uint32_t i = 0; i < parent_count; i++) {
        if (idset_has(&t->has, &parents[i])) {
            theirs_recall(t, &parents[i]);
            idset_remove(&t->has, &parents[i]);
        }
    }
    if (t->has.count >= THEIRS_HEADS_MAX) {
        theirs_recall(t, id);
        return ST_OK;
    }
    return idset_add(&t->has, id);
}

enum status theirs_settle(struct theirs *t)
{
    if (idset_equal(&t->base, &t->has))
        return ST_OK;
    return idset_assign(&t->base, t->has.ids, t->has.count);
}
