#include "tests/sim/flood.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/byzantine.h"
#include "tests/sim/member.h"
#include "tests/sim/net.h"
#include "tests/sim/removal.h"
#include "tests/sim/simstate.h"

enum flood_kind {
    FLOOD_NOISE,     /* bytes that are no frames */
    FLOOD_GARBAGE,   /* messages that are none */
    FLOOD_HALF_OPEN, /* first messages of handshakes, and nothing after */
    FLOOD_WANTS,     /* for commits that nobody has */
    FLOOD_HEADS,     /* that nobody has */
    FLOOD_SUMMARIES,
    FLOOD_ORPHANS, /* items of the largest size that are none */
    FLOOD_OLD,     /* commits that everybody has */
    FLOOD_PINGS,
    FLOOD_MOTIONS, /* of the largest size, that are none */
    FLOOD_WISHES,  /* for sealed items that nobody has */
    FLOOD_KINDS
};

enum {
    FLOOD_MS = 8000,
    BURST_BYTES = 192 * KIB, /* over NET_SOCKET_BYTES: it is told when that is through */
    BURSTS_MAX = 6,
    BURST_MESSAGES_MAX = 200,
    HALF_OPEN_LINKS = 80, /* more than HALF_OPEN_MAX, which is for all together */
    OLD_MAX = 200,
    MOTION_BYTES = 60 * KIB,
    NOISES = 4, /* different items that are none */
};

static_assert((int)HALF_OPEN_LINKS > (int)HALF_OPEN_MAX, "more than there is room for");

static const link_id first_link = UINT32_C(1) << 30; /* beyond those of any core here */

struct rogue {
    enum flood_kind kind;
    struct member *victim;
    struct channel *channel;
    uint32_t bursts;
    bool introduced;
    uint32_t version;
    struct digest hash;
    struct buf old; /* items, one behind the other */
    size_t old_at[OLD_MAX + 1];
    uint32_t old_count;
    uint64_t dice;
};

static uint32_t draw(struct rogue *r, uint32_t below)
{
    return (uint32_t)(simstate_draw(&r->dice) >> 32) % below;
}

static void fill(struct rogue *r, void *out, size_t count)
{
    uint8_t *at = out;
    for (size_t i = 0; i < count; i++)
        at[i] = (uint8_t)simstate_draw(&r->dice);
}

static void entropy(void *context, void *out, size_t count)
{
    fill(context, out, count);
}

/* ---- beginning ---- */

static void keep_old(struct rogue *r, struct member *m)
{
    struct graph *g = replica_graph(m->replica);
    struct buf frame = {0};
    struct item item;
    for (uint32_t i = 0; i < graph_count(g) && r->old_count < OLD_MAX; i++) {
        if (replica_item(m->replica, i, &frame, &item, NULL) != ST_OK)
            break;
        buf_add(&r->old, frame.data + OID_BYTES, frame.count - OID_BYTES);
        r->old_at[++r->old_count] = r->old.count;
    }
    CHECK(buf_status(&r->old) == ST_OK);
    buf_release(&frame);
}

void flood_step(struct world *w, const struct step *s)
{
    struct member *m = byzantine_liar(w), *victim = &w->members[s->other];
    if (m == NULL || s->other >= w->member_count || victim == m || !victim->up ||
        removal_is_silenced(m))
        return;
    struct rogue *r = mem_alloc(sizeof *r);
    CHECK(r != NULL);
    const struct charter *newest = charter_newest(replica_charters(m->replica));
    *r = (struct rogue){.kind = (enum flood_kind)world_draw(w, FLOOD_KINDS),
                        .victim = victim,
                        .version = newest->version,
                        .hash = newest->hash,
                        .dice = s->seed};
    keep_old(r, m);
    member_stop(m);
    m->liar = true;
    m->rogue = r;
    m->restart_ms = w->now_ms + FLOOD_MS;
    uint32_t links = r->kind == FLOOD_HALF_OPEN ? HALF_OPEN_LINKS : 1;
    for (uint32_t i = 0; i < links; i++)
        net_connect(w, m, first_link + m->rogue_links++, victim->address);
}

void flood_end(struct member *m)
{
    struct rogue *r = m->rogue;
    if (r == NULL)
        return;
    m->rogue = NULL;
    net_vanish(m->world, m);
    channel_free(r->channel);
    buf_release(&r->old);
    mem_free(r);
}

/* ---- speaking ---- */

static void put(struct member *m, link_id link, struct buf *wire)
{
    if (wire->count > 0)
        net_send(m->world, m, link, buf_bytes(wire));
    buf_release(wire);
}

static size_t say_raw(struct member *m, link_id link, struct bytes raw)
{
    struct buf wire = {0};
    world_must(m->world, channel_send(m->rogue->channel, raw, &wire), "speak", NULL);
    size_t bytes = wire.count;
    put(m, link, &wire);
    return bytes;
}

static size_t say(struct member *m, link_id link, const struct message *message)
{
    struct buf raw = {0};
    message_encode(message, &raw);
    CHECK(buf_status(&raw) == ST_OK);
    size_t bytes = say_raw(m, link, buf_bytes(&raw));
    buf_release(&raw);
    return bytes;
}

static void shake(struct member *m, link_id link)
{
    struct rogue *r = m->rogue;
    struct buf wire = {0};
    const struct channel_options options = {
        .initiator = true,
        .selector = CHANNEL_MEMBER,
        .identity = m->identity.secret,
        .remote = &r->victim->identity.key,
        .network = m->world->network,
        .entropy = entropy,
        .entropy_context = r,
    };
    channel_free(r->channel);
    r->channel = NULL;
    world_must(m->world, channel_create(&options, &r->channel), "make a channel", NULL);
    world_must(m->world, channel_start(r->channel, &wire), "shake hands", NULL);
    put(m, link, &wire);
}

static void introduce(struct member *m, link_id link)
{
    static struct message message;
    struct rogue *r = m->rogue;
    message = (struct message){.kind = MESSAGE_HELLO};
    message.hello.version = MESSAGE_VERSION;
    (void)say(m, link, &message);
    message = (struct message){.kind = MESSAGE_CHARTER};
    message.charter.version = r->version;
    message.charter.hash = r->hash;
    (void)say(m, link, &message);
    r->introduced = true;
}

static size_t say_ids(struct member *m, link_id link, enum message_kind kind)
{
    static struct message message;
    struct rogue *r = m->rogue;
    struct oid ids[SUMMARY_IDS_MAX];
    memset(&message, 0, sizeof message);
    message.kind = kind;
    fill(r, ids, sizeof ids);
    for (uint32_t i = 0; i < SUMMARY_IDS_MAX; i++) /* ascending, where they have to be */
        for (int k = 0; k < 2; k++)
            ids[i].id[k] = (uint8_t)(i >> 8 * (1 - k));
    if (kind == MESSAGE_WANT) {
        message.want.id_count = WANT_IDS_MAX;
        memcpy(message.want.ids, ids, sizeof message.want.ids);
    } else if (kind == MESSAGE_SUMMARY) {
        message.summary.id_count = SUMMARY_IDS_MAX;
        memcpy(message.summary.ids, ids, sizeof message.summary.ids);
    } else {
        message.heads.whole = true;
        for (uint32_t i = 0; i < HEADS_MAX; i++)
            if (!msg_heads_add(&message.heads, bytes_of_text(m->label), &ids[i]))
                break;
    }
    return say(m, link, &message);
}

static size_t say_item(struct member *m, link_id link, bool old)
{
    static struct message message;
    static uint8_t noise[ITEM_BYTES_MAX];
    struct rogue *r = m->rogue;
    memset(&message, 0, sizeof message);
    message.kind = MESSAGE_ITEM;
    struct bytes item = {noise, sizeof noise};
    if (old && r->old_count > 0) {
        uint32_t which = draw(r, r->old_count);
        item =
            (struct bytes){r->old.data + r->old_at[which], r->old_at[which + 1] - r->old_at[which]};
    } else {
        noise[0] = (uint8_t)draw(r, NOISES); /* large there, and small on the wire */
        byzantine_note(m->world, item, COUNT_FLOOD);
    }
    if (!msg_item_add(&message.item, item))
        world_fail(m->world, "an item does not fit its message");
    return say(m, link, &message);
}

static size_t say_motions(struct member *m, link_id link)
{
    static struct message message;
    static uint8_t noise[PROPOSALS_MAX][MOTION_BYTES];
    memset(&message, 0, sizeof message);
    message.kind = MESSAGE_CHARTER;
    message.charter.version = m->rogue->version;
    message.charter.hash = m->rogue->hash;
    message.charter.proposal_count = PROPOSALS_MAX;
    for (uint32_t i = 0; i < PROPOSALS_MAX; i++) {
        fill(m->rogue, noise[i], 64);
        message.charter.proposals[i] = (struct bytes){noise[i], MOTION_BYTES};
    }
    return say(m, link, &message);
}

static size_t say_wishes(struct member *m, link_id link)
{
    static struct message message;
    memset(&message, 0, sizeof message);
    message.kind = MESSAGE_SEALED_WANT;
    message.sealed_want.lane = (enum sealed_lane)draw(m->rogue, SEALED_LANES);
    message.sealed_want.wish_count = SEALED_NAMES_MAX / 4;
    for (uint32_t i = 0; i < message.sealed_want.wish_count; i++)
        fill(m->rogue, message.sealed_want.wishes[i].name.id, DIGEST_BYTES);
    return say(m, link, &message);
}

static size_t say_noise(struct member *m, link_id link, bool framed)
{
    uint8_t noise[FRAME_BYTES_MAX / 4];
    fill(m->rogue, noise, sizeof noise);
    struct bytes raw = {noise, 1 + draw(m->rogue, sizeof noise)};
    if (framed)
        return say_raw(m, link, raw);
    net_send(m->world, m, link, raw);
    return raw.count;
}

static size_t say_one(struct member *m, link_id link)
{
    static struct message message;
    switch (m->rogue->kind) {
    case FLOOD_NOISE:
        return say_noise(m, link, false);
    case FLOOD_GARBAGE:
        return say_noise(m, link, true);
    case FLOOD_WANTS:
        return say_ids(m, link, MESSAGE_WANT);
    case FLOOD_HEADS:
        return say_ids(m, link, MESSAGE_HEADS);
    case FLOOD_SUMMARIES:
        return say_ids(m, link, MESSAGE_SUMMARY);
    case FLOOD_ORPHANS:
        return say_item(m, link, false);
    case FLOOD_OLD:
        return say_item(m, link, true);
    case FLOOD_MOTIONS:
        return say_motions(m, link);
    case FLOOD_WISHES:
        return say_wishes(m, link);
    case FLOOD_PINGS:
        message = (struct message){.kind = MESSAGE_PING};
        return say(m, link, &message);
    case FLOOD_HALF_OPEN:
    case FLOOD_KINDS:
        break;
    }
    return BURST_BYTES;
}

static void burst(struct member *m, link_id link)
{
    struct rogue *r = m->rogue;
    size_t bytes = 0;
    if (r->bursts >= BURSTS_MAX || channel_state(r->channel) != CHANNEL_OPEN)
        return;
    r->bursts++;
    for (uint32_t i = 0; i < BURST_MESSAGES_MAX && bytes < BURST_BYTES; i++)
        bytes += say_one(m, link);
    m->world->counts[COUNT_FLOOD]++;
}

static void listen(struct member *m, link_id link, struct bytes bytes)
{
    struct rogue *r = m->rogue;
    struct buf wire = {0};
    struct bytes message;
    if (r->channel == NULL)
        return;
    enum status st = channel_receive(r->channel, bytes, &wire);
    put(m, link, &wire);
    while (st == ST_OK && channel_next(r->channel, &message) == ST_OK)
        ; /* whatever it answers */
    if (st == ST_OK && channel_state(r->channel) == CHANNEL_OPEN && !r->introduced)
        introduce(m, link);
}

void flood_hear(struct member *m, const struct core_event *event)
{
    struct rogue *r = m->rogue;
    if (event->kind == CORE_ACCEPTED) {
        net_close(m->world, m, event->link);
    } else if (event->kind == CORE_CONNECTED) {
        shake(m, event->link);
        m->world->counts[COUNT_HALF_OPEN] += r->kind == FLOOD_HALF_OPEN;
    } else if (event->kind == CORE_DATA && r->kind != FLOOD_HALF_OPEN) {
        listen(m, event->link, event->bytes);
        burst(m, event->link);
    } else if (event->kind == CORE_WRITTEN && r->introduced) {
        burst(m, event->link);
    }
}
