#include "proto/core.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/gossip.h"
#include "proto/mem.h"
#include "proto/pulse.h"

enum {
    STEP_MESSAGES_MAX = 256, /* read of one link in one step: others come to their turn */
    BACKLOG_STEPS_MAX = 64,  /* more than an honest window ever fills */
    JOIN_WAIT_MS_MAX = 8000, /* a person sits before it */
    JOIN_SILENCE_MAX = 3,    /* connections that an inviter ends without a word: it has no such
                              * invitation, or the secret is wrong */
};

struct core {
    struct common common;
    struct limiter *limiter;
    struct links links;
    struct gossip gossip;
    bool again; /* work was left for the next step */
    bool joins;
    uint64_t join_ms; /* when to dial the inviter; UINT64_MAX: under way, or all is said */
    uint64_t join_wait_ms;
    uint32_t join_silences;
    char join_address[ADDRESS_BYTES_MAX + 1];
    struct key inviter;
    uint8_t secret[KEY_BYTES];
    uint8_t invitation[64];
    size_t invitation_bytes;
};

static enum status copy_text(const char *text, char *out, size_t bytes_max)
{
    size_t length = text != NULL ? strlen(text) : 0;
    if (length > bytes_max)
        return ST_TOO_LARGE;
    if (length > 0)
        memcpy(out, text, length);
    return ST_OK;
}

static enum status copy_join(struct core *c, const struct core_options *o)
{
    if (!o->join.wanted)
        return ST_OK;
    if (o->join.invitation.count == 0 || o->join.invitation.count > sizeof(c->invitation))
        return ST_TOO_LARGE;
    c->joins = true;
    c->join_ms = UINT64_MAX;
    c->inviter = o->join.inviter;
    memcpy(c->secret, o->join.secret, KEY_BYTES);
    memcpy(c->invitation, o->join.invitation.data, o->join.invitation.count);
    c->invitation_bytes = o->join.invitation.count;
    return copy_text(o->join.address, c->join_address, ADDRESS_BYTES_MAX);
}

enum status core_create(const struct core_options *o, struct core **out)
{
    CHECK(o->identity != NULL && o->entropy != NULL);
    struct core *c = mem_alloc(sizeof(*c));
    if (c == NULL)
        return ST_NO_MEMORY;
    struct common *s = &c->common;
    s->network = o->network;
    memcpy(s->identity, o->identity, IDENTITY_BYTES);
    (void)crypto_sign_ed25519_sk_to_pk(s->key.id, s->identity);
    s->entropy = o->entropy;
    s->entropy_context = o->entropy_context;
    c->gossip.links_active = o->links_active > 0 ? o->links_active : LINKS_ACTIVE_DEFAULT;
    c->gossip.due_ms = UINT64_MAX;
    s->in = mem_alloc(sizeof(*s->in));
    s->out = mem_alloc(sizeof(*s->out));
    enum status status = s->in != NULL && s->out != NULL ? outbox_init(&s->outbox) : ST_NO_MEMORY;
    if (status == ST_OK)
        status = limiter_create(o->entropy, o->entropy_context, &c->limiter);
    if (status == ST_OK)
        status = copy_text(o->agent, s->agent, AGENT_BYTES_MAX);
    if (status == ST_OK)
        status = copy_text(o->listen_address, s->listen, ADDRESS_BYTES_MAX);
    if (status == ST_OK)
        status = copy_join(c, o);
    if (status == ST_OK) {
        *out = c;
        c = NULL;
    }
    core_free(c);
    return status;
}

void core_free(struct core *c)
{
    if (c == NULL)
        return;
    links_release(&c->links);
    gossip_release(&c->gossip);
    limiter_free(c->limiter);
    outbox_release(&c->common.outbox);
    view_release(&c->common.view);
    freight_release(&c->common.freight);
    buf_release(&c->common.scratch);
    mem_free(c->common.in);
    mem_free(c->common.out);
    mem_wipe_free(c, sizeof(*c));
}

/* ---- Connections ---- */

static enum status join(struct core *c)
{
    struct link *l = NULL;
    const char *place =
        outbox_keep(&c->common.outbox, c->join_address, strlen(c->join_address) + 1);
    const struct link_options options = {
        .id = ++c->gossip.last_id,
        .dialled = true,
        .joining = true,
        .remote = &c->inviter,
        .secret = c->secret,
        .invitation = {c->invitation, c->invitation_bytes},
    };
    enum status status = place != NULL ? link_create(&c->common, &options, &l) : ST_NO_MEMORY;
    if (status != ST_OK)
        return status;
    bool added = links_add(&c->links, l);
    CHECK(added);
    c->join_ms = UINT64_MAX;
    outbox_add(&c->common.outbox, FX_CONNECT, l->id)->text = place;
    return ST_OK;
}

/* An inviter that cannot be reached is tried again; its word, or its silence thrice, is final. */
static void join_ended(struct core *c, struct link *l)
{
    if (!l->dialled || !l->joining || l->reason == ST_OK)
        return;
    if (l->hello_seen && status_class(l->reason) == STATUS_PEER && l->reason != ST_STALLED)
        return;
    bool silent = l->wire.bytes_out > 0 && !l->hello_seen;
    c->join_silences = silent ? c->join_silences + 1 : 0;
    if (c->join_silences >= JOIN_SILENCE_MAX) {
        l->reason = ST_NOT_FOUND;
        l->transport_gone = false; /* so that the shell hears why */
        return;
    }
    c->join_wait_ms = c->join_wait_ms == 0 ? BACKOFF_MS_MIN : 2 * c->join_wait_ms;
    if (c->join_wait_ms > JOIN_WAIT_MS_MAX)
        c->join_wait_ms = JOIN_WAIT_MS_MAX;
    c->join_ms = c->common.now_ms + c->join_wait_ms;
}

static bool is_silent(const struct link *l)
{
    return l != NULL && !l->dialled && l->state == LINK_HANDSHAKE && !l->half_open;
}

/* Connections that have shown nothing genuine are few: the oldest gives way. */
static void make_room(struct core *c)
{
    struct link *oldest = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->links.end; i++) {
        struct link *l = c->links.at[i];
        if (!is_silent(l))
            continue;
        count++;
        if (oldest == NULL || l->deadline_ms < oldest->deadline_ms)
            oldest = l;
    }
    if (count >= HALF_OPEN_MAX)
        link_fail(oldest, &c->common, ST_TOO_LARGE);
}

static enum status accept(struct core *c, const struct core_event *e)
{
    struct link *l = NULL;
    const struct limiter_address from = address_of_stranger(e->text);
    const struct link_options options = {.id = e->link};
    if (e->link == 0 || links_find(&c->links, e->link) != NULL)
        return ST_OK;
    if (!limiter_admit(c->limiter, &from, c->common.now_ms)) {
        outbox_add(&c->common.outbox, FX_CLOSE, e->link)->status = ST_TOO_LARGE;
        return ST_OK;
    }
    make_room(c);
    enum status status = link_create(&c->common, &options, &l);
    if (status == ST_OK && links_add(&c->links, l))
        return ST_OK;
    link_free(l);
    outbox_add(&c->common.outbox, FX_CLOSE, e->link)->status =
        status != ST_OK ? status : ST_TOO_LARGE;
    return status;
}

/* A first genuine message takes a slot; a finished handshake gives it back. */
static void count_half_open(struct core *c, struct link *l)
{
    uint64_t evicted;
    if (l->dialled)
        return;
    if (l->state != LINK_HANDSHAKE) {
        limiter_leave_slot(c->limiter, l->id);
        return;
    }
    if (l->half_open || !channel_authenticated(l->wire.channel))
        return;
    l->half_open = true;
    if (!limiter_take_slot(c->limiter, l->id, c->common.now_ms, &evicted))
        return;
    struct link *loser = links_find(&c->links, (link_id)evicted);
    if (loser != NULL)
        link_fail(loser, &c->common, ST_TOO_LARGE);
}

static void receive(struct core *c, struct link *l, struct bytes in)
{
    bool opening = l->state == LINK_HANDSHAKE;
    link_receive(l, &c->common, in);
    if (!opening)
        return;
    count_half_open(c, l);
    struct link *loser = links_crowded_out(&c->links, l, &c->common);
    if (loser != NULL)
        link_end(loser, &c->common, ST_UNREACHABLE, BYE_BUSY);
    if (!l->dialled && l->state > LINK_HANDSHAKE && links_open(&c->links) >= LINKS_MAX)
        link_end(l, &c->common, ST_UNREACHABLE, BYE_BUSY);
}

/* ---- Events ---- */

static enum status take_charter(struct core *c, const struct core_event *e)
{
    uint32_t before = c->common.view.version;
    enum status status = ST_OK;
    if (e->charter.version > 0)
        status = view_set_charter(&c->common.view, e);
    if (status == ST_OK && e->charter.version > 0)
        status = view_set_motions(&c->common.view, e);
    if (status == ST_OK && c->common.view.version != before)
        status = gossip_set_members(&c->gossip, &c->common);
    struct link *l = links_of_request(&c->links, e->request);
    if (status != ST_OK) {
        if (l != NULL)
            link_fail(l, &c->common, status); /* it waits for this answer */
        return status;
    }
    for (uint32_t i = 0; i < c->links.end && c->common.view.version != before; i++) {
        if (c->links.at[i] != NULL)
            link_charter_grew(c->links.at[i], &c->common);
    }
    l = links_of_request(&c->links, e->request);
    if (l != NULL)
        link_answer(l, &c->common, e);
    return ST_OK;
}

static enum status take_heads(struct core *c, const struct core_event *e)
{
    enum status status = view_set_heads(&c->common.view, e);
    for (uint32_t i = 0; i < c->links.end && status == ST_OK; i++) {
        struct link *l = c->links.at[i];
        if (l != NULL && l->state == LINK_ACTIVE)
            fetch_heads_changed(l->fetch, &c->common);
    }
    return status;
}

/* Who gave it hears so, and who asked for it in vain. */
static void take_kept(struct core *c, const struct core_event *e)
{
    struct link *from = links_of_request(&c->links, e->request);
    if (from != NULL)
        link_answer(from, &c->common, e);
    for (uint32_t i = 0; i < c->links.end && e->status == ST_OK; i++) {
        if (c->links.at[i] != NULL)
            link_tell_kept(c->links.at[i], &c->common, e, c->links.at[i] == from);
    }
}

static void on_link_event(struct core *c, const struct core_event *e)
{
    struct link *l = links_find(&c->links, e->link);
    if (l == NULL)
        return; /* ended here before the shell knew */
    if (e->kind == CORE_CONNECTED)
        link_connected(l, &c->common);
    else if (e->kind == CORE_DATA)
        receive(c, l, e->bytes);
    else if (e->kind == CORE_WRITTEN)
        l->wire.unsent_bytes = e->unsent_bytes;
    else
        link_gone(l, &c->common, e->status);
}

static enum status dispatch(struct core *c, const struct core_event *e)
{
    struct link *l;
    switch (e->kind) {
    case CORE_START:
        c->join_ms = c->joins && c->links.end == 0 ? c->common.now_ms : c->join_ms;
        return ST_OK;
    case CORE_CHARTER:
        return take_charter(c, e);
    case CORE_HEADS:
        return take_heads(c, e);
    case CORE_PEERS:
        return gossip_set_addresses(&c->gossip, &c->common, e);
    case CORE_INVITATIONS:
        return view_set_invitations(&c->common.view, e);
    case CORE_SYNC:
        gossip_sync(&c->gossip, &c->common, &c->links, e->label);
        return ST_OK;
    case CORE_ACCEPTED:
        return accept(c, e);
    case CORE_CONNECTED:
    case CORE_DATA:
    case CORE_WRITTEN:
    case CORE_CLOSED:
        on_link_event(c, e);
        return ST_OK;
    case CORE_STORED:
    case CORE_LOADED:
    case CORE_PAIRED:
    case CORE_WISHES:
    case CORE_GIVEN:
        l = links_of_request(&c->links, e->request);
        if (l != NULL)
            link_answer(l, &c->common, e);
        return ST_OK;
    case CORE_KEPT:
        take_kept(c, e);
        return ST_OK;
    case CORE_WANTED:
        freight_told(&c->common.freight, e);
        return ST_OK;
    case CORE_COMMITTED:
        gossip_push(&c->common, &c->links, e);
        return ST_OK;
    case CORE_TICK:
    default:
        return ST_OK;
    }
}

/* ---- The rest of a step ---- */

static void read_messages(struct core *c, struct link *l)
{
    uint32_t count = 0;
    while (l->unread && count < STEP_MESSAGES_MAX && !outbox_is_tight(&c->common.outbox)) {
        if (!link_read_next(l, &c->common))
            break;
        count++;
    }
    if (count < STEP_MESSAGES_MAX && !outbox_is_tight(&c->common.outbox)) {
        l->backlog = 0;
        return;
    }
    c->again = true;
    if (count == STEP_MESSAGES_MAX && ++l->backlog > BACKLOG_STEPS_MAX)
        link_fail(l, &c->common, ST_TOO_LARGE);
}

/* Hand over what a link has to say and, where it ended, the end. */
static void flush(struct core *c, struct link *l)
{
    struct outbox *o = &c->common.outbox;
    if (outbox_is_tight(o)) {
        c->again = true;
        return;
    }
    link_pump(l, &c->common);
    if (l->wire.status != ST_OK)
        link_fail(l, &c->common, l->wire.status);
    if (!l->transport_gone)
        wire_flush(&l->wire, &c->common);
    if (l->state == LINK_CLOSED && !l->flushed) {
        l->flushed = true;
        limiter_leave_slot(c->limiter, l->id);
        gossip_closed(&c->gossip, &c->common, &c->links, l);
        join_ended(c, l);
        if (!l->transport_gone)
            outbox_add(o, FX_CLOSE, l->id)->status = l->reason;
    }
    if (l->state != l->shown) {
        l->shown = l->state;
        outbox_add(o, FX_PEER, l->id)->status = l->reason;
    }
}

enum status core_step(struct core *c, const struct core_event *event, struct effects *out)
{
    struct common *s = &c->common;
    outbox_reset(&s->outbox);
    links_reap(&c->links);
    c->again = false;
    if (event->now_ms > s->now_ms)
        s->now_ms = event->now_ms;
    enum status status = dispatch(c, event);
    for (uint32_t i = 0; i < c->links.end; i++) {
        if (c->links.at[i] == NULL)
            continue;
        read_messages(c, c->links.at[i]);
        pulse_tick(c->links.at[i], s);
    }
    gossip_settle(&c->gossip, s, &c->links);
    for (uint32_t i = 0; i < c->links.end; i++) {
        if (c->links.at[i] != NULL)
            flush(c, c->links.at[i]);
    }
    enum status dialled = gossip_run(&c->gossip, s, &c->links);
    if (c->joins && s->now_ms >= c->join_ms)
        dialled = join(c);
    CHECK(s->outbox.count <= EFFECTS_MAX);
    *out = (struct effects){s->outbox.list, s->outbox.count};
    return status != ST_OK ? status : dialled;
}

uint64_t core_deadline_ms(const struct core *c)
{
    if (c->again)
        return c->common.now_ms;
    uint64_t next = gossip_deadline_ms(&c->gossip, &c->common, &c->links);
    if (c->joins && c->join_ms < next)
        next = c->join_ms;
    for (uint32_t i = 0; i < c->links.end; i++) {
        uint64_t due =
            c->links.at[i] != NULL ? pulse_deadline_ms(c->links.at[i], &c->common) : UINT64_MAX;
        next = due < next ? due : next;
    }
    return next > c->common.now_ms ? next : c->common.now_ms;
}

bool core_peer(const struct core *c, uint32_t index, struct core_peer *out)
{
    return gossip_peer(&c->gossip, &c->common, &c->links, index, out);
}
