#include "replicas/export.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "replicas/beancount.h"
#include "replicas/commit.h"
#include "replicas/engine.h"
#include "replicas/folder.h"
#include "replicas/git.h"
#include "replicas/iati.h"
#include "replicas/ledger.h"
#include "replicas/sheets.h"

static const char check_text[] =
    "How to check this history with stock tools (git 2.34 or newer, OpenSSH 8.9 or newer)\n"
    "\n"
    "  git clone minga.bundle history && cd history\n"
    "  git fsck --strict\n"
    "  git -c gpg.ssh.allowedSignersFile=\"$PWD/../allowed_signers\" log --show-signature --all\n"
    "\n"
    "Every commit must say: Good \"git\" signature for <office>. Compare the keys in\n"
    "allowed_signers with the fingerprints that the offices gave you on paper:\n"
    "\n"
    "  cut -d' ' -f3- allowed_signers | while read -r key; do echo \"$key\" | ssh-keygen -lf -; "
    "done\n"
    "\n"
    "With Minga, every commit is replayed as well, and every sum:\n"
    "\n"
    "  minga verify --repo history\n";

enum status export_folder(const char *dir, struct fault *f)
{
    if (mkdir(dir, 0777) == 0)
        return folder_sync_name(dir, f);
    if (errno != EEXIST)
        return fault_errno(f, errno, "cannot make the folder %s", dir);
    DIR *open = opendir(dir);
    size_t names = 0;
    if (open == NULL)
        return fault_errno(f, errno, "cannot read the folder %s", dir);
    while (readdir(open) != NULL)
        names++;
    closedir(open);
    if (names <= 2)
        return ST_OK;
    fault_set(f, ST_EXISTS, "%s is not empty", dir);
    fault_fix(f, "name a folder that is empty or not there yet");
    return ST_EXISTS;
}

/* The line of every key that was ever in force, once. */
static enum status write_signers(const struct charter_chain *chain, struct disk *disk,
                                 struct fault *f)
{
    struct buf text = {0}, line = {0};
    for (uint32_t v = 0; v < chain->count; v++) {
        const struct charter *c = chain->versions[v];
        for (uint32_t m = 0; m < c->member_count; m++) {
            buf_reset(&line);
            commit_allowed_signer(bytes_of_text(c->members[m].label), &c->members[m].key, &line);
            if (buf_status(&line) == ST_OK &&
                (text.count == 0 || strstr(buf_text(&text), buf_text(&line)) == NULL))
                buf_add_bytes(&text, buf_bytes(&line));
        }
    }
    enum status st = buf_status(&text);
    if (st == ST_OK)
        st = disk_put(disk, "", "allowed_signers", buf_bytes(&text), f);
    buf_release(&text);
    buf_release(&line);
    return st;
}

struct bundle {
    int fd;
    struct buf head;
    uint32_t refs;
    int error; /* errno of a failed write */
};

static int see_ref(git_reference *ref, void *payload)
{
    struct bundle *b = payload;
    const git_oid *target = git_reference_target(ref);
    if (target != NULL) {
        buf_add_format(&b->head, "%s %s\n", git_oid_tostr_s(target), git_reference_name(ref));
        b->refs++;
        if (strcmp(git_reference_name(ref), "refs/heads/main") == 0) /* what a clone checks out */
            buf_add_format(&b->head, "%s HEAD\n", git_oid_tostr_s(target));
    }
    git_reference_free(ref);
    return 0;
}

static bool write_all(struct bundle *b, const void *data, size_t bytes)
{
    const uint8_t *at = data;
    while (bytes > 0) {
        ssize_t done = write(b->fd, at, bytes);
        if (done < 0) {
            b->error = errno;
            return false;
        }
        at += done;
        bytes -= (size_t)done;
    }
    return true;
}

static int see_pack(void *data, size_t bytes, void *payload)
{
    return write_all(payload, data, bytes) ? 0 : -1;
}

/* A bundle: a line, the refs, an empty line, a pack. */
static enum status write_bundle(git_repository *git, const char *path, struct export_report *out,
                                struct fault *f)
{
    struct bundle b = {.fd = -1};
    git_packbuilder *pack = NULL;
    git_revwalk *walk = NULL;
    enum status st = ST_OK;
    buf_add_text(&b.head, "# v2 git bundle\n");
    int code = git_reference_foreach(git, see_ref, &b);
    buf_add_text(&b.head, "\n");
    if (code == 0)
        code = git_revwalk_new(&walk, git);
    if (code == 0)
        code = git_revwalk_push_glob(walk, "refs/*");
    if (code == 0)
        code = git_packbuilder_new(&pack, git);
    if (code == 0)
        code = git_packbuilder_insert_walk(pack, walk);
    if (code < 0)
        st = git_fault(f, code, "reading the repository");
    if (st == ST_OK)
        b.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (st == ST_OK && (b.fd < 0 || !write_all(&b, b.head.data, b.head.count)))
        st = fault_errno(f, b.fd < 0 ? errno : b.error, "cannot write %s", path);
    if (st == ST_OK) {
        code = git_packbuilder_foreach(pack, see_pack, &b);
        if (b.error != 0 || (code == 0 && fsync(b.fd) != 0))
            st = fault_errno(f, b.error != 0 ? b.error : errno, "cannot write %s", path);
        else if (code < 0)
            st = git_fault(f, code, "packing the history");
    }
    if (st == ST_OK)
        *out = (struct export_report){b.refs, git_packbuilder_object_count(pack)};
    if (b.fd >= 0)
        close(b.fd);
    git_packbuilder_free(pack);
    git_revwalk_free(walk);
    buf_release(&b.head);
    return st;
}

/* The home's charters, for the keys. */
static enum status read_charters(const char *home, struct charter_chain *out, struct fault *f)
{
    struct replica r = {0};
    struct disk disk = {0};
    enum status st = home_office(home, r.label, &r.network, f);
    if (st == ST_OK)
        st = disk_files(home, &disk, f);
    r.disk = &disk;
    if (st == ST_OK)
        st = recover_charters(&r, f);
    *out = r.chain;
    disk_release(&disk);
    return st;
}

enum status export_repository(const char *home, const char *path, struct export_report *out,
                              struct fault *f)
{
    char repo[HOME_PATH_MAX];
    git_repository *git = NULL;
    enum status st = home_path(home, "repo.git", repo, f);
    if (st == ST_OK) {
        int code = git_repository_open_bare(&git, repo);
        if (code < 0)
            st = git_fault(f, code, "opening %s", repo);
    }
    if (st == ST_OK)
        st = write_bundle(git, path, out, f);
    git_repository_free(git);
    return st;
}

enum status export_git(const char *home, const char *dir, struct export_report *out,
                       struct fault *f)
{
    char bundle[HOME_PATH_MAX];
    struct charter_chain chain = {0};
    struct disk disk = {0};
    enum status st = read_charters(home, &chain, f);
    if (st == ST_OK)
        st = home_path(dir, "minga.bundle", bundle, f);
    if (st == ST_OK)
        st = export_folder(dir, f);
    if (st == ST_OK)
        st = disk_files(dir, &disk, f);
    if (st == ST_OK)
        st = export_repository(home, bundle, out, f);
    if (st == ST_OK)
        st = write_signers(&chain, &disk, f);
    if (st == ST_OK)
        st = disk_put(&disk, "", "CHECK.txt", BYTES(check_text), f);
    disk_release(&disk);
    charter_chain_release(&chain);
    return st;
}

/* ---- The books ---- */

static enum status write_iati(struct replica *r, const struct book *b,
                              const struct export_options *o, uint32_t *left_out, struct buf *out)
{
    enum { DIGITS = 16 };
    const struct charter *newest = charter_newest(replica_charters(r));
    char network[2 * DIGEST_BYTES + 1], reporter[16 + DIGITS];
    hex_encode(replica_network(r)->id, DIGEST_BYTES, network);
    snprintf(reporter, sizeof reporter, "X-MINGA-%.*s", DIGITS, network);
    struct iati_options options = {
        .reporter = o->reporter != NULL ? o->reporter : reporter,
        .name = newest->network,
        .country = o->country != NULL ? o->country : "",
        .small_cell = newest->schema->audit.small_cell,
    };
    return iati_write(b, &options, left_out, out);
}

enum status export_book(struct replica *r, const struct book *b, enum export_format format,
                        const struct export_options *o, uint32_t *left_out, struct buf *out,
                        struct fault *f)
{
    enum status st = ST_NO_MEMORY;
    *left_out = 0;
    if (format == EXPORT_LEDGER)
        st = ledger_write(b, out);
    else if (format == EXPORT_BEANCOUNT)
        st = beancount_write(b, out);
    else if (format == EXPORT_IATI)
        st = write_iati(r, b, o, left_out, out);
    return st == ST_OK ? ST_OK : fault_set(f, st, "no memory to write the books");
}

enum status export_file(const char *dir, const char *name, struct bytes content, struct fault *f)
{
    char path[HOME_PATH_MAX];
    struct bundle b = {.fd = -1};
    enum status st = home_path(dir, name, path, f);
    if (st != ST_OK)
        return st;
    b.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (b.fd < 0)
        return fault_errno(f, errno, "cannot write %s", path);
    if (!write_all(&b, content.data, content.count))
        st = fault_errno(f, b.error, "cannot write %s", path);
    else if (fsync(b.fd) != 0)
        st = fault_errno(f, errno, "cannot write %s", path);
    close(b.fd);
    return st;
}

struct sheet_files {
    const char *dir;
    uint32_t count;
};

static enum status put_sheet(void *user, const char *name, struct bytes csv, struct fault *f)
{
    struct sheet_files *files = user;
    char file[NAME_BYTES_MAX + 8];
    snprintf(file, sizeof file, "%s.csv", name);
    files->count++;
    return export_file(files->dir, file, csv, f);
}

enum status export_csv(struct replica *r, const struct book *b, const char *dir,
                       uint32_t *files_out, struct fault *f)
{
    struct sheet_files files = {.dir = dir};
    enum status st = export_folder(dir, f);
    if (st == ST_OK)
        st = sheets_write(r, b, put_sheet, &files, f);
    *files_out = files.count;
    return st;
}
