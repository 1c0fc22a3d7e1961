#include "daemon/jobs_sealed.h"

#include "daemon/logger.h"
#include "proto/mem.h"
#include "replicas/custody.h"
#include "replicas/seal.h"

static_assert((int)SEALED_VALUES == (int)CUSTODY_VALUES && (int)SEALED_FILES == (int)CUSTODY_FILES,
              "lanes are the same");
static_assert((int)SEAL_ITEM_BYTES_MAX <= (int)SEALED_ITEM_BYTES_MAX, "every item travels");

void jobs_sealed_wish(struct replica *r, struct job *j)
{
    struct digest after = j->name_count > 0 ? j->names[0] : (struct digest){{0}};
    mem_free(j->names);
    j->names = mem_array(j->name_max, sizeof *j->names);
    j->name_count = 0;
    if (j->names == NULL) {
        j->status = ST_NO_MEMORY;
        return;
    }
    j->status = custody_wishes(r, (enum custody_lane)j->lane, &j->key, &after, j->name_max,
                               j->names, &j->name_count, &j->more, &j->fault);
}

/* One wish's piece, its bytes at the end of j->data; total 0: not to be had. 'whole' is the item
 * that was read last, for wishes of one item come one behind the other. */
static enum status give_one(struct replica *r, struct job *j, const struct sealed_wish *wish,
                            struct buf *whole, struct sealed_piece *out)
{
    const struct sealed_wish *before = wish > j->wishes ? wish - 1 : NULL;
    enum status st = ST_OK;
    *out = (struct sealed_piece){.name = wish->name, .offset = wish->offset};
    if (before == NULL || memcmp(&before->name, &wish->name, sizeof wish->name) != 0) {
        buf_reset(whole);
        st = custody_give(r, &j->key, &wish->name, whole, &j->fault);
    }
    if (st == ST_NOT_FOUND || (st == ST_OK && wish->offset >= whole->count)) {
        buf_reset(whole);
        return ST_OK;
    }
    if (st == ST_OK)
        st = buf_status(whole);
    if (st != ST_OK)
        return st;
    size_t rest = whole->count - wish->offset;
    out->total = (uint32_t)whole->count;
    out->bytes.count = rest < SEALED_PIECE_BYTES ? rest : SEALED_PIECE_BYTES;
    buf_add(&j->data, whole->data + wish->offset, out->bytes.count);
    return buf_status(&j->data);
}

void jobs_sealed_give(struct replica *r, struct job *j)
{
    struct buf whole = {0};
    size_t at = 0;
    j->pieces = mem_array(j->wish_count, sizeof *j->pieces);
    j->status = j->pieces != NULL ? ST_OK : ST_NO_MEMORY;
    for (uint32_t i = 0; i < j->wish_count && j->status == ST_OK; i++) {
        if (i > 0 && j->data.count >= j->bytes_max)
            break;
        j->status = give_one(r, j, &j->wishes[i], &whole, &j->pieces[i]);
        j->piece_count += j->status == ST_OK;
    }
    buf_release(&whole);
    for (uint32_t i = 0; i < j->piece_count; i++) {
        j->pieces[i].bytes.data = j->data.data != NULL ? j->data.data + at : NULL;
        at += j->pieces[i].bytes.count;
    }
}

void jobs_sealed_keep(struct replica *r, struct job *j)
{
    j->writes = true;
    j->verdicts = mem_array(j->item_count, sizeof *j->verdicts);
    if (j->verdicts == NULL) {
        j->status = ST_NO_MEMORY;
        return;
    }
    for (uint32_t i = 0; i < j->item_count; i++) {
        struct fault f = {0};
        j->verdicts[i] = custody_keep(r, &j->names[i], j->items[i], &f);
        if (j->verdicts[i] == ST_BAD_VALUE)
            logger_say(LOGGER_WARNING, "event=refused_item reason=\"%s\"",
                       status_word(ST_BAD_VALUE));
        if (status_class(j->verdicts[i]) == STATUS_LOCAL) {
            j->status = j->verdicts[i];
            j->fault = f;
            return;
        }
    }
}

enum status jobs_sealed_waiting(struct replica *r, uint64_t out[static SEALED_LANES],
                                struct fault *f)
{
    return custody_waiting(r, &out[SEALED_VALUES], &out[SEALED_FILES], f);
}
