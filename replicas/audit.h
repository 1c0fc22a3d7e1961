/*
 * audit: one verdict about a network's money: the history replayed and verified (verify.h), every
 * account held against the entries that it stands on, the rules (finding.h), and a statement of how
 * complete the picture is: whose commits up to which are in it, and who was not heard of.
 *
 * Reads; writes nothing. No clock of this machine is asked: the same commits give the same result.
 * A programme is closed, for the rules that hold at its close, once two offices (or the only one)
 * have signed commits that are dated after its period's end; or where the caller says so.
 */
#ifndef REPLICAS_AUDIT_H
#define REPLICAS_AUDIT_H

#include "replicas/attestation.h"
#include "replicas/book.h"
#include "replicas/finding.h"
#include "replicas/verify.h"

enum audit_verdict { AUDIT_CLEAN, AUDIT_FINDINGS, AUDIT_FAILED };

struct audit_options {
    bool close; /* as if the programme were closed */
};

struct audit_office { /* a member, or a label that wrote and is none any more */
    char label[LABEL_BYTES_MAX + 1];
    enum charter_role role;
    bool member;      /* in force */
    struct oid head;  /* the newest commit of its that is in this result; zero: never heard of */
    uint64_t seq;     /* of it; 0 */
    int64_t time;     /* its date, as its writer's clock had it [s since 1970] */
    uint32_t commits; /* of its that are here */
    uint32_t gaps;    /* numbers below its head that are not here */
    uint32_t waiting; /* commits that are here and do not count: quarantine */
    bool silent;      /* older by AUDIT_SILENT_DAYS than the newest commit of another */
};

enum { AUDIT_SILENT_DAYS = 14 };

struct audit_total { /* of one currency, in minor units; without what was reversed */
    char currency[4];
    int64_t granted, given, received; /* given and received: exchanges */
    int64_t allotted, passed, awarded, disbursed, purchased, expensed;
    int64_t receipted;   /* of purchases and expenses: those with a receipt */
    int64_t handed_over; /* of purchases */
    int64_t balance;     /* of all accounts together */
};

struct audit_result {
    enum audit_verdict verdict;
    struct verify_report verified; /* ok, and nothing else, where nobody verified */
    bool incremental;              /* verified are only the commits since 'since' */
    struct oid since;              /* the attestation's commit, or the one that was named */
    bool closed;
    struct oid state;
    struct findings findings;
    uint32_t levels[FINDING_LEVELS]; /* how many of each */
    struct audit_office *offices;    /* by label */
    uint32_t office_count;
    struct audit_total *totals; /* by currency */
    uint32_t total_count;
    uint32_t kinds[BOOK_KINDS];       /* entries that stand, of each kind */
    uint32_t reversed;                /* entries that do not */
    uint32_t forks;                   /* keys that signed two commits of one number */
    uint32_t quarantined;             /* commits that wait and do not count */
    uint32_t erasures, erasures_open; /* ordered; of these not yet settled */
    struct oid *heads;                /* counted heads: what an attestation covers */
    uint32_t head_count;
    struct attestation *attestations; /* oldest first */
    uint32_t attestation_count;
};

void audit_free(struct audit_result *a);

/* audit_run(): rules and completeness for a replica that somebody verified already, or that
 * verified itself. Verified.ok is true. Errors: ST_CORRUPT, ST_IO, ST_NO_MEMORY */
MUST_USE enum status audit_run(struct replica *r, const struct audit_options *o,
                               struct audit_result **out, struct fault *f);

/* audit_run_book(): the same with the book of its state, which the caller has, and without holding
 * the accounts against the entries. */
MUST_USE enum status audit_run_book(struct replica *r, const struct book *b,
                                    const struct audit_options *o, struct audit_result **out,
                                    struct fault *f);

/* audit_home(), audit_repo(): verify_home() or verify_repo(), then audit_run(). What was not sound
 * is in 'verified', and the verdict AUDIT_FAILED. Errors: as these */
MUST_USE enum status audit_home(const char *home, const struct audit_options *o,
                                struct audit_result **out, struct fault *f);
MUST_USE enum status audit_repo(const char *dir, const struct digest *network,
                                const struct audit_options *o, struct audit_result **out,
                                struct fault *f);

/* audit_verdict_word(): "clean", "findings", "failed". */
const char *audit_verdict_word(enum audit_verdict verdict);

/*
 * The contract of `audit --json`, in rows that each fit a message: audit_json_head(): all but the
 * findings; audit_json_finding(): one of them, with its sentence in 'language'. Appended.
 */
void audit_json_head(const struct audit_result *a, struct buf *out);
void audit_json_finding(const struct findings *f, uint32_t index, enum finding_language language,
                        struct buf *out);

/* audit_since(): the same result as audit_run(), but only the commits are verified that an
 * attestation's heads do not reach: 'which' is "last", the beginning of an attestation's id, or a
 * commit whose past somebody vouches for. What an attestation covers it is believed for.
 * Errors: ST_NOT_FOUND (no such attestation, or its heads are not here), as audit_run() */
MUST_USE enum status audit_since(struct replica *r, struct bytes which,
                                 const struct audit_options *o, struct audit_result **out,
                                 struct fault *f);

/* audit_since_verb(): the verb audit since=… [close] [language=es]: the head's row, then a row
 * {"finding":{…}} for each. */
MUST_USE enum status audit_since_verb(const struct verb_call *call, struct fault *f);

#endif
