/*
 * A backing in a git repository. Reads go through libgit2, which holds packs only; loose objects
 * are read by loose.c, packs written by pack.c and merged by pack_merge.c on a thread of its own.
 * Refs are libgit2's. One thread calls; libgit2's options are the process's.
 */
#include <errno.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/folder.h"
#include "replicas/git.h"
#include "replicas/git_home.h"
#include "replicas/loose.h"
#include "replicas/pack.h"
#include "replicas/pack_merge.h"
#include "replicas/store.h"

enum {
    PACKS_MERGED_AT = 8, /* so that there are never 10 */
    FOLDERS_MAX = 8,     /* objects/ and its alternates */
    MAPPED_WINDOW_BYTES = MIB,
    MAPPED_BYTES_MAX = 16 * MIB,
    REOPEN_READ_BYTES = 8 * MIB, /* libgit2 keeps bases of deltas, 16 MiB for each pack */
};

struct merging {
    bool started;
    pthread_t thread;
    atomic_bool cancel, done;
    struct pack_merge_list list;
    char folder[PACK_PATH_MAX];
    char name[OID_TEXT + 1]; /* of the new pack */
    enum status st;
};

struct repository {
    git_repository *git;
    git_odb *odb;
    struct git_home home;
    struct timespec packs_changed; /* when they were opened */
    bool readonly;
    bool broken; /* a write failed in the middle: nobody knows what the disk holds */
    bool no_merge;
    size_t read_bytes;
    struct merging merging;
};

static enum status set_options(struct fault *f)
{
    static const int levels[] = {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                                 GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA};
    int code = git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
    if (code >= 0)
        code = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
    if (code >= 0) /* the store keeps what was read */
        code = git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
    if (code >= 0)
        code = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)MAPPED_WINDOW_BYTES);
    if (code >= 0)
        code = git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAPPED_BYTES_MAX);
    /* Nobody's own configuration of git may change what we do. */
    for (size_t i = 0; i < sizeof levels / sizeof *levels && code >= 0; i++)
        code = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
    return code >= 0 ? ST_OK : git_fault(f, code, "libgit2 does not take its options");
}

static struct timespec changed_at(const char *folder)
{
    struct stat info;
    struct timespec never = {0};
    return stat(folder, &info) == 0 ? info.st_mtim : never;
}

/* Look at the packs anew; forgets what libgit2 kept of the old ones. */
static enum status open_packs(struct repository *r, struct fault *f)
{
    git_odb *odb = NULL;
    struct timespec now = changed_at(r->home.packs);
    int code = git_odb_new(&odb);
    for (size_t i = 0; i < r->home.count && code >= 0; i++) {
        git_odb_backend *backend = NULL;
        code = git_odb_backend_pack(&backend, r->home.folders[i]);
        if (code >= 0)
            code = git_odb_add_backend(odb, backend, 1);
    }
    if (code >= 0)
        code = git_repository_set_odb(r->git, odb);
    if (code < 0) {
        enum status st = git_fault(f, code, "cannot open the packs of %s", r->home.packs);
        git_odb_free(odb);
        return st;
    }
    git_odb_free(r->odb);
    r->odb = odb;
    r->packs_changed = now;
    r->read_bytes = 0;
    return ST_OK;
}

static bool packs_have_changed(const struct repository *r)
{
    struct timespec now = changed_at(r->home.packs);
    return now.tv_sec != r->packs_changed.tv_sec || now.tv_nsec != r->packs_changed.tv_nsec;
}

static enum status not_here(const struct oid *id, struct fault *f)
{
    char hex[OID_TEXT + 1];
    hex_encode(id->id, OID_BYTES, hex);
    return fault_set(f, ST_NOT_FOUND, "object %s is not here", hex);
}

/* An object that is there, or so its index says, cannot be read: damaged, unless memory is short
 * for a size that can be. */
static enum status unreadable(struct repository *r, int code, const git_oid *id, const char *hex,
                              struct fault *f)
{
    size_t bytes = 0;
    git_object_t type;
    enum status st = git_fault(f, code, "object %s cannot be read", hex);
    bool believable =
        git_odb_read_header(&bytes, &type, r->odb, id) == 0 && bytes <= LOOSE_BYTES_MAX;
    if (st == ST_CORRUPT || (st == ST_NO_MEMORY && believable))
        return st;
    if (f != NULL)
        f->code = ST_CORRUPT;
    fault_fix(f, "put the pack back from a copy, or fetch the history again from a peer");
    return ST_CORRUPT;
}

static enum status read_packed(struct repository *r, const struct oid *id,
                               enum store_kind *kind_out, struct buf *data_out, struct fault *f)
{
    git_oid git_id;
    git_odb_object *object = NULL;
    char hex[OID_TEXT + 1];
    memcpy(git_id.id, id->id, OID_BYTES);
    hex_encode(id->id, OID_BYTES, hex);
    errno = 0; /* a pack that could not be mapped looks like one without the object */
    if (git_odb_exists_ext(r->odb, &git_id, GIT_ODB_LOOKUP_NO_REFRESH) != 1)
        return errno == ENOMEM ? fault_set(f, ST_NO_MEMORY, "no memory to look for object %s", hex)
                               : not_here(id, f);
    int code = git_odb_read(&object, r->odb, &git_id);
    if (code < 0)
        return unreadable(r, code, &git_id, hex, f);
    enum status st = ST_OK;
    git_object_t type = git_odb_object_type(object);
    if (type != GIT_OBJECT_COMMIT && type != GIT_OBJECT_TREE && type != GIT_OBJECT_BLOB)
        st = fault_set(f, ST_CORRUPT, "object %s is of a kind that does not belong here", hex);
    if (st == ST_OK) {
        *kind_out = (enum store_kind)type;
        buf_add(data_out, git_odb_object_data(object), git_odb_object_size(object));
        r->read_bytes += git_odb_object_size(object);
        st = buf_status(data_out);
        if (st != ST_OK)
            fault_set(f, st, "no memory to read object %s", hex);
    }
    git_odb_object_free(object);
    return st;
}

static enum status git_read(void *context, const struct oid *id, enum store_kind *kind_out,
                            struct buf *data_out, struct fault *f)
{
    struct repository *r = context;
    enum status st = ST_OK;
    if (r->read_bytes > REOPEN_READ_BYTES)
        st = open_packs(r, f);
    if (st == ST_OK)
        st = read_packed(r, id, kind_out, data_out, f);
    for (size_t i = 0; i < r->home.count && st == ST_NOT_FOUND; i++)
        st = loose_read(r->home.folders[i], id, kind_out, data_out, f);
    /* Somebody else may have written packs, or collected garbage. A reader beside the daemon cannot
     * go by the folder's time alone, which stands still for some milliseconds. */
    if ((st != ST_NOT_FOUND && st != ST_CORRUPT) || !(r->readonly || packs_have_changed(r)))
        return st;
    buf_reset(data_out);
    st = open_packs(r, f);
    return st == ST_OK ? read_packed(r, id, kind_out, data_out, f) : st;
}

static void *merge_packs(void *context)
{
    struct merging *m = context;
    struct fault f = {.text = ""};
    m->st = pack_merge_run(m->folder, &m->list, &m->cancel, m->name, &f);
    atomic_store(&m->done, true);
    return NULL;
}

/* Wait for the merging to end, and put its pack in place of the old ones. */
static enum status merge_finish(struct repository *r, struct fault *f)
{
    struct merging *m = &r->merging;
    if (!m->started)
        return ST_OK;
    pthread_join(m->thread, NULL);
    m->started = false;
    if (m->st != ST_OK) {
        /* What is damaged is told to who reads it; the old packs all stand. */
        r->no_merge = true;
        return ST_OK;
    }
    enum status st = open_packs(r, f);
    if (st == ST_OK)
        st = pack_merge_drop(m->folder, &m->list, m->name, f);
    malloc_trim(0); /* the thread's own heap was large, and is done with */
    return st == ST_OK ? open_packs(r, f) : st;
}

static enum status merge_start(struct repository *r, struct fault *f)
{
    struct merging *m = &r->merging;
    if (r->no_merge || m->started)
        return ST_OK;
    enum status st = pack_merge_list(r->home.packs, &m->list, f);
    if (st != ST_OK || m->list.count < PACKS_MERGED_AT)
        return st;
    pack_merge_choose(&m->list);
    if (m->list.count == 0)
        return ST_OK;
    memcpy(m->folder, r->home.packs, sizeof m->folder);
    atomic_store(&m->cancel, false);
    atomic_store(&m->done, false);
    m->started = pthread_create(&m->thread, NULL, merge_packs, m) == 0;
    return ST_OK;
}

static enum status git_write(void *context, const struct store_object *objects, size_t count,
                             struct fault *f)
{
    struct repository *r = context;
    CHECK(!r->readonly);
    if (r->broken)
        return fault_set(f, ST_IO, "an earlier write to %s failed; start again", r->home.packs);
    enum status st = ST_OK;
    if (r->merging.started && atomic_load(&r->merging.done))
        st = merge_finish(r, f);
    if (st == ST_OK)
        st = pack_write(r->home.packs, objects, count, f);
    if (st == ST_OK)
        st = open_packs(r, f);
    if (st == ST_OK)
        st = merge_start(r, f);
    r->broken = st == ST_IO;
    return st;
}

/* Make a ref's own folders durable too; libgit2 syncs the innermost only. */
static enum status sync_ref_folders(struct repository *r, const char *name, struct fault *f)
{
    char path[PACK_PATH_MAX];
    int count = snprintf(path, sizeof path, "%s%s", git_repository_commondir(r->git), name);
    if (count < 0 || (size_t)count >= sizeof path)
        return fault_set(f, ST_TOO_LARGE, "the ref %s is too long", name);
    char *end = path + strlen(path) - strlen(name) + strlen("refs");
    enum status st = ST_OK;
    for (char *slash = strrchr(path, '/'); slash >= end && st == ST_OK;
         slash = strrchr(path, '/')) {
        *slash = '\0';
        if (access(path, F_OK) == 0)
            st = pack_file_sync_folder(path, f);
    }
    return st;
}

static int create_ref(struct repository *r, const struct store_ref *ref)
{
    git_reference *made = NULL;
    git_oid id;
    memcpy(id.id, ref->target.id, OID_BYTES);
    int code = git_reference_create(&made, r->git, ref->name, &id, 1, NULL);
    git_reference_free(made);
    return code;
}

static enum status set_ref(struct repository *r, const struct store_ref *ref, struct fault *f)
{
    int code =
        oid_is_zero(&ref->target) ? git_reference_remove(r->git, ref->name) : create_ref(r, ref);
    if (code == GIT_ENOTFOUND && oid_is_zero(&ref->target))
        return ST_OK;
    enum status st = ST_OK;
    if (code < 0)
        st = git_fault(f, code, "the ref %s cannot be written", ref->name);
    if (st == ST_CORRUPT && git_home_remove_ref(r->git, ref->name)) {
        /* libgit2 will not write over a damaged one. */
        code = oid_is_zero(&ref->target) ? 0 : create_ref(r, ref);
        st = code >= 0 ? ST_OK : git_fault(f, code, "the ref %s cannot be written", ref->name);
    }
    return st == ST_OK ? sync_ref_folders(r, ref->name, f) : st;
}

static enum status git_set_refs(void *context, const struct store_ref *refs, size_t count,
                                struct fault *f)
{
    struct repository *r = context;
    CHECK(!r->readonly);
    enum status st = ST_OK;
    if (r->broken)
        return fault_set(f, ST_IO, "an earlier write to %s failed; start again", r->home.packs);
    for (size_t i = 0; i < count && st == ST_OK; i++)
        st = set_ref(r, &refs[i], f);
    r->broken = st == ST_IO;
    return st;
}

/* Symbolic refs, as a clone's refs/remotes/origin/HEAD, name another of the list: left out. */
static enum status give_ref(struct repository *r, const char *name,
                            void (*each)(void *user, const struct store_ref *ref), void *user,
                            struct fault *f)
{
    git_reference *found = NULL;
    struct store_ref ref = {.name = ""};
    int code = git_reference_lookup(&found, r->git, name);
    if (code < 0) {
        enum status st = git_fault(f, code, "the ref %s is damaged", name);
        return st == ST_NOT_FOUND ? fault_set(f, ST_CORRUPT, "the ref %s is damaged", name) : st;
    }
    const git_oid *target = git_reference_target(found);
    if (target != NULL && strlen(name) < sizeof ref.name) {
        snprintf(ref.name, sizeof ref.name, "%s", name);
        memcpy(ref.target.id, target->id, OID_BYTES);
        each(user, &ref);
    }
    git_reference_free(found);
    return ST_OK;
}

static enum status git_list_refs(void *context,
                                 void (*each)(void *user, const struct store_ref *ref), void *user,
                                 struct fault *f)
{
    struct repository *r = context;
    git_strarray names = {0};
    enum status st = git_home_check_refs(r->git, f);
    if (st != ST_OK)
        return st;
    int code = git_reference_list(&names, r->git);
    if (code < 0)
        return git_fault(f, code, "the refs cannot be listed");
    for (size_t i = 0; i < names.count && st == ST_OK; i++)
        st = give_ref(r, names.strings[i], each, user, f);
    git_strarray_dispose(&names);
    return st;
}

/* Windows of packs and bases of deltas are libgit2's as long as the packs are open. */
static void git_rest(void *context)
{
    struct repository *r = context;
    enum status st = r->read_bytes > 0 ? open_packs(r, NULL) : ST_OK;
    (void)st; /* on a failure the ones that are open stay, and serve on */
}

static void git_close(void *context)
{
    struct repository *r = context;
    if (r == NULL)
        return;
    /* A merging that is not done yet begins anew some other time. */
    if (r->merging.started) {
        atomic_store(&r->merging.cancel, true);
        enum status st = merge_finish(r, NULL);
        (void)st; /* the old packs and the new one hold the same */
    }
    git_odb_free(r->odb);
    git_repository_free(r->git);
    mem_free(r);
    git_libgit2_shutdown();
}

/* A new repository, or what an old one lacks. */
static enum status init_git(git_repository **out, const char *path, struct fault *f)
{
    git_repository_init_options options;
    int code = git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    options.initial_head = "main";
    options.description = "Minga: an office's history; read it, never push to it";
    if (code >= 0)
        code = git_repository_init_ext(out, path, &options);
    if (code < 0)
        return git_fault(f, code, "cannot open the repository %s", path);
    return git_home_configure(*out, f);
}

/* It is made beside its place, and comes there whole and durable: libgit2 syncs no folder that it
 * makes, and a power cut would leave a repository without the folder that the packs are in. */
static enum status make_git(const char *path, struct fault *f)
{
    char fresh[PACK_PATH_MAX];
    git_repository *git = NULL;
    int used = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (used < 0 || (size_t)used >= sizeof fresh)
        return fault_set(f, ST_TOO_LARGE, "the path %s is too long", path);
    enum status st = folder_remove(fresh, f); /* what a crash left */
    if (st == ST_OK)
        st = init_git(&git, fresh, f);
    git_repository_free(git);
    if (st == ST_OK)
        st = folder_sync(fresh, f);
    if (st == ST_OK && rename(fresh, path) != 0)
        st = fault_errno(f, errno, "cannot make the repository %s", path);
    return st == ST_OK ? folder_sync_name(path, f) : st;
}

static enum status open_git(struct repository *r, const char *path, bool create, struct fault *f)
{
    if (create && access(path, F_OK) != 0) {
        enum status st = make_git(path, f);
        if (st != ST_OK)
            return st;
    }
    int code =
        r->readonly ? git_repository_open(&r->git, path) : git_repository_open_bare(&r->git, path);
    if (create) {
        if (code >= 0) /* a lock that a crash left would be in the way */
            git_home_sweep(r->git);
        git_repository_free(r->git);
        r->git = NULL;
        return init_git(&r->git, path, f);
    }
    return code >= 0 ? ST_OK : git_fault(f, code, "cannot open the repository %s", path);
}

enum status backing_git_open(const char *path, bool create, bool readonly, struct backing *out,
                             struct fault *f)
{
    CHECK(!(create && readonly));
    if (git_libgit2_init() < 0)
        return fault_set(f, ST_NO_MEMORY, "libgit2 cannot be started");
    struct repository *r = mem_alloc(sizeof *r);
    enum status st = r != NULL ? set_options(f) : fault_set(f, ST_NO_MEMORY, "no memory");
    if (st == ST_OK) {
        r->readonly = readonly;
        st = open_git(r, path, create, f);
    }
    if (st == ST_OK)
        st = git_home_folders(r->git, &r->home, f);
    if (st == ST_OK && !readonly)
        git_home_sweep(r->git);
    for (size_t i = 0; st == ST_OK && i < r->home.count; i++) {
        char packs[PACK_PATH_MAX + 8];
        snprintf(packs, sizeof packs, "%s/pack", r->home.folders[i]);
        st = git_home_check_packs(packs, f);
    }
    if (st == ST_OK)
        st = open_packs(r, f);
    if (st != ST_OK) {
        if (r != NULL)
            git_close(r);
        else
            git_libgit2_shutdown();
        return st;
    }
    *out = (struct backing){.context = r,
                            .read = git_read,
                            .write = git_write,
                            .set_refs = git_set_refs,
                            .list_refs = git_list_refs,
                            .rest = git_rest,
                            .close = git_close};
    return ST_OK;
}
