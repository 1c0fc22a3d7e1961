/*
 * world: the things that offices.h is made of: offices, what their replicas were asked, and the
 * connections between them; chance, all of it from one seed.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/channel.h"
#include "proto/core.h"
#include "proto/mem.h"

#define HELPER __attribute__((unused)) static

enum {
    OFFICES_MAX = 6,
    COMMITS_MAX = 3000,
    PARENTS_FAKE_MAX = 8,
    ITEM_FAKE_MAX = 600,
    PIPES_MAX = 400,
    TASKS_MAX = 4096,
    VERSIONS_MAX = 8,
    SEALED_FAKE_MAX = 4000,
    LOG_BYTES = 1 << 16,
};

struct commit {
    struct oid id;
    uint32_t office, parent_count;
    bool reached; /* by a later one: it is no head */
    struct oid parents[PARENTS_FAKE_MAX];
    uint8_t bytes[ITEM_FAKE_MAX];
    size_t byte_count;
};

struct sealed_fake { /* a sealed item; its bytes are made from its number */
    struct digest name;
    enum sealed_lane lane;
    uint32_t number, size;
    bool held, wanted;
};

struct task { /* what a replica was asked for */
    enum core_effect_kind kind;
    link_id link;
    uint32_t request;
    enum core_load_kind load;
    struct buf data; /* items behind their u32 lengths, or known ids */
    uint32_t count;
    size_t bytes_max;
    struct key key;
    char invitation[65];
    enum sealed_lane lane;
    struct digest after;
    struct buf names; /* KEEP: of the items; GIVE: the wishes */
    uint32_t max;
};

struct end {    /* one side of a connection */
    int office; /* -1: the test itself */
    link_id link;
    struct buf inbox; /* on its way to this side */
    bool closing;     /* the other side has closed: CLOSED comes behind the inbox */
    bool closed;
};

struct pipe {
    bool used;
    struct end ends[2];
};

struct office {
    const char *name;
    char label[LABEL_BYTES_MAX + 1];
    bool up;
    uint8_t secret[64];
    struct key key;
    struct core *core;
    uint32_t version; /* of the charter that it has */
    struct commit *commits;
    uint32_t commit_count;
    struct commit *waiting[64];
    uint32_t waiting_count;
    struct task tasks[TASKS_MAX];
    uint32_t task_first, task_count;
    enum status refuse; /* verdict on everything from outside; ST_OK: accept */
    bool slow;          /* the replica does not answer */
    bool heads_first;   /* the shell tells heads before commits, and STORED before both */
    struct core_invitation invitation;
    bool invites;
    bool joined;
    struct sealed_fake *vault; /* ascending by name */
    uint32_t vault_count, wishes, gives, keeps;
    uint64_t kept_bytes;
    enum status last_close;
    uint32_t stores, loads, items_in, closes, connects;
    uint64_t bytes_sent;
    uint32_t links_active; /* 0: the default */
    size_t chunk;          /* bytes given at once; 0: random */
    char log[LOG_BYTES];
    size_t log_used;
};

struct world {
    uint64_t now_ms, seed, draws;
    struct office offices[OFFICES_MAX];
    int office_count;
    struct pipe pipes[PIPES_MAX];
    link_id next_link;
    bool cut[OFFICES_MAX][OFFICES_MAX];
    struct key member_keys[OFFICES_MAX];
    char member_labels[OFFICES_MAX][LABEL_BYTES_MAX + 1];
    enum core_role member_roles[OFFICES_MAX];
    struct key retired[OFFICES_MAX]; /* by the newest version */
    uint32_t retired_count;
    struct bytes motions[8]; /* that every office has open; texts of the test */
    uint32_t motion_count;
    uint32_t members_at[VERSIONS_MAX + 1]; /* how many members each version has */
    uint32_t versions;
    uint64_t steps;
    uint64_t fail_step, fail_at; /* the allocation that fails: in this step, this one; 0: none */
    bool failed;
    uint8_t trace[32]; /* a hash of all effects so far */
};

HELPER void world_random(void *context, void *out, size_t count)
{
    struct world *w = context;
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    memcpy(seed, &w->seed, sizeof(w->seed));
    w->draws++;
    memcpy(seed + sizeof(w->seed), &w->draws, sizeof(w->draws));
    randombytes_buf_deterministic(out, count, seed);
}

HELPER uint32_t world_draw(struct world *w, uint32_t below)
{
    uint32_t n;
    world_random(w, &n, sizeof(n));
    return below > 0 ? n % below : 0;
}

#endif
