#include "replicas/consign.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/bundle.h"
#include "replicas/courier.h"
#include "replicas/holdings.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/parcel.h"
#include "replicas/words.h"

enum { BYTES_DEFAULT = BATCH_BYTES_MAX };

static const struct charter *newest_of(const struct verb_call *call)
{
    return charter_newest(replica_charters(call->replica));
}

/* The office that a bundle is for: a member now, and not this one. */
static enum status recipient_of(const struct verb_call *call, const struct charter_member **out,
                                struct fault *f)
{
    struct bytes label = control_option(call->request, "for");
    *out = charter_by_label(newest_of(call), label);
    if (*out == NULL) {
        enum status st = lookup_label(call->replica, label, f);
        if (st != ST_OK)
            return st;
        fault_set(f, ST_NOT_ALLOWED, "%.*s is no member any more: nothing is written for it",
                  words_shown(label), (const char *)label.data);
        fault_fix(f, "minga member shows who is");
        return ST_NOT_ALLOWED;
    }
    if (memcmp((*out)->key.id, replica_identity(call->replica)->key.id, KEY_BYTES) != 0)
        return ST_OK;
    fault_set(f, ST_NOT_ALLOWED, "%s is this office itself", (*out)->label);
    fault_fix(f, "name the office that the file is carried to: minga member lists them");
    return ST_NOT_ALLOWED;
}

static void add_hex(struct buf *row, const char *name, const uint8_t *data, size_t count)
{
    char hex[2 * DIGEST_BYTES + 1];
    CHECK(count <= DIGEST_BYTES);
    hex_encode(data, count, hex);
    buf_add_format(row, "%s\"%s\":\"%s\"", row->count > 1 ? "," : "", name, hex);
}

enum status consign_plan(const struct verb_call *call, struct fault *f)
{
    struct replica *r = call->replica;
    const struct charter_member *to = NULL;
    const char *basis = "";
    struct holdings known = {0};
    struct buf row = {0}, tips = {0};
    enum status st = recipient_of(call, &to, f);
    if (st == ST_OK)
        st = holdings_known(r, &to->key, control_has(call->request, "since-last"), &known, &basis,
                            f);
    if (st == ST_OK)
        st = holdings_tips(r, &tips);
    if (st == ST_OK) {
        buf_add_byte(&row, '{');
        add_hex(&row, "network", replica_network(r)->id, DIGEST_BYTES);
        add_hex(&row, "sender", replica_identity(r)->key.id, KEY_BYTES);
        add_hex(&row, "recipient", to->key.id, KEY_BYTES);
        buf_add_format(&row, ",\"label\":\"%s\",\"basis\":\"%s\",\"charter\":%u,\"until\":%u",
                       to->label, basis, known.charter, graph_count(replica_graph(r)));
        courier_add(&row, "known", buf_bytes(&known.heads));
        courier_add(&row, "tips", buf_bytes(&tips));
        buf_add_byte(&row, '}');
        st = verb_send(call, &row);
    }
    holdings_release(&known);
    buf_release(&tips);
    buf_release(&row);
    return st;
}

/* What every chunk's row has; 'extra' are further members, or empty. */
static enum status send_chunk(const struct verb_call *call, const struct parcel *p, uint64_t next,
                              bool more, struct bytes extra)
{
    struct buf row = {0}, chunk = {0};
    if (p->count > 0 || p->kind == PARCEL_HEADS)
        parcel_encode(p, &chunk);
    enum status st = buf_status(&chunk);
    buf_add_format(&row, "{\"count\":%u,\"next\":%llu,\"more\":%s", p->count,
                   (unsigned long long)next, more ? "true" : "false");
    buf_add_bytes(&row, extra);
    courier_add(&row, "chunk", buf_bytes(&chunk));
    buf_add_byte(&row, '}');
    if (st == ST_OK)
        st = verb_send(call, &row);
    buf_release(&chunk);
    buf_release(&row);
    return st;
}

static enum status number_of(const struct verb_call *call, const char *name, uint64_t otherwise,
                             uint64_t *out, struct fault *f)
{
    *out = otherwise;
    return control_has(call->request, name)
               ? words_count(control_option(call->request, name), name, out, f)
               : ST_OK;
}

enum status consign_charters(const struct verb_call *call, struct fault *f)
{
    const struct charter_chain *chain = replica_charters(call->replica);
    uint64_t at;
    enum status st = number_of(call, "after", 0, &at, f);
    if (st != ST_OK)
        return st;
    struct parcel *p = mem_alloc(sizeof *p);
    if (p == NULL)
        return ST_NO_MEMORY;
    p->kind = PARCEL_CHARTERS;
    while (at < chain->count && parcel_add(p, NULL, buf_bytes(&chain->versions[at]->file)))
        at++;
    st = send_chunk(call, p, at, at < chain->count, (struct bytes){NULL, 0});
    mem_free(p);
    return st;
}

enum status consign_motions(const struct verb_call *call, struct fault *f)
{
    const struct bytes *motions = NULL;
    uint64_t at;
    enum status st = number_of(call, "after", 0, &at, f);
    if (st != ST_OK)
        return st;
    struct parcel *p = mem_alloc(sizeof *p);
    if (p == NULL)
        return ST_NO_MEMORY;
    uint32_t count = replica_motions(call->replica, &motions);
    p->kind = PARCEL_MOTIONS;
    while (at < count && parcel_add(p, NULL, motions[at]))
        at++;
    st = send_chunk(call, p, at, at < count, (struct bytes){NULL, 0});
    mem_free(p);
    return st;
}

/* ---- history ---- */

struct page {
    struct parcel parcel;
    struct buf frames[PARCEL_ENTRIES_MAX]; /* the entries' bytes */
    struct buf records;                    /* JSON: the records that they touch */
    uint32_t record_count;
    size_t bytes;
};

static void page_free(struct page *p)
{
    for (uint32_t i = 0; p != NULL && i < PARCEL_ENTRIES_MAX; i++)
        buf_release(&p->frames[i]);
    if (p != NULL)
        buf_release(&p->records);
    mem_free(p);
}

/* Records that may have sealed items; those of one commit stand together, so the last suffices to
 * name each once a commit. */
static enum status note_records(struct replica *r, struct bytes operations, struct page *p)
{
    struct op_list ops = {0};
    const struct op *last = NULL;
    enum status st = op_list_decode(operations, replica_network(r), &ops);
    for (uint32_t i = 0; st == ST_OK && i < ops.count; i++) {
        const struct op *op = &ops.ops[i];
        char hex[RECORD_ID_TEXT + 1];
        if (op->verb != OP_SET && op->verb != OP_ADD && op->verb != OP_DROP)
            continue;
        if (last != NULL && bytes_equal(last->type, op->type) &&
            memcmp(last->id, op->id, RECORD_ID_BYTES) == 0)
            continue;
        last = op;
        hex_encode(op->id, RECORD_ID_BYTES, hex);
        buf_add_format(&p->records, "%s\"%.*s %s\"", p->record_count++ > 0 ? "," : "",
                       (int)op->type.count, (const char *)op->type.data, hex);
    }
    op_list_release(&ops);
    return st == ST_OK ? buf_status(&p->records) : st;
}

/* One commit into the page; *full_out where it has to wait for the next. */
static enum status add_commit(struct replica *r, uint32_t node, size_t bytes_max, struct page *p,
                              bool *full_out, struct fault *f)
{
    struct item item;
    if (p->parcel.count == PARCEL_ENTRIES_MAX) {
        *full_out = true;
        return ST_OK;
    }
    struct buf *frame = &p->frames[p->parcel.count];
    enum status st = replica_item(r, node, frame, &item, f);
    if (st != ST_OK)
        return st;
    struct bytes bytes = {frame->data + OID_BYTES, frame->count - OID_BYTES};
    *full_out = p->parcel.count > 0 && p->bytes + bytes.count > bytes_max;
    if (!*full_out)
        *full_out = !parcel_add(&p->parcel, NULL, bytes);
    if (*full_out)
        return ST_OK;
    p->bytes += bytes.count;
    return note_records(r, item.operations, p);
}

static enum status nodes_known(struct graph *g, struct bytes ids, uint32_t **out,
                               uint32_t *count_out)
{
    uint32_t count = (uint32_t)(ids.count / OID_BYTES);
    *count_out = 0;
    *out = mem_array(count, sizeof **out);
    if (*out == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        struct oid id;
        memcpy(id.id, ids.data + (size_t)i * OID_BYTES, OID_BYTES);
        uint32_t node = graph_find(g, &id);
        if (node != GRAPH_NONE)
            (*out)[(*count_out)++] = node;
    }
    return ST_OK;
}

struct stretch { /* of nodes: those at 'after' or later, before 'until', that 'known' do not reach
                  */
    struct buf known;
    uint64_t after, until, bytes;
};

static enum status read_stretch(const struct verb_call *call, struct stretch *out, struct fault *f)
{
    enum status st = number_of(call, "after", 0, &out->after, f);
    if (st == ST_OK)
        st = number_of(call, "until", UINT32_MAX, &out->until, f);
    if (st == ST_OK)
        st = number_of(call, "bytes", BYTES_DEFAULT, &out->bytes, f);
    return st == ST_OK ? courier_option(call, "known", &out->known, f) : st;
}

static enum status fill(struct replica *r, const struct stretch *s, struct page *p,
                        uint64_t *next_out, bool *more_out, struct fault *f)
{
    uint32_t *known = NULL, *lacking = NULL, known_count = 0, count = 0, i = 0;
    enum status st = nodes_known(replica_graph(r), buf_bytes(&s->known), &known, &known_count);
    if (st == ST_OK)
        st = graph_lacking(replica_graph(r), known, known_count, &lacking, &count);
    while (st == ST_OK && i < count && lacking[i] < s->after)
        i++;
    bool full = false;
    *next_out = s->after;
    for (; st == ST_OK && i < count && lacking[i] < s->until; i++) {
        st = add_commit(r, lacking[i], (size_t)s->bytes, p, &full, f);
        if (st != ST_OK || full)
            break;
        *next_out = (uint64_t)lacking[i] + 1;
    }
    *more_out = full;
    mem_free(lacking);
    mem_free(known);
    return st;
}

enum status consign_history(const struct verb_call *call, struct fault *f)
{
    struct stretch s = {0};
    struct buf extra = {0};
    uint64_t next = 0;
    bool more = false;
    struct page *p = mem_alloc(sizeof *p);
    enum status st = p != NULL ? read_stretch(call, &s, f) : ST_NO_MEMORY;
    if (st == ST_OK) {
        p->parcel.kind = PARCEL_ITEMS;
        st = fill(call->replica, &s, p, &next, &more, f);
    }
    if (st == ST_OK) {
        buf_add_text(&extra, ",\"records\":[");
        buf_add_bytes(&extra, buf_bytes(&p->records));
        buf_add_byte(&extra, ']');
        st = buf_status(&extra);
    }
    if (st == ST_OK)
        st = send_chunk(call, &p->parcel, next, more, buf_bytes(&extra));
    buf_release(&extra);
    buf_release(&s.known);
    page_free(p);
    return st;
}

/* ---- the end ---- */

enum status consign_heads(const struct verb_call *call, struct fault *f)
{
    struct buf tips = {0};
    (void)f;
    struct parcel *p = mem_alloc(sizeof *p);
    enum status st = p != NULL ? holdings_tips(call->replica, &tips) : ST_NO_MEMORY;
    if (st == ST_OK) {
        p->kind = PARCEL_HEADS;
        p->charter = newest_of(call)->version;
        p->heads = buf_bytes(&tips);
        st = send_chunk(call, p, 0, false, (struct bytes){NULL, 0});
    }
    buf_release(&tips);
    mem_free(p);
    return st;
}

enum status consign_sign(const struct verb_call *call, struct fault *f)
{
    struct bundle_head head;
    struct buf bytes = {0}, row = {0};
    const struct home_identity *self = replica_identity(call->replica);
    enum status st = courier_option(call, "head", &bytes, f);
    if (st == ST_OK && bundle_decode(buf_bytes(&bytes), &head) != ST_OK)
        st = fault_set(f, ST_MALFORMED, "this is no head of a bundle");
    if (st == ST_OK && (memcmp(head.network.id, replica_network(call->replica), DIGEST_BYTES) ||
                        memcmp(head.sender.id, self->key.id, KEY_BYTES) != 0 ||
                        charter_by_key(newest_of(call), &head.recipient) == NULL))
        st = fault_set(f, ST_NOT_ALLOWED, "the head is not of a bundle by us for a member");
    if (st == ST_OK) {
        bundle_sign(&head, self->secret);
        buf_reset(&bytes);
        bundle_encode(&head, &bytes);
        buf_add_byte(&row, '{');
        courier_add(&row, "head", buf_bytes(&bytes));
        buf_add_byte(&row, '}');
        st = verb_send(call, &row);
    }
    buf_release(&bytes);
    buf_release(&row);
    return st;
}

/* given: what the plan said was here then, and is in the bundle now. */
enum status consign_given(const struct verb_call *call, struct fault *f)
{
    const struct charter_member *to = NULL;
    struct holdings given = {.charter = newest_of(call)->version};
    enum status st = recipient_of(call, &to, f);
    if (st == ST_OK)
        st = courier_option(call, "tips", &given.heads, f);
    if (st == ST_OK && given.heads.count % OID_BYTES != 0)
        st = fault_set(f, ST_MALFORMED, "these are no ids");
    if (st == ST_OK)
        st = holdings_keep(call->replica, HOLDINGS_GIVEN, &to->key, &given, f);
    holdings_release(&given);
    return st;
}
