#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/attachment.h"
#include "replicas/booking.h"
#include "replicas/json.h"
#include "replicas/provenance.h"
#include "replicas/render.h"
#include "replicas/trail.h"
#include "replicas/words.h"

enum { COMMITS_KEPT = 64 }; /* of one answer: an import wrote many entries with few commits */

struct show {
    const struct verb_call *call;
    struct replica *replica;
    const struct book *book;
    struct provenance provenance;
    struct buf row;
    uint32_t nodes[COMMITS_KEPT];
    struct buf commits[COMMITS_KEPT]; /* what was said of them */
    uint32_t kept;
};

/* ---- Members ---- */

static void add_text(struct show *s, const char *name, book_text_at at)
{
    if (at == 0)
        return;
    buf_add_format(&s->row, ",\"%s\":", name);
    render_text(&s->row, book_text(s->book, at));
}

static void add_day(struct show *s, const char *name, int32_t day)
{
    char text[BOOK_DAY_TEXT];
    if (day == BOOK_NO_DAY)
        return;
    book_day_text(day, text);
    buf_add_format(&s->row, ",\"%s\":\"%s\"", name, text);
}

static void add_number(struct show *s, const char *name, int64_t number)
{
    buf_add_format(&s->row, ",\"%s\":%lld", name, (long long)number);
}

static void add_id(struct show *s, const char *name, const uint8_t *id, size_t bytes)
{
    char hex[2 * BOOKING_ENTRY_BYTES + 1];
    hex_encode(id, bytes, hex);
    buf_add_format(&s->row, ",\"%s\":\"%s\"", name, hex);
}

static void add_money(struct show *s, const char *amount, const char *currency,
                      const struct book_money *money)
{
    if (money->currency[0] == '\0')
        return;
    add_number(s, amount, money->amount);
    buf_add_format(&s->row, ",\"%s\":\"%s\"", currency, money->currency);
}

/* The files of a record or an entry. */
static void add_documents(struct show *s, const uint8_t *about, size_t bytes)
{
    const struct book *b = s->book;
    bool any = false;
    for (uint32_t i = 0; i < b->document_count; i++) {
        const struct book_document *d = &b->documents[i];
        char hex[2 * BOOKING_RECORD_BYTES + 1];
        if (d->about_bytes != bytes || memcmp(d->about, about, bytes) != 0)
            continue;
        hex_encode(d->id, BOOKING_RECORD_BYTES, hex);
        buf_add_format(&s->row, "%s{\"id\":\"%s\",\"class\":\"%s\",\"media\":",
                       any ? "," : ",\"documents\":[", hex, d->internal ? "internal" : "personal");
        render_text(&s->row, book_text(b, d->media));
        buf_add_format(&s->row, ",\"bytes\":%lld}", (long long)d->bytes);
        any = true;
    }
    buf_add_text(&s->row, any ? "]" : "");
}

/* ---- Who wrote it ---- */

static enum status add_commit(struct show *s, uint32_t node, struct fault *f)
{
    struct buf own = {0};
    if (node == GRAPH_NONE)
        return ST_OK;
    buf_add_text(&s->row, ",\"commit\":");
    for (uint32_t i = 0; i < s->kept; i++)
        if (s->nodes[i] == node) {
            buf_add_bytes(&s->row, buf_bytes(&s->commits[i]));
            return ST_OK;
        }
    enum status status = provenance_add(&s->provenance, node, &own, f);
    if (status == ST_OK)
        buf_add_bytes(&s->row, buf_bytes(&own));
    if (status == ST_OK && s->kept < COMMITS_KEPT) {
        s->nodes[s->kept] = node;
        s->commits[s->kept++] = own;
        return ST_OK;
    }
    buf_release(&own);
    return status;
}

/* The newest change of a record, and how many there were. */
static enum status add_changes(struct show *s, const char *type, const uint8_t *id, struct fault *f)
{
    char hex[2 * BOOKING_RECORD_BYTES + 1];
    struct record r;
    uint32_t node = GRAPH_NONE, newest = 0;
    hex_encode(id, BOOKING_RECORD_BYTES, hex);
    enum status status =
        replica_record(s->replica, NULL, bytes_of_text(type), bytes_of_text(hex), &r, f);
    if (status != ST_OK)
        return status;
    for (uint32_t i = 1; i < r.seen_count; i++) {
        const struct record_seen *a = &r.seen[newest], *b = &r.seen[i];
        int labels = bytes_compare(a->label, b->label);
        if (a->height < b->height || (a->height == b->height && labels <= 0))
            newest = i;
    }
    if (r.seen_count > 0)
        node = graph_find_change(replica_graph(s->replica), &r.seen[newest].change);
    add_number(s, "changes", r.seen_count);
    record_release(&r);
    return add_commit(s, node, f);
}

/* ---- Steps ---- */

static void add_enterprise(struct show *s, uint32_t enterprise)
{
    if (enterprise == BOOK_NONE)
        return;
    const struct book_enterprise *e = &s->book->enterprises[enterprise];
    char hex[2 * BOOKING_RECORD_BYTES + 1];
    hex_encode(e->id, BOOKING_RECORD_BYTES, hex);
    buf_add_format(&s->row, ",\"enterprise\":{\"id\":\"%s\",\"number\":", hex);
    render_text(&s->row, book_text(s->book, e->number));
    buf_add_byte(&s->row, '}');
}

static void add_about(struct show *s, const char *name, uint32_t entry)
{
    if (entry == BOOK_NONE)
        return;
    const struct book_entry *e = &s->book->entries[entry];
    char hex[2 * BOOKING_ENTRY_BYTES + 1];
    hex_encode(e->id, BOOKING_ENTRY_BYTES, hex);
    buf_add_format(&s->row, ",\"%s\":{\"id\":\"%s\",\"type\":\"%s\",\"ref\":", name, hex,
                   book_word(e->kind));
    render_text(&s->row, book_text(s->book, e->ref));
    buf_add_byte(&s->row, '}');
}

static enum status add_entry(struct show *s, uint32_t entry, struct fault *f)
{
    const struct book_entry *e = &s->book->entries[entry];
    buf_add_format(&s->row, ",\"type\":\"%s\"", book_word(e->kind));
    add_id(s, "id", e->id, BOOKING_ENTRY_BYTES);
    add_text(s, "ref", e->ref);
    add_day(s, "date", e->day);
    add_text(s, "office", e->office);
    add_text(s, "line", e->line);
    add_text(s, "to", e->to);
    add_text(s, "to_line", e->to_line);
    add_money(s, "amount", "currency", &e->money);
    add_money(s, "other_amount", "other_currency", &e->other);
    add_text(s, "receipt", e->receipt);
    add_text(s, "supplier", e->supplier);
    add_text(s,
             e->kind == BOOK_GRANT      ? "funder"
             : e->kind == BOOK_PURCHASE ? "item"
                                        : "note",
             e->what);
    add_day(s, "handed_over", e->handed_over);
    add_enterprise(s, e->enterprise);
    add_about(s, "about", e->about);
    add_about(s, "reversed_by", e->reversed_by);
    add_documents(s, e->id, BOOKING_ENTRY_BYTES);
    return add_commit(s, graph_find(replica_graph(s->replica), &e->commit), f);
}

static void add_account(struct show *s, uint32_t account)
{
    const struct book_account *a = &s->book->accounts[account];
    buf_add_text(&s->row, ",\"type\":\"account\"");
    add_text(s, "office", a->owner);
    add_text(s, "line", a->line);
    buf_add_format(&s->row, ",\"currency\":\"%s\"", a->currency);
    add_number(s, "credited", a->credited);
    add_number(s, "debited", a->debited);
    add_number(s, "balance", a->credited - a->debited);
}

static void add_sum(struct show *s, const struct trail_step *step)
{
    buf_add_format(&s->row, ",\"type\":\"%s\"", book_word(step->kind));
    add_number(s, "count", step->count);
    if (step->currency[0] != '\0') {
        add_number(s, "amount", step->amount);
        buf_add_format(&s->row, ",\"currency\":\"%s\"", step->currency);
    }
    if (step->kind == BOOK_PURCHASE || step->kind == BOOK_EXPENSE)
        add_number(s, "receipts", step->receipts);
    if (step->kind == BOOK_PURCHASE)
        add_number(s, "handed_over", step->handed);
}

static enum status add_record(struct show *s, const char *type, const uint8_t *id,
                              book_text_at number, book_text_at office, struct fault *f)
{
    buf_add_format(&s->row, ",\"type\":\"%s\"", type);
    add_id(s, "id", id, BOOKING_RECORD_BYTES);
    add_text(s, "ref", number);
    add_text(s, "office", office);
    add_documents(s, id, BOOKING_RECORD_BYTES);
    return add_changes(s, type, id, f);
}

static enum status add_thing(struct show *s, const struct trail_step *step, struct fault *f)
{
    const struct book *b = s->book;
    uint32_t i = step->index;
    switch (step->thing) {
    case TRAIL_ENTRY:
        return add_entry(s, i, f);
    case TRAIL_ACCOUNT:
        add_account(s, i);
        return ST_OK;
    case TRAIL_ENTERPRISE:
        add_text(s, "line", b->enterprises[i].line);
        add_text(s, "trade", b->enterprises[i].trade);
        add_text(s, "stage", b->enterprises[i].stage);
        return add_record(s, "enterprise", b->enterprises[i].id, b->enterprises[i].number,
                          b->enterprises[i].office, f);
    case TRAIL_HOUSEHOLD:
        return add_record(s, "household", b->households[i].id, b->households[i].number,
                          b->households[i].office, f);
    case TRAIL_VISIT:
        add_day(s, "date", b->visits[i].day);
        return add_record(s, "visit", b->visits[i].id, b->visits[i].number, b->visits[i].office, f);
    case TRAIL_SESSION:
        add_day(s, "date", b->sessions[i].day);
        return add_record(s, "session", b->sessions[i].id, b->sessions[i].number,
                          b->sessions[i].office, f);
    case TRAIL_INCOME:
        add_day(s, "date", b->incomes[i].day);
        add_money(s, "amount", "currency", &b->incomes[i].monthly);
        add_text(s, "point", b->incomes[i].point);
        return add_record(s, "income", b->incomes[i].id, b->incomes[i].number, b->incomes[i].office,
                          f);
    case TRAIL_CONTACT:
        add_day(s, "date", b->contacts[i].day);
        return add_record(s, "contact", b->contacts[i].id, b->contacts[i].number,
                          b->contacts[i].office, f);
    case TRAIL_PROGRAMME:
        return add_record(s, "programme", b->programmes[i].id, b->programmes[i].title, 0, f);
    case TRAIL_DOCUMENT:
        return add_record(s, b->documents[i].internal ? ATTACHMENT_INTERNAL : ATTACHMENT_PERSONAL,
                          b->documents[i].id, 0, 0, f);
    case TRAIL_SUM:
        add_sum(s, step);
        return ST_OK;
    default:
        buf_add_text(&s->row, ",\"type\":\"gap\"");
        return ST_OK;
    }
}

static enum status send_step(struct show *s, const struct trail_step *step, struct fault *f)
{
    static const char *const parts[] = {"subject", "up", "down"};
    buf_reset(&s->row);
    buf_add_format(&s->row, "{\"part\":\"%s\",\"why\":\"%s\",\"depth\":%u", parts[step->part],
                   trail_why_word(step->why), step->depth);
    enum status status = add_thing(s, step, f);
    buf_add_byte(&s->row, '}');
    return status == ST_OK ? verb_send(s->call, &s->row) : status;
}

static enum status send_all(struct show *s, const struct trail *t, struct fault *f)
{
    enum status status = provenance_begin(&s->provenance, s->replica);
    for (uint32_t i = 0; i < t->count && status == ST_OK; i++)
        status = send_step(s, &t->steps[i], f);
    provenance_end(&s->provenance);
    for (uint32_t i = 0; i < s->kept; i++)
        buf_release(&s->commits[i]);
    buf_release(&s->row);
    return status;
}

/* A receipt's number may have spaces: all words are one name. */
static void join_words(const struct control_request *q, struct buf *out)
{
    for (uint32_t i = 0; i < q->word_count; i++) {
        buf_add_text(out, i > 0 ? " " : "");
        buf_add_bytes(out, q->words[i]);
    }
}

enum status trail_verb(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct buf name = {0};
    struct trail trail = {0};
    enum trail_thing thing;
    uint32_t index;
    uint64_t limit = TRAIL_LIST_MAX;
    struct show s = {.call = call, .replica = call->replica};
    enum status status = ST_OK;
    if (q->word_count == 0) {
        status = fault_set(f, ST_USAGE, "something is missing behind 'trail'");
        fault_fix(f, "use: minga trail ID | NUMBER | RECEIPT [--limit N]");
        return status;
    }
    if (control_has(q, "limit"))
        status = words_count(control_option(q, "limit"), "limit", &limit, f);
    join_words(q, &name);
    if (status == ST_OK)
        status = buf_status(&name);
    if (status == ST_OK)
        status = replica_book(call->replica, &s.book, f);
    if (status == ST_OK)
        status = trail_find(call->replica, s.book, buf_bytes(&name), &thing, &index, f);
    if (status == ST_OK)
        status = trail_walk(s.book, thing, index, limit < UINT32_MAX ? (uint32_t)limit : 0, &trail);
    if (status == ST_OK)
        status = send_all(&s, &trail, f);
    trail_release(&trail);
    buf_release(&name);
    return status;
}
