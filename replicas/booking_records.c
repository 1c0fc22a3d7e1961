#include "replicas/booking.h"

#include <string.h>

#include "proto/check.h"
#include "replicas/attachment.h"
#include "replicas/engine.h"
#include "replicas/json.h"
#include "replicas/object.h"
#include "replicas/tree.h"

enum take { TAKE_TEXT, TAKE_ID, TAKE_DAY, TAKE_COUNT, TAKE_MONEY, TAKE_CODE, TAKE_SET };

struct field {
    const char *name;
    enum take how;
    size_t at;
    const char *currency; /* MONEY: the field that names it */
};

#define AT(row, member) offsetof(struct book_##row, member)

static const struct field enterprise_fields[] = {
    {"enterprise", TAKE_TEXT, AT(enterprise, number), NULL},
    {"office", TAKE_TEXT, AT(enterprise, office), NULL},
    {"line", TAKE_TEXT, AT(enterprise, line), NULL},
    {"trade", TAKE_TEXT, AT(enterprise, trade), NULL},
    {"stage", TAKE_TEXT, AT(enterprise, stage), NULL},
    {"household", TAKE_ID, AT(enterprise, named), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field household_fields[] = {
    {"household", TAKE_TEXT, AT(household, number), NULL},
    {"office", TAKE_TEXT, AT(household, office), NULL},
    {"commune", TAKE_TEXT, AT(household, commune), NULL},
    {"referral", TAKE_TEXT, AT(household, referral), NULL},
    {"people", TAKE_COUNT, AT(household, people), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field visit_fields[] = {
    {"visit", TAKE_TEXT, AT(visit, number), NULL},
    {"office", TAKE_TEXT, AT(visit, office), NULL},
    {"feasibility", TAKE_TEXT, AT(visit, feasibility), NULL},
    {"decision", TAKE_TEXT, AT(visit, decision), NULL},
    {"household", TAKE_ID, AT(visit, named), NULL},
    {"date", TAKE_DAY, AT(visit, day), NULL},
    {"score", TAKE_COUNT, AT(visit, score), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field session_fields[] = {
    {"session", TAKE_TEXT, AT(session, number), NULL},
    {"office", TAKE_TEXT, AT(session, office), NULL},
    {"kind", TAKE_TEXT, AT(session, kind), NULL},
    {"topic", TAKE_TEXT, AT(session, topic), NULL},
    {"enterprise", TAKE_ID, AT(session, named), NULL},
    {"date", TAKE_DAY, AT(session, day), NULL},
    {"number", TAKE_COUNT, AT(session, ordinal), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field income_fields[] = {
    {"income", TAKE_TEXT, AT(income, number), NULL},
    {"office", TAKE_TEXT, AT(income, office), NULL},
    {"point", TAKE_TEXT, AT(income, point), NULL},
    {"enterprise", TAKE_ID, AT(income, named), NULL},
    {"date", TAKE_DAY, AT(income, day), NULL},
    {"monthly_amount", TAKE_MONEY, AT(income, monthly), "currency"},
    {NULL, 0, 0, NULL},
};
static const struct field contact_fields[] = {
    {"contact", TAKE_TEXT, AT(contact, number), NULL},
    {"office", TAKE_TEXT, AT(contact, office), NULL},
    {"institution", TAKE_TEXT, AT(contact, institution), NULL},
    {"sector", TAKE_TEXT, AT(contact, sector), NULL},
    {"kind", TAKE_TEXT, AT(contact, kind), NULL},
    {"date", TAKE_DAY, AT(contact, day), NULL},
    {"attendees", TAKE_COUNT, AT(contact, attendees), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field programme_fields[] = {
    {"title", TAKE_TEXT, AT(programme, title), NULL},
    {"country", TAKE_TEXT, AT(programme, country), NULL},
    {"location", TAKE_TEXT, AT(programme, location), NULL},
    {"funding", TAKE_TEXT, AT(programme, funding), NULL},
    {"mpa_component", TAKE_TEXT, AT(programme, mpa_component), NULL},
    {"partners", TAKE_SET, AT(programme, partners), NULL},
    {"stages", TAKE_SET, AT(programme, stages), NULL},
    {"themes", TAKE_SET, AT(programme, themes), NULL},
    {"period_start", TAKE_DAY, AT(programme, start), NULL},
    {"period_end", TAKE_DAY, AT(programme, end), NULL},
    {"lines_currency", TAKE_CODE, AT(programme, lines_currency), NULL},
    {"line_idea", TAKE_COUNT, AT(programme, line_idea), NULL},
    {"line_innovation", TAKE_COUNT, AT(programme, line_innovation), NULL},
    {"line_strengthening", TAKE_COUNT, AT(programme, line_strengthening), NULL},
    {"families", TAKE_COUNT, AT(programme, families), NULL},
    {"people", TAKE_COUNT, AT(programme, people), NULL},
    {"enterprises", TAKE_COUNT, AT(programme, enterprises), NULL},
    {"income_increase_percent", TAKE_COUNT, AT(programme, income_increase_percent), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field document_fields[] = {
    {"media", TAKE_TEXT, AT(document, media), NULL},
    {"bytes", TAKE_COUNT, AT(document, bytes), NULL},
    {NULL, 0, 0, NULL},
};

static const struct {
    const char *type;
    enum booking_list list;
    const struct field *fields;
} kinds[] = {
    {"enterprise", BOOKING_ENTERPRISES, enterprise_fields},
    {"household", BOOKING_HOUSEHOLDS, household_fields},
    {"visit", BOOKING_VISITS, visit_fields},
    {"session", BOOKING_SESSIONS, session_fields},
    {"income", BOOKING_INCOMES, income_fields},
    {"contact", BOOKING_CONTACTS, contact_fields},
    {"programme", BOOKING_PROGRAMMES, programme_fields},
    {ATTACHMENT_INTERNAL, BOOKING_DOCUMENTS, document_fields},
    {ATTACHMENT_PERSONAL, BOOKING_DOCUMENTS, document_fields},
};

/* What holds of every entry, and of some. The kinds of one share names: what each means is told by
 * take_entry(). */
static const struct field entry_fields[] = {
    {"ref", TAKE_TEXT, AT(entry, ref), NULL},
    {"office", TAKE_TEXT, AT(entry, office), NULL},
    {"budget_line", TAKE_TEXT, AT(entry, line), NULL},
    {"to", TAKE_TEXT, AT(entry, to), NULL},
    {"to_line", TAKE_TEXT, AT(entry, to_line), NULL},
    {"receipt", TAKE_TEXT, AT(entry, receipt), NULL},
    {"supplier", TAKE_TEXT, AT(entry, supplier), NULL},
    {"note", TAKE_TEXT, AT(entry, what), NULL},
    {"date", TAKE_DAY, AT(entry, day), NULL},
    {"ownership_transferred", TAKE_DAY, AT(entry, handed_over), NULL},
    {"amount", TAKE_MONEY, AT(entry, money), "currency"},
    {NULL, 0, 0, NULL},
};
static const struct field grant_fields[] = {
    {"funder", TAKE_TEXT, AT(entry, what), NULL},
    {"recipient", TAKE_TEXT, AT(entry, to), NULL},
    {"holder", TAKE_TEXT, AT(entry, office), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field exchange_fields[] = {
    {"holder", TAKE_TEXT, AT(entry, office), NULL},
    {"from_amount", TAKE_MONEY, AT(entry, money), "from_currency"},
    {"to_amount", TAKE_MONEY, AT(entry, other), "to_currency"},
    {NULL, 0, 0, NULL},
};
static const struct field enterprise_entry_fields[] = {
    {"enterprise", TAKE_ID, AT(entry, named), NULL},
    {"item", TAKE_TEXT, AT(entry, what), NULL},
    {NULL, 0, 0, NULL},
};
static const struct field statement_fields[] = {
    {"balance", TAKE_MONEY, AT(entry, money), "currency"},
    {NULL, 0, 0, NULL},
};

/* ---- Values ---- */

/* The value of a field as everyone reads it; {NULL, 0}: none, cleared or sealed. */
static struct bytes value_of(const struct record *r, const char *name)
{
    struct bytes json = {NULL, 0};
    if (r->entry.count > 0) {
        json = object_find(r->entry, name);
    } else {
        const struct record_field *field = record_field(r, bytes_of_text(name));
        if (field != NULL)
            json = record_reads(r, field)->json;
    }
    bool open = json.count > 0 && json.data[0] != '{' && !bytes_equal_text(json, "null");
    return open ? json : (struct bytes){NULL, 0};
}

static enum status take_text(struct booking *w, struct bytes json, book_text_at *out)
{
    buf_reset(&w->scratch);
    enum status status =
        json.count > 0 && json.data[0] == '"' ? json_take_text(json, &w->scratch) : ST_OK;
    return status == ST_OK ? booking_word(w->book, buf_bytes(&w->scratch), out) : status;
}

static int64_t count_in(struct bytes json)
{
    int64_t n = BOOK_UNKNOWN;
    bool read = json.count > 0 && json_take_integer(json, &n) == ST_OK && n >= 0;
    return read ? n : BOOK_UNKNOWN;
}

static void take_code(struct bytes json, char out[static 4])
{
    struct bytes text = object_unquoted(json);
    if (text.count == 3)
        memcpy(out, text.data, 3);
}

static void take_money(const struct record *r, const struct field *field, struct bytes json,
                       struct book_money *out)
{
    int64_t amount = count_in(json);
    if (amount == BOOK_UNKNOWN)
        return;
    out->amount = amount;
    take_code(value_of(r, field->currency), out->currency);
}

static enum status take_set(struct booking *w, const struct record *r, const char *name,
                            book_text_at *out)
{
    const struct record_set *set = record_set(r, bytes_of_text(name));
    buf_reset(&w->scratch);
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        if (i > 0)
            buf_add_byte(&w->scratch, '\n');
        enum status status = json_take_text(r->elements[set->first + i].text, &w->scratch);
        if (status != ST_OK)
            return status;
    }
    enum status status = buf_status(&w->scratch);
    return status == ST_OK ? booking_word(w->book, buf_bytes(&w->scratch), out) : status;
}

/* A field of 'r' into 'row'. What is not there stays as it is, but for counts and days. */
static enum status take_field(struct booking *w, const struct record *r, const struct field *field,
                              void *row)
{
    void *to = (uint8_t *)row + field->at;
    struct bytes json = value_of(r, field->name), text = object_unquoted(json);
    int64_t number = count_in(json);
    int32_t day = book_day(text);
    enum status ignored;
    switch (field->how) {
    case TAKE_TEXT:
        return json.count > 0 ? take_text(w, json, to) : ST_OK;
    case TAKE_SET:
        return take_set(w, r, field->name, to);
    case TAKE_ID:
        ignored = hex_decode(text, to, BOOKING_RECORD_BYTES); /* it then names nothing */
        (void)ignored;
        return ST_OK;
    case TAKE_DAY:
        memcpy(to, &day, sizeof day);
        return ST_OK;
    case TAKE_COUNT:
        memcpy(to, &number, sizeof number);
        return ST_OK;
    case TAKE_CODE:
        take_code(json, to);
        return ST_OK;
    default:
        take_money(r, field, json, to);
        return ST_OK;
    }
}

static enum status take_fields(struct booking *w, const struct record *r,
                               const struct field *fields, void *row)
{
    enum status status = ST_OK;
    for (; fields->name != NULL && status == ST_OK; fields++)
        status = take_field(w, r, fields, row);
    return status;
}

/* ---- Entries ---- */

static void take_named_entry(const struct record *r, const char *field, struct book_entry *e)
{
    uint8_t id[BOOKING_ENTRY_BYTES];
    if (hex_decode(object_unquoted(value_of(r, field)), id, sizeof id) == ST_OK)
        memcpy(e->named, id, sizeof id);
}

/* What only some kinds have, or mean by a name that others use in another way. */
static enum status take_kind(struct booking *w, const struct record *r, struct book_entry *e)
{
    switch (e->kind) {
    case BOOK_GRANT:
        return take_fields(w, r, grant_fields, e);
    case BOOK_EXCHANGE:
        return take_fields(w, r, exchange_fields, e);
    case BOOK_ALLOTMENT: /* its office and line are the receiver's; the writer's is the pool */
        e->to = e->office;
        e->to_line = e->line;
        e->office = e->line = 0;
        return take_text(w, value_of(r, "holder"), &e->office);
    case BOOK_AWARD:
    case BOOK_DISBURSEMENT:
    case BOOK_PURCHASE:
        return take_fields(w, r, enterprise_entry_fields, e);
    case BOOK_TRANSFER:
        take_named_entry(r, "purchase", e);
        return ST_OK;
    case BOOK_REVERSAL:
        take_named_entry(r, "entry", e);
        return ST_OK;
    case BOOK_STATEMENT:
        return take_fields(w, r, statement_fields, e);
    default:
        return ST_OK;
    }
}

enum status booking_records_content(struct booking *w, struct book_entry *e, struct bytes content)
{
    const struct record r = {.entry = content};
    e->documents = 0;
    enum status status = take_fields(w, &r, entry_fields, e);
    if (status == ST_OK)
        status = take_kind(w, &r, e);
    e->of_writer = e->office == 0;
    return status;
}

/* A row for an entry; what is in it comes with the commit that wrote it, unless no journal can be
 * asked. */
static enum status take_entry(struct booking *w, const char *id_hex, enum book_kind kind,
                              struct book_entry **out)
{
    void *row;
    enum status status = booking_grow(w->book, BOOKING_ENTRIES, &row);
    if (status != ST_OK)
        return status;
    struct book_entry *e = row;
    e->kind = kind;
    e->enterprise = e->about = e->reversed_by = BOOK_NONE;
    e->day = e->handed_over = e->written = BOOK_NO_DAY;
    e->documents = BOOKING_UNREAD;
    *out = e;
    struct bytes id = {(const uint8_t *)id_hex, ENTRY_ID_TEXT};
    return hex_decode(id, e->id, BOOKING_ENTRY_BYTES) == ST_OK ? ST_OK : ST_CORRUPT;
}

/* The kind of an entry's type; BOOK_KINDS: the book has none for it. */
static enum book_kind kind_of(struct bytes type)
{
    enum book_kind kind = 0;
    while (kind < BOOK_KINDS && !bytes_equal_text(type, book_word(kind)))
        kind++;
    return kind;
}

/* ---- Records ---- */

static enum status take_conflicts(struct booking *w, const struct record *r,
                                  const uint8_t id[static BOOKING_RECORD_BYTES], bool replaced)
{
    struct book *b = w->book;
    char type[NAME_BYTES_MAX + 1] = "";
    memcpy(type, r->type.data, r->type.count);
    uint32_t kept = 0;
    for (uint32_t i = 0; replaced && i < b->conflict_count; i++)
        if (memcmp(b->conflicts[i].id, id, BOOKING_RECORD_BYTES) != 0 ||
            strcmp(b->conflicts[i].type, type) != 0)
            b->conflicts[kept++] = b->conflicts[i];
    b->conflict_count = replaced ? kept : b->conflict_count;
    const struct schema_type *known =
        schema_type(charter_newest(replica_charters(w->replica))->schema, r->type);
    for (uint32_t i = 0; i < r->field_count; i++) {
        void *row;
        if (!record_conflicts(r, &r->fields[i]))
            continue;
        enum status status = booking_grow(b, BOOKING_CONFLICTS, &row);
        if (status != ST_OK)
            return status;
        struct book_conflict *c = row;
        struct bytes name = r->fields[i].name;
        const struct schema_field *field = known != NULL ? schema_field(known, name) : NULL;
        memcpy(c->type, type, sizeof type);
        memcpy(c->id, id, BOOKING_RECORD_BYTES);
        memcpy(c->field, name.data, name.count);
        c->money =
            (field != NULL && (field->kind == SCHEMA_AMOUNT || field->kind == SCHEMA_CURRENCY)) ||
            (strcmp(type, "enterprise") == 0 && bytes_equal_text(name, "line"));
    }
    return ST_OK;
}

/* The row of a record: the one that it has, or a new one. Every row begins with its id. */
static enum status record_row(struct booking *w, enum booking_list list,
                              const uint8_t id[static BOOKING_RECORD_BYTES], bool replaced,
                              void **out)
{
    uint32_t count;
    uint8_t *rows = booking_rows(w->book, list, &count);
    size_t bytes = booking_row_bytes(list);
    for (uint32_t i = 0; replaced && i < count; i++) {
        uint8_t *row = rows + i * bytes;
        if (memcmp(row, id, BOOKING_RECORD_BYTES) == 0) {
            memset(row, 0, bytes);
            *out = row;
            return ST_OK;
        }
    }
    return booking_grow(w->book, list, out);
}

static void take_about(const struct record *r, struct book_document *d)
{
    struct bytes about = object_unquoted(value_of(r, "record"));
    size_t bytes = about.count / 2;
    bool named = (bytes == BOOKING_RECORD_BYTES || bytes == BOOKING_ENTRY_BYTES) &&
                 hex_decode(about, d->about, bytes) == ST_OK;
    d->about_bytes = (uint8_t)(named ? bytes : 0);
    d->internal = bytes_equal_text(r->type, ATTACHMENT_INTERNAL);
}

static enum status take_record(struct booking *w, const struct record *r, bool replaced)
{
    uint8_t id[BOOKING_RECORD_BYTES];
    void *row = NULL;
    if (hex_decode(r->id, id, sizeof id) != ST_OK || r->type.count > NAME_BYTES_MAX)
        return ST_CORRUPT;
    enum status status = take_conflicts(w, r, id, replaced);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0] && status == ST_OK; k++) {
        if (!bytes_equal_text(r->type, kinds[k].type))
            continue;
        status = record_row(w, kinds[k].list, id, replaced, &row);
        if (status == ST_OK) {
            memcpy(row, id, sizeof id);
            status = take_fields(w, r, kinds[k].fields, row);
        }
        if (status == ST_OK && kinds[k].list == BOOKING_DOCUMENTS)
            take_about(r, row);
    }
    return status;
}

static struct bytes type_in(const char *path)
{
    static const char start[] = "records/";
    const char *type = path + sizeof start - 1, *slash = strchr(type, '/');
    return (struct bytes){(const uint8_t *)type, slash != NULL ? (size_t)(slash - type) : 0};
}

static enum status not_canonical(struct booking *w, const char *path)
{
    return fault_set(w->fault, ST_CORRUPT, "%s is no canonical record", path);
}

/* The file of a record or entry of the state, parsed; release it. */
static enum status read_file(struct booking *w, const char *path, const struct oid *blob,
                             struct record *out)
{
    struct bytes text;
    enum status status = store_read(replica_store(w->replica), blob, STORE_BLOB, &text, w->fault);
    if (status != ST_OK)
        return status;
    status = record_parse(text, out);
    return status == ST_OK || status == ST_NO_MEMORY ? status : not_canonical(w, path);
}

static enum status take_entry_file(struct booking *w, const char *path, const char *id_hex,
                                   const struct oid *blob)
{
    struct record r = {0};
    struct book_entry *e = NULL;
    enum book_kind kind = kind_of(type_in(path));
    if (kind == BOOK_KINDS)
        return ST_OK;
    enum status status = take_entry(w, id_hex, kind, &e);
    if (status == ST_OK && w->replica->wrote != NULL) {
        status = read_file(w, path, blob, &r);
        if (status == ST_OK)
            status =
                r.entry.count > 0 ? booking_records_content(w, e, r.entry) : not_canonical(w, path);
        record_release(&r);
        return status;
    }
    return status == ST_CORRUPT ? not_canonical(w, path) : status;
}

enum status booking_records_take(struct booking *w, const char *path, const struct oid *blob,
                                 bool replaced)
{
    struct record r = {0};
    const char *last = strrchr(path, '/');
    if (last != NULL && strlen(last + 1) > ENTRY_ID_TEXT) /* an entry never changes */
        return replaced ? ST_OK : take_entry_file(w, path, last + 1, blob);
    enum status status = read_file(w, path, blob, &r);
    if (status != ST_OK)
        return status;
    status = r.entry.count == 0 ? take_record(w, &r, replaced) : ST_CORRUPT;
    record_release(&r);
    return status == ST_CORRUPT ? not_canonical(w, path) : status;
}
