#include "replicas/ledger.h"

#include <string.h>

#include "replicas/acting.h"
#include "replicas/vouchers.h"

static const char *const TAGS[] = {"entry",    "commit", "office",   "enterprise",  "receipt",
                                   "supplier", "note",   "reverses", "reversed_by", "undated"};

static const char *const SIDES[VOUCHERS_SIDES] = {"Assets", "Income", "Expenses", "Equity"};

static bool is_plain(uint8_t byte)
{
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr(" -_./#+&'", byte) != NULL);
}

void ledger_text(const char *text, struct buf *out)
{
    size_t encode = 0;
    for (const uint8_t *at = (const uint8_t *)text; *at != '\0'; at++) {
        if (encode == 0)
            encode = acting_bytes((struct bytes){at, strnlen((const char *)at, 3)});
        if (encode == 0 && is_plain(*at)) {
            buf_add_byte(out, *at);
            continue;
        }
        buf_add_format(out, "%%%02X", *at);
        encode -= encode > 0 ? 1 : 0;
    }
}

static void add_tag(const char *name, const char *text, struct buf *out)
{
    if (text[0] == '\0')
        return;
    buf_add_format(out, "    ; %s: ", name);
    ledger_text(text, out);
    buf_add_byte(out, '\n');
}

static void add_id_tag(const char *name, const uint8_t *id, struct buf *out)
{
    char hex[2 * OID_BYTES + 1];
    hex_encode(id, OID_BYTES, hex);
    add_tag(name, hex, out);
}

static void add_amount(int64_t amount, const char *currency, struct buf *out)
{
    buf_add_format(out, "%s ", currency);
    book_amount(amount, currency, out);
}

static void add_account(const struct book *b, enum vouchers_side side, uint32_t account,
                        struct buf *out)
{
    const struct book_account *a = &b->accounts[account];
    if (side == VOUCHERS_INCOME)
        buf_add_text(out, "Income:grants");
    else if (side == VOUCHERS_EQUITY)
        buf_add_text(out, "Equity:other");
    else
        buf_add_format(out, "%s:%s:%s", SIDES[side], book_text(b, a->owner), book_text(b, a->line));
}

static void add_day(int32_t day, struct buf *out)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    buf_add_text(out, text);
}

static void add_commodities(const struct book *b, struct buf *out)
{
    const char *currency;
    for (uint32_t i = 0; (currency = vouchers_currency(b, i)) != NULL; i++) {
        struct buf sample = {0};
        book_amount(0, currency, &sample);
        buf_add_format(out, "commodity %s\n    format %s 1000", currency, currency);
        if (sample.count > 1)
            buf_add(out, sample.data + 1, sample.count - 1); /* ".00" */
        else
            buf_add_byte(out, '.'); /* hledger asks for a decimal mark, with digits or without */
        buf_add_byte(out, '\n');
        out->failed = out->failed || sample.failed;
        buf_release(&sample);
    }
}

/* An office's line once, in however many currencies: accounts are by owner, line, currency. */
static bool is_first(const struct book *b, uint32_t account)
{
    if (account == 0)
        return true;
    const struct book_account *a = &b->accounts[account], *before = a - 1;
    return strcmp(book_text(b, a->owner), book_text(b, before->owner)) != 0 ||
           strcmp(book_text(b, a->line), book_text(b, before->line)) != 0;
}

static void declare(const struct book *b, enum vouchers_side side, uint32_t account,
                    struct buf *out)
{
    buf_add_text(out, "account ");
    add_account(b, side, account, out);
    buf_add_byte(out, '\n');
}

static void add_declarations(const struct vouchers *v, struct buf *out)
{
    const struct book *b = v->book;
    add_commodities(b, out);
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++)
        buf_add_format(out, "tag %s\n", TAGS[i]);
    for (int kind = 0; kind < BOOK_KINDS; kind++)
        buf_add_format(out, "payee %s\n", book_word((enum book_kind)kind));
    buf_add_text(out, "payee other\npayee closing balances\n");
    for (uint32_t i = 0; i < b->account_count; i++)
        if (is_first(b, i))
            declare(b, VOUCHERS_ASSETS, i, out);
    for (uint32_t i = 0; i < b->account_count; i++)
        if (is_first(b, i))
            declare(b, VOUCHERS_EXPENSES, i, out);
    buf_add_text(out, "account Income:grants\naccount Equity:other\n\n");
}

static void add_tags(const struct book *b, const struct vouchers_item *item, struct buf *out)
{
    const struct book_entry *e = &b->entries[item->entry];
    add_id_tag("entry", e->id, out);
    add_id_tag("commit", e->commit.id, out);
    add_tag("office", book_text(b, e->office), out);
    if (e->enterprise != BOOK_NONE)
        add_tag("enterprise", book_text(b, b->enterprises[e->enterprise].number), out);
    add_tag("receipt", book_text(b, e->receipt), out);
    add_tag("supplier", book_text(b, e->supplier), out);
    add_tag("note", book_text(b, e->what), out);
    if (e->kind == BOOK_REVERSAL && e->about != BOOK_NONE)
        add_id_tag("reverses", b->entries[e->about].id, out);
    if (e->reversed_by != BOOK_NONE)
        add_id_tag("reversed_by", b->entries[e->reversed_by].id, out);
    if (!item->dated)
        add_tag("undated", "the day it was written", out);
}

static void add_item(const struct vouchers *v, const struct vouchers_item *item, struct buf *out)
{
    const struct book *b = v->book;
    add_day(item->day, out);
    buf_add_text(out, " * ");
    if (item->entry == BOOK_NONE) {
        buf_add_text(out, "other\n");
    } else {
        const char *ref = book_text(b, b->entries[item->entry].ref);
        if (ref[0] != '\0') {
            buf_add_byte(out, '(');
            ledger_text(ref, out);
            buf_add_text(out, ") ");
        }
        buf_add_format(out, "%s\n", book_word(b->entries[item->entry].kind));
        add_tags(b, item, out);
    }
    for (uint32_t i = 0; i < item->count; i++) {
        const struct vouchers_leg *leg = &v->legs[item->first + i];
        buf_add_text(out, "    ");
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

static void add_assertions(const struct vouchers *v, struct buf *out)
{
    const struct book *b = v->book;
    if (b->account_count == 0)
        return;
    add_day(v->last_day, out);
    buf_add_text(out, " * closing balances\n");
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        buf_add_text(out, "    ");
        add_account(b, VOUCHERS_ASSETS, i, out);
        buf_add_text(out, "  ");
        add_amount(0, a->currency, out);
        buf_add_text(out, " = ");
        add_amount(vouchers_balance(a), a->currency, out);
        buf_add_byte(out, '\n');
    }
}

enum status ledger_write(const struct book *b, struct buf *out)
{
    char state[OID_TEXT + 1];
    struct vouchers v;
    enum status st = vouchers_init(b, &v);
    if (st != ST_OK)
        return st;
    hex_encode(b->state.id, OID_BYTES, state);
    buf_add_format(out,
                   "; Minga: what the offices received, passed on and spent.\n"
                   "; State %s.\n"
                   "; In a text, %%XX stands for a character that would mean something here.\n\n",
                   state);
    add_declarations(&v, out);
    for (uint32_t i = 0; i < v.count; i++)
        add_item(&v, &v.items[i], out);
    add_assertions(&v, out);
    vouchers_release(&v);
    return buf_status(out);
}
