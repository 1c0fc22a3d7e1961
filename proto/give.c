#include "proto/give.h"

#include "proto/check.h"
#include "proto/mem.h"

enum {
    WISHES_MAX = 512,          /* of one request to the replica */
    READ_BYTES = 64 * KIB,     /* pieces at hand */
    VALUES_UNSENT = 128 * KIB, /* in the shell's hands: beyond it the line is the slower one */
    FILES_UNSENT = 32 * KIB,   /* the same; a payment waits behind no more than this */
    GONE_MAX = 8192,           /* names that are remembered to tell the peer once they come */
};

struct give {
    enum give_state state;
    enum sealed_lane lane;
    struct sealed_wish queue[SEALED_NAMES_MAX]; /* oldest first */
    uint32_t count;
    uint32_t request, reading; /* READING: how many of the queue it holds */
    struct buf held;           /* the bytes of 'pieces' */
    struct sealed_piece pieces[WISHES_MAX];
    uint32_t piece_count, next;
    struct nameset gone;
};

#define TO(state) (1u << GIVE_##state)
static const unsigned moves[GIVE_STATE_COUNT] = {
    [GIVE_IDLE] = TO(READING),
    [GIVE_READING] = TO(SENDING),
    [GIVE_SENDING] = TO(IDLE),
};
#undef TO

static void move(struct give *g, enum give_state to)
{
    CHECK((moves[g->state] & (1u << to)) != 0);
    g->state = to;
    CHECK((to == GIVE_READING) == (g->request != 0));
    CHECK((to == GIVE_SENDING) == (g->piece_count > 0) && g->piece_count <= g->count);
}

enum status give_create(enum sealed_lane lane, struct give **out)
{
    struct give *g = mem_alloc(sizeof(*g));
    if (g == NULL)
        return ST_NO_MEMORY;
    g->lane = lane;
    *out = g;
    return ST_OK;
}

void give_free(struct give *g)
{
    if (g == NULL)
        return;
    buf_release(&g->held);
    nameset_release(&g->gone);
    mem_free(g);
}

bool give_is_idle(const struct give *g)
{
    return g->count == 0;
}

enum status give_on_want(struct give *g, const struct common *c)
{
    const struct msg_sealed_want *m = &c->in->sealed_want;
    if (m->wish_count > SEALED_NAMES_MAX - g->count)
        return ST_TOO_LARGE;
    memcpy(&g->queue[g->count], m->wishes, m->wish_count * sizeof(g->queue[0]));
    g->count += m->wish_count;
    return ST_OK;
}

bool give_owns(const struct give *g, uint32_t request)
{
    return request != 0 && request == g->request;
}

bool give_was_gone(struct give *g, const struct digest *name)
{
    return nameset_remove(&g->gone, name);
}

enum status give_on_answer(struct give *g, const struct core_event *e)
{
    size_t at = 0;
    CHECK(g->state == GIVE_READING);
    if (e->status != ST_OK)
        return e->status;
    CHECK(e->given.count >= 1 && e->given.count <= g->reading);
    buf_reset(&g->held);
    for (uint32_t i = 0; i < e->given.count; i++)
        buf_add_bytes(&g->held, e->given.pieces[i].bytes);
    if (buf_status(&g->held) != ST_OK)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < e->given.count; i++) {
        struct sealed_piece *p = &g->pieces[i];
        *p = e->given.pieces[i];
        p->name = g->queue[i].name;
        p->offset = g->queue[i].offset;
        p->bytes.data = p->bytes.count > 0 ? g->held.data + at : NULL;
        at += p->bytes.count;
        if (p->offset >= p->total)
            p->total = 0; /* it has no such piece */
        else if (p->bytes.count > p->total - p->offset)
            p->bytes.count = p->total - p->offset;
    }
    g->request = 0;
    g->piece_count = e->given.count;
    g->next = 0;
    move(g, GIVE_SENDING);
    return ST_OK;
}

/* ---- Sending ---- */

static bool takes_more(const struct give *g, const struct wire *w)
{
    size_t most = g->lane == SEALED_FILES ? FILES_UNSENT : VALUES_UNSENT;
    return w->unsent_bytes + w->out.count <= most;
}

bool give_is_ready(const struct give *g, const struct wire *w)
{
    size_t most = g->lane == SEALED_FILES ? FILES_UNSENT : VALUES_UNSENT;
    return g->count > 0 && g->state != GIVE_READING && w->unsent_bytes <= most;
}

static void say_pieces(struct give *g, struct common *c, struct wire *w)
{
    struct msg_sealed *m = &c->out->sealed;
    c->out->kind = MESSAGE_SEALED;
    m->lane = g->lane;
    m->piece_count = 0;
    while (g->next < g->piece_count && g->pieces[g->next].total > 0 &&
           msg_sealed_add(m, &g->pieces[g->next]))
        g->next++;
    wire_send(w, c);
}

static enum status say_gone(struct give *g, struct common *c, struct wire *w)
{
    struct msg_sealed_gone *m = &c->out->sealed_gone;
    enum status status = ST_OK;
    c->out->kind = MESSAGE_SEALED_GONE;
    m->lane = g->lane;
    m->name_count = 0;
    for (; g->next < g->piece_count && g->pieces[g->next].total == 0; g->next++) {
        const struct digest *name = &g->pieces[g->next].name;
        m->names[m->name_count++] = *name;
        if (status == ST_OK && g->gone.count < GONE_MAX)
            status = nameset_add(&g->gone, name);
    }
    wire_send(w, c);
    return status;
}

static enum status read_next(struct give *g, struct common *c, struct wire *w,
                             const struct key *key)
{
    uint32_t most = g->lane == SEALED_FILES ? READ_BYTES / SEALED_PIECE_BYTES : WISHES_MAX;
    uint32_t count = g->count < most ? g->count : most;
    const struct sealed_wish *wishes =
        outbox_keep(&c->outbox, g->queue, count * sizeof(g->queue[0]));
    if (wishes == NULL)
        return ST_NO_MEMORY;
    struct core_effect *effect = outbox_add(&c->outbox, FX_GIVE, w->link);
    effect->request = g->request = common_request(c);
    effect->lane = g->lane;
    effect->key = *key;
    effect->wishes = wishes;
    effect->wish_count = g->reading = count;
    effect->bytes_max = READ_BYTES;
    move(g, GIVE_READING);
    return ST_OK;
}

enum status give_pump(struct give *g, struct common *c, struct wire *w, const struct key *key)
{
    enum status status = ST_OK;
    while (g->state == GIVE_SENDING && status == ST_OK && takes_more(g, w)) {
        if (g->pieces[g->next].total > 0)
            say_pieces(g, c, w);
        else
            status = say_gone(g, c, w);
        if (g->next < g->piece_count)
            continue;
        g->count -= g->piece_count;
        memmove(g->queue, g->queue + g->piece_count, g->count * sizeof(g->queue[0]));
        g->piece_count = 0;
        buf_release(&g->held);
        move(g, GIVE_IDLE);
    }
    if (g->state == GIVE_IDLE && g->count > 0 && status == ST_OK && takes_more(g, w))
        status = read_next(g, c, w, key);
    return status;
}
