#include "replicas/replica.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/adoption.h"
#include "replicas/book.h"
#include "replicas/book_keep.h"
#include "replicas/council.h"
#include "replicas/custody.h"
#include "replicas/engine.h"
#include "replicas/follow.h"
#include "replicas/index.h"
#include "replicas/purge.h"
#include "replicas/quota.h"
#include "replicas/recall.h"
#include "replicas/schema_system.h"
#include "replicas/snapshot.h"
#include "replicas/upload.h"
#include "replicas/wrote.h"

static int64_t system_seconds(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

static enum status put_charter(struct disk *disk, uint32_t version, struct bytes file,
                               struct fault *f)
{
    char name[32];
    snprintf(name, sizeof name, "%04u.json", version);
    return disk_put(disk, "charters", name, file, f);
}

/* Whether the newest version says another thing of us than the one before. */
static bool role_changed(const struct replica *r)
{
    const struct charter *fresh = charter_newest(&r->chain);
    const struct charter *old = charter_at(&r->chain, fresh->version - 1);
    struct bytes label = bytes_of_text(r->label);
    const struct charter_member *now = charter_by_label(fresh, label);
    const struct charter_member *then = old != NULL ? charter_by_label(old, label) : NULL;
    return now != NULL && then != NULL ? now->role != then->role : now != then;
}

/* What our role may read, before the version that says so is durable: after a crash between the two
 * it comes again. */
static enum status follow_role(struct replica *r, struct fault *f)
{
    enum status st = custody_recount(r, f);
    return st == ST_OK ? vault_commit(r->vault, f) : st;
}

enum status engine_keep_charter(struct replica *r, struct bytes file, struct fault *f)
{
    uint32_t before = r->chain.count;
    bool replaced;
    enum status st = charter_chain_renew(&r->chain, file, &replaced, f);
    if (st == ST_WRONG_CHARTER) {
        enum status seen = branch_see(r, file, f);
        st = seen == ST_OK || seen == ST_DISK_FULL ? st : seen;
    }
    if (st != ST_OK)
        return st;
    if (replaced) /* other signatures of one body: the version is the same */
        return r->disk != NULL && !r->readonly
                   ? put_charter(r->disk, charter_version_of(file), file, f)
                   : ST_OK;
    const struct charter *fresh = charter_newest(&r->chain);
    bool other_role = r->vault != NULL && role_changed(r);
    if (other_role)
        st = follow_role(r, f);
    if (st == ST_OK && r->disk != NULL && !r->readonly)
        st = put_charter(r->disk, fresh->version, buf_bytes(&fresh->file), f);
    if (st != ST_OK) { /* not durable, so not in force */
        charter_chain_drop(&r->chain);
        r->failed = r->failed || (other_role && custody_recount(r, NULL) != ST_OK);
        return st;
    }
    if (before > 0 && fresh->retired_count > r->chain.versions[before - 1]->retired_count)
        st = advance_recount(r, f);
    r->failed = r->failed || st != ST_OK; /* in force, but not counted by: go no further */
    return st;
}

/* Home of a network of which nothing is there but a verified chain of charters. */
static enum status settle(const char *home, const char *label, const struct digest *network,
                          const struct charter_chain *chain, struct fault *f)
{
    struct disk disk = {0};
    enum status st = disk_files(home, &disk, f);
    if (st == ST_OK)
        st = disk.make_folder(disk.context, "charters", f);
    for (uint32_t i = 0; st == ST_OK && i < chain->count; i++)
        st = put_charter(&disk, i + 1, buf_bytes(&chain->versions[i]->file), f);
    disk_release(&disk);
    return st == ST_OK ? home_settle(home, label, network, f) : st;
}

/* The founder's first commit: it carries the first charter, so that a clone can check itself. */
static enum status write_genesis(const char *home, const struct home_identity *identity,
                                 struct bytes author, struct fault *f)
{
    struct replica_options options = {.home = home, .identity = identity};
    struct replica *r = NULL;
    struct op_list none = {0};
    struct replica_commit commit;
    enum status st = replica_open(&options, &r, f);
    if (st != ST_OK)
        return st;
    st = replica_write(r, &none, author, &commit, f);
    if (st == ST_OK)
        st = replica_sync(r, f);
    if (st != ST_OK) {
        replica_drop(r);
        return st;
    }
    return replica_close(r, f);
}

/* A founder's label and address; what is wrong with them is said before anything is made. */
static enum status name_founder(const char *label, const char *address,
                                struct charter_member *founder, struct fault *f)
{
    if (!label_is_valid(bytes_of_text(label)))
        return fault_set(f, ST_BAD_VALUE,
                         "\"%s\" is no label: use 2 to %d of a-z, 0-9 and -, "
                         "beginning with a letter",
                         label, LABEL_BYTES_MAX);
    if (strlen(address) > ADDRESS_BYTES_MAX)
        return fault_set(f, ST_BAD_VALUE, "the address is longer than %d bytes", ADDRESS_BYTES_MAX);
    memcpy(founder->label, label, strlen(label) + 1);
    memcpy(founder->address, address, strlen(address) + 1);
    return ST_OK;
}

enum status replica_found_as(const struct home_identity *identity, const char *home,
                             const char *network_name, const char *label, const char *address,
                             struct bytes schema_json, struct digest *network_out, struct fault *f)
{
    struct charter_member founder = {.role = CHARTER_OFFICE, .admin = true, .treasurer = true};
    struct charter_chain chain = {0};
    struct buf schema = {0}, file = {0}, author = {0};
    enum status st = name_founder(label, address, &founder, f);
    if (st == ST_OK)
        st = schema_system_merge(schema_json, &schema, f);
    if (st != ST_OK)
        goto out;
    founder.key = identity->key;
    st = charter_found(network_name, &founder, buf_bytes(&schema), identity->secret, &file, f);
    if (st == ST_OK)
        st = charter_chain_add(&chain, buf_bytes(&file), NULL, f);
    if (st == ST_OK)
        st = settle(home, label, &chain.network, &chain, f);
    if (st == ST_OK) {
        *network_out = chain.network;
        buf_add_format(&author, "%s <%s@minga>", label, label);
        st = buf_status(&author);
    }
    if (st == ST_OK)
        st = write_genesis(home, identity, buf_bytes(&author), f);
out:
    charter_chain_release(&chain);
    buf_release(&schema);
    buf_release(&file);
    buf_release(&author);
    return st;
}

enum status replica_found(const char *home, const char *network_name, const char *label,
                          const char *address, struct bytes schema_json, struct digest *network_out,
                          struct fault *f)
{
    struct home_identity identity = {0};
    struct charter_member founder = {.role = CHARTER_OFFICE};
    enum status st = name_founder(label, address, &founder, f);
    if (st == ST_OK)
        st = home_make(home, &identity, f);
    if (st == ST_OK)
        st = replica_found_as(&identity, home, network_name, label, address, schema_json,
                              network_out, f);
    sodium_memzero(&identity, sizeof identity);
    return st;
}

enum status replica_enter(const char *home, const char *label, const struct digest *network,
                          const struct bytes *files, uint32_t file_count, struct fault *f)
{
    struct key own;
    bool wrapped;
    struct charter_chain chain = {0};
    enum status st = home_public(home, "identity", &own, &wrapped, f);
    for (uint32_t i = 0; st == ST_OK && i < file_count; i++)
        st = charter_chain_add(&chain, files[i], network, f);
    if (st == ST_OK) {
        const struct charter_member *self =
            chain.count > 0 ? charter_by_key(charter_newest(&chain), &own) : NULL;
        if (self == NULL || strcmp(self->label, label) != 0)
            st = fault_set(f, ST_NOT_MEMBER, "the charter received does not name us as %s", label);
    }
    if (st == ST_OK)
        st = settle(home, label, network, &chain, f);
    charter_chain_release(&chain);
    return st;
}

/* Where nobody unlocked the key: itself, or if it is under a passphrase its public half. */
static enum status read_identity(struct replica *r, const struct home_identity *unlocked,
                                 struct fault *f)
{
    if (unlocked != NULL) {
        r->identity = *unlocked;
        return ST_OK;
    }
    enum status st = home_public(r->home, "identity", &r->identity.key, &r->locked, f);
    return st == ST_OK && !r->locked ? home_identity(r->home, &r->identity, f) : st;
}

static enum status open_home(struct replica *r, const struct replica_options *o, struct fault *f)
{
    const char *home = o->home;
    char path[HOME_PATH_MAX];
    struct backing backing = {0};
    r->home = mem_text(home, strlen(home));
    if (r->home == NULL)
        return ST_NO_MEMORY;
    enum status st = home_office(home, r->label, &r->network, f);
    if (st == ST_OK)
        st = read_identity(r, o->identity, f);
    if (st == ST_OK && !r->readonly)
        st = home_lock(home, &r->lock_fd, f);
    if (st == ST_OK && !r->readonly)
        st = home_publish(home, r->label, f);
    if (st == ST_OK && !r->readonly)
        st = snapshot_clear(home, f);
    if (st == ST_OK)
        st = disk_files(home, &r->own_disk, f);
    if (st == ST_OK) {
        disk_readonly(&r->own_disk, &r->seen_disk);
        r->disk = r->readonly ? &r->seen_disk : &r->own_disk;
        st = home_path(home, "repo.git", path, f);
    }
    if (st == ST_OK)
        st = backing_git_open(path, !r->readonly, r->readonly, &backing, f);
    if (st == ST_OK)
        st = store_open(&backing, ENGINE_CACHE_BYTES, &r->store);
    return st;
}

static enum status open_given(struct replica *r, const struct replica_options *o)
{
    CHECK(o->identity != NULL && o->label != NULL && o->network != NULL && o->backing != NULL);
    r->disk = (struct disk *)(uintptr_t)o->disk;
    r->identity = *o->identity;
    r->network = *o->network;
    memcpy(r->label, o->label, strlen(o->label) + 1);
    return store_open(o->backing, ENGINE_CACHE_BYTES, &r->store);
}

/* The vault, the keyring, and what they need. *fresh_out: nothing was ever kept there. */
static enum status open_vault(struct replica *r, const struct replica_options *o, bool *fresh_out,
                              struct fault *f)
{
    char path[HOME_PATH_MAX];
    *fresh_out = false;
    r->vault = o->vault;
    r->entropy = o->entropy;
    r->entropy_context = o->entropy_context;
    enum status st = keyring_create(&r->network, &r->keyring);
    if (st == ST_OK)
        st = sealed_memo_create(&r->sealed);
    if (st != ST_OK || r->readonly || r->vault != NULL)
        return st;
    if (o->home == NULL)
        return vault_open(NULL, (struct bytes){NULL, 0}, &r->vault, f);
    st = home_path(r->home, "vault.db", path, f);
    if (st != ST_OK)
        return st;
    *fresh_out = access(path, F_OK) != 0;
    return vault_open(path, (struct bytes){NULL, 0}, &r->vault, f);
}

static enum status open_index(struct replica *r, struct fault *f)
{
    char path[HOME_PATH_MAX];
    if (r->home == NULL)
        return index_open(NULL, &r->index, f);
    enum status st = home_path(r->home, "index.db", path, f);
    return st == ST_OK ? index_open(path, &r->index, f) : st;
}

enum status replica_open(const struct replica_options *o, struct replica **out, struct fault *f)
{
    struct replica *r = mem_alloc(sizeof *r);
    if (r == NULL)
        return ST_NO_MEMORY;
    bool fresh_vault = false;
    r->lock_fd = -1;
    r->readonly = o->readonly;
    r->rebuild = o->rebuild;
    r->wall_seconds = o->wall_seconds != NULL ? o->wall_seconds : system_seconds;
    r->wall_context = o->wall_context;
    tree_empty(&r->state);
    enum status st = graph_create(&r->graph);
    if (st == ST_OK)
        st = account_memo_create(&r->memo);
    if (st == ST_OK)
        st = o->home != NULL ? open_home(r, o, f) : open_given(r, o);
    if (st == ST_OK)
        st = open_vault(r, o, &fresh_vault, f);
    if (st == ST_OK && r->disk != NULL)
        st = recover_open(r, f);
    if (st == ST_OK && fresh_vault)
        st = custody_want_state(r, f);
    if (st == ST_OK && fresh_vault) /* no frame names it again, should this process end */
        st = vault_commit(r->vault, f);
    if (st == ST_OK && o->index)
        st = open_index(r, f);
    if (st != ST_OK) {
        replica_drop(r);
        return st;
    }
    *out = r;
    return ST_OK;
}

void replica_drop(struct replica *r)
{
    if (r == NULL)
        return;
    index_close(r->index);
    vault_close(r->vault);
    keyring_free(r->keyring);
    sealed_memo_free(r->sealed);
    upload_free(r->uploads);
    purge_free(r->purge);
    follow_free(r->follow);
    book_free(r->book);
    wrote_free(r->wrote);
    journal_close(r->journal);
    store_close(r->store);
    graph_free(r->graph);
    account_memo_free(r->memo);
    quota_free(r->quota);
    council_free(r->council);
    charter_chain_release(&r->chain);
    disk_release(&r->own_disk);
    if (r->lock_fd >= 0)
        close(r->lock_fd);
    sodium_memzero(&r->identity, sizeof r->identity);
    buf_release(&r->recent);
    mem_free(r->home);
    mem_free(r);
}

enum status replica_close(struct replica *r, struct fault *f)
{
    enum status st = ST_OK;
    book_keep_rest(r);
    if (!r->readonly && !r->failed && r->disk != NULL)
        st = replica_checkpoint(r, f);
    replica_drop(r);
    return st;
}

const char *replica_home(const struct replica *r)
{
    return r->home;
}

const char *replica_label(const struct replica *r)
{
    return r->label;
}

const struct digest *replica_network(const struct replica *r)
{
    return &r->network;
}

const struct home_identity *replica_identity(const struct replica *r)
{
    return &r->identity;
}

const struct charter_chain *replica_charters(const struct replica *r)
{
    return &r->chain;
}

struct graph *replica_graph(struct replica *r)
{
    return r->graph;
}

struct store *replica_store(struct replica *r)
{
    return r->store;
}

struct index *replica_index(struct replica *r)
{
    return r->index;
}

const struct oid *replica_state(const struct replica *r)
{
    return &r->state;
}

struct journal *replica_journal(struct replica *r)
{
    return r->journal;
}

struct vault *replica_vault(struct replica *r)
{
    return r->vault;
}

enum status replica_keyring(struct replica *r, struct keyring **out, struct fault *f)
{
    *out = r->keyring;
    if (oid_equal(&r->keyring_state, &r->state))
        return ST_OK;
    enum status st = keyring_update(r->keyring, r->store, &r->state, &r->identity, f);
    if (st == ST_OK)
        st = recall_keys(r, r->keyring, f);
    if (st == ST_OK)
        r->keyring_state = r->state;
    return st;
}

void replica_record_path(struct bytes type, struct bytes id_hex, char out[static 320])
{
    replay_record_path(type, id_hex, out);
}

enum status replica_record(struct replica *r, const struct oid *root, struct bytes type,
                           struct bytes id_hex, struct record *out, struct fault *f)
{
    char path[TREE_PATH_MAX];
    struct oid blob;
    struct bytes text;
    *out = (struct record){0};
    replay_record_path(type, id_hex, path);
    enum status st = tree_find(r->store, root != NULL ? root : &r->state, path, &blob, f);
    if (st == ST_OK)
        st = store_read(r->store, &blob, STORE_BLOB, &text, f);
    if (st != ST_OK)
        return st;
    st = record_parse(text, out);
    if (st != ST_OK && st != ST_NO_MEMORY)
        st = fault_set(f, ST_CORRUPT, "%s is no canonical record", path);
    return st;
}

enum status replica_record_before(struct replica *r, uint32_t node, struct bytes type,
                                  struct bytes id_hex, struct record *out, struct fault *f)
{
    const struct graph_node *n = graph_node(r->graph, node);
    struct record joined = {0};
    bool found = false;
    for (uint32_t i = 0; i < n->parent_count; i++) {
        const struct graph_node *p = graph_node(r->graph, graph_parent(r->graph, n, i));
        struct record next = {0}, both = {0};
        enum status st = replica_record(r, &p->tree, type, id_hex, &next, f);
        if (st == ST_NOT_FOUND)
            continue;
        if (st == ST_OK && found)
            st = record_join(&joined, &next, &both);
        if (st != ST_OK) {
            record_release(&next);
            record_release(&joined);
            return st;
        }
        if (found) {
            record_release(&next);
            record_release(&joined);
            joined = both;
        } else {
            joined = next;
        }
        found = true;
    }
    *out = joined;
    return found ? ST_OK : ST_NOT_FOUND;
}

enum status replica_item(struct replica *r, uint32_t node, struct buf *bytes, struct item *out,
                         struct fault *f)
{
    buf_reset(bytes);
    uint32_t at = node - r->recent_first;
    enum status st = ST_OK;
    if (node >= r->recent_first && at < r->recent_count) {
        size_t end = at + 1 < r->recent_count ? r->recent_at[at + 1] : r->recent.count;
        buf_add(bytes, r->recent.data + r->recent_at[at], end - r->recent_at[at]);
        st = buf_status(bytes);
    } else {
        st = journal_read(r->journal, node, bytes, f);
    }
    if (st != ST_OK)
        return st;
    if (bytes->count <= OID_BYTES)
        return fault_set(f, ST_CORRUPT, "journal frame %u is too short", node);
    st = item_decode((struct bytes){bytes->data + OID_BYTES, bytes->count - OID_BYTES}, out);
    return st == ST_OK ? st : fault_set(f, ST_CORRUPT, "journal frame %u holds no item", node);
}

/* Room for one more frame at hand; what is older goes all at once. */
static enum status reserve_recent(struct replica *r, size_t bytes)
{
    if (r->recent_count == ENGINE_RECENT_FRAMES || r->recent.count + bytes > ENGINE_RECENT_BYTES) {
        buf_reset(&r->recent);
        r->recent_count = 0;
    }
    if (buf_reserve(&r->recent, bytes) != NULL)
        return ST_OK;
    buf_reset(&r->recent);
    r->recent_count = 0;
    return ST_NO_MEMORY;
}

/* Append what was judged and take it in. Once it is in the journal, a failure is fatal. */
static enum status take(struct replica *r, const struct judged *j, uint32_t *node_out,
                        struct fault *f)
{
    uint64_t ordinal;
    if (r->failed)
        return fault_set(f, ST_IO, "an earlier write failed; the daemon must be started again");
    enum status st = reserve_recent(r, j->frame.count);
    if (st == ST_OK)
        st = journal_append(r->journal, buf_bytes(&j->frame), &ordinal, f);
    if (st != ST_OK)
        return st;
    if (r->recent_count == 0)
        r->recent_first = (uint32_t)ordinal;
    r->recent_at[r->recent_count++] = r->recent.count;
    buf_add_bytes(&r->recent, buf_bytes(&j->frame));
    r->changed = true;
    st = advance_commit(r, j, node_out, f);
    if (st == ST_OK)
        st = custody_note(r, &j->ops, f);
    r->failed = st != ST_OK;
    CHECK(r->failed || *node_out == ordinal);
    return st;
}

enum status engine_write_on(struct replica *r, struct op_list *ops, const uint32_t *parents,
                            uint32_t count, struct bytes author, uint32_t *node_out,
                            struct fault *f)
{
    struct judged j;
    size_t mark = store_mark(r->store);
    enum status st = write_commit(r, ops, parents, count, author, &j, f);
    if (st == ST_OK)
        st = take(r, &j, node_out, f);
    if (st != ST_OK && !r->failed)
        store_discard_since(r->store, mark);
    judged_release(&j);
    return st;
}

enum status engine_write_on_heads(struct replica *r, struct op_list *ops, struct bytes author,
                                  uint32_t *node_out, struct fault *f)
{
    for (;;) {
        uint32_t parents[PARENTS_MAX], count;
        const uint32_t *heads = graph_heads(r->graph, &count);
        bool all = count <= PARENTS_MAX;
        struct op_list none = {0};
        count = all ? count : PARENTS_MAX;
        if (count > 0)
            memcpy(parents, heads, count * sizeof parents[0]);
        enum status st = engine_write_on(r, all ? ops : &none, parents, count, author, node_out, f);
        if (st != ST_OK || all)
            return st;
    }
}

enum status replica_write(struct replica *r, struct op_list *ops, struct bytes author,
                          struct replica_commit *out, struct fault *f)
{
    uint32_t node = 0;
    bool adopted;
    if (r->readonly || r->journal == NULL)
        return fault_set(f, ST_NOT_ALLOWED, "this replica is open for reading only");
    if (!ident_is_valid(author))
        return fault_set(f, ST_BAD_VALUE, "the author must read \"Name <mail>\"");
    enum status st = adoption_own(r, author, &adopted, f);
    if (st == ST_OK)
        st = engine_write_on_heads(r, ops, author, &node, f);
    if (st != ST_OK)
        return st;
    const struct graph_node *n = graph_node(r->graph, node);
    *out = (struct replica_commit){n->id, change_of_digest(&n->digest), node};
    return ST_OK;
}

static void remember_refusal(struct replica *r, const struct oid *id, enum status code,
                             const struct fault *f)
{
    struct replica_refusal *refusal = &r->refusals[r->refusal_next];
    *refusal = (struct replica_refusal){.id = *id, .code = code};
    snprintf(refusal->text, sizeof refusal->text, "%s: %.200s", status_text(code), f->text);
    r->refusal_next = (r->refusal_next + 1) % ENGINE_REFUSALS_MAX;
    if (r->refusal_count < ENGINE_REFUSALS_MAX)
        r->refusal_count++;
}

enum status replica_accept(struct replica *r, struct bytes item, struct replica_verdict *out,
                           struct fault *f)
{
    struct judged j;
    struct fault own = {0};
    struct fault *fault = f != NULL ? f : &own;
    *out = (struct replica_verdict){0};
    enum status st = judge_item(r, item, false, &j, fault);
    out->id = j.node.id;
    out->node = j.node_index;
    out->missing_count = j.missing_count;
    memcpy(out->missing, j.missing, sizeof out->missing);
    if (st == ST_OK) {
        st = take(r, &j, &out->node, fault);
        if (st != ST_OK && !r->failed) {
            SOMETIMES("a judged commit does not get into the journal");
            store_discard_since(r->store, j.mark);
        }
    } else if (status_class(st) == STATUS_PEER) {
        remember_refusal(r, &j.node.id, st, fault);
    }
    judged_release(&j);
    return st;
}

enum status replica_sync(struct replica *r, struct fault *f)
{
    if (r->failed)
        return fault_set(f, ST_IO, "an earlier write failed; the daemon must be started again");
    /* No commit is durable before its items are, so that no writer names what nobody has. Wants
     * alone can wait for the next checkpoint: the frames that name them are replayed until then. */
    bool due = r->vault != NULL && vault_is_due(r->vault);
    enum status st = due ? vault_commit_held(r->vault, f) : ST_OK;
    if (st == ST_OK)
        st = journal_sync(r->journal, f);
    r->failed = st != ST_OK;
    store_tidy(r->store);
    if (st == ST_OK && council_is_behind(r)) { /* a commit brought the next charter */
        SOMETIMES("a commit brings the next charter");
        st = council_tend(r, f);
        st = st == ST_DISK_FULL ? ST_OK : st; /* it is tried again */
    }
    return st;
}

enum status replica_offer_charters(struct replica *r, const struct bytes *files, uint32_t count,
                                   bool *grown_out, struct fault *f)
{
    uint32_t before = r->chain.count;
    enum status st = ST_OK;
    for (uint32_t i = 0; i < count; i++) {
        st = engine_keep_charter(r, files[i], f);
        if (st == ST_EXISTS)
            st = ST_OK;
        if (st != ST_OK)
            break;
    }
    *grown_out = r->chain.count > before;
    if ((*grown_out || council_is_behind(r)) && (st == ST_OK || status_class(st) == STATUS_PEER)) {
        enum status tended = council_tend(r, f);
        st = tended != ST_OK ? tended : st;
    }
    return st;
}

enum status replica_add_member(struct replica *r, const struct charter_member *member,
                               struct fault *f)
{
    struct wish w = {.kind = WISH_ADD, .member = *member};
    enum status st = council_ask(r, &w, f);
    wish_release(&w);
    return st == ST_NOTHING ? fault_set(f, ST_EXISTS, "%s is a member already", member->label) : st;
}

/* Items [from the front of] 'nodes' to 'each', up to bytes_max; at least one. */
static enum status lend_items(struct replica *r, const uint32_t *nodes, uint32_t count,
                              size_t bytes_max, replica_item_fn each, void *user, bool *more_out,
                              struct fault *f)
{
    struct buf frame = {0};
    enum status st = ST_OK;
    size_t total = 0;
    uint32_t i = 0;
    for (; i < count && i < BATCH_ITEMS_MAX; i++) {
        buf_reset(&frame);
        st = journal_read(r->journal, nodes[i], &frame, f);
        if (st != ST_OK)
            break;
        CHECK(frame.count > OID_BYTES);
        struct bytes item = {frame.data + OID_BYTES, frame.count - OID_BYTES};
        if (i > 0 && total + item.count > bytes_max)
            break;
        total += item.count;
        each(user, &graph_node(r->graph, nodes[i])->id, item);
    }
    *more_out = st == ST_OK && i < count;
    buf_release(&frame);
    return st;
}

enum status replica_lacking(struct replica *r, const struct oid *known, uint32_t known_count,
                            size_t bytes_max, replica_item_fn each, void *user, bool *more_out,
                            bool *unknown_out, struct fault *f)
{
    uint32_t *have = mem_array(known_count, sizeof *have), *lacking = NULL;
    uint32_t have_count = 0, lacking_count = 0;
    *more_out = *unknown_out = false;
    if (have == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < known_count; i++) {
        uint32_t node = graph_find(r->graph, &known[i]);
        if (node != GRAPH_NONE)
            have[have_count++] = node;
        else
            *unknown_out = *unknown_out || !quota_dropped(r, &known[i]);
    }
    enum status st = graph_lacking(r->graph, have, have_count, &lacking, &lacking_count);
    uint32_t kept = 0; /* what names a charter that was left is nobody's business any more */
    for (uint32_t i = 0; st == ST_OK && i < lacking_count; i++)
        if (!graph_node(r->graph, lacking[i])->left)
            lacking[kept++] = lacking[i];
    if (st == ST_OK)
        st = lend_items(r, lacking, kept, bytes_max, each, user, more_out, f);
    mem_free(lacking);
    mem_free(have);
    return st;
}

enum status replica_checkpoint(struct replica *r, struct fault *f)
{
    if (r->failed)
        return fault_set(f, ST_IO, "an earlier write failed; the daemon must be started again");
    return checkpoint_run(r, f);
}

enum status replica_refresh_index(struct replica *r, struct fault *f)
{
    if (r->index == NULL)
        return ST_OK;
    return index_update(r->index, r->store, &r->state, charter_newest(&r->chain), f);
}

enum status replica_book(struct replica *r, const struct book **out, struct fault *f)
{
    return book_keep(r, out, f);
}

void replica_rest(struct replica *r)
{
    book_keep_rest(r);
    store_rest(r->store);
}

bool replica_wants_checkpoint(const struct replica *r, bool idle)
{
    if (idle && r->vault_changed)
        return true;
    return r->changed && (idle || store_pending_bytes(r->store) > ENGINE_PENDING_BYTES_MAX);
}

const struct replica_refusal *replica_refusals(const struct replica *r, uint32_t *count_out)
{
    struct replica *own = (struct replica *)(uintptr_t)r; /* scratch for the order asked for */
    for (uint32_t i = 0; i < r->refusal_count; i++)
        own->refusals_sorted[i] =
            r->refusals[(r->refusal_next + ENGINE_REFUSALS_MAX - 1 - i) % ENGINE_REFUSALS_MAX];
    *count_out = r->refusal_count;
    return r->refusals_sorted;
}
