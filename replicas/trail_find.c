#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/check.h"
#include "replicas/attachment.h"
#include "replicas/booking.h"
#include "replicas/lookup.h"
#include "replicas/trail.h"

enum { NAMED_MAX = 4, DIGITS_SHOWN = 8 };

/* The lists of records, their types and where their number stands in a row. */
static const struct {
    const char *type;
    enum trail_thing thing;
    enum booking_list list;
    size_t number;
} records[] = {
    {"enterprise", TRAIL_ENTERPRISE, BOOKING_ENTERPRISES, offsetof(struct book_enterprise, number)},
    {"household", TRAIL_HOUSEHOLD, BOOKING_HOUSEHOLDS, offsetof(struct book_household, number)},
    {"visit", TRAIL_VISIT, BOOKING_VISITS, offsetof(struct book_visit, number)},
    {"session", TRAIL_SESSION, BOOKING_SESSIONS, offsetof(struct book_session, number)},
    {"income", TRAIL_INCOME, BOOKING_INCOMES, offsetof(struct book_income, number)},
    {"contact", TRAIL_CONTACT, BOOKING_CONTACTS, offsetof(struct book_contact, number)},
    {"programme", TRAIL_PROGRAMME, BOOKING_PROGRAMMES, offsetof(struct book_programme, title)},
};
enum { RECORD_LISTS = sizeof records / sizeof records[0] };

struct found {
    const struct book *book;
    const char *text;
    enum trail_thing things[NAMED_MAX];
    uint32_t indices[NAMED_MAX];
    uint32_t count; /* of all, though only the first are kept */
};

static void take(struct found *s, enum trail_thing thing, uint32_t index)
{
    for (uint32_t i = 0; i < s->count && i < NAMED_MAX; i++)
        if (s->things[i] == thing && s->indices[i] == index)
            return;
    if (s->count < NAMED_MAX) {
        s->things[s->count] = thing;
        s->indices[s->count] = index;
    }
    s->count++;
}

static bool reads(const struct found *s, book_text_at at)
{
    return at != 0 && strcasecmp(book_text(s->book, at), s->text) == 0;
}

static void find_entries(struct found *s)
{
    for (uint32_t i = 0; i < s->book->entry_count; i++) {
        const struct book_entry *e = &s->book->entries[i];
        bool named =
            e->kind != BOOK_REVERSAL && reads(s, e->ref); /* that one's is what it reverses */
        if (named || reads(s, e->receipt))
            take(s, TRAIL_ENTRY, i);
    }
}

static void find_records(struct found *s)
{
    for (size_t k = 0; k < RECORD_LISTS; k++) {
        uint32_t count;
        const uint8_t *row = booking_rows(s->book, records[k].list, &count);
        for (uint32_t i = 0; i < count; i++, row += booking_row_bytes(records[k].list)) {
            book_text_at at;
            memcpy(&at, row + records[k].number, sizeof at);
            if (reads(s, at))
                take(s, records[k].thing, i);
        }
    }
}

/* ---- By id ---- */

static bool take_record(struct found *s, struct bytes type, const uint8_t *id)
{
    for (size_t k = 0; k < RECORD_LISTS; k++) {
        uint32_t count;
        const uint8_t *row = booking_rows(s->book, records[k].list, &count);
        for (uint32_t i = 0; bytes_equal_text(type, records[k].type) && i < count;
             i++, row += booking_row_bytes(records[k].list))
            if (memcmp(row, id, BOOKING_RECORD_BYTES) == 0) {
                take(s, records[k].thing, i);
                return true;
            }
    }
    return false;
}

/* What a file is attached to; itself where that is no part of a book. */
static bool take_document(struct found *s, const uint8_t *id)
{
    const struct book *b = s->book;
    for (uint32_t i = 0; i < b->document_count; i++) {
        const struct book_document *d = &b->documents[i];
        if (memcmp(d->id, id, BOOKING_RECORD_BYTES) != 0)
            continue;
        uint32_t entry = d->about_bytes == BOOKING_ENTRY_BYTES ? book_find(b, d->about) : BOOK_NONE;
        bool placed = entry != BOOK_NONE;
        if (placed)
            take(s, TRAIL_ENTRY, entry);
        for (size_t k = 0; !placed && d->about_bytes == BOOKING_RECORD_BYTES && k < RECORD_LISTS;
             k++)
            placed = take_record(s, bytes_of_text(records[k].type), d->about);
        if (!placed)
            take(s, TRAIL_DOCUMENT, i);
        return true;
    }
    return false;
}

static enum status take_id(struct found *s, const struct index_id *at, struct fault *f)
{
    uint8_t id[BOOKING_ENTRY_BYTES];
    struct bytes type = bytes_of_text(at->type), hex = bytes_of_text(at->id);
    bool taken = false;
    if (hex.count == ENTRY_ID_TEXT && hex_decode(hex, id, BOOKING_ENTRY_BYTES) == ST_OK) {
        uint32_t entry = book_find(s->book, id);
        taken = entry != BOOK_NONE;
        if (taken)
            take(s, TRAIL_ENTRY, entry);
    } else if (hex.count == RECORD_ID_TEXT && hex_decode(hex, id, BOOKING_RECORD_BYTES) == ST_OK) {
        taken = attachment_is_type(type) ? take_document(s, id) : take_record(s, type, id);
    }
    if (taken)
        return ST_OK;
    enum status status = fault_set(f, ST_NOT_FOUND, "a %s has no part in money", at->type);
    fault_fix(f, "see what was done to it: minga log %.*s", DIGITS_SHOWN, at->id);
    return status;
}

static bool may_be_id(struct bytes text)
{
    bool digits = text.count >= LOOKUP_PREFIX_MIN && text.count <= ENTRY_ID_TEXT;
    for (size_t i = 0; digits && i < text.count; i++)
        digits = (text.data[i] >= '0' && text.data[i] <= '9') ||
                 (text.data[i] >= 'a' && text.data[i] <= 'f');
    return digits;
}

/* ---- One of them ---- */

static void name_thing(const struct book *b, enum trail_thing thing, uint32_t index,
                       struct buf *out)
{
    const uint8_t *id = NULL;
    char hex[2 * BOOKING_ENTRY_BYTES + 1] = "";
    if (thing == TRAIL_ENTRY) {
        const struct book_entry *e = &b->entries[index];
        hex_encode(e->id, BOOKING_ENTRY_BYTES, hex);
        buf_add_format(out, "%s %s of %s (%.*s)", book_word(e->kind), book_text(b, e->ref),
                       book_text(b, e->office), DIGITS_SHOWN, hex);
        return;
    }
    for (size_t k = 0; k < RECORD_LISTS; k++) {
        uint32_t count;
        const uint8_t *rows = booking_rows(b, records[k].list, &count);
        if (records[k].thing != thing)
            continue;
        id = rows + index * booking_row_bytes(records[k].list);
        hex_encode(id, BOOKING_RECORD_BYTES, hex);
        buf_add_format(out, "%s (%.*s)", records[k].type, DIGITS_SHOWN, hex);
    }
}

static enum status say_which(const struct found *s, struct fault *f)
{
    struct buf names = {0};
    for (uint32_t i = 0; i < s->count && i < NAMED_MAX; i++) {
        buf_add_text(&names, i > 0 ? ", " : "");
        name_thing(s->book, s->things[i], s->indices[i], &names);
    }
    if (s->count > NAMED_MAX)
        buf_add_text(&names, ", ...");
    enum status status = buf_status(&names);
    if (status == ST_OK) {
        status = fault_set(f, ST_AMBIGUOUS, "'%s' is more than one: %s", s->text, buf_text(&names));
        fault_fix(f, "give the digits of the one that is meant");
    }
    buf_release(&names);
    return status;
}

enum status trail_find(struct replica *r, const struct book *b, struct bytes text,
                       enum trail_thing *thing_out, uint32_t *index_out, struct fault *f)
{
    struct buf copy = {0};
    struct index_id at;
    buf_add_bytes(&copy, text);
    struct found s = {.book = b, .text = buf_text(&copy)};
    enum status status = buf_status(&copy);
    if (status == ST_OK) {
        find_entries(&s);
        find_records(&s);
    }
    bool id = status == ST_OK && may_be_id(text);
    if (id) {
        status = lookup_id(r, text, &at, f);
        if (status == ST_OK)
            status = take_id(&s, &at, f);
        if (s.count > 0 && (status == ST_NOT_FOUND || status == ST_AMBIGUOUS))
            status = ST_OK; /* its number says which */
    }
    if (status == ST_OK && s.count == 0) {
        status =
            fault_set(f, ST_NOT_FOUND, "no entry, receipt or record here is called '%s'", s.text);
        fault_fix(f, "give an id, a number such as D07, or what stands on the receipt");
    } else if (status == ST_OK && s.count > 1) {
        status = say_which(&s, f);
    } else if (status == ST_OK) {
        *thing_out = s.things[0];
        *index_out = s.indices[0];
    }
    buf_release(&copy);
    return status;
}
