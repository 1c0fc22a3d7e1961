#include "replicas/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "replicas/disk.h"
#include "replicas/folder.h"
#include "replicas/home.h"
#include "replicas/restoration.h"

enum { PATH_BYTES = HOME_PATH_MAX + 256 };

struct restore {
    char root[PATH_BYTES]; /* <home>.restoring */
    char path[PATH_BYTES]; /* of the file under way */
    int in, out;           /* the backup; the file under way, or -1 */
    struct backup_about *about;
};

static enum status read_in(void *user, void *out, size_t count, size_t *got_out, struct fault *f)
{
    const struct restore *r = user;
    *got_out = 0;
    while (*got_out < count) {
        ssize_t got = read(r->in, (uint8_t *)out + *got_out, count - *got_out);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_errno(f, errno, "cannot read the backup");
        if (got == 0)
            break;
        *got_out += (size_t)got;
    }
    return ST_OK;
}

/* Only now it is known that the passphrase is right. */
static enum status on_about(void *user, const struct backup_about *about, struct fault *f)
{
    struct restore *r = user;
    *r->about = *about;
    enum status st = folder_remove(r->root, f); /* what a crash left */
    if (st == ST_OK && mkdir(r->root, 0700) != 0)
        st = fault_errno(f, errno, "cannot make the folder %s", r->root);
    return st;
}

static enum status on_file(void *user, const char *name, uint64_t count, struct fault *f)
{
    struct restore *r = user;
    (void)count;
    CHECK(r->out < 0);
    enum status st = folder_make_for(r->root, name, f);
    if (st != ST_OK)
        return st;
    int used = snprintf(r->path, sizeof r->path, "%s/%s", r->root, name);
    CHECK(used > 0 && (size_t)used < sizeof r->path); /* folder_make_for() had it too */
    r->out = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return r->out >= 0 ? ST_OK : fault_errno(f, errno, "cannot make %s", r->path);
}

static enum status on_data(void *user, struct bytes data, struct fault *f)
{
    const struct restore *r = user;
    while (data.count > 0) {
        ssize_t done = write(r->out, data.data, data.count);
        if (done < 0 && errno != EINTR)
            return fault_errno(f, errno, "cannot write %s", r->path);
        size_t count = done > 0 ? (size_t)done : 0;
        data = (struct bytes){data.data + count, data.count - count};
    }
    return ST_OK;
}

static enum status on_file_end(void *user, struct fault *f)
{
    struct restore *r = user;
    int failed = fsync(r->out);
    enum status st = failed ? fault_errno(f, errno, "cannot write %s", r->path) : ST_OK;
    if (close(r->out) != 0 && st == ST_OK)
        st = fault_errno(f, errno, "cannot write %s", r->path);
    r->out = -1;
    return st;
}

/* Nothing may be there, or an empty folder: the new home's name goes over it. */
static enum status check_home(const char *home, struct fault *f)
{
    DIR *folder = opendir(home);
    bool vacant = folder == NULL && errno == ENOENT;
    if (folder != NULL) {
        uint32_t entries = 0;
        while (entries <= 2 && readdir(folder) != NULL)
            entries++;
        vacant = entries <= 2; /* "." and ".." */
        closedir(folder);
    }
    if (vacant)
        return ST_OK;
    fault_set(f, ST_EXISTS, "%s is not empty", home);
    fault_fix(f, "choose a folder that is not there yet with --home DIR");
    return ST_EXISTS;
}

/* The folders that lead to 'home'. */
static enum status make_parents(const char *home, struct fault *f)
{
    const char *slash = strrchr(home, '/');
    return slash != NULL && slash > home ? folder_make_for("", home + 1, f) : ST_OK;
}

static enum status put_marks(const struct restore *r, uint64_t now, struct fault *f)
{
    struct disk disk = {0};
    struct buf text = {0};
    const struct restoration what = {r->about->made, now, r->about->seq};
    enum status st = disk_files(r->root, &disk, f);
    buf_add_format(&text, "%u", r->about->charter);
    if (st == ST_OK)
        st = buf_status(&text);
    if (st == ST_OK)
        st = disk_put(&disk, "", "restored", buf_bytes(&text), f);
    buf_reset(&text);
    restoration_write(&what, &text);
    if (st == ST_OK)
        st = buf_status(&text);
    if (st == ST_OK)
        st = disk_put(&disk, "", "restoration", buf_bytes(&text), f);
    disk_release(&disk);
    buf_release(&text);
    return st;
}

/* What came out is a home of the member that the backup names. */
static enum status check_content(const struct restore *r, struct fault *f)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct key key;
    bool wrapped;
    enum status st = home_office(r->root, label, &network, f);
    if (st == ST_OK)
        st = home_public(r->root, "identity", &key, &wrapped, f);
    if (st == ST_OK && (strcmp(label, r->about->label) != 0 ||
                        memcmp(&network, &r->about->network, sizeof network) != 0))
        st = fault_set(f, ST_CORRUPT, "the backup holds another office than it names");
    return st;
}

static enum status move_in(const struct restore *r, const char *home, struct fault *f)
{
    enum status st = folder_sync(r->root, f);
    if (st != ST_OK)
        return st;
    if (rename(r->root, home) != 0)
        return fault_errno(f, errno, "cannot move the home to %s", home);
    return folder_sync_name(home, f);
}

enum status restore_home(const char *home, const char *path, struct bytes passphrase, uint64_t now,
                         struct backup_about *about_out, struct fault *f)
{
    struct restore r = {.in = -1, .out = -1, .about = about_out};
    const struct backup_source source = {&r, read_in};
    const struct backup_sink sink = {&r, on_about, on_file, on_data, on_file_end};
    struct fault ignored = {0};
    int used = snprintf(r.root, sizeof r.root, "%s.restoring", home);
    if (used < 0 || (size_t)used >= sizeof r.root)
        return fault_set(f, ST_TOO_LARGE, "the path of the home is too long");
    r.in = open(path, O_RDONLY | O_CLOEXEC);
    if (r.in < 0)
        return fault_set(f, ST_USAGE, "cannot read %s: %s", path, strerror(errno));
    enum status st = check_home(home, f);
    if (st == ST_OK)
        st = make_parents(home, f);
    if (st == ST_OK)
        st = backup_read(&source, passphrase, &sink, f);
    if (st == ST_OK)
        st = check_content(&r, f);
    if (st == ST_OK)
        st = put_marks(&r, now, f);
    if (st == ST_OK)
        st = move_in(&r, home, f);
    if (r.out >= 0)
        close(r.out);
    close(r.in);
    if (st != ST_OK && folder_remove(r.root, &ignored) != ST_OK)
        fault_context(f, st, "%s", ignored.text);
    return st;
}
