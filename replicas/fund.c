#include "replicas/fund.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/edit.h"
#include "replicas/fund_act.h"
#include "replicas/fund_balance.h"
#include "replicas/fund_check.h"
#include "replicas/fund_find.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/render.h"
#include "replicas/rules.h"
#include "replicas/words.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

/* One command under way. */
struct fund {
    const struct verb_call *call;
    struct replica *replica;
    const struct fund_act *act;
    const struct schema_type *type;
    struct fund_check check;
    struct control_request request; /* what `add` would be given */
    struct edit_entry entry;
    struct buf texts, row;
    uint32_t about;                   /* in the book's entries: REVERSAL, TRANSFER */
    char about_id[ENTRY_ID_TEXT + 1]; /* "" none */
    struct replica_commit done;
    bool dry, unchanged;
    size_t book_texts; /* bytes of the book's texts without what a check adds */
};

/* The replica's own book, as it was. */
static void give_back(struct fund *x)
{
    if (x->check.book == NULL)
        return;
    x->check.book->texts.count = x->book_texts;
    x->check.book->texts.failed = false;
    x->check.book = NULL;
}

static enum status borrow_book(struct fund *x, struct fault *f)
{
    const struct book *kept = NULL;
    enum status status = replica_book(x->replica, &kept, f);
    if (status != ST_OK)
        return status;
    x->check.book = (struct book *)(uintptr_t)kept; /* texts are added for a while */
    x->book_texts = kept->texts.count;
    return ST_OK;
}

static void fund_free(struct fund *x)
{
    if (x == NULL)
        return;
    edit_entry_release(&x->entry);
    give_back(x);
    fund_check_release(&x->check);
    buf_release(&x->texts);
    buf_release(&x->row);
    mem_free(x);
}

/* ---- What the words mean ---- */

static enum status misses(const struct fund_act *act, struct fault *f)
{
    enum status status = fault_set(f, ST_USAGE, "something is missing behind 'fund %s'", act->name);
    fault_fix(f, "use: minga fund %s", act->use);
    return status;
}

static enum status check_words(const struct fund *x, struct fault *f)
{
    const struct control_request *q = x->call->request;
    uint32_t wanted = fund_act_words(x->act);
    if (q->word_count < wanted + 1)
        return misses(x->act, f);
    if (q->word_count > wanted + 1) {
        (void)fault_set(f, ST_USAGE, "too many words behind 'fund %s'", x->act->name);
        fault_fix(f, "use: minga fund %s", x->act->use);
        return ST_USAGE;
    }
    return fund_act_options(x->act, q, f);
}

static enum status check_role(const struct fund *x, struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(x->replica));
    const char *label = replica_label(x->replica);
    const struct charter_member *self = charter_by_label(newest, bytes_of_text(label));
    if (self != NULL && rules_may_write(self, x->type))
        return ST_OK;
    (void)fault_set(f, ST_NOT_ALLOWED, "%s may not write entries of type %s", label, x->type->name);
    fault_fix(f, "%s",
              (x->type->writers & SCHEMA_OFFICE) != 0
                  ? "offices write them; minga member list shows who is what"
                  : "a treasurer writes them; minga member list shows who is one");
    return ST_NOT_ALLOWED;
}

/* Only the owner of an account spends from it, so nobody is asked whose it is. */
static enum status check_office(const struct fund *x, struct fault *f)
{
    const struct control_request *q = x->call->request;
    const char *label = replica_label(x->replica);
    struct bytes office = control_option(q, "office");
    if (!control_has(q, "office") || bytes_equal_text(office, label))
        return ST_OK;
    enum status status = lookup_label(x->replica, office, f);
    if (status != ST_OK)
        return status;
    (void)fault_set(f, ST_NOT_ALLOWED, "%.*s alone spends from its accounts, and this is %s",
                    words_shown(office), (const char *)office.data, label);
    fault_fix(f, "type it at %.*s, or pass it what it needs: minga fund pass", words_shown(office),
              (const char *)office.data);
    return ST_NOT_ALLOWED;
}

/* The day that counts as today: the later of the asker's clock and of what the history has seen, so
 * that a clock that stands still hinders nobody. Another day is left to time zones. */
static int32_t latest_day(const struct fund *x)
{
    int32_t today = book_day(control_option(x->call->request, "today"));
    const struct graph *graph = replica_graph(x->replica);
    if (today == BOOK_NO_DAY)
        return BOOK_NO_DAY;
    for (uint32_t i = 0; i < graph_count(graph); i++) {
        int64_t day = graph_node(graph, i)->time / DAY_SECONDS;
        if (day > today && day < INT32_MAX)
            today = (int32_t)day;
    }
    return today + 1;
}

/* ---- Entries that are named ---- */

static enum status name_entry(struct fund *x, struct fault *f)
{
    enum book_kind kind = x->act->names;
    if (kind == BOOK_GRANT) /* none */
        return ST_OK;
    enum status status = fund_find_entry(x->check.book, x->check.label, x->call->request->words[1],
                                         kind, &x->about, f);
    if (status != ST_OK || kind != BOOK_KINDS)
        return status;
    return fund_check_reversal(&x->check, x->about, f);
}

/* ---- The words for `add` ---- */

static void add_word(struct fund *x, size_t *starts, const char *field, struct bytes value)
{
    struct control_request *r = &x->request;
    CHECK(r->word_count < FUND_ACT_FIELDS_MAX);
    starts[r->word_count++] = x->texts.count;
    if (field != NULL)
        buf_add_format(&x->texts, "%s=", field);
    buf_add_bytes(&x->texts, value);
}

static bool is_ref_taken(const struct fund *x, struct bytes ref)
{
    const struct book *b = x->check.book;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (strcmp(book_word(e->kind), x->type->name) == 0 &&
            bytes_equal_text(ref, book_text(b, e->ref)) &&
            strcmp(book_text(b, e->office), x->check.label) == 0)
            return true;
    }
    return false;
}

/* "iquique-41": the number of our commit that will write it. */
static void add_ref(struct fund *x, size_t *starts)
{
    struct graph *graph = replica_graph(x->replica);
    uint32_t count = 0;
    const uint32_t *heads = graph_heads(graph, &count);
    uint64_t n = graph_next_seq(graph, &replica_identity(x->replica)->key, heads, count);
    char ref[SCHEMA_REF_BYTES_MAX + 1];
    if (control_has(x->call->request, "ref")) {
        add_word(x, starts, "ref", control_option(x->call->request, "ref"));
        return;
    }
    do { /* only a person's own numbers can be in the way */
        snprintf(ref, sizeof ref, "%s-%llu", x->check.label, (unsigned long long)n++);
    } while (is_ref_taken(x, bytes_of_text(ref)));
    add_word(x, starts, "ref", bytes_of_text(ref));
}

static struct bytes word_value(const struct fund *x, uint32_t index, char hex[ENTRY_ID_TEXT + 1])
{
    if (x->act->names == BOOK_GRANT)
        return x->call->request->words[index + 1];
    hex_encode(x->check.book->entries[x->about].id, ENTRY_ID_BYTES, hex);
    return (struct bytes){(const uint8_t *)hex, ENTRY_ID_TEXT};
}

static enum status make_words(struct fund *x, struct fault *f)
{
    const struct control_request *q = x->call->request;
    const struct fund_act *act = x->act;
    size_t starts[FUND_ACT_FIELDS_MAX + 1];
    char hex[ENTRY_ID_TEXT + 1];
    bool dated = schema_field(x->type, BYTES("date")) != NULL;
    add_word(x, starts, NULL, bytes_of_text(act->type));
    for (uint32_t i = 0; i < fund_act_words(act); i++)
        add_word(x, starts, act->words[i], word_value(x, i, hex));
    if (act->own_office)
        add_word(x, starts, "office", bytes_of_text(x->check.label));
    if (act->same_line)
        add_word(x, starts, "to_line",
                 control_has(q, "to-line") ? control_option(q, "to-line") : q->words[2]);
    for (uint32_t i = 0; i < q->option_count; i++) {
        const char *field = fund_act_field(act, q->options[i].name);
        if (field != NULL)
            add_word(x, starts, field, q->options[i].value);
    }
    if (dated && !control_has(q, "date"))
        add_word(x, starts, "date", control_option(q, "today"));
    if (act->names != BOOK_KINDS) /* a reversal has the number of what it reverses */
        add_ref(x, starts);
    if (buf_status(&x->texts) != ST_OK)
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    starts[x->request.word_count] = x->texts.count;
    for (uint32_t i = 0; i < x->request.word_count; i++)
        x->request.words[i] = (struct bytes){x->texts.data + starts[i], starts[i + 1] - starts[i]};
    return ST_OK;
}

static enum status check_amounts(const struct fund *x, struct fault *f)
{
    for (uint32_t i = 0; i < x->type->field_count; i++) {
        const struct schema_field *field = &x->type->fields[i];
        int64_t amount = 0;
        if (field->kind != SCHEMA_AMOUNT ||
            !schema_entry_integer(buf_bytes(&x->entry.content), field->name, &amount) || amount > 0)
            continue;
        (void)fault_set(f, ST_BAD_VALUE, "%s: an amount is above zero", field->name);
        fault_fix(f, "what was written by mistake is taken back by: minga fund reverse");
        return ST_BAD_VALUE;
    }
    return ST_OK;
}

/* ---- The entry as the book would have it ---- */

static book_text_at keep_text(struct book *b, struct bytes content, const char *name)
{
    book_text_at at = (book_text_at)b->texts.count;
    struct buf text = {0};
    bool there = schema_entry_text(content, name, &text);
    if (there) {
        buf_add_bytes(&b->texts, buf_bytes(&text));
        buf_add_byte(&b->texts, '\0');
    }
    b->texts.failed = b->texts.failed || text.failed;
    buf_release(&text);
    return there ? at : 0;
}

static void take_money(struct bytes content, const char *amount, const char *currency,
                       struct book_money *out)
{
    struct buf code = {0};
    (void)schema_entry_integer(content, amount, &out->amount);
    if (schema_entry_text(content, currency, &code) && code.count < sizeof out->currency)
        memcpy(out->currency, code.data, code.count);
    buf_release(&code);
}

static uint32_t find_enterprise(const struct book *b, struct bytes content)
{
    uint8_t id[RECORD_ID_BYTES];
    struct buf hex = {0};
    uint32_t found = BOOK_NONE;
    bool there = schema_entry_text(content, "enterprise", &hex) &&
                 hex_decode(buf_bytes(&hex), id, sizeof id) == ST_OK;
    for (uint32_t i = 0; there && i < b->enterprise_count; i++)
        if (memcmp(b->enterprises[i].id, id, sizeof id) == 0)
            found = i;
    buf_release(&hex);
    return found;
}

static enum status fill_entry(struct fund *x, struct fault *f)
{
    struct book *b = x->check.book;
    struct book_entry *e = &x->check.entry;
    struct bytes content = buf_bytes(&x->entry.content);
    const char *const amount = x->act->kind == BOOK_EXCHANGE ? "from_amount" : "amount";
    const char *const currency = x->act->kind == BOOK_EXCHANGE ? "from_currency" : "currency";
    *e = (struct book_entry){.kind = x->act->kind,
                             .about = x->act->names == BOOK_GRANT ? BOOK_NONE : x->about,
                             .reversed_by = BOOK_NONE,
                             .written = BOOK_NO_DAY,
                             .handed_over = BOOK_NO_DAY,
                             .documents = x->check.paper ? 1 : 0};
    enum status status = hex_decode(bytes_of_text(x->entry.id), e->id, ENTRY_ID_BYTES);
    CHECK(status == ST_OK);
    e->ref = keep_text(b, content, "ref");
    e->office = keep_text(b, content, x->act->owner);
    e->line = keep_text(b, content, "budget_line");
    e->receipt = keep_text(b, content, "receipt");
    e->supplier = keep_text(b, content, "supplier");
    e->what = keep_text(b, content, x->act->kind == BOOK_GRANT ? "funder" : "item");
    book_text_at day = keep_text(b, content, "date");
    x->check.called = e->ref;
    if (!control_has(x->call->request, "ref")) { /* nobody knows the number that it would get */
        x->check.called = (book_text_at)b->texts.count;
        buf_add(&b->texts, "(new)", sizeof "(new)");
    }
    take_money(content, amount, currency, &e->money);
    take_money(content, "to_amount", "to_currency", &e->other);
    e->enterprise = find_enterprise(b, content);
    if (buf_status(&b->texts) != ST_OK)
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    e->day = book_day(bytes_of_text(book_text(b, day)));
    return ST_OK;
}

static enum status fill_accounts(struct fund *x, struct fault *f)
{
    struct account_posting postings[SCHEMA_POSTINGS_MAX];
    struct fund_check *c = &x->check;
    uint32_t count = 0;
    if (x->act->kind == BOOK_REVERSAL) /* fund_check_reversal() did */
        return ST_OK;
    enum status status = account_postings(x->type, buf_bytes(&x->entry.content),
                                          bytes_of_text(c->label), postings, &count, f);
    for (uint32_t i = 0; status == ST_OK && i < count; i++)
        c->accounts[c->account_count++] = (struct fund_check_account){
            .posting = postings[i],
            .before = fund_check_balance(c->book, postings[i].owner, postings[i].line,
                                         postings[i].currency)};
    return status;
}

/* ---- The answer ---- */

static void add_accounts(struct fund *x)
{
    const struct fund_check *c = &x->check;
    buf_add_text(&x->row, ",\"accounts\":[");
    for (uint32_t i = 0; i < c->account_count; i++) {
        const struct account_posting *p = &c->accounts[i].posting;
        int64_t before = c->accounts[i].before, after = before + (x->unchanged ? 0 : p->amount);
        buf_add_format(&x->row,
                       "%s{\"office\":\"%s\",\"line\":\"%s\",\"currency\":\"%s\",\"before\":%lld,"
                       "\"after\":%lld}",
                       i > 0 ? "," : "", p->owner, p->line, p->currency, (long long)before,
                       (long long)after);
    }
    buf_add_byte(&x->row, ']');
}

/* What stands at the enterprise, with the entry. */
static void add_enterprise(struct fund *x)
{
    static const struct {
        enum book_kind kind;
        const char *name;
    } sums[] = {
        {BOOK_AWARD, "awarded"}, {BOOK_DISBURSEMENT, "disbursed"}, {BOOK_PURCHASE, "purchased"}};
    const struct book_entry *e = &x->check.entry;
    const struct book *b = x->check.book;
    if (e->enterprise == BOOK_NONE)
        return;
    buf_add_text(&x->row, ",\"enterprise\":{\"number\":");
    render_text(&x->row, book_text(b, b->enterprises[e->enterprise].number));
    buf_add_format(&x->row, ",\"currency\":\"%s\"", e->money.currency);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        int64_t sum = fund_check_sum(b, e->enterprise, sums[i].kind, e->money.currency);
        bool adds = !x->unchanged && e->kind == sums[i].kind;
        if (adds && __builtin_add_overflow(sum, e->money.amount, &sum))
            sum = INT64_MAX;
        buf_add_format(&x->row, ",\"%s\":%lld", sums[i].name, (long long)sum);
    }
    buf_add_byte(&x->row, '}');
}

/* All of the row but what the commit gives it: it is whole before anything is written. */
static enum status begin_row(struct fund *x, struct fault *f)
{
    const struct book *b = x->check.book;
    const struct book_entry *e = &x->check.entry;
    buf_add_format(&x->row,
                   "{\"action\":\"%s\",\"type\":\"%s\",\"id\":\"%s\",\"ref\":", x->act->name,
                   x->type->name, x->entry.id);
    render_text(&x->row, book_text(b, e->ref));
    if (e->about != BOOK_NONE) {
        buf_add_text(&x->row, ",\"about\":");
        render_text(&x->row, book_text(b, b->entries[e->about].ref));
        hex_encode(b->entries[e->about].id, ENTRY_ID_BYTES, x->about_id);
    }
    buf_add_text(&x->row, ",\"fields\":");
    buf_add_bytes(&x->row, buf_bytes(&x->entry.content));
    add_accounts(x);
    add_enterprise(x);
    buf_add_text(&x->row, ",\"overridden\":[");
    buf_add_bytes(&x->row, buf_bytes(&x->check.overridden));
    buf_add_byte(&x->row, ']');
    enum status status = buf_status(&x->row);
    return status == ST_OK ? ST_OK : fault_set(f, status, "%s", status_text(status));
}

static enum status send_row(struct fund *x, struct fault *f)
{
    char hex[OID_TEXT + 1], change[CHANGE_TEXT + 1];
    if (x->dry || x->unchanged) {
        buf_add_format(&x->row, ",\"commit\":null,\"%s\":true",
                       x->unchanged ? "unchanged" : "dry_run");
    } else {
        hex_encode(x->done.id.id, OID_BYTES, hex);
        base32_encode(x->done.change.id, CHANGE_BYTES, change);
        buf_add_format(&x->row, ",\"commit\":\"%s\",\"change\":\"%s\"", hex, change);
    }
    buf_add_byte(&x->row, '}');
    enum status status = verb_send(x->call, &x->row);
    return status == ST_OK ? ST_OK : fault_set(f, status, "%s", status_text(status));
}

/* ---- Writing ---- */

/* Another entry under that number: the one that is there stays, and nothing is written twice. */
static enum status check_ref(const struct fund *x, struct fault *f)
{
    struct bytes ref = control_option(x->call->request, "ref");
    if (!control_has(x->call->request, "ref") || !is_ref_taken(x, ref))
        return ST_OK;
    (void)fault_set(f, ST_EXISTS, "%s has written %s %.*s already, and it says something else",
                    x->check.label, x->type->name, words_shown(ref), (const char *)ref.data);
    fault_fix(f, "look at it: minga find %.*s", words_shown(ref), (const char *)ref.data);
    return ST_EXISTS;
}

static enum status make_entry(struct fund *x, struct fault *f)
{
    struct verb_call call = *x->call;
    call.request = &x->request;
    enum status status = make_words(x, f);
    if (status == ST_OK)
        status = edit_entry(&call, &x->entry, f);
    if (status == ST_OK)
        status = check_amounts(x, f);
    if (status == ST_OK)
        status = fill_entry(x, f);
    if (status == ST_OK)
        status = fill_accounts(x, f);
    x->unchanged = x->entry.held;
    return status;
}

static enum status write_entry(struct fund *x, struct fault *f)
{
    const struct edit_reason reason = {
        .because = control_option(x->call->request, "because"),
        .record = bytes_of_text(x->about_id),
    };
    give_back(x); /* a write ends the loan */
    return edit_entry_write(x->call, &x->entry, &reason, &x->done, f);
}

static enum status run_act(struct fund *x, struct fault *f)
{
    enum status status = lookup_type(x->replica, bytes_of_text(x->act->type), &x->type, f);
    if (status == ST_OK)
        status = check_words(x, f);
    if (status == ST_OK)
        status = check_office(x, f);
    if (status == ST_OK)
        status = check_role(x, f);
    if (status == ST_OK)
        status = borrow_book(x, f);
    if (status != ST_OK)
        return status;
    x->check.latest = latest_day(x);
    status = name_entry(x, f);
    if (status == ST_OK)
        status = make_entry(x, f);
    if (status == ST_OK && !x->unchanged)
        status = check_ref(x, f);
    if (status == ST_OK && !x->unchanged)
        status = fund_check_run(&x->check, f);
    if (status == ST_OK)
        status = begin_row(x, f);
    if (status == ST_OK && !x->unchanged && !x->dry)
        status = write_entry(x, f);
    return status == ST_OK ? send_row(x, f) : status;
}

/* ---- The verb ---- */

enum status fund_run(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct fault own = {0};
    struct fault *fault = f != NULL ? f : &own;
    const struct fund_act *act = NULL;
    if (q->word_count > 0 && bytes_equal_text(q->words[0], "balance"))
        return fund_balance_run(call, fault);
    enum status status =
        fund_act_find(q->word_count > 0 ? q->words[0] : (struct bytes){NULL, 0}, &act, fault);
    if (status != ST_OK)
        return status;
    struct fund *x = mem_alloc(sizeof *x);
    if (x == NULL)
        return fault_set(fault, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    x->call = call;
    x->replica = call->replica;
    x->act = act;
    x->dry = control_has(q, "dry-run");
    x->check.label = replica_label(call->replica);
    x->check.paper = control_has(q, "paper");
    x->check.anyway = control_has(q, "anyway");
    status = run_act(x, fault);
    fund_free(x);
    return status;
}
