#include "tests/sim/sealing.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/custody.h"
#include "tests/sim/member.h"

static void *must_have(void *block)
{
    CHECK(block != NULL);
    return block;
}

struct sealing *sealing_new(const struct core_effect *fx)
{
    struct sealing *s = must_have(mem_alloc(sizeof *s));
    size_t at = 0;
    s->kind = fx->kind;
    s->lane = fx->lane;
    s->key = fx->key;
    s->request = fx->request;
    s->link = fx->link;
    s->after = fx->after;
    s->max = fx->max;
    s->bytes_max = fx->bytes_max;
    s->count = fx->kind == FX_GIVE ? fx->wish_count : fx->item_count;
    if (fx->kind == FX_GIVE)
        s->wishes = must_have(mem_copy(fx->wishes, fx->wish_count * sizeof *fx->wishes));
    if (fx->kind != FX_KEEP)
        return s;
    s->names = must_have(mem_copy(fx->names, fx->item_count * sizeof *fx->names));
    s->items = must_have(mem_array(fx->item_count, sizeof *s->items));
    for (uint32_t i = 0; i < fx->item_count; i++)
        buf_add_bytes(&s->data, fx->items[i]);
    CHECK(buf_status(&s->data) == ST_OK);
    for (uint32_t i = 0; i < fx->item_count; i++) {
        s->items[i] = (struct bytes){s->data.data + at, fx->items[i].count};
        at += fx->items[i].count;
    }
    return s;
}

void sealing_free(struct sealing *s)
{
    if (s == NULL)
        return;
    buf_release(&s->data);
    mem_free(s->names);
    mem_free(s->items);
    mem_free(s->wishes);
    mem_free(s->pieces);
    mem_free(s->verdicts);
    mem_free(s);
}

static void run_wish(struct member *m, struct sealing *s)
{
    s->names = must_have(mem_array(s->max, sizeof *s->names));
    s->status = custody_wishes(m->replica, (enum custody_lane)s->lane, &s->key, &s->after, s->max,
                               s->names, &s->count, &s->more, NULL);
}

static void run_give(struct member *m, struct sealing *s)
{
    struct buf whole = {0};
    size_t at = 0;
    s->pieces = must_have(mem_array(s->count, sizeof *s->pieces));
    for (uint32_t i = 0; i < s->count && (i == 0 || s->data.count < s->bytes_max); i++) {
        const struct sealed_wish *wish = &s->wishes[i];
        struct sealed_piece *p = &s->pieces[s->piece_count++];
        *p = (struct sealed_piece){.name = wish->name, .offset = wish->offset};
        buf_reset(&whole);
        s->status = custody_give(m->replica, &s->key, &wish->name, &whole, NULL);
        if (s->status == ST_NOT_FOUND || wish->offset >= whole.count) {
            s->status = ST_OK;
            continue;
        }
        if (s->status != ST_OK)
            break;
        size_t rest = whole.count - wish->offset;
        p->total = (uint32_t)whole.count;
        p->bytes.count = rest < SEALED_PIECE_BYTES ? rest : SEALED_PIECE_BYTES;
        buf_add(&s->data, whole.data + wish->offset, p->bytes.count);
    }
    CHECK(buf_status(&whole) == ST_OK && buf_status(&s->data) == ST_OK);
    buf_release(&whole);
    for (uint32_t i = 0; i < s->piece_count; i++) {
        s->pieces[i].bytes.data = s->data.data + at;
        at += s->pieces[i].bytes.count;
    }
}

static void run_keep(struct member *m, struct sealing *s)
{
    s->verdicts = must_have(mem_array(s->count, sizeof *s->verdicts));
    for (uint32_t i = 0; i < s->count && s->status == ST_OK; i++) {
        struct fault f = {0};
        s->verdicts[i] = custody_keep(m->replica, &s->names[i], s->items[i], &f);
        if (status_class(s->verdicts[i]) == STATUS_PEER)
            world_fail(m->world, "%s refuses an honest item: %s", m->label, f.text);
        if (status_class(s->verdicts[i]) == STATUS_LOCAL)
            s->status = s->verdicts[i];
    }
}

void sealing_run(struct member *m, struct sealing *s)
{
    if (s->kind == FX_WISH)
        run_wish(m, s);
    else if (s->kind == FX_GIVE)
        run_give(m, s);
    else
        run_keep(m, s);
}

void sealing_answer(struct member *m, const struct sealing *s)
{
    struct core_event event = {.request = s->request, .link = s->link, .status = s->status};
    if (s->kind == FX_WISH) {
        event.kind = CORE_WISHES;
        event.wishes.names = s->names;
        event.wishes.count = s->count;
        event.wishes.more = s->more;
    } else if (s->kind == FX_GIVE) {
        event.kind = CORE_GIVEN;
        event.given.pieces = s->pieces;
        event.given.count = s->piece_count;
    } else {
        event.kind = CORE_KEPT;
        event.kept.names = s->names;
        event.kept.verdicts = s->verdicts;
        event.kept.count = s->count;
    }
    member_step(m, &event);
}

void sealing_tell(struct member *m, bool always)
{
    struct core_event event = {.kind = CORE_WANTED};
    uint64_t *now = event.wanted.waiting;
    struct fault f = {0};
    world_must(m->world, custody_waiting(m->replica, &now[SEALED_VALUES], &now[SEALED_FILES], &f),
               "count", &f);
    bool any = now[SEALED_VALUES] > 0 || now[SEALED_FILES] > 0;
    if (memcmp(now, m->told_waiting, sizeof m->told_waiting) == 0 && !(always && any))
        return;
    memcpy(m->told_waiting, now, sizeof m->told_waiting);
    member_step(m, &event);
}
