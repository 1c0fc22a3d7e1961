#include "replicas/repair.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/custody.h"
#include "replicas/derive.h"
#include "replicas/engine.h"
#include "replicas/index.h"
#include "replicas/jscan.h"

enum status repair_index(const char *home, struct repair_report *out, struct fault *f)
{
    char path[HOME_PATH_MAX];
    struct replica_options options = {.home = home, .index = true};
    struct replica *r = NULL;
    uint64_t conflicted;
    *out = (struct repair_report){0};
    enum status st = replica_open(&options, &r, f);
    if (st == ST_OK)
        st = home_path(home, "index.db", path, f);
    if (st == ST_OK)
        st = index_rebuild(r->index, r->store, &r->state, charter_newest(&r->chain), f);
    if (st == ST_OK)
        st = index_totals(r->index, &out->commits, &conflicted, f);
    if (st != ST_OK) {
        replica_drop(r);
        return st;
    }
    snprintf(out->note, sizeof out->note, "the index was built anew from the state");
    return replica_close(r, f);
}

/* Refs that nothing here explains go; those that should be there are set. */
struct stale {
    const struct store_ref *wanted;
    size_t wanted_count;
    struct store_ref gone[ENGINE_REFUSALS_MAX];
    size_t count;
};

static void see_stale(void *user, const struct store_ref *ref)
{
    struct stale *s = user;
    for (size_t i = 0; i < s->wanted_count; i++)
        if (strcmp(s->wanted[i].name, ref->name) == 0)
            return;
    if (s->count == ENGINE_REFUSALS_MAX || strcmp(ref->name, "refs/heads/main") == 0)
        return;
    s->gone[s->count] = *ref;
    s->gone[s->count++].target = (struct oid){0};
}

enum status repair_refs(const char *home, struct repair_report *out, struct fault *f)
{
    struct replica_options options = {.home = home, .index = true};
    struct replica *r = NULL;
    struct store_ref *refs = NULL;
    size_t count = 0;
    *out = (struct repair_report){0};
    enum status st = replica_open(&options, &r, f);
    if (st != ST_OK)
        return st;
    st = checkpoint_refs(r, &refs, &count, f);
    if (st == ST_OK)
        st = store_flush(r->store, refs, count, f);
    struct stale stale = {.wanted = refs, .wanted_count = count};
    if (st == ST_OK)
        st = store_refs(r->store, see_stale, &stale, f);
    if (st == ST_OK && stale.count > 0)
        st = store_flush(r->store, stale.gone, stale.count, f);
    out->commits = count;
    mem_free(refs);
    if (st != ST_OK) {
        replica_drop(r);
        return st;
    }
    snprintf(out->note, sizeof out->note, "the refs were set anew from the journal");
    return replica_close(r, f);
}

/* ---- the journal ---- */

struct rebuilding {
    struct replica *replica;
    struct repair_report *report;
    uint64_t left_out;
    struct fault *fault;
};

static void see_broken(void *user, const struct oid *id, enum status code, const char *text)
{
    struct rebuilding *b = user;
    (void)id, (void)code, (void)text;
    b->left_out++;
}

static enum status take_back(struct rebuilding *b, struct bytes item)
{
    struct replica_verdict verdict;
    struct fault f = {0};
    enum status st = replica_accept(b->replica, item, &verdict, &f);
    if (st == ST_OK)
        b->report->commits++;
    else if (st != ST_EXISTS)
        b->left_out++;
    if (status_class(st) == STATUS_LOCAL && st != ST_CORRUPT)
        return fault_set(b->fault, st, "%s", f.text);
    store_tidy(b->replica->store);
    return ST_OK;
}

static enum status from_repository(struct rebuilding *b)
{
    struct oid *order = NULL;
    struct buf item = {0};
    size_t count = 0;
    enum status st = derive_order(b->replica->store, see_broken, b, &order, &count, b->fault);
    for (size_t i = 0; st == ST_OK && i < count; i++) {
        struct fault f = {0};
        buf_reset(&item);
        if (verify_rebuild_item(b->replica, &order[i], &item, &f) == ST_OK)
            st = take_back(b, buf_bytes(&item));
        else
            b->left_out++;
    }
    mem_free(order);
    buf_release(&item);
    return st;
}

static enum status take_frame(void *user, const struct jscan_frame *found)
{
    struct bytes p = found->payload;
    if (p.count <= OID_BYTES)
        return ST_OK; /* a mark */
    return take_back(user, (struct bytes){p.data + OID_BYTES, p.count - OID_BYTES});
}

/* Sound frames of an open segment of the old journal: what no checkpoint had written yet. */
struct old_logs {
    struct rebuilding *rebuilding;
    struct disk *disk;
};

static enum status from_log(void *user, const char *name)
{
    struct old_logs *o = user;
    struct disk_file *file = NULL;
    struct jscan scan;
    struct fault f = {0};
    char path[HOME_PATH_MAX];
    size_t bytes = strlen(name);
    if (bytes < 4 || strcmp(name + bytes - 4, ".log") != 0)
        return ST_OK;
    snprintf(path, sizeof path, "journal/%.200s", name);
    enum status st = o->disk->open(o->disk->context, path, false, &file, &f);
    if (st != ST_OK)
        return ST_OK; /* as good as damaged */
    st = jscan_run(o->disk, file, path, &o->rebuilding->replica->network, take_frame, o->rebuilding,
                   &scan, &f);
    o->disk->close(o->disk->context, file);
    return st == ST_NO_MEMORY || st == ST_DISK_FULL ? st : ST_OK;
}

static enum status from_old_journal(struct rebuilding *b, const char *old_home)
{
    struct disk disk = {0};
    struct old_logs o = {b, &disk};
    enum status st = disk_files(old_home, &disk, b->fault);
    if (st == ST_OK)
        st = disk.list(disk.context, "journal", from_log, &o, b->fault);
    disk_release(&disk);
    return st == ST_NOT_FOUND ? ST_OK : st; /* it was gone altogether */
}

/* Every journal that was ever set aside: an earlier repair may have been cut short. */
static enum status from_old_journals(struct rebuilding *b, const char *home)
{
    char path[HOME_PATH_MAX + NAME_MAX + 2];
    enum status st = ST_OK;
    DIR *folder = opendir(home);
    if (folder == NULL)
        return fault_errno(b->fault, errno, "cannot read %s", home);
    for (struct dirent *e = readdir(folder); st == ST_OK && e != NULL; e = readdir(folder)) {
        if (strncmp(e->d_name, "damaged-", strlen("damaged-")) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", home, e->d_name);
        st = from_old_journal(b, path);
    }
    closedir(folder);
    return st;
}

enum { NAMES_TRIED = 100 };

/* <home>/journal goes to <home>/damaged-<time>/journal. */
static enum status set_aside(const char *home, char old_home[static HOME_PATH_MAX], struct fault *f)
{
    char from[HOME_PATH_MAX], to[HOME_PATH_MAX + 16], name[64];
    int lock = -1, failed = EEXIST;
    long long now = (long long)time(NULL);
    enum status st = home_lock(home, &lock, f);
    if (st != ST_OK)
        return st;
    /* Several repairs within one second get a folder each. */
    for (int i = 0; st == ST_OK && failed == EEXIST && i < NAMES_TRIED; i++) {
        snprintf(name, sizeof name, "damaged-%lld", now + i);
        st = home_path(home, name, old_home, f);
        if (st == ST_OK)
            failed = mkdir(old_home, 0700) == 0 ? 0 : errno;
    }
    if (st == ST_OK)
        st = home_path(home, "journal", from, f);
    if (st == ST_OK) {
        snprintf(to, sizeof to, "%s/journal", old_home);
        if (failed == 0 && rename(from, to) != 0 && errno != ENOENT)
            failed = errno;
        if (failed != 0)
            st = fault_errno(f, failed, "cannot set %s aside", from);
    }
    close(lock);
    return st;
}

enum status repair_journal(const char *home, struct repair_report *out, struct fault *f)
{
    char old_home[HOME_PATH_MAX], label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct replica_options options = {.home = home, .index = true, .rebuild = true};
    struct rebuilding b = {.report = out, .fault = f};
    *out = (struct repair_report){0};
    enum status st = home_office(home, label, &network, f);
    if (st == ST_OK)
        st = set_aside(home, old_home, f);
    if (st == ST_OK)
        st = replica_open(&options, &b.replica, f);
    if (st == ST_OK)
        st = from_repository(&b);
    if (st == ST_OK)
        st = from_old_journals(&b, home);
    if (st == ST_OK)
        st = replica_sync(b.replica, f);
    if (st != ST_OK) {
        replica_drop(b.replica);
        return fault_context(f, st, "the old journal is kept in %.200s", old_home);
    }
    snprintf(out->note, sizeof out->note,
             "the old journal is kept in %.150s; what only its damaged part held comes back from "
             "the other offices: start the daemon and run `minga sync`",
             old_home);
    return replica_close(b.replica, f);
}

/* ---- the vault ---- */

static enum status salvage(const char *home, struct repair_report *out, struct fault *f)
{
    char path[HOME_PATH_MAX];
    int lock = -1;
    uint64_t lost;
    enum status st = home_lock(home, &lock, f);
    if (st == ST_OK)
        st = home_path(home, "vault.db", path, f);
    if (st == ST_OK)
        st = vault_salvage(path, &out->commits, &lost, f);
    if (lock >= 0)
        close(lock);
    return st;
}

enum status repair_vault(const char *home, struct repair_report *out, struct fault *f)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct replica_options options = {.home = home, .index = true};
    struct replica *r = NULL;
    *out = (struct repair_report){0};
    enum status st = home_office(home, label, &network, f);
    if (st == ST_OK)
        st = salvage(home, out, f);
    if (st == ST_OK)
        st = replica_open(&options, &r, f);
    if (st == ST_OK) {
        st = custody_want_state(r, f);
        r->vault_changed = true;
    }
    if (st != ST_OK) {
        replica_drop(r);
        return st;
    }
    snprintf(out->note, sizeof out->note,
             "what is missing is asked for from the other members: start the daemon and run "
             "`minga sync`");
    return replica_close(r, f);
}
