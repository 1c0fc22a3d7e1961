#include "replicas/plain.h"

#include "replicas/custody.h"
#include "replicas/index.h"
#include "replicas/index_plain.h"
#include "replicas/reveal.h"

enum { TIDY_EVERY = 64 }; /* records read between two tidyings of the store */

static enum status read_record(struct replica *r, struct index_plain *p, const struct index_id *id,
                               struct buf *fields, struct fault *f)
{
    struct record record = {0};
    uint32_t waiting = 0;
    buf_reset(fields);
    enum status status =
        replica_record(r, NULL, bytes_of_text(id->type), bytes_of_text(id->id), &record, f);
    if (status == ST_OK)
        status = reveal_plain(r, &record, fields, &waiting, f);
    else if (status == ST_NOT_FOUND)
        status = ST_OK;
    if (status == ST_OK)
        status = index_plain_put(p, id, buf_bytes(fields), waiting, f);
    record_release(&record);
    return status;
}

enum status plain_update(struct replica *r, uint64_t max, bool *more_out, struct fault *f)
{
    struct index *index = replica_index(r);
    struct buf fields = {0};
    struct index_id id;
    bool found = true;
    uint64_t count = 0;
    if (more_out != NULL)
        *more_out = false;
    if (index == NULL || replica_vault(r) == NULL)
        return ST_OK;
    struct index_plain *p = index_plain_part(index);
    struct keyring *keyring = NULL;
    enum status status = replica_keyring(r, &keyring, f);
    if (status == ST_OK)
        status = index_plain_begin(p, f);
    if (status == ST_OK && !oid_equal(&p->seen, replica_state(r))) {
        status = index_plain_again(p, f); /* class keys may have come */
        p->seen = *replica_state(r);
    }
    while (status == ST_OK && found && (max == 0 || count < max)) {
        status = index_plain_next(p, &id, &found, f);
        if (status == ST_OK && found)
            status = read_record(r, p, &id, &fields, f);
        if (++count % TIDY_EVERY == 0)
            store_tidy(replica_store(r));
    }
    if (more_out != NULL)
        *more_out = found;
    buf_release(&fields);
    return status;
}

enum status plain_mark(struct replica *r, struct bytes type, struct bytes record, struct fault *f)
{
    struct index *index = replica_index(r);
    return index != NULL ? index_plain_mark(index_plain_part(index), record, type, f) : ST_OK;
}

enum status plain_forget(struct replica *r, struct fault *f)
{
    struct index *index = replica_index(r);
    return index != NULL ? index_plain_forget(index_plain_part(index), f) : ST_OK;
}

enum status plain_step(struct tending *now, struct fault *f)
{
    bool more = false;
    uint64_t values = 0, files = 0;
    (void)f;
    if (custody_waiting(now->replica, &values, &files, NULL) == ST_OK && values > 0) {
        tend_again(now, now->now_ms + TEND_MS); /* what comes now would be read twice */
        return ST_OK;
    }
    if (plain_update(now->replica, PLAIN_PART, &more, NULL) == ST_OK && more)
        tend_again(now, now->now_ms + PLAIN_PAUSE_MS);
    return ST_OK;
}
