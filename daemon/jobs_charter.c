#include "daemon/jobs_charter.h"

#include <sodium.h>

#include "daemon/logger.h"
#include "proto/mem.h"
#include "replicas/branch.h"

/* Runs of bytes that lie in j->data one behind the other, now that it does not grow any more. */
static void place(struct job *j, struct bytes *list, uint32_t count, size_t *at)
{
    for (uint32_t i = 0; i < count; i++) {
        list[i].data = j->data.data + *at;
        *at += list[i].count;
    }
}

enum status jobs_charter_fill(struct replica *r, struct job *j)
{
    const struct charter_chain *chain = replica_charters(r);
    const struct charter *newest = charter_newest(chain);
    const struct bytes *motions;
    uint32_t motion_count = replica_motions(r, &motions);
    size_t at = 0;
    mem_free(j->items);
    mem_free(j->members);
    mem_free(j->keys);
    j->item_count = j->motion_count = j->member_count = j->key_count = 0;
    buf_reset(&j->data);
    j->items = mem_array((size_t)chain->count + motion_count, sizeof *j->items);
    j->members = mem_copy(newest->members, newest->member_count * sizeof *j->members);
    j->keys = mem_array(newest->retired_count, sizeof *j->keys);
    if (j->items == NULL || j->members == NULL || j->keys == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < chain->count; i++) {
        j->items[i].count = chain->versions[i]->file.count;
        buf_add_bytes(&j->data, buf_bytes(&chain->versions[i]->file));
    }
    for (uint32_t i = 0; i < motion_count; i++) {
        j->items[chain->count + i].count = motions[i].count;
        buf_add_bytes(&j->data, motions[i]);
    }
    if (buf_status(&j->data) != ST_OK)
        return ST_NO_MEMORY;
    place(j, j->items, chain->count + motion_count, &at);
    for (uint32_t i = 0; i < newest->retired_count; i++)
        j->keys[i] = newest->retired[i].key;
    j->item_count = chain->count;
    j->motion_count = motion_count;
    j->member_count = newest->member_count;
    j->key_count = newest->retired_count;
    j->charter_version = newest->version;
    j->charter_hash = newest->hash;
    j->self = replica_identity(r)->key;
    j->choices = branch_choices(r);
    j->charter_grew = true;
    return ST_OK;
}

/* Motions are judged one by one; only bytes that are none at all are the peer's fault. */
static enum status offer_motions(struct replica *r, struct job *j, bool *grown)
{
    struct fault f = {0};
    enum status st = replica_offer_motions(r, j->items + j->item_count, j->motion_count, grown, &f);
    if (st == ST_OK && j->heard)
        st = replica_heard_peer(r, &f);
    if (st == ST_OK && f.code != ST_OK)
        logger_say(LOGGER_WARNING, "event=motion_refused reason=\"%s\"", status_word(f.code));
    if (st == ST_OK && (f.code == ST_MALFORMED || f.code == ST_NOT_CANONICAL))
        st = f.code;
    if (st != ST_OK)
        j->fault = f;
    return st;
}

void jobs_charter_offer(struct replica *r, struct job *j)
{
    bool grown = false, moved = false;
    bool offered = j->item_count > 0;
    if (offered)
        j->status = replica_offer_charters(r, j->items, j->item_count, &grown, &j->fault);
    if ((j->motion_count > 0 || j->heard) && status_class(j->status) == STATUS_OUTCOME) {
        enum status st = offer_motions(r, j, &moved);
        j->status = st != ST_OK ? st : j->status;
    }
    if (status_class(j->status) == STATUS_LOCAL || !(offered || moved || j->heard))
        return;
    enum status st = jobs_charter_fill(r, j);
    if (st != ST_OK)
        j->status = st;
}

void jobs_charter_mark(struct replica *r, struct digest *out)
{
    const struct bytes *motions;
    uint32_t count = replica_motions(r, &motions);
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    crypto_generichash_update(&state, charter_newest(replica_charters(r))->hash.id, DIGEST_BYTES);
    /* Our own key follows a charter that a commit brought only at the sync after it. */
    crypto_generichash_update(&state, replica_identity(r)->key.id, KEY_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        crypto_generichash_update(&state, (const uint8_t *)&motions[i].count,
                                  sizeof motions[i].count);
        crypto_generichash_update(&state, motions[i].data, motions[i].count);
    }
    crypto_generichash_final(&state, out->id, DIGEST_BYTES);
}
