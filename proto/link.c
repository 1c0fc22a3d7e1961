#include "proto/link.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/say.h"
#include "proto/sometimes.h"

#define TO(state) (1u << LINK_##state)
static const unsigned moves[LINK_STATE_COUNT] = {
    [LINK_DIALLING] = TO(HANDSHAKE) | TO(CLOSED),
    [LINK_HANDSHAKE] = TO(GREETING) | TO(PAIRING) | TO(CLOSED),
    [LINK_GREETING] = TO(CHARTER) | TO(ACTIVE) | TO(CLOSED),
    [LINK_CHARTER] = TO(ACTIVE) | TO(CLOSED),
    [LINK_ACTIVE] = TO(CLOSED),
    [LINK_PAIRING] = TO(CLOSED),
};

/* In which states a message is read at all. */
static const unsigned readers[MESSAGE_KIND_END] = {
    [MESSAGE_HELLO] = TO(GREETING) | TO(PAIRING),
    [MESSAGE_CHARTER] = TO(GREETING) | TO(CHARTER) | TO(ACTIVE),
    [MESSAGE_HEADS] = TO(ACTIVE),
    [MESSAGE_WANT] = TO(ACTIVE),
    [MESSAGE_ITEM] = TO(ACTIVE),
    [MESSAGE_SUMMARY] = TO(ACTIVE),
    [MESSAGE_STORED] = TO(ACTIVE),
    [MESSAGE_SEALED_WANT] = TO(ACTIVE),
    [MESSAGE_SEALED] = TO(ACTIVE),
    [MESSAGE_SEALED_GONE] = TO(ACTIVE),
    [MESSAGE_KEPT] = TO(ACTIVE),
    [MESSAGE_PING] = TO(GREETING) | TO(CHARTER) | TO(ACTIVE) | TO(PAIRING),
    [MESSAGE_PONG] = TO(GREETING) | TO(CHARTER) | TO(ACTIVE) | TO(PAIRING),
    [MESSAGE_BYE] = TO(GREETING) | TO(CHARTER) | TO(ACTIVE) | TO(PAIRING),
    [MESSAGE_PAIR_REQUEST] = TO(PAIRING),
    [MESSAGE_PAIR_ACCEPT] = TO(PAIRING),
};
#undef TO

static void check(const struct link *l)
{
    CHECK((l->state != LINK_ACTIVE) || (l->key_known && l->reached_active));
    CHECK((l->state != LINK_ACTIVE) || (l->fetch != NULL && l->lanes != NULL));
    CHECK(l->state < LINK_GREETING || l->state == LINK_CLOSED || !l->half_open);
    CHECK(l->charter_request == 0 || l->hello_seen);
}

static void move(struct link *l, enum link_state to)
{
    CHECK((moves[l->state] & (1u << to)) != 0);
    l->state = to;
    check(l);
}

const char *link_name(const struct link *l)
{
    return l->label[0] != '\0' ? l->label : "unknown";
}

enum status link_create(struct common *c, const struct link_options *o, struct link **out)
{
    struct link *l = mem_alloc(sizeof(*l));
    if (l == NULL)
        return ST_NO_MEMORY;
    l->id = l->wire.link = o->id;
    l->dialled = o->dialled;
    l->joining = o->joining;
    l->state = l->shown = o->dialled ? LINK_DIALLING : LINK_HANDSHAKE;
    l->deadline_ms = c->now_ms + HANDSHAKE_MS;
    const struct channel_options options = {
        .initiator = o->dialled,
        .selector = o->joining ? CHANNEL_JOIN : CHANNEL_MEMBER,
        .identity = c->identity,
        .remote = o->remote,
        .network = c->network,
        .psk = o->secret,
        .invitation = o->invitation,
        .entropy = c->entropy,
        .entropy_context = c->entropy_context,
    };
    enum status status = channel_create(&options, &l->wire.channel);
    if (status == ST_OK && o->dialled) {
        l->key = *o->remote;
        l->key_known = true;
    }
    if (status == ST_OK) {
        *out = l;
        l = NULL;
    }
    link_free(l);
    return status;
}

void link_free(struct link *l)
{
    if (l == NULL)
        return;
    wire_release(&l->wire);
    fetch_free(l->fetch);
    lanes_free(l->lanes);
    pairing_release(&l->pairing);
    mem_free(l);
}

/* ---- Ends ---- */

static void close_now(struct link *l, struct common *c, enum status reason)
{
    l->reason = reason;
    l->deadline_ms = UINT64_MAX;
    if (l->state == LINK_ACTIVE)
        outbox_log(&c->outbox, 6, "event=link_down peer=%s reason=%s", link_name(l),
                   status_word(reason));
    else if (l->state != LINK_PAIRING)
        outbox_log(&c->outbox, l->dialled ? 6 : 7, "event=link_refused peer=%s reason=%s",
                   link_name(l), status_word(reason));
    else
        outbox_log(&c->outbox, 6, "event=pairing_end reason=%s", status_word(reason));
    if (l->lanes != NULL)
        lanes_end(l->lanes, c);
    move(l, LINK_CLOSED);
}

void link_end(struct link *l, struct common *c, enum status reason, enum bye_code code)
{
    if (l->state == LINK_CLOSED)
        return;
    wire_end(&l->wire, c, code);
    close_now(l, c, reason);
}

void link_fail(struct link *l, struct common *c, enum status reason)
{
    if (reason != ST_OK)
        link_end(l, c, reason, msg_bye_of(reason));
}

void link_gone(struct link *l, struct common *c, enum status reason)
{
    l->transport_gone = true;
    if (l->charter_request != 0)
        l->ended = true; /* why it went may stand behind the charter that is being checked */
    else if (l->state != LINK_CLOSED)
        close_now(l, c, reason != ST_OK ? reason : ST_CLOSED);
}

/* ---- Handshake ---- */

void link_connected(struct link *l, struct common *c)
{
    if (l->state != LINK_DIALLING)
        return;
    move(l, LINK_HANDSHAKE);
    l->deadline_ms = c->now_ms + HANDSHAKE_MS;
    link_fail(l, c, channel_start(l->wire.channel, &l->wire.out));
}

static void tell_version(struct link *l, struct common *c)
{
    say_charter(c, &l->wire);
    l->charter_said = true;
}

static void give_charter(struct link *l, struct common *c)
{
    say_versions(c, &l->wire, l->their_version);
    if (l->their_version < c->view.version)
        l->their_version = c->view.version;
}

static void opened(struct link *l, struct common *c)
{
    l->half_open = false;
    l->opened_ms = l->heard_ms = l->pinged_ms = c->now_ms;
    l->deadline_ms = c->now_ms + STALL_MS;
    if (l->joining) {
        move(l, LINK_PAIRING);
        pairing_begin(&l->pairing, c, &l->wire, l->dialled);
        return;
    }
    move(l, LINK_GREETING);
    if (!l->dialled)
        return; /* answers when it is asked */
    say_hello(c, &l->wire);
    tell_version(l, c);
}

void link_receive(struct link *l, struct common *c, struct bytes in)
{
    l->wire.bytes_in += in.count;
    l->unread = true;
    if (l->state == LINK_CLOSED)
        return;
    if (l->state == LINK_DIALLING) {
        link_fail(l, c, ST_PROTOCOL);
        return;
    }
    enum status status = channel_receive(l->wire.channel, in, &l->wire.out);
    if (status == ST_WAITING) {
        l->joining = true;
        status = pairing_secret(&l->pairing, c, &l->wire);
        if (status == ST_OK)
            status = channel_receive(l->wire.channel, (struct bytes){0}, &l->wire.out);
    }
    if (status == ST_CLOSED) {
        while (!outbox_is_tight(&c->outbox) && link_read_next(l, c))
            ; /* what was said before the end still counts */
        if (l->charter_request != 0)
            l->ended = true;
        else if (l->state != LINK_CLOSED)
            close_now(l, c, ST_CLOSED);
        return;
    }
    if (status != ST_OK)
        link_fail(l, c, status);
    else if (l->state == LINK_HANDSHAKE && channel_state(l->wire.channel) == CHANNEL_OPEN)
        opened(l, c);
}

/* ---- Charter and verdict ---- */

/* The other, or we ourselves, were members once: the versions lacking, and nothing else. */
static void part(struct link *l, struct common *c, enum bye_code code)
{
    SOMETIMES("a link with a retired key ends");
    give_charter(l, c);
    link_end(l, c, ST_RETIRED, code);
}

static enum status activate(struct link *l, struct common *c, const struct view_member *member)
{
    enum status status = fetch_create(&l->fetch);
    if (status == ST_OK)
        status = lanes_create(l->id, &l->lanes);
    if (status != ST_OK)
        return status;
    l->key = member->key;
    l->key_known = true;
    l->role = member->role;
    memcpy(l->label, member->label, sizeof(l->label));
    give_charter(l, c);
    l->deadline_ms = UINT64_MAX;
    l->reached_active = true;
    move(l, LINK_ACTIVE);
    outbox_log(&c->outbox, 6, "event=link_up peer=%s", link_name(l));
    return ST_OK;
}

/* Whether the other's key is in force, now that its charter and ours were compared. */
static void verdict(struct link *l, struct common *c)
{
    uint8_t remote[KEY_BYTES];
    channel_remote(l->wire.channel, remote);
    const struct view_member *member = view_member_of_x25519(&c->view, remote);
    bool was_member = view_retired_x25519(&c->view, remote) != NULL;
    if (!l->dialled && !l->charter_said && (member == NULL || l->their_version >= c->view.version))
        tell_version(l, c);
    if (member == NULL && was_member)
        part(l, c, BYE_RETIRED);
    else if (member == NULL || memcmp(member->key.id, c->key.id, KEY_BYTES) == 0)
        link_fail(l, c, ST_NOT_MEMBER);
    else if (view_is_retired(&c->view, &c->key))
        part(l, c, BYE_DONE);
    else
        link_fail(l, c, activate(l, c, member));
}

static enum status compare_charters(struct link *l, struct common *c)
{
    const struct msg_charter *m = &c->in->charter;
    if (m->version == c->view.version && memcmp(m->hash.id, c->view.hash.id, DIGEST_BYTES) != 0)
        return ST_WRONG_CHARTER;
    if (m->version > l->their_version)
        l->their_version = m->version;
    return ST_OK;
}

static enum status take_versions(struct link *l, struct common *c)
{
    const struct msg_charter *m = &c->in->charter;
    const struct bytes *files, *motions;
    bool heard = l->state == LINK_ACTIVE && m->version_count == 0 && !l->motions.heard;
    if (m->version_count == 0 && m->proposal_count == 0 && !heard)
        return ST_OK;
    if (m->proposal_count > 0 && l->state != LINK_ACTIVE)
        return ST_PROTOCOL; /* between members alone */
    if (m->proposal_count > 0 && motions_admit(&l->motions, c) != ST_OK)
        return ST_TOO_LARGE;
    if (outbox_keep_items(&c->outbox, m->versions, m->version_count, &files) != ST_OK ||
        outbox_keep_items(&c->outbox, m->proposals, m->proposal_count, &motions) != ST_OK)
        return ST_NO_MEMORY;
    struct core_effect *effect = outbox_add(&c->outbox, FX_CHARTER, l->id);
    effect->request = l->charter_request = common_request(c);
    effect->items = files;
    effect->item_count = m->version_count;
    effect->motions = motions;
    effect->motion_count = m->proposal_count;
    effect->heard = heard;
    l->motions.heard = l->motions.heard || heard;
    return ST_OK;
}

/* Two successors of one version: each side gives the other all that it has, as proof, once. Which
 * one holds is for persons; until then there is no link between them. */
static void meet_branch(struct link *l, struct common *c)
{
    uint8_t remote[KEY_BYTES];
    channel_remote(l->wire.channel, remote);
    bool known = view_member_of_x25519(&c->view, remote) != NULL ||
                 view_retired_x25519(&c->view, remote) != NULL;
    bool waits = known && !l->branch_said && l->state != LINK_ACTIVE;
    SOMETIMES("two charters of one version meet");
    if (known && !l->branch_said)
        say_versions(c, &l->wire, 0);
    l->branch_said = true;
    if (!waits)
        link_fail(l, c, ST_WRONG_CHARTER);
    else if (l->state == LINK_GREETING)
        move(l, LINK_CHARTER);
}

static void on_charter(struct link *l, struct common *c)
{
    bool first = !l->charter_seen;
    l->charter_seen = true;
    l->charter_more = c->in->charter.more;
    enum status status = compare_charters(l, c);
    if (status == ST_WRONG_CHARTER && c->in->charter.version_count == 0) {
        meet_branch(l, c);
        return;
    }
    if (status == ST_OK || status == ST_WRONG_CHARTER)
        status = take_versions(l, c);
    if (status != ST_OK) {
        link_fail(l, c, status);
        return;
    }
    if (l->state == LINK_ACTIVE)
        return;
    if (l->their_version <= c->view.version && l->charter_request == 0) {
        verdict(l, c);
        return;
    }
    if (l->state == LINK_GREETING)
        move(l, LINK_CHARTER);
    if (first && !l->dialled)
        tell_version(l, c); /* so that the dialler knows what to give */
}

static void on_charter_answer(struct link *l, struct common *c, const struct core_event *e)
{
    l->charter_request = 0;
    l->unread = true;
    if (e->status == ST_WRONG_CHARTER) {
        if (!l->charter_more)
            meet_branch(l, c);
        return;
    }
    if (e->status != ST_OK && e->status != ST_NOTHING && e->status != ST_EXISTS) {
        link_fail(l, c, e->status);
        return;
    }
    if (l->state != LINK_CHARTER || l->charter_more)
        return;
    if (c->view.version < l->their_version)
        link_fail(l, c, ST_WRONG_CHARTER); /* what it gave does not lead to what it told */
    else
        verdict(l, c);
}

void link_charter_grew(struct link *l, struct common *c)
{
    if (l->state != LINK_ACTIVE)
        return;
    const struct view_member *member = view_member_of_key(&c->view, &l->key);
    if (member == NULL) {
        part(l, c, BYE_RETIRED); /* with the proof of why it is out */
    } else if (view_is_retired(&c->view, &c->key)) {
        part(l, c, BYE_DONE);
    } else {
        memcpy(l->label, member->label, sizeof(l->label));
        l->role = member->role;
        give_charter(l, c);
    }
}

/* ---- Messages ---- */

static void on_hello(struct link *l, struct common *c)
{
    if (l->hello_seen) {
        link_fail(l, c, ST_PROTOCOL);
        return;
    }
    l->hello_seen = true;
    if (c->in->hello.version != MESSAGE_VERSION)
        link_end(l, c, ST_PROTOCOL, BYE_VERSION);
    else if (!l->dialled)
        say_hello(c, &l->wire);
}

static struct lanes_peer peer_of(const struct link *l)
{
    return (struct lanes_peer){&l->key, l->role, fetch_is_quiet(l->fetch)};
}

/* A message of an active link. */
static enum status converse(struct link *l, struct common *c)
{
    const struct lanes_peer peer = peer_of(l);
    switch (c->in->kind) {
    case MESSAGE_SEALED_WANT:
    case MESSAGE_SEALED:
    case MESSAGE_SEALED_GONE:
    case MESSAGE_KEPT:
        return lanes_on_message(l->lanes, c, &l->wire, &peer);
    default:
        return fetch_on_message(l->fetch, c, &l->wire);
    }
}

static void act(struct link *l, struct common *c)
{
    enum status status;
    switch (c->in->kind) {
    case MESSAGE_PING: {
        uint64_t nonce = c->in->ping.nonce;
        c->out->kind = MESSAGE_PONG;
        c->out->pong.nonce = nonce;
        wire_send(&l->wire, c);
        return;
    }
    case MESSAGE_PONG:
        return;
    case MESSAGE_BYE:
        close_now(l, c, msg_bye_status(c->in->bye.code));
        return;
    default:
        break;
    }
    if (l->state == LINK_PAIRING) {
        l->hello_seen = true;
        status = pairing_on_message(&l->pairing, c, &l->wire);
        if (status == ST_CLOSED)
            link_end(l, c, ST_OK, BYE_DONE);
        else
            link_fail(l, c, status);
    } else if (c->in->kind == MESSAGE_HELLO) {
        on_hello(l, c);
    } else if (c->in->kind == MESSAGE_CHARTER) {
        on_charter(l, c);
    } else {
        link_fail(l, c, converse(l, c));
    }
}

/* While a charter is checked nothing further is read, so that a peer has one under way at most. */
static bool is_reading(const struct link *l)
{
    return l->state > LINK_HANDSHAKE && l->state < LINK_CLOSED && l->charter_request == 0;
}

bool link_read_next(struct link *l, struct common *c)
{
    struct bytes raw;
    if (!is_reading(l))
        return false;
    enum status status = channel_next(l->wire.channel, &raw);
    if (status == ST_AGAIN) {
        l->unread = false;
        if (l->ended)
            close_now(l, c, ST_CLOSED);
        return false;
    }
    if (status == ST_OK)
        status = message_decode(raw, c->in);
    bool greeted = l->hello_seen || l->state == LINK_PAIRING;
    if (status == ST_OK &&
        ((readers[c->in->kind] & (1u << l->state)) == 0 ||
         (!greeted && c->in->kind != MESSAGE_HELLO && c->in->kind != MESSAGE_BYE)))
        status = ST_PROTOCOL;
    if (status != ST_OK) {
        link_fail(l, c, status);
        return false;
    }
    l->heard_ms = c->now_ms;
    act(l, c);
    if (l->wire.status != ST_OK)
        link_fail(l, c, l->wire.status);
    return l->state != LINK_CLOSED;
}

bool link_owns(const struct link *l, uint32_t request)
{
    return request != 0 && l->state != LINK_CLOSED &&
           (request == l->charter_request || request == l->pairing.request ||
            (l->fetch != NULL && fetch_owns(l->fetch, request)) ||
            (l->lanes != NULL && lanes_owns(l->lanes, request)));
}

static void on_sealed_answer(struct link *l, struct common *c, const struct core_event *e)
{
    enum status status = lanes_on_answer(l->lanes, c, e);
    if (status == ST_BAD_VALUE)
        link_end(l, c, status, BYE_BAD_ITEM);
    else
        link_fail(l, c, status);
}

void link_answer(struct link *l, struct common *c, const struct core_event *e)
{
    CHECK(link_owns(l, e->request));
    if (e->kind == CORE_CHARTER)
        on_charter_answer(l, c, e);
    else if (e->kind == CORE_PAIRED)
        link_fail(l, c, pairing_on_answer(&l->pairing, c, &l->wire, e));
    else if (e->kind == CORE_STORED || e->kind == CORE_LOADED)
        link_fail(l, c, fetch_on_answer(l->fetch, c, &l->wire, e));
    else
        on_sealed_answer(l, c, e);
}

void link_tell_kept(struct link *l, struct common *c, const struct core_event *e, bool gave)
{
    if (l->state != LINK_ACTIVE)
        return;
    const struct lanes_peer peer = peer_of(l);
    lanes_tell_kept(l->lanes, c, &l->wire, &peer, e, gave);
}

void link_pump(struct link *l, struct common *c)
{
    if (l->state != LINK_ACTIVE)
        return;
    link_fail(l, c, fetch_pump(l->fetch, c, &l->wire));
    if (l->state != LINK_ACTIVE)
        return;
    const struct lanes_peer peer = peer_of(l);
    motions_pump(&l->motions, c, &l->wire);
    link_fail(l, c, lanes_pump(l->lanes, c, &l->wire, &peer));
}
