#include "replicas/beancount.h"

#include <string.h>

#include "replicas/acting.h"
#include "replicas/vouchers.h"

static const char *const SIDES[VOUCHERS_SIDES] = {"Assets", "Income", "Expenses", "Equity"};

void beancount_part(const char *text, struct buf *out)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool small = *at >= 'a' && *at <= 'z';
        if (at == text && small)
            buf_add_byte(out, (uint8_t)(*at - 'a' + 'A'));
        else
            buf_add_byte(out, *at == '_' ? (uint8_t)'-' : (uint8_t)*at);
    }
}

static void add_quoted(const char *text, struct buf *out)
{
    buf_add_byte(out, '"');
    for (const char *at = text; *at != '\0'; at++) {
        uint8_t byte = (uint8_t)*at;
        size_t acts = acting_bytes((struct bytes){(const uint8_t *)at, strnlen(at, 3)});
        if (byte == '\n')
            buf_add_text(out, "\\n");
        else if (byte == '\t')
            buf_add_text(out, "\\t");
        else if (acts > 0) {
            buf_add_byte(out, ' '); /* there is no escape for others */
            at += acts - 1;
        } else if (byte == '"' || byte == '\\')
            buf_add_format(out, "\\%c", byte);
        else
            buf_add_byte(out, byte);
    }
    buf_add_byte(out, '"');
}

static void add_meta(const char *name, const char *text, struct buf *out)
{
    if (text[0] == '\0')
        return;
    buf_add_format(out, "  %s: ", name);
    add_quoted(text, out);
    buf_add_byte(out, '\n');
}

static void add_id_meta(const char *name, const uint8_t *id, struct buf *out)
{
    char hex[2 * OID_BYTES + 1];
    hex_encode(id, OID_BYTES, hex);
    add_meta(name, hex, out);
}

static void add_day(int32_t day, struct buf *out)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    buf_add_text(out, text);
}

static void add_amount(int64_t amount, const char *currency, struct buf *out)
{
    book_amount(amount, currency, out);
    buf_add_format(out, " %s", currency);
}

static void add_account(const struct book *b, enum vouchers_side side, uint32_t account,
                        struct buf *out)
{
    const struct book_account *a = &b->accounts[account];
    buf_add_text(out, SIDES[side]);
    if (side == VOUCHERS_INCOME) {
        buf_add_text(out, ":Grants");
    } else if (side == VOUCHERS_EQUITY) {
        buf_add_text(out, ":Other");
    } else {
        buf_add_byte(out, ':');
        beancount_part(book_text(b, a->owner), out);
        buf_add_byte(out, ':');
        beancount_part(book_text(b, a->line), out);
    }
}

static bool same_line(const struct book *b, uint32_t account, uint32_t other)
{
    const struct book_account *a = &b->accounts[account], *o = &b->accounts[other];
    return strcmp(book_text(b, a->owner), book_text(b, o->owner)) == 0 &&
           strcmp(book_text(b, a->line), book_text(b, o->line)) == 0;
}

static void add_open(const struct vouchers *v, enum vouchers_side side, uint32_t account,
                     struct buf *out)
{
    add_day(v->first_day, out);
    buf_add_text(out, " open ");
    add_account(v->book, side, account, out);
    buf_add_byte(out, '\n');
}

/* Of a line of an office once, in however many currencies: accounts are by owner, line, currency.
 */
static void add_opens(const struct vouchers *v, struct buf *out)
{
    const struct book *b = v->book;
    for (uint32_t i = 0; i < b->account_count; i++) {
        if (i > 0 && same_line(b, i, i - 1))
            continue;
        add_open(v, VOUCHERS_ASSETS, i, out);
        bool spent = false;
        for (uint32_t j = i; j < b->account_count && same_line(b, i, j); j++)
            spent = spent || vouchers_uses(v, VOUCHERS_EXPENSES, j);
        if (spent)
            add_open(v, VOUCHERS_EXPENSES, i, out);
    }
    if (vouchers_uses(v, VOUCHERS_INCOME, 0))
        add_open(v, VOUCHERS_INCOME, 0, out);
    if (vouchers_uses(v, VOUCHERS_EQUITY, 0))
        add_open(v, VOUCHERS_EQUITY, 0, out);
    buf_add_byte(out, '\n');
}

static void add_metas(const struct book *b, const struct vouchers_item *item, struct buf *out)
{
    const struct book_entry *e = &b->entries[item->entry];
    add_id_meta("entry", e->id, out);
    add_id_meta("commit", e->commit.id, out);
    add_meta("office", book_text(b, e->office), out);
    if (e->enterprise != BOOK_NONE)
        add_meta("enterprise", book_text(b, b->enterprises[e->enterprise].number), out);
    add_meta("receipt", book_text(b, e->receipt), out);
    add_meta("supplier", book_text(b, e->supplier), out);
    add_meta("note", book_text(b, e->what), out);
    if (e->kind == BOOK_REVERSAL && e->about != BOOK_NONE)
        add_id_meta("reverses", b->entries[e->about].id, out);
    if (e->reversed_by != BOOK_NONE)
        add_id_meta("reversed_by", b->entries[e->reversed_by].id, out);
    if (!item->dated)
        add_meta("undated", "the day it was written", out);
}

static void add_item(const struct vouchers *v, const struct vouchers_item *item, struct buf *out)
{
    const struct book *b = v->book;
    add_day(item->day, out);
    if (item->entry == BOOK_NONE) {
        buf_add_text(out, " * \"other\" \"\"\n");
    } else {
        buf_add_text(out, " * ");
        add_quoted(book_word(b->entries[item->entry].kind), out);
        buf_add_byte(out, ' ');
        add_quoted(book_text(b, b->entries[item->entry].ref), out);
        buf_add_byte(out, '\n');
        add_metas(b, item, out);
    }
    for (uint32_t i = 0; i < item->count; i++) {
        const struct vouchers_leg *leg = &v->legs[item->first + i];
        buf_add_text(out, "  ");
        add_account(b, leg->side, leg->account, out);
        buf_add_text(out, "  ");
        add_amount(leg->amount, b->accounts[leg->account].currency, out);
        if (leg->cost.currency[0] != '\0') {
            buf_add_text(out, " @@ ");
            add_amount(leg->cost.amount, leg->cost.currency, out);
        }
        buf_add_byte(out, '\n');
    }
    buf_add_byte(out, '\n');
}

/* With an explicit tolerance of nothing: else one cent more or less would pass. */
static void add_balances(const struct vouchers *v, struct buf *out)
{
    const struct book *b = v->book;
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        add_day(v->last_day + 1, out);
        buf_add_text(out, " balance ");
        add_account(b, VOUCHERS_ASSETS, i, out);
        buf_add_text(out, "  ");
        book_amount(vouchers_balance(a), a->currency, out);
        buf_add_format(out, " ~ 0 %s\n", a->currency);
    }
}

enum status beancount_write(const struct book *b, struct buf *out)
{
    char state[OID_TEXT + 1];
    const char *currency;
    struct vouchers v;
    enum status st = vouchers_init(b, &v);
    if (st != ST_OK)
        return st;
    hex_encode(b->state.id, OID_BYTES, state);
    buf_add_format(out,
                   "; Minga: what the offices received, passed on and spent.\n"
                   "; State %s.\n\n"
                   "option \"title\" \"Minga\"\n",
                   state);
    /* An exchange's price is divided and multiplied again: what that loses is far below a unit. */
    buf_add_text(out, "option \"inferred_tolerance_default\" \"*:0.0000001\"\n");
    for (uint32_t i = 0; (currency = vouchers_currency(b, i)) != NULL; i++)
        buf_add_format(out, "option \"operating_currency\" \"%s\"\n", currency);
    buf_add_byte(out, '\n');
    add_opens(&v, out);
    for (uint32_t i = 0; i < v.count; i++)
        add_item(&v, &v.items[i], out);
    add_balances(&v, out);
    vouchers_release(&v);
    return buf_status(out);
}
