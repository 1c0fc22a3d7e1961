/*
 * reach_book: what programmes reached, made by hand in a sample book: families, visits,
 * enterprises, sessions, incomes, contacts, purchases.
 */
#ifndef TESTS_REACH_BOOK_H
#define TESTS_REACH_BOOK_H

#include "tests/unit/replicas/programme.h"
#include "tests/unit/replicas/sample_book.h"

static inline uint32_t reach_household(struct sample *s, const char *number, const char *office,
                                       int64_t people)
{
    sample_grow(&s->b.households, s->b.household_count, sizeof *s->b.households);
    struct book_household *h = &s->b.households[s->b.household_count];
    sample_id(s, h->id, sizeof h->id);
    h->number = sample_text(s, number);
    h->office = sample_text(s, office);
    h->people = people;
    return s->b.household_count++;
}

static inline void reach_visit(struct sample *s, uint32_t household, const char *day,
                               const char *feasibility, const char *decision)
{
    sample_grow(&s->b.visits, s->b.visit_count, sizeof *s->b.visits);
    struct book_visit *v = &s->b.visits[s->b.visit_count++];
    sample_id(s, v->id, sizeof v->id);
    v->household = household;
    v->day = book_day(bytes_of_text(day));
    v->feasibility = sample_text(s, feasibility);
    v->decision = sample_text(s, decision);
}

static inline uint32_t reach_enterprise(struct sample *s, const char *office, const char *line,
                                        const char *stage)
{
    uint32_t at = sample_enterprise(s, "", office);
    s->b.enterprises[at].line = sample_text(s, line);
    s->b.enterprises[at].stage = sample_text(s, stage);
    return at;
}

static inline void reach_session(struct sample *s, const char *kind, const char *office,
                                 uint32_t enterprise)
{
    sample_grow(&s->b.sessions, s->b.session_count, sizeof *s->b.sessions);
    struct book_session *x = &s->b.sessions[s->b.session_count++];
    sample_id(s, x->id, sizeof x->id);
    x->kind = sample_text(s, kind);
    x->office = sample_text(s, office);
    x->enterprise = enterprise;
}

/* currency "": not measured */
static inline void reach_income(struct sample *s, uint32_t enterprise, const char *point,
                                const char *day, int64_t amount, const char *currency)
{
    sample_grow(&s->b.incomes, s->b.income_count, sizeof *s->b.incomes);
    struct book_income *i = &s->b.incomes[s->b.income_count++];
    sample_id(s, i->id, sizeof i->id);
    i->enterprise = enterprise;
    i->point = sample_text(s, point);
    i->day = book_day(bytes_of_text(day));
    i->monthly = sample_money(amount, currency);
}

static inline void reach_contact(struct sample *s, const char *office, const char *sector,
                                 const char *kind, int64_t attendees)
{
    sample_grow(&s->b.contacts, s->b.contact_count, sizeof *s->b.contacts);
    struct book_contact *c = &s->b.contacts[s->b.contact_count++];
    sample_id(s, c->id, sizeof c->id);
    c->office = sample_text(s, office);
    c->sector = sample_text(s, sector);
    c->kind = sample_text(s, kind);
    c->attendees = attendees;
}

static inline uint32_t reach_purchase(struct sample *s, uint32_t enterprise, int64_t amount,
                                      const char *receipt, const char *handed_over)
{
    const char *office = book_text(&s->b, s->b.enterprises[enterprise].office);
    char label[64];
    snprintf(label, sizeof label, "%s", office); /* the buffer moves */
    uint32_t e = sample_entry(s, BOOK_PURCHASE, "", label, "", "2009-10-01");
    s->b.entries[e].money = sample_money(amount, "CLP");
    s->b.entries[e].enterprise = enterprise;
    s->b.entries[e].receipt = sample_text(s, receipt);
    s->b.entries[e].handed_over = book_day(bytes_of_text(handed_over));
    return e;
}

static inline uint32_t reach_expense(struct sample *s, const char *office, const char *line,
                                     int64_t amount, const char *receipt)
{
    uint32_t e = sample_spend(s, BOOK_EXPENSE, "", office, line, "2009-10-01", amount, "CLP");
    s->b.entries[e].receipt = sample_text(s, receipt);
    return e;
}

static inline void reach_release(struct sample *s)
{
    mem_free(s->b.households);
    mem_free(s->b.visits);
    mem_free(s->b.sessions);
    mem_free(s->b.incomes);
    mem_free(s->b.contacts);
    sample_release(s);
}

/* Two offices with a little of everything, and what is missing from it. */
static inline void reach_fill(struct sample *s)
{
    struct book_programme *p = sample_programme(s, "Sowing");
    p->families = 10;
    p->people = 30;
    p->enterprises = 5;
    static const int64_t people[5] = {2, 3, 4, 5, BOOK_UNKNOWN};
    uint32_t h[5];
    for (uint32_t i = 0; i < 5; i++)
        h[i] = reach_household(s, "", i < 3 ? "north" : "south", people[i]);
    reach_visit(s, h[0], "2009-07-01", "not feasible", "not selected");
    reach_visit(s, h[0], "2009-08-01", "feasible", "selected"); /* the later one counts */
    reach_visit(s, h[1], "2009-07-02", "feasible", "not selected");
    reach_visit(s, h[3], "2009-07-03", "", "");
    reach_visit(s, BOOK_NONE, "2009-07-04", "feasible", "selected");
    uint32_t e0 = reach_enterprise(s, "north", "idea", "monitoring");
    uint32_t e1 = reach_enterprise(s, "north", "innovation", "monitoring");
    uint32_t e2 = reach_enterprise(s, "south", "", "purchase");
    for (int i = 0; i < 5; i++)
        reach_session(s, "individual", "north", e0); /* one more than due */
    reach_session(s, "individual", "south", e2);
    reach_session(s, "individual", "south", BOOK_NONE);
    reach_session(s, "group", "north", BOOK_NONE);
    reach_session(s, "group", "", BOOK_NONE);
    reach_session(s, "group", "east", BOOK_NONE); /* nothing is due there */
    reach_income(s, e0, "baseline", "2009-07-15", 100, "CLP");
    reach_income(s, e0, "follow-up", "2009-12-15", 90, "CLP");
    reach_income(s, e0, "follow-up", "2010-01-15", 101, "CLP"); /* the last one counts */
    reach_income(s, e1, "baseline", "2009-07-15", 100, "CLP");
    reach_income(s, e1, "follow-up", "2010-01-15", 100, "CLP"); /* as much is not more */
    reach_income(s, e2, "baseline", "2009-07-15", 100, "CLP");
    reach_income(s, e2, "follow-up", "2010-01-15", 500, "USD"); /* cannot be compared */
    reach_contact(s, "north", "health", "bilateral meeting", BOOK_UNKNOWN);
    reach_contact(s, "north", "health", "awareness workshop", 12);
    reach_contact(s, "south", "", "awareness workshop", 30);
    sample_grant(s, "G", "north", "2009-07-01", 200000, "USD");
    sample_exchange(s, "X", "north", "2009-07-03", sample_money(200000, "USD"),
                    sample_money(100000, "CLP"));
    sample_allot(s, "A1", "north", "north", "enterprises", 50000, "CLP");
    sample_allot(s, "A2", "north", "south", "workshops", 30000, "CLP");
    sample_pay(s, "D1", "north", e0, "2009-09-01", 20000, "CLP");
    sample_pay(s, "D2", "north", e1, "2009-09-01", 10000, "CLP");
    reach_purchase(s, e0, 15000, "boleta 1", "2009-11-01");
    uint32_t late = reach_purchase(s, e0, 5000, "", "");
    uint32_t transfer = sample_entry(s, BOOK_TRANSFER, "", "north", "", "2009-12-01");
    s->b.entries[transfer].about = late;
    reach_expense(s, "south", "workshops", 8000, "factura 1");
    reach_expense(s, "south", "workshops", 2000, "");
    sample_reverse(s, reach_expense(s, "south", "workshops", 9000, "factura 2"));
    sample_close(s);
}

#endif
