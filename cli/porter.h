/*
 * porter: one question to the daemon about a bundle, and its answer as JSON: the words of
 * replicas/courier.h.
 */
#ifndef CLI_PORTER_H
#define CLI_PORTER_H

#include <jansson.h>

#include "cli/call.h"
#include "cli/client.h"

enum { PORTER_OPTIONS_MAX = 8 };

struct porter {
    const struct call *call;
    struct client *client; /* owned */
    struct fault fault;    /* of what went wrong last, the daemon's own words included */
    json_t *row;           /* of the last answer; NULL: it had none */
    struct control_option options[PORTER_OPTIONS_MAX];
    uint32_t option_count;
    struct buf texts[PORTER_OPTIONS_MAX]; /* the options that were made */
};

MUST_USE enum status porter_open(struct porter *p, const struct call *call);
void porter_release(struct porter *p);

/* Options of the next question: a text (borrowed), bytes (as base64), a number. */
void porter_text(struct porter *p, const char *name, const char *text);
void porter_made_text(struct porter *p, const char *name, const char *text); /* copied */
void porter_bytes(struct porter *p, const char *name, struct bytes bytes);
void porter_number(struct porter *p, const char *name, uint64_t n);

/* porter_ask(): "bundle WORD" with the options so far, which are then forgotten.
 * Errors: what the daemon's answer ended with, or as client_run(); fault is set */
MUST_USE enum status porter_ask(struct porter *p, const char *word);

/* Members of the last answer. porter_take_bytes(): appended. Errors: ST_PROTOCOL, ST_NO_MEMORY */
uint64_t porter_take_number(const struct porter *p, const char *name);
MUST_USE enum status porter_take_bytes(struct porter *p, const char *name, struct buf *out);
MUST_USE enum status porter_take_hex(struct porter *p, const char *name, uint8_t *out,
                                     size_t count);

#endif
