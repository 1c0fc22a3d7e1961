#include "replicas/flow.h"

#include <stdio.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/flow_graph.h"
#include "replicas/indicator_money.h"

static const char POOL[] = "pool";
static const uint32_t NONE = UINT32_MAX;
static const uint32_t OVERDRAWN_LINE_COLUMN = 3; /* where a line, not the pool, is overdrawn */

/* ---- what was done with the money ---- */

enum { RECEIPTS = 2, OVERS = 2 }; /* without and with a receipt; not and handed over */

struct slot { /* an office and a line */
    const char *office, *line;
    int64_t budget;
    int64_t bought[RECEIPTS][OVERS], unbought; /* of what was disbursed */
    int64_t expenses[RECEIPTS];
};

struct bought { /* of one enterprise, up to what it got */
    int64_t left;
    int64_t sums[RECEIPTS][OVERS];
};

struct survey {
    const struct book *book;
    const char *currency;
    struct slot *slots;
    uint32_t slot_count, slot_capacity;
    struct bought *enterprises;
};

static bool counts(const struct survey *s, const struct book_entry *e)
{
    return e->reversed_by == BOOK_NONE && strcmp(e->money.currency, s->currency) == 0;
}

static struct slot *slot_of(struct flow *f, struct survey *s, book_text_at office,
                            book_text_at line)
{
    const char *o = book_text(s->book, office), *l = book_text(s->book, line);
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (strcmp(s->slots[i].office, o) == 0 && strcmp(s->slots[i].line, l) == 0)
            return &s->slots[i];
    void *slots = s->slots;
    bool room = flow_graph_grow(f, &slots, s->slot_count, &s->slot_capacity, sizeof *s->slots);
    s->slots = slots;
    if (!room)
        return NULL;
    s->slots[s->slot_count] = (struct slot){.office = o, .line = l};
    return &s->slots[s->slot_count++];
}

static void move_budget(struct flow *f, struct survey *s, book_text_at office, book_text_at line,
                        int64_t amount)
{
    if (strcmp(book_text(s->book, line), POOL) == 0)
        return;
    struct slot *slot = slot_of(f, s, office, line);
    if (slot != NULL)
        tally_add(&slot->budget, amount);
}

/* What each enterprise bought, as far as it was given the money. */
static enum status see_purchases(struct survey *s)
{
    const struct book *b = s->book;
    s->enterprises = mem_array(b->enterprise_count, sizeof *s->enterprises);
    if (s->enterprises == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->kind == BOOK_DISBURSEMENT && e->enterprise != BOOK_NONE && counts(s, e))
            tally_add(&s->enterprises[e->enterprise].left, e->money.amount);
    }
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->kind != BOOK_PURCHASE || e->enterprise == BOOK_NONE || !counts(s, e))
            continue;
        struct bought *of = &s->enterprises[e->enterprise];
        int64_t amount = e->money.amount < of->left ? e->money.amount : of->left;
        bool receipted = indicator_money_is_receipted(b, e);
        bool over = indicator_money_is_handed_over(b, i);
        of->sums[receipted][over] += amount;
        of->left -= amount;
    }
    return ST_OK;
}

/* A disbursement takes what its enterprise bought, the best proven first. */
static void disburse(struct survey *s, const struct book_entry *e, struct slot *slot)
{
    struct bought *of = e->enterprise != BOOK_NONE ? &s->enterprises[e->enterprise] : NULL;
    int64_t open = e->money.amount;
    for (int r = RECEIPTS - 1; of != NULL && r >= 0; r--)
        for (int h = OVERS - 1; h >= 0; h--) {
            int64_t taken = of->sums[r][h] < open ? of->sums[r][h] : open;
            of->sums[r][h] -= taken;
            tally_add(&slot->bought[r][h], taken);
            open -= taken;
        }
    tally_add(&slot->unbought, open);
}

static enum status survey(struct flow *f, struct survey *s)
{
    const struct book *b = s->book;
    enum status st = see_purchases(s);
    for (uint32_t i = 0; st == ST_OK && !f->failed && i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (!counts(s, e))
            continue;
        if (e->kind == BOOK_PASS)
            move_budget(f, s, e->office, e->line, -e->money.amount);
        if (e->kind == BOOK_PASS || e->kind == BOOK_ALLOTMENT)
            move_budget(f, s, e->to, e->to_line, e->money.amount);
        if (e->kind != BOOK_DISBURSEMENT && e->kind != BOOK_EXPENSE)
            continue;
        struct slot *slot = slot_of(f, s, e->office, e->line);
        if (slot != NULL && e->kind == BOOK_DISBURSEMENT)
            disburse(s, e, slot);
        else if (slot != NULL)
            tally_add(&slot->expenses[indicator_money_is_receipted(b, e)], e->money.amount);
    }
    return f->failed ? ST_NO_MEMORY : st;
}

/* ---- from the pool on ---- */

static int64_t spent_of(const struct slot *s, enum flow_proof proof)
{
    int64_t sum = proof == FLOW_PROVEN ? 0 : s->unbought;
    int r = proof == FLOW_PROVEN ? 1 : 0;
    tally_add(&sum, s->bought[r][0]);
    tally_add(&sum, s->bought[r][1]);
    tally_add(&sum, s->expenses[r]);
    return sum;
}

static void draw_uses(struct flow *f, const struct slot *s, uint32_t line)
{
    uint32_t paid = flow_graph_role(f, FLOW_DISBURSED, "", ""),
             spent = flow_graph_role(f, FLOW_EXPENSES, "", "");
    static const enum flow_role BOUGHT[RECEIPTS] = {FLOW_BOUGHT_BARE, FLOW_BOUGHT_RECEIPT};
    static const enum flow_role SPENT[RECEIPTS] = {FLOW_SPENT_BARE, FLOW_SPENT_RECEIPT};
    static const enum flow_role OVER[OVERS] = {FLOW_NOT_HANDED_OVER, FLOW_HANDED_OVER};
    for (int r = 0; r < RECEIPTS; r++) {
        enum flow_proof proof = r == 1 ? FLOW_PROVEN : FLOW_UNPROVEN;
        for (int h = 0; h < OVERS; h++) {
            uint32_t bought = flow_graph_role(f, BOUGHT[r], "", "");
            flow_graph_link(f, line, paid, proof, s->bought[r][h]);
            flow_graph_link(f, paid, bought, proof, s->bought[r][h]);
            flow_graph_link(f, bought, flow_graph_role(f, OVER[h], "", ""), proof, s->bought[r][h]);
        }
        flow_graph_link(f, line, spent, proof, s->expenses[r]);
        flow_graph_link(f, spent, flow_graph_role(f, SPENT[r], "", ""), proof, s->expenses[r]);
    }
    flow_graph_link(f, line, paid, FLOW_UNPROVEN, s->unbought);
    flow_graph_link(f, paid, flow_graph_role(f, FLOW_UNBOUGHT, "", ""), FLOW_UNPROVEN, s->unbought);
}

/* One office's line. Beyond its budget, what is not proven goes first. */
static void draw_slot(struct flow *f, const struct slot *s, const char *office_name,
                      const char *line_name)
{
    uint32_t pool = flow_graph_role(f, FLOW_POOL, "", ""),
             office = flow_graph_role(f, FLOW_OFFICE, office_name, "");
    uint32_t line = flow_graph_role(f, FLOW_LINE, line_name, "");
    int64_t budget = s->budget > 0 ? s->budget : 0;
    static const enum flow_proof ORDER[] = {FLOW_PROVEN, FLOW_UNPROVEN};
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
        int64_t spent = spent_of(s, ORDER[i]);
        int64_t covered = spent < budget ? spent : budget;
        flow_graph_link(f, pool, office, ORDER[i], covered);
        flow_graph_link(f, office, line, ORDER[i], covered);
        if (spent > covered)
            flow_graph_link(f, flow_graph_node(f, FLOW_OVERDRAWN, OVERDRAWN_LINE_COLUMN, "", ""),
                            line, ORDER[i], spent - covered);
        budget -= covered;
    }
    flow_graph_link(f, pool, office, FLOW_UNSPENT, budget);
    flow_graph_link(f, office, line, FLOW_UNSPENT, budget);
    if (budget > 0)
        flow_graph_link(f, line, flow_graph_role(f, FLOW_LEFT, "", ""), FLOW_UNSPENT, budget);
    draw_uses(f, s, line);
}

static void draw_slots(struct flow *f, const struct survey *s)
{
    struct flow_graph_names offices = {.count = 0}, lines = {.count = 0};
    for (uint32_t i = 0; i < s->slot_count; i++) {
        const struct slot *slot = &s->slots[i];
        flow_graph_weigh(&offices, slot->office, slot->budget);
        flow_graph_weigh(&lines, slot->line, slot->budget);
    }
    for (uint32_t i = 0; i < s->slot_count; i++) {
        const struct slot *slot = &s->slots[i];
        draw_slot(f, slot, flow_graph_drawn(&offices, slot->office),
                  flow_graph_drawn(&lines, slot->line));
    }
}

/* ---- up to the pool ---- */

/* 'amount' times part / whole; what rounding leaves is its last part's. */
static int64_t share(int64_t amount, int64_t part, int64_t whole)
{
    if (whole <= 0)
        return 0;
    int64_t taken = (int64_t)((long double)amount * (long double)part / (long double)whole);
    return taken < 0 ? 0 : taken > amount ? amount : taken;
}

/* Whoever gave money in currency 'from', by how much; what came of earlier exchanges. */
static void weigh_sources(const struct book *b, const char *from, struct flow_graph_names *funders,
                          struct flow_graph_names *earlier)
{
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->reversed_by != BOOK_NONE)
            continue;
        if (e->kind == BOOK_GRANT && strcmp(e->money.currency, from) == 0)
            flow_graph_weigh(funders, book_text(b, e->what), e->money.amount);
        if (e->kind == BOOK_EXCHANGE && strcmp(e->other.currency, from) == 0)
            flow_graph_weigh(earlier, e->money.currency, e->other.amount);
    }
}

/* 'amount' of the flow's currency, which was 'given' in currency 'from', out of all its sources. */
static void draw_sources(struct flow *f, const struct book *b, const char *from, int64_t amount,
                         int64_t given)
{
    struct flow_graph_names names[2] = {{.count = 0}, {.count = 0}};
    static const enum flow_role ROLES[] = {FLOW_FUNDER, FLOW_EARLIER};
    const char *shown = given > 0 ? from : "";
    uint32_t grant = flow_graph_role(f, FLOW_GRANT, "", from);
    int64_t whole = 0, left = amount, given_left = given;
    uint32_t last = NONE;
    weigh_sources(b, from, &names[0], &names[1]);
    for (int r = 0; r < 2; r++)
        for (uint32_t i = 0; i < names[r].count; i++)
            tally_add(&whole, names[r].amount[i]);
    for (int r = 0; r < 2; r++)
        for (uint32_t i = 0; i < names[r].count && !f->failed; i++) {
            int64_t one = share(amount, names[r].amount[i], whole);
            int64_t one_given = share(given, names[r].amount[i], whole);
            last =
                flow_graph_role(f, ROLES[r], flow_graph_drawn(&names[r], names[r].name[i]), shown);
            one = one < left ? one : left;
            one_given = one_given < given_left ? one_given : given_left;
            flow_graph_link(f, last, grant, FLOW_GIVEN, one);
            if (!f->failed)
                tally_add(&f->nodes[last].given, one_given);
            left -= one;
            given_left -= one_given;
        }
    if (last == NONE)
        last = flow_graph_node(f, FLOW_OVERDRAWN, 0, "", "");
    flow_graph_link(f, last, grant, FLOW_GIVEN, left);
    flow_graph_link(f, grant, flow_graph_role(f, FLOW_POOL, "", ""), FLOW_GIVEN, amount);
    if (!f->failed) {
        tally_add(&f->nodes[last].given, last == NONE ? 0 : given_left);
        tally_add(&f->nodes[grant].given, given);
    }
}

/* Currencies in which money came, each with its sum here and there. */
static void draw_upstream(struct flow *f, const struct book *b)
{
    struct flow_graph_names from = {.count = 0}, given = {.count = 0}, to = {.count = 0};
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->reversed_by != BOOK_NONE)
            continue;
        if (e->kind == BOOK_GRANT && strcmp(e->money.currency, f->currency) == 0)
            flow_graph_weigh(&from, f->currency, e->money.amount);
        if (e->kind == BOOK_EXCHANGE && strcmp(e->other.currency, f->currency) == 0) {
            flow_graph_weigh(&from, e->money.currency, e->other.amount);
            flow_graph_weigh(&given, e->money.currency, e->money.amount);
        }
        if (e->kind == BOOK_EXCHANGE && strcmp(e->money.currency, f->currency) == 0)
            flow_graph_weigh(&to, e->other.currency, e->money.amount);
    }
    for (uint32_t i = 0; i < from.count; i++) {
        int64_t of = 0;
        for (uint32_t g = 0; g < given.count; g++)
            of = strcmp(given.name[g], from.name[i]) == 0 ? given.amount[g] : of;
        draw_sources(f, b, from.name[i], from.amount[i], of);
    }
    for (uint32_t i = 0; i < to.count; i++)
        flow_graph_link(f, flow_graph_role(f, FLOW_POOL, "", ""),
                        flow_graph_role(f, FLOW_EXCHANGED, to.name[i], ""), FLOW_GIVEN,
                        to.amount[i]);
}

static void balance_pool(struct flow *f)
{
    uint32_t pool = flow_graph_role(f, FLOW_POOL, "", "");
    if (f->failed)
        return;
    int64_t in = f->nodes[pool].in, out = f->nodes[pool].out;
    if (in > out)
        flow_graph_link(f, pool, flow_graph_role(f, FLOW_UNALLOTTED, "", ""), FLOW_UNSPENT,
                        in - out);
    if (out > in)
        flow_graph_link(f, flow_graph_role(f, FLOW_OVERDRAWN, "", ""), pool, FLOW_GIVEN, out - in);
}

enum status flow_read(const struct book *b, const char *currency, struct flow *out)
{
    struct survey s = {.book = b, .currency = currency};
    *out = (struct flow){.nodes = NULL};
    snprintf(out->currency, sizeof out->currency, "%.3s", currency);
    enum status st = survey(out, &s);
    if (st == ST_OK) {
        draw_upstream(out, b);
        draw_slots(out, &s);
        balance_pool(out);
        st = out->failed ? ST_NO_MEMORY : flow_graph_order(out);
    }
    mem_free(s.slots);
    mem_free(s.enterprises);
    if (st != ST_OK)
        flow_release(out);
    return st;
}

void flow_release(struct flow *f)
{
    mem_free(f->nodes);
    mem_free(f->links);
    *f = (struct flow){.nodes = NULL};
}

/* ---- currencies ---- */

static uint32_t see_currency(char out[static FLOW_CURRENCIES_MAX][4], uint32_t count,
                             const char *currency)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(out[i], currency) == 0)
            return count;
    if (count == FLOW_CURRENCIES_MAX || currency[0] == '\0')
        return count;
    snprintf(out[count], sizeof out[count], "%.3s", currency);
    return count + 1;
}

uint32_t flow_currencies(const struct book *b, char out[static FLOW_CURRENCIES_MAX][4])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        bool uses = e->kind == BOOK_ALLOTMENT || e->kind == BOOK_PASS ||
                    e->kind == BOOK_DISBURSEMENT || e->kind == BOOK_EXPENSE;
        if (uses && e->reversed_by == BOOK_NONE)
            count = see_currency(out, count, e->money.currency);
    }
    for (uint32_t i = 0; i < b->account_count; i++)
        if (b->accounts[i].credited != b->accounts[i].debited)
            count = see_currency(out, count, b->accounts[i].currency);
    return count;
}
