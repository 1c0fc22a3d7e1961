#include <stdlib.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/fold.h"
#include "replicas/inspection.h"

/*
 * The rules about papers: receipts, ownership handed over, grants.
 */

struct paper { /* an entry by what two of them must share */
    const uint8_t *texts;
    size_t number_at, number_bytes; /* of a receipt; of a grant: all that makes it the same */
    size_t name_at, name_bytes;     /* the supplier, or nothing */
    uint64_t hash;                  /* of the number: what sorts quickly */
    uint32_t entry;
};

struct papers {
    struct paper *list;
    uint32_t count;
    struct buf texts;
};

/* Letters and digits alone, without case and accents: "Boleta N° 78-625" is "boletan78625". */
static void fold(struct papers *p, const char *text, size_t *at_out, size_t *bytes_out)
{
    *at_out = p->texts.count;
    struct buf folded = {0};
    fold_text(bytes_of_text(text), &folded);
    p->texts.failed = p->texts.failed || folded.failed;
    for (size_t i = 0; i < folded.count; i++) {
        uint8_t c = folded.data[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
            buf_add_byte(&p->texts, c);
    }
    buf_release(&folded);
    *bytes_out = p->texts.count - *at_out;
}

static struct bytes number_of(const struct paper *p)
{
    return (struct bytes){p->texts + p->number_at, p->number_bytes};
}

static struct bytes name_of(const struct paper *p)
{
    return (struct bytes){p->texts + p->name_at, p->name_bytes};
}

/* FNV-1a: equal numbers come together; whether they are equal is compared. */
static uint64_t hash_of(struct bytes text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.count; i++)
        hash = (hash ^ text.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static int compare(const void *left, const void *right)
{
    const struct paper *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    int order = bytes_compare(number_of(a), number_of(b));
    if (order == 0)
        order = bytes_compare(name_of(a), name_of(b));
    if (order != 0)
        return order;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static enum status sort(struct papers *p)
{
    enum status st = buf_status(&p->texts);
    if (st != ST_OK)
        return st;
    for (uint32_t i = 0; i < p->count; i++) {
        p->list[i].texts = p->texts.data;
        p->list[i].hash = hash_of(number_of(&p->list[i]));
    }
    qsort(p->list, p->count, sizeof *p->list, compare);
    return ST_OK;
}

static void papers_release(struct papers *p)
{
    mem_free(p->list);
    buf_release(&p->texts);
}

/* The refs of some papers' entries with their offices, as one parameter. */
static void say_refs(struct inspection *in, const struct paper *const *papers, uint32_t count)
{
    buf_reset(&in->scratch);
    for (uint32_t i = 0; i < count; i++) {
        const struct book_entry *e = &in->book->entries[papers[i]->entry];
        buf_add_format(&in->scratch, "%s%s %s", i > 0 ? ", " : "", book_text(in->book, e->ref),
                       book_text(in->book, e->office));
    }
    if (buf_status(&in->scratch) != ST_OK)
        in->out->failed = true;
    else
        finding_text(in->out, buf_text(&in->scratch));
}

/* One number that several entries use: what is unnamed may be of any supplier. */
static void tell_receipt(struct inspection *in, const struct paper *const *papers, uint32_t count,
                         bool all_named)
{
    const struct book_entry *last = &in->book->entries[papers[count - 1]->entry];
    finding_add(in->out, FINDING_RECEIPT_TWICE, all_named ? 0 : 1);
    for (uint32_t i = 0; i < count; i++)
        inspection_entry(in, &in->book->entries[papers[i]->entry]);
    inspection_word(in, last->receipt);
    inspection_word(in, last->supplier);
    finding_number(in->out, count);
    say_refs(in, papers, count);
}

/* An entry is told again with each supplier that it may be of: where many name none, and many
 * another one each, that is a list that grows by their product. */
enum { UNNAMED_MAX = 16 };

/* The papers of one number, from 'from' to 'end': first those that name no supplier. */
static void tell_number(struct inspection *in, const struct papers *p, uint32_t from, uint32_t end,
                        const struct paper **room)
{
    uint32_t unnamed = 0;
    while (from + unnamed < end && p->list[from + unnamed].name_bytes == 0) {
        room[unnamed] = &p->list[from + unnamed];
        unnamed++;
    }
    if (unnamed > UNNAMED_MAX) {
        for (uint32_t i = from + unnamed; i < end; i++)
            room[i - from] = &p->list[i];
        tell_receipt(in, room, end - from, false);
        return;
    }
    if (from + unnamed == end && unnamed > 1)
        tell_receipt(in, room, unnamed, false);
    for (uint32_t i = from + unnamed; i < end;) {
        uint32_t count = unnamed, first = i;
        for (; i < end && bytes_equal(name_of(&p->list[i]), name_of(&p->list[first])); i++)
            room[count++] = &p->list[i];
        if (count > 1)
            tell_receipt(in, room, count, unnamed == 0);
    }
}

static uint32_t same_number(const struct papers *p, uint32_t from)
{
    uint32_t end = from + 1;
    while (end < p->count && bytes_equal(number_of(&p->list[end]), number_of(&p->list[from])))
        end++;
    return end;
}

static bool has_paper(const struct book_entry *e)
{
    return (e->kind == BOOK_PURCHASE || e->kind == BOOK_EXPENSE) && inspection_stands(e);
}

enum status inspect_papers_twice(struct inspection *in)
{
    const struct book *b = in->book;
    struct papers p = {.list = mem_array(b->entry_count, sizeof *p.list)};
    const struct paper **room = mem_array(b->entry_count, sizeof *room);
    enum status st = p.list != NULL && room != NULL ? ST_OK : ST_NO_MEMORY;
    for (uint32_t i = 0; st == ST_OK && i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        struct paper *one = &p.list[p.count];
        if (!has_paper(e))
            continue;
        *one = (struct paper){.entry = i};
        fold(&p, book_text(b, e->receipt), &one->number_at, &one->number_bytes);
        fold(&p, book_text(b, e->supplier), &one->name_at, &one->name_bytes);
        p.count += one->number_bytes > 0 ? 1 : 0;
    }
    if (st == ST_OK)
        st = sort(&p);
    for (uint32_t i = 0; st == ST_OK && i < p.count;) {
        uint32_t end = same_number(&p, i);
        tell_number(in, &p, i, end, room);
        i = end;
    }
    papers_release(&p);
    mem_free(room);
    return st;
}

enum status inspect_papers_grants(struct inspection *in)
{
    const struct book *b = in->book;
    struct papers p = {.list = mem_array(b->entry_count, sizeof *p.list)};
    const struct paper **room = mem_array(b->entry_count, sizeof *room);
    enum status st = p.list != NULL && room != NULL ? ST_OK : ST_NO_MEMORY;
    for (uint32_t i = 0; st == ST_OK && i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        struct paper *one = &p.list[p.count];
        if (e->kind != BOOK_GRANT || !inspection_stands(e))
            continue;
        *one = (struct paper){.entry = i};
        fold(&p, book_text(b, e->what), &one->number_at, &one->number_bytes);
        buf_add_format(&p.texts, "/%d/%s/%lld", (int)e->day, e->money.currency,
                       (long long)e->money.amount);
        one->number_bytes = p.texts.count - one->number_at;
        p.count++;
    }
    if (st == ST_OK)
        st = sort(&p);
    for (uint32_t i = 0; st == ST_OK && i < p.count;) {
        const struct book_entry *e = &b->entries[p.list[i].entry];
        uint32_t end = same_number(&p, i), count = end - i;
        for (uint32_t k = 0; k < count; k++)
            room[k] = &p.list[i + k];
        i = end;
        if (count < 2)
            continue;
        finding_add(in->out, FINDING_GRANT_TWICE, 0);
        for (uint32_t k = 0; k < count; k++)
            inspection_entry(in, &b->entries[room[k]->entry]);
        inspection_word(in, e->what);
        inspection_day(in, e->day);
        inspection_currency(in, e->money.currency);
        inspection_amount(in, e->money.amount, e->money.currency);
        finding_number(in->out, count);
        say_refs(in, room, count);
    }
    papers_release(&p);
    mem_free(room);
    return st;
}

/* What an entry is: its number, whose it is, how much, when. */
static void say_entry(struct inspection *in, const struct book_entry *e)
{
    inspection_word(in, e->ref);
    inspection_word(in, e->office);
    inspection_currency(in, e->money.currency);
    inspection_amount(in, e->money.amount, e->money.currency);
    inspection_day(in, e->day);
}

enum status inspect_papers_none(struct inspection *in)
{
    const struct book *b = in->book;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (!has_paper(e) || e->documents > 0 || book_text(b, e->receipt)[0] != '\0')
            continue;
        finding_add(in->out, FINDING_NO_RECEIPT, e->kind == BOOK_PURCHASE ? 0 : 1);
        inspection_entry(in, e);
        say_entry(in, e);
    }
    return ST_OK;
}

enum status inspect_papers_kept(struct inspection *in)
{
    const struct book *b = in->book;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->kind != BOOK_PURCHASE || !inspection_stands(e) || in->handed[i])
            continue;
        finding_add(in->out, FINDING_NOT_HANDED_OVER, 0);
        inspection_entry(in, e);
        say_entry(in, e);
        if (e->enterprise < b->enterprise_count)
            inspection_enterprise(in, e->enterprise);
        else
            finding_text(in->out, "?");
    }
    return ST_OK;
}
