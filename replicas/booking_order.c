#include "replicas/booking.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/account.h"
#include "replicas/json.h"

/* ---- Stubs ---- */

/* The account of a folder's name, "<owner>/<line>.<CUR>/…": the one that it has, or a new one. */
static enum status take_account(struct booking *w, const char *name, uint32_t *out)
{
    struct book *b = w->book;
    const char *slash = strchr(name, '/');
    const char *end = slash != NULL ? strchr(slash + 1, '/') : NULL;
    const char *dot = end != NULL && end - slash > 5 ? end - 4 : NULL;
    if (dot == NULL || *dot != '.')
        return ST_CORRUPT;
    struct book_account a = {0};
    enum status status =
        booking_word(b, (struct bytes){(const uint8_t *)name, (size_t)(slash - name)}, &a.owner);
    if (status == ST_OK)
        status = booking_word(
            b, (struct bytes){(const uint8_t *)slash + 1, (size_t)(dot - slash - 1)}, &a.line);
    memcpy(a.currency, dot + 1, 3);
    for (uint32_t i = b->account_count; status == ST_OK && i-- > 0;) { /* stubs come by folder */
        const struct book_account *seen = &b->accounts[i];
        if (seen->owner == a.owner && seen->line == a.line &&
            memcmp(seen->currency, a.currency, sizeof a.currency) == 0) {
            *out = i;
            return ST_OK;
        }
    }
    void *row = NULL;
    if (status == ST_OK)
        status = booking_grow(b, BOOKING_ACCOUNTS, &row);
    if (status != ST_OK)
        return status;
    memcpy(row, &a, sizeof a);
    *out = b->account_count - 1;
    return ST_OK;
}

enum status booking_order_stub(struct booking *w, const char *path, const struct oid *blob)
{
    static const char start[] = "accounts/";
    const char *last = strrchr(path, '/');
    if (w->stub_count == w->stub_room) {
        uint32_t room = w->stub_room > 0 ? 2 * w->stub_room : 64;
        void *grown = mem_resize(w->stubs, room * sizeof *w->stubs);
        if (grown == NULL)
            return ST_NO_MEMORY;
        w->stubs = grown;
        w->stub_room = room;
    }
    struct booking_stub *stub = &w->stubs[w->stub_count];
    enum status status = take_account(w, path + sizeof start - 1, &stub->account);
    if (status == ST_OK && (last == NULL || hex_decode(bytes_of_text(last + 1), stub->entry,
                                                       sizeof stub->entry) != ST_OK))
        status = ST_CORRUPT;
    stub->blob = *blob;
    if (status == ST_OK)
        w->stub_count++;
    return status == ST_CORRUPT
               ? fault_set(w->fault, status, "%s is no place of an account's stub", path)
               : status;
}

/* ---- Sorting ---- */

static int by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_records(const void *a, const void *b)
{
    return memcmp(a, b, BOOKING_RECORD_BYTES);
}

static int compare_documents(const void *a, const void *b)
{
    const struct book_document *x = a, *y = b;
    int order = memcmp(x->about, y->about, sizeof x->about);
    return order != 0 ? order : memcmp(x->id, y->id, sizeof x->id);
}

static int compare_conflicts(const void *a, const void *b)
{
    const struct book_conflict *x = a, *y = b;
    int order = strcmp(x->type, y->type);
    order = order != 0 ? order : memcmp(x->id, y->id, sizeof x->id);
    return order != 0 ? order : strcmp(x->field, y->field);
}

static int compare_links(const void *a, const void *b)
{
    const struct booking_link *x = a, *y = b;
    int order = by_number(x->to, y->to);
    return order != 0 ? order : by_number(x->from, y->from);
}

static int compare_postings(const void *a, const void *b)
{
    const struct book_posting *x = a, *y = b;
    int order = by_number(x->account, y->account);
    order = order != 0 ? order : by_number(x->entry, y->entry);
    return order != 0 ? order : (x->amount > y->amount) - (x->amount < y->amount);
}

/* Most lists come in order, or nearly so. */
static void sort(void *rows, uint32_t count, size_t bytes,
                 int (*compare)(const void *, const void *))
{
    uint32_t i = 1;
    while (i < count &&
           compare((uint8_t *)rows + (i - 1) * bytes, (uint8_t *)rows + i * bytes) <= 0)
        i++;
    if (i < count)
        qsort(rows, count, bytes, compare);
}

static int compare_entries(const void *a, const void *b, void *context)
{
    const struct book *book = context;
    const struct book_entry *x = &book->entries[*(const uint32_t *)a];
    const struct book_entry *y = &book->entries[*(const uint32_t *)b];
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : memcmp(x->id, y->id, sizeof x->id);
}

static int compare_accounts(const void *a, const void *b, void *context)
{
    const struct book *book = context;
    const struct book_account *x = &book->accounts[*(const uint32_t *)a];
    const struct book_account *y = &book->accounts[*(const uint32_t *)b];
    int order = strcmp(book_text(book, x->owner), book_text(book, y->owner));
    order = order != 0 ? order : strcmp(book_text(book, x->line), book_text(book, y->line));
    return order != 0 ? order : memcmp(x->currency, y->currency, sizeof x->currency);
}

/* Where each row comes to stand, into a fresh array; the rows into another. */
static enum status permute(struct book *b, enum booking_list list,
                           int (*compare)(const void *, const void *, void *), uint32_t **moved_out)
{
    uint32_t count;
    const uint8_t *rows = booking_rows(b, list, &count);
    size_t bytes = booking_row_bytes(list);
    uint32_t *order = mem_array(count, sizeof *order), *moved = mem_array(count, sizeof *moved);
    uint8_t *sorted = mem_array(count, bytes);
    enum status status = order != NULL && moved != NULL && sorted != NULL ? ST_OK : ST_NO_MEMORY;
    if (status == ST_OK) {
        for (uint32_t i = 0; i < count; i++)
            order[i] = i;
        qsort_r(order, count, sizeof *order, compare, b);
        for (uint32_t i = 0; i < count; i++) {
            memcpy(sorted + i * bytes, rows + order[i] * bytes, bytes);
            moved[order[i]] = i;
        }
        if (count > 0)
            memcpy((uint8_t *)(uintptr_t)rows, sorted, count * bytes);
        *moved_out = moved;
        moved = NULL;
    }
    mem_free(order);
    mem_free(moved);
    mem_free(sorted);
    return status;
}

/* ---- References ---- */

/* The row of a record by its id, among rows in their order. */
static uint32_t find_record(const struct book *b, enum booking_list list,
                            const uint8_t id[static BOOKING_RECORD_BYTES])
{
    uint32_t count, low = 0;
    const uint8_t *rows = booking_rows(b, list, &count);
    size_t bytes = booking_row_bytes(list);
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(rows + middle * bytes, id, BOOKING_RECORD_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool there = low < count && memcmp(rows + low * bytes, id, BOOKING_RECORD_BYTES) == 0;
    return there ? low : BOOK_NONE;
}

static bool names_entry(const struct book_entry *e)
{
    return e->kind == BOOK_TRANSFER || e->kind == BOOK_REVERSAL;
}

static uint32_t find_about(const struct book *b, const struct book_entry *e)
{
    static const uint8_t none[BOOKING_ENTRY_BYTES];
    if (!names_entry(e) || memcmp(e->named, none, sizeof none) == 0)
        return BOOK_NONE;
    uint32_t about = book_find(b, e->named);
    if (about != BOOK_NONE && e->kind == BOOK_TRANSFER && b->entries[about].kind != BOOK_PURCHASE)
        return BOOK_NONE;
    return about;
}

/* The day of what a reversal reverses is its own: its place among the entries hangs on it. */
static void date_reversals(struct book *b)
{
    for (uint32_t i = 0; i < b->entry_count; i++) {
        struct book_entry *e = &b->entries[i];
        if (e->kind != BOOK_REVERSAL)
            continue;
        uint32_t about = find_about(b, e);
        bool dated = about != BOOK_NONE && b->entries[about].kind != BOOK_REVERSAL;
        e->day = dated ? b->entries[about].day : BOOK_NO_DAY;
    }
}

static void link_records(struct book *b)
{
    for (uint32_t i = 0; i < b->enterprise_count; i++)
        b->enterprises[i].household = find_record(b, BOOKING_HOUSEHOLDS, b->enterprises[i].named);
    for (uint32_t i = 0; i < b->visit_count; i++)
        b->visits[i].household = find_record(b, BOOKING_HOUSEHOLDS, b->visits[i].named);
    for (uint32_t i = 0; i < b->session_count; i++)
        b->sessions[i].enterprise = find_record(b, BOOKING_ENTERPRISES, b->sessions[i].named);
    for (uint32_t i = 0; i < b->income_count; i++)
        b->incomes[i].enterprise = find_record(b, BOOKING_ENTERPRISES, b->incomes[i].named);
}

static void link_entries(struct book *b)
{
    for (uint32_t i = 0; i < b->entry_count; i++) {
        struct book_entry *e = &b->entries[i];
        e->reversed_by = BOOK_NONE;
        e->documents = 0;
        e->about = find_about(b, e);
        bool of_enterprise =
            e->kind == BOOK_AWARD || e->kind == BOOK_DISBURSEMENT || e->kind == BOOK_PURCHASE;
        e->enterprise = of_enterprise ? find_record(b, BOOKING_ENTERPRISES, e->named) : BOOK_NONE;
    }
    for (uint32_t i = b->entry_count; i-- > 0;)
        if (b->entries[i].kind == BOOK_REVERSAL && b->entries[i].about != BOOK_NONE)
            b->entries[b->entries[i].about].reversed_by = i;
    for (uint32_t i = 0; i < b->document_count; i++) {
        const struct book_document *d = &b->documents[i];
        uint32_t at = d->about_bytes == BOOKING_ENTRY_BYTES ? book_find(b, d->about) : BOOK_NONE;
        if (at != BOOK_NONE)
            b->entries[at].documents++;
    }
}

static enum status gather_links(const struct book *b, bool enterprises, struct booking_link **out,
                                uint32_t *count_out)
{
    uint32_t count = 0;
    struct booking_link *links = NULL;
    for (int pass = 0; pass < 2; pass++) {
        uint32_t at = 0;
        for (uint32_t i = 0; i < b->entry_count; i++) {
            const struct book_entry *e = &b->entries[i];
            uint32_t to = enterprises ? e->enterprise : e->about;
            if (to != BOOK_NONE && links != NULL)
                links[at] = (struct booking_link){to, i};
            at += to != BOOK_NONE;
        }
        count = at;
        if (pass == 0)
            links = mem_array(count, sizeof *links);
        if (links == NULL)
            return ST_NO_MEMORY;
    }
    sort(links, count, sizeof *links, compare_links);
    mem_free(*out);
    *out = links;
    *count_out = count;
    return ST_OK;
}

/* ---- Postings ---- */

static bool is_stub_of(const struct oid *blob, int64_t amount)
{
    char text[32];
    struct oid id;
    int bytes = snprintf(text, sizeof text, "%" PRId64 "\n", amount);
    store_hash(STORE_BLOB, (struct bytes){(const uint8_t *)text, (size_t)bytes}, &id);
    return oid_equal(&id, blob);
}

/* Most stubs hold what their entry says: their ids tell so, and they need not be read. */
static bool guess_amount(const struct book_entry *e, const struct oid *blob, int64_t *out)
{
    const int64_t guesses[] = {-e->money.amount, e->money.amount, e->other.amount};
    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++) {
        *out = guesses[i];
        if (guesses[i] != 0 && is_stub_of(blob, guesses[i]))
            return true;
    }
    return false;
}

static enum status read_amount(struct booking *w, const struct booking_stub *stub, int64_t *out)
{
    enum { STUB_BYTES_MAX = 20 };
    struct bytes data;
    char id[ENTRY_ID_TEXT + 1];
    enum status status =
        store_read(replica_store(w->replica), &stub->blob, STORE_BLOB, &data, w->fault);
    bool whole = status == ST_OK && data.count > 1 && data.count <= STUB_BYTES_MAX &&
                 data.data[data.count - 1] == '\n' &&
                 json_take_integer((struct bytes){data.data, data.count - 1}, out) == ST_OK;
    if (whole || status != ST_OK)
        return status;
    hex_encode(stub->entry, sizeof stub->entry, id);
    return fault_set(w->fault, ST_CORRUPT, "an account's stub of entry %s is no signed integer",
                     id);
}

static enum status add_stubs(struct booking *w)
{
    for (uint32_t i = 0; i < w->stub_count; i++) {
        const struct booking_stub *stub = &w->stubs[i];
        uint32_t entry = book_find(w->book, stub->entry);
        int64_t amount = 0;
        void *row;
        enum status status = ST_OK;
        if (entry == BOOK_NONE || !guess_amount(&w->book->entries[entry], &stub->blob, &amount))
            status = read_amount(w, stub, &amount);
        if (status == ST_OK)
            status = booking_grow(w->book, BOOKING_POSTINGS, &row);
        if (status != ST_OK)
            return status;
        struct book_posting *p = row;
        *p = (struct book_posting){stub->account, entry, amount};
    }
    return ST_OK;
}

struct through { /* an account: all that ever went in and out, however often */
    account_sum in, out;
};

static int64_t within(account_sum sum)
{
    return sum < INT64_MAX ? (int64_t)sum : INT64_MAX;
}

/* Whoever holds money can move it to and fro until no number holds the sum of it, and nobody may
 * take the book from everyone by that: both sides then lack the same, the balance is as it is. */
static enum status sum_accounts(struct booking *w)
{
    struct book *b = w->book;
    struct through *sums = mem_array(b->account_count, sizeof *sums);
    if (sums == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->posting_count; i++) {
        struct through *s = &sums[b->postings[i].account];
        account_sum amount = b->postings[i].amount;
        *(amount > 0 ? &s->in : &s->out) += amount > 0 ? amount : -amount;
    }
    for (uint32_t i = 0; i < b->account_count; i++) {
        account_sum more = sums[i].in > sums[i].out ? sums[i].in : sums[i].out;
        account_sum less = more == sums[i].in ? sums[i].out : sums[i].in;
        account_sum beyond = more > INT64_MAX ? more - INT64_MAX : 0;
        account_sum off = beyond < less ? beyond : less;
        b->accounts[i].credited = within(sums[i].in - off);
        b->accounts[i].debited = within(sums[i].out - off);
    }
    mem_free(sums);
    return ST_OK;
}

/* The line of an entry that names none: that of its office's account which it debits, or if there
 * is none, credits. */
static void name_lines(struct book *b)
{
    for (int credits = 0; credits < 2; credits++)
        for (uint32_t i = 0; i < b->posting_count; i++) {
            const struct book_posting *p = &b->postings[i];
            struct book_entry *e = p->entry != BOOK_NONE ? &b->entries[p->entry] : NULL;
            const struct book_account *a = &b->accounts[p->account];
            if (e != NULL && e->line == 0 && a->owner == e->office &&
                (p->amount > 0) == (credits == 1))
                e->line = a->line;
        }
}

static void move_postings(struct book *b, const uint32_t *entries, const uint32_t *accounts)
{
    for (uint32_t i = 0; i < b->posting_count; i++) {
        struct book_posting *p = &b->postings[i];
        p->entry = p->entry != BOOK_NONE ? entries[p->entry] : BOOK_NONE;
        p->account = accounts[p->account];
    }
}

enum status booking_order_links(struct book *b)
{
    struct book_inside *in = b->inside;
    enum status status = gather_links(b, true, &in->of_enterprise, &in->of_enterprise_count);
    return status == ST_OK ? gather_links(b, false, &in->about, &in->about_count) : status;
}

enum status booking_order(struct booking *w)
{
    struct book *b = w->book;
    uint32_t *entries = NULL, *accounts = NULL;
    sort(b->enterprises, b->enterprise_count, sizeof *b->enterprises, compare_records);
    sort(b->households, b->household_count, sizeof *b->households, compare_records);
    sort(b->visits, b->visit_count, sizeof *b->visits, compare_records);
    sort(b->sessions, b->session_count, sizeof *b->sessions, compare_records);
    sort(b->incomes, b->income_count, sizeof *b->incomes, compare_records);
    sort(b->contacts, b->contact_count, sizeof *b->contacts, compare_records);
    sort(b->programmes, b->programme_count, sizeof *b->programmes, compare_records);
    sort(b->documents, b->document_count, sizeof *b->documents, compare_documents);
    sort(b->conflicts, b->conflict_count, sizeof *b->conflicts, compare_conflicts);
    date_reversals(b);
    enum status status = add_stubs(w);
    if (status == ST_OK)
        status = permute(b, BOOKING_ENTRIES, compare_entries, &entries);
    if (status == ST_OK)
        status = permute(b, BOOKING_ACCOUNTS, compare_accounts, &accounts);
    if (status == ST_OK) {
        move_postings(b, entries, accounts);
        sort(b->postings, b->posting_count, sizeof *b->postings, compare_postings);
        status = booking_index(b);
    }
    if (status == ST_OK) {
        link_records(b);
        link_entries(b);
        name_lines(b);
        status = sum_accounts(w);
    }
    if (status == ST_OK)
        status = booking_order_links(b);
    mem_free(entries);
    mem_free(accounts);
    return status;
}
