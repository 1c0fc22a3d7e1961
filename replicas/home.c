#include "replicas/home.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replicas/commit.h"
#include "replicas/folder.h"

enum {
    SMALL_FILE_MAX = 4096,
    SOCKET_PATH_MAX = 107, /* of sockaddr_un, without its NUL */
};

enum status home_path(const char *home, const char *name, char out[static HOME_PATH_MAX],
                      struct fault *f)
{
    int used = snprintf(out, HOME_PATH_MAX, "%s/%s", home, name);
    if (used < 0 || used >= HOME_PATH_MAX)
        return fault_set(f, ST_TOO_LARGE, "the path of %s is too long", name);
    return ST_OK;
}

enum status home_socket(const char *home, bool is_default, char out[static HOME_PATH_MAX],
                        struct fault *f)
{
    const char *runtime = is_default ? getenv("XDG_RUNTIME_DIR") : NULL;
    bool in_home = runtime == NULL || runtime[0] != '/';
    enum status st = in_home ? home_path(home, "control.sock", out, f)
                             : home_path(runtime, "minga/control.sock", out, f);
    if (st != ST_OK || strlen(out) <= SOCKET_PATH_MAX)
        return st;
    fault_set(f, ST_TOO_LARGE, "the path of the control socket, %s, is longer than %d bytes", out,
              SOCKET_PATH_MAX);
    fault_fix(f, "choose a home with a shorter path");
    return ST_TOO_LARGE;
}

/* A small file of the home, whole; ST_NOT_FOUND where it is not there. */
static enum status read_small(const char *home, const char *name, struct buf *out, struct fault *f)
{
    struct disk disk = {0};
    enum status st = disk_files(home, &disk, f);
    if (st == ST_OK)
        st = disk_get(&disk, name, SMALL_FILE_MAX, out, f);
    disk_release(&disk);
    return st;
}

static void wipe(struct buf *text)
{
    if (text->data != NULL)
        sodium_memzero(text->data, text->capacity);
    buf_release(text);
}

static enum status write_small(const char *home, const char *name, struct bytes content,
                               struct fault *f)
{
    struct disk disk = {0};
    enum status st = disk_files(home, &disk, f);
    if (st == ST_OK)
        st = disk_put(&disk, "", name, content, f);
    disk_release(&disk);
    return st;
}

enum status home_write_identity(const char *home, const char *name,
                                const uint8_t seed[static IDENTITY_SEED_BYTES],
                                const struct identity_wrap *wrap, struct fault *f)
{
    struct buf text = {0};
    identity_write(seed, wrap, &text);
    enum status st = buf_status(&text);
    if (st == ST_OK)
        st = write_small(home, name, buf_bytes(&text), f);
    wipe(&text);
    return st;
}

/* Every folder of 'path' that is missing, 0700. */
static enum status make_folders(const char *path, struct fault *f)
{
    char part[HOME_PATH_MAX];
    int bytes = snprintf(part, sizeof part, "%s", path);
    if (bytes < 0 || (size_t)bytes >= sizeof part)
        return fault_set(f, ST_TOO_LARGE, "the path of the home is too long");
    for (size_t i = 1; i <= (size_t)bytes; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];
        part[i] = '\0';
        bool made = mkdir(part, 0700) == 0;
        if (!made && errno != EEXIST)
            return fault_errno(f, errno, "cannot make the folder %s", part);
        /* What an earlier try made may not be durable either: the home's own name always is. */
        enum status st = made || kept == '\0' ? folder_sync_name(part, f) : ST_OK;
        if (st != ST_OK)
            return st;
        part[i] = kept;
    }
    if (chmod(path, 0700) != 0)
        return fault_errno(f, errno, "cannot set the rights of %s to 0700", path);
    return ST_OK;
}

/* The folder, where no replica may live yet. */
static enum status make_home(const char *home, struct fault *f)
{
    char path[HOME_PATH_MAX];
    enum status st = home_path(home, "office", path, f);
    if (st != ST_OK)
        return st;
    if (access(path, F_OK) == 0) {
        fault_set(f, ST_EXISTS, "%s holds a replica already", home);
        fault_fix(f, "choose another folder with --home DIR");
        return ST_EXISTS;
    }
    return make_folders(home, f);
}

static void take_seed(const uint8_t seed[static IDENTITY_SEED_BYTES],
                      const struct identity_wrap *wrap, struct home_identity *out)
{
    out->wrap = *wrap;
    crypto_sign_seed_keypair(out->key.id, out->secret, seed);
}

static enum status read_identity(const char *home, const char *name, struct buf *text,
                                 struct fault *f)
{
    enum status st = read_small(home, name, text, f);
    if (st != ST_NOT_FOUND)
        return st;
    fault_set(f, ST_NO_REPLICA, "there is no %s in %s", name, home);
    fault_fix(f, "run `minga init NETWORK --as LABEL` or `minga join LINK` first");
    return ST_NO_REPLICA;
}

static enum status damaged(const char *home, const char *name, enum status st, struct fault *f)
{
    if (st != ST_MALFORMED)
        return st;
    fault_set(f, ST_CORRUPT, "the file %s/%s is damaged", home, name);
    fault_fix(f, "restore a backup: minga init --restore FILE in an empty home, or join again");
    return ST_CORRUPT;
}

static enum status ask_passphrase(struct fault *f)
{
    fault_set(f, ST_WRONG_KEY, "the key of this office is under a passphrase");
    fault_fix(f, "name the file that holds it: --passphrase-file FILE");
    return ST_WRONG_KEY;
}

enum status home_public(const char *home, const char *name, struct key *key_out, bool *wrapped_out,
                        struct fault *f)
{
    struct buf text = {0};
    enum status st = read_identity(home, name, &text, f);
    if (st == ST_OK)
        st = damaged(home, name, identity_look(buf_bytes(&text), key_out, wrapped_out), f);
    wipe(&text);
    return st;
}

static enum status unlock(const char *home, const char *name, struct bytes passphrase,
                          struct home_identity *out, struct fault *f)
{
    struct buf text = {0};
    uint8_t seed[IDENTITY_SEED_BYTES];
    struct identity_wrap wrap = {0};
    enum status st = read_identity(home, name, &text, f);
    if (st == ST_OK)
        st = damaged(home, name, identity_read(buf_bytes(&text), passphrase, seed, &wrap, f), f);
    if (st == ST_OK)
        take_seed(seed, &wrap, out);
    wipe(&text);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(&wrap, sizeof wrap);
    return st;
}

enum status home_unlock(const char *home, struct bytes passphrase, struct home_identity *out,
                        struct fault *f)
{
    return unlock(home, "identity", passphrase, out, f);
}

enum status home_protect(const char *home, const char *name, struct bytes passphrase,
                         struct passphrase_cost cost, struct home_identity *identity,
                         struct fault *f)
{
    struct identity_wrap wrap = {0};
    enum status st = passphrase.count > 0 ? identity_wrap_make(passphrase, cost, &wrap, f) : ST_OK;
    if (st == ST_OK) /* libsodium's secret begins with the seed */
        st = home_write_identity(home, name, identity->secret, &wrap, f);
    if (st == ST_OK)
        identity->wrap = wrap;
    sodium_memzero(&wrap, sizeof wrap);
    return st;
}

enum status home_make_beside(const char *home, const char *name, struct bytes passphrase,
                             struct passphrase_cost cost, struct home_identity *out,
                             struct fault *f)
{
    static const struct identity_wrap plain;
    uint8_t seed[IDENTITY_SEED_BYTES];
    bool wrapped = false;
    enum status st = home_public(home, name, &out->key, &wrapped, f);
    if (st == ST_OK && wrapped && passphrase.count == 0)
        return ask_passphrase(f);
    if (st == ST_OK)
        st = unlock(home, name, passphrase, out, f);
    else if (st == ST_NO_REPLICA) {
        randombytes_buf(seed, sizeof seed);
        take_seed(seed, &plain, out);
        sodium_memzero(seed, sizeof seed);
        return home_protect(home, name, passphrase, cost, out, f);
    }
    return st == ST_OK && !wrapped && passphrase.count > 0
               ? home_protect(home, name, passphrase, cost, out, f)
               : st;
}

enum status home_make(const char *home, struct home_identity *out, struct fault *f)
{
    return home_make_wrapped(home, (struct bytes){NULL, 0}, (struct passphrase_cost){0}, out, f);
}

enum status home_make_wrapped(const char *home, struct bytes passphrase,
                              struct passphrase_cost cost, struct home_identity *out,
                              struct fault *f)
{
    enum status st = make_home(home, f);
    return st == ST_OK ? home_make_beside(home, "identity", passphrase, cost, out, f) : st;
}

enum status home_identity(const char *home, struct home_identity *out, struct fault *f)
{
    struct key key;
    bool wrapped = false;
    enum status st = home_public(home, "identity", &key, &wrapped, f);
    if (st == ST_OK && wrapped)
        return ask_passphrase(f);
    return st == ST_OK ? home_unlock(home, (struct bytes){NULL, 0}, out, f) : st;
}

enum status home_read_next(const char *home, const char *name, const struct home_identity *current,
                           struct home_identity *out, struct fault *f)
{
    struct buf text = {0};
    uint8_t seed[IDENTITY_SEED_BYTES];
    enum status st = read_small(home, name, &text, f);
    if (st == ST_OK)
        st = damaged(home, name, identity_read_next(buf_bytes(&text), &current->wrap, seed, f), f);
    if (st == ST_OK)
        take_seed(seed, &current->wrap, out);
    wipe(&text);
    sodium_memzero(seed, sizeof seed);
    return st;
}

enum status home_publish(const char *home, const char *label, struct fault *f)
{
    struct key key;
    bool wrapped;
    struct buf line = {0}, there = {0};
    enum status st = home_public(home, "identity", &key, &wrapped, f);
    if (st != ST_OK)
        return st;
    commit_key_line(bytes_of_text(label), &key, &line);
    st = buf_status(&line);
    if (st == ST_OK && (read_small(home, "identity.pub", &there, f) != ST_OK ||
                        !bytes_equal(buf_bytes(&line), buf_bytes(&there))))
        st = write_small(home, "identity.pub", buf_bytes(&line), f);
    buf_release(&line);
    buf_release(&there);
    return st;
}

enum status home_switch_identity(const char *home, const char *name, const char *label,
                                 struct fault *f)
{
    struct disk disk = {0};
    enum status st = disk_files(home, &disk, f);
    if (st == ST_OK)
        st = disk.rename(disk.context, name, "identity", f);
    if (st == ST_OK)
        st = disk.sync_folder(disk.context, "", f);
    disk_release(&disk);
    return st == ST_OK ? home_publish(home, label, f) : st;
}

enum status home_settle(const char *home, const char *label, const struct digest *network,
                        struct fault *f)
{
    struct buf text = {0};
    char hex[2 * DIGEST_BYTES + 1];
    enum status st = home_publish(home, label, f);
    if (st != ST_OK)
        return st;
    hex_encode(network->id, DIGEST_BYTES, hex);
    buf_add_format(&text, "%s %s\n", label, hex);
    st = buf_status(&text);
    if (st == ST_OK)
        st = write_small(home, "office", buf_bytes(&text), f);
    buf_release(&text);
    return st;
}

enum status home_office(const char *home, char label_out[static LABEL_BYTES_MAX + 1],
                        struct digest *network_out, struct fault *f)
{
    struct buf text = {0};
    enum status st = read_small(home, "office", &text, f);
    if (st == ST_NOT_FOUND) {
        fault_set(f, ST_NO_REPLICA, "there is no replica in %s", home);
        fault_fix(f, "run `minga init NETWORK --as LABEL` or `minga join LINK` first");
        st = ST_NO_REPLICA;
    }
    if (st != ST_OK)
        goto out;
    struct bytes all = buf_bytes(&text);
    const uint8_t *space = all.count > 0 ? memchr(all.data, ' ', all.count) : NULL;
    struct bytes label = {all.data, space != NULL ? (size_t)(space - all.data) : 0};
    bool whole = label_is_valid(label) && all.count == label.count + 2 * DIGEST_BYTES + 2 &&
                 all.data[all.count - 1] == '\n';
    if (!whole || hex_decode((struct bytes){space + 1, 2 * DIGEST_BYTES}, network_out->id,
                             DIGEST_BYTES) != ST_OK) {
        st = fault_set(f, ST_CORRUPT, "the file %s/office is damaged", home);
        goto out;
    }
    memcpy(label_out, label.data, label.count);
    label_out[label.count] = '\0';
out:
    buf_release(&text);
    return st;
}

enum status home_lock(const char *home, int *fd_out, struct fault *f)
{
    char path[HOME_PATH_MAX];
    enum status st = home_path(home, "lock", path, f);
    if (st != ST_OK)
        return st;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_errno(f, errno, "cannot open %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        char holder[32] = "";
        ssize_t got = pread(fd, holder, sizeof holder - 1, 0);
        holder[got > 0 ? got : 0] = '\0';
        close(fd);
        fault_set(f, ST_LOCKED, "%s is in use by process %s", home, holder);
        fault_fix(f, "stop that process, or choose another home with --home DIR");
        return ST_LOCKED;
    }
    char own[32];
    int bytes = snprintf(own, sizeof own, "%ld", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, own, (size_t)bytes, 0) != bytes) {
        st = fault_errno(f, errno, "cannot write %s", path);
        close(fd);
        return st;
    }
    *fd_out = fd;
    return ST_OK;
}

enum status home_choose(const char *named, char out[static HOME_PATH_MAX], bool *is_default_out,
                        struct fault *f)
{
    const char *base = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
    int used;
    if (named == NULL)
        named = getenv("MINGA_HOME");
    *is_default_out = named == NULL;
    if (named != NULL)
        used = snprintf(out, HOME_PATH_MAX, "%s", named);
    else if (base != NULL && base[0] == '/')
        used = snprintf(out, HOME_PATH_MAX, "%s/minga", base);
    else if (user != NULL && user[0] == '/')
        used = snprintf(out, HOME_PATH_MAX, "%s/.local/share/minga", user);
    else
        return fault_set(f, ST_USAGE, "no home: name one with --home DIR or MINGA_HOME");
    if (used <= 0 || used >= HOME_PATH_MAX)
        return fault_set(f, ST_USAGE, "the path of the home is empty or too long");
    return ST_OK;
}
