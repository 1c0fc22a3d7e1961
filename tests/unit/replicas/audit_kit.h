/*
 * audit_kit: what an audit of a whole replica found.
 */
#ifndef TESTS_AUDIT_KIT_H
#define TESTS_AUDIT_KIT_H

#include "replicas/audit.h"
#include "tests/unit/replicas/book_kit.h"

static inline struct audit_result *audit_of(struct office *o)
{
    static const struct audit_options options;
    struct audit_result *a = NULL;
    if (audit_run(o->replica, &options, &a, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    return a;
}

/* How many findings of a rule. */
static inline uint32_t audit_count(const struct audit_result *a, enum finding_rule rule)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->findings.count; i++)
        count += a->findings.list[i].rule == rule;
    return count;
}

/* Exactly one finding, of this rule, with these first words. */
static inline void audit_expect(const struct audit_result *a, enum finding_rule rule,
                                const char *words)
{
    for (uint32_t i = 0; i < a->findings.count; i++) {
        struct buf text = {0};
        finding_sentence(&a->findings, i, FINDING_ENGLISH, &text);
        if (a->findings.list[i].rule != rule || strncmp(buf_text(&text), words, strlen(words)) != 0)
            fail_msg("found: %s", buf_text(&text));
        buf_release(&text);
    }
    assert_int_equal(a->findings.count, 1);
    assert_int_equal(a->verdict, AUDIT_FINDINGS);
}

static inline void audit_expect_clean(const struct audit_result *a)
{
    for (uint32_t i = 0; i < a->verified.finding_count; i++)
        fail_msg("refused: %s", a->verified.findings[i].text);
    for (uint32_t i = 0; i < a->findings.count; i++) {
        struct buf text = {0};
        finding_sentence(&a->findings, i, FINDING_ENGLISH, &text);
        fail_msg("found: %s", buf_text(&text));
    }
    assert_int_equal(a->verdict, AUDIT_CLEAN);
}

static inline const struct audit_total *audit_total_of(const struct audit_result *a,
                                                       const char *currency)
{
    for (uint32_t i = 0; i < a->total_count; i++)
        if (strcmp(a->totals[i].currency, currency) == 0)
            return &a->totals[i];
    fail_msg("no total of %s", currency);
    return NULL;
}

static inline const struct audit_office *audit_office_of(const struct audit_result *a,
                                                         const char *label)
{
    for (uint32_t i = 0; i < a->office_count; i++)
        if (strcmp(a->offices[i].label, label) == 0)
            return &a->offices[i];
    fail_msg("no office %s", label);
    return NULL;
}

/* One expense of an office, by hand. */
static inline void audit_spend(struct office *o, const char *label, const char *amount,
                               const char *receipt)
{
    char office[64], much[64], paper[64];
    snprintf(office, sizeof office, "office=%s", label);
    snprintf(much, sizeof much, "amount=%s", amount);
    snprintf(paper, sizeof paper, "receipt=%s", receipt);
    office_run(o, ST_OK, "add", "expense", office, "budget_line=workshops", "date=2009-10-01",
               "currency=CLP", much, paper, NULL);
}

#endif
