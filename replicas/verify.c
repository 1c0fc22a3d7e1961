#include "replicas/verify.h"
#include "replicas/council.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha1.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/commit.h"
#include "replicas/derive.h"
#include "replicas/engine.h"
#include "replicas/vault_check.h"
#include "replicas/wrote.h"

enum { READ_BYTES = 256 * KIB, TRAILER_BYTES = 20, IDENTITY_BYTES_MAX = 4096 };

/* One verification under way: a replica in memory that journals nothing. */
struct verify {
    struct replica *replica;
    struct verify_report *report;
    struct fault *fault;
    uint64_t packed; /* frames below this ordinal must have their commit in a pack */
    const struct digest *network;
    uint32_t charter_files; /* versions that lie in the home; commits may have brought more */
};

static void finding(struct verify *v, const struct oid *commit, enum status code,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

static void finding(struct verify *v, const struct oid *commit, enum status code,
                    const char *format, ...)
{
    struct verify_report *r = v->report;
    r->ok = false;
    if (r->finding_count == VERIFY_FINDINGS_MAX) {
        r->more_findings++;
        return;
    }
    struct verify_finding *one = &r->findings[r->finding_count++];
    va_list args;
    va_start(args, format);
    vsnprintf(one->text, sizeof one->text, format, args);
    va_end(args);
    one->commit = commit != NULL ? *commit : (struct oid){0};
    one->code = code;
}

static enum status open_scratch(struct verify *v, const char *repo)
{
    struct backing backing = {0};
    struct replica *r = mem_alloc(sizeof *r);
    if (r == NULL)
        return ST_NO_MEMORY;
    v->replica = r;
    r->lock_fd = -1;
    r->readonly = true;
    tree_empty(&r->state);
    enum status st = graph_create(&r->graph);
    if (st == ST_OK)
        st = account_memo_create(&r->memo);
    r->wrote = mem_alloc(sizeof *r->wrote);
    if (st == ST_OK && r->wrote == NULL)
        st = ST_NO_MEMORY;
    if (st == ST_OK)
        st = backing_git_open(repo, false, true, &backing, v->fault);
    if (st == ST_OK)
        st = store_open(&backing, ENGINE_CACHE_BYTES, &r->store);
    return st;
}

/* A commit that is refused: the class of the reason, and what the judge said of it. */
static void refused(struct verify *v, const struct oid *commit, enum status st,
                    const struct fault *f)
{
    const char *class = status_text(st);
    if (f->text[0] == '\0' || strcmp(f->text, class) == 0)
        finding(v, commit, st, "%s", class);
    else
        finding(v, commit, st, "%s: %s", class, f->text);
}

/* Whether it was written under a charter that was left for another: it counts no more, and nobody
 * else has it. */
static bool is_left(const struct verify *v, struct bytes bytes)
{
    struct item item;
    if (v->replica->council == NULL || item_decode(bytes, &item) != ST_OK)
        return false;
    const struct charter *named =
        branch_charter(v->replica, item.charter_version, &item.charter_hash);
    return named != NULL && named != charter_at(&v->replica->chain, item.charter_version);
}

/* Judge one item as a peer's would be, and take it in. Local faults end the run. */
static enum status take_item(struct verify *v, struct bytes item, const struct oid *named)
{
    struct judged j;
    struct fault f = {0};
    uint32_t node;
    enum status st = judge_item(v->replica, item, false, &j, &f);
    if (st == ST_OK && !oid_equal(&j.node.id, named)) {
        st = ST_NOT_CANONICAL;
        fault_set(&f, st, "its bytes are not those that its content stands for");
    }
    if (st == ST_OK)
        st = advance_commit(v->replica, &j, &node, &f);
    if (st == ST_OK) {
        v->report->commits++;
        v->report->signatures++;
    } else if (st == ST_EXISTS) {
        st = ST_OK;
    } else if (st == ST_NO_MEMORY || st == ST_DISK_FULL) {
        fault_set(v->fault, st, "%s", f.text);
    } else {
        refused(v, named, st, &f);
        st = ST_OK;
    }
    judged_release(&j);
    store_tidy(v->replica->store);
    return st;
}

static void finish(struct verify *v)
{
    struct replica *r = v->replica;
    const struct charter *newest = r->chain.count > 0 ? charter_newest(&r->chain) : NULL;
    v->report->state = r->state;
    v->report->network = r->network;
    if (newest != NULL) {
        v->report->charter = newest->version;
        snprintf(v->report->network_name, sizeof v->report->network_name, "%s", newest->network);
    }
}

/* ---- a home ---- */

static void see_damage(void *user, const char *text)
{
    finding(user, NULL, ST_CORRUPT, "%s", text);
}

static enum status take_frame(void *user, uint64_t ordinal, struct bytes payload)
{
    struct verify *v = user;
    struct oid id;
    if (payload.count <= OID_BYTES) {
        finding(v, NULL, ST_CORRUPT, "journal frame %llu is too short",
                (unsigned long long)ordinal);
        return ST_OK;
    }
    memcpy(id.id, payload.data, OID_BYTES);
    if (is_left(v, (struct bytes){payload.data + OID_BYTES, payload.count - OID_BYTES}))
        return recover_node(v->replica, payload, v->fault);
    if (ordinal < v->packed && !store_has(v->replica->store, &id))
        finding(v, &id, ST_CORRUPT, "it is missing from the repository: a pack is gone or damaged");
    return take_item(v, (struct bytes){payload.data + OID_BYTES, payload.count - OID_BYTES}, &id);
}

/* The last 20 bytes of a pack or index are the SHA-1 of all before. */
static void check_trailer(struct verify *v, const char *folder, const char *name)
{
    char path[HOME_PATH_MAX + 300];
    static uint8_t data[READ_BYTES];
    uint8_t tail[TRAILER_BYTES], sum[TRAILER_BYTES];
    struct sha1_ctx sha1;
    sha1_init(&sha1);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1, at = 0;
    bool sound = size > TRAILER_BYTES;
    while (sound && at < size - TRAILER_BYTES) {
        size_t wanted = (size_t)(size - TRAILER_BYTES - at);
        ssize_t got = pread(fd, data, wanted < sizeof data ? wanted : sizeof data, at);
        sound = got > 0;
        if (sound)
            sha1_update(&sha1, (size_t)got, data);
        at += sound ? got : 0;
    }
    sha1_digest(&sha1, sizeof sum, sum);
    sound = sound && pread(fd, tail, sizeof tail, size - TRAILER_BYTES) == TRAILER_BYTES &&
            memcmp(tail, sum, sizeof sum) == 0;
    if (fd >= 0)
        close(fd);
    if (!sound && access(path, F_OK) == 0)
        finding(v, NULL, ST_CORRUPT, "%s is damaged: its checksum does not match", path);
}

static void check_packs(struct verify *v, const char *repo)
{
    char folder[HOME_PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s/objects/pack", HOME_PATH_MAX - 32, repo);
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        const char *dot = strrchr(e->d_name, '.');
        if (dot != NULL && (strcmp(dot, ".pack") == 0 || strcmp(dot, ".idx") == 0))
            check_trailer(v, folder, e->d_name);
    }
    closedir(dir);
}

/* The refs of a repository, beside the labels that must have one. */
struct refs {
    struct verify *verify;
    const struct charter *newest;
    bool wanted[MEMBERS_MAX], seen[MEMBERS_MAX], main;
};

static void see_ref(void *user, const struct store_ref *ref)
{
    struct refs *refs = user;
    struct verify *v = refs->verify;
    static const char heads[] = "refs/heads/";
    uint32_t node = graph_find(v->replica->graph, &ref->target);
    if (node == GRAPH_NONE) {
        finding(v, &ref->target, ST_CORRUPT, "%s names a commit that is not in the history",
                ref->name);
        return;
    }
    if (strncmp(ref->name, heads, sizeof heads - 1) != 0)
        return;
    const char *label = ref->name + sizeof heads - 1;
    const struct graph_node *n = graph_node(v->replica->graph, node);
    for (uint32_t i = 0; refs->newest != NULL && i < refs->newest->member_count; i++)
        refs->seen[i] = refs->seen[i] || strcmp(refs->newest->members[i].label, label) == 0;
    refs->main = refs->main || strcmp(label, "main") == 0;
    const char *writer = graph_key(v->replica->graph, n->key)->label;
    if (strcmp(label, "main") != 0 && strcmp(label, writer) != 0)
        finding(v, &ref->target, ST_CORRUPT, "%s names a commit of %s", ref->name, writer);
}

/* Who wrote what the last checkpoint packed. */
static void want_refs(struct refs *refs)
{
    const struct graph *g = refs->verify->replica->graph;
    for (uint32_t i = 0; i < graph_count(g) && i < refs->verify->packed; i++) {
        const char *label = graph_key(g, graph_node(g, i)->key)->label;
        const struct charter_member *m = charter_by_label(refs->newest, bytes_of_text(label));
        if (m != NULL)
            refs->wanted[m - refs->newest->members] = true;
    }
}

/* Every ref leads into the history; every label's, and main, are there once a checkpoint was made.
 */
static void check_refs(struct verify *v)
{
    struct fault f = {0};
    struct refs refs = {.verify = v};
    bool whole = v->report->ok; /* else frames left out would be blamed on refs */
    refs.newest = v->replica->chain.count > 0 ? charter_newest(&v->replica->chain) : NULL;
    enum status st = store_refs(v->replica->store, see_ref, &refs, &f);
    if (st != ST_OK) {
        finding(v, NULL, st, "%s", f.text);
        return;
    }
    if (!whole || refs.newest == NULL || v->packed == 0)
        return;
    want_refs(&refs);
    for (uint32_t i = 0; i < refs.newest->member_count; i++)
        if (refs.wanted[i] && !refs.seen[i])
            finding(v, NULL, ST_CORRUPT, "refs/heads/%s is missing", refs.newest->members[i].label);
    if (!refs.main)
        finding(v, NULL, ST_CORRUPT, "refs/heads/main is missing");
}

static void check_charters(struct verify *v)
{
    const struct charter_chain *chain = &v->replica->chain;
    for (uint32_t i = v->charter_files; v->report->ok && i < chain->count; i++)
        finding(v, NULL, ST_CORRUPT, "charters/%04u.json is missing: commits name that version",
                i + 1);
}

/* The files office, identity.pub and identity speak of one member. */
static void check_identity(struct verify *v, const char *home, const char *label)
{
    const struct charter_chain *chain = &v->replica->chain;
    struct key own = {{0}};
    bool wrapped;
    struct disk disk = {0};
    struct buf file = {0}, line = {0};
    struct fault f = {0};
    bool known = false;
    enum status st = disk_files(home, &disk, &f);
    if (st == ST_OK)
        st = disk_get(&disk, "identity.pub", IDENTITY_BYTES_MAX, &file, &f);
    for (uint32_t i = chain->count; st == ST_OK && !known && i-- > 0;) {
        const struct charter_member *m = charter_by_label(chain->versions[i], bytes_of_text(label));
        buf_reset(&line);
        if (m != NULL)
            commit_key_line(bytes_of_text(label), &m->key, &line);
        known = m != NULL && bytes_equal(buf_bytes(&line), buf_bytes(&file));
    }
    if (st != ST_OK)
        finding(v, NULL, st, "identity.pub: %s", f.text);
    else if (!known && chain->count > 0)
        finding(v, NULL, ST_CORRUPT,
                "the files office (\"%s\") and identity.pub do not name one "
                "member as a charter does",
                label);
    /* The secret one may be kept from whoever verifies. */
    st = home_public(home, "identity", &own, &wrapped, &f);
    buf_reset(&line);
    commit_key_line(bytes_of_text(label), &own, &line);
    if (st == ST_CORRUPT)
        finding(v, NULL, st, "%s", f.text);
    else if (st == ST_OK && !bytes_equal(buf_bytes(&line), buf_bytes(&file)))
        finding(v, NULL, ST_CORRUPT, "the file identity holds another key than identity.pub");
    disk_release(&disk);
    buf_release(&file);
    buf_release(&line);
}

static enum status verify_journal(struct verify *v, const char *home)
{
    struct replica *r = v->replica;
    struct disk files = {0}, disk;
    struct journal *journal = NULL;
    struct journal_stats stats;
    enum status st = disk_files(home, &files, v->fault);
    if (st != ST_OK)
        return st;
    disk_readonly(&files, &disk);
    r->disk = &disk;
    struct fault f = {0};
    st = recover_charters(r, &f);
    if (st == ST_OK)
        st = council_open(r, &f);
    r->disk = NULL;
    if (st != ST_OK && st != ST_NO_MEMORY) {
        finding(v, NULL, st, "%s%s", f.text,
                st == ST_WRONG_NETWORK ? "; or the network in the file office is wrong" : "");
        st = ST_OK;
    }
    v->charter_files = r->chain.count;
    enum status damage = journal_damage(&disk, &r->network, see_damage, v, &f);
    if (damage != ST_OK && v->report->ok)
        finding(v, NULL, damage, "%s", f.text);
    if (st == ST_OK && journal_open(&disk, &r->network, false, &journal, &f) == ST_OK) {
        journal_stats(journal, &stats);
        v->packed = stats.open_first;
        st = journal_each(journal, 0, take_frame, v, &f);
        if (st != ST_OK && status_class(st) != STATUS_LOCAL)
            st = ST_OK;
        if (st == ST_CORRUPT || st == ST_IO)
            st = ST_OK; /* told by journal_damage() */
    }
    journal_close(journal);
    disk_release(&files);
    return st;
}

static void see_item(void *user, const struct vault_facts *facts)
{
    char name[2 * DIGEST_BYTES + 1];
    hex_encode(facts->name.id, DIGEST_BYTES, name);
    finding(user, NULL, ST_CORRUPT,
            "the vault: item %s of %.32s %.8s is not what its name says: minga repair vault", name,
            facts->type, facts->record);
}

/* Whether a process has the home open; nothing is kept locked. */
static bool is_open(const char *home)
{
    char path[HOME_PATH_MAX];
    if (home_path(home, "lock", path, NULL) != ST_OK)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool busy = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return busy;
}

/* What is held beside the history: not while a daemon writes there. */
static enum status check_vault(struct verify *v, const char *home)
{
    char path[HOME_PATH_MAX];
    struct fault f = {0};
    uint64_t checked;
    struct verify_report before = *v->report;
    enum status st = home_path(home, "vault.db", path, v->fault);
    if (st != ST_OK)
        return st;
    bool busy = is_open(home);
    st = busy ? ST_OK : vault_check(path, see_item, v, &checked, &f);
    if (st == ST_CORRUPT)
        finding(v, NULL, st, "%s: %s", f.text, f.fix);
    if (busy || is_open(home)) {
        *v->report = before;
        snprintf(v->report->unchecked, sizeof v->report->unchecked,
                 "sealed items, while the daemon runs");
    }
    return st == ST_NO_MEMORY ? st : ST_OK;
}

/* The end of a run: the replica goes to who asked for it, or away. */
static void hand_over(struct verify *v, enum status st, struct replica **out)
{
    if (st == ST_OK && out != NULL)
        *out = v->replica;
    else
        replica_drop(v->replica);
}

enum status verify_home(const char *home, struct verify_report *out, struct fault *f)
{
    return verify_home_into(home, out, NULL, f);
}

enum status verify_home_into(const char *home, struct verify_report *out,
                             struct replica **replica_out, struct fault *f)
{
    struct verify v = {.report = out, .fault = f};
    char repo[HOME_PATH_MAX], label[LABEL_BYTES_MAX + 1];
    struct digest network;
    *out = (struct verify_report){.ok = true};
    if (replica_out != NULL)
        *replica_out = NULL;
    enum status st = home_office(home, label, &network, f);
    if (st == ST_OK)
        st = home_path(home, "repo.git", repo, f);
    if (st != ST_OK)
        return st;
    check_packs(&v, repo);
    struct fault own = {0};
    v.fault = &own;
    st = open_scratch(&v, repo);
    v.fault = f;
    if (st == ST_CORRUPT || st == ST_IO || st == ST_NOT_FOUND) {
        finding(&v, NULL, st, "the repository cannot be opened: %s", own.text);
        snprintf(out->unchecked, sizeof out->unchecked,
                 "commits were not replayed: the repository must be repaired first");
        replica_drop(v.replica);
        return ST_OK;
    }
    if (st == ST_OK) {
        v.replica->network = network;
        memcpy(v.replica->label, label, sizeof label);
        st = verify_journal(&v, home);
    }
    if (st == ST_OK) {
        check_refs(&v);
        check_charters(&v);
        check_identity(&v, home, label);
        st = check_vault(&v, home);
    }
    if (st == ST_OK)
        finish(&v);
    hand_over(&v, st, replica_out);
    return st;
}

/* ---- a clone ---- */

struct charter_files {
    struct verify *verify;
    const struct oid *commit;
};

/* Versions in a commit's tree that the chain lacks; they prove themselves. */
static enum status see_charter(void *user, const char *path, const struct oid *blob)
{
    struct charter_files *c = user;
    struct replica *r = c->verify->replica;
    struct bytes file;
    struct fault f = {0};
    enum status st = store_read(r->store, blob, STORE_BLOB, &file, &f);
    if (st == ST_OK && charter_version_of(file) <= r->chain.count)
        return ST_OK;
    if (st == ST_OK)
        st = charter_chain_add(&r->chain, file, c->verify->network, &f);
    if (st != ST_OK && st != ST_EXISTS && st != ST_NO_MEMORY)
        finding(c->verify, c->commit, st, "%s: %s", path, f.text);
    r->network = r->chain.network;
    return st == ST_NO_MEMORY ? st : ST_OK;
}

enum status verify_rebuild_item(struct replica *r, const struct oid *id, struct buf *item_out,
                                struct fault *f)
{
    struct bytes data, subject;
    struct item item;
    struct key key;
    struct buf operations = {0};
    struct op_list ops = {0};
    uint32_t parents[PARENTS_MAX];
    struct oid base;
    enum status st = store_read(r->store, id, STORE_COMMIT, &data, f);
    if (st == ST_OK)
        st = commit_parse(data, &item, &key, &subject);
    for (uint32_t i = 0; st == ST_OK && i < item.parent_count; i++) {
        parents[i] = graph_find(r->graph, &item.parents[i]);
        if (parents[i] == GRAPH_NONE)
            st = fault_set(f, ST_WAITING, "one of its parents is missing or was refused");
    }
    if (st == ST_OK)
        st = judge_base(r, parents, item.parent_count, &base, f);
    if (st == ST_OK) {
        struct change change = change_of_digest(&item.digest);
        st = derive_operations(r->store, &base, &item.tree, &change, &ops, f);
    }
    if (st == ST_OK) {
        op_list_resolve(&ops, &r->network);
        st = op_list_encode(&ops, &operations);
    }
    if (st == ST_OK) {
        item.operations = buf_bytes(&operations);
        item_encode(&item, item_out);
        st = buf_status(item_out);
    }
    op_list_release(&ops);
    buf_release(&operations);
    return st;
}

static enum status verify_commit(struct verify *v, const struct oid *id)
{
    struct charter_files c = {v, id};
    struct buf item = {0};
    struct fault f = {0};
    struct bytes data, subject;
    struct item parsed;
    struct key key;
    enum status st = store_read(v->replica->store, id, STORE_COMMIT, &data, &f);
    if (st == ST_OK)
        st = commit_parse(data, &parsed, &key, &subject);
    if (st == ST_OK && parsed.charter_version > v->replica->chain.count)
        st = tree_walk(v->replica->store, &parsed.tree, "charter", see_charter, &c, &f);
    if (st == ST_OK)
        st = verify_rebuild_item(v->replica, id, &item, &f);
    if (st == ST_OK) {
        st = take_item(v, buf_bytes(&item), id);
    } else if (st != ST_NO_MEMORY) {
        refused(v, id, st, &f);
        st = ST_OK;
    }
    buf_release(&item);
    store_tidy(v->replica->store);
    return st;
}

static void see_broken(void *user, const struct oid *id, enum status code, const char *text)
{
    finding(user, id, code, "%s", text);
}

enum status verify_repo(const char *dir, const struct digest *network, struct verify_report *out,
                        struct fault *f)
{
    return verify_repo_into(dir, network, out, NULL, f);
}

enum status verify_repo_into(const char *dir, const struct digest *network,
                             struct verify_report *out, struct replica **replica_out,
                             struct fault *f)
{
    struct verify v = {.report = out, .fault = f, .network = network};
    struct oid *order = NULL;
    size_t count = 0;
    *out = (struct verify_report){.ok = true};
    if (replica_out != NULL)
        *replica_out = NULL;
    enum status st = open_scratch(&v, dir);
    if (st == ST_OK)
        st = derive_order(v.replica->store, see_broken, &v, &order, &count, f);
    for (size_t i = 0; st == ST_OK && i < count; i++)
        st = verify_commit(&v, &order[i]);
    if (st == ST_OK && count == 0)
        finding(&v, NULL, ST_NOT_FOUND, "the repository holds no commit");
    if (st == ST_OK)
        finish(&v);
    if (st == ST_OK)
        snprintf(out->unchecked, sizeof out->unchecked,
                 "commits that this clone never fetched, the office's journal%s",
                 network == NULL ? ", and that this is your network: compare its id with the paper"
                                 : "");
    mem_free(order);
    hand_over(&v, st, replica_out);
    return st;
}
