#include "daemon/carrier.h"

#include "daemon/logger.h"
#include "proto/mem.h"

static struct job *make(const struct core_effect *e, enum job_kind kind)
{
    struct job *j = job_new(kind);
    if (j == NULL)
        return NULL;
    j->request = e->request;
    j->link = e->link;
    j->lane = e->lane;
    j->key = e->key;
    return j;
}

static struct job *make_wish(const struct core_effect *e)
{
    struct job *j = make(e, JOB_WISH);
    if (j == NULL)
        return NULL;
    j->name_max = e->max;
    j->name_count = 1;
    j->names = mem_copy(&e->after, sizeof e->after);
    return j;
}

static struct job *make_give(const struct core_effect *e)
{
    struct job *j = make(e, JOB_GIVE);
    if (j == NULL)
        return NULL;
    j->bytes_max = e->bytes_max;
    j->wish_count = e->wish_count;
    j->wishes = mem_copy(e->wishes, e->wish_count * sizeof *e->wishes);
    return j;
}

static struct job *make_keep(const struct core_effect *e)
{
    struct job *j = make(e, JOB_KEEP);
    size_t at = 0;
    if (j == NULL)
        return NULL;
    j->names = mem_copy(e->names, e->item_count * sizeof *e->names);
    j->items = mem_array(e->item_count, sizeof *j->items);
    for (uint32_t i = 0; i < e->item_count; i++)
        buf_add_bytes(&j->data, e->items[i]);
    for (uint32_t i = 0; j->items != NULL && !j->data.failed && i < e->item_count; i++) {
        j->items[i] = (struct bytes){j->data.data + at, e->items[i].count};
        at += e->items[i].count;
    }
    j->name_count = j->item_count = e->item_count;
    return j;
}

void carrier_submit(struct server *s, const struct core_effect *e)
{
    struct job *j = e->kind == FX_WISH   ? make_wish(e)
                    : e->kind == FX_GIVE ? make_give(e)
                                         : make_keep(e);
    bool whole = j != NULL && !j->data.failed &&
                 (e->kind == FX_GIVE ? j->wishes != NULL : j->names != NULL) &&
                 (e->kind != FX_KEEP || j->items != NULL);
    if (!whole) {
        job_free(j);
        logger_say(LOGGER_ERROR, "event=out_of_memory");
        return;
    }
    server_submit(s, j);
}

void carrier_tell(struct server *s, const struct job *j)
{
    struct core_event event = {.request = j->request, .link = j->link, .status = j->status};
    switch (j->kind) {
    case JOB_WISH:
        event.kind = CORE_WISHES;
        event.wishes.names = j->names;
        event.wishes.count = j->name_count;
        event.wishes.more = j->more;
        break;
    case JOB_GIVE:
        event.kind = CORE_GIVEN;
        event.given.pieces = j->pieces;
        event.given.count = j->piece_count;
        break;
    case JOB_KEEP:
        event.kind = CORE_KEPT;
        event.kept.names = j->names;
        event.kept.verdicts = j->verdicts;
        event.kept.count = j->name_count;
        break;
    default:
        event.kind = CORE_WANTED;
        memcpy(event.wanted.waiting, j->waiting, sizeof j->waiting);
        break;
    }
    server_step(s, &event);
}
