#include "cli/fund.h"

#include <string.h>
#include <time.h>

#include "cli/amount.h"
#include "cli/ask.h"
#include "cli/attach.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/records.h"
#include "cli/verbs.h"
#include "cli/wording.h"
#include "replicas/schema.h"

enum { DATE_BYTES = 11, CURRENCIES_MAX = 64 };

static const char *text(const json_t *object, const char *name)
{
    return output_text(object, name);
}

static int64_t number(const json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

/* ---- What was written, in words ---- */

/* One command's sentence: a format of up to four texts, and where they come from. */
struct wording {
    const char *action, *format; /* trn() */
    const char *parts[4];        /* "$amount/currency" money; "=name" of the row; a field */
};

static const struct wording WORDINGS[] = {
    {"grant", trn("grant of %s by %s"), {"$amount/currency", "funder"}},
    {"exchange",
     trn("exchange of %s for %s"),
     {"$from_amount/from_currency", "$to_amount/to_currency"}},
    {"allot", trn("allotment of %s to %s for %s"), {"$amount/currency", "office", "budget_line"}},
    {"pass",
     trn("%s passed from %s to %s of %s"),
     {"$amount/currency", "budget_line", "to_line", "to"}},
    {"award", trn("award of %s to %s"), {"$amount/currency", "=enterprise"}},
    {"pay", trn("payment of %s to %s"), {"$amount/currency", "=enterprise"}},
    {"purchase", trn("purchase of %s for %s, %s"), {"item", "=enterprise", "$amount/currency"}},
    {"expense", trn("expense of %s on %s"), {"$amount/currency", "budget_line"}},
    {"transfer", trn("transfer of ownership of %s"), {"=about"}},
    {"reverse", trn("reversal of %s"), {"=about"}},
};

static void add_part(const json_t *row, const char *part, struct buf *out)
{
    const json_t *fields = json_object_get(row, "fields");
    if (part == NULL)
        return;
    if (part[0] == '=') {
        const json_t *enterprise = json_object_get(row, "enterprise");
        buf_add_text(out,
                     json_is_object(enterprise) ? text(enterprise, "number") : text(row, part + 1));
        return;
    }
    if (part[0] != '$') {
        buf_add_text(out, text(fields, part));
        return;
    }
    char name[SCHEMA_NAME_TEXT];
    size_t bytes = strcspn(part + 1, "/");
    snprintf(name, sizeof name, "%.*s", (int)bytes, part + 1);
    amount_money(number(fields, name), text(fields, part + 1 + bytes + 1), out);
}

static void add_what(const json_t *row, struct buf *out)
{
    const char *action = text(row, "action");
    for (size_t i = 0; i < sizeof WORDINGS / sizeof WORDINGS[0]; i++) {
        struct buf parts[4] = {{0}};
        const struct wording *w = &WORDINGS[i];
        if (strcmp(w->action, action) != 0)
            continue;
        for (int k = 0; k < 4; k++)
            add_part(row, w->parts[k], &parts[k]);
        buf_add_format(out, language_text(w->format), buf_text(&parts[0]), buf_text(&parts[1]),
                       buf_text(&parts[2]), buf_text(&parts[3]));
        for (int k = 0; k < 4; k++)
            buf_release(&parts[k]);
    }
}

static void add_account(const json_t *account, bool dry, struct buf *out)
{
    struct buf before = {0}, after = {0};
    const char *line = text(account, "line"), *office = text(account, "office");
    const char *currency = text(account, "currency");
    int64_t was = number(account, "before"), is = number(account, "after");
    amount_money(was, currency, &before);
    amount_money(is, currency, &after);
    if (dry)
        buf_add_format(out, tr("; %s of %s: from %s to %s"), line, office, buf_text(&before),
                       buf_text(&after));
    else if (is < was)
        buf_add_format(out, tr("; %s of %s: %s left"), line, office, buf_text(&after));
    else
        buf_add_format(out, tr("; %s of %s: now %s"), line, office, buf_text(&after));
    buf_release(&before);
    buf_release(&after);
}

/* Where no account moves: what is still to be paid of an award, or bought of what was paid. */
static void add_enterprise(const json_t *row, struct buf *out)
{
    const json_t *e = json_object_get(row, "enterprise");
    bool award = strcmp(text(row, "action"), "award") == 0,
         purchase = strcmp(text(row, "action"), "purchase") == 0;
    const char *currency = text(e, "currency");
    int64_t whole = number(e, award ? "awarded" : "disbursed"),
            part = number(e, award ? "disbursed" : "purchased");
    struct buf all = {0}, left = {0};
    amount_money(whole, currency, &all);
    amount_money(whole > part ? whole - part : 0, currency, &left);
    if (award)
        buf_add_format(out, tr("; awarded in all: %s, still to be paid: %s"), buf_text(&all),
                       buf_text(&left));
    else if (purchase)
        buf_add_format(out, tr("; paid to it: %s, not covered by purchases yet: %s"),
                       buf_text(&all), buf_text(&left));
    buf_release(&all);
    buf_release(&left);
}

static void show_row(const struct call *c, const json_t *row)
{
    struct buf line = {0}, what = {0};
    bool dry = json_is_true(json_object_get(row, "dry_run")),
         unchanged = json_is_true(json_object_get(row, "unchanged"));
    bool numbered = strcmp(text(row, "action"), "reverse") != 0; /* else by what it reverses */
    const json_t *accounts = json_object_get(row, "accounts"),
                 *overridden = json_object_get(row, "overridden");
    add_what(row, &what);
    if (dry)
        buf_add_format(&line, tr("Would be written: %s"), buf_text(&what));
    else
        buf_add_format(
            &line, unchanged ? tr("Written before: %s (%s%s%.*s)") : tr("Written: %s (%s%s%.*s)"),
            buf_text(&what), numbered ? text(row, "ref") : "", numbered ? ", " : "",
            RECORDS_ID_DIGITS, text(row, "id"));
    for (size_t i = 0; i < json_array_size(accounts); i++)
        add_account(json_array_get(accounts, i), dry, &line);
    add_enterprise(row, &line);
    output_line(stdout, "%s.", buf_text(&line));
    for (size_t i = 0; i < json_array_size(overridden); i++) {
        const char *why = json_string_value(json_array_get(overridden, i));
        struct buf room = {0};
        call_say(c, tr("All the same: %s"), wording_text(why != NULL ? why : "", &room));
        buf_release(&room);
    }
    if (dry)
        call_say(c, "%s", tr("Nothing was written: this was a dry run."));
    else if (unchanged)
        call_say(c, "%s", tr("It was not written again: it has that number and says the same."));
    buf_release(&line);
    buf_release(&what);
}

/* ---- One entry ---- */

struct fund {
    struct call *call;
    struct client *client;
    struct client_end end;
    struct fault fault;
    struct buf row; /* the answer */
    json_t *parsed;
};

static void on_row(void *user, struct bytes json)
{
    struct fund *x = user;
    buf_reset(&x->row);
    buf_add_bytes(&x->row, json);
}

/* The person's own day, which is the date of an entry that is given none. */
static void today(char out[static DATE_BYTES])
{
    time_t now = time(NULL);
    struct tm day;
    if (localtime_r(&now, &day) == NULL || strftime(out, DATE_BYTES, "%Y-%m-%d", &day) == 0)
        out[0] = '\0';
}

static enum status ask(struct fund *x)
{
    struct control_request request;
    char date[DATE_BYTES];
    ask_request(x->call, &request);
    today(date);
    for (uint32_t i = 0; i < request.option_count; i++)
        if (bytes_equal_text(request.options[i].name, "file"))
            request.options[i] = (struct control_option){.name = BYTES("paper")};
    request.options[request.option_count++] =
        (struct control_option){.name = BYTES("today"), .value = bytes_of_text(date)};
    enum status st = ask_open(x->call, &x->client, &x->fault);
    if (st == ST_OK)
        st = client_run(x->client, &request, on_row, x, &x->end, &x->fault);
    if (st == ST_CLOSED)
        fault_fix(&x->fault,
                  call_has(x->call, "ref")
                      ? tr("type it again as it stands: under one number it is written once")
                      : tr("it may have been written: minga log --limit 1 shows it; with --ref "
                           "NUMBER it can be typed again"));
    return st;
}

/* The same file stands at the entry already: the command was typed again. */
struct standing {
    const char *path;
    bool found;
};

static void look(void *user, struct bytes json)
{
    struct standing *s = user;
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    const json_t *files = json_object_get(row, "attachments");
    const char *slash = strrchr(s->path, '/'), *name = slash != NULL ? slash + 1 : s->path;
    for (size_t i = 0; i < json_array_size(files); i++)
        s->found = s->found || strcmp(text(json_array_get(files, i), "name"), name) == 0;
    json_decref(row);
}

static bool is_attached(struct fund *x, const char *id, const char *path)
{
    struct control_request request = {
        .verb = BYTES("show"), .word_count = 1, .words = {bytes_of_text(id)}};
    struct standing s = {.path = path};
    struct client_end end;
    struct fault f = {0};
    enum status st = client_run(x->client, &request, look, &s, &end, &f);
    return st == ST_OK && s.found;
}

/* The entry stands whatever becomes of its file, and says so. */
static int attach(struct fund *x, struct buf *file)
{
    struct call *c = x->call;
    const char *path = call_option(c, "file"), *id = text(x->parsed, "id");
    bool unchanged = json_is_true(json_object_get(x->parsed, "unchanged"));
    struct client_end end = {.exit = CALL_DONE};
    struct fault f = {0};
    char why[FAULT_TEXT_BYTES], fix[FAULT_FIX_BYTES];
    if (path == NULL || call_has(c, "dry-run") || (unchanged && is_attached(x, id, path)))
        return CALL_DONE;
    client_close(x->client); /* the file has a connection of its own */
    x->client = NULL;
    enum status st = attach_file(c, id, path, file, &end, &f);
    if (st == ST_OK && end.exit == CALL_DONE)
        return CALL_DONE;
    snprintf(why, sizeof why, tr("the entry %.*s stands, but %s was not attached: %.200s"),
             RECORDS_ID_DIGITS, id, path, st == ST_OK ? end.text : f.text);
    snprintf(fix, sizeof fix, "minga attach %.*s %s --class internal", RECORDS_ID_DIGITS, id, path);
    return call_end(c, status_word(ST_PARTLY), why, fix, CALL_PARTLY);
}

static void print_row(struct fund *x, const struct buf *file)
{
    struct call *c = x->call;
    if (!c->json) {
        show_row(c, x->parsed);
        return;
    }
    json_t *attached = json_loadb((const char *)file->data, file->count, 0, NULL);
    if (call_has(c, "file") && !call_has(c, "dry-run")) {
        x->row.count--; /* its brace */
        buf_add_format(&x->row, ",\"file\":%s%s%s}", attached != NULL ? "\"" : "",
                       attached != NULL ? text(attached, "id") : "null",
                       attached != NULL ? "\"" : "");
    }
    call_row(c, buf_bytes(&x->row));
    json_decref(attached);
}

static int run_entry(struct call *c)
{
    struct fund x = {.call = c, .end = {.exit = CALL_DONE}};
    struct buf file = {0};
    const char *path = call_option(c, "file");
    enum status st = path != NULL ? attach_check(c, path, &x.fault) : ST_OK;
    if (st == ST_OK)
        st = ask(&x);
    int exit = st != ST_OK ? call_fail(c, &x.fault)
                           : call_end(c, x.end.code, x.end.text, x.end.fix, x.end.exit);
    if (exit == CALL_DONE) {
        x.parsed = json_loadb((const char *)x.row.data, x.row.count, 0, NULL);
        if (!c->json)
            print_row(&x, &file);
        fflush(stdout);
        exit = attach(&x, &file);
        if (c->json)
            print_row(&x, &file);
    }
    client_close(x.client);
    json_decref(x.parsed);
    buf_release(&x.row);
    buf_release(&file);
    return exit;
}

/* ---- balance ---- */

enum { COLUMNS = 6, NUMBERS = 3 };
static const char *const HEADS[COLUMNS] = {trn("office"),   trn("line"),    trn("currency"),
                                           trn("credited"), trn("debited"), trn("balance")};

struct total {
    char currency[4];
    int64_t sums[NUMBERS];
};

struct balances {
    struct output_table table;
    struct total totals[CURRENCIES_MAX];
    uint32_t total_count;
};

static void add_numbers(struct output_table *t, const char *currency, const int64_t *numbers)
{
    for (int i = 0; i < NUMBERS; i++) {
        struct buf cell = {0};
        amount_number(numbers[i], currency, &cell);
        output_table_add(t, buf_bytes(&cell));
        buf_release(&cell);
    }
}

static void sum(struct balances *b, const char *currency, const int64_t *numbers)
{
    uint32_t i = 0;
    while (i < b->total_count && strcmp(b->totals[i].currency, currency) != 0)
        i++;
    if (i == CURRENCIES_MAX)
        return;
    struct total *total = &b->totals[i];
    if (i == b->total_count) {
        snprintf(total->currency, sizeof total->currency, "%.3s", currency);
        b->total_count++;
    }
    for (int k = 0; k < NUMBERS; k++)
        if (__builtin_add_overflow(total->sums[k], numbers[k], &total->sums[k]))
            total->sums[k] = INT64_MAX;
}

static void keep_balance(void *user, const struct call *c, const json_t *row)
{
    struct balances *b = user;
    int64_t numbers[NUMBERS];
    (void)c;
    if (b->table.cells == 0)
        for (int i = 0; i < COLUMNS; i++)
            output_table_add(&b->table, bytes_of_text(language_text(HEADS[i])));
    for (int i = 0; i < COLUMNS; i++)
        if (i < COLUMNS - NUMBERS)
            output_table_add(&b->table, bytes_of_text(text(row, HEADS[i])));
        else
            numbers[i - NUMBERS] = number(row, HEADS[i]);
    add_numbers(&b->table, text(row, "currency"), numbers);
    sum(b, text(row, "currency"), numbers);
}

static void print_balances(void *user, const struct call *c)
{
    struct balances *b = user;
    for (uint32_t i = 0; i < b->total_count; i++) {
        output_table_add(&b->table, bytes_of_text(tr("in all")));
        output_table_add(&b->table, BYTES(""));
        output_table_add(&b->table, bytes_of_text(b->totals[i].currency));
        add_numbers(&b->table, b->totals[i].currency, b->totals[i].sums);
    }
    (void)c;
    output_table_print(&b->table, stdout);
}

static int run_balance(struct call *c)
{
    struct balances b = {.total_count = 0};
    const struct ask_view view = {.row = keep_balance, .done = print_balances, .user = &b};
    output_table_init(&b.table, COLUMNS);
    for (int i = COLUMNS - NUMBERS; i < COLUMNS; i++)
        b.table.right |= 1U << i;
    int exit = ask_call(c, &view);
    if (exit == CALL_DONE && b.total_count == 0)
        call_say(c, "%s", tr("No such account holds or held anything."));
    return exit;
}

int fund_command(struct call *c)
{
    return strcmp(c->words[0], "balance") == 0 ? run_balance(c) : run_entry(c);
}
