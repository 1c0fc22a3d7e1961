#include "replicas/branch.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "replicas/council.h"

enum { HASH_TEXT_MIN = 8, HASH_NAME_BYTES = 8, NAME_TEXT = 64 };

static const char folder[] = "evidence";
static const char prefix[] = "charter-";

static bool same_hash(const struct digest *a, const struct digest *b)
{
    return memcmp(a->id, b->id, DIGEST_BYTES) == 0;
}

static struct charter *find_other(const struct council *c, const struct digest *hash)
{
    for (uint32_t i = 0; i < c->other_count; i++)
        if (same_hash(&c->others[i]->hash, hash))
            return c->others[i];
    return NULL;
}

/* Takes 'next' over; the oldest makes way. */
static void hold(struct council *c, struct charter *next)
{
    if (c->other_count == BRANCH_HELD_MAX) {
        charter_file_free(c->others[0]);
        c->other_count--;
        memmove(&c->others[0], &c->others[1], c->other_count * sizeof c->others[0]);
    }
    c->others[c->other_count++] = next;
}

static void name_of(const struct charter *c, char out[static NAME_TEXT])
{
    char hash[2 * HASH_NAME_BYTES + 1];
    hex_encode(c->hash.id, HASH_NAME_BYTES, hash);
    int used = snprintf(out, NAME_TEXT, "%s%04u-%s.json", prefix, c->version, hash);
    CHECK(used > 0 && used < NAME_TEXT);
}

static enum status keep_file(struct replica *r, const struct charter *c, struct fault *f)
{
    char name[NAME_TEXT];
    name_of(c, name);
    enum status status = r->disk->make_folder(r->disk->context, folder, f);
    return status == ST_OK ? disk_put(r->disk, folder, name, buf_bytes(&c->file), f) : status;
}

/* Whether commits here may name it: without it they could not be read again. */
static bool is_left(struct replica *r, const struct charter *c)
{
    for (uint32_t i = graph_count(r->graph); i-- > 0;) {
        const struct graph_node *n = graph_node(r->graph, i);
        if (n->left && n->charter_version == c->version)
            return true;
    }
    return false;
}

/* The lowest version that peers showed, and how many they did. */
static uint32_t lowest_shown(struct replica *r, uint32_t *shown_out)
{
    const struct council *c = r->council;
    uint32_t low = c->other_count;
    *shown_out = 0;
    for (uint32_t i = 0; i < c->other_count; i++) {
        if (is_left(r, c->others[i]))
            continue;
        ++*shown_out;
        if (low == c->other_count || c->others[i]->version < c->others[low]->version)
            low = i;
    }
    return low;
}

/* Room for what a peer shows, or not: the founder alone can sign successors of the first version
 * for ever, and each would be a file. Of a full list the lowest version makes way for a higher one,
 * with its file; a lower one, or one more of the lowest, is not kept. */
static enum status make_room(struct replica *r, const struct charter *next, bool *fits_out,
                             struct fault *f)
{
    struct council *c = r->council;
    char name[NAME_TEXT], path[2 * NAME_TEXT];
    *fits_out = true;
    if (c->other_count < BRANCH_MAX)
        return ST_OK;
    uint32_t shown, low = lowest_shown(r, &shown);
    if (shown < BRANCH_MAX && c->other_count < BRANCH_HELD_MAX)
        return ST_OK;
    *fits_out = low < c->other_count && c->others[low]->version < next->version;
    if (!*fits_out)
        return ST_OK;
    name_of(c->others[low], name);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    enum status status = r->disk->remove(r->disk->context, path, f);
    if (status != ST_OK && status != ST_NOT_FOUND)
        return status;
    charter_file_free(c->others[low]);
    c->other_count--;
    memmove(&c->others[low], &c->others[low + 1], (c->other_count - low) * sizeof next);
    return ST_OK;
}

/* ---- What was seen before ---- */

struct loading {
    struct replica *replica;
    struct fault *fault;
};

static enum status load_one(void *user, const char *name)
{
    struct loading *l = user;
    struct council *c = l->replica->council;
    struct charter *found = NULL;
    struct buf file = {.count = 0};
    char path[2 * NAME_TEXT];
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || strlen(name) >= NAME_TEXT ||
        strstr(name, ".tmp") != NULL || c->other_count == BRANCH_HELD_MAX)
        return ST_OK;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    enum status status = disk_get(l->replica->disk, path, CHARTER_BYTES_MAX, &file, l->fault);
    if (status == ST_OK) {
        status = charter_parse(buf_bytes(&file), &found, NULL);
        if (status != ST_OK && status != ST_NO_MEMORY)
            status = ST_OK; /* damaged evidence proves nothing */
    }
    if (found != NULL) {
        const struct charter *ours = charter_at(&l->replica->chain, found->version);
        if (ours == NULL || !same_hash(&ours->hash, &found->hash)) {
            hold(c, found);
            found = NULL;
        }
    }
    charter_file_free(found);
    buf_release(&file);
    return status;
}

enum status branch_load(struct replica *r, struct fault *f)
{
    struct loading l = {r, f};
    struct fault own = {.code = ST_OK};
    l.fault = &own;
    enum status status = r->disk->list(r->disk->context, folder, load_one, &l, &own);
    if (status == ST_OK || status == ST_NOT_FOUND)
        return ST_OK;
    if (f != NULL)
        *f = own;
    return status;
}

/* ---- What is seen now ---- */

enum status branch_see(struct replica *r, struct bytes file, struct fault *f)
{
    struct council *c = r->council;
    struct charter *next = NULL;
    struct fault own = {.code = ST_OK};
    if (c == NULL || r->readonly)
        return ST_OK;
    enum status status = charter_parse(file, &next, &own);
    if (status != ST_OK)
        return status == ST_NO_MEMORY ? status : ST_OK;
    const struct charter *ours = charter_at(&r->chain, next->version);
    const struct charter *before = charter_at(&r->chain, next->version - 1);
    bool other = ours != NULL && before != NULL && !same_hash(&ours->hash, &next->hash) &&
                 find_other(c, &next->hash) == NULL &&
                 charter_chain_check_next(before, next, &own) == ST_OK;
    if (other)
        status = make_room(r, next, &other, f);
    if (other && status == ST_OK)
        status = keep_file(r, ours, f);
    if (other && status == ST_OK)
        status = keep_file(r, next, f);
    if (other && status == ST_OK) {
        hold(c, next);
        next = NULL;
    }
    charter_file_free(next);
    return status;
}

bool branch_at(const struct replica *r, uint32_t index, struct branch_pair *out)
{
    const struct council *c = r->council;
    for (uint32_t i = 0; c != NULL && i < c->other_count; i++) {
        const struct charter *other = c->others[i];
        const struct charter *ours = charter_at(&r->chain, other->version);
        const struct charter *before = charter_at(&r->chain, other->version - 1);
        if (ours == NULL || before == NULL || !same_hash(&before->hash, &other->previous))
            continue; /* further on, in a branch that was left */
        if (index-- > 0)
            continue;
        *out = (struct branch_pair){other->version, ours->hash, other->hash};
        return true;
    }
    return false;
}

const struct charter *branch_charter(const struct replica *r, uint32_t version,
                                     const struct digest *hash)
{
    const struct charter *ours = charter_at(&r->chain, version);
    if (ours != NULL && same_hash(&ours->hash, hash))
        return ours;
    return r->council != NULL ? find_other(r->council, hash) : NULL;
}

/* ---- The choice ---- */

static enum status find_named(const struct replica *r, struct bytes hash, uint32_t *out,
                              struct fault *f)
{
    const struct council *c = r->council;
    struct branch_pair pair;
    for (uint32_t i = 0; hash.count >= HASH_TEXT_MIN && branch_at(r, i, &pair); i++) {
        char text[2 * DIGEST_BYTES + 1];
        hex_encode(pair.other.id, DIGEST_BYTES, text);
        if (hash.count > 2 * DIGEST_BYTES || memcmp(text, hash.data, hash.count) != 0)
            continue;
        for (*out = 0; *out < c->other_count; ++*out)
            if (same_hash(&c->others[*out]->hash, &pair.other))
                return ST_OK;
    }
    fault_set(f, ST_NOT_FOUND, "no other successor of a charter version has that hash");
    fault_fix(f, "minga doctor names those that are known; at least %d digits", HASH_TEXT_MIN);
    return ST_NOT_FOUND;
}

/* Whatever names a version from 'version' on was written under those that go. */
static void leave_commits(struct replica *r, uint32_t version)
{
    uint32_t count = graph_count(r->graph);
    for (uint32_t i = 0; i < count; i++)
        if (graph_node(r->graph, i)->charter_version >= version)
            graph_leave(r->graph, i);
}

/* Our versions from 'version' on become evidence; the files go from the newest down, so that a
 * crash leaves a chain. The file of 'version' itself is replaced in one step. */
static enum status leave_versions(struct replica *r, uint32_t version, struct fault *f)
{
    enum status status = ST_OK;
    for (uint32_t v = version; v <= r->chain.count && status == ST_OK; v++)
        status = keep_file(r, charter_at(&r->chain, v), f);
    for (uint32_t v = r->chain.count; v > version && status == ST_OK; v--) {
        char path[NAME_TEXT];
        snprintf(path, sizeof path, "charters/%04u.json", v);
        status = r->disk->remove(r->disk->context, path, f);
    }
    if (status == ST_OK)
        status = r->disk->sync_folder(r->disk->context, "charters", f);
    while (status == ST_OK && r->chain.count >= version)
        hold(r->council, r->chain.versions[--r->chain.count]);
    return status;
}

uint32_t branch_choices(const struct replica *r)
{
    return r->council != NULL ? r->council->choices : 0;
}

enum status branch_choose(struct replica *r, struct bytes hash, struct fault *f)
{
    struct council *c = r->council;
    uint32_t at = 0;
    struct buf file = {.count = 0};
    CHECK(c != NULL && !r->readonly);
    enum status status = find_named(r, hash, &at, f);
    if (status != ST_OK)
        return status;
    uint32_t version = c->others[at]->version;
    buf_add_bytes(&file, buf_bytes(&c->others[at]->file));
    status = buf_status(&file);
    if (status == ST_OK) /* frames from before are not judged again when it opens */
        status = replica_checkpoint(r, f);
    if (status == ST_OK) /* it may have been here before, and what it said there is forgotten */
        status = council_file_mark(r, c, f);
    if (status == ST_OK) {
        struct charter *chosen = c->others[at];
        c->other_count--;
        memmove(&c->others[at], &c->others[at + 1], (c->other_count - at) * sizeof chosen);
        charter_file_free(chosen);
        status = leave_versions(r, version, f);
        if (status == ST_OK)
            status = engine_keep_charter(r, buf_bytes(&file), f);
        if (status == ST_OK) {
            leave_commits(r, version);
            status = advance_recount(r, f);
        }
        r->changed = true; /* the refs follow */
        if (status == ST_OK)
            status = replica_checkpoint(r, f);
        if (status == ST_OK)
            status = council_tend(r, f);
        c->choices++;
        r->failed = r->failed || status != ST_OK; /* half way: only a fresh start is sure */
    }
    buf_release(&file);
    return status;
}
