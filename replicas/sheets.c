#include "replicas/sheets.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/object.h"
#include "replicas/reading.h"
#include "replicas/render.h"
#include "replicas/sheet.h"
#include "replicas/tree.h"

enum { TIDY_EVERY = 512 }; /* records read between two tidyings of the store */

struct row { /* offsets into the rows' texts */
    size_t order_at, text_at;
    size_t order_bytes, text_bytes;
    const struct buf *orders;
};

struct writing {
    struct replica *replica;
    const struct book *book;
    const struct schema *schema;
    const struct schema_type *type;
    struct fault *fault;
    struct buf paths;             /* oids of the blobs of a type */
    struct buf orders, texts;     /* of its rows */
    struct buf rows;              /* struct row */
    struct buf out, conflicts;    /* a file; the rows of minga-conflicts */
    struct buf cell, key, number; /* scratch */
};

static struct bytes text_of(const char *text)
{
    return bytes_of_text(text);
}

/* ---- What a record says in a field ---- */

/* The canonical value, {NULL, 0} where there is none or it is null; a set's is a list's elements
 * elsewhere. */
static struct bytes value_of(const struct record *record, const char *name)
{
    struct bytes value = {NULL, 0};
    if (record->entry.count > 0) {
        value = object_find(record->entry, name);
    } else {
        const struct record_field *field = record_field(record, text_of(name));
        if (field != NULL)
            value = record_reads(record, field)->json;
    }
    return bytes_equal_text(value, "null") ? (struct bytes){NULL, 0} : value;
}

static void add_set(const struct record *record, const char *name, struct buf *out)
{
    const struct record_set *set = record_set(record, text_of(name));
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        buf_add_text(out, i > 0 ? ";" : "");
        reading_text(record->elements[set->first + i].text, out);
    }
}

static int64_t integer_of(struct bytes json)
{
    char digits[24] = "";
    CHECK(json.count < sizeof digits); /* canonical: within 2^53 */
    if (json.count > 0)
        memcpy(digits, json.data, json.count);
    return strtoll(digits, NULL, 10);
}

/* ---- The key of a record, by which rows of other types name it ---- */

static void add_key(const struct schema_type *type, const struct record *record, struct buf *out)
{
    struct bytes rest = text_of(type->key);
    while (rest.count > 0) {
        char name[SCHEMA_NAME_TEXT];
        const uint8_t *comma = memchr(rest.data, ',', rest.count);
        size_t count = comma != NULL ? (size_t)(comma - rest.data) : rest.count;
        size_t used = comma != NULL ? count + 1 : count;
        CHECK(count < sizeof name);
        memcpy(name, rest.data, count);
        name[count] = '\0';
        const struct schema_field *field = schema_field(type, text_of(name));
        size_t before = out->count;
        buf_add_text(out, before > 0 ? "/" : "");
        if (field != NULL && field->class == SCHEMA_OPEN)
            reading_text(value_of(record, name), out);
        rest = (struct bytes){rest.data + used, rest.count - used};
    }
}

/* A row of an entry type, and one without a key, is named by its id. */
static enum status add_reference(struct writing *w, const struct schema_field *field,
                                 struct bytes id, struct buf *out)
{
    const struct schema_type *to = schema_type(w->schema, text_of(field->to));
    struct record record = {0};
    buf_reset(&w->key);
    if (to != NULL && !to->entry) {
        enum status st = replica_record(w->replica, NULL, text_of(to->name), id, &record, w->fault);
        if (st != ST_OK && st != ST_NOT_FOUND)
            return st;
        if (st == ST_OK)
            add_key(to, &record, &w->key);
        record_release(&record);
    }
    buf_add_bytes(out, w->key.count > 0 ? buf_bytes(&w->key) : id);
    return buf_status(&w->key);
}

/* ---- Rows ---- */

static enum status add_cell(struct writing *w, const struct record *record,
                            const struct schema_field *field, struct sheet *sheet)
{
    struct bytes json = value_of(record, field->name);
    enum status st = ST_OK;
    buf_reset(&w->cell);
    if (field->kind == SCHEMA_SET) {
        add_set(record, field->name, &w->cell);
        sheet_text(sheet, buf_bytes(&w->cell));
        return buf_status(&w->cell);
    }
    reading_text(json, &w->cell);
    if (json.count == 0 || (field->kind != SCHEMA_AMOUNT && field->kind != SCHEMA_REFERENCE)) {
        if (field->kind == SCHEMA_INTEGER)
            sheet_number(sheet, buf_bytes(&w->cell));
        else
            sheet_text(sheet, buf_bytes(&w->cell));
    } else if (field->kind == SCHEMA_AMOUNT) {
        buf_reset(&w->cell);
        buf_reset(&w->number);
        reading_text(value_of(record, field->currency), &w->number);
        book_amount(integer_of(json), buf_text(&w->number), &w->cell);
        sheet_number(sheet, buf_bytes(&w->cell));
    } else {
        buf_reset(&w->number);
        st = add_reference(w, field, buf_bytes(&w->cell), &w->number);
        sheet_text(sheet, buf_bytes(&w->number));
    }
    return st != ST_OK ? st : w->cell.failed || w->number.failed ? ST_NO_MEMORY : ST_OK;
}

static bool is_shown(const struct schema_field *field)
{
    return field->class == SCHEMA_OPEN && field->kind != SCHEMA_FILE;
}

static void add_notes(struct writing *w, const struct record *record, struct sheet *sheet)
{
    uint8_t id[ENTRY_ID_BYTES];
    char hex[OID_TEXT + 1];
    sheet_text(sheet, record->id);
    if (!w->type->entry)
        return;
    uint32_t entry = BOOK_NONE;
    if (hex_decode(record->id, id, ENTRY_ID_BYTES) == ST_OK)
        entry = book_find(w->book, id);
    hex[0] = '\0';
    if (entry != BOOK_NONE)
        hex_encode(w->book->entries[entry].commit.id, OID_BYTES, hex);
    sheet_text(sheet, text_of(hex));
}

/* By date where the type has one, then by what people call it. */
static void add_order(struct writing *w, const struct record *record)
{
    reading_text(value_of(record, "date"), &w->orders);
    buf_add_byte(&w->orders, 0);
    if (w->type->entry)
        reading_text(value_of(record, "ref"), &w->orders);
    else {
        buf_reset(&w->key);
        add_key(w->type, record, &w->key);
        buf_add_bytes(&w->orders, buf_bytes(&w->key));
    }
    buf_add_byte(&w->orders, 0);
    buf_add_bytes(&w->orders, record->id);
}

static enum status add_row(struct writing *w, const struct record *record)
{
    struct sheet sheet = {.out = &w->texts};
    struct row row = {.order_at = w->orders.count, .text_at = w->texts.count, .orders = &w->orders};
    enum status st = ST_OK;
    add_order(w, record);
    if (w->type->entry) {
        buf_reset(&w->cell);
        reading_text(value_of(record, "ref"), &w->cell);
        sheet_text(&sheet, buf_bytes(&w->cell));
    }
    for (uint32_t i = 0; st == ST_OK && i < w->type->field_count; i++)
        if (is_shown(&w->type->fields[i]))
            st = add_cell(w, record, &w->type->fields[i], &sheet);
    add_notes(w, record, &sheet);
    sheet_end(&sheet);
    row.order_bytes = w->orders.count - row.order_at;
    row.text_bytes = w->texts.count - row.text_at;
    buf_add(&w->rows, &row, sizeof row);
    return st;
}

static enum status add_conflicts(struct writing *w, const struct record *record)
{
    struct sheet sheet = {.out = &w->conflicts};
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < record->field_count; i++) {
        const struct record_field *field = &record->fields[i];
        if (!record_conflicts(record, field))
            continue;
        const struct record_value *read = record_reads(record, field);
        for (uint32_t v = 0; v < field->count; v++) {
            const struct record_value *value = &record->values[field->first + v];
            const struct record_seen *seen = record_seen(record, &value->change);
            buf_reset(&w->cell);
            if (!reading_is_sealed(value->json)) /* what is sealed has no text here */
                reading_text(value->json, &w->cell);
            sheet_text(&sheet, record->type);
            sheet_text(&sheet, record->id);
            sheet_text(&sheet, field->name);
            sheet_text(&sheet, buf_bytes(&w->cell));
            sheet_text(&sheet, seen != NULL ? seen->label : (struct bytes){NULL, 0});
            sheet_text(&sheet, text_of(value == read ? "yes" : "no"));
            sheet_end(&sheet);
        }
        st = buf_status(&w->cell);
    }
    return st;
}

/* ---- Files ---- */

static enum status note_blob(void *user, const char *path, const struct oid *blob)
{
    struct writing *w = user;
    (void)path;
    buf_add(&w->paths, blob, sizeof *blob);
    return buf_status(&w->paths);
}

static enum status read_rows(struct writing *w)
{
    struct store *store = replica_store(w->replica);
    size_t count = w->paths.count / sizeof(struct oid);
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < count; i++) {
        struct record record = {0};
        struct bytes data;
        struct oid blob;
        memcpy(&blob, w->paths.data + i * sizeof blob, sizeof blob);
        if (i % TIDY_EVERY == 0)
            store_tidy(store);
        st = store_read(store, &blob, STORE_BLOB, &data, w->fault);
        if (st == ST_OK)
            st = record_parse(data, &record);
        if (st == ST_OK)
            st = add_conflicts(w, &record);
        if (st == ST_OK)
            st = add_row(w, &record);
        record_release(&record);
    }
    return st;
}

static int by_order(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    return bytes_compare((struct bytes){a->orders->data + a->order_at, a->order_bytes},
                         (struct bytes){b->orders->data + b->order_at, b->order_bytes});
}

static void add_header(struct writing *w)
{
    struct sheet sheet = {.out = &w->out};
    if (w->type->entry)
        sheet_text(&sheet, BYTES("ref"));
    for (uint32_t i = 0; i < w->type->field_count; i++)
        if (is_shown(&w->type->fields[i]))
            sheet_text(&sheet, text_of(w->type->fields[i].name));
    sheet_text(&sheet, BYTES("#id"));
    if (w->type->entry)
        sheet_text(&sheet, BYTES("#commit"));
    sheet_end(&sheet);
}

static void add_rows(struct writing *w)
{
    size_t count = w->rows.count / sizeof(struct row);
    struct row *rows = (struct row *)(void *)w->rows.data;
    if (count > 1)
        qsort(rows, count, sizeof *rows, by_order);
    for (size_t i = 0; i < count; i++)
        buf_add(&w->out, w->texts.data + rows[i].text_at, rows[i].text_bytes);
}

static enum status write_type(struct writing *w, sheets_put_fn put, void *user)
{
    char prefix[16 + SCHEMA_NAME_TEXT] = "records/";
    memcpy(prefix + strlen(prefix), w->type->name, strlen(w->type->name) + 1);
    buf_reset(&w->paths);
    buf_reset(&w->orders);
    buf_reset(&w->texts);
    buf_reset(&w->rows);
    buf_reset(&w->out);
    store_tidy(replica_store(w->replica));
    enum status st = tree_walk(replica_store(w->replica), replica_state(w->replica), prefix,
                               note_blob, w, w->fault);
    if (st == ST_OK)
        st = read_rows(w);
    if (st == ST_OK && (w->orders.failed || w->texts.failed || w->rows.failed))
        st = ST_NO_MEMORY;
    if (st != ST_OK)
        return st;
    add_header(w);
    add_rows(w);
    st = buf_status(&w->out);
    return st == ST_OK ? put(user, w->type->name, buf_bytes(&w->out), w->fault) : st;
}

static void add_amount(struct sheet *sheet, int64_t amount, const char *currency)
{
    struct buf number = {0};
    book_amount(amount, currency, &number);
    sheet_number(sheet, buf_bytes(&number));
    sheet->out->failed = sheet->out->failed || number.failed;
    buf_release(&number);
}

static void add_account(const struct book *b, uint32_t account, struct sheet *sheet)
{
    const struct book_account *a = &b->accounts[account];
    sheet_text(sheet, text_of(book_text(b, a->owner)));
    sheet_text(sheet, text_of(book_text(b, a->line)));
    sheet_text(sheet, text_of(a->currency));
}

void sheets_accounts(const struct book *b, struct buf *out)
{
    struct sheet sheet = {.out = out};
    buf_add_text(out, "office,line,currency,credited,debited,balance\r\n");
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        add_account(b, i, &sheet);
        add_amount(&sheet, a->credited, a->currency);
        add_amount(&sheet, a->debited, a->currency);
        add_amount(&sheet, a->credited - a->debited, a->currency);
        sheet_end(&sheet);
    }
}

void sheets_postings(const struct book *b, struct buf *out)
{
    struct sheet sheet = {.out = out};
    buf_add_text(out, "office,line,currency,amount,type,entry\r\n");
    for (uint32_t i = 0; i < b->posting_count; i++) {
        const struct book_posting *p = &b->postings[i];
        char hex[2 * ENTRY_ID_BYTES + 1] = "";
        const struct book_entry *e = p->entry != BOOK_NONE ? &b->entries[p->entry] : NULL;
        add_account(b, p->account, &sheet);
        add_amount(&sheet, p->amount, b->accounts[p->account].currency);
        sheet_text(&sheet, text_of(e != NULL ? book_word(e->kind) : ""));
        if (e != NULL)
            hex_encode(e->id, ENTRY_ID_BYTES, hex);
        sheet_text(&sheet, text_of(hex));
        sheet_end(&sheet);
    }
}

static enum status write_others(struct writing *w, sheets_put_fn put, void *user)
{
    enum status st = buf_status(&w->conflicts);
    buf_reset(&w->out);
    sheets_accounts(w->book, &w->out);
    if (st == ST_OK)
        st = buf_status(&w->out);
    if (st == ST_OK)
        st = put(user, "minga-accounts", buf_bytes(&w->out), w->fault);
    buf_reset(&w->out);
    sheets_postings(w->book, &w->out);
    if (st == ST_OK)
        st = buf_status(&w->out);
    if (st == ST_OK)
        st = put(user, "minga-postings", buf_bytes(&w->out), w->fault);
    return st == ST_OK ? put(user, "minga-conflicts", buf_bytes(&w->conflicts), w->fault) : st;
}

static void release(struct writing *w)
{
    struct buf *all[] = {&w->paths,     &w->orders, &w->texts, &w->rows,  &w->out,
                         &w->conflicts, &w->cell,   &w->key,   &w->number};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_release(all[i]);
}

enum status sheets_write(struct replica *r, const struct book *b, sheets_put_fn put, void *user,
                         struct fault *f)
{
    const struct schema *schema = charter_newest(replica_charters(r))->schema;
    struct writing w = {.replica = r, .book = b, .schema = schema, .fault = f};
    enum status st = ST_OK;
    CHECK(oid_equal(&b->state, replica_state(r)));
    buf_add_text(&w.conflicts, "type,id,field,value,office,shown\r\n");
    for (uint32_t i = 0; st == ST_OK && i < schema->type_count; i++) {
        w.type = &schema->types[i];
        /* Keys for other machines' programs: nothing that a person reads. */
        if (strcmp(w.type->name, "classkey") != 0)
            st = write_type(&w, put, user);
    }
    if (st == ST_OK)
        st = write_others(&w, put, user);
    release(&w);
    if (st == ST_NO_MEMORY)
        return fault_set(f, st, "no memory to write the records as CSV");
    return st;
}
