#include "cli/trail.h"

#include <string.h>

#include "cli/amount.h"
#include "cli/ask.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/records.h"
#include "cli/story.h"

enum { INDENT = 2 };

/* What the lines so far were about. */
struct told {
    char part[16];
    bool pooled; /* that money in an account is one sum */
};

struct word {
    const char *word, *shown; /* trn() */
};

static const struct word TYPES[] = {
    {"grant", trn("grant")},
    {"exchange", trn("exchange")},
    {"allotment", trn("allotment")},
    {"pass", trn("pass")},
    {"award", trn("award")},
    {"disbursement", trn("disbursement")},
    {"purchase", trn("purchase")},
    {"transfer", trn("transfer of ownership")},
    {"expense", trn("expense")},
    {"reversal", trn("reversal")},
    {"statement", trn("statement of a balance")},
    {"enterprise", trn("enterprise")},
    {"household", trn("household")},
    {"visit", trn("visit")},
    {"session", trn("session")},
    {"income", trn("income")},
    {"contact", trn("contact")},
    {"programme", trn("programme")},
    {"document", trn("document")},
    {"attachment", trn("attachment")},
};

static const struct word WHYS[] = {
    {"of", trn("of")},
    {"awarded", trn("awarded")},
    {"paid", trn("paid")},
    {"bought", trn("bought")},
    {"handed-over", trn("handed over")},
    {"reverses", trn("takes back")},
    {"reversed-by", trn("taken back by")},
    {"from", trn("out of")},
    {"fed", trn("fed by")},
    {"into", trn("into")},
    {"spent", trn("spent")},
    {"gave-back", trn("given back")},
    {"more", trn("and more")},
    {"all", trn("in all")},
};

static const struct word GAPS[] = {
    {"no-award", trn("nothing was awarded to this enterprise")},
    {"no-payment", trn("nothing was paid to this enterprise")},
    {"no-grant", trn("no grant is behind these accounts")},
    {"no-money", trn("no money goes through this record")},
    {"no-entry", trn("what it names is not here")},
};

static const struct word STATES[] = {
    {"in force", trn("key in force")},
    {"retired", trn("key retired since")},
    {"frozen", trn("key frozen")},
    {"unknown", trn("key of nobody")},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const char *shown(const struct word *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].word, word) == 0)
            return language_text(words[i].shown);
    return word;
}

static const char *text(const json_t *object, const char *name)
{
    return output_text(object, name);
}

static int64_t number(const json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

static bool has(const json_t *row, const char *name)
{
    return json_object_get(row, name) != NULL;
}

static void add_money(const json_t *row, const char *amount, const char *currency, struct buf *out)
{
    amount_money(number(row, amount), text(row, currency), out);
}

/* ", <text>" where there is one. */
static void add_more(const char *what, struct buf *out)
{
    if (what[0] != '\0')
        buf_add_format(out, ", %s", what);
}

/* ---- One step ---- */

static void add_place(const json_t *row, struct buf *out)
{
    add_more(text(row, "office"), out);
    if (has(row, "line"))
        buf_add_format(out, " %s", text(row, "line"));
    if (has(row, "to_line"))
        buf_add_format(out, " \xe2\x86\x92 %s %s", text(row, "to"), text(row, "to_line")); /* → */
}

static void add_name(const json_t *row, struct buf *out)
{
    const char *id = text(row, "id");
    buf_add_text(out, shown(TYPES, COUNT(TYPES), text(row, "type")));
    if (strcmp(text(row, "type"), "reversal") != 0 && has(row, "ref"))
        buf_add_format(out, " %s", text(row, "ref"));
    buf_add_format(out, " (%.*s)", RECORDS_ID_DIGITS, id);
}

static void add_entry(const json_t *row, struct buf *out)
{
    const json_t *enterprise = json_object_get(row, "enterprise"),
                 *about = json_object_get(row, "about");
    add_name(row, out);
    if (has(row, "amount")) {
        buf_add_text(out, ": ");
        add_money(row, "amount", "currency", out);
    }
    if (has(row, "other_amount")) {
        buf_add_text(out, " \xe2\x86\x92 "); /* → */
        add_money(row, "other_amount", "other_currency", out);
    }
    if (about != NULL)
        buf_add_format(out, ": %s %s", shown(TYPES, COUNT(TYPES), text(about, "type")),
                       text(about, "ref"));
    add_more(text(row, "date"), out);
    add_place(row, out);
    if (enterprise != NULL)
        add_more(text(enterprise, "number"), out);
    add_more(text(row, "funder"), out);
    add_more(text(row, "item"), out);
    add_more(text(row, "receipt"), out);
    add_more(text(row, "supplier"), out);
    add_more(text(row, "note"), out);
    if (json_is_string(json_object_get(row, "handed_over")))
        buf_add_format(out, tr(", handed over on %s"), text(row, "handed_over"));
    if (has(row, "reversed_by"))
        buf_add_format(out, "  [%s]", tr("taken back"));
}

static void add_account(const json_t *row, struct buf *out)
{
    struct buf in = {0}, gone = {0}, left = {0};
    add_money(row, "credited", "currency", &in);
    add_money(row, "debited", "currency", &gone);
    add_money(row, "balance", "currency", &left);
    buf_add_format(out, tr("account of %s, %s: %s in, %s out, %s left"), text(row, "office"),
                   text(row, "line"), buf_text(&in), buf_text(&gone), buf_text(&left));
    buf_release(&in);
    buf_release(&gone);
    buf_release(&left);
}

static void add_sum(const json_t *row, struct buf *out)
{
    buf_add_format(out, "%lld \xc3\x97 %s", (long long)number(row, "count"), /* × */
                   shown(TYPES, COUNT(TYPES), text(row, "type")));
    if (has(row, "amount")) {
        buf_add_text(out, ": ");
        add_money(row, "amount", "currency", out);
    }
    if (has(row, "receipts"))
        buf_add_format(out, tr(", %lld with a receipt"), (long long)number(row, "receipts"));
    if (has(row, "handed_over"))
        buf_add_format(out, tr(", %lld handed over"), (long long)number(row, "handed_over"));
}

static void add_record(const json_t *row, struct buf *out)
{
    add_name(row, out);
    add_more(text(row, "date"), out);
    add_more(text(row, "office"), out);
    add_more(text(row, "line"), out);
    add_more(text(row, "trade"), out);
    add_more(text(row, "stage"), out);
    add_more(text(row, "point"), out);
    if (has(row, "amount")) {
        buf_add_text(out, ", ");
        add_money(row, "amount", "currency", out);
    }
}

/* ---- What stands behind it ---- */

static void add_author(const char *ident, struct buf *out)
{
    size_t bytes = strcspn(ident, "<");
    while (bytes > 0 && ident[bytes - 1] == ' ')
        bytes--;
    buf_add(out, ident, bytes);
}

/* Between which times others saw it. */
static void show_bound(const char *format, const char *time, int indent)
    __attribute__((format(printf, 1, 0)));

static void show_bound(const char *format, const char *time, int indent)
{
    struct buf when = {0}, line = {0};
    story_when(time, &when);
    buf_add_format(&line, format, buf_text(&when));
    if (when.count > 0)
        output_line(stdout, "%*s%s", indent, "", buf_text(&line));
    buf_release(&when);
    buf_release(&line);
}

static void show_commit(const struct call *c, const json_t *row, int indent)
{
    const json_t *commit = json_object_get(row, "commit"), *key = json_object_get(commit, "key"),
                 *settled = json_object_get(commit, "settled");
    struct buf line = {0}, who = {0}, when = {0};
    if (commit == NULL)
        return;
    add_author(text(commit, "author"), &who);
    story_when(text(commit, "time"), &when);
    bool good = strcmp(text(commit, "signature"), "good") == 0;
    buf_add_format(&line,
                   good ? tr("signed by %s (%s), %s, commit %.*s: signature good, %s")
                        : tr("signed by %s (%s), %s, commit %.*s: SIGNATURE BAD, %s"),
                   text(commit, "office"), buf_text(&who), buf_text(&when), RECORDS_ID_DIGITS,
                   text(commit, "commit"), shown(STATES, COUNT(STATES), text(key, "state")));
    buf_add_format(&line,
                   json_is_true(json_object_get(settled, "enough"))
                       ? tr("; settled: %lld of %lld offices have it")
                       : tr("; not settled: %lld of %lld offices have it"),
                   (long long)number(settled, "by"), (long long)number(settled, "of"));
    if (json_is_true(json_object_get(commit, "back_dated")))
        buf_add_format(&line, "  [%s]", tr("back-dated"));
    if (json_is_false(json_object_get(commit, "counted")))
        buf_add_format(&line, "  [%s]", tr("does not count"));
    output_line(stdout, "%*s%s", indent, "", buf_text(&line));
    if (c->verbose) {
        show_bound(tr("    not before %s, say two other offices"), text(commit, "not_before"),
                   indent);
        show_bound(tr("    not after %s, say two other offices"), text(commit, "not_after"),
                   indent);
    }
    buf_release(&line);
    buf_release(&who);
    buf_release(&when);
}

static void show_files(const json_t *row, int indent)
{
    size_t i;
    const json_t *file;
    json_array_foreach(json_object_get(row, "documents"), i, file)
    {
        output_line(stdout, tr("%*sfile %.*s: %s, %lld bytes"), indent, "", RECORDS_ID_DIGITS,
                    text(file, "id"), text(file, "media"), (long long)number(file, "bytes"));
    }
}

/* A heading where another part begins. */
static void show_part(struct told *told, const json_t *row)
{
    const char *part = text(row, "part");
    if (strcmp(told->part, part) == 0)
        return;
    snprintf(told->part, sizeof told->part, "%s", part);
    if (strcmp(part, "up") == 0)
        output_line(stdout, "%s", tr("where the money came from"));
    else if (strcmp(part, "down") == 0)
        output_line(stdout, "%s", tr("what became of it"));
}

static void print_step(void *user, const struct call *c, const json_t *row)
{
    struct told *told = user;
    struct buf line = {0};
    const char *why = text(row, "why"), *type = text(row, "type");
    bool subject = strcmp(why, "subject") == 0, account = strcmp(type, "account") == 0;
    int indent = subject ? 0 : INDENT * (int)(1 + number(row, "depth"));
    show_part(told, row);
    if (!subject && strcmp(type, "gap") != 0)
        buf_add_format(&line, "%s: ", shown(WHYS, COUNT(WHYS), why));
    if (strcmp(type, "gap") == 0)
        buf_add_text(&line, shown(GAPS, COUNT(GAPS), why));
    else if (account)
        add_account(row, &line);
    else if (has(row, "count"))
        add_sum(row, &line);
    else if (has(row, "changes"))
        add_record(row, &line);
    else
        add_entry(row, &line);
    output_line(stdout, "%*s%s", indent, "", buf_text(&line));
    if (account && !told->pooled)
        output_line(stdout,
                    tr("%*smoney in an account is one sum: no credit belongs to one "
                       "payment, all of them stand behind it"),
                    indent + INDENT, "");
    told->pooled = told->pooled || account;
    show_files(row, indent + 2 * INDENT);
    show_commit(c, row, indent + 2 * INDENT);
    buf_release(&line);
}

int trail_command(struct call *c)
{
    struct told told = {.pooled = false};
    struct ask_view view = {.row = print_step, .user = &told};
    return ask_call(c, &view);
}
