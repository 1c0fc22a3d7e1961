#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/custody.h"
#include "tests/trust/crowd.h"

enum { ITEMS_MAX = 64, ROUNDS_MAX = 4096, KNOWN_MAX = 4096 };

struct carried { /* commits on their way */
    struct buf bytes;
    size_t at[BATCH_ITEMS_MAX + 1];
    uint32_t count;
};

static void carry(void *user, const struct oid *id, struct bytes item)
{
    struct carried *c = user;
    (void)id;
    CHECK(c->count < BATCH_ITEMS_MAX);
    buf_add_bytes(&c->bytes, item);
    c->at[++c->count] = c->bytes.count;
}

/* Whether the power of 'p' lasts; else it comes back, and the meeting is over. */
static bool is_on(struct person *p)
{
    if (!simdisk_is_off(p->disk))
        return true;
    crowd_crash(p);
    return false;
}

/* What it has already is not sent: it would only be read. */
static bool has_version(const struct person *p, const struct charter *version)
{
    const struct charter *its = charter_at(replica_charters(p->replica), version->version);
    return its != NULL && bytes_equal(buf_bytes(&its->file), buf_bytes(&version->file));
}

static bool give_charters(struct person *from, struct person *to, bool *new_out)
{
    const struct charter_chain *chain = replica_charters(from->replica);
    struct bytes *files = mem_array(chain->count, sizeof *files);
    struct fault f = {0};
    uint32_t count = 0;
    bool grown = false;
    CHECK(files != NULL);
    for (uint32_t i = 0; i < chain->count; i++)
        if (!has_version(to, chain->versions[i]))
            files[count++] = buf_bytes(&chain->versions[i]->file);
    enum status st = ST_OK;
    if (count > 0)
        st = replica_offer_charters(to->replica, files, count, &grown, &f);
    mem_free(files);
    if (!is_on(to))
        return false;
    crowd_must(from->crowd, st, "take charters", &f);
    *new_out = *new_out || grown;
    return true;
}

static bool give_motions(struct person *from, struct person *to, bool *new_out)
{
    const struct bytes *lent;
    struct bytes motions[PROPOSALS_MAX];
    struct fault f = {0};
    bool grown = false;
    uint32_t count = replica_motions(from->replica, &lent);
    CHECK(count <= PROPOSALS_MAX);
    for (uint32_t i = 0; i < count; i++)
        motions[i] = (struct bytes){mem_copy(lent[i].data, lent[i].count), lent[i].count};
    enum status st = replica_offer_motions(to->replica, motions, count, &grown, &f);
    if (st == ST_OK)
        st = replica_heard_peer(to->replica, &f);
    for (uint32_t i = 0; i < count; i++)
        mem_free((void *)(uintptr_t)motions[i].data);
    if (!is_on(to))
        return false;
    crowd_must(from->crowd, st, "take motions", &f);
    *new_out = *new_out || grown;
    return true;
}

static bool accept_all(struct person *from, struct person *to, const struct carried *c,
                       bool *new_out)
{
    for (uint32_t i = 0; i < c->count; i++) {
        struct replica_verdict v;
        struct fault f = {0};
        struct bytes item = {c->bytes.data + c->at[i], c->at[i + 1] - c->at[i]};
        enum status st = replica_accept(to->replica, item, &v, &f);
        if (!is_on(to))
            return false;
        *new_out = *new_out || st == ST_OK;
        if (from->cheats && status_class(st) == STATUS_PEER) {
            from->refused++;
            continue;
        }
        if (st != ST_OK && st != ST_EXISTS && st != ST_WAITING && st != ST_OVER_QUOTA)
            crowd_fail(to->crowd, "%s refuses a commit: %s: %s", to->label, status_word(st),
                       f.text);
    }
    return true;
}

/* As a link that may be cut: now and then only the first of what is lacking arrives. */
static bool give_commits(struct person *from, struct person *to, bool *new_out)
{
    struct crowd *c = from->crowd;
    size_t bytes_max = crowd_draw(c, 8) == 0 ? 1 + crowd_draw(c, 4000) : BATCH_BYTES_MAX;
    for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
        struct carried carried = {.count = 0};
        struct fault f = {0};
        uint32_t tip_count;
        bool more, unknown, fresh = false;
        const uint32_t *tips = graph_tips(replica_graph(to->replica), &tip_count);
        static struct oid known[KNOWN_MAX];
        CHECK(tip_count <= KNOWN_MAX);
        for (uint32_t i = 0; i < tip_count; i++)
            known[i] = graph_node(replica_graph(to->replica), tips[i])->id;
        enum status st = replica_lacking(from->replica, known, tip_count, bytes_max, carry,
                                         &carried, &more, &unknown, &f);
        bool on = is_on(from);
        if (on)
            crowd_must(c, st, "lend commits", &f);
        on = on && accept_all(from, to, &carried, &fresh);
        buf_release(&carried.bytes);
        *new_out = *new_out || fresh;
        if (!on || !fresh || bytes_max != BATCH_BYTES_MAX)
            return on;
    }
    crowd_fail(c, "%s never ends giving to %s", from->label, to->label);
}

static bool give_item(struct person *from, struct person *to, const struct digest *name,
                      bool *new_out)
{
    struct buf item = {0};
    struct fault f = {0};
    enum status st = custody_give(from->replica, &to->identity.key, name, &item, &f);
    if (st == ST_OK && to->role == CHARTER_PARTNER)
        crowd_fail(from->crowd, "%s gives a sealed item to a partner", from->label);
    if (st == ST_OK) {
        st = custody_keep(to->replica, name, buf_bytes(&item), &f);
        if (st == ST_OK)
            *new_out = true;
    }
    buf_release(&item);
    if (!is_on(to))
        return false;
    if (st != ST_OK && st != ST_NOT_FOUND)
        crowd_must(to->crowd, st, "keep an item", &f);
    return true;
}

static bool give_sealed(struct person *from, struct person *to, bool *new_out)
{
    struct digest after = {{0}}, names[ITEMS_MAX];
    bool more = true;
    while (more) {
        struct fault f = {0};
        uint32_t count = 0;
        enum status st = custody_wishes(to->replica, CUSTODY_VALUES, &from->identity.key, &after,
                                        ITEMS_MAX, names, &count, &more, &f);
        crowd_must(to->crowd, st, "wish", &f);
        for (uint32_t i = 0; i < count; i++)
            if (!give_item(from, to, &names[i], new_out))
                return false;
        if (count == 0)
            break;
        after = names[count - 1];
    }
    return true;
}

static bool give(struct person *from, struct person *to, bool *new_out)
{
    return give_motions(from, to, new_out) && give_commits(from, to, new_out) &&
           give_sealed(from, to, new_out);
}

bool crowd_meet(struct person *a, struct person *b)
{
    struct crowd *c = a->crowd;
    bool fresh = false;
    c->now_ms += 1000;
    c->counts[DID_EXCHANGE]++;
    bool on = give_charters(a, b, &fresh) && give_charters(b, a, &fresh);
    if (on && crowd_is_member(a, b) && crowd_is_member(b, a))
        (void)(give(a, b, &fresh) && give(b, a, &fresh));
    else if (on)
        c->counts[DID_TALK_ON]++;
    (void)crowd_sync(a);
    (void)crowd_sync(b);
    return fresh;
}
