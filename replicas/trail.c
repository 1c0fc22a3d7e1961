#include "replicas/trail.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/trailing.h"

static const char *const words[TRAIL_WHYS] = {
    [TRAIL_IS_SUBJECT] = "subject",
    [TRAIL_OF] = "of",
    [TRAIL_AWARDED] = "awarded",
    [TRAIL_PAID] = "paid",
    [TRAIL_BOUGHT] = "bought",
    [TRAIL_HANDED] = "handed-over",
    [TRAIL_REVERSES] = "reverses",
    [TRAIL_REVERSED] = "reversed-by",
    [TRAIL_FROM] = "from",
    [TRAIL_FED] = "fed",
    [TRAIL_INTO] = "into",
    [TRAIL_SPENT] = "spent",
    [TRAIL_GAVE_BACK] = "gave-back",
    [TRAIL_MORE] = "more",
    [TRAIL_ALL] = "all",
    [TRAIL_NO_AWARD] = "no-award",
    [TRAIL_NO_PAYMENT] = "no-payment",
    [TRAIL_NO_GRANT] = "no-grant",
    [TRAIL_NO_MONEY] = "no-money",
    [TRAIL_NO_ENTRY] = "no-entry",
};

const char *trail_why_word(enum trail_why why)
{
    CHECK(why < TRAIL_WHYS);
    return words[why];
}

/* Disbursements are paid from this line (microenterprise.json), so awards promise what is in it. */
#define LINE_OF_AWARDS "enterprises"

/* ---- Enterprises ---- */

/* Every entry of a kind that names an enterprise, those beyond the bound as a sum. */
static enum status list_of(struct trailing *w, uint32_t enterprise, enum book_kind kind,
                           enum trail_why why, uint32_t depth)
{
    const struct book *b = w->book;
    struct trailing_total more = {.count = 0}, all = {.count = 0};
    uint32_t listed = 0;
    enum status status = ST_OK;
    for (uint32_t i = BOOK_NONE;
         status == ST_OK && (i = book_of_enterprise(b, enterprise, kind, i)) != BOOK_NONE;) {
        if (trailing_stands(&b->entries[i]))
            trailing_sum(&all, b, i);
        if (w->part == TRAIL_UP)
            trailing_queue_of(w, i, depth);
        if (trailing_full(w, listed++)) {
            trailing_sum(&more, b, i);
            continue;
        }
        status = trailing_entry(w, why, i, depth);
        uint32_t handed = trailing_handed(b, i);
        if (status == ST_OK && w->part == TRAIL_DOWN && handed != BOOK_NONE)
            status = trailing_entry(w, TRAIL_HANDED, handed, depth + 1);
        if (status == ST_OK && b->entries[i].reversed_by != BOOK_NONE)
            status = trailing_entry(w, TRAIL_REVERSED, b->entries[i].reversed_by, depth + 1);
    }
    if (status == ST_OK)
        status = trailing_sums(w, &more, TRAIL_MORE, enterprise, depth);
    return status == ST_OK ? trailing_sums(w, &all, TRAIL_ALL, enterprise, depth) : status;
}

/* Not every programme writes down what it promises. */
static bool has_awards(const struct book *b)
{
    for (uint32_t i = 0; i < b->entry_count; i++)
        if (b->entries[i].kind == BOOK_AWARD)
            return true;
    return false;
}

/* Whose it is, what was promised, what was paid, and out of which accounts. */
static enum status enterprise_up(struct trailing *w, uint32_t enterprise, bool subject)
{
    const struct book *b = w->book;
    if (enterprise == BOOK_NONE)
        return trailing_gap(w, TRAIL_NO_ENTRY, 0);
    enum status status =
        subject ? ST_OK : trailing_add(w, TRAIL_ENTERPRISE, TRAIL_OF, enterprise, 0);
    if (status == ST_OK && b->enterprises[enterprise].household != BOOK_NONE)
        status =
            trailing_add(w, TRAIL_HOUSEHOLD, TRAIL_OF, b->enterprises[enterprise].household, 0);
    if (status == ST_OK && has_awards(b) &&
        book_of_enterprise(b, enterprise, BOOK_AWARD, BOOK_NONE) == BOOK_NONE)
        status = trailing_gap(w, TRAIL_NO_AWARD, 0);
    if (status == ST_OK)
        status = list_of(w, enterprise, BOOK_AWARD, TRAIL_AWARDED, 0);
    if (status == ST_OK &&
        book_of_enterprise(b, enterprise, BOOK_DISBURSEMENT, BOOK_NONE) == BOOK_NONE)
        status = trailing_gap(w, TRAIL_NO_PAYMENT, 0);
    return status == ST_OK ? list_of(w, enterprise, BOOK_DISBURSEMENT, TRAIL_PAID, 0) : status;
}

static enum status enterprise_down(struct trailing *w, uint32_t enterprise, bool paid)
{
    const struct book *b = w->book;
    enum status status = ST_OK;
    if (enterprise == BOOK_NONE)
        return ST_OK;
    if (paid)
        status = list_of(w, enterprise, BOOK_DISBURSEMENT, TRAIL_PAID, 0);
    if (status == ST_OK)
        status = list_of(w, enterprise, BOOK_PURCHASE, TRAIL_BOUGHT, 0);
    for (uint32_t i = 0; i < b->income_count && status == ST_OK; i++)
        if (b->incomes[i].enterprise == enterprise)
            status = trailing_add(w, TRAIL_INCOME, TRAIL_OF, i, 0);
    return status;
}

/* ---- From an entry ---- */

/* The accounts of an entry's office in its currency, of one line or (NULL) of all. */
static void queue_office(struct trailing *w, const struct book_entry *e, const char *line)
{
    const struct book *b = w->book;
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        if (a->owner == e->office && strcmp(a->currency, e->money.currency) == 0 &&
            (line == NULL || strcmp(book_text(b, a->line), line) == 0))
            trailing_queue(w, i, 0);
    }
}

static enum status entry_up(struct trailing *w, uint32_t entry)
{
    const struct book *b = w->book;
    enum status status = ST_OK;
    const struct book_entry *e = &b->entries[entry];
    /* A transfer is about a purchase, a reversal about anything, but for another reversal. */
    for (int i = 0; i < 2 && (e->kind == BOOK_TRANSFER || e->kind == BOOK_REVERSAL); i++) {
        if (e->about == BOOK_NONE)
            return trailing_gap(w, TRAIL_NO_ENTRY, 0);
        status =
            trailing_entry(w, e->kind == BOOK_TRANSFER ? TRAIL_OF : TRAIL_REVERSES, e->about, 0);
        if (status != ST_OK)
            return status;
        entry = e->about;
        e = &b->entries[entry];
    }
    switch (e->kind) {
    case BOOK_PURCHASE:
        return enterprise_up(w, e->enterprise, false);
    case BOOK_AWARD: /* of which it would be paid */
        queue_office(w, e, LINE_OF_AWARDS);
        return enterprise_up(w, e->enterprise, false);
    case BOOK_DISBURSEMENT:
        trailing_queue_of(w, entry, 0);
        return enterprise_up(w, e->enterprise, false);
    case BOOK_STATEMENT:
        queue_office(w, e, e->line != 0 ? book_text(b, e->line) : NULL);
        return ST_OK;
    case BOOK_GRANT:
        w->grant = true;
        return ST_OK;
    default:
        trailing_queue_of(w, entry, 0);
        return ST_OK;
    }
}

static enum status entry_down(struct trailing *w, uint32_t entry)
{
    const struct book *b = w->book;
    const struct book_entry *e = &b->entries[entry];
    enum status status = ST_OK;
    uint32_t handed = trailing_handed(b, entry);
    if (e->reversed_by != BOOK_NONE)
        status = trailing_entry(w, TRAIL_REVERSED, e->reversed_by, 0);
    if (status == ST_OK && handed != BOOK_NONE)
        status = trailing_entry(w, TRAIL_HANDED, handed, 0);
    if (status == ST_OK && trailing_moves(e))
        trailing_queue_of(w, entry, 0);
    if (status == ST_OK && (e->kind == BOOK_AWARD || e->kind == BOOK_DISBURSEMENT))
        status = enterprise_down(w, e->enterprise, e->kind == BOOK_AWARD);
    return status;
}

/* ---- From a record ---- */

static enum status household_up(struct trailing *w, uint32_t household, bool subject)
{
    const struct book *b = w->book;
    enum status status = ST_OK;
    if (household == BOOK_NONE)
        return trailing_gap(w, TRAIL_NO_ENTRY, 0);
    if (!subject)
        status = trailing_add(w, TRAIL_HOUSEHOLD, TRAIL_OF, household, 0);
    for (uint32_t i = 0; i < b->enterprise_count && status == ST_OK; i++)
        if (b->enterprises[i].household == household)
            status = enterprise_up(w, i, false);
    return status;
}

static enum status household_down(struct trailing *w, uint32_t household)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < w->book->enterprise_count && status == ST_OK; i++)
        if (w->book->enterprises[i].household == household && household != BOOK_NONE)
            status = enterprise_down(w, i, false);
    return status;
}

/* Every grant of the programme: there is no other money. */
static enum status programme_down(struct trailing *w)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < w->book->entry_count && status == ST_OK; i++)
        if (w->book->entries[i].kind == BOOK_GRANT) {
            status = trailing_entry(w, TRAIL_FED, i, 0);
            trailing_queue_of(w, i, 0);
        }
    return status;
}

/* The enterprise that a thing is about, or its household. */
static void belongs(const struct book *b, enum trail_thing thing, uint32_t index,
                    uint32_t *enterprise_out, uint32_t *household_out)
{
    *enterprise_out = *household_out = BOOK_NONE;
    if (thing == TRAIL_ENTERPRISE)
        *enterprise_out = index;
    if (thing == TRAIL_SESSION)
        *enterprise_out = b->sessions[index].enterprise;
    if (thing == TRAIL_INCOME)
        *enterprise_out = b->incomes[index].enterprise;
    if (thing == TRAIL_HOUSEHOLD)
        *household_out = index;
    if (thing == TRAIL_VISIT)
        *household_out = b->visits[index].household;
}

static enum status thing_way(struct trailing *w, enum trail_thing thing, uint32_t index)
{
    uint32_t enterprise, household;
    bool up = w->part == TRAIL_UP;
    belongs(w->book, thing, index, &enterprise, &household);
    switch (thing) {
    case TRAIL_ENTRY:
        return up ? entry_up(w, index) : entry_down(w, index);
    case TRAIL_ACCOUNT:
        trailing_queue(w, index, 0);
        return ST_OK;
    case TRAIL_ENTERPRISE:
    case TRAIL_SESSION:
    case TRAIL_INCOME:
        if (thing == TRAIL_SESSION && enterprise == BOOK_NONE)
            return up ? trailing_gap(w, TRAIL_NO_MONEY, 0) : ST_OK; /* for all of its office */
        return up ? enterprise_up(w, enterprise, thing == TRAIL_ENTERPRISE)
                  : enterprise_down(w, enterprise, false);
    case TRAIL_HOUSEHOLD:
    case TRAIL_VISIT:
        return up ? household_up(w, household, thing == TRAIL_HOUSEHOLD)
                  : household_down(w, household);
    case TRAIL_PROGRAMME:
        return up ? ST_OK : programme_down(w);
    default:
        return up ? trailing_gap(w, TRAIL_NO_MONEY, 0) : ST_OK;
    }
}

/* ---- The whole ---- */

static enum status walk_part(const struct book *b, enum trail_part part, enum trail_thing thing,
                             uint32_t index, uint32_t list_max, struct trail *out)
{
    struct trailing w = {.book = b, .out = out, .part = part, .list_max = list_max};
    w.entries = mem_array(b->entry_count, sizeof *w.entries);
    w.enterprises = mem_array(b->enterprise_count, sizeof *w.enterprises);
    w.queued = mem_array(b->account_count, sizeof *w.queued);
    w.queue = mem_array(b->account_count, sizeof *w.queue);
    enum status status =
        w.entries != NULL && w.enterprises != NULL && w.queued != NULL && w.queue != NULL
            ? ST_OK
            : ST_NO_MEMORY;
    if (status == ST_OK && thing == TRAIL_ENTRY)
        w.entries[index] = true;
    if (status == ST_OK)
        status = thing_way(&w, thing, index);
    if (status == ST_OK)
        status = trailing_accounts(&w);
    if (status == ST_OK && part == TRAIL_UP && w.queue_count > 0 && !w.grant)
        status = trailing_gap(&w, TRAIL_NO_GRANT, 0);
    mem_free(w.entries);
    mem_free(w.enterprises);
    mem_free(w.queued);
    mem_free(w.queue);
    return status;
}

enum status trail_walk(const struct book *b, enum trail_thing thing, uint32_t index,
                       uint32_t list_max, struct trail *out)
{
    struct trailing first = {.out = out, .part = TRAIL_SUBJECT};
    *out = (struct trail){0};
    enum status status = trailing_add(&first, thing, TRAIL_IS_SUBJECT, index, 0);
    if (status == ST_OK)
        status = walk_part(b, TRAIL_UP, thing, index, list_max, out);
    return status == ST_OK ? walk_part(b, TRAIL_DOWN, thing, index, list_max, out) : status;
}

void trail_release(struct trail *t)
{
    mem_free(t->steps);
    *t = (struct trail){0};
}
