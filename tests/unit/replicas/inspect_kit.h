/*
 * inspect_kit: a book made by hand in which no rule finds anything, to plant one breach in; and
 * what the rules then find.
 */
#ifndef TESTS_INSPECT_KIT_H
#define TESTS_INSPECT_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/inspect.h"

enum { KIT_ROWS = 64 };

struct kit {
    struct book b;
    struct book_entry entries[KIT_ROWS];
    struct book_posting postings[KIT_ROWS];
    struct book_account accounts[KIT_ROWS];
    struct book_enterprise enterprises[KIT_ROWS];
    struct book_household households[KIT_ROWS];
    struct book_visit visits[KIT_ROWS];
    struct book_session sessions[KIT_ROWS];
    struct book_programme programmes[KIT_ROWS];
    struct book_conflict conflicts[KIT_ROWS];
    struct inspect_settings settings;
    struct findings found;
    uint8_t next_id;
};

/* Entries of the clean book, in its order. */
enum {
    KIT_GRANT,
    KIT_ALLOTMENT,
    KIT_AWARD,
    KIT_PAYMENT,
    KIT_DRILL,
    KIT_FLOUR,
    KIT_RENT,
    KIT_STATEMENT,
};

static inline book_text_at kit_text(struct kit *k, const char *text)
{
    book_text_at at = (book_text_at)k->b.texts.count;
    if (text[0] == '\0')
        return 0;
    buf_add(&k->b.texts, text, strlen(text) + 1);
    assert_int_equal(buf_status(&k->b.texts), ST_OK);
    return at;
}

static inline int32_t kit_day(const char *day)
{
    return book_day(bytes_of_text(day));
}

static inline void kit_id(struct kit *k, uint8_t *id, size_t count)
{
    memset(id, 0, count);
    id[0] = ++k->next_id;
}

/* An entry for an enterprise (BOOK_NONE: none), written on the day it is about. */
static inline struct book_entry *kit_entry(struct kit *k, enum book_kind kind, const char *ref,
                                           const char *day, int64_t amount, uint32_t enterprise)
{
    assert_true(k->b.entry_count < KIT_ROWS);
    struct book_entry *e = &k->entries[k->b.entry_count++];
    *e = (struct book_entry){.kind = kind,
                             .day = kit_day(day),
                             .written = kit_day(day),
                             .handed_over = BOOK_NO_DAY,
                             .money = {amount, "CLP"},
                             .enterprise = enterprise,
                             .about = BOOK_NONE,
                             .reversed_by = BOOK_NONE};
    kit_id(k, e->id, sizeof e->id);
    memset(&e->commit, k->next_id, sizeof e->commit);
    e->ref = kit_text(k, ref);
    e->office = kit_text(k, "santiago");
    return e;
}

static inline void kit_post(struct kit *k, uint32_t account, uint32_t entry, int64_t amount)
{
    struct book_account *a = &k->accounts[account];
    *(amount > 0 ? &a->credited : &a->debited) += amount > 0 ? amount : -amount;
    k->postings[k->b.posting_count++] = (struct book_posting){account, entry, amount};
}

static inline struct book_session *kit_session(struct kit *k, const char *kind, uint32_t enterprise)
{
    struct book_session *s = &k->sessions[k->b.session_count++];
    *s = (struct book_session){.enterprise = enterprise, .day = kit_day("2009-10-07")};
    kit_id(k, s->id, sizeof s->id);
    s->kind = kit_text(k, kind);
    s->office = kit_text(k, "santiago");
    return s;
}

static inline void kit_people(struct kit *k)
{
    k->programmes[0] = (struct book_programme){.start = kit_day("2009-07-01"),
                                               .end = kit_day("2010-01-31"),
                                               .lines_currency = "CLP",
                                               .line_idea = 150000,
                                               .line_innovation = 227778,
                                               .line_strengthening = 400000};
    kit_id(k, k->programmes[0].id, sizeof k->programmes[0].id);
    kit_id(k, k->households[0].id, sizeof k->households[0].id);
    kit_id(k, k->enterprises[0].id, sizeof k->enterprises[0].id);
    k->enterprises[0].number = kit_text(k, "E01");
    k->enterprises[0].office = kit_text(k, "santiago");
    k->enterprises[0].line = kit_text(k, "idea");
    kit_id(k, k->visits[0].id, sizeof k->visits[0].id);
    k->visits[0].day = kit_day("2009-07-14");
    k->visits[0].decision = kit_text(k, "selected");
    k->b.programme_count = k->b.household_count = 1;
    k->b.enterprise_count = k->b.visit_count = 1;
    for (unsigned i = 0; i < 2; i++) {
        kit_session(k, "group", BOOK_NONE);
        kit_session(k, "individual", 0);
    }
}

static inline void kit_money(struct kit *k)
{
    kit_entry(k, BOOK_GRANT, "G1", "2009-07-01", 1000000, BOOK_NONE)->what = kit_text(k, "FOSIS");
    kit_entry(k, BOOK_ALLOTMENT, "A1", "2009-07-02", 600000, BOOK_NONE);
    kit_entry(k, BOOK_AWARD, "W1", "2009-08-01", 150000, 0);
    kit_entry(k, BOOK_DISBURSEMENT, "D01", "2009-09-14", 150000, 0);
    struct book_entry *drill = kit_entry(k, BOOK_PURCHASE, "P001", "2009-09-19", 50000, 0);
    struct book_entry *flour = kit_entry(k, BOOK_PURCHASE, "P002", "2009-09-27", 100000, 0);
    struct book_entry *rent = kit_entry(k, BOOK_EXPENSE, "X001", "2009-09-30", 30000, BOOK_NONE);
    drill->receipt = kit_text(k, "boleta 78625");
    flour->receipt = kit_text(k, "boleta 22656");
    rent->receipt = kit_text(k, "factura 2837");
    drill->handed_over = flour->handed_over = kit_day("2009-11-14");
    struct book_entry *s = kit_entry(k, BOOK_STATEMENT, "S1", "2009-09-30", 420000, BOOK_NONE);
    s->line = kit_text(k, "enterprises");
    k->accounts[0] =
        (struct book_account){kit_text(k, "santiago"), kit_text(k, "enterprises"), "CLP", 0, 0};
    k->accounts[1] =
        (struct book_account){kit_text(k, "santiago"), kit_text(k, "pool"), "CLP", 0, 0};
    k->b.account_count = 2;
    kit_post(k, 0, KIT_ALLOTMENT, 600000);
    kit_post(k, 0, KIT_PAYMENT, -150000);
    kit_post(k, 0, KIT_RENT, -30000);
    kit_post(k, 1, KIT_GRANT, 1000000);
    kit_post(k, 1, KIT_ALLOTMENT, -600000);
}

/* A book with nothing to find, closed. */
static inline struct kit *kit_new(void)
{
    struct kit *k = mem_alloc(sizeof *k);
    assert_non_null(k);
    buf_add_byte(&k->b.texts, '\0');
    k->b.entries = k->entries;
    k->b.postings = k->postings;
    k->b.accounts = k->accounts;
    k->b.enterprises = k->enterprises;
    k->b.households = k->households;
    k->b.visits = k->visits;
    k->b.sessions = k->sessions;
    k->b.programmes = k->programmes;
    k->b.conflicts = k->conflicts;
    k->settings =
        (struct inspect_settings){.sessions_group = 2, .sessions_individual = 2, .closed = true};
    kit_people(k);
    kit_money(k);
    return k;
}

static inline void kit_free(struct kit *k)
{
    finding_release(&k->found);
    buf_release(&k->b.texts);
    mem_free(k);
}

static inline void kit_inspect(struct kit *k)
{
    finding_release(&k->found);
    assert_int_equal(inspect_book(&k->b, &k->settings, &k->found), ST_OK);
    assert_int_equal(finding_sort(&k->found), ST_OK);
}

/* Nothing is found. */
static inline void kit_expect_none(struct kit *k)
{
    kit_inspect(k);
    for (uint32_t i = 0; i < k->found.count; i++) {
        struct buf text = {0};
        finding_sentence(&k->found, i, FINDING_ENGLISH, &text);
        fail_msg("found: %s", buf_text(&text));
    }
}

/* Exactly this is found, about this entry or record first (NULL: about none), in these words. */
static inline void kit_expect(struct kit *k, enum finding_rule rule, const uint8_t *id,
                              size_t id_bytes, const char *sentence)
{
    char hex[OID_TEXT + 1];
    struct buf text = {0};
    kit_inspect(k);
    assert_int_equal(k->found.count, 1);
    const struct finding *one = &k->found.list[0];
    finding_sentence(&k->found, 0, FINDING_ENGLISH, &text);
    assert_string_equal(buf_text(&text), sentence);
    assert_string_equal(finding_facts(one->rule)->name, finding_facts(rule)->name);
    if (id == NULL) {
        assert_int_equal(one->record_count, 0);
    } else {
        hex_encode(id, id_bytes, hex);
        assert_true(one->record_count > 0);
        assert_string_equal(k->found.records[one->record_first].id, hex);
    }
    buf_release(&text);
}

/* As kit_expect(), about an entry first. */
static inline void kit_expect_entry(struct kit *k, enum finding_rule rule, uint32_t entry,
                                    const char *sentence)
{
    kit_expect(k, rule, k->entries[entry].id, sizeof k->entries[entry].id, sentence);
}

/* Reverse an entry: out of every sum. */
static inline void kit_reverse(struct kit *k, uint32_t entry)
{
    uint32_t at = k->b.entry_count;
    struct book_entry *e =
        kit_entry(k, BOOK_REVERSAL, "R", "2009-12-01", k->entries[entry].money.amount, BOOK_NONE);
    e->about = entry;
    k->entries[entry].reversed_by = at;
}

#endif
