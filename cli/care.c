#include "cli/care.h"

#include <string.h>

#include "cli/ask.h"
#include "cli/books.h"
#include "cli/language.h"
#include "cli/output.h"
#include "proto/mem.h"
#include "replicas/export.h"
#include "replicas/json.h"
#include "replicas/repair.h"
#include "replicas/replica.h"
#include "replicas/settings.h"
#include "replicas/verify.h"

/* A member of a row whose text may hold anything: a path, a finding about bytes from a disk. */
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
    if (buf_status(row) == ST_OK)
        call_row(c, buf_bytes(row));
    buf_release(row);
}

/* ---- verify ---- */

static void add_findings(const struct verify_report *r, struct buf *row)
{
    char hex[OID_TEXT + 1];
    buf_add_text(row, ",\"refused\":[");
    for (uint32_t i = 0; i < r->finding_count; i++) {
        const struct verify_finding *found = &r->findings[i];
        struct buf one = {0};
        hex_encode(found->commit.id, OID_BYTES, hex);
        buf_add_byte(&one, '{');
        if (oid_is_zero(&found->commit))
            buf_add_text(&one, "\"commit\":null");
        else
            add_text(&one, "commit", hex);
        add_text(&one, "reason", found->text);
        add_text(&one, "error", status_word(found->code));
        buf_add_byte(&one, '}');
        buf_add_text(row, i > 0 ? "," : "");
        buf_add_bytes(row, buf_bytes(&one));
        buf_release(&one);
    }
    buf_add_format(row, "],\"more\":%u", r->more_findings);
}

static void print_verify_json(const struct call *c, const struct verify_report *r)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct buf row = {0};
    buf_add_format(&row, "{\"ok\":%s,\"commits\":%llu,\"signatures\":%llu",
                   r->ok ? "true" : "false", (unsigned long long)r->commits,
                   (unsigned long long)r->signatures);
    add_findings(r, &row);
    hex_encode(r->state.id, OID_BYTES, hex);
    add_text(&row, "state", hex);
    add_text(&row, "network", r->network_name);
    hex_encode(r->network.id, DIGEST_BYTES, hex);
    add_text(&row, "network_id", hex);
    buf_add_format(&row, ",\"charter\":%u", r->charter);
    add_text(&row, "unchecked", r->unchecked);
    buf_add_byte(&row, '}');
    send(c, &row);
}

static void print_verify(const struct verify_report *r)
{
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(r->network.id, DIGEST_BYTES, hex);
    output_line(stdout, tr("network %s (%s), charter %u"), r->network_name, hex, r->charter);
    output_line(stdout, tr("%llu commits replayed, %llu signatures good"),
                (unsigned long long)r->commits, (unsigned long long)r->signatures);
    hex_encode(r->state.id, OID_BYTES, hex);
    output_line(stdout, tr("state %s"), hex);
    for (uint32_t i = 0; i < r->finding_count; i++) {
        const struct verify_finding *found = &r->findings[i];
        hex_encode(found->commit.id, OID_BYTES, hex);
        if (oid_is_zero(&found->commit))
            output_line(stdout, "- %s", found->text);
        else
            output_line(stdout, "- %s: %s", hex, found->text);
    }
    if (r->more_findings > 0)
        output_line(stdout, tr("... and %u more"), r->more_findings);
    if (r->unchecked[0] != '\0')
        output_line(stdout, tr("Not checked here: %s"), language_text(r->unchecked));
}

static enum status network_of(const struct call *c, struct digest *out, struct fault *f)
{
    const char *text = call_option(c, "network");
    if (hex_decode(bytes_of_text(text), out->id, DIGEST_BYTES) == ST_OK)
        return ST_OK;
    fault_set(f, ST_USAGE, "%s", tr("a network id is 64 hex digits"));
    fault_fix(f, "%s", tr("minga verify --json names it, in an office's home"));
    return ST_USAGE;
}

static enum status verify(const struct call *c, struct verify_report *report, struct fault *f)
{
    struct digest network;
    const char *repo = call_option(c, "repo");
    bool named = call_has(c, "network");
    if (named && repo == NULL)
        return fault_set(f, ST_USAGE, "%s", tr("--network goes with --repo"));
    enum status st = named ? network_of(c, &network, f) : ST_OK;
    if (st != ST_OK)
        return st;
    if (repo == NULL)
        return verify_home(c->home, report, f);
    st = verify_repo(repo, named ? &network : NULL, report, f);
    if (st != ST_OK && f->fix[0] == '\0')
        fault_fix(f, "%s", tr("name a clone: git clone minga.bundle DIR; minga verify --repo DIR"));
    return st;
}

int care_verify(struct call *c)
{
    struct fault f = {0};
    struct verify_report *report = mem_alloc(sizeof *report);
    if (report == NULL) {
        fault_set(&f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
        return call_fail(c, &f);
    }
    enum status st = verify(c, report, &f);
    int exit = CALL_DONE;
    if (st != ST_OK) {
        exit = call_fail(c, &f);
    } else {
        if (c->json)
            print_verify_json(c, report);
        else
            print_verify(report);
        fflush(stdout);
        if (report->ok && !c->json)
            output_line(stdout, "%s", tr("Everything that was checked is sound."));
        if (!report->ok)
            exit = call_end(c, "not-verified", tr("verification failed"),
                            tr("the lines above name what is wrong; minga doctor says what to do"),
                            CALL_NOT_VERIFIED);
    }
    mem_free(report);
    return exit;
}

/* ---- repair, export ---- */

int care_repair(struct call *c)
{
    struct fault f = {0};
    struct repair_report report = {0};
    const char *what = c->words[0];
    enum status st;
    if (strcmp(what, "index") == 0) {
        st = repair_index(c->home, &report, &f);
    } else if (strcmp(what, "journal") == 0) {
        st = repair_journal(c->home, &report, &f);
    } else if (strcmp(what, "refs") == 0) {
        st = repair_refs(c->home, &report, &f);
    } else if (strcmp(what, "vault") == 0) {
        st = repair_vault(c->home, &report, &f);
    } else {
        st = fault_set(&f, ST_USAGE, tr("there is nothing called \"%s\" to repair"), what);
        fault_fix(&f, "use: minga repair index|journal|refs|vault");
    }
    if (st != ST_OK)
        return call_fail(c, &f);
    if (!c->json) {
        output_line(stdout, tr("%s: made anew (%llu)"), what, (unsigned long long)report.commits);
        if (report.note[0] != '\0')
            output_line(stdout, "%s", language_text(report.note));
        return CALL_DONE;
    }
    struct buf row = {0};
    buf_add_byte(&row, '{');
    add_text(&row, "repaired", what);
    buf_add_format(&row, ",\"commits\":%llu", (unsigned long long)report.commits);
    add_text(&row, "note", report.note);
    buf_add_byte(&row, '}');
    send(c, &row);
    return CALL_DONE;
}

static void ignore_row(void *user, struct bytes json)
{
    (void)user, (void)json;
}

enum status care_checkpoint(const struct call *c, struct fault *f)
{
    struct control_request request = {.verb = BYTES("checkpoint")};
    struct client_end end = {.exit = CALL_DONE};
    struct client *client = NULL;
    enum status st = ask_open(c, &client, f);
    if (st == ST_NO_DAEMON) {
        struct replica_options options = {.home = c->home, .index = true};
        struct replica *replica = NULL;
        st = replica_open(&options, &replica, f);
        return st == ST_OK ? replica_close(replica, f) : st;
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

int care_export(struct call *c)
{
    struct fault f = {0};
    struct export_report report = {0};
    const char *dir = c->words[1];
    enum status st;
    if (books_is_format(c->words[0]))
        return books_export(c);
    if (strcmp(c->words[0], "git") == 0 && c->option_count > 0) {
        st = fault_set(&f, ST_USAGE, "%s", tr("export git takes no options"));
    } else if (strcmp(c->words[0], "git") == 0) {
        st = care_checkpoint(c, &f);
        if (st == ST_OK)
            st = export_git(c->home, dir, &report, &f);
    } else {
        st = fault_set(&f, ST_USAGE, tr("\"%s\" cannot be exported"), c->words[0]);
        fault_fix(&f, "use: minga export ledger|beancount|iati FILE, minga export csv|git DIR");
    }
    if (st != ST_OK)
        return call_fail(c, &f);
    if (!c->json) {
        output_line(stdout, tr("%s: %u refs, %llu objects"), dir, report.refs,
                    (unsigned long long)report.objects);
        call_say(c, tr("%s/CHECK.txt tells how anyone checks it with stock git."), dir);
        return CALL_DONE;
    }
    struct buf row = {0};
    buf_add_byte(&row, '{');
    add_text(&row, "folder", dir);
    buf_add_format(&row, ",\"refs\":%u,\"objects\":%llu}", report.refs,
                   (unsigned long long)report.objects);
    send(c, &row);
    return CALL_DONE;
}

/* ---- config ---- */

static void print_key(void *user, const char *key, const char *value)
{
    const struct call *c = user;
    if (!c->json) {
        output_line(stdout, "%s = %s", key, value);
        return;
    }
    struct buf row = {0};
    buf_add_byte(&row, '{');
    add_text(&row, "key", key);
    add_text(&row, "value", value);
    buf_add_byte(&row, '}');
    send(c, &row);
}

static void print_sound(const struct call *c, const char *path)
{
    if (!c->json) {
        output_line(stdout, tr("%s is sound"), path);
        return;
    }
    struct buf row = {0};
    buf_add_text(&row, "{\"ok\":true");
    add_text(&row, "file", path);
    buf_add_byte(&row, '}');
    send(c, &row);
}

int care_config(struct call *c)
{
    struct fault f = {0};
    struct settings settings = {.peers = NULL};
    char path[HOME_PATH_MAX];
    const char *what = c->word_count > 0 ? c->words[0] : "list";
    bool check = strcmp(what, "check") == 0;
    enum status st = home_path(c->home, "config", path, &f);
    if (st == ST_OK && !check && strcmp(what, "list") != 0) {
        st = fault_set(&f, ST_USAGE, tr("minga %s has no \"%s\""), "config", what);
        fault_fix(&f, "use: minga config check|list");
    }
    if (st == ST_OK)
        st = settings_load(path, &settings, &f);
    if (st != ST_OK)
        return call_fail(c, &f);
    if (check)
        print_sound(c, path);
    else
        settings_each(&settings, print_key, c);
    settings_release(&settings);
    return CALL_DONE;
}
