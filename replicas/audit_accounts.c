#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/account.h"
#include "replicas/auditing.h"
#include "replicas/record.h"
#include "replicas/store.h"
#include "replicas/tree.h"

/*
 * The accounts of the state, stub by stub, against the entries: what each entry's type says that it
 * posts is reckoned anew from the entry's own content, and both lists have to be the same.
 */

enum { TIDY_EVERY = 1024 }; /* blobs read between two looks at the store's memory */

struct posting {             /* one stub, or one that is expected */
    uint32_t account, entry; /* in the book; BOOK_NONE: an entry that the book has no kind for */
    int64_t amount;
};

struct checking {
    struct replica *replica;
    const struct book *book;
    struct audit_result *audit;
    const struct schema_type *type;
    const char *writer_field; /* of the type; NULL: none */
    struct posting *list;
    uint32_t count, capacity, read;
    bool unknown; /* something that this cannot reckon: then it says nothing */
    struct fault *fault;
};

static int compare_account(const struct book *b, const struct book_account *a,
                           const struct account_posting *p)
{
    int order = strcmp(book_text(b, a->owner), p->owner);
    if (order == 0)
        order = strcmp(book_text(b, a->line), p->line);
    return order != 0 ? order : strcmp(a->currency, p->currency);
}

/* By owner, line and currency, as they stand; BOOK_NONE: there is none. */
static uint32_t find_account(const struct book *b, const struct account_posting *p)
{
    uint32_t low = 0, high = b->account_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_account(b, &b->accounts[middle], p);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return BOOK_NONE;
}

static enum status expect(struct checking *c, uint32_t account, uint32_t entry, int64_t amount)
{
    if (c->count == c->capacity) {
        uint32_t wanted = c->capacity == 0 ? 256 : 2 * c->capacity;
        struct posting *grown = mem_resize(c->list, (size_t)wanted * sizeof *grown);
        if (grown == NULL)
            return ST_NO_MEMORY;
        c->list = grown;
        c->capacity = wanted;
    }
    c->list[c->count++] = (struct posting){account, entry, amount};
    return ST_OK;
}

static void refuse(struct checking *c, const struct account_posting *p, const char *entry_hex,
                   const char *what)
{
    audit_refuse(c->audit, NULL, ST_CORRUPT, "the account %s/%s.%s %s entry %.40s", p->owner,
                 p->line, p->currency, what, entry_hex);
}

/* Whose entry it is: named in it, or the first that wrote it. */
static bool writer_of(struct checking *c, const struct record *record, uint32_t entry,
                      struct buf *out)
{
    if (c->writer_field != NULL && schema_entry_text(record->entry, c->writer_field, out))
        return true;
    if (entry == BOOK_NONE)
        return false;
    buf_add_text(out, book_text(c->book, c->book->entries[entry].office));
    return true;
}

static enum status reckon(struct checking *c, const struct record *record)
{
    struct account_posting postings[SCHEMA_POSTINGS_MAX];
    struct buf writer = {0};
    uint8_t id[ENTRY_ID_BYTES];
    uint32_t count = 0;
    char hex[ENTRY_ID_TEXT + 1] = "";
    enum status st = hex_decode(record->id, id, sizeof id);
    uint32_t entry = st == ST_OK ? book_find(c->book, id) : BOOK_NONE;
    if (st == ST_OK)
        hex_encode(id, sizeof id, hex);
    if (st == ST_OK && !writer_of(c, record, entry, &writer))
        c->unknown = true;
    if (st == ST_OK)
        st = buf_status(&writer);
    if (st == ST_OK && !c->unknown)
        st = account_postings(c->type, record->entry, buf_bytes(&writer), postings, &count,
                              c->fault);
    if (st != ST_OK && status_class(st) != STATUS_LOCAL) {
        audit_refuse(c->audit, NULL, st, "entry %s: %s", hex, c->fault->text);
        st = ST_OK;
        count = 0;
    }
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        uint32_t account = find_account(c->book, &postings[i]);
        if (account == BOOK_NONE)
            refuse(c, &postings[i], hex, "is missing, of");
        else
            st = expect(c, account, entry, postings[i].amount);
    }
    buf_release(&writer);
    return st;
}

static enum status on_entry(void *user, const char *path, const struct oid *blob)
{
    struct checking *c = user;
    struct bytes text;
    struct record record = {0};
    (void)path;
    if (c->read++ % TIDY_EVERY == 0)
        store_tidy(replica_store(c->replica));
    enum status st = store_read(replica_store(c->replica), blob, STORE_BLOB, &text, c->fault);
    if (st == ST_OK)
        st = record_parse(text, &record);
    if (st == ST_OK)
        st = reckon(c, &record);
    record_release(&record);
    return st;
}

static enum status read_type(struct checking *c, const struct schema_type *type)
{
    char folder[16 + SCHEMA_NAME_TEXT] = "records/";
    if (!type->entry || type->posting_count == 0)
        return ST_OK;
    memcpy(folder + strlen(folder), type->name, strlen(type->name) + 1);
    c->type = type;
    c->writer_field = NULL;
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].is_writer)
            c->writer_field = type->fields[i].name;
    enum status st = tree_walk(replica_store(c->replica), replica_state(c->replica), folder,
                               on_entry, c, c->fault);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int compare_entries(const void *left, const void *right)
{
    const struct posting *a = left, *b = right;
    if (a->entry != b->entry)
        return a->entry < b->entry ? -1 : 1;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    return a->amount < b->amount ? -1 : a->amount > b->amount;
}

/* What reversals post: the opposite of what the entry posted that they are about. */
static enum status reckon_reversals(struct checking *c)
{
    enum status st = ST_OK;
    uint32_t known = c->count;
    if (known > 0)
        qsort(c->list, known, sizeof *c->list, compare_entries);
    for (uint32_t i = 0; st == ST_OK && i < c->book->entry_count; i++) {
        const struct book_entry *e = &c->book->entries[i];
        if (e->kind != BOOK_REVERSAL)
            continue;
        uint32_t low = 0, high = known;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (c->list[middle].entry < e->about)
                low = middle + 1;
            else
                high = middle;
        }
        for (;
             st == ST_OK && e->about != BOOK_NONE && low < known && c->list[low].entry == e->about;
             low++)
            st = expect(c, c->list[low].account, i, -c->list[low].amount);
    }
    return st;
}

static void tell(struct checking *c, const struct posting *p, const char *what)
{
    const struct book *b = c->book;
    const struct book_account *a = &b->accounts[p->account];
    char hex[ENTRY_ID_TEXT + 1] = "(of another type)";
    if (p->entry < b->entry_count)
        hex_encode(b->entries[p->entry].id, ENTRY_ID_BYTES, hex);
    audit_refuse(c->audit, NULL, ST_CORRUPT, "the account %s/%s.%s %s %lld of entry %s",
                 book_text(b, a->owner), book_text(b, a->line), a->currency, what,
                 (long long)p->amount, hex);
}

/* A reversal of an entry that the book has no kind for: nothing here says what that posted. */
static bool is_unreckoned(const struct book *b, const struct book_posting *p)
{
    const struct book_entry *e = p->entry < b->entry_count ? &b->entries[p->entry] : NULL;
    return e != NULL && e->kind == BOOK_REVERSAL && e->about == BOOK_NONE;
}

/* Both lists in one order: what only one of them has is told. */
static enum status compare(struct checking *c)
{
    const struct book *b = c->book;
    struct posting *stubs = mem_array(b->posting_count, sizeof *stubs);
    if (stubs == NULL)
        return ST_NO_MEMORY;
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->posting_count; i++) {
        const struct book_posting *p = &b->postings[i];
        if (!is_unreckoned(b, p))
            stubs[count++] = (struct posting){p->account, p->entry, p->amount};
    }
    if (count > 0)
        qsort(stubs, count, sizeof *stubs, compare_entries);
    if (c->count > 0)
        qsort(c->list, c->count, sizeof *c->list, compare_entries);
    for (uint32_t i = 0, k = 0; i < count || k < c->count;) {
        int order = i == count ? 1 : k == c->count ? -1 : compare_entries(&stubs[i], &c->list[k]);
        if (order < 0)
            tell(c, &stubs[i], "has a posting that no entry makes:");
        if (order > 0)
            tell(c, &c->list[k], "lacks the posting");
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
    mem_free(stubs);
    return ST_OK;
}

enum status audit_accounts_check(struct replica *r, const struct book *b, struct audit_result *a,
                                 struct fault *f)
{
    struct checking c = {.replica = r, .book = b, .audit = a, .fault = f};
    const struct schema *schema = charter_newest(replica_charters(r))->schema;
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < schema->type_count; i++) {
        const struct schema_type *type = &schema->types[i];
        bool reverses = type->entry && type->reverses[0] != '\0';
        c.unknown = c.unknown || (reverses && strcmp(type->name, book_word(BOOK_REVERSAL)) != 0);
        st = read_type(&c, type);
    }
    if (st == ST_OK && !c.unknown)
        st = reckon_reversals(&c);
    if (st == ST_OK && !c.unknown)
        st = compare(&c);
    mem_free(c.list);
    return st;
}
