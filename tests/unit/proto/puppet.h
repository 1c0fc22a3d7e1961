/*
 * puppet: one real core, and the test itself as the member "bob" that dials it: a channel of its
 * own that says whatever the test (or the fuzzer) wants said.
 *
 * Needs no test library: a fault of the harness aborts.
 */
#ifndef TESTS_PUPPET_H
#define TESTS_PUPPET_H

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/core.h"
#include "proto/mem.h"
#include "proto/message.h"

#define PUPPET __attribute__((unused)) static

enum { PUPPET_REQUESTS_MAX = 4096 };

struct puppet_request {
    enum core_effect_kind kind;
    uint32_t request, count;
    enum core_load_kind load;
    uint32_t known_count;
    size_t bytes;
    enum sealed_lane lane;
    struct digest after; /* WISH; KEEP: the first name */
    uint32_t motions;
};

struct puppet {
    struct core *core;
    struct channel *channel;
    uint8_t secrets[2][64]; /* alice's, bob's */
    struct key keys[2];
    link_id link;
    uint64_t now_ms;
    uint64_t draws;
    uint32_t said[MESSAGE_KIND_END]; /* messages of the core, by kind */
    struct message *last;            /* the last of them; borrowed texts are gone */
    struct msg_heads *heads;         /* the last HEADS, SUMMARY, STORED and ITEM of it */
    struct msg_stored *stored;
    uint32_t items_said;
    bool items_more;
    uint32_t charter_version, charter_files, motions_said; /* of its CHARTERs: last, all, all */
    struct puppet_request requests[PUPPET_REQUESTS_MAX];
    uint32_t request_count;
    bool closed;
    enum status reason;
    uint32_t connects;
    uint32_t effects;
    enum core_role bob_role;
    const struct key *retired; /* of the next charter */
    uint32_t retired_count;
    const struct bytes *motions;
    uint32_t motion_count;
};

PUPPET void puppet_random(void *context, void *out, size_t count)
{
    struct puppet *p = context;
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    p->draws++;
    memcpy(seed, &p->draws, sizeof(p->draws));
    randombytes_buf_deterministic(out, count, seed);
}

PUPPET void puppet_hear(struct puppet *p, struct bytes wire)
{
    struct buf answer = {0};
    struct bytes raw;
    enum status status = channel_receive(p->channel, wire, &answer);
    CHECK(status == ST_OK || status == ST_CLOSED);
    while (channel_next(p->channel, &raw) == ST_OK) {
        CHECK(message_decode(raw, p->last) == ST_OK); /* the core says nothing malformed */
        p->said[p->last->kind]++;
        if (p->last->kind == MESSAGE_HEADS)
            memcpy(p->heads, &p->last->heads, sizeof(*p->heads));
        if (p->last->kind == MESSAGE_STORED)
            memcpy(p->stored, &p->last->stored, sizeof(*p->stored));
        if (p->last->kind == MESSAGE_CHARTER) {
            p->charter_version = p->last->charter.version;
            p->charter_files += p->last->charter.version_count;
            p->motions_said += p->last->charter.proposal_count;
        }
        if (p->last->kind == MESSAGE_ITEM) {
            p->items_said += p->last->item.item_count;
            p->items_more = p->last->item.more;
        }
    }
    buf_release(&answer);
}

/* Give the core an event, and take what it does about it. */
PUPPET enum status puppet_step(struct puppet *p, struct core_event *e)
{
    struct effects effects;
    struct buf wire = {0};
    e->now_ms = p->now_ms;
    enum status status = core_step(p->core, e, &effects);
    CHECK(effects.count <= EFFECTS_MAX);
    for (uint32_t i = 0; i < effects.count; i++) {
        const struct core_effect *fx = &effects.list[i];
        p->effects++;
        if (fx->kind == FX_SEND && fx->link == p->link)
            buf_add_bytes(&wire, fx->bytes);
        if (fx->kind == FX_CLOSE && fx->link == p->link) {
            p->closed = true;
            p->reason = fx->status;
        }
        p->connects += fx->kind == FX_CONNECT;
        if (fx->kind != FX_STORE && fx->kind != FX_LOAD && fx->kind != FX_CHARTER &&
            fx->kind != FX_PAIR && fx->kind != FX_WISH && fx->kind != FX_GIVE &&
            fx->kind != FX_KEEP)
            continue;
        CHECK(p->request_count < PUPPET_REQUESTS_MAX);
        struct puppet_request *r = &p->requests[p->request_count++];
        *r = (struct puppet_request){.kind = fx->kind,
                                     .request = fx->request,
                                     .count = fx->kind == FX_GIVE ? fx->wish_count : fx->item_count,
                                     .load = fx->load,
                                     .known_count = fx->known_count,
                                     .lane = fx->lane,
                                     .after = fx->kind == FX_KEEP ? fx->names[0] : fx->after,
                                     .motions = fx->motion_count};
        for (uint32_t n = 0; n < fx->item_count; n++)
            r->bytes += fx->items[n].count;
    }
    if (wire.count > 0)
        puppet_hear(p, buf_bytes(&wire));
    buf_release(&wire);
    return status;
}

/* The first request of this kind that was not taken yet, taken; false: there is none. */
PUPPET bool puppet_take(struct puppet *p, enum core_effect_kind kind, struct puppet_request *out)
{
    for (uint32_t i = 0; i < p->request_count; i++) {
        if (p->requests[i].kind != kind)
            continue;
        *out = p->requests[i];
        p->request_count--;
        memmove(&p->requests[i], &p->requests[i + 1],
                (p->request_count - i) * sizeof(p->requests[0]));
        return true;
    }
    return false;
}

PUPPET void puppet_wire(struct puppet *p, struct bytes wire)
{
    struct core_event e = {.kind = CORE_DATA, .link = p->link, .bytes = wire};
    CHECK(puppet_step(p, &e) == ST_OK);
}

/* Say these bytes, be they a message or not, over the channel. */
PUPPET void puppet_say_raw(struct puppet *p, struct bytes raw)
{
    struct buf wire = {0};
    if (channel_state(p->channel) != CHANNEL_OPEN || raw.count == 0)
        return;
    CHECK(channel_send(p->channel, raw, &wire) == ST_OK);
    puppet_wire(p, buf_bytes(&wire));
    buf_release(&wire);
}

PUPPET void puppet_say(struct puppet *p, const struct message *m)
{
    struct buf raw = {0};
    message_encode(m, &raw);
    CHECK(buf_status(&raw) == ST_OK);
    puppet_say_raw(p, buf_bytes(&raw));
    buf_release(&raw);
}

PUPPET void puppet_tick(struct puppet *p, uint64_t ms)
{
    struct core_event e = {.kind = CORE_TICK};
    p->now_ms += ms;
    CHECK(puppet_step(p, &e) == ST_OK);
}

PUPPET void puppet_charter(struct puppet *p, uint32_t version, bool with_bob, uint32_t request,
                           enum status status)
{
    static char names[64][16];
    struct bytes files[64];
    struct core_event e = {.kind = CORE_CHARTER, .request = request, .status = status};
    struct core_member members[2] = {{"alice", p->keys[0], "", CORE_OFFICE},
                                     {"bob", p->keys[1], "", p->bob_role}};
    for (uint32_t i = 0; i < version; i++) {
        snprintf(names[i], sizeof(names[i]), "v%u", i + 1);
        files[i] = bytes_of_text(names[i]);
    }
    e.charter.version = version;
    e.charter.hash.id[0] = (uint8_t)version;
    e.charter.members = members;
    e.charter.member_count = with_bob ? 2 : 1;
    e.charter.files = files;
    e.charter.retired = p->retired;
    e.charter.retired_count = p->retired_count;
    e.charter.motions = p->motions;
    e.charter.motion_count = p->motion_count;
    CHECK(puppet_step(p, &e) == ST_OK);
}

PUPPET void puppet_heads(struct puppet *p, const struct oid *ids, uint32_t count)
{
    struct core_label_heads label = {BYTES("alice"), ids, count};
    struct core_event e = {.kind = CORE_HEADS};
    e.heads.labels = &label;
    e.heads.label_count = count > 0;
    CHECK(puppet_step(p, &e) == ST_OK);
}

/* The core of alice, whose charter has bob, and bob's handshake with it done. */
PUPPET struct puppet *puppet_new(void)
{
    struct puppet *p = mem_alloc(sizeof(*p));
    struct buf wire = {0};
    CHECK(p != NULL && sodium_init() >= 0);
    p->last = mem_alloc(sizeof(*p->last));
    p->heads = mem_alloc(sizeof(*p->heads));
    p->stored = mem_alloc(sizeof(*p->stored));
    p->now_ms = 5000;
    p->link = 0x80000007u;
    for (uint8_t i = 0; i < 2; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {i};
        crypto_sign_seed_keypair(p->keys[i].id, p->secrets[i], seed);
    }
    const struct core_options options = {
        .network = {{7}},
        .label = "alice",
        .identity = p->secrets[0],
        .agent = "test",
        .listen_address = "",
        .entropy = puppet_random,
        .entropy_context = p,
    };
    CHECK(core_create(&options, &p->core) == ST_OK);
    const struct channel_options channel = {
        .initiator = true,
        .selector = CHANNEL_MEMBER,
        .identity = p->secrets[1],
        .remote = &p->keys[0],
        .network = {{7}},
        .entropy = puppet_random,
        .entropy_context = p,
    };
    CHECK(channel_create(&channel, &p->channel) == ST_OK);
    struct core_event e = {.kind = CORE_ACCEPTED, .link = p->link, .text = "192.0.2.1"};
    CHECK(puppet_step(p, &e) == ST_OK);
    CHECK(channel_start(p->channel, &wire) == ST_OK);
    /* The second message comes back through puppet_hear(), which drops what it has to answer. */
    struct effects effects;
    struct buf third = {0};
    e = (struct core_event){
        .kind = CORE_DATA, .link = p->link, .now_ms = p->now_ms, .bytes = buf_bytes(&wire)};
    CHECK(core_step(p->core, &e, &effects) == ST_OK);
    for (uint32_t i = 0; i < effects.count; i++) {
        if (effects.list[i].kind == FX_SEND)
            CHECK(channel_receive(p->channel, effects.list[i].bytes, &third) == ST_OK);
    }
    puppet_wire(p, buf_bytes(&third));
    CHECK(channel_state(p->channel) == CHANNEL_OPEN);
    buf_release(&wire);
    buf_release(&third);
    return p;
}

PUPPET void puppet_free(struct puppet *p)
{
    core_free(p->core);
    channel_free(p->channel);
    mem_free(p->last);
    mem_free(p->heads);
    mem_free(p->stored);
    mem_free(p);
}

PUPPET void puppet_hello(struct puppet *p)
{
    static struct message m;
    m = (struct message){.kind = MESSAGE_HELLO};
    m.hello.version = MESSAGE_VERSION;
    puppet_say(p, &m);
}

PUPPET void puppet_say_charter(struct puppet *p, uint32_t version)
{
    static struct message m;
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_CHARTER;
    m.charter.version = version;
    m.charter.hash.id[0] = (uint8_t)version;
    puppet_say(p, &m);
}

PUPPET void puppet_say_heads(struct puppet *p, bool whole, const char *label, const struct oid *ids,
                             uint32_t count)
{
    static struct message m;
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_HEADS;
    m.heads.whole = whole;
    for (uint32_t i = 0; i < count; i++)
        CHECK(msg_heads_add(&m.heads, bytes_of_text(label), &ids[i]));
    puppet_say(p, &m);
}

PUPPET void puppet_say_items(struct puppet *p, uint32_t count, size_t bytes)
{
    static struct message m;
    static uint8_t payload[BATCH_BYTES_MAX];
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_ITEM;
    payload[0]++; /* never twice the same */
    for (uint32_t i = 0; i < count; i++)
        CHECK(msg_item_add(&m.item, (struct bytes){payload, bytes}));
    puppet_say(p, &m);
}

PUPPET void puppet_say_stored(struct puppet *p, uint64_t items, const struct oid *ids,
                              uint32_t count)
{
    static struct message m;
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_STORED;
    m.stored.items = items;
    m.stored.id_count = count;
    if (count > 0)
        memcpy(m.stored.ids, ids, count * sizeof(ids[0]));
    puppet_say(p, &m);
}

/* Up to an active link: charter version 1, bob a member, 'ids' alice's heads. */
PUPPET struct puppet *puppet_active(const struct oid *ids, uint32_t count)
{
    struct puppet *p = puppet_new();
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_heads(p, ids, count);
    puppet_hello(p);
    puppet_say_charter(p, 1);
    return p;
}

/* Answer a STORE: every item has this verdict, and the last has this id. */
PUPPET void puppet_stored(struct puppet *p, const struct puppet_request *r, enum status verdict,
                          const struct oid *last)
{
    static enum status verdicts[BATCH_ITEMS_MAX];
    static struct oid ids[BATCH_ITEMS_MAX];
    struct core_event e = {.kind = CORE_STORED, .link = p->link, .request = r->request};
    for (uint32_t i = 0; i < r->count; i++) {
        verdicts[i] = verdict;
        ids[i] = *last;
    }
    e.stored.verdicts = verdicts;
    e.stored.ids = ids;
    e.stored.count = r->count;
    e.stored.missing = last;
    e.stored.missing_count = verdict == ST_WAITING;
    CHECK(puppet_step(p, &e) == ST_OK);
}

/* Answer a LOAD with 'count' items of so many bytes, their ids counted up from 'first'. */
PUPPET void puppet_loaded(struct puppet *p, const struct puppet_request *r, uint32_t count,
                          size_t bytes, uint32_t first, bool more, bool unknown)
{
    static uint8_t payload[BATCH_BYTES_MAX];
    static struct bytes items[BATCH_ITEMS_MAX * 4];
    static struct oid ids[BATCH_ITEMS_MAX * 4];
    struct core_event e = {.kind = CORE_LOADED, .link = p->link, .request = r->request};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = first + i;
        items[i] = (struct bytes){payload, bytes};
        memset(&ids[i], 0, sizeof(ids[i]));
        memcpy(ids[i].id, &n, sizeof(n));
    }
    e.loaded.items = items;
    e.loaded.ids = ids;
    e.loaded.count = count;
    e.loaded.more = more;
    e.loaded.unknown = unknown;
    CHECK(puppet_step(p, &e) == ST_OK);
}

/* ---- Sealed items ---- */

PUPPET void puppet_wanted(struct puppet *p, uint64_t values, uint64_t files)
{
    struct core_event e = {.kind = CORE_WANTED};
    e.wanted.waiting[SEALED_VALUES] = values;
    e.wanted.waiting[SEALED_FILES] = files;
    CHECK(puppet_step(p, &e) == ST_OK);
}

/* The name of item 'n'. */
PUPPET struct digest puppet_name(uint32_t n)
{
    struct digest name = {{0}};
    for (int i = 0; i < 4; i++)
        name.id[i] = (uint8_t)(n >> (24 - 8 * i));
    name.id[31] = 1;
    return name;
}

/* Answer a WISH with names first .. first + count - 1. */
PUPPET void puppet_wishes(struct puppet *p, const struct puppet_request *r, uint32_t first,
                          uint32_t count, bool more)
{
    static struct digest names[SEALED_NAMES_MAX];
    struct core_event e = {.kind = CORE_WISHES, .link = p->link, .request = r->request};
    for (uint32_t i = 0; i < count; i++)
        names[i] = puppet_name(first + i);
    e.wishes.names = names;
    e.wishes.count = count;
    e.wishes.more = more;
    CHECK(puppet_step(p, &e) == ST_OK);
}

/* Answer a GIVE: every wish by a piece of so many bytes of an item of 'total'; 0: it is gone. */
PUPPET void puppet_given(struct puppet *p, const struct puppet_request *r, uint32_t total,
                         size_t bytes)
{
    static struct sealed_piece pieces[SEALED_NAMES_MAX];
    static uint8_t payload[8][SEALED_PIECE_BYTES];
    struct core_event e = {.kind = CORE_GIVEN, .link = p->link, .request = r->request};
    puppet_random(p, payload, sizeof(payload)); /* nothing that compresses */
    for (uint32_t i = 0; i < r->count; i++)
        pieces[i] = (struct sealed_piece){.total = total, .bytes = {payload[i % 8], bytes}};
    e.given.pieces = pieces;
    e.given.count = r->count;
    CHECK(puppet_step(p, &e) == ST_OK);
}

/* Answer a KEEP of one item. */
PUPPET void puppet_kept(struct puppet *p, const struct puppet_request *r, enum status verdict)
{
    struct core_event e = {.kind = CORE_KEPT, .link = p->link, .request = r->request};
    e.kept.names = &r->after;
    e.kept.verdicts = &verdict;
    e.kept.count = 1;
    CHECK(puppet_step(p, &e) == ST_OK);
}

PUPPET void puppet_say_piece(struct puppet *p, enum sealed_lane lane, uint32_t n, uint32_t total,
                             uint32_t offset, size_t bytes)
{
    static struct message m;
    static const uint8_t payload[SEALED_PIECE_BYTES];
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_SEALED;
    m.sealed.lane = lane;
    m.sealed.piece_count = 1;
    m.sealed.pieces[0] = (struct sealed_piece){puppet_name(n), total, offset, {payload, bytes}};
    puppet_say(p, &m);
}

PUPPET void puppet_say_names(struct puppet *p, enum message_kind kind, enum sealed_lane lane,
                             uint32_t first, uint32_t count)
{
    static struct message m;
    memset(&m, 0, sizeof(m));
    m.kind = kind;
    if (kind == MESSAGE_SEALED_GONE) {
        m.sealed_gone.lane = lane;
        m.sealed_gone.name_count = count;
    } else if (kind == MESSAGE_SEALED_WANT) {
        m.sealed_want.lane = lane;
        m.sealed_want.wish_count = count;
    } else {
        m.kept.name_count = count;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (kind == MESSAGE_SEALED_GONE)
            m.sealed_gone.names[i] = puppet_name(first + i);
        else if (kind == MESSAGE_SEALED_WANT)
            m.sealed_want.wishes[i].name = puppet_name(first + i);
        else
            m.kept.names[i] = puppet_name(first + i);
    }
    puppet_say(p, &m);
}

#endif
