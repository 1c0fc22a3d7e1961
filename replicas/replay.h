/*
 * replay: a base tree and operations in, the tree after them out; with the check of debits. This is
 * what every member does to every commit, its own included.
 */
#ifndef REPLICAS_REPLAY_H
#define REPLICAS_REPLAY_H

#include "replicas/account.h"
#include "replicas/charter.h"
#include "replicas/op.h"
#include "replicas/tree.h"

struct replay_input {
    struct store *store;
    struct account_memo *memo;
    const struct charter *charter; /* the version that the commit names */
    struct oid base;
    struct op_change by;
    const struct op_list *ops; /* canonical order, entries resolved, rules checked */
};

struct replay_change {
    char path[TREE_PATH_MAX];
    struct oid blob;
};

struct replay_output {
    struct oid tree;
    struct replay_change *changes; /* ascending by path: what the commit wrote */
    uint32_t count, capacity;
};

void replay_release(struct replay_output *o);

/*
 * replay_run(): on success 'out' holds the tree and what changed; its objects are in the store.
 * Errors: ST_WRONG_OPERATION  an operation that changes nothing, names what is not there, or writes
 *                             an entry again
 *         ST_OVERDRAWN        an account that it debits ends below zero
 *         ST_NOT_ALLOWED, ST_BAD_VALUE (postings); ST_CORRUPT, ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status replay_run(const struct replay_input *in, struct replay_output *out,
                                struct fault *f);

/* replay_record_path(): "records/<type>/h/h/h/<id>.json". */
void replay_record_path(struct bytes type, struct bytes id_hex, char out[static TREE_PATH_MAX]);

#endif
