#include "tests/unit/replicas/book_kit.h"

#include "proto/mem.h"
#include "replicas/sheets.h"
#include "tests/unit/replicas/sample_book.h"

enum { FILES_MAX = 40 };

struct files {
    char name[FILES_MAX][NAME_BYTES_MAX + 1];
    struct buf text[FILES_MAX];
    size_t count;
};

static enum status keep(void *user, const char *name, struct bytes csv, struct fault *f)
{
    struct files *files = user;
    (void)f;
    assert_true(files->count < FILES_MAX);
    snprintf(files->name[files->count], sizeof files->name[0], "%s", name);
    buf_add_bytes(&files->text[files->count], csv);
    assert_int_equal(buf_status(&files->text[files->count++]), ST_OK);
    return ST_OK;
}

static void export_all(struct office *o, struct files *files)
{
    struct book *b = book_of(o);
    *files = (struct files){.count = 0};
    if (sheets_write(o->replica, b, keep, files, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    book_free(b);
}

static void release(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        buf_release(&files->text[i]);
    files->count = 0;
}

static struct buf *file_named(struct files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->name[i], name) == 0)
            return &files->text[i];
    fail_msg("no file %s", name);
    return NULL;
}

static void holds(struct files *files, const char *name, const char *part)
{
    struct buf *text = file_named(files, name);
    if (strstr(buf_text(text), part) == NULL)
        fail_msg("%s lacks\n%s\nin\n%s", name, part, buf_text(text));
}

static void lacks(struct files *files, const char *part)
{
    for (size_t i = 0; i < files->count; i++)
        if (strstr(buf_text(&files->text[i]), part) != NULL)
            fail_msg("%s holds %s", files->name[i], part);
}

static void import_file(struct office *o, struct files *files, const char *type, const char *where)
{
    struct buf *text = file_named(files, type);
    struct control_request q = {.verb = BYTES("import"), .word_count = 1};
    q.words[0] = bytes_of_text(type);
    q.options[q.option_count++] = (struct control_option){BYTES("content"), buf_bytes(text)};
    q.options[q.option_count++] = (struct control_option){BYTES("where"), bytes_of_text(where)};
    struct verb_call call = {.replica = o->replica,
                             .request = &q,
                             .user = o,
                             .row = office_row,
                             .author = BYTES("ana <ana@example.org>")};
    json_array_clear(o->rows);
    if (verb_run(&call, &o->fault) != ST_OK)
        fail_msg("%s: %s (%s)", type, o->fault.text, o->fault.fix);
    assert_int_equal(replica_sync(o->replica, NULL), ST_OK);
}

/* Without its notes, whose ids are a network's own: they are the last columns. */
static void cut_notes(struct buf *text)
{
    struct buf out = {0};
    const char *all = buf_text(text);
    size_t notes = 0;
    for (const char *at = all; *at != '\r'; at++)
        notes += *at == '#' ? 1 : 0;
    while (*all != '\0') {
        const char *end = strstr(all, "\r\n"), *cut = end;
        for (size_t left = notes; left > 0; left -= *cut == ',' ? 1 : 0)
            cut--;
        buf_add(&out, all, (size_t)(cut - all));
        buf_add_byte(&out, '\n');
        all = end + 2;
    }
    buf_release(text);
    *text = out;
}

static void import_programme_again(struct office *o, struct files *files)
{
    static const char *const types[] = {"household",    "enterprise", "visit",
                                        "disbursement", "purchase",   "session",
                                        "income",       "contact",    "expense"};
    office_found(&o[0], book_labels[0]);
    for (size_t i = 1; i < BOOK_OFFICES; i++)
        office_join(&o[i], &o[0], book_labels[i], CHARTER_OFFICE);
    import_file(&o[0], files, "programme", "country=Chile");
    import_file(&o[0], files, "grant", "holder=santiago");
    import_file(&o[0], files, "exchange", "holder=santiago");
    import_file(&o[0], files, "allotment", "holder=santiago");
    for (size_t i = 1; i < BOOK_OFFICES; i++)
        office_send(&o[0], &o[i]);
    for (size_t i = 0; i < BOOK_OFFICES; i++) {
        char where[64];
        snprintf(where, sizeof where, "office=%s", book_labels[i]);
        for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
            import_file(&o[i], files, types[t], where);
    }
    book_exchange(o, BOOK_OFFICES);
}

/* Out of one network and into another: the same files again, and so the same totals. */
static void the_programme_goes_round(void **state)
{
    (void)state;
    struct office first[BOOK_OFFICES], second[BOOK_OFFICES];
    struct files before, after;
    book_whole_programme(first);
    export_all(&first[0], &before);
    holds(&before, "household",
          "commune,household,office,people,referral,#id\r\nIndependencia,H001,santiago,2,,");
    holds(&before, "enterprise", "\r\nE01,H054,idea,");
    holds(&before, "disbursement", "ref,amount,currency,date,enterprise,office,#id,#commit\r\n");
    holds(&before, "disbursement", "D01,150000,CLP,2009-09-14,E01,santiago,");
    holds(&before, "grant", ",200000.00,USD,2009-07-01,FOSIS,santiago,");
    holds(&before, "minga-accounts", "santiago,pool,USD,200000.00,200000.00,0.00\r\n");
    holds(&before, "minga-postings", ",-150000,disbursement,");
    lacks(&before, "Pasaje Bedoya"); /* personal */
    import_programme_again(second, &before);
    export_all(&second[2], &after);
    assert_int_equal(after.count, before.count);
    for (size_t i = 0; i < before.count; i++) {
        if (strcmp(before.name[i], "minga-postings") == 0)
            continue; /* in the order of ids */
        if (strncmp(before.name[i], "minga-", 6) != 0) {
            cut_notes(&before.text[i]);
            cut_notes(&after.text[i]);
        }
        if (strcmp(buf_text(&before.text[i]), buf_text(&after.text[i])) != 0)
            fail_msg("%s\n%s\nis not\n%s", before.name[i], buf_text(&before.text[i]),
                     buf_text(&after.text[i]));
    }
    release(&before);
    release(&after);
    for (size_t i = 0; i < BOOK_OFFICES; i++) {
        office_close(&first[i]);
        office_close(&second[i]);
    }
}

static void every_text_is_a_text(void **state)
{
    (void)state;
    struct office o;
    struct files files;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "enterprise==cmd|'/C calc'!A0", "trade=-1,\"b\"",
               "needs+=health", "needs+=housing", "office=santiago", "name=Carmen", NULL);
    office_run(&o, ST_OK, "add", "contact", "contact=C1", "attendees=-3", "institution=@x\n+y",
               NULL);
    export_all(&o, &files);
    holds(&files, "enterprise",
          "'=cmd|'/C calc'!A0,,,\"health;housing\",santiago,,\"'-1,\"\"b\"\"\",");
    holds(&files, "contact", "\r\n-3,C1,,\"'@x\n+y\",,,,");
    lacks(&files, "Carmen");
    release(&files);
    office_close(&o);
}

static void conflicts_are_listed(void **state)
{
    (void)state;
    struct office o, other;
    struct files files;
    char id[ENTRY_ID_TEXT + 1], part[256];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E1", "stage=workshop", NULL);
    office_id(&o, id);
    office_join(&other, &o, "iquique", CHARTER_OFFICE);
    office_send(&o, &other);
    office_run(&o, ST_OK, "set", id, "stage=purchase", NULL);
    office_run(&other, ST_OK, "set", id, "stage=monitoring", NULL);
    office_send(&other, &o);
    export_all(&o, &files);
    snprintf(part, sizeof part, "enterprise,%s,stage,purchase,santiago,", id);
    holds(&files, "minga-conflicts", part);
    snprintf(part, sizeof part, "enterprise,%s,stage,monitoring,iquique,", id);
    holds(&files, "minga-conflicts", part);
    holds(&files, "minga-conflicts", ",yes\r\n");
    holds(&files, "minga-conflicts", ",no\r\n");
    release(&files);
    office_close(&o);
    office_close(&other);
}

static enum status refuse(void *user, const char *name, struct bytes csv, struct fault *f)
{
    (void)csv;
    *(uint32_t *)user += 1;
    return strcmp(name, "enterprise") == 0 ? fault_set(f, ST_DISK_FULL, "full") : ST_OK;
}

static void what_cannot_be_put_ends_it(void **state)
{
    (void)state;
    struct office o;
    uint32_t put = 0;
    office_found(&o, "santiago");
    struct book *b = book_of(&o);
    assert_int_equal(sheets_write(o.replica, b, refuse, &put, &o.fault), ST_DISK_FULL);
    assert_string_equal(o.fault.text, "full");
    assert_true(put > 1 && put < 15);
    book_free(b);
    office_close(&o);
}

static enum status gather(void *user, const char *name, struct bytes csv, struct fault *f)
{
    struct buf *all = user;
    (void)name, (void)f;
    buf_add_bytes(all, csv);
    return buf_status(all);
}

/* A memo that cannot grow is no matter: then everything is there all the same. */
static void no_memory(void **state)
{
    (void)state;
    struct office o;
    struct buf whole = {0};
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "household=H1", NULL);
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E1", "needs+=health", NULL);
    office_run(&o, ST_OK, "add", "grant", "ref=g", "holder=santiago", "date=2009-07-01",
               "currency=USD", "amount=5", NULL);
    struct book *b = book_of(&o);
    assert_int_equal(sheets_write(o.replica, b, gather, &whole, &o.fault), ST_OK);
    uint32_t failures = 0;
    for (uint64_t n = 1;; n++) {
        struct buf all = {0};
        mem_fail_at(n);
        enum status st = sheets_write(o.replica, b, gather, &all, &o.fault);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_true(st == ST_OK || (failed && st == ST_NO_MEMORY));
        if (st == ST_OK)
            assert_true(bytes_equal(buf_bytes(&all), buf_bytes(&whole)));
        buf_release(&all);
        failures += st == ST_NO_MEMORY ? 1 : 0;
        if (!failed)
            break;
    }
    assert_true(failures > 10);
    buf_release(&whole);
    book_free(b);
    office_close(&o);
}

static void a_book_alone(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_fill(&s);
    sample_post(&s, BOOK_NONE, "iquique", "own", -7, "CLP");
    sheets_accounts(&s.b, &out);
    assert_non_null(strstr(buf_text(&out), "x9-y-z,own_line_2,CLP,1777,1780,-3\r\n"));
    assert_non_null(strstr(buf_text(&out), "santiago,pool,KWD,1.234,0.000,1.234\r\n"));
    buf_reset(&out);
    sheets_postings(&s.b, &out);
    assert_non_null(strstr(buf_text(&out), "iquique,own,CLP,-7,,\r\n"));
    buf_release(&out);
    sample_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_programme_goes_round),
        cmocka_unit_test(every_text_is_a_text),
        cmocka_unit_test(conflicts_are_listed),
        cmocka_unit_test(what_cannot_be_put_ends_it),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(a_book_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
