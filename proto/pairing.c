#include "proto/pairing.h"

#include <sodium.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/say.h"

#define TO(state) (1u << PAIRING_##state)
static const unsigned moves[PAIRING_STATE_COUNT] = {
    [PAIRING_OFF] = TO(HELLO),         [PAIRING_HELLO] = TO(REQUEST) | TO(ACCEPT),
    [PAIRING_REQUEST] = TO(ADMITTING), [PAIRING_ADMITTING] = TO(DONE),
    [PAIRING_ACCEPT] = TO(DONE),
};
#undef TO

static void move(struct pairing *p, enum pairing_state to)
{
    CHECK((moves[p->state] & (1u << to)) != 0);
    p->state = to;
    CHECK((p->state == PAIRING_ADMITTING) == (p->request != 0));
    CHECK(p->joiner || p->file_count == 0);
}

void pairing_release(struct pairing *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->file_count; i++)
        mem_free((void *)(uintptr_t)p->files[i].data);
    mem_free(p->files);
    *p = (struct pairing){0};
}

enum status pairing_secret(struct pairing *p, const struct common *c, struct wire *w)
{
    struct bytes id;
    bool wanted = channel_wants_psk(w->channel, &id);
    CHECK(wanted && id.count <= sizeof(p->invitation));
    const struct view_invitation *invitation = view_invitation(&c->view, id);
    if (invitation == NULL)
        return ST_NOT_FOUND;
    memcpy(p->invitation, id.data, id.count);
    p->invitation_bytes = id.count;
    channel_set_psk(w->channel, invitation->secret);
    return ST_OK;
}

void pairing_begin(struct pairing *p, struct common *c, struct wire *w, bool joiner)
{
    p->joiner = joiner;
    move(p, PAIRING_HELLO);
    say_hello(c, w);
    if (!joiner)
        return;
    c->out->kind = MESSAGE_PAIR_REQUEST;
    c->out->pair_request = (struct msg_pair_request){
        .key = c->key,
        .address = bytes_of_text(c->listen),
    };
    wire_send(w, c);
}

static enum status on_request(struct pairing *p, struct common *c, struct wire *w)
{
    const struct msg_pair_request *m = &c->in->pair_request;
    struct bytes id = {p->invitation, p->invitation_bytes};
    uint8_t told[KEY_BYTES], proven[KEY_BYTES];
    const struct view_invitation *invitation = view_invitation(&c->view, id);
    if (invitation == NULL)
        return ST_EXPIRED; /* taken back since the handshake */
    channel_remote(w->channel, proven);
    if (crypto_sign_ed25519_pk_to_curve25519(told, m->key.id) != 0 ||
        memcmp(told, proven, KEY_BYTES) != 0)
        return ST_MALFORMED;
    bool same_key = invitation->used && memcmp(invitation->used_by.id, m->key.id, KEY_BYTES) == 0;
    if (invitation->used && !same_key)
        return ST_USED;
    if (invitation->expired && !same_key)
        return ST_EXPIRED;
    uint8_t *kept = outbox_keep(&c->outbox, id.data, id.count);
    char *address = outbox_keep(&c->outbox, m->address.data, m->address.count);
    if (kept == NULL || address == NULL)
        return ST_NO_MEMORY;
    struct core_effect *effect = outbox_add(&c->outbox, FX_PAIR, w->link);
    effect->request = p->request = common_request(c);
    effect->bytes = (struct bytes){kept, id.count};
    effect->text = address;
    effect->key = m->key;
    move(p, PAIRING_ADMITTING);
    return ST_OK;
}

static enum status collect(struct pairing *p, const struct msg_pair_accept *m)
{
    struct bytes *files =
        mem_resize(p->files, (p->file_count + m->version_count + 1) * sizeof(files[0]));
    if (files == NULL)
        return ST_NO_MEMORY;
    p->files = files;
    for (uint32_t i = 0; i < m->version_count; i++) {
        p->files_bytes += m->versions[i].count;
        if (p->files_bytes > PAIRING_CHAIN_BYTES_MAX || p->file_count >= CHARTER_VERSIONS_MAX)
            return ST_TOO_LARGE;
        uint8_t *copy = mem_copy(m->versions[i].data, m->versions[i].count);
        if (copy == NULL)
            return ST_NO_MEMORY;
        p->files[p->file_count++] = (struct bytes){copy, m->versions[i].count};
    }
    return ST_OK;
}

static enum status on_accept(struct pairing *p, struct common *c, struct wire *w)
{
    const struct msg_pair_accept *m = &c->in->pair_accept;
    CHECK(m->label.count <= LABEL_BYTES_MAX);
    if (p->file_count > 0 && !bytes_equal_text(m->label, p->label))
        return ST_PROTOCOL;
    memset(p->label, 0, sizeof(p->label));
    memcpy(p->label, m->label.data, m->label.count);
    enum status status = collect(p, m);
    if (status != ST_OK || m->more)
        return status;
    if (p->file_count == 0)
        return ST_PROTOCOL;
    const struct bytes *files;
    const char *label = outbox_keep(&c->outbox, p->label, sizeof(p->label));
    status = outbox_keep_items(&c->outbox, p->files, p->file_count, &files);
    if (status != ST_OK || label == NULL)
        return ST_NO_MEMORY;
    struct core_effect *effect = outbox_add(&c->outbox, FX_JOINED, w->link);
    effect->text = label;
    effect->items = files;
    effect->item_count = p->file_count;
    move(p, PAIRING_DONE);
    return ST_CLOSED;
}

enum status pairing_on_message(struct pairing *p, struct common *c, struct wire *w)
{
    switch (c->in->kind) {
    case MESSAGE_HELLO:
        if (p->state != PAIRING_HELLO || c->in->hello.version != MESSAGE_VERSION)
            return ST_PROTOCOL;
        move(p, p->joiner ? PAIRING_ACCEPT : PAIRING_REQUEST);
        return ST_OK;
    case MESSAGE_PAIR_REQUEST:
        return p->state == PAIRING_REQUEST ? on_request(p, c, w) : ST_PROTOCOL;
    case MESSAGE_PAIR_ACCEPT:
        return p->state == PAIRING_ACCEPT ? on_accept(p, c, w) : ST_PROTOCOL;
    default:
        return ST_PROTOCOL;
    }
}

enum status pairing_on_answer(struct pairing *p, struct common *c, struct wire *w,
                              const struct core_event *e)
{
    CHECK(p->state == PAIRING_ADMITTING && p->request == e->request);
    if (e->status != ST_OK)
        return e->status == ST_NOT_FOUND ? ST_EXPIRED : e->status;
    struct msg_pair_accept *m = &c->out->pair_accept;
    c->out->kind = MESSAGE_PAIR_ACCEPT;
    *m = (struct msg_pair_accept){.label = e->paired.label};
    for (uint32_t i = 0; i < e->paired.file_count; i++) {
        if (msg_pair_accept_add(m, e->paired.files[i]))
            continue;
        m->more = true;
        wire_send(w, c);
        m->more = false;
        m->version_count = 0;
        bool added = msg_pair_accept_add(m, e->paired.files[i]);
        CHECK(added);
    }
    wire_send(w, c);
    p->request = 0;
    move(p, PAIRING_DONE);
    return ST_OK;
}
