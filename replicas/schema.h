/*
 * schema: types and fields of a network's records, as its charter holds them (canonical JSON).
 *
 * {"types":{"enterprise":{
 *   "shape":"record",                     or "entry" (immutable, money)
 *   "writers":["office"],                 roles or rights that may write it: office, treasurer,
 *                                         auditor
 *   "title":{"en":"enterprise","es":"emprendimiento"},
 *   "key":"enterprise",                   the column that --key names by default; several with a
 *                                         comma between them: their cells are joined by "/"
 *   "fields":{
 *     "household":{"kind":"reference","class":"open","to":"household","index":true},
 *     "name":{"kind":"text","class":"personal"},
 *     "stage":{"kind":"choice","class":"open","choices":["selection",…],"index":true}},
 *   "postings":[{"account":"writer","line":{"field":"budget_line"},"sign":-1}]}},
 *  "audit":{…}}                           schema_audit.h; may be left out
 *
 * kinds: text, integer, date (YYYY-MM-DD), boolean, choice, label (a member's label), reference
 * (record or entry id), currency (ISO 4217), amount (integer of minor units of the field named by
 * "currency"), set (of text or choice; class open), file (a record's, never open: the value is
 * {"file":"<BLAKE2b-256 of its bytes, hex>","list":"<name of its list of chunks, hex>"}, which
 * attach writes and nobody types).
 * A field of an entry may be "required". A field of kind label with "is":"writer" must be the
 * writing office (whose account is debited). A field may have a "title" as a type has. The key
 * column of an entry may be no field: its cell is then only the entry's "ref". A posting has an
 * "account" ("writer", or {"field":…} of kind label), a "line" (a name, or {"field":…}), a "sign",
 * and the fields of its "amount" and "currency" unless these are called so; only the writer's own
 * account is ever debited. A record type may have a "retention" ("5y", "18m", "90d"): how
 * long after the newest change of such a record its personal data is due to be erased.
 * An entry type that "reverses":"FIELD" has no postings of its own: it posts the opposite of what
 * the entry posted whose id that field holds. It has two fields, both required: that text, and the
 * writer's label; its "ref" is the same id, and a schema has one such type at most: there is one
 * reversal of an entry at most.
 * A schema only grows; a retention may come or change, and so may what "audit" says.
 */
#ifndef REPLICAS_SCHEMA_H
#define REPLICAS_SCHEMA_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "replicas/fault.h"

enum schema_kind {
    SCHEMA_TEXT,
    SCHEMA_INTEGER,
    SCHEMA_DATE,
    SCHEMA_BOOLEAN,
    SCHEMA_CHOICE,
    SCHEMA_LABEL,
    SCHEMA_REFERENCE,
    SCHEMA_CURRENCY,
    SCHEMA_AMOUNT,
    SCHEMA_SET,
    SCHEMA_FILE,
};
enum schema_class { SCHEMA_OPEN, SCHEMA_INTERNAL, SCHEMA_PERSONAL };
enum schema_writers { SCHEMA_OFFICE = 1, SCHEMA_TREASURER = 2, SCHEMA_AUDITOR = 4 }; /* bits */

struct schema_field {
    char name[65];
    enum schema_kind kind;
    enum schema_class class;
    bool required, index, is_writer;
    char to[65];         /* REFERENCE: the type referred to */
    bool to_entry;       /* REFERENCE: that type is an entry type, ids are longer */
    char currency[65];   /* AMOUNT: the field that names the currency */
    char (*choices)[65]; /* CHOICE, SET */
    uint32_t choice_count;
};

struct schema_posting {      /* one line of the table of postings */
    char account_field[65];  /* "": the writer's own account, else the field that names the owner */
    char line[65];           /* a constant line such as "pool", or "" */
    char line_field[65];     /* the field that names the line, or "" */
    char amount_field[65];   /* default "amount" */
    char currency_field[65]; /* default "currency" */
    int sign;                /* -1 or +1 */
};

enum {
    SCHEMA_NAME_TEXT = 65, /* a name or a choice, with its NUL */
    SCHEMA_POSTINGS_MAX = 4,
    SCHEMA_TYPES_MAX = 256,
    SCHEMA_CHOICES_MAX = 256,  /* of one field */
    SCHEMA_REF_BYTES_MAX = 64, /* an entry's ref */
    SCHEMA_KEY_COLUMNS_MAX = 4,
    SCHEMA_AUDIT_SESSIONS_MAX = 366,    /* one a day, for a year */
    SCHEMA_AUDIT_SMALL_CELL_MAX = 1000, /* more than that is no small cell */
};

struct schema_audit {                             /* what an audit expects */
    uint32_t sessions_group, sessions_individual; /* due to each enterprise at its close */
    uint32_t small_cell; /* people or families: fewer are not shown to partners */
};

struct schema_retention {
    uint32_t count; /* 1 .. 999; 0: none */
    char unit;      /* 'y', 'm', 'd' */
};

struct schema_type {
    char name[65];
    char key[65];      /* default key columns, comma between them, or "" */
    char reverses[65]; /* the field that holds the id of the entry that this one reverses, or "" */
    bool entry;
    unsigned writers;
    struct schema_retention retention;
    struct schema_field *fields; /* ascending by name */
    uint32_t field_count;
    struct schema_posting postings[SCHEMA_POSTINGS_MAX];
    uint32_t posting_count;
};

struct schema {
    struct schema_type *types; /* ascending by name */
    uint32_t type_count;
    struct schema_audit audit;
};

/* schema_parse(): from canonical JSON. Errors: ST_NOT_SCHEMA (fault names type and field and what
 * is wrong), ST_MALFORMED, ST_NO_MEMORY */
MUST_USE enum status schema_parse(struct bytes json, struct schema **out, struct fault *f);
void schema_free(struct schema *s);

/* schema_grows(): whether 'next' only adds to 'before'. Errors: ST_NOT_SCHEMA names what shrank. */
MUST_USE enum status schema_grows(const struct schema *before, const struct schema *next,
                                  struct fault *f);

const struct schema_type *schema_type(const struct schema *s, struct bytes name);
const struct schema_field *schema_field(const struct schema_type *t, struct bytes name);

/* schema_nearest_type/field(): the closest name by edit distance, or NULL: "did you mean". */
const char *schema_nearest_type(const struct schema *s, struct bytes name);
const char *schema_nearest_field(const struct schema_type *t, struct bytes name);

/*
 * schema_check(): whether a canonical JSON value fits a field (null clears and always fits a field
 * that is not required); of a set, whether it fits as one element. A commit's replay and every
 * write call this one function.
 * Errors: ST_BAD_VALUE (fault: field, value, what would fit)
 */
MUST_USE enum status schema_check(const struct schema_field *field, struct bytes value_json,
                                  struct fault *f);

/* schema_check_entry(): a whole entry's content: an object of known fields of class open, required
 * ones there, each value fitting, one "ref" text of 1 .. 64 bytes. */
MUST_USE enum status schema_check_entry(const struct schema_type *type, struct bytes content_json,
                                        struct fault *f);

/*
 * schema_value(): what a person typed (text) as a canonical JSON value, appended to 'out'.
 * Amounts are typed in major units ("400000" CLP, "12.50" USD) and kept in minor units of
 * 'currency' (3 letters; needed for AMOUNT only). An empty text is null. Of a set: one element.
 * Errors: ST_BAD_VALUE
 */
MUST_USE enum status schema_value(const struct schema_field *field, struct bytes text,
                                  struct bytes currency, struct buf *out, struct fault *f);

/* schema_kind_text(): the word for a kind, as the schema has it; a constant. */
const char *schema_kind_text(enum schema_kind kind);

/* schema_currency_digits(): minor digits of an ISO 4217 code (CLP 0, USD 2), -1: unknown. */
int schema_currency_digits(struct bytes code);

/* schema_entry_text/integer(): a member of an entry's content. false: not there. */
bool schema_entry_text(struct bytes content_json, const char *name, struct buf *out);
bool schema_entry_integer(struct bytes content_json, const char *name, int64_t *out);

#endif
