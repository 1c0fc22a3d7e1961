#include "replicas/booking.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/engine.h"
#include "replicas/wrote.h"

enum { SECONDS_A_DAY = 86400 };

/* By (height, label, change), then id: the same on every member. */
static bool comes_before(const struct graph *g, uint32_t a, uint32_t b)
{
    const struct graph_node *x = graph_node(g, a), *y = graph_node(g, b);
    if (x->height != y->height)
        return x->height < y->height;
    int labels = strcmp(graph_key(g, x->key)->label, graph_key(g, y->key)->label);
    int digests = memcmp(x->digest.id, y->digest.id, DIGEST_BYTES);
    return (labels != 0 ? labels : digests != 0 ? digests : oid_compare(&x->id, &y->id)) < 0;
}

/* Commit 'node' wrote the entry 'id'. content: {NULL, 0} where it was read already. */
static enum status see_entry(struct booking *w, uint32_t node,
                             const uint8_t id[static BOOKING_ENTRY_BYTES], struct bytes content)
{
    const struct graph *g = replica_graph(w->replica);
    const struct graph_node *n = graph_node(g, node);
    uint32_t at = book_find(w->book, id);
    if (at == BOOK_NONE)
        return ST_OK; /* of a type that the book has no kind for */
    struct book_entry *e = &w->book->entries[at];
    if (e->documents == BOOKING_UNREAD && content.data != NULL) {
        enum status status = booking_records_content(w, e, content);
        if (status != ST_OK)
            return status;
    }
    uint32_t before = oid_is_zero(&e->commit) ? GRAPH_NONE : graph_find(g, &e->commit);
    if (before != GRAPH_NONE && !comes_before(g, node, before))
        return ST_OK;
    w->changed = true;
    e->commit = n->id;
    e->written = (int32_t)(n->time / SECONDS_A_DAY);
    if (!e->of_writer)
        return ST_OK;
    e->line = 0; /* it follows from whose the entry is */
    return booking_word(w->book, bytes_of_text(graph_key(g, n->key)->label), &e->office);
}

/* A commit of a replica that journals nothing. */
static enum status see_noted(struct booking *w, uint32_t node)
{
    const struct wrote *wrote = w->replica->wrote;
    enum status status = ST_OK;
    for (uint32_t i = wrote_first(wrote, node);
         i < wrote->count && wrote->list[i].node == node && status == ST_OK; i++)
        status = see_entry(w, node, wrote->list[i].entry, (struct bytes){NULL, 0});
    return status;
}

static enum status see_commit(struct booking *w, uint32_t node, struct buf *bytes)
{
    if (w->replica->wrote != NULL)
        return see_noted(w, node);
    struct item item;
    struct op_list ops = {0};
    enum status status = replica_item(w->replica, node, bytes, &item, w->fault);
    if (status == ST_OK) {
        status = op_list_decode(item.operations, replica_network(w->replica), &ops);
        if (status != ST_OK && status != ST_NO_MEMORY)
            status = fault_set(w->fault, ST_CORRUPT, "the operations of commit %u: %s", node,
                               status_text(status));
    }
    for (uint32_t i = 0; i < ops.count && status == ST_OK; i++)
        if (ops.ops[i].verb == OP_ENTRY)
            status = see_entry(w, node, ops.ops[i].entry, ops.ops[i].value);
    op_list_release(&ops);
    return status;
}

/* The commits that counted before count now: else what they wrote may have gone. */
static bool still_counts(const struct book_inside *in, const struct graph *g)
{
    for (uint32_t i = 0; i < in->nodes; i++)
        if (in->counted[i] && !graph_node(g, i)->counted)
            return false;
    return true;
}

static enum status see_commits(struct booking *w, const bool *counted, uint32_t count)
{
    const struct book_inside *in = w->book->inside;
    const struct graph *g = replica_graph(w->replica);
    struct buf bytes = {0};
    enum status status = ST_OK;
    for (uint32_t i = 0; i < count && status == ST_OK; i++) {
        bool seen = i < in->nodes && in->counted[i];
        if (counted[i] && !seen && !graph_node(g, i)->empty)
            status = see_commit(w, i, &bytes);
    }
    buf_release(&bytes);
    return status;
}

/* What no commit of the journal brought: it lies in the state all the same. */
static enum status read_rest(struct booking *w)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < w->book->entry_count && status == ST_OK; i++) {
        struct book_entry *e = &w->book->entries[i];
        struct record r = {0};
        char id[ENTRY_ID_TEXT + 1];
        if (e->documents != BOOKING_UNREAD)
            continue;
        hex_encode(e->id, BOOKING_ENTRY_BYTES, id);
        status = replica_record(w->replica, NULL, bytes_of_text(book_word(e->kind)),
                                bytes_of_text(id), &r, w->fault);
        if (status == ST_OK)
            status = booking_records_content(w, e, r.entry);
        else if (status == ST_NOT_FOUND)
            status = fault_set(w->fault, ST_CORRUPT, "%s %s is missing", book_word(e->kind), id);
        record_release(&r);
    }
    return status;
}

enum status booking_origin(struct booking *w)
{
    struct book_inside *in = w->book->inside;
    const struct graph *g = replica_graph(w->replica);
    uint32_t count = graph_count(g);
    if (!still_counts(in, g)) {
        w->anew = true;
        return ST_OK;
    }
    bool *counted = mem_array(count, sizeof *counted);
    if (counted == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        counted[i] = graph_node(g, i)->counted;
    enum status status = see_commits(w, counted, count);
    if (status == ST_OK)
        status = read_rest(w);
    if (status != ST_OK) {
        mem_free(counted);
        return status;
    }
    mem_free(in->counted);
    in->counted = counted;
    in->nodes = count;
    booking_charter(w->replica, &in->charter);
    return ST_OK;
}
