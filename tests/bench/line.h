/*
 * line: a control connection that is held, and other programs that are run, for the measurements.
 * Whatever goes wrong ends the program with a sentence: a measurement that failed is no
 * measurement.
 */
#ifndef TESTS_BENCH_LINE_H
#define TESTS_BENCH_LINE_H

#include "proto/control.h"

struct line {
    int descriptor;
    struct buf in;
    size_t used;    /* of 'in', by the message that was taken last */
    char row[4096]; /* the last row of the last answer, cut to fit */
};

/* line_fail(): the sentence, to standard error; ends the program. */
void line_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* line_open(): tries for 'wait_s' seconds while nobody answers at the socket yet. */
void line_open(struct line *l, const char *socket_path, unsigned wait_s);
void line_close(struct line *l);

/* line_send(): words[0] is the verb, "--name=value" an option, the rest words; NULL ends them.
 * line_send_option(): the same with one option of many bytes. */
void line_send(struct line *l, const char *const *words);
void line_send_option(struct line *l, const char *const *words, const char *name,
                      struct bytes value);

/* line_message(): the next message, borrowed until the next call. */
void line_message(struct line *l, struct control_answer *out);
/* line_answer(): to the end of the answer, which has to be "ok"; the last row stays in 'row'. */
void line_answer(struct line *l);

/* line_commits(): wait for 'count' commits that become durable there, on a connection that watches;
 * up to the one named, where 'commit' is not NULL. */
void line_commits(struct line *l, unsigned count, const char *commit);

/* line_text(): the text or number of a member of the last row, by its name. */
void line_text(const struct line *l, const char *name, char *out, size_t out_bytes);

/* line_seconds(): a clock that only goes forward. */
double line_seconds(void);

/* line_run(): a program to its end, which has to be 0; its output is dropped. */
void line_run(const char *const *words);

/* line_report(): one result, one line of JSON. 'ratio': how many times better than the peer;
 * 'bar' in words, and whether it is met; NULL: none. */
struct line_result {
    const char *what, *unit, *peer, *bar;
    double value, peer_value, ratio;
    bool met;
};
void line_report(const struct line_result *r);

/* line_share(): sorts; the value at 'share' (0 .. 1) of them. */
double line_share(double *values, size_t count, double share);

#endif
