#include "cli/books.h"

#include <string.h>

#include "cli/file.h"
#include "cli/language.h"
#include "cli/output.h"
#include "proto/mem.h"
#include "replicas/export.h"
#include "replicas/json.h"
#include "replicas/verify.h"

static const struct {
    const char *word;
    enum export_format format;
    const char *check; /* what an auditor types before the file's name */
} formats[] = {
    {"ledger", EXPORT_LEDGER, "hledger check --strict -f"},
    {"beancount", EXPORT_BEANCOUNT, "bean-check"},
    {"iati", EXPORT_IATI, "xmllint --noout --schema iati-activities-schema.xsd"},
};

static const char csv_word[] = "csv";

static int format_of(const char *word)
{
    for (int i = 0; i < (int)(sizeof formats / sizeof formats[0]); i++)
        if (strcmp(word, formats[i].word) == 0)
            return i;
    return -1;
}

bool books_is_format(const char *word)
{
    return format_of(word) >= 0 || strcmp(word, csv_word) == 0;
}

/* A clone has to be sound before anything is told of it. */
static enum status open_clone(const char *dir, struct replica **out, struct fault *f)
{
    struct verify_report *report = mem_alloc(sizeof *report);
    if (report == NULL)
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    enum status st = verify_repo_into(dir, NULL, report, out, f);
    if (st != ST_OK && f->fix[0] == '\0')
        fault_fix(f, "%s", tr("name a clone: git clone minga.bundle DIR"));
    if (st == ST_OK && (!report->ok || *out == NULL)) {
        st = fault_set(f, ST_CORRUPT, tr("%s is not sound"), dir);
        fault_fix(f, tr("see what is wrong: minga verify --repo %s"), dir);
    }
    mem_free(report);
    return st;
}

enum status books_open(const struct call *c, struct replica **out, struct fault *f)
{
    struct replica_options options = {.home = c->home, .readonly = true};
    const char *repo = call_option(c, "repo");
    return repo != NULL ? open_clone(repo, out, f) : replica_open(&options, out, f);
}

static void add_text(struct buf *row, const char *name, const char *text)
{
    struct buf safe = {0};
    output_safe(bytes_of_text(text), &safe);
    buf_add_format(row, "%s\"%s\":", row->count > 1 ? "," : "", name);
    json_add_text(row, buf_bytes(&safe));
    buf_release(&safe);
}

struct told {
    uint32_t files, left_out;
};

static void tell(const struct call *c, const struct book *b, const struct told *told)
{
    const char *path = c->words[1];
    int format = format_of(c->words[0]);
    bool printed = format >= 0 && strcmp(path, "-") == 0;
    if (c->json && !printed) {
        char state[OID_TEXT + 1];
        struct buf row = {0};
        hex_encode(b->state.id, OID_BYTES, state);
        buf_add_byte(&row, '{');
        add_text(&row, "format", c->words[0]);
        add_text(&row, format < 0 ? "folder" : "file", path);
        add_text(&row, "state", state);
        buf_add_format(&row, ",\"entries\":%u,\"accounts\":%u,\"files\":%u,\"left_out\":%u}",
                       b->entry_count, b->account_count, told->files, told->left_out);
        if (buf_status(&row) == ST_OK)
            call_row(c, buf_bytes(&row));
        buf_release(&row);
        return;
    }
    if (!printed)
        output_line(stdout, tr("%s: %u entries, %u accounts"), path, b->entry_count,
                    b->account_count);
    if (told->left_out > 0)
        call_say(c,
                 tr("%u payments are left out: they are to fewer enterprises than a sum may be "
                    "of."),
                 told->left_out);
    if (format >= 0 && !printed)
        call_say(c, tr("Anyone checks it: %s %s"), formats[format].check, path);
}

static enum status write_file(const struct call *c, struct replica *r, const struct book *b,
                              struct told *told, struct fault *f)
{
    struct export_options options = {.reporter = call_option(c, "reporter"),
                                     .country = call_option(c, "country")};
    const char *path = c->words[1];
    struct buf out = {0};
    told->files = 1;
    enum status st = export_book(r, b, formats[format_of(c->words[0])].format, &options,
                                 &told->left_out, &out, f);
    if (st == ST_OK && strcmp(path, "-") != 0)
        st = file_write(path, buf_bytes(&out), f);
    else if (st == ST_OK && fwrite(out.data, 1, out.count, stdout) != out.count)
        st = fault_set(f, ST_IO, "%s", tr("cannot write to standard output"));
    buf_release(&out);
    return st;
}

static enum status check_options(const struct call *c, struct fault *f)
{
    const char *country = call_option(c, "country");
    bool iati = strcmp(c->words[0], "iati") == 0;
    if (!iati && (country != NULL || call_has(c, "reporter")))
        return fault_set(f, ST_USAGE, "%s", tr("--reporter and --country go with iati"));
    if (country != NULL &&
        (strlen(country) != 2 || strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)) {
        fault_set(f, ST_USAGE, tr("\"%s\" is no code of a country"), country);
        fault_fix(f, "%s", tr("two capital letters, as ISO 3166-1 has them: CL"));
        return ST_USAGE;
    }
    return ST_OK;
}

int books_export(struct call *c)
{
    struct fault f = {0};
    struct replica *r = NULL;
    struct book *b = NULL;
    struct told told = {0};
    enum status st = check_options(c, &f);
    if (st == ST_OK)
        st = books_open(c, &r, &f);
    if (st == ST_OK)
        st = book_read(r, &b, &f);
    if (st == ST_OK && format_of(c->words[0]) < 0)
        st = export_csv(r, b, c->words[1], &told.files, &f);
    else if (st == ST_OK)
        st = write_file(c, r, b, &told, &f);
    if (st == ST_OK)
        tell(c, b, &told);
    book_free(b);
    if (r != NULL)
        replica_drop(r);
    return st == ST_OK ? CALL_DONE : call_fail(c, &f);
}
