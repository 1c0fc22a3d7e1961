/*
 * book: what a state says about money and people reached, in memory: every entry, and the records
 * that stand around them. Rules, indicators, trails, reports and exports read the book and nothing
 * else, so that they all speak of the same facts.
 *
 * Derived from the state tree and the history alone: the same commits give the same book, in the
 * same order (entries by day, then kind, then id; records by id). Lists are arrays, references
 * between them indices; BOOK_NONE where there is none, or where what is named is not there. Texts
 * lie in one buffer: book_text(). Nothing of a sealed class is ever in it.
 *
 * Types are known by their names in the schema; a schema that lacks one gives an empty list.
 */
#ifndef REPLICAS_BOOK_H
#define REPLICAS_BOOK_H

#include "replicas/replica.h"

enum { BOOK_NONE = UINT32_MAX };
enum { BOOK_NO_DAY = INT32_MIN }; /* of a date that is missing */
enum { BOOK_UNKNOWN = -1 };       /* of a count or a sum that is not there: never negative */

typedef uint32_t book_text_at; /* offset of a NUL-terminated text; 0: "" */

enum book_kind {
    BOOK_GRANT,
    BOOK_EXCHANGE,
    BOOK_ALLOTMENT,
    BOOK_PASS,
    BOOK_AWARD,
    BOOK_DISBURSEMENT,
    BOOK_PURCHASE,
    BOOK_TRANSFER, /* of ownership */
    BOOK_EXPENSE,
    BOOK_REVERSAL,
    BOOK_STATEMENT, /* a balance as somebody else states it: a bank, a cash count */
    BOOK_KINDS,
};

struct book_money {
    int64_t amount;   /* minor units */
    char currency[4]; /* "" none */
};

struct book_entry {
    uint8_t id[20];
    struct oid commit; /* the first commit that wrote it: the least by (height, label, change) */
    enum book_kind kind;
    book_text_at ref;         /* the number that its office gave it */
    book_text_at office;      /* whose it is: the label of "office" or "holder"; whoever wrote it
                               * first where it has none */
    book_text_at line;        /* budget line of the account that it posts to on the writer's side */
    book_text_at to, to_line; /* ALLOTMENT, PASS: who receives it, on which line; GRANT: 'to' is
                               * the recipient, a text */
    book_text_at receipt, supplier;
    book_text_at what;   /* GRANT: funder; PURCHASE: item; REVERSAL: ""; else its note */
    int32_t day;         /* days since 1970-01-01 of its "date"; REVERSAL: of what it reverses */
    int32_t written;     /* day of that commit, as its writer's clock had it: shown, and for
                          * dates that are missing; decides nothing */
    int32_t handed_over; /* PURCHASE: day of "ownership_transferred", or BOOK_NO_DAY */
    struct book_money money; /* EXCHANGE: what was given; never negative */
    struct book_money other; /* EXCHANGE: what was received */
    uint32_t enterprise;     /* in enterprises: AWARD, DISBURSEMENT, PURCHASE */
    uint32_t about;          /* in entries: REVERSAL: what it reverses; TRANSFER: the purchase */
    uint32_t reversed_by;    /* in entries: the reversal of this one */
    uint32_t documents;      /* files that are attached to it */
    uint8_t named[20];       /* the id that it names, there or not: 12 bytes of an enterprise, 20 of
                              * an entry; zero: none */
    bool of_writer;          /* nothing in it says whose it is: 'office' is its writer's label */
};

struct book_posting { /* what the stubs of accounts/ say */
    uint32_t account; /* in accounts */
    uint32_t entry;   /* in entries; BOOK_NONE: of a type that the book has no kind for */
    int64_t amount;   /* signed minor units */
};

struct book_account {
    book_text_at owner, line;
    char currency[4];
    /* >= 0 each; the balance is their difference. Where more went through than a number holds, both
     * lack the same; a balance beyond 2^63 - 1 is that. */
    int64_t credited, debited;
};

struct book_enterprise {
    uint8_t id[12];
    book_text_at number, office, line, trade, stage; /* "line" of contribution: "idea" … */
    uint32_t household;                              /* in households */
    uint8_t named[12];                               /* the household's id, there or not */
};
struct book_household {
    uint8_t id[12];
    book_text_at number, office, commune, referral;
    int64_t people; /* BOOK_UNKNOWN: nobody wrote it down */
};
struct book_visit {
    uint8_t id[12];
    book_text_at number, office, feasibility, decision;
    uint32_t household;
    int32_t day;
    int64_t score;
    uint8_t named[12]; /* the household's id, there or not */
};
struct book_session {
    uint8_t id[12];
    book_text_at number, office, kind, topic; /* kind: "individual" or "group" */
    uint32_t enterprise;                      /* BOOK_NONE: for all of its office */
    int32_t day;
    int64_t ordinal;
    uint8_t named[12]; /* the enterprise's id, there or not */
};
struct book_income {
    uint8_t id[12];
    book_text_at number, office, point; /* point: "baseline" or "follow-up" */
    uint32_t enterprise;
    int32_t day;
    struct book_money monthly; /* currency "": not measured */
    uint8_t named[12];         /* the enterprise's id, there or not */
};
struct book_contact {
    uint8_t id[12];
    book_text_at number, office, institution, sector, kind;
    int32_t day;
    int64_t attendees;
};
struct book_programme {
    uint8_t id[12];
    book_text_at title, country, location, funding, mpa_component;
    book_text_at partners, stages, themes; /* sets: their elements with "\n" between */
    int32_t start, end;                    /* days, inclusive */
    char lines_currency[4];
    int64_t line_idea, line_innovation, line_strengthening; /* minor units or BOOK_UNKNOWN */
    int64_t families, people, enterprises, income_increase_percent; /* as promised */
};

struct book_document { /* a file that is attached to a record or an entry */
    uint8_t id[12];
    uint8_t about[20];   /* the record's id: 12 bytes, or an entry's 20; zero: it names none */
    uint8_t about_bytes; /* 12, 20 or 0 */
    bool internal;       /* a document, else an attachment with personal data */
    book_text_at media;
    int64_t bytes;
};

struct book_conflict { /* a field of a record with values that differ */
    char type[NAME_BYTES_MAX + 1];
    uint8_t id[12];
    char field[NAME_BYTES_MAX + 1];
    bool money; /* of kind amount or currency, or an enterprise's line */
};

struct book {
    struct oid state; /* the tree that it was read from */
    struct buf texts; /* begins with one NUL */
    struct book_entry *entries;
    uint32_t entry_count;
    struct book_posting *postings; /* by account, then by entry */
    uint32_t posting_count;
    struct book_account *accounts; /* by owner, line, currency */
    uint32_t account_count;
    struct book_enterprise *enterprises;
    uint32_t enterprise_count;
    struct book_household *households;
    uint32_t household_count;
    struct book_visit *visits;
    uint32_t visit_count;
    struct book_session *sessions;
    uint32_t session_count;
    struct book_income *incomes;
    uint32_t income_count;
    struct book_contact *contacts;
    uint32_t contact_count;
    struct book_programme *programmes; /* usually one */
    uint32_t programme_count;
    struct book_document *documents; /* by what they are about, then by id */
    uint32_t document_count;
    struct book_conflict *conflicts;
    uint32_t conflict_count;
    struct book_inside *inside; /* its own business: booking.h */
};

/* book_read(): the book of the replica's state, read whole. Works on a readonly one.
 * Tidies the store: nothing lent by it outlives the call.
 * Errors: ST_CORRUPT (a record, an entry or a stub of the state), ST_IO, ST_NO_MEMORY */
MUST_USE enum status book_read(struct replica *r, struct book **out, struct fault *f);

/* book_follow(): bring a book to the replica's state by the difference of the two trees, or read it
 * anew where the tree that it stands at is not known; the result is the same as book_read()'s.
 * Errors: as book_read(); the book is then as it was or released (*book NULL) */
MUST_USE enum status book_follow(struct replica *r, struct book **book, struct fault *f);
void book_free(struct book *b);

/* book_text(): lent until the book changes. */
const char *book_text(const struct book *b, book_text_at at);

/* book_word(): the name of a kind in the schema: "grant", "disbursement", … */
const char *book_word(enum book_kind kind);

/* book_find(): the entry of this id; BOOK_NONE: none. */
uint32_t book_find(const struct book *b, const uint8_t id[20]);

/* book_of_enterprise(): the entries of a kind that name an enterprise; book_about(): those (a
 * TRANSFER, a REVERSAL) that are about an entry. The first after 'after' (BOOK_NONE: from the
 * start). BOOK_NONE: no more. */
uint32_t book_of_enterprise(const struct book *b, uint32_t enterprise, enum book_kind kind,
                            uint32_t after);
uint32_t book_about(const struct book *b, uint32_t entry, enum book_kind kind, uint32_t after);

/* book_day_text(): "2009-07-01"; "" for BOOK_NO_DAY. book_day(): of such a text, or BOOK_NO_DAY. */
enum { BOOK_DAY_TEXT = 11 };
void book_day_text(int32_t day, char out[static BOOK_DAY_TEXT]);
int32_t book_day(struct bytes text);

/* book_amount(): minor units as people type them: "400000" CLP, "12.50" USD; appended. */
void book_amount(int64_t amount, const char *currency, struct buf *out);

#endif
