#include "proto/say.h"

#include "proto/check.h"

enum { STORED_FRESH_MAX = 4 }; /* just stored ids that STORED names beside the heads */

void say_hello(struct common *c, struct wire *w)
{
    c->out->kind = MESSAGE_HELLO;
    c->out->hello = (struct msg_hello){
        .version = MESSAGE_VERSION,
        .agent = bytes_of_text(c->agent),
    };
    wire_send(w, c);
}

void say_charter(struct common *c, struct wire *w)
{
    c->out->kind = MESSAGE_CHARTER;
    c->out->charter = (struct msg_charter){.version = c->view.version, .hash = c->view.hash};
    wire_send(w, c);
}

void say_versions(struct common *c, struct wire *w, uint32_t theirs)
{
    struct msg_charter *m = &c->out->charter;
    if (theirs >= c->view.version)
        return;
    c->out->kind = MESSAGE_CHARTER;
    *m = (struct msg_charter){.version = c->view.version, .hash = c->view.hash};
    for (uint32_t i = theirs; i < c->view.version; i++) {
        if (msg_charter_add(m, c->view.files[i]))
            continue;
        m->more = true;
        wire_send(w, c);
        m->more = false;
        m->version_count = 0;
        bool added = msg_charter_add(m, c->view.files[i]);
        CHECK(added);
    }
    wire_send(w, c);
}

void say_heads(struct common *c, struct wire *w, uint64_t since)
{
    c->out->kind = MESSAGE_HEADS;
    view_tell_heads(&c->view, since, &c->out->heads);
    wire_send(w, c);
}

void say_stored(struct common *c, struct wire *w, uint64_t judged, const struct core_event *e)
{
    struct msg_stored *m = &c->out->stored;
    const struct idset *ours = &c->view.heads;
    const uint32_t most = HEADS_MAX - STORED_FRESH_MAX;
    c->out->kind = MESSAGE_STORED;
    m->items = judged;
    m->id_count = ours->count < most ? ours->count : most;
    if (m->id_count > 0)
        memcpy(m->ids, ours->ids, m->id_count * sizeof(m->ids[0]));
    uint32_t fresh = 0;
    for (uint32_t i = e->stored.count; i > 0 && fresh < STORED_FRESH_MAX; i--) {
        if (e->stored.verdicts[i - 1] != ST_OK)
            continue;
        fresh++;
        if (!idset_has(ours, &e->stored.ids[i - 1]))
            m->ids[m->id_count++] = e->stored.ids[i - 1];
    }
    CHECK(m->id_count <= HEADS_MAX);
    m->dropped_count = 0;
    for (uint32_t i = 0; i < e->stored.count && m->dropped_count < BATCH_ITEMS_MAX; i++)
        if (e->stored.verdicts[i] == ST_OVER_QUOTA)
            m->dropped[m->dropped_count++] = e->stored.ids[i];
    wire_send(w, c);
}

void say_want(struct common *c, struct wire *w, const struct core_event *e)
{
    struct msg_want *m = &c->out->want;
    uint32_t count = e->stored.missing_count;
    if (count == 0)
        return;
    c->out->kind = MESSAGE_WANT;
    m->id_count = count < WANT_IDS_MAX ? count : WANT_IDS_MAX;
    memcpy(m->ids, e->stored.missing, m->id_count * sizeof(m->ids[0]));
    wire_send(w, c);
}

void say_summary(struct common *c, struct wire *w, const struct core_event *e)
{
    struct msg_summary *m = &c->out->summary;
    uint32_t count = e->loaded.count;
    c->out->kind = MESSAGE_SUMMARY;
    m->id_count = count < SUMMARY_IDS_MAX ? count : SUMMARY_IDS_MAX;
    if (m->id_count > 0)
        memcpy(m->ids, e->loaded.ids, m->id_count * sizeof(m->ids[0]));
    wire_send(w, c);
}

void say_ping(struct common *c, struct wire *w)
{
    c->out->kind = MESSAGE_PING;
    c->entropy(c->entropy_context, &c->out->ping.nonce, sizeof(c->out->ping.nonce));
    wire_send(w, c);
}
