/*
 * story: what happened, as lines of JSON, for whoever judges it without the code under test: who
 * tried what and what was answered, which commits reached whom and in which order, and what every
 * member says in the end. judge.py reads it; the lines are described there.
 */
#ifndef TESTS_FUNDS_STORY_H
#define TESTS_FUNDS_STORY_H

#include <stdio.h>

#include "replicas/oid_map.h"
#include "tests/trust/crowd.h"

enum { ACT_WORDS_MAX = 16, ACT_WORD_BYTES = 160 };

/* A command on its way: "add", "expense", "amount=4000", … */
struct act {
    char text[ACT_WORDS_MAX][ACT_WORD_BYTES];
    uint32_t count;
    const char *long_word; /* one more, of any length; or NULL */
    const struct act *as;  /* the command that is given in its place, to the same effect; or NULL */
};

void act_word(struct act *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct story {
    struct crowd *crowd;
    FILE *out;
    struct oid_map commits; /* told already: their number + 1, as a pointer */
    uint32_t commit_count;
    struct book *books[CROWD_MAX]; /* that every second member follows its state with; or NULL */
    struct {
        uint32_t opened, nodes, retired;
    } seen[CROWD_MAX];
};

void story_begin(struct story *s, struct crowd *c, FILE *out);
void story_end(struct story *s);

/* story_act(): do it, tell it, and what everyone's replica then has that it had not. A refused one
 * must have left the state as it was. */
MUST_USE enum status story_act(struct story *s, struct person *p, const struct act *a,
                               struct crowd_answer *out);

/* story_cheat(): what this one writes from now on, nobody may take. */
void story_cheat(struct story *s, const struct person *p);

/* story_look(): what a replica has that it had not when it was looked at last. */
void story_look(struct story *s, struct person *p);

/* story_books(): what a member says about money now; 'last': with its audit's findings. Every
 * second member reads its book anew, the others bring the one along that they had. */
void story_books(struct story *s, struct person *p, bool last);

/* story_export(): its books for other people's tools: appended to DIR/all.ledger, and as
 * DIR/h<seed>.beancount. */
void story_export(struct story *s, struct person *p, const char *dir);

#endif
