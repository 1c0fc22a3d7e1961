/*
 * finding: what an audit finds. A rule never refuses anything; it says what does not fit, about
 * which records, since when. This is the table of the rules, and the list of what they found.
 *
 * The sentence of a rule stands in English and Spanish with %1 .. %9 for its parameters, so that a
 * finding is data and its words come last. From the same commits the same findings, in the same
 * order, on every member. Names and meanings: docs/FORMATS.md.
 */
#ifndef REPLICAS_FINDING_H
#define REPLICAS_FINDING_H

#include "proto/bytes.h"
#include "proto/id.h"

enum finding_level { FINDING_NOTICE, FINDING_WARNING, FINDING_ERROR, FINDING_LEVELS };

enum finding_rule {
    FINDING_DISBURSEMENT_ABOVE_AWARD,
    FINDING_AWARD_ABOVE_LINE,
    FINDING_PURCHASE_ABOVE_DISBURSEMENT,
    FINDING_PURCHASE_BELOW_DISBURSEMENT, /* at close */
    FINDING_RECEIPT_TWICE,
    FINDING_NO_RECEIPT,
    FINDING_NOT_HANDED_OVER,
    FINDING_OUTLAY_BEFORE_ACT,
    FINDING_OUTSIDE_PERIOD,
    FINDING_SESSIONS_MISSING, /* at close */
    FINDING_CONFLICT_ON_MONEY,
    FINDING_STATEMENT_DIFFERS,
    FINDING_GRANT_TWICE,
    FINDING_OVERDRAWN,
    FINDING_BACK_DATED, /* from here on: of the history, not of the book */
    FINDING_FORK,
    FINDING_FROZEN,
    FINDING_QUARANTINE,
    FINDING_UNKEPT,
    FINDING_RULES,
};

enum finding_language { FINDING_ENGLISH, FINDING_SPANISH, FINDING_LANGUAGES };

enum {
    FINDING_TEXTS_MAX = 9,    /* parameters of a sentence */
    FINDING_TEXT_BYTES = 128, /* of one of them; a longer one is cut */
    FINDING_VARIANTS = 4,     /* sentences of one rule */
};

struct finding_facts {
    const char *name; /* stable: "receipt-twice" */
    enum finding_level level;
    bool at_close;                                             /* only once a programme is closed */
    const char *sentence[FINDING_VARIANTS][FINDING_LANGUAGES]; /* NULL: no second one */
};

/* finding_facts(): the table's entry of a rule; a constant. */
const struct finding_facts *finding_facts(enum finding_rule rule);
/* finding_level_word(): "notice", "warning", "error". */
const char *finding_level_word(enum finding_level level);
/* finding_rule_of(): the rule of a name, FINDING_RULES: none. */
enum finding_rule finding_rule_of(struct bytes name);

struct finding_record {
    char id[OID_TEXT + 1]; /* hex: 24 digits of a record, 40 of an entry or a commit */
};

struct finding {
    enum finding_rule rule;
    enum finding_level level; /* the rule's, but for one that is over (a healed fork): notice */
    uint32_t variant;         /* which sentence */
    uint32_t record_first, record_count; /* in the list's records; what it is about comes first */
    uint32_t text_first, text_count; /* in the list's texts, NUL-terminated, one after another */
    /* Aged: the commit that made it so (the newest of those that are concerned), and the day that
     * its writer's clock had; zero and INT32_MIN where no commit did. */
    struct oid commit;
    int32_t since;
};

struct findings { /* owned; zeroed: empty. Sticky failure, as struct buf */
    struct finding *list;
    uint32_t count, capacity;
    struct finding_record *records;
    uint32_t record_count, record_capacity;
    struct buf texts;
    bool failed;
};

void finding_release(struct findings *f);

/*
 * finding_add(): one more; what it concerns and its parameters follow by finding_record() and
 * finding_text(), all of them before the next finding_add().
 */
void finding_add(struct findings *f, enum finding_rule rule, uint32_t variant);
void finding_record(struct findings *f, const uint8_t *id, size_t id_bytes);
/* finding_level(): of this one, instead of its rule's. */
void finding_level(struct findings *f, enum finding_level level);
void finding_text(struct findings *f, const char *text);
void finding_number(struct findings *f, int64_t number);
/* finding_text(): NUL-terminated UTF-8. finding_since(): the commit counts where it is newer than
 * what was given before. */
void finding_since(struct findings *f, int32_t day, const struct oid *commit);

/* finding_sort(): by level (errors first), rule, record ids and parameters. Errors: ST_NO_MEMORY,
 * here or in any call before */
MUST_USE enum status finding_sort(struct findings *f);

/* finding_sentence(): of the i-th, appended. */
void finding_sentence(const struct findings *f, uint32_t index, enum finding_language language,
                      struct buf *out);

/* finding_digest(): BLAKE2b-256 over the sorted list: rule, level, ids, parameters. */
void finding_digest(const struct findings *f, struct digest *out);

#endif
