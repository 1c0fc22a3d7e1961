#include "proto/motions.h"

#include "proto/check.h"

enum {
    PAUSE_MS = 250, /* between two CHARTERs of motions */
    BURST = 64,     /* of them that a peer may tell at once */
};

enum status motions_admit(struct motions *m, const struct common *c)
{
    uint64_t paid = (m->paid_ms > c->now_ms ? m->paid_ms : c->now_ms) + PAUSE_MS;
    if (paid > c->now_ms + BURST * PAUSE_MS)
        return ST_TOO_LARGE;
    m->paid_ms = paid;
    return ST_OK;
}

/* Motions behind 'at' that are new since 'told', as many as one CHARTER takes. */
static void gather(struct motions *m, const struct view *v, struct msg_charter *out)
{
    size_t bytes = 0;
    for (; m->at < v->motion_count; m->at++) {
        const struct view_motion *motion = &v->motions[m->at];
        if (motion->since <= m->told)
            continue;
        bytes += motion->bytes.count;
        if (out->proposal_count == PROPOSALS_MAX || bytes > CHARTER_BATCH_BYTES_MAX)
            return;
        out->proposals[out->proposal_count++] = motion->bytes;
    }
}

void motions_pump(struct motions *m, struct common *c, struct wire *w)
{
    const struct view *v = &c->view;
    struct msg_charter *out = &c->out->charter;
    if (m->begun && (m->told == v->motioned || c->now_ms < m->next_ms))
        return;
    if (m->pass != v->motioned) {
        m->pass = v->motioned;
        m->at = 0;
    }
    *out = (struct msg_charter){.version = v->version, .hash = v->hash};
    gather(m, v, out);
    if (m->at == v->motion_count)
        m->told = m->pass;
    CHECK(m->told <= v->motioned);
    if (out->proposal_count == 0 && m->begun)
        return;
    m->begun = true;
    c->out->kind = MESSAGE_CHARTER;
    m->next_ms = c->now_ms + PAUSE_MS;
    wire_send(w, c);
}

uint64_t motions_deadline_ms(const struct motions *m, const struct common *c)
{
    return m->told == c->view.motioned ? UINT64_MAX : m->next_ms;
}
