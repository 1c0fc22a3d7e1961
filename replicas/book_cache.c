#include "replicas/book_cache.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/booking.h"

static const char magic[8] = "mingabok";

enum {
    CACHE_VERSION = 1,
    HEAD_BYTES = 8 + 4 + DIGEST_BYTES + OID_BYTES + DIGEST_BYTES + 4 + DIGEST_BYTES,
    SUM_BYTES = DIGEST_BYTES,
    FIELDS_MAX = 32,
};

/* How a member of a row stands in the file: numbers are big-endian. */
enum form {
    FORM_END,
    FORM_RAW,   /* 'bytes' of them as they are */
    FORM_NAME,  /* the same, a text with its NUL */
    FORM_CODE,  /* 3 letters, or 3 zeros */
    FORM_TEXT,  /* u32: offset in the texts */
    FORM_SMALL, /* u8, at most 'bytes' */
    FORM_KIND,  /* u8: enum book_kind */
    FORM_U32,   /* u32 of no limit; also i32 */
    FORM_ROW,   /* u32: row of the list 'bytes', or BOOK_NONE */
    FORM_KNOWN, /* u32: row of the list 'bytes' */
    FORM_I64,
};

struct member {
    enum form form;
    size_t at, bytes;
};

#define M(row, member, how, n)                                                                     \
    {                                                                                              \
        FORM_##how, offsetof(struct book_##row, member), n                                         \
    }
#define RAW(row, member) M(row, member, RAW, sizeof(((struct book_##row *)NULL)->member))
#define NAME(row, member) M(row, member, NAME, sizeof(((struct book_##row *)NULL)->member))
#define MONEY(row, member) M(row, member.amount, I64, 0), M(row, member.currency, CODE, 0)

static const struct member rows[BOOKING_LISTS][FIELDS_MAX] = {
    [BOOKING_ENTRIES] = {RAW(entry, id),
                         RAW(entry, commit),
                         M(entry, kind, KIND, 0),
                         M(entry, ref, TEXT, 0),
                         M(entry, office, TEXT, 0),
                         M(entry, line, TEXT, 0),
                         M(entry, to, TEXT, 0),
                         M(entry, to_line, TEXT, 0),
                         M(entry, receipt, TEXT, 0),
                         M(entry, supplier, TEXT, 0),
                         M(entry, what, TEXT, 0),
                         M(entry, day, U32, 0),
                         M(entry, written, U32, 0),
                         M(entry, handed_over, U32, 0),
                         MONEY(entry, money),
                         MONEY(entry, other),
                         M(entry, enterprise, ROW, BOOKING_ENTERPRISES),
                         M(entry, about, ROW, BOOKING_ENTRIES),
                         M(entry, reversed_by, ROW, BOOKING_ENTRIES),
                         M(entry, documents, U32, 0),
                         RAW(entry, named),
                         M(entry, of_writer, SMALL, 1)},
    [BOOKING_POSTINGS] = {M(posting, account, KNOWN, BOOKING_ACCOUNTS),
                          M(posting, entry, ROW, BOOKING_ENTRIES), M(posting, amount, I64, 0)},
    [BOOKING_ACCOUNTS] = {M(account, owner, TEXT, 0), M(account, line, TEXT, 0),
                          M(account, currency, CODE, 0), M(account, credited, I64, 0),
                          M(account, debited, I64, 0)},
    [BOOKING_ENTERPRISES] = {RAW(enterprise, id), M(enterprise, number, TEXT, 0),
                             M(enterprise, office, TEXT, 0), M(enterprise, line, TEXT, 0),
                             M(enterprise, trade, TEXT, 0), M(enterprise, stage, TEXT, 0),
                             M(enterprise, household, ROW, BOOKING_HOUSEHOLDS),
                             RAW(enterprise, named)},
    [BOOKING_HOUSEHOLDS] = {RAW(household, id), M(household, number, TEXT, 0),
                            M(household, office, TEXT, 0), M(household, commune, TEXT, 0),
                            M(household, referral, TEXT, 0), M(household, people, I64, 0)},
    [BOOKING_VISITS] = {RAW(visit, id), M(visit, number, TEXT, 0), M(visit, office, TEXT, 0),
                        M(visit, feasibility, TEXT, 0), M(visit, decision, TEXT, 0),
                        M(visit, household, ROW, BOOKING_HOUSEHOLDS), M(visit, day, U32, 0),
                        M(visit, score, I64, 0), RAW(visit, named)},
    [BOOKING_SESSIONS] = {RAW(session, id), M(session, number, TEXT, 0),
                          M(session, office, TEXT, 0), M(session, kind, TEXT, 0),
                          M(session, topic, TEXT, 0),
                          M(session, enterprise, ROW, BOOKING_ENTERPRISES), M(session, day, U32, 0),
                          M(session, ordinal, I64, 0), RAW(session, named)},
    [BOOKING_INCOMES] = {RAW(income, id), M(income, number, TEXT, 0), M(income, office, TEXT, 0),
                         M(income, point, TEXT, 0), M(income, enterprise, ROW, BOOKING_ENTERPRISES),
                         M(income, day, U32, 0), MONEY(income, monthly), RAW(income, named)},
    [BOOKING_CONTACTS] = {RAW(contact, id), M(contact, number, TEXT, 0),
                          M(contact, office, TEXT, 0), M(contact, institution, TEXT, 0),
                          M(contact, sector, TEXT, 0), M(contact, kind, TEXT, 0),
                          M(contact, day, U32, 0), M(contact, attendees, I64, 0)},
    [BOOKING_PROGRAMMES] = {RAW(programme, id), M(programme, title, TEXT, 0),
                            M(programme, country, TEXT, 0), M(programme, location, TEXT, 0),
                            M(programme, funding, TEXT, 0), M(programme, mpa_component, TEXT, 0),
                            M(programme, partners, TEXT, 0), M(programme, stages, TEXT, 0),
                            M(programme, themes, TEXT, 0), M(programme, start, U32, 0),
                            M(programme, end, U32, 0), M(programme, lines_currency, CODE, 0),
                            M(programme, line_idea, I64, 0), M(programme, line_innovation, I64, 0),
                            M(programme, line_strengthening, I64, 0),
                            M(programme, families, I64, 0), M(programme, people, I64, 0),
                            M(programme, enterprises, I64, 0),
                            M(programme, income_increase_percent, I64, 0)},
    [BOOKING_DOCUMENTS] = {RAW(document, id), RAW(document, about),
                           M(document, about_bytes, SMALL, 20), M(document, internal, SMALL, 1),
                           M(document, media, TEXT, 0), M(document, bytes, I64, 0)},
    [BOOKING_CONFLICTS] = {NAME(conflict, type), RAW(conflict, id), NAME(conflict, field),
                           M(conflict, money, SMALL, 1)},
};

static size_t member_bytes(const struct member *m)
{
    switch (m->form) {
    case FORM_RAW:
    case FORM_NAME:
        return m->bytes;
    case FORM_CODE:
        return 3;
    case FORM_SMALL:
    case FORM_KIND:
        return 1;
    case FORM_I64:
        return 8;
    default:
        return 4;
    }
}

static size_t row_bytes(enum booking_list list)
{
    size_t bytes = 0;
    for (const struct member *m = rows[list]; m->form != FORM_END; m++)
        bytes += member_bytes(m);
    return bytes;
}

/* ---- Writing ---- */

struct writer {
    const struct book *book;
    uint32_t *moved; /* where the text at each offset stands in the file; 0: not yet */
    struct buf texts;
    struct buf *out;
};

static uint32_t number_at(const void *from)
{
    uint32_t n;
    memcpy(&n, from, sizeof n);
    return n;
}

/* Texts in the order in which rows name them, whatever the order in which they came. */
static void gather_text(struct writer *w, uint32_t at)
{
    if (at == 0 || w->moved[at] != 0)
        return;
    w->moved[at] = (uint32_t)w->texts.count;
    buf_add_text(&w->texts, book_text(w->book, at));
    buf_add_byte(&w->texts, 0);
}

static void put_member(struct writer *w, const struct member *m, const uint8_t *from)
{
    int64_t number;
    enum book_kind kind;
    switch (m->form) {
    case FORM_TEXT:
        buf_add_u32be(w->out, w->moved[number_at(from)]);
        break;
    case FORM_I64:
        memcpy(&number, from, sizeof number);
        buf_add_u64be(w->out, (uint64_t)number);
        break;
    case FORM_KIND:
        memcpy(&kind, from, sizeof kind);
        buf_add_byte(w->out, (uint8_t)kind);
        break;
    case FORM_U32:
    case FORM_ROW:
    case FORM_KNOWN:
        buf_add_u32be(w->out, number_at(from));
        break;
    default:
        buf_add(w->out, from, member_bytes(m));
    }
}

static void put_rows(struct writer *w, enum booking_list list, bool texts)
{
    uint32_t count;
    const uint8_t *row = booking_rows(w->book, list, &count);
    size_t bytes = booking_row_bytes(list);
    if (!texts)
        buf_add_u32be(w->out, count);
    for (uint32_t i = 0; i < count; i++, row += bytes)
        for (const struct member *m = rows[list]; m->form != FORM_END; m++) {
            if (!texts)
                put_member(w, m, row + m->at);
            else if (m->form == FORM_TEXT)
                gather_text(w, number_at(row + m->at));
        }
}

static void put_counted(const struct book_inside *in, struct buf *out)
{
    uint8_t byte = 0;
    for (uint32_t i = 0; i < in->nodes; i++) {
        byte = (uint8_t)(byte | (in->counted[i] ? 1u << (i % 8) : 0));
        if (i % 8 == 7 || i + 1 == in->nodes) {
            buf_add_byte(out, byte);
            byte = 0;
        }
    }
}

enum status book_cache_encode(const struct book *b, const struct book_cache_place *place,
                              struct buf *out)
{
    const struct book_inside *in = b->inside;
    struct writer w = {.book = b, .out = out};
    size_t start = out->count;
    uint8_t sum[SUM_BYTES];
    w.moved = mem_array(b->texts.count, sizeof *w.moved);
    buf_add_byte(&w.texts, 0);
    for (enum booking_list list = 0; w.moved != NULL && list < BOOKING_LISTS; list++)
        put_rows(&w, list, true);
    enum status status = w.moved != NULL ? buf_status(&w.texts) : ST_NO_MEMORY;
    if (status == ST_OK) {
        buf_add(out, magic, sizeof magic);
        buf_add_u32be(out, CACHE_VERSION);
        buf_add(out, place->network.id, DIGEST_BYTES);
        buf_add(out, b->state.id, OID_BYTES);
        buf_add(out, in->charter.id, DIGEST_BYTES);
        buf_add_u32be(out, in->nodes);
        buf_add(out, place->nodes.id, DIGEST_BYTES);
        CHECK(out->failed || out->count == start + HEAD_BYTES);
        put_counted(in, out);
        buf_add_u32be(out, (uint32_t)w.texts.count);
        buf_add_bytes(out, buf_bytes(&w.texts));
        for (enum booking_list list = 0; list < BOOKING_LISTS; list++)
            put_rows(&w, list, false);
        status = buf_status(out);
    }
    if (status == ST_OK) {
        crypto_generichash(sum, sizeof sum, out->data + start, out->count - start, NULL, 0);
        buf_add(out, sum, sizeof sum);
        status = buf_status(out);
    }
    mem_free(w.moved);
    buf_release(&w.texts);
    return status;
}

/* ---- Reading ---- */

struct reader {
    struct bytes in; /* what is left */
    struct book *book;
};

static const uint8_t *take(struct reader *r, size_t count)
{
    const uint8_t *at = r->in.data;
    if (r->in.count < count)
        return NULL;
    r->in.data += count;
    r->in.count -= count;
    return at;
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool take_u32(struct reader *r, uint32_t *out)
{
    const uint8_t *at = take(r, 4);
    if (at == NULL)
        return false;
    *out = read_u32(at);
    return true;
}

static bool is_code(const uint8_t *at)
{
    static const uint8_t none[3];
    bool letters = true;
    for (size_t i = 0; i < sizeof none; i++)
        letters = letters && at[i] >= 'A' && at[i] <= 'Z';
    return letters || memcmp(at, none, sizeof none) == 0;
}

/* One member of a row; false: it can be none. Rows of other lists are checked when all are there.
 */
static bool get_member(const struct book *b, const struct member *m, const uint8_t *at, uint8_t *to)
{
    uint32_t number;
    int64_t wide;
    enum book_kind kind;
    switch (m->form) {
    case FORM_RAW:
        memcpy(to, at, m->bytes);
        return true;
    case FORM_NAME:
        memcpy(to, at, m->bytes);
        return at[m->bytes - 1] == 0;
    case FORM_CODE:
        memcpy(to, at, 3);
        return is_code(at);
    case FORM_SMALL:
        *to = *at;
        return *at <= m->bytes;
    case FORM_KIND:
        kind = *at;
        memcpy(to, &kind, sizeof kind);
        return kind < BOOK_KINDS;
    case FORM_I64:
        wide = (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
        memcpy(to, &wide, sizeof wide);
        return true;
    default:
        number = read_u32(at);
        memcpy(to, &number, sizeof number);
        return m->form != FORM_TEXT || number < b->texts.count;
    }
}

static enum status get_rows(struct reader *r, enum booking_list list)
{
    uint32_t count;
    if (!take_u32(r, &count) || count > r->in.count / row_bytes(list))
        return ST_MALFORMED;
    enum status status = booking_reserve(r->book, list, count);
    for (uint32_t i = 0; i < count; i++) {
        void *row;
        if (status == ST_OK)
            status = booking_grow(r->book, list, &row);
        if (status != ST_OK)
            return status;
        for (const struct member *m = rows[list]; m->form != FORM_END; m++)
            if (!get_member(r->book, m, take(r, member_bytes(m)), (uint8_t *)row + m->at))
                return ST_MALFORMED;
    }
    return status;
}

/* Whether whatever names a row names one that is there. */
static bool rows_are_there(const struct book *b, enum booking_list list)
{
    uint32_t count, of;
    const uint8_t *row = booking_rows(b, list, &count);
    size_t bytes = booking_row_bytes(list);
    for (uint32_t i = 0; i < count; i++, row += bytes)
        for (const struct member *m = rows[list]; m->form != FORM_END; m++) {
            if (m->form != FORM_ROW && m->form != FORM_KNOWN)
                continue;
            uint32_t named = number_at(row + m->at);
            (void)booking_rows(b, (enum booking_list)m->bytes, &of);
            if (named >= of && (named != BOOK_NONE || m->form == FORM_KNOWN))
                return false;
        }
    return true;
}

static enum status get_head(struct reader *r, struct book_cache_place *place)
{
    uint32_t version;
    struct book_inside *in = r->book->inside;
    const uint8_t *at = take(r, sizeof magic);
    if (at == NULL || memcmp(at, magic, sizeof magic) != 0 || !take_u32(r, &version) ||
        version != CACHE_VERSION || r->in.count < HEAD_BYTES - sizeof magic - 4)
        return ST_MALFORMED;
    memcpy(place->network.id, take(r, DIGEST_BYTES), DIGEST_BYTES);
    memcpy(r->book->state.id, take(r, OID_BYTES), OID_BYTES);
    memcpy(in->charter.id, take(r, DIGEST_BYTES), DIGEST_BYTES);
    uint32_t nodes = read_u32(take(r, 4));
    memcpy(place->nodes.id, take(r, DIGEST_BYTES), DIGEST_BYTES);
    const uint8_t *bits = take(r, nodes / 8 + (nodes % 8 > 0));
    if (bits == NULL)
        return ST_MALFORMED;
    in->counted = mem_array(nodes, sizeof *in->counted);
    if (in->counted == NULL)
        return ST_NO_MEMORY;
    in->nodes = nodes;
    for (uint32_t i = 0; i < nodes; i++)
        in->counted[i] = (bits[i / 8] >> (i % 8) & 1) != 0;
    return nodes % 8 > 0 && bits[nodes / 8] >> (nodes % 8) != 0 ? ST_MALFORMED : ST_OK;
}

static enum status get_texts(struct reader *r)
{
    uint32_t count;
    if (!take_u32(r, &count) || count == 0)
        return ST_MALFORMED;
    const uint8_t *at = take(r, count);
    if (at == NULL || at[0] != 0 || at[count - 1] != 0)
        return ST_MALFORMED;
    buf_reset(&r->book->texts);
    buf_add(&r->book->texts, at, count);
    r->book->inside->texts_whole = count;
    return buf_status(&r->book->texts);
}

static enum status get_book(struct reader *r, struct book_cache_place *place)
{
    enum status status = get_head(r, place);
    if (status == ST_OK)
        status = get_texts(r);
    for (enum booking_list list = 0; status == ST_OK && list < BOOKING_LISTS; list++)
        status = get_rows(r, list);
    for (enum booking_list list = 0; status == ST_OK && list < BOOKING_LISTS; list++)
        status = rows_are_there(r->book, list) ? ST_OK : ST_MALFORMED;
    if (status == ST_OK && r->in.count > 0)
        status = ST_MALFORMED;
    if (status == ST_OK)
        status = booking_index(r->book);
    return status == ST_OK ? booking_order_links(r->book) : status;
}

enum status book_cache_decode(struct bytes in, struct book_cache_place *place, struct book **out)
{
    uint8_t sum[SUM_BYTES];
    struct reader r = {0};
    if (in.count < HEAD_BYTES + SUM_BYTES)
        return ST_MALFORMED;
    r.in = (struct bytes){in.data, in.count - SUM_BYTES};
    crypto_generichash(sum, sizeof sum, r.in.data, r.in.count, NULL, 0);
    if (memcmp(sum, in.data + r.in.count, sizeof sum) != 0)
        return ST_MALFORMED;
    enum status status = booking_empty(&r.book);
    if (status == ST_OK)
        status = get_book(&r, place);
    if (status == ST_OK)
        *out = r.book;
    else
        book_free(r.book);
    return status;
}

void book_cache_nodes(const struct graph *g, uint32_t count, struct digest *out)
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, DIGEST_BYTES);
    for (uint32_t i = 0; i < count; i++)
        crypto_generichash_update(&hash, graph_node(g, i)->id.id, OID_BYTES);
    crypto_generichash_final(&hash, out->id, DIGEST_BYTES);
}
