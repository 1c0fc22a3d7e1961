#include "cli/rescue.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/file.h"
#include "cli/language.h"
#include "cli/network.h"
#include "cli/output.h"
#include "cli/phrase.h"
#include "replicas/json.h"
#include "replicas/restore.h"
#include "replicas/roster.h"
#include "replicas/snapshot.h"

enum { MOMENT_BYTES = 32 };

static void moment_text(uint64_t seconds, char out[static MOMENT_BYTES])
{
    time_t at = (time_t)seconds;
    struct tm parts;
    out[0] = '\0';
    if (gmtime_r(&at, &parts) != NULL)
        strftime(out, MOMENT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void add_text(struct buf *row, const char *name, const char *text)
{
    struct buf safe = {0};
    output_safe(bytes_of_text(text), &safe);
    buf_add_format(row, "%s\"%s\":", row->count > 1 ? "," : "", name);
    json_add_text(row, buf_bytes(&safe));
    buf_release(&safe);
}

static void send(const struct call *c, struct buf *row)
{
    buf_add_byte(row, '}');
    if (buf_status(row) == ST_OK)
        call_row(c, buf_bytes(row));
    buf_release(row);
}

/* ---- backup ---- */

static void ignore_row(void *user, struct bytes json)
{
    (void)user, (void)json;
}

/* By the daemon where it runs; else here. The passphrase of the key is not needed. */
static enum status take_snapshot(const struct call *c, struct fault *f)
{
    struct control_request request = {.verb = BYTES("snapshot")};
    struct client_end end = {.exit = CALL_DONE};
    struct client *client = NULL;
    enum status st = ask_open(c, &client, f);
    if (st == ST_NO_DAEMON) {
        struct replica_options options = {.home = c->home};
        struct replica *replica = NULL;
        st = replica_open(&options, &replica, f);
        if (st == ST_OK)
            st = snapshot_take(replica, f);
        if (st != ST_OK) {
            replica_drop(replica);
            return st;
        }
        return replica_close(replica, f);
    }
    if (st == ST_OK)
        st = client_run(client, &request, ignore_row, NULL, &end, f);
    client_close(client);
    if (st == ST_OK && end.exit != CALL_DONE) {
        st = fault_set(f, ST_IO, "%s", end.text);
        fault_fix(f, "%s", end.fix);
    }
    return st;
}

/* With a new backup the story of the one that this home came from is over. */
static enum status forget_restoration(const struct call *c, struct fault *f)
{
    char path[HOME_PATH_MAX];
    enum status st = home_path(c->home, "restoration", path, f);
    if (st == ST_OK && unlink(path) != 0 && errno != ENOENT)
        st = fault_errno(f, errno, "cannot remove %s", path);
    return st;
}

static enum status back_up(const struct call *c, const char *path, const struct passphrase *secret,
                           struct backup_about *about, struct fault *f)
{
    struct fault late = {0};
    enum status st = take_snapshot(c, f);
    if (st != ST_OK)
        return st;
    st = snapshot_write(c->home, passphrase_bytes(secret), passphrase_cost_usual(), path, about, f);
    enum status cleared = snapshot_clear(c->home, st == ST_OK ? f : &late);
    st = st == ST_OK ? cleared : st;
    return st == ST_OK ? forget_restoration(c, f) : st;
}

static enum status check_absent(const char *path, struct fault *f)
{
    if (access(path, F_OK) != 0)
        return ST_OK;
    fault_set(f, ST_EXISTS, tr("%s is there already"), path);
    fault_fix(f, "%s", tr("choose another name, or remove it first"));
    return ST_EXISTS;
}

static enum status check_replica(const struct call *c, struct fault *f)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    return home_office(c->home, label, &network, f);
}

int rescue_backup(struct call *c)
{
    struct fault f = {0};
    struct passphrase secret = {.count = 0};
    struct backup_about about;
    char made[MOMENT_BYTES];
    const char *path = c->words[0];
    enum status st = check_replica(c, &f);
    if (st == ST_OK)
        st = check_absent(path, &f);
    if (st == ST_OK)
        st = phrase_new(c, "passphrase-file", tr("A passphrase for the backup: "), false, &secret,
                        &f);
    if (st == ST_OK)
        st = back_up(c, path, &secret, &about, &f);
    passphrase_wipe(&secret);
    if (st != ST_OK)
        return call_fail(c, &f);
    moment_text(about.made, made);
    if (c->json) {
        struct buf row = {0};
        buf_add_byte(&row, '{');
        add_text(&row, "file", path);
        add_text(&row, "office", about.label);
        add_text(&row, "made", made);
        buf_add_format(&row, ",\"files\":%u,\"seq\":%" PRIu64, about.files, about.seq);
        send(c, &row);
        return CALL_DONE;
    }
    output_line(stdout, tr("%s: the whole of %s as of %s, %u files"), path, about.label, made,
                about.files);
    call_say(
        c, "%s",
        tr("Keep it away from this machine, and its passphrase away from it: with both of them "
           "anyone is this office."));
    return CALL_DONE;
}

/* ---- init --restore ---- */

static void print_restored(const struct call *c, const struct backup_about *about)
{
    char made[MOMENT_BYTES], fingerprint[ROSTER_FINGERPRINT_BYTES] = "";
    struct key key;
    bool wrapped = false;
    struct fault ignored = {0};
    json_t *charter = network_charter(c->home);
    const char *network = output_text(charter, "network");
    moment_text(about->made, made);
    if (home_public(c->home, "identity", &key, &wrapped, &ignored) == ST_OK)
        roster_fingerprint(&key, fingerprint);
    if (c->json) {
        struct buf row = {0};
        buf_add_byte(&row, '{');
        add_text(&row, "network", network);
        add_text(&row, "office", about->label);
        add_text(&row, "fingerprint", fingerprint);
        add_text(&row, "made", made);
        add_text(&row, "home", c->home);
        send(c, &row);
    } else {
        output_line(stdout, "%s %s", tr("network"), network);
        output_line(stdout, "%s %s", tr("office"), about->label);
        output_line(stdout, "%s %s", tr("fingerprint"), fingerprint);
        call_say(c,
                 tr("This is the office as of %s. What it wrote later comes back from the others "
                    "as soon as one of them is met."),
                 made);
        call_say(c, "%s",
                 tr("No other copy of this office may run: then start the daemon, and see minga "
                    "status."));
    }
    json_decref(charter);
}

int rescue_restore(struct call *c)
{
    struct fault f = {0};
    struct passphrase secret = {.count = 0};
    struct backup_about about;
    enum status st = ST_OK;
    if (c->word_count > 0 || call_has(c, "as") || call_has(c, "schema") || call_has(c, "listen") ||
        call_has(c, "address") || call_has(c, "no-passphrase")) {
        st = fault_set(&f, ST_USAGE, "%s", tr("--restore takes everything from the backup"));
        fault_fix(&f, "%s", tr("use: minga init --restore FILE [--passphrase-file FILE]"));
    }
    if (st == ST_OK && access(call_option(c, "restore"), F_OK) != 0) { /* before anybody types */
        st = file_missing(call_option(c, "restore"), &f);
    }
    if (st == ST_OK)
        st = phrase_old(c, "passphrase-file", tr("Passphrase of the backup: "), &secret, &f);
    if (st == ST_OK)
        st = restore_home(c->home, call_option(c, "restore"), passphrase_bytes(&secret),
                          (uint64_t)time(NULL), &about, &f);
    passphrase_wipe(&secret);
    if (st != ST_OK)
        return call_fail(c, &f);
    print_restored(c, &about);
    return CALL_DONE;
}

/* ---- passphrase ---- */

/* The identity that is to replace it, where there is one, opens by the same passphrase. */
static enum status protect(const struct call *c, const struct passphrase *secret,
                           struct home_identity *identity, struct fault *f)
{
    struct home_identity next = {.key = {{0}}};
    enum status st = home_read_next(c->home, "identity.next", identity, &next, f);
    bool both = st == ST_OK;
    if (st == ST_OK || st == ST_NOT_FOUND)
        st = home_protect(c->home, "identity", passphrase_bytes(secret), passphrase_cost_usual(),
                          identity, f);
    if (st == ST_OK && both)
        st = home_write_identity(c->home, "identity.next", next.secret, &identity->wrap, f);
    sodium_memzero(&next, sizeof next);
    return st;
}

static enum status change_passphrase(const struct call *c, bool set, struct fault *f)
{
    struct passphrase secret = {.count = 0};
    struct home_identity identity = {.key = {{0}}};
    struct key key;
    bool wrapped = false;
    enum status st = home_public(c->home, "identity", &key, &wrapped, f);
    if (st == ST_OK && wrapped)
        st = phrase_old(c, "passphrase-file", tr("Passphrase of the key: "), &secret, f);
    if (st == ST_OK)
        st = home_unlock(c->home, passphrase_bytes(&secret), &identity, f);
    passphrase_wipe(&secret);
    if (st == ST_OK && set)
        st = phrase_new(c, "new-passphrase-file", tr("A new passphrase for the key: "), false,
                        &secret, f);
    if (st == ST_OK)
        st = protect(c, &secret, &identity, f);
    passphrase_wipe(&secret);
    sodium_memzero(&identity, sizeof identity);
    return st;
}

int rescue_passphrase(struct call *c)
{
    struct fault f = {0};
    int lock = -1;
    const char *what = c->word_count > 0 ? c->words[0] : "set";
    bool set = strcmp(what, "set") == 0;
    enum status st = check_replica(c, &f);
    if (st == ST_OK && !set && strcmp(what, "remove") != 0) {
        st = fault_set(&f, ST_USAGE, tr("minga %s has no \"%s\""), "passphrase", what);
        fault_fix(&f, "use: minga passphrase [set|remove]");
    }
    if (st == ST_OK)
        st = home_lock(c->home, &lock, &f);
    if (st == ST_OK)
        st = change_passphrase(c, set, &f);
    if (lock >= 0)
        close(lock);
    if (st != ST_OK)
        return call_fail(c, &f);
    if (c->json) {
        struct buf row = {0};
        buf_add_format(&row, "{\"passphrase\":%s", set ? "true" : "false");
        send(c, &row);
    } else {
        output_line(stdout, "%s",
                    set ? tr("The key of this office is under the new passphrase.")
                        : tr("The key of this office is without a passphrase."));
        call_say(c, "%s", tr("Older backups hold it as it was."));
    }
    return CALL_DONE;
}
