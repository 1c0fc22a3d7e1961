/*
 * fund_act: the table of the commands about money: which words each takes, in which order, which
 * entry they make, which options are fields of it. Pure.
 */
#ifndef REPLICAS_FUND_ACT_H
#define REPLICAS_FUND_ACT_H

#include "proto/control.h"
#include "replicas/book.h"

enum {
    FUND_ACT_WORDS_MAX = 4,
    FUND_ACT_FIELDS_MAX = 20, /* the words and options of one command, and what is added */
};

struct fund_act {
    const char *name;                      /* "pay" */
    const char *type;                      /* "disbursement" */
    enum book_kind kind;                   /* the same */
    const char *words[FUND_ACT_WORDS_MAX]; /* fields in the order of the words; to the first NULL */
    const char *owner;                     /* the field that says whose it is */
    const char *options;                   /* those that are fields of it, a space between them */
    const char *use;                       /* behind "minga fund " */
    enum book_kind names; /* its word is an entry of this kind, BOOK_KINDS: of any; BOOK_GRANT: none
                           */
    bool own_office;      /* the type has an office that is not filled in by itself */
    bool same_line;       /* it goes to the line that it comes from, unless --to-line is given */
};

/* fund_act_find(): Errors: ST_USAGE  names the nearest */
MUST_USE enum status fund_act_find(struct bytes name, const struct fund_act **out, struct fault *f);

/* fund_act_words(): how many words stand behind its name. */
uint32_t fund_act_words(const struct fund_act *act);

/* fund_act_field(): the field that an option of this command fills; NULL: none. */
const char *fund_act_field(const struct fund_act *act, struct bytes option);

/* fund_act_options(): Errors: ST_USAGE  an option that the command does not take, or one that it
 * cannot do without */
MUST_USE enum status fund_act_options(const struct fund_act *act, const struct control_request *q,
                                      struct fault *f);

/* fund_act_line(): whether 'line' is a budget line, of the schema or of an account.
 * Errors: ST_NOT_FOUND  names the nearest */
MUST_USE enum status fund_act_line(struct replica *r, const struct book *b, struct bytes line,
                                   struct fault *f);

#endif
