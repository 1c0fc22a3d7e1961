#include "replicas/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/engine.h"
#include "replicas/folder.h"

enum { COPY_BYTES = 64 * KIB, ABOUT_BYTES_MAX = 128, PATH_BYTES = HOME_PATH_MAX + 256 };

static const char folder[] = "snapshot";
static const char about_format[] = "minga-snapshot 1 %" PRIu64 " %" PRIu64 " %u\n";

/* What a home can do without or must not take with it: what is made anew from the rest, what
 * belongs to a moment of this very home. The vault copies itself. */
static bool is_wanted(const char *name)
{
    static const char *const whole[] = {"about",    "control.sock", "lock",        "restoration",
                                        "restored", "vault.db",     "vault.db-wal"};
    static const char *const starts[] = {"snapshot/", "index.db", "book.cache", "journal.damaged-",
                                         "vault.db."};
    size_t count = strlen(name);
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (strcmp(name, whole[i]) == 0)
            return false;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return false;
    return count < 4 || strcmp(name + count - 4, ".tmp") != 0;
}

/* Written once, under a name of its own: a link will do. */
static bool is_final(const char *name)
{
    size_t count = strlen(name);
    return count > 5 &&
           (strcmp(name + count - 5, ".feed") == 0 || strcmp(name + count - 5, ".pack") == 0 ||
            strcmp(name + count - 4, ".idx") == 0);
}

static enum status path_in(const char *home, const char *name, char out[static PATH_BYTES],
                           struct fault *f)
{
    int used = snprintf(out, PATH_BYTES, "%s/%s", home, name);
    if (used < 0 || used >= PATH_BYTES)
        return fault_set(f, ST_TOO_LARGE, "the path of %s is too long", name);
    return ST_OK;
}

enum status snapshot_clear(const char *home, struct fault *f)
{
    char path[PATH_BYTES];
    enum status st = path_in(home, folder, path, f);
    return st == ST_OK ? folder_remove(path, f) : st;
}

/* ---- Taking one ---- */

static enum status write_part(int to, const uint8_t *data, size_t count, const char *name,
                              struct fault *f)
{
    while (count > 0) {
        ssize_t done = write(to, data, count);
        if (done < 0 && errno != EINTR)
            return fault_errno(f, errno, "cannot copy %s", name);
        data += done > 0 ? done : 0;
        count -= done > 0 ? (size_t)done : 0;
    }
    return ST_OK;
}

static enum status copy_all(int from, int to, const char *name, struct fault *f)
{
    uint8_t *part = mem_alloc(COPY_BYTES);
    enum status st = part != NULL ? ST_OK : ST_NO_MEMORY;
    while (st == ST_OK) {
        ssize_t got = read(from, part, COPY_BYTES);
        if (got == 0)
            break;
        if (got > 0)
            st = write_part(to, part, (size_t)got, name, f);
        else if (errno != EINTR)
            st = fault_errno(f, errno, "cannot copy %s", name);
    }
    mem_free(part);
    return st;
}

static enum status copy_file(const char *from, const char *to, const char *name, struct fault *f)
{
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return fault_errno(f, errno, "cannot read %s", from);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum status st = out < 0 ? fault_errno(f, errno, "cannot make %s", to) : ST_OK;
    if (st == ST_OK)
        st = copy_all(in, out, name, f);
    if (out >= 0 && close(out) != 0 && st == ST_OK)
        st = fault_errno(f, errno, "cannot write %s", to);
    close(in);
    return st;
}

static enum status take_file(const char *home, const char *root, const char *name, struct fault *f)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    enum status st = path_in(home, name, from, f);
    if (st == ST_OK)
        st = path_in(root, name, to, f);
    if (st == ST_OK)
        st = folder_make_for(root, name, f);
    if (st != ST_OK)
        return st;
    /* Where the file system has no links, a copy is as good. */
    if (is_final(name) && link(from, to) == 0)
        return ST_OK;
    return copy_file(from, to, name, f);
}

static uint64_t own_seq(struct replica *r)
{
    uint32_t own = graph_key_find(r->graph, &r->identity.key);
    uint64_t seq = 0;
    for (uint32_t i = 0; own != GRAPH_NONE && i < graph_count(r->graph); i++) {
        const struct graph_node *n = graph_node(r->graph, i);
        seq = n->key == own && n->seq > seq ? n->seq : seq;
    }
    return seq;
}

/* The last file of all: a snapshot that has it is whole. */
static enum status put_about(struct replica *r, const char *root, struct fault *f)
{
    struct disk disk = {0};
    struct buf text = {0};
    buf_add_format(&text, about_format, (uint64_t)r->wall_seconds(r->wall_context), own_seq(r),
                   charter_newest(&r->chain)->version);
    enum status st = buf_status(&text);
    if (st == ST_OK)
        st = disk_files(root, &disk, f);
    if (st == ST_OK)
        st = disk_put(&disk, "", "about", buf_bytes(&text), f);
    disk_release(&disk);
    buf_release(&text);
    return st;
}

static enum status take_all(struct replica *r, const char *root, struct fault *f)
{
    char path[PATH_BYTES];
    struct folder_names names;
    enum status st = folder_list(r->home, is_wanted, &names, f);
    if (st != ST_OK)
        return st;
    if (mkdir(root, 0700) != 0)
        st = fault_errno(f, errno, "cannot make the folder %s", root);
    for (uint32_t i = 0; st == ST_OK && i < names.count; i++)
        st = take_file(r->home, root, names.list[i].text, f);
    if (st == ST_OK && r->vault != NULL) {
        st = path_in(root, "vault.db", path, f);
        if (st == ST_OK)
            st = vault_copy(r->vault, path, f);
    }
    folder_names_release(&names);
    return st == ST_OK ? put_about(r, root, f) : st;
}

enum status snapshot_take(struct replica *r, struct fault *f)
{
    char root[PATH_BYTES];
    struct fault ignored = {0};
    if (r->home == NULL || r->readonly)
        return fault_set(f, ST_NOT_ALLOWED, "this replica has no home to take a snapshot of");
    enum status st = path_in(r->home, folder, root, f);
    if (st == ST_OK)
        st = replica_checkpoint(r, f);
    if (st == ST_OK)
        st = folder_remove(root, f);
    if (st == ST_OK)
        st = take_all(r, root, f);
    if (st != ST_OK && folder_remove(root, &ignored) != ST_OK)
        fault_context(f, st, "%s", ignored.text);
    return st;
}

enum status snapshot_verb(const struct verb_call *call, struct fault *f)
{
    return snapshot_take(call->replica, f);
}

/* ---- Writing one as a backup ---- */

struct output {
    int fd;
    const char *path;
};

static enum status put(void *user, struct bytes data, struct fault *f)
{
    const struct output *o = user;
    while (data.count > 0) {
        ssize_t done = write(o->fd, data.data, data.count);
        if (done < 0 && errno != EINTR)
            return fault_errno(f, errno, "cannot write %s", o->path);
        size_t count = done > 0 ? (size_t)done : 0;
        data = (struct bytes){data.data + count, data.count - count};
    }
    return ST_OK;
}

static enum status write_file(struct backup_writer *w, const char *root, const char *name,
                              uint8_t part[static COPY_BYTES], struct fault *f)
{
    char path[PATH_BYTES];
    struct stat info;
    enum status st = path_in(root, name, path, f);
    if (st != ST_OK)
        return st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &info) != 0)
        st = fault_errno(f, errno, "cannot read %s", path);
    uint64_t left = st == ST_OK ? (uint64_t)info.st_size : 0;
    if (st == ST_OK)
        st = backup_file(w, name, left, f);
    while (st == ST_OK && left > 0) {
        ssize_t got = read(fd, part, left < COPY_BYTES ? (size_t)left : COPY_BYTES);
        if (got <= 0)
            st = fault_set(f, ST_IO, "%s became shorter while it was read", path);
        else
            st = backup_data(w, (struct bytes){part, (size_t)got}, f);
        left -= got > 0 ? (uint64_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    return st;
}

static enum status read_about(const char *home, const char *root, struct backup_about *out,
                              struct fault *f)
{
    struct disk disk = {0};
    struct buf text = {0}, again = {0};
    struct fault missing = {0};
    *out = (struct backup_about){.files = 0};
    enum status st = home_office(home, out->label, &out->network, f);
    if (st != ST_OK)
        return st;
    st = disk_files(root, &disk, &missing);
    if (st == ST_OK)
        st = disk_get(&disk, "about", ABOUT_BYTES_MAX, &text, &missing);
    if (st == ST_OK &&
        sscanf(buf_text(&text), about_format, &out->made, &out->seq, &out->charter) == 3)
        buf_add_format(&again, about_format, out->made, out->seq, out->charter);
    if (st != ST_OK || !bytes_equal(buf_bytes(&text), buf_bytes(&again))) {
        st = fault_set(f, ST_NOT_FOUND, "there is no whole snapshot in %s", home);
        fault_fix(f, "make the backup again, and no other one at the same time");
    }
    disk_release(&disk);
    buf_release(&text);
    buf_release(&again);
    return st;
}

static bool is_content(const char *name)
{
    return strcmp(name, "about") != 0;
}

static enum status write_all(const char *root, struct bytes passphrase, struct passphrase_cost cost,
                             struct output *o, struct backup_about *about, struct fault *f)
{
    struct folder_names names;
    struct backup_writer *w = NULL;
    uint8_t *part = mem_alloc(COPY_BYTES);
    if (part == NULL)
        return ST_NO_MEMORY;
    enum status st = folder_list(root, is_content, &names, f);
    about->files = names.count;
    if (st == ST_OK)
        st = backup_begin(passphrase, cost, about, put, o, &w, f);
    for (uint32_t i = 0; st == ST_OK && i < names.count; i++)
        st = write_file(w, root, names.list[i].text, part, f);
    if (st == ST_OK)
        st = backup_end(w, f);
    if (st == ST_OK && fsync(o->fd) != 0)
        st = fault_errno(f, errno, "cannot write %s", o->path);
    backup_free(w);
    folder_names_release(&names);
    mem_free(part);
    return st;
}

/* A new name beside the file's place; it gets its place only when it is whole, and takes nobody
 * else's. */
static enum status open_output(const char *path, char out[static PATH_BYTES], int *fd_out,
                               struct fault *f)
{
    int used = snprintf(out, PATH_BYTES, "%s.XXXXXX", path);
    if (used < 0 || used >= PATH_BYTES)
        return fault_set(f, ST_TOO_LARGE, "the path %.64s… is too long", path);
    if (access(path, F_OK) == 0) {
        fault_set(f, ST_EXISTS, "%s is there already", path);
        fault_fix(f, "choose another name, or remove it first");
        return ST_EXISTS;
    }
    *fd_out = mkostemp(out, O_CLOEXEC);
    return *fd_out >= 0 ? ST_OK : fault_errno(f, errno, "cannot make %s", out);
}

enum status snapshot_write(const char *home, struct bytes passphrase, struct passphrase_cost cost,
                           const char *path, struct backup_about *about_out, struct fault *f)
{
    char root[PATH_BYTES], fresh[PATH_BYTES];
    struct output o = {.fd = -1, .path = path};
    enum status st = path_in(home, folder, root, f);
    if (st == ST_OK)
        st = read_about(home, root, about_out, f);
    if (st == ST_OK)
        st = open_output(path, fresh, &o.fd, f);
    if (st != ST_OK)
        return st;
    st = write_all(root, passphrase, cost, &o, about_out, f);
    if (close(o.fd) != 0 && st == ST_OK)
        st = fault_errno(f, errno, "cannot write %s", path);
    if (st == ST_OK && rename(fresh, path) != 0)
        st = fault_errno(f, errno, "cannot make %s", path);
    if (st != ST_OK)
        (void)unlink(fresh);
    return st == ST_OK ? folder_sync_name(path, f) : st;
}
