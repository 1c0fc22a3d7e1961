/*
 * worker: the storage thread. It owns the replica; the loop hands it jobs and takes them back with
 * their answers. Jobs that wait together share one sync (group commit): no answer to a job that
 * wrote leaves before what it wrote is durable.
 *
 * A job belongs to whoever holds it: the caller until worker_submit(), the worker until it comes
 * back through 'done', then the caller again, who frees it with job_free().
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "proto/control.h"
#include "proto/core.h"
#include "replicas/invitation.h"
#include "replicas/replica.h"

enum job_kind {
    JOB_STORE,    /* accept items from a peer */
    JOB_LOAD,     /* items or a summary for a peer */
    JOB_CHARTERS, /* charter versions and motions from a peer */
    JOB_PAIR,     /* admit a joiner by an invitation */
    JOB_VERB,     /* a command about records */
    JOB_STATUS,   /* what the replica has to say for `status` */
    JOB_INVITES,  /* the open invitations, for the core */
    JOB_WISH,     /* names of sealed items that are wanted */
    JOB_GIVE,     /* pieces of sealed items for a peer */
    JOB_KEEP,     /* sealed items from a peer */
    JOB_WANTED,   /* made by the worker: how many sealed items are wanted */
    JOB_NEWS,     /* made by the worker: what became durable, heads, charter */
};

struct job_commit { /* NEWS: one commit that is durable now */
    struct oid id;
    struct oid parents[PARENTS_MAX];
    uint32_t parent_count;
    link_id source;             /* 0: ours */
    size_t item_at, item_bytes; /* in job.data */
    char label[LABEL_BYTES_MAX + 1];
};

struct job_member { /* STATUS */
    char label[LABEL_BYTES_MAX + 1];
    const char *role;
    uint64_t seq;
};

struct job_invite { /* INVITES */
    uint8_t id[INVITATION_ID_BYTES];
    uint8_t secret[KEY_BYTES];
    char label[LABEL_BYTES_MAX + 1];
    bool expired, used;
    struct key used_by;
};

struct job_heads { /* NEWS */
    char label[LABEL_BYTES_MAX + 1];
    uint32_t first, count; /* in job.ids */
};

struct job {
    struct job *next;
    enum job_kind kind;
    uint32_t request; /* the core's */
    link_id link;
    void *owner;   /* VERB, STATUS: the control connection */
    bool orphaned; /* its owner is gone: drop the answer */

    /* In: */
    struct buf data;     /* bytes that items, verb and the like lie in */
    struct bytes *items; /* STORE, CHARTERS, KEEP: into data; answers of LOAD, PAIR, CHARTERS */
    uint32_t item_count;
    uint32_t motion_count; /* CHARTERS, PAIR: motions stand behind the items */
    bool heard;            /* CHARTERS: the peer has told all that it has */
    enum core_load_kind load;
    struct oid *ids; /* LOAD: known; answers: ids */
    uint32_t id_count;
    size_t bytes_max;
    struct key key;                   /* PAIR, WISH, GIVE */
    char text[ADDRESS_BYTES_MAX + 1]; /* PAIR: address; answer: the label */
    char author[IDENT_BYTES_MAX + 1]; /* VERB */
    enum sealed_lane lane;            /* WISH, GIVE, KEEP */
    struct digest *names;             /* KEEP; WISH: behind this; its answer */
    uint32_t name_count, name_max;
    struct sealed_wish *wishes; /* GIVE */
    uint32_t wish_count;
    char listen[ADDRESS_BYTES_MAX + 1];

    /* Out: */
    enum status status;
    struct fault fault;
    bool writes;           /* its answer waits for the sync */
    bool invited;          /* VERB: the open invitations changed */
    enum status *verdicts; /* STORE, KEEP */
    struct oid *missing;
    uint32_t missing_count;
    bool more, unknown;         /* LOAD */
    struct buf rows;            /* VERB: control messages, the end included; STATUS: JSON members */
    struct job_commit *commits; /* NEWS */
    uint32_t commit_count;
    struct job_heads *heads;
    uint32_t head_count;
    bool charter_grew; /* NEWS, CHARTERS, PAIR: items hold the whole chain, and: */
    uint32_t charter_version;
    struct digest charter_hash;
    uint32_t choices; /* branch_choices() */
    struct key self;  /* NEWS, CHARTERS, PAIR, where the charter grew: our identity now */
    struct charter_member *members;
    uint32_t member_count;
    struct key *keys; /* retired ones */
    uint32_t key_count;
    struct sealed_piece *pieces; /* GIVE: into data */
    uint32_t piece_count;
    uint64_t waiting[SEALED_LANES]; /* WANTED */
    struct job_invite *invites;     /* INVITES */
    uint32_t invite_count;
    uint64_t conflict_count; /* STATUS */
    uint32_t refusal_count;
    struct buf health; /* STATUS: objects of the list of that name, with commas between */
};

/* job_new(): zeroed. NULL: no memory. job_free() takes NULL. */
struct job *job_new(enum job_kind kind);
void job_free(struct job *j);

struct worker;

struct worker_options {
    uint64_t acknowledge_ms; /* see tend.h */
    bool held;               /* nothing is written unasked before worker_release() */
};

/*
 * worker_start(): 'done' is called on the worker's thread whenever finished jobs wait for
 * worker_take(): it only wakes the loop. 'fatal' likewise when storage failed for good.
 * The replica is handed over until worker_stop().
 */
MUST_USE enum status worker_start(struct replica *replica, const struct worker_options *o,
                                  void (*wake)(void *context), void *context, struct worker **out);
void worker_submit(struct worker *w, struct job *j);

/* worker_release(): what the replica writes unasked may begin; see meeting.h. */
void worker_release(struct worker *w);

/* worker_take(): the next finished job; NULL: none now. Of one batch come the answers of VERBs,
 * then NEWS, then the others, each in the order of submission. */
struct job *worker_take(struct worker *w);

/* worker_failed(): a sync failed: the process must end without a further answer. */
bool worker_failed(struct worker *w, struct fault *f_out);

/* worker_stop(): finish what was submitted, end the thread, give the replica back (still open). */
struct replica *worker_stop(struct worker *w);

#endif
