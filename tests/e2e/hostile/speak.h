/*
 * speak: what every liar needs: a member's home, whose own daemon is stopped, read; a line to the
 * victim; and messages as a member says them.
 */
#ifndef TESTS_HOSTILE_SPEAK_H
#define TESTS_HOSTILE_SPEAK_H

#include "replicas/engine.h"
#include "tests/e2e/hostile/line.h"

struct attack {
    const char *address, *home, *word;
    struct replica *replica;
    const struct home_identity *self;
    struct home_identity stranger;
    struct key victim;
    struct line line;
    struct squeeze_writer *writer;
};

/* speak_begin(): reads a->home; 'victim' is a member's label. False: it said why. */
bool speak_begin(struct attack *a, const char *victim);
void speak_end(struct attack *a);

/* speak_shake(): a fresh line, after the handshake as that identity. */
bool speak_shake(struct attack *a, const struct home_identity *as);
/* speak_introduce(): HELLO and CHARTER, ours and theirs, then HEADS: that we have nothing. */
bool speak_introduce(struct attack *a);
/* speak_say(): one message; false: the other side has closed. */
bool speak_say(struct attack *a, const struct message *m);

#endif
