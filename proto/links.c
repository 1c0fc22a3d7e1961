#include "proto/links.h"

#include "proto/check.h"

void links_release(struct links *ls)
{
    if (ls == NULL)
        return;
    for (uint32_t i = 0; i < ls->end; i++)
        link_free(ls->at[i]);
    *ls = (struct links){0};
}

bool links_add(struct links *ls, struct link *l)
{
    CHECK(links_find(ls, l->id) == NULL);
    for (uint32_t i = 0; i < LINKS_TABLE_MAX; i++) {
        if (ls->at[i] != NULL)
            continue;
        ls->at[i] = l;
        if (i >= ls->end)
            ls->end = i + 1;
        return true;
    }
    return false;
}

void links_reap(struct links *ls)
{
    for (uint32_t i = 0; i < ls->end; i++) {
        struct link *l = ls->at[i];
        if (l == NULL)
            continue;
        wire_reset(&l->wire);
        if (l->flushed) {
            link_free(l);
            ls->at[i] = NULL;
        }
    }
    while (ls->end > 0 && ls->at[ls->end - 1] == NULL)
        ls->end--;
}

struct link *links_find(const struct links *ls, link_id id)
{
    for (uint32_t i = 0; i < ls->end; i++) {
        if (ls->at[i] != NULL && ls->at[i]->id == id)
            return ls->at[i];
    }
    return NULL;
}

struct link *links_of_key(const struct links *ls, const struct key *key)
{
    struct link *found = NULL;
    for (uint32_t i = 0; i < ls->end; i++) {
        struct link *l = ls->at[i];
        if (l == NULL || l->state == LINK_CLOSED || !l->key_known ||
            memcmp(l->key.id, key->id, KEY_BYTES) != 0)
            continue;
        if (l->state == LINK_ACTIVE)
            return l;
        found = found == NULL ? l : found;
    }
    return found;
}

struct link *links_of_request(const struct links *ls, uint32_t request)
{
    for (uint32_t i = 0; i < ls->end; i++) {
        if (ls->at[i] != NULL && link_owns(ls->at[i], request))
            return ls->at[i];
    }
    return NULL;
}

static bool is_unproven(const struct link *l)
{
    return l != NULL && !l->dialled && (l->state == LINK_GREETING || l->state == LINK_CHARTER);
}

uint32_t links_open(const struct links *ls)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ls->end; i++)
        count += ls->at[i] != NULL && ls->at[i]->state > LINK_HANDSHAKE &&
                 ls->at[i]->state < LINK_CLOSED && !is_unproven(ls->at[i]);
    return count;
}

struct link *links_crowded_out(const struct links *ls, const struct link *fresh,
                               const struct common *c)
{
    uint8_t key[KEY_BYTES], other[KEY_BYTES];
    struct link *oldest = NULL, *stranger = NULL;
    uint32_t count = 0;
    if (!is_unproven(fresh))
        return NULL;
    channel_remote(fresh->wire.channel, key);
    for (uint32_t i = 0; i < ls->end; i++) {
        struct link *l = ls->at[i];
        if (l == fresh || !is_unproven(l))
            continue;
        channel_remote(l->wire.channel, other);
        if (memcmp(key, other, KEY_BYTES) == 0)
            return l;
        count++;
        if (oldest == NULL || l->opened_ms < oldest->opened_ms)
            oldest = l;
        if (view_member_of_x25519(&c->view, other) == NULL &&
            (stranger == NULL || l->opened_ms < stranger->opened_ms))
            stranger = l;
    }
    if (count < HALF_OPEN_MAX)
        return NULL;
    return stranger != NULL ? stranger : oldest;
}
