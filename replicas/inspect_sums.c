#include <string.h>

#include "replicas/inspection.h"

/*
 * The rules about what an enterprise was promised, paid and bought, in one currency each.
 */

/* The entries of these kinds, behind the enterprise that they are for. */
static void concern(struct inspection *in, const struct inspection_sum *s, enum book_kind kind,
                    enum book_kind other)
{
    const struct book *b = in->book;
    finding_record(in->out, b->enterprises[s->enterprise].id,
                   sizeof b->enterprises[s->enterprise].id);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct book_entry *e = &b->entries[in->of[s->first + i]];
        if (e->kind == kind || e->kind == other)
            inspection_entry(in, e);
    }
}

static void say(struct inspection *in, const struct inspection_sum *s, int64_t is, int64_t may_be)
{
    inspection_enterprise(in, s->enterprise);
    inspection_word(in, in->book->enterprises[s->enterprise].office);
    inspection_currency(in, s->currency);
    inspection_amount(in, is, s->currency);
    inspection_amount(in, may_be, s->currency);
}

static void say_line(struct inspection *in, const struct inspection_sum *s)
{
    inspection_word(in, in->book->enterprises[s->enterprise].line);
}

enum status inspect_sums_disbursed(struct inspection *in)
{
    for (uint32_t i = 0; i < in->sum_count; i++) {
        const struct inspection_sum *s = &in->sums[i];
        bool awarded = in->awarded[s->enterprise];
        int64_t limit =
            awarded ? s->sums[BOOK_AWARD] : inspection_line(in, s->enterprise, s->currency);
        if (limit == BOOK_UNKNOWN || s->sums[BOOK_DISBURSEMENT] <= limit)
            continue;
        finding_add(in->out, FINDING_DISBURSEMENT_ABOVE_AWARD, awarded ? 0 : 1);
        concern(in, s, BOOK_AWARD, BOOK_DISBURSEMENT);
        say(in, s, s->sums[BOOK_DISBURSEMENT], limit);
        if (!awarded)
            say_line(in, s);
    }
    return ST_OK;
}

enum status inspect_sums_awarded(struct inspection *in)
{
    for (uint32_t i = 0; i < in->sum_count; i++) {
        const struct inspection_sum *s = &in->sums[i];
        int64_t limit = inspection_line(in, s->enterprise, s->currency);
        if (limit == BOOK_UNKNOWN || s->sums[BOOK_AWARD] <= limit)
            continue;
        finding_add(in->out, FINDING_AWARD_ABOVE_LINE, 0);
        concern(in, s, BOOK_AWARD, BOOK_AWARD);
        say(in, s, s->sums[BOOK_AWARD], limit);
        say_line(in, s);
    }
    return ST_OK;
}

static void compare(struct inspection *in, enum finding_rule rule)
{
    bool above = rule == FINDING_PURCHASE_ABOVE_DISBURSEMENT;
    for (uint32_t i = 0; i < in->sum_count; i++) {
        const struct inspection_sum *s = &in->sums[i];
        int64_t paid = s->sums[BOOK_DISBURSEMENT], bought = s->sums[BOOK_PURCHASE];
        if (above ? bought <= paid : bought >= paid)
            continue;
        finding_add(in->out, rule, 0);
        concern(in, s, BOOK_DISBURSEMENT, BOOK_PURCHASE);
        say(in, s, bought, paid);
    }
}

enum status inspect_sums_bought(struct inspection *in)
{
    compare(in, FINDING_PURCHASE_ABOVE_DISBURSEMENT);
    return ST_OK;
}

enum status inspect_sums_unbought(struct inspection *in)
{
    compare(in, FINDING_PURCHASE_BELOW_DISBURSEMENT);
    return ST_OK;
}
