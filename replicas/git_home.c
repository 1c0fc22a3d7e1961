#include "replicas/git_home.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <unistd.h>

#include "replicas/git.h"
#include "replicas/pack_index.h"

enum { REF_TEXT_MAX = 1024 };

enum status git_home_check_packs(const char *folder, struct fault *f)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return errno == ENOENT ? ST_OK : fault_errno(f, errno, "cannot list %s", folder);
    enum status st = ST_OK;
    for (const struct dirent *e = readdir(dir); e != NULL && st == ST_OK; e = readdir(dir)) {
        char path[PACK_PATH_MAX];
        struct pack_index x = {.count = 0};
        size_t count = strlen(e->d_name);
        if (count < 9 || strncmp(e->d_name, "pack-", 5) != 0 ||
            strcmp(e->d_name + count - 4, ".idx") != 0)
            continue;
        int length = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (length < 0 || (size_t)length >= sizeof path)
            st = fault_set(f, ST_TOO_LARGE, "the path %s is too long", folder);
        else
            st = pack_index_open(path, &x, f);
        pack_index_release(&x);
    }
    closedir(dir);
    return st;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t count = strlen(name), tail = strlen(suffix);
    return count >= tail && strcmp(name + count - tail, suffix) == 0;
}

/* Call 'each' for every file below refs/, until it says anything but ST_OK. */
static enum status walk_refs(git_repository *git,
                             enum status (*each)(const char *path, struct fault *f),
                             struct fault *f)
{
    char path[PACK_PATH_MAX];
    int count = snprintf(path, sizeof path, "%srefs", git_repository_commondir(git));
    if (count < 0 || (size_t)count >= sizeof path)
        return fault_set(f, ST_TOO_LARGE, "the repository's path is too long");
    char *const roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    if (walk == NULL)
        return fault_errno(f, errno, "cannot list %s", path);
    enum status st = ST_OK;
    for (const FTSENT *e = fts_read(walk); e != NULL && st == ST_OK; e = fts_read(walk))
        if (e->fts_info == FTS_F || e->fts_info == FTS_NSOK)
            st = each(e->fts_path, f);
    fts_close(walk);
    return st;
}

static enum status sweep_lock(const char *path, struct fault *f)
{
    (void)f;
    if (ends_with(path, ".lock"))
        unlink(path);
    return ST_OK;
}

/* "<hex>\n", or "ref: <name>\n". */
static enum status check_ref(const char *path, struct fault *f)
{
    char text[REF_TEXT_MAX];
    if (ends_with(path, ".lock"))
        return ST_OK;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT || errno == EISDIR ? ST_OK
                                                  : fault_errno(f, errno, "cannot open %s", path);
    size_t count = fread(text, 1, sizeof text, file);
    bool failed = ferror(file) != 0 && errno != EISDIR;
    fclose(file);
    struct oid id;
    bool plain =
        count > OID_TEXT && text[OID_TEXT] == '\n' &&
        hex_decode((struct bytes){(const uint8_t *)text, OID_TEXT}, id.id, OID_BYTES) == ST_OK;
    bool symbolic = count > 5 && memcmp(text, "ref: ", 5) == 0;
    if (failed)
        return fault_errno(f, EIO, "cannot read %s", path);
    if (plain || symbolic)
        return ST_OK;
    fault_set(f, ST_CORRUPT, "the ref in %s is damaged", path);
    fault_fix(f, "remove it; it is made again from the history");
    return ST_CORRUPT;
}

enum status git_home_check_refs(git_repository *git, struct fault *f)
{
    return walk_refs(git, check_ref, f);
}

bool git_home_remove_ref(git_repository *git, const char *name)
{
    char path[PACK_PATH_MAX];
    int count = snprintf(path, sizeof path, "%s%s", git_repository_commondir(git), name);
    return count > 0 && (size_t)count < sizeof path && unlink(path) == 0;
}

void git_home_sweep(git_repository *git)
{
    static const char *const locks[] = {"HEAD.lock", "config.lock", "packed-refs.lock",
                                        "shallow.lock"};
    char path[PACK_PATH_MAX];
    const char *home = git_repository_path(git);
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
        int count = snprintf(path, sizeof path, "%s%s", home, locks[i]);
        if (count > 0 && (size_t)count < sizeof path)
            unlink(path);
    }
    if (walk_refs(git, sweep_lock, NULL) != ST_OK)
        return;
    int length = snprintf(path, sizeof path, "%sobjects/pack", home);
    if (length < 0 || (size_t)length >= sizeof path)
        return;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        if (strncmp(e->d_name, "tmp_pack_minga_", 15) == 0 ||
            strncmp(e->d_name, "tmp_idx_minga_", 14) == 0)
            unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
}

enum status git_home_folders(git_repository *git, struct git_home *out, struct fault *f)
{
    char line[PACK_PATH_MAX], path[PACK_PATH_MAX];
    int count =
        snprintf(out->folders[0], sizeof *out->folders, "%sobjects", git_repository_commondir(git));
    if (count < 0 || (size_t)count + sizeof "/pack" > sizeof *out->folders)
        return fault_set(f, ST_TOO_LARGE, "the repository's path is too long");
    memcpy(out->packs, out->folders[0], (size_t)count);
    memcpy(out->packs + count, "/pack", sizeof "/pack");
    out->count = 1;
    for (size_t i = 0; i < out->count; i++) {
        if (snprintf(path, sizeof path, "%s/info/alternates", out->folders[i]) >= (int)sizeof path)
            continue;
        FILE *file = fopen(path, "re");
        while (file != NULL && fgets(line, sizeof line, file) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            if (line[0] == '\0' || line[0] == '#' || out->count == GIT_HOME_FOLDERS_MAX)
                continue;
            int used =
                snprintf(out->folders[out->count], sizeof *out->folders, "%s%s%s",
                         line[0] == '/' ? "" : out->folders[i], line[0] == '/' ? "" : "/", line);
            out->count += used > 0 && (size_t)used < sizeof *out->folders;
        }
        if (file != NULL)
            fclose(file);
    }
    return ST_OK;
}

enum status git_home_configure(git_repository *git, struct fault *f)
{
    static const struct {
        const char *name, *value;
    } settings[] = {
        {"gc.auto", "0"},
        {"gc.pruneExpire", "never"},
        {"maintenance.auto", "false"},
        {"core.fsync", "all"},
        {"core.logAllRefUpdates", "false"},
        {"transfer.fsckObjects", "true"},
        {"receive.denyCurrentBranch", "refuse"},
        {"receive.denyNonFastForwards", "true"},
        {"receive.denyDeletes", "true"},
        {"pack.writeReverseIndex", "false"},
    };
    git_config *config = NULL;
    int code = git_repository_config(&config, git);
    for (size_t i = 0; i < sizeof settings / sizeof *settings && code >= 0; i++) {
        git_config_entry *entry = NULL;
        if (git_config_get_entry(&entry, config, settings[i].name) == 0)
            git_config_entry_free(entry); /* the user's own choice stays */
        else
            code = git_config_set_string(config, settings[i].name, settings[i].value);
    }
    git_config_free(config);
    return code >= 0 ? ST_OK : git_fault(f, code, "the repository cannot be configured");
}
