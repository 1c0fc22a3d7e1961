/*
 * verb: the commands about records and members, as the control socket brings them: words and
 * options in, JSON rows out (the contract of `--json`). Verbs about links (status, peer, sync,
 * watch) are the daemon's.
 *
 * Verbs: add set show list find log conflicts explain resolve import member invite whoami
 * attach fetch erase disclose retention attest audit fund
 * (add and set make one commit each; import as many as it needs). A write is not acknowledged
 * before replica_sync(): the caller groups verbs, syncs once, then sends their rows.
 */
#ifndef REPLICAS_VERB_H
#define REPLICAS_VERB_H

#include "proto/control.h"
#include "replicas/replica.h"

struct verb_call {
    struct replica *replica;
    const struct control_request *request;
    struct bytes author; /* ident of the socket's peer; "--author" overrides */
    const char *listen;  /* where this office can be reached, for invite; "" unknown */
    void *user;
    void (*row)(void *user, struct bytes json); /* one object, without "schema" and newline */
};

/* verb_known(): whether verb_run() serves it. verb_writes(): whether it may make commits. */
bool verb_known(struct bytes verb);
bool verb_writes(struct bytes verb);

/*
 * verb_run(): Errors as the fault says; the exit code for the shell by verb_exit():
 * ST_PARTLY 3, ST_NEEDS_PERSON 4, ST_USAGE/ST_NOT_FOUND(unknown type…) as docs/CLI.md has it.
 */
MUST_USE enum status verb_run(const struct verb_call *call, struct fault *f);

/* verb_send(): one row of an answer; none where its text ran out of memory. Errors: ST_NO_MEMORY */
MUST_USE enum status verb_send(const struct verb_call *call, const struct buf *row);

/* verb_exit(): the exit code of a status, of docs/CLI.md. */
unsigned verb_exit(enum status code);

#endif
