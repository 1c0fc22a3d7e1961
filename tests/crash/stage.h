/*
 * stage: an office in a folder that is recorded, the other offices around it, and what it was told
 * is done: the promises that each image is held against.
 *
 * What was promised counts from the event after which it was (a boundary at or behind 'from'), and
 * for as long as nobody began to change it ('until').
 */
#ifndef TESTS_CRASH_STAGE_H
#define TESTS_CRASH_STAGE_H

#include "replicas/council.h"
#include "tests/crash/trace.h"
#include "tests/unit/replicas/erase_kit.h"

enum { PROMISES_MAX = 512, STAGE_IDS = 8, STAGE_TEXT = 96 };

enum promise_kind {
    PROMISE_COMMIT,  /* it is there */
    PROMISE_READS,   /* record 'id' has 'value' in 'field' */
    PROMISE_CHARTER, /* version 'number' is there, and is 'digest' */
    PROMISE_VOW,     /* what this admin said about the next version is not forgotten */
    PROMISE_GONE,    /* nothing sealed of record 'id' is kept */
    PROMISE_HOLDS,   /* at least 'number' sealed items of record 'id' are */
    PROMISE_KEY,     /* this office's key */
    PROMISE_FILE,    /* a file of this name in the recorded folder, of at least 'number' bytes */
    PROMISE_SECRET,  /* the key opens by this passphrase */
    PROMISE_HOME,    /* there is a home */
    PROMISE_KINDS,
};

struct promise {
    enum promise_kind kind;
    size_t from, until;
    struct oid commit;
    struct digest digest;
    struct key key;
    struct council *vow; /* owned; only its vow, version and previous */
    uint64_t number;
    char type[STAGE_TEXT], id[STAGE_TEXT], field[STAGE_TEXT], value[STAGE_TEXT];
};

struct stage {
    struct kit kit;
    uint32_t subject;
    struct office *o; /* the subject's */
    char root[40];    /* recorded; the home is root/home */
    struct promise promises[PROMISES_MAX];
    uint32_t promise_count;
    uint32_t told;                          /* commits promised */
    char ids[STAGE_IDS][ENTRY_ID_TEXT + 1]; /* what a kind keeps from its preparation */
    struct buf spare;                       /* the same, of bytes */
    const char *secrets[2];                 /* passphrases: before, after; NULL: none was changed */
    bool rebuild; /* the home may be half repaired: repairing it again helps */
    bool made;    /* the home is made by what is recorded */
    void (*again)(const struct stage *s, struct office *o); /* what makes it is run once more */
};

/* stage_begin(): a network of 'offices' (and an auditor), of which 'subject' is recorded later. */
void stage_begin(struct stage *s, uint32_t offices, bool auditor, uint32_t subject);

/* stage_record(): from here on the subject's folder is recorded. */
void stage_record(struct stage *s);

/* stage_end(): everything is closed as by a kill, and all folders go; the promises stay. */
void stage_end(struct stage *s);
void stage_release(struct stage *s);

/* stage_empty(): the subject's home is gone, and nothing is promised of it: it is made anew. */
void stage_empty(struct stage *s);

/* stage_cut(): the power went at a boundary of what was recorded: what was promised later was not.
 */
void stage_cut(struct stage *s, size_t boundary);

/* stage_told(): what the subject has done so far was acknowledged: its commits, charters, vows and
 * key are promised. */
void stage_told(struct stage *s);

/* stage_do(): a verb of the subject that ends well, then stage_told(). */
#define stage_do(s, ...)                                                                           \
    do {                                                                                           \
        office_run((s)->o, ST_OK, __VA_ARGS__, NULL);                                              \
        assert_int_equal(replica_sync((s)->o->replica, &(s)->o->fault), ST_OK);                    \
        stage_told(s);                                                                             \
    } while (0)

/* stage_reads(): promised from now on. stage_changing(): whatever was promised of that field of the
 * record (NULL: of all its fields) ends, because somebody begins to change it. */
void stage_reads(struct stage *s, const char *id, const char *field, const char *value);
void stage_changing(struct stage *s, const char *id, const char *field);

/* stage_promise(): any other; filled in by the caller, lent until the next. */
struct promise *stage_promise(struct stage *s, enum promise_kind kind);
void stage_promise_file(struct stage *s, const char *name);

/* stage_family(): a household with a sealed name at the subject, both promised. */
void stage_family(struct stage *s, const char *name, char id[static ENTRY_ID_TEXT + 1]);

/* stage_tend(): the quiet moments of an office. */
void stage_tend(struct stage *s, uint32_t i);

/* stage_path(): root/name. */
void stage_path(const struct stage *s, const char *name, char out[static 128]);

#endif
