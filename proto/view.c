#include "proto/view.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/mem.h"

static void files_free(struct bytes *files, uint32_t count)
{
    for (uint32_t i = 0; files != NULL && i < count; i++)
        mem_free((void *)(uintptr_t)files[i].data);
    mem_free(files);
}

static void motions_free(struct view_motion *motions, uint32_t count)
{
    for (uint32_t i = 0; motions != NULL && i < count; i++)
        mem_free((void *)(uintptr_t)motions[i].bytes.data);
    mem_free(motions);
}

static void invitations_free(struct view_invitation *list, uint32_t count)
{
    mem_wipe_free(list, list != NULL ? count * sizeof(list[0]) : 0);
}

void view_release(struct view *v)
{
    if (v == NULL)
        return;
    mem_free(v->members);
    mem_free(v->retired);
    files_free(v->files, v->version);
    motions_free(v->motions, v->motion_count);
    mem_free(v->groups);
    mem_free(v->ids);
    idset_release(&v->heads);
    invitations_free(v->invitations, v->invitation_count);
    *v = (struct view){0};
}

static enum status copy_text(const char *text, char *out, size_t bytes_max)
{
    size_t length = strlen(text);
    if (length > bytes_max)
        return ST_TOO_LARGE;
    memcpy(out, text, length + 1);
    return ST_OK;
}

static enum status copy_members(const struct core_event *e, struct view_member **out)
{
    enum status status = ST_OK;
    struct view_member *members = NULL;
    if (e->charter.member_count > MEMBERS_MAX)
        return ST_TOO_LARGE;
    members = mem_array(e->charter.member_count, sizeof(members[0]));
    if (members == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < e->charter.member_count && status == ST_OK; i++) {
        const struct core_member *from = &e->charter.members[i];
        members[i].key = from->key;
        members[i].role = from->role;
        status = copy_text(from->label, members[i].label, LABEL_BYTES_MAX);
        if (status == ST_OK && from->address != NULL)
            status = copy_text(from->address, members[i].address, ADDRESS_BYTES_MAX);
        if (status == ST_OK &&
            crypto_sign_ed25519_pk_to_curve25519(members[i].x25519, from->key.id) != 0)
            status = ST_MALFORMED;
    }
    if (status == ST_OK) {
        *out = members;
        members = NULL;
    }
    mem_free(members);
    return status;
}

static enum status copy_retired(const struct core_event *e, struct view_retired **out)
{
    struct view_retired *list = mem_array(e->charter.retired_count, sizeof(list[0]));
    if (list == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < e->charter.retired_count; i++) {
        list[i].key = e->charter.retired[i];
        if (crypto_sign_ed25519_pk_to_curve25519(list[i].x25519, list[i].key.id) != 0) {
            mem_free(list);
            return ST_MALFORMED;
        }
    }
    *out = list;
    return ST_OK;
}

static enum status copy_files(const struct bytes *from, uint32_t count, struct bytes **out)
{
    struct bytes *files = mem_array(count, sizeof(files[0]));
    if (files == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        files[i] = (struct bytes){mem_copy(from[i].data, from[i].count), from[i].count};
        if (files[i].data == NULL) {
            files_free(files, count);
            return ST_NO_MEMORY;
        }
    }
    *out = files;
    return ST_OK;
}

enum status view_set_charter(struct view *v, const struct core_event *e)
{
    struct view_member *members = NULL;
    struct view_retired *retired = NULL;
    struct bytes *files = NULL;
    if (e->charter.version > CHARTER_VERSIONS_MAX)
        return ST_TOO_LARGE;
    if (e->charter.version < v->version)
        return ST_OK; /* an answer that left long ago: the charter never goes back */
    enum status status = copy_members(e, &members);
    if (status == ST_OK)
        status = copy_retired(e, &retired);
    if (status == ST_OK)
        status = copy_files(e->charter.files, e->charter.version, &files);
    if (status == ST_OK) {
        mem_free(v->members);
        mem_free(v->retired);
        files_free(v->files, v->version);
        v->version = e->charter.version;
        v->hash = e->charter.hash;
        v->members = members;
        v->member_count = e->charter.member_count;
        v->retired = retired;
        v->retired_count = e->charter.retired_count;
        v->files = files;
        members = NULL;
        retired = NULL;
    }
    mem_free(members);
    mem_free(retired);
    return status;
}

static const struct view_motion *motion_of(const struct view *v, struct bytes bytes)
{
    for (uint32_t i = 0; i < v->motion_count; i++) {
        if (bytes_equal(v->motions[i].bytes, bytes))
            return &v->motions[i];
    }
    return NULL;
}

static bool same_motions(const struct view *v, const struct core_event *e, uint32_t count)
{
    bool same = v->motion_count == count;
    for (uint32_t i = 0; i < count && same; i++)
        same = bytes_equal(v->motions[i].bytes, e->charter.motions[i]);
    return same;
}

enum status view_set_motions(struct view *v, const struct core_event *e)
{
    uint32_t count = e->charter.motion_count < MOTIONS_MAX ? e->charter.motion_count : MOTIONS_MAX;
    if (same_motions(v, e, count))
        return ST_OK;
    struct view_motion *motions = mem_array(count, sizeof(motions[0]));
    enum status status = motions != NULL ? ST_OK : ST_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == ST_OK; i++) {
        struct bytes from = e->charter.motions[i];
        const struct view_motion *old = motion_of(v, from);
        if (from.count == 0 || from.count > CHARTER_BYTES_MAX) {
            status = ST_TOO_LARGE;
            break;
        }
        motions[i].since = old != NULL ? old->since : v->motioned + 1;
        motions[i].bytes = (struct bytes){mem_copy(from.data, from.count), from.count};
        if (motions[i].bytes.data == NULL)
            status = ST_NO_MEMORY;
    }
    if (status != ST_OK) {
        motions_free(motions, count);
        return status;
    }
    motions_free(v->motions, v->motion_count);
    v->motions = motions;
    v->motion_count = count;
    v->motioned++;
    return ST_OK;
}

static const struct view_group *group_of(const struct view *v, struct bytes label)
{
    for (uint32_t i = 0; i < v->group_count; i++) {
        if (bytes_equal_text(label, v->groups[i].label))
            return &v->groups[i];
    }
    return NULL;
}

static bool same_ids(const struct view *v, const struct view_group *old, const struct oid *ids,
                     uint32_t count)
{
    return old->count == count &&
           (count == 0 || memcmp(&v->ids[old->first], ids, count * sizeof(ids[0])) == 0);
}

enum status view_set_heads(struct view *v, const struct core_event *e)
{
    enum status status = ST_NO_MEMORY;
    uint32_t total = 0, kept = 0;
    struct idset heads = {0}, own = {0};
    if (e->heads.label_count > HEADS_LABELS_MAX)
        return ST_TOO_LARGE;
    for (uint32_t i = 0; i < e->heads.label_count; i++)
        total += e->heads.labels[i].count;
    struct view_group *groups = mem_array(e->heads.label_count, sizeof(groups[0]));
    struct oid *ids = mem_array(total, sizeof(ids[0]));
    if (groups == NULL || ids == NULL)
        goto out;
    total = 0;
    for (uint32_t i = 0; i < e->heads.label_count; i++) {
        const struct core_label_heads *from = &e->heads.labels[i];
        if (from->label.count > LABEL_BYTES_MAX) {
            status = ST_TOO_LARGE;
            goto out;
        }
        if (idset_assign(&own, from->ids, from->count) != ST_OK)
            goto out;
        if (own.count > 0)
            memcpy(&ids[total], own.ids, own.count * sizeof(ids[0]));
        memcpy(groups[i].label, from->label.data, from->label.count);
        groups[i].first = total;
        groups[i].count = own.count;
        const struct view_group *old = group_of(v, from->label);
        kept += old != NULL;
        groups[i].changed =
            old != NULL && same_ids(v, old, own.ids, own.count) ? old->changed : v->generation + 1;
        total += own.count;
    }
    if (idset_assign(&heads, ids, total) != ST_OK)
        goto out;
    v->generation++;
    if (kept < v->group_count)
        v->whole = v->generation;
    mem_free(v->groups);
    mem_free(v->ids);
    idset_release(&v->heads);
    v->groups = groups;
    v->group_count = e->heads.label_count;
    v->ids = ids;
    v->heads = heads;
    groups = NULL;
    ids = NULL;
    heads = (struct idset){0};
    status = ST_OK;
out:
    idset_release(&own);
    idset_release(&heads);
    mem_free(groups);
    mem_free(ids);
    return status;
}

enum status view_set_invitations(struct view *v, const struct core_event *e)
{
    if (e->invitation_count > INVITATIONS_MAX)
        return ST_TOO_LARGE;
    struct view_invitation *list = mem_array(e->invitation_count, sizeof(list[0]));
    if (list == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < e->invitation_count; i++) {
        const struct core_invitation *from = &e->invitations[i];
        if (from->id.count == 0 || from->id.count > sizeof(list[i].id)) {
            invitations_free(list, e->invitation_count);
            return ST_TOO_LARGE;
        }
        memcpy(list[i].id, from->id.data, from->id.count);
        list[i].id_bytes = from->id.count;
        memcpy(list[i].secret, from->secret, KEY_BYTES);
        list[i].expired = from->expired;
        list[i].used = from->used;
        list[i].used_by = from->used_by;
    }
    invitations_free(v->invitations, v->invitation_count);
    v->invitations = list;
    v->invitation_count = e->invitation_count;
    return ST_OK;
}

const struct view_member *view_member_of_key(const struct view *v, const struct key *key)
{
    for (uint32_t i = 0; i < v->member_count; i++) {
        if (memcmp(v->members[i].key.id, key->id, KEY_BYTES) == 0)
            return &v->members[i];
    }
    return NULL;
}

const struct view_member *view_member_of_x25519(const struct view *v,
                                                const uint8_t key[static KEY_BYTES])
{
    for (uint32_t i = 0; i < v->member_count; i++) {
        if (memcmp(v->members[i].x25519, key, KEY_BYTES) == 0)
            return &v->members[i];
    }
    return NULL;
}

const struct view_retired *view_retired_x25519(const struct view *v,
                                               const uint8_t key[static KEY_BYTES])
{
    for (uint32_t i = 0; i < v->retired_count; i++) {
        if (memcmp(v->retired[i].x25519, key, KEY_BYTES) == 0)
            return &v->retired[i];
    }
    return NULL;
}

bool view_is_retired(const struct view *v, const struct key *key)
{
    for (uint32_t i = 0; i < v->retired_count; i++) {
        if (memcmp(v->retired[i].key.id, key->id, KEY_BYTES) == 0)
            return true;
    }
    return false;
}

enum core_role view_role(const struct view *v, const struct key *key)
{
    const struct view_member *member = view_member_of_key(v, key);
    return member != NULL ? member->role : CORE_PARTNER;
}

const struct view_invitation *view_invitation(const struct view *v, struct bytes id)
{
    for (uint32_t i = 0; i < v->invitation_count; i++) {
        const struct view_invitation *invitation = &v->invitations[i];
        if (bytes_equal(id, (struct bytes){invitation->id, invitation->id_bytes}))
            return invitation;
    }
    return NULL;
}

void view_tell_heads(const struct view *v, uint64_t since, struct msg_heads *out)
{
    out->whole = since == 0 || since < v->whole;
    out->group_count = 0;
    out->id_count = 0;
    bool room = true;
    for (uint32_t i = 0; i < v->group_count && room; i++) {
        const struct view_group *group = &v->groups[i];
        struct bytes label = bytes_of_text(group->label);
        if (!out->whole && group->changed <= since)
            continue;
        if (group->count == 0 && !out->whole)
            room = msg_heads_add(out, label, NULL);
        for (uint32_t n = 0; n < group->count && room; n++)
            room = msg_heads_add(out, label, &v->ids[group->first + n]);
    }
    CHECK(out->id_count <= HEADS_MAX);
}
