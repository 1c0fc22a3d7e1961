#include "replicas/booking.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/tree.h"

enum {
    ROOM_FIRST = 16, /* rows of a list when it gets its first */
    SLOTS_FIRST = 256,
};

static const struct {
    size_t rows, count, bytes;
} lists[BOOKING_LISTS] = {
#define LIST(plural, singular, type)                                                               \
    {                                                                                              \
        offsetof(struct book, plural), offsetof(struct book, singular##_count),                    \
            sizeof(struct type)                                                                    \
    }
    [BOOKING_ENTRIES] = LIST(entries, entry, book_entry),
    [BOOKING_POSTINGS] = LIST(postings, posting, book_posting),
    [BOOKING_ACCOUNTS] = LIST(accounts, account, book_account),
    [BOOKING_ENTERPRISES] = LIST(enterprises, enterprise, book_enterprise),
    [BOOKING_HOUSEHOLDS] = LIST(households, household, book_household),
    [BOOKING_VISITS] = LIST(visits, visit, book_visit),
    [BOOKING_SESSIONS] = LIST(sessions, session, book_session),
    [BOOKING_INCOMES] = LIST(incomes, income, book_income),
    [BOOKING_CONTACTS] = LIST(contacts, contact, book_contact),
    [BOOKING_PROGRAMMES] = LIST(programmes, programme, book_programme),
    [BOOKING_DOCUMENTS] = LIST(documents, document, book_document),
    [BOOKING_CONFLICTS] = LIST(conflicts, conflict, book_conflict),
#undef LIST
};

static void *rows_of(const struct book *b, enum booking_list list)
{
    void *rows;
    memcpy(&rows, (const uint8_t *)b + lists[list].rows, sizeof rows);
    return rows;
}

static uint32_t count_of(const struct book *b, enum booking_list list)
{
    uint32_t count;
    memcpy(&count, (const uint8_t *)b + lists[list].count, sizeof count);
    return count;
}

void *booking_rows(const struct book *b, enum booking_list list, uint32_t *count_out)
{
    *count_out = count_of(b, list);
    return rows_of(b, list);
}

size_t booking_row_bytes(enum booking_list list)
{
    return lists[list].bytes;
}

static enum status resize(struct book *b, enum booking_list list, uint32_t room)
{
    void *rows = mem_resize(rows_of(b, list), room * lists[list].bytes);
    if (rows == NULL)
        return ST_NO_MEMORY;
    b->inside->room[list] = room;
    memcpy((uint8_t *)b + lists[list].rows, &rows, sizeof rows);
    return ST_OK;
}

enum status booking_reserve(struct book *b, enum booking_list list, uint32_t count)
{
    CHECK(count_of(b, list) == 0);
    return count > b->inside->room[list] ? resize(b, list, count) : ST_OK;
}

enum status booking_grow(struct book *b, enum booking_list list, void **row_out)
{
    uint32_t count = count_of(b, list), room = b->inside->room[list];
    size_t bytes = lists[list].bytes;
    CHECK(count <= room && count < BOOK_NONE / 2);
    if (count == room && resize(b, list, count > 0 ? 2 * count : ROOM_FIRST) != ST_OK)
        return ST_NO_MEMORY;
    *row_out = (uint8_t *)rows_of(b, list) + count * bytes;
    memset(*row_out, 0, bytes);
    count++;
    memcpy((uint8_t *)b + lists[list].count, &count, sizeof count);
    return ST_OK;
}

enum status booking_empty(struct book **out)
{
    struct book *b = mem_alloc(sizeof *b);
    if (b != NULL)
        b->inside = mem_alloc(sizeof *b->inside);
    if (b == NULL || b->inside == NULL) {
        book_free(b);
        return ST_NO_MEMORY;
    }
    buf_add_byte(&b->texts, 0);
    enum status status = buf_status(&b->texts);
    if (status == ST_OK)
        *out = b;
    else
        book_free(b);
    return status;
}

/* ---- Texts ---- */

/* The slot of a text: where its offset stands, or where it would. */
static uint32_t *slot_of(const struct book *b, struct bytes text)
{
    const struct book_inside *in = b->inside;
    uint64_t hash;
    static_assert(sizeof hash == crypto_shorthash_BYTES, "one number");
    static_assert((int)BOOKING_KEY_BYTES == (int)crypto_shorthash_KEYBYTES, "its key");
    crypto_shorthash((uint8_t *)&hash, text.data, text.count, in->key);
    for (uint32_t at = (uint32_t)hash;; at++) {
        uint32_t *slot = &in->words[at & (in->word_slots - 1)];
        if (*slot == 0 || bytes_equal_text(text, book_text(b, *slot)))
            return slot;
    }
}

/* Every text of the book into a table of so many slots. */
static enum status place_words(struct book *b, uint32_t slots)
{
    struct book_inside *in = b->inside;
    uint32_t *words = mem_array(slots, sizeof *words);
    if (words == NULL)
        return ST_NO_MEMORY;
    if (in->words == NULL)
        randombytes_buf(in->key, sizeof in->key); /* nobody chooses texts that share a slot */
    mem_free(in->words);
    in->words = words;
    in->word_slots = slots;
    in->word_count = 0;
    for (size_t at = 1; at < b->texts.count;) {
        struct bytes text = bytes_of_text(book_text(b, (uint32_t)at));
        uint32_t *slot = text.count > 0 ? slot_of(b, text) : NULL;
        if (slot != NULL && *slot == 0) {
            *slot = (uint32_t)at;
            in->word_count++;
        }
        at += text.count + 1;
    }
    return ST_OK;
}

static uint32_t count_words(const struct book *b)
{
    uint32_t count = 0;
    for (size_t at = 0; at < b->texts.count; at++)
        count += b->texts.data[at] == 0;
    return count;
}

/* Room for one more; a book that was loaded has no table yet. */
static enum status reserve_words(struct book *b)
{
    const struct book_inside *in = b->inside;
    uint32_t slots = in->word_slots > 0 ? in->word_slots : SLOTS_FIRST;
    uint32_t words = in->words != NULL ? in->word_count : count_words(b);
    while (slots / 2 <= words)
        slots *= 2;
    return slots > in->word_slots ? place_words(b, slots) : ST_OK;
}

enum status booking_word(struct book *b, struct bytes text, book_text_at *out)
{
    *out = 0;
    if (text.count == 0)
        return ST_OK;
    enum status status = reserve_words(b);
    if (status != ST_OK)
        return status;
    uint32_t *slot = slot_of(b, text);
    if (*slot == 0) {
        size_t at = b->texts.count;
        if (at + text.count >= UINT32_MAX)
            return ST_NO_MEMORY;
        if (buf_reserve(&b->texts, text.count + 1) == NULL)
            return ST_NO_MEMORY;
        buf_add_bytes(&b->texts, text);
        buf_add_byte(&b->texts, 0);
        *slot = (uint32_t)at;
        b->inside->word_count++;
    }
    *out = *slot;
    return ST_OK;
}

/* ---- Entries by their id ---- */

static uint32_t id_hash(const uint8_t id[static BOOKING_ENTRY_BYTES])
{
    uint32_t hash;
    memcpy(&hash, id, sizeof hash); /* an id is a hash already */
    return hash;
}

enum status booking_index(struct book *b)
{
    struct book_inside *in = b->inside;
    uint32_t slots = SLOTS_FIRST;
    while (slots / 2 <= b->entry_count)
        slots *= 2;
    if (slots != in->id_slots) {
        uint32_t *fresh = mem_array(slots, sizeof *fresh);
        if (fresh == NULL)
            return ST_NO_MEMORY;
        mem_free(in->by_id);
        in->by_id = fresh;
        in->id_slots = slots;
    }
    memset(in->by_id, 0, slots * sizeof *in->by_id);
    for (uint32_t i = 0; i < b->entry_count; i++) {
        uint32_t at = id_hash(b->entries[i].id);
        while (in->by_id[at & (slots - 1)] != 0)
            at++;
        in->by_id[at & (slots - 1)] = i + 1;
    }
    return ST_OK;
}

uint32_t booking_find(const struct book *b, const uint8_t id[static BOOKING_ENTRY_BYTES])
{
    const struct book_inside *in = b->inside;
    if (in == NULL || in->id_slots == 0) {
        for (uint32_t i = 0; i < b->entry_count; i++)
            if (memcmp(b->entries[i].id, id, BOOKING_ENTRY_BYTES) == 0)
                return i;
        return BOOK_NONE;
    }
    for (uint32_t at = id_hash(id);; at++) {
        uint32_t found = in->by_id[at & (in->id_slots - 1)];
        if (found == 0)
            return BOOK_NONE;
        if (memcmp(b->entries[found - 1].id, id, BOOKING_ENTRY_BYTES) == 0)
            return found - 1;
    }
}

/* ---- From one state to another ---- */

static enum status see_change(void *user, const char *path, const struct oid *a,
                              const struct oid *b)
{
    static const char records[] = "records/", accounts[] = "accounts/";
    struct booking *w = user;
    bool record = strncmp(path, records, sizeof records - 1) == 0;
    if (!record && strncmp(path, accounts, sizeof accounts - 1) != 0)
        return ST_OK;
    if (oid_is_zero(b) || (!record && !oid_is_zero(a))) {
        w->anew = true;
        return ST_NOTHING;
    }
    w->changed = true;
    enum { TIDY_EVERY = 1024 };
    if (++w->reads % TIDY_EVERY == 0)
        store_tidy(replica_store(w->replica));
    return record ? booking_records_take(w, path, b, !oid_is_zero(a))
                  : booking_order_stub(w, path, b);
}

void booking_charter(struct replica *r, struct digest *out)
{
    const struct charter_chain *chain = replica_charters(r);
    *out = chain->count > 0 ? charter_newest(chain)->hash : (struct digest){{0}};
}

/* Whether nothing at all came since. */
static bool is_there(const struct booking *w)
{
    const struct book_inside *in = w->book->inside;
    struct digest charter;
    booking_charter(w->replica, &charter);
    return oid_equal(&w->book->state, replica_state(w->replica)) &&
           in->nodes == graph_count(replica_graph(w->replica)) &&
           memcmp(in->charter.id, charter.id, DIGEST_BYTES) == 0;
}

enum status booking_run(struct booking *w)
{
    const struct oid *state = replica_state(w->replica);
    if (is_there(w))
        return ST_OK;
    enum status status =
        tree_diff(replica_store(w->replica), &w->book->state, state, see_change, w, w->fault);
    if (w->anew)
        status = ST_OK;
    else if (status == ST_OK && w->changed)
        status = booking_index(w->book);
    if (status == ST_OK && !w->anew)
        status = booking_origin(w);
    if (status == ST_OK && !w->anew && w->changed)
        status = booking_order(w);
    if (status == ST_OK && !w->anew)
        w->book->state = *state;
    store_tidy(replica_store(w->replica));
    buf_release(&w->scratch);
    mem_free(w->stubs);
    w->stubs = NULL;
    return status;
}
