/*
 * indicator: what a programme reached, counted from the book alone: each a numerator, a denominator
 * where there is one, and how many said nothing. Formulas: docs/FORMATS.md.
 *
 * From the same book and settings the same rows, in the same order: by indicator, then the total
 * before what it divides into, then values in the schema's order and others by name. A table's rows
 * add up to its total. Money is in minor units, reversed entries count nowhere, and a sum beyond
 * 2^63 - 1 stays there.
 */
#ifndef REPLICAS_INDICATOR_H
#define REPLICAS_INDICATOR_H

#include "replicas/book.h"
#include "replicas/smallcell.h"

enum indicator_what {
    INDICATOR_FAMILIES_REACHED,
    INDICATOR_PEOPLE_REACHED,
    INDICATOR_FAMILIES_VISITED,
    INDICATOR_FAMILIES_FEASIBLE,
    INDICATOR_FAMILIES_SELECTED,
    INDICATOR_ENTERPRISES,
    INDICATOR_SESSIONS_INDIVIDUAL,
    INDICATOR_SESSIONS_GROUP,
    INDICATOR_INCOME_HIGHER,
    INDICATOR_CONTACTS,
    INDICATOR_ATTENDEES,
    INDICATOR_GRANTED, /* from here on: money */
    INDICATOR_ALLOTTED,
    INDICATOR_SPENT,
    INDICATOR_DISBURSED,
    INDICATOR_PURCHASED,
    INDICATOR_RECEIPTED,
    INDICATOR_HANDED_OVER,
    INDICATORS,
};

enum indicator_by {
    INDICATOR_ALL, /* the total */
    INDICATOR_BY_OFFICE,
    INDICATOR_BY_LINE, /* of contribution */
    INDICATOR_BY_STAGE,
    INDICATOR_BY_LINE_OFFICE, /* where there are at most INDICATOR_CROSS_MAX offices */
    INDICATOR_BY_STAGE_OFFICE,
    INDICATOR_BY_BUDGET, /* line of the budget */
    INDICATOR_BY_SECTOR,
    INDICATOR_BY_KIND,
    INDICATOR_BYS,
};

enum {
    INDICATOR_CROSS_MAX = 32,
    INDICATOR_PAIRS_MAX = 400, /* rows of one division by two, such as currencies by offices */
};

enum indicator_unit {
    INDICATOR_OF_FAMILIES,
    INDICATOR_OF_PEOPLE,
    INDICATOR_OF_ENTERPRISES,
    INDICATOR_OF_SESSIONS,
    INDICATOR_OF_CONTACTS,
    INDICATOR_OF_MONEY,
};

enum indicator_language { INDICATOR_ENGLISH, INDICATOR_SPANISH, INDICATOR_LANGUAGES };

struct indicator_facts {
    const char *name; /* stable: "families-reached" */
    enum indicator_unit unit;
    const char *sentence[INDICATOR_LANGUAGES]; /* of the numerator */
    const char *of[INDICATOR_LANGUAGES];       /* of the denominator; NULL: there is none */
    const char *missing[INDICATOR_LANGUAGES];  /* who said nothing; NULL: not counted */
};

struct indicator_number {
    int64_t count; /* BOOK_UNKNOWN: there is none. Only to be shown where SMALLCELL_SHOWN */
    enum smallcell_state state;
};

struct indicator { /* texts are lent by the book and the schema */
    enum indicator_what what;
    enum indicator_by by;
    const char *value;  /* "": who did not say; INDICATOR_OTHERS; NULL: the total */
    const char *office; /* of LINE_OFFICE and STAGE_OFFICE; else NULL */
    char currency[4];   /* of money; else "" */
    struct indicator_number numerator, denominator, missing;
};

struct indicators {
    struct indicator *rows;
    uint32_t count;
    uint32_t k;
};

struct indicator_options {
    const struct schema *schema; /* for its settings, and the order of its choices; not NULL */
    uint32_t k;                  /* 0, or SMALLCELL_K_MIN .. SMALLCELL_K_MAX */
};

/* The value of all beyond the first TALLY_VALUES_MAX ones: … */
#define INDICATOR_OTHERS "\xe2\x80\xa6"

/* indicator_read(): all of a book, which has to outlive them. Errors: ST_NO_MEMORY */
MUST_USE enum status indicator_read(const struct book *b, const struct indicator_options *o,
                                    struct indicators **out);
void indicator_free(struct indicators *i);

/* indicator_facts(): constant. indicator_by_word(): "office", "line", …; "" of the total. */
const struct indicator_facts *indicator_facts(enum indicator_what what);
const char *indicator_by_word(enum indicator_by by);
/* indicator_unit_word(): "families", "people", …. */
const char *indicator_unit_word(enum indicator_unit unit);

/* indicator_find(): the row of a total, or of one value and currency; NULL texts match none given.
 * NULL: no such row. */
const struct indicator *indicator_find(const struct indicators *i, enum indicator_what what,
                                       enum indicator_by by, const char *value,
                                       const char *currency);

/* indicator_percent(): whole percent, a half rounds up; BOOK_UNKNOWN where either is not known or
 * not shown, or the denominator is 0. */
int64_t indicator_percent(const struct indicator *row);

#endif
