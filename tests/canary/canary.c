/*
 * canaries: what is promised, broken on purpose, one promise at a time, around the product and not
 * within it. MINGA_CANARY in the environment names the one; run.sh demands that each is
 * caught. A program with this file in it tests nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/channel.h"
#include "proto/check.h"
#include "replicas/account.h"
#include "replicas/commit.h"
#include "replicas/engine.h"
#include "replicas/expunge.h"
#include "replicas/merge.h"

enum {
    SOON = 3,   /* once there is as much, a canary begins */
    LATER = 12, /* the same, where some history has to be there first */
    OPS_MAX = 64,
};

static bool is(const char *name)
{
    const char *chosen = getenv("MINGA_CANARY");
    CHECK(chosen != NULL);
    return strcmp(chosen, name) == 0;
}

/* ---- acknowledged: nothing that was synced is on the disk ---- */

enum status __real_journal_sync(struct journal *j, struct fault *f);
enum status __wrap_journal_sync(struct journal *j, struct fault *f);

enum status __wrap_journal_sync(struct journal *j, struct fault *f)
{
    return is("acknowledged") ? ST_OK : __real_journal_sync(j, f);
}

/* ---- join, seen: one record out of two ---- */

enum status __real_record_join(const struct record *a, const struct record *b, struct record *out);
enum status __wrap_record_join(const struct record *a, const struct record *b, struct record *out);

/* Of the values of a field the last one is lost. */
static void lose_value(struct record *r)
{
    struct record_field *last = r->field_count > 0 ? &r->fields[r->field_count - 1] : NULL;
    if (last == NULL || last->count < 2)
        return;
    last->count--;
    r->value_count--;
}

static bool is_held(const struct record *r, const struct change *change)
{
    for (uint32_t i = 0; i < r->value_count; i++)
        if (change_compare(&r->values[i].change, change) == 0)
            return true;
    for (uint32_t i = 0; i < r->change_count; i++)
        if (change_compare(&r->changes[i], change) == 0)
            return true;
    return false;
}

/* The first change of which nothing is left was never seen. */
static void lose_seen(struct record *r)
{
    for (uint32_t i = 0; i < r->seen_count; i++) {
        if (is_held(r, &r->seen[i].change))
            continue;
        memmove(&r->seen[i], &r->seen[i + 1], (--r->seen_count - i) * sizeof *r->seen);
        return;
    }
}

enum status __wrap_record_join(const struct record *a, const struct record *b, struct record *out)
{
    enum status st = __real_record_join(a, b, out);
    if (st != ST_OK)
        return st;
    if (is("join"))
        lose_value(out);
    else if (is("seen"))
        lose_seen(out);
    return st;
}

/* ---- invented: nobody wrote what a field says ---- */

enum status __real_op_apply(const struct record *base, const struct op *ops, uint32_t count,
                            const struct op_change *by, struct record *out);
enum status __wrap_op_apply(const struct record *base, const struct op *ops, uint32_t count,
                            const struct op_change *by, struct record *out);

enum status __wrap_op_apply(const struct record *base, const struct op *ops, uint32_t count,
                            const struct op_change *by, struct record *out)
{
    struct op own[OPS_MAX];
    if (!is("invented") || count == 0 || count > OPS_MAX)
        return __real_op_apply(base, ops, count, by, out);
    memcpy(own, ops, count * sizeof *own);
    if (own[0].verb == OP_SET)
        own[0].value = BYTES("\"nobody wrote this\"");
    return __real_op_apply(base, own, count, by, out);
}

/* ---- state: of two versions of a file the one that came last stands ---- */

enum status __real_merge_blobs(struct store *s, const char *path, const struct oid *a,
                               const struct oid *b, struct oid *out, struct fault *f);
enum status __wrap_merge_blobs(struct store *s, const char *path, const struct oid *a,
                               const struct oid *b, struct oid *out, struct fault *f);

enum status __wrap_merge_blobs(struct store *s, const char *path, const struct oid *a,
                               const struct oid *b, struct oid *out, struct fault *f)
{
    if (!is("state"))
        return __real_merge_blobs(s, path, a, b, out, f);
    *out = *b;
    return ST_OK;
}

/* ---- forks: none is told of; accused: whoever wrote much is said to have forked ---- */

bool __real_graph_forked(const struct graph *g, uint32_t key);
bool __wrap_graph_forked(const struct graph *g, uint32_t key);

bool __wrap_graph_forked(const struct graph *g, uint32_t key)
{
    if (is("forks"))
        return false;
    bool accused =
        is("accused") && graph_count(g) > 0 && graph_seq(g, graph_count(g) - 1, key) > LATER;
    return accused || __real_graph_forked(g, key);
}

/* ---- removal: what counted before a charter counts after it ---- */

enum status __real_graph_recount(struct graph *g, const struct charter *newest, bool *lost_out);
enum status __wrap_graph_recount(struct graph *g, const struct charter *newest, bool *lost_out);

enum status __wrap_graph_recount(struct graph *g, const struct charter *newest, bool *lost_out)
{
    if (!is("removal"))
        return __real_graph_recount(g, newest, lost_out);
    *lost_out = false;
    return ST_OK;
}

/* ---- charter: a version that is there already takes the newest away ---- */

enum status __real_charter_chain_renew(struct charter_chain *chain, struct bytes file,
                                       bool *replaced_out, struct fault *f);
enum status __wrap_charter_chain_renew(struct charter_chain *chain, struct bytes file,
                                       bool *replaced_out, struct fault *f);

enum status __wrap_charter_chain_renew(struct charter_chain *chain, struct bytes file,
                                       bool *replaced_out, struct fault *f)
{
    enum status st = __real_charter_chain_renew(chain, file, replaced_out, f);
    if (st == ST_EXISTS && is("charter") && chain->count > SOON)
        charter_chain_drop(chain);
    return st;
}

/* ---- sums: one in eight amounts is posted with one more (uncovered debits: tests/funds) ---- */

enum status __real_account_postings(const struct schema_type *type, struct bytes content,
                                    struct bytes writer,
                                    struct account_posting out[SCHEMA_POSTINGS_MAX],
                                    uint32_t *count_out, struct fault *f);
enum status __wrap_account_postings(const struct schema_type *type, struct bytes content,
                                    struct bytes writer,
                                    struct account_posting out[SCHEMA_POSTINGS_MAX],
                                    uint32_t *count_out, struct fault *f);

enum status __wrap_account_postings(const struct schema_type *type, struct bytes content,
                                    struct bytes writer,
                                    struct account_posting out[SCHEMA_POSTINGS_MAX],
                                    uint32_t *count_out, struct fault *f)
{
    enum status st = __real_account_postings(type, content, writer, out, count_out, f);
    for (uint32_t i = 0; st == ST_OK && is("sums") && i < *count_out; i++)
        out[i].amount += out[i].amount % 8 == 0;
    return st;
}

/* ---- forged: no signature is looked at; memory: what a connection held is never given back ----
 */

enum status __real_commit_verify(const struct item *item, const struct key *key,
                                 struct bytes subject);
enum status __wrap_commit_verify(const struct item *item, const struct key *key,
                                 struct bytes subject);
void __real_channel_free(struct channel *c);
void __wrap_channel_free(struct channel *c);

enum status __wrap_commit_verify(const struct item *item, const struct key *key,
                                 struct bytes subject)
{
    return is("forged") ? ST_OK : __real_commit_verify(item, key, subject);
}

void __wrap_channel_free(struct channel *c)
{
    if (!is("memory"))
        __real_channel_free(c);
}

/* ---- entitled: every role may hold everything; erased: nothing goes out of the vault ---- */

bool __real_keyring_entitled(enum charter_role role, enum schema_class class);
bool __wrap_keyring_entitled(enum charter_role role, enum schema_class class);

bool __wrap_keyring_entitled(enum charter_role role, enum schema_class class)
{
    return is("entitled") || __real_keyring_entitled(role, class);
}

enum status __real_expunge_run(struct replica *r, const struct erasure *e, struct fault *f);
enum status __wrap_expunge_run(struct replica *r, const struct erasure *e, struct fault *f);

enum status __wrap_expunge_run(struct replica *r, const struct erasure *e, struct fault *f)
{
    return is("erased") ? ST_OK : __real_expunge_run(r, e, f);
}
