#include "replicas/download.h"

#include <sodium.h>

#include "proto/check.h"
#include "replicas/attachment.h"
#include "replicas/engine.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/upload.h"
#include "replicas/words.h"

struct download {
    const struct verb_call *call;
    struct replica *replica;
    struct bytes named;      /* NAME; empty: any */
    struct attachment first; /* the first that fits; owned */
    uint32_t count;          /* how many fit */
    bool silent;             /* only find it */
    struct fault *fault;
};

/* The beginning of its id, or its whole name where that can be read. */
static enum status fits(struct download *d, const struct attachment *a, bool *out)
{
    struct buf json = {0}, text = {0};
    struct bytes id = bytes_of_text(a->id);
    *out =
        d->named.count == 0 || (d->named.count >= LOOKUP_PREFIX_MIN && d->named.count <= id.count &&
                                memcmp(d->named.data, id.data, d->named.count) == 0);
    if (*out)
        return ST_OK;
    enum status status = attachment_name(d->replica, a, &json, d->fault);
    if (status == ST_OK && json.count > 0) {
        status = json_take_text(buf_bytes(&json), &text);
        *out = status == ST_OK && bytes_equal(buf_bytes(&text), d->named);
    }
    buf_release(&json);
    buf_release(&text);
    return status == ST_NO_MEMORY ? status : ST_OK;
}

static enum status send_row(struct download *d, const struct attachment *a)
{
    struct attachment_view view = {.state = SEALED_WAITING};
    struct buf row = {0};
    char hash[2 * DIGEST_BYTES + 1];
    enum status status = attachment_open(d->replica, a, &view, d->fault);
    hex_encode(view.content.file.id, DIGEST_BYTES, hash);
    buf_add_byte(&row, '{');
    if (status == ST_OK)
        status = attachment_add_row(d->replica, a, &row, d->fault);
    buf_add_text(&row, ",\"record\":");
    json_add_text(&row, bytes_of_text(a->record));
    if (view.state == SEALED_READ)
        buf_add_format(&row, ",\"file\":\"%s\"}", hash);
    else
        buf_add_text(&row, ",\"file\":null}");
    if (status == ST_OK)
        status = verb_send(d->call, &row);
    attachment_view_release(&view);
    buf_release(&row);
    return status;
}

static enum status on_file(void *user, const struct attachment *a)
{
    struct download *d = user;
    bool wanted = false;
    enum status status = fits(d, a, &wanted);
    if (status != ST_OK || !wanted)
        return status;
    if (d->count++ == 0)
        status = attachment_copy(a, &d->first);
    return status == ST_OK && !d->silent ? send_row(d, a) : status;
}

static enum status look(struct download *d, const struct index_id *id, struct fault *f)
{
    struct record record = {0};
    struct attachment a = {.bytes = 0};
    if (!attachment_is_type(bytes_of_text(id->type)))
        return attachment_each(d->replica, bytes_of_text(id->id), on_file, d, f);
    enum status status = replica_record(d->replica, NULL, bytes_of_text(id->type),
                                        bytes_of_text(id->id), &record, f);
    if (status == ST_OK)
        status = attachment_take(&record, &a);
    if (status == ST_OK)
        status = on_file(d, &a);
    attachment_release(&a);
    record_release(&record);
    return status;
}

/* ---- One file ---- */

static enum status say_missing(const struct attachment *a, const struct attachment_view *v,
                               struct fault *f)
{
    enum status status;
    switch (v->state) {
    case SEALED_ERASED:
        return fault_set(f, ST_NOT_FOUND, "%s %.8s was erased", a->type, a->id);
    case SEALED_NOT_ENTITLED:
        status = fault_set(f, ST_NOT_ALLOWED, "%s %.8s may not be read here", a->type, a->id);
        fault_fix(f, "its type and size are known; an office can read it");
        return status;
    case SEALED_DAMAGED:
        return fault_set(f, ST_CORRUPT, "%s %.8s is damaged: its list does not open", a->type,
                         a->id);
    case SEALED_WAITING:
        status = fault_set(f, ST_PARTLY, "%s %.8s is not here yet: its list is on its way", a->type,
                           a->id);
        break;
    case SEALED_READ:
        status = fault_set(f, ST_PARTLY,
                           "%s %.8s is not here yet: %u of %u parts, the others are on their way",
                           a->type, a->id, v->held, v->chunks);
        break;
    default:
        CHECK(false);
        return ST_CORRUPT;
    }
    fault_fix(f, "ask again in a while; minga status shows how many parts are waited for");
    return status;
}

static enum status send_part(struct download *d, const struct attachment_view *v, uint64_t offset,
                             struct fault *f)
{
    uint32_t index = (uint32_t)(offset / ATTACHMENT_CHUNK_BYTES);
    struct buf plain = {0}, row = {0};
    enum status status = ST_OK;
    if (offset % ATTACHMENT_CHUNK_BYTES != 0 || index > v->chunks)
        return fault_set(f, ST_USAGE, "no part of this file begins there");
    for (uint32_t i = index; i < v->chunks && i < index + UPLOAD_PART_CHUNKS && status == ST_OK;
         i++)
        status = attachment_chunk(d->replica, &d->first, v, i, &plain, f);
    buf_add_format(&row, "{\"offset\":%llu,\"content\":\"", (unsigned long long)offset);
    size_t room = sodium_base64_ENCODED_LEN(plain.count, sodium_base64_VARIANT_ORIGINAL);
    char *text = (char *)buf_reserve(&row, room);
    if (status == ST_OK && text != NULL) {
        sodium_bin2base64(text, room, plain.data, plain.count, sodium_base64_VARIANT_ORIGINAL);
        row.count += room - 1; /* its NUL */
        buf_add_text(&row, "\"}");
    }
    if (status == ST_OK)
        status = verb_send(d->call, &row);
    if (plain.count > 0)
        sodium_memzero(plain.data, plain.count);
    buf_release(&plain);
    buf_release(&row);
    return status;
}

static enum status fetch_one(struct download *d, struct fault *f)
{
    const struct control_request *q = d->call->request;
    struct attachment_view view = {.state = SEALED_WAITING};
    uint64_t offset = 0;
    enum status status = attachment_open(d->replica, &d->first, &view, f);
    if (status == ST_OK && view.state == SEALED_READ && view.held < view.chunks) {
        status = attachment_want(d->replica, &view, f);
        d->replica->vault_changed = true;
    }
    if (status == ST_OK && (view.state != SEALED_READ || view.held < view.chunks))
        status = say_missing(&d->first, &view, f);
    if (status == ST_OK && control_has(q, "offset")) {
        status = words_count(control_option(q, "offset"), "offset", &offset, f);
        if (status == ST_OK)
            status = send_part(d, &view, offset, f);
    }
    attachment_view_release(&view);
    return status;
}

enum status download_fetch(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct download d = {.call = call, .replica = call->replica, .fault = f};
    struct index_id id;
    if (q->word_count < 1 || q->word_count > 2) {
        enum status status = fault_set(f, ST_USAGE, "something is missing behind 'fetch'");
        fault_fix(f, "use: minga fetch ID [NAME] [--out FILE]");
        return status;
    }
    if (replica_vault(d.replica) == NULL)
        return fault_set(f, ST_NOT_ALLOWED, "this replica is open for reading only");
    d.silent = control_has(q, "offset");
    d.named = q->word_count > 1 ? q->words[1] : (struct bytes){NULL, 0};
    enum status status = lookup_id(d.replica, q->words[0], &id, f);
    if (status == ST_OK)
        status = look(&d, &id, f);
    if (status == ST_OK && d.count == 0) {
        status = fault_set(f, ST_NOT_FOUND, "%s %.8s has no %s", id.type, id.id,
                           d.named.count > 0 ? "file of that name" : "file");
        fault_fix(f, "minga show %.8s lists its files", id.id);
    } else if (status == ST_OK && d.count == 1) {
        status = fetch_one(&d, f);
    } else if (status == ST_OK && d.silent) {
        status = fault_set(f, ST_AMBIGUOUS, "several files fit");
    }
    attachment_release(&d.first);
    return status;
}
