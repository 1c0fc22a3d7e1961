#include "replicas/share.h"

#include "replicas/keyring.h"
#include "replicas/rotate.h"

/* Auditors write class keys as offices do; a partner has none. */
static bool may_share(struct replica *r)
{
    const struct charter_member *self =
        charter_by_key(charter_newest(replica_charters(r)), &replica_identity(r)->key);
    return self != NULL && self->role != CHARTER_PARTNER && replica_vault(r) != NULL &&
           strcmp(self->label, replica_label(r)) == 0;
}

enum status share_add(struct replica *r, struct op_list *ops, struct fault *f)
{
    struct keyring *keyring = NULL;
    if (!may_share(r))
        return ST_OK;
    enum status status = replica_keyring(r, &keyring, f);
    if (status == ST_OK)
        status = keyring_share(keyring, charter_newest(replica_charters(r)), ops, f);
    return status;
}

/* Whether state or charter are others than when nobody lacked anything. */
static bool look(struct tending *now)
{
    struct tend *t = now->tend;
    uint32_t version = charter_newest(replica_charters(now->replica))->version;
    return version != t->share.charter || !oid_equal(replica_state(now->replica), &t->share.state);
}

enum status share_step(struct tending *now, struct fault *f)
{
    struct tend *t = now->tend;
    struct op_list ops = {0};
    struct replica_commit commit;
    if (!look(now))
        return ST_OK;
    enum status status = rotate_hand(now->replica, now->author, f);
    if (status == ST_OK)
        status = share_add(now->replica, &ops, f);
    bool lacking = status == ST_OK && ops.count > 0;
    if (!lacking) {
        t->share.due_ms = UINT64_MAX;
    } else if (t->share.due_ms == UINT64_MAX) {
        t->share.due_ms = now->now_ms + SHARE_MS + tend_draw(t, SHARE_SPREAD_MS);
    } else if (now->now_ms >= t->share.due_ms) {
        status = replica_write(now->replica, &ops, now->author, &commit, f);
        now->wrote = now->wrote || status == ST_OK;
        t->share.due_ms = status == ST_OK ? UINT64_MAX : now->now_ms + SHARE_SPREAD_MS;
        lacking = status != ST_OK;
    }
    op_list_release(&ops);
    if (lacking)
        tend_again(now, t->share.due_ms);
    if (status != ST_OK || lacking)
        return status;
    t->share.state = *replica_state(now->replica);
    t->share.charter = charter_newest(replica_charters(now->replica))->version;
    return ST_OK;
}
