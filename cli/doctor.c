#include "cli/doctor.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cli/ask.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/wording.h"
#include "replicas/settings.h"
#include "replicas/verb.h"

enum {
    TEXT_BYTES = 1024,
    SPACE_MIN_MIB = 200,
    ADMINS_ADVISED = 3,
    OTHERS_BITS = 077, /* of a file's mode: group and others */
};

struct doctor {
    const struct call *call;
    json_t *lines;
    bool error;
    uint32_t admins;
};

static void say(struct doctor *d, const char *level, const char *text, const char *fix)
{
    d->error = d->error || strcmp(level, "error") == 0;
    json_t *line = json_pack("{s:s, s:s, s:s}", "level", level, "text", text, "fix", fix);
    if (line != NULL)
        (void)json_array_append_new(d->lines, line);
}

static void say_fault(struct doctor *d, const char *level, const struct fault *f)
{
    struct buf text = {0}, fix = {0};
    output_safe(bytes_of_text(f->text), &text);
    output_safe(bytes_of_text(f->fix), &fix);
    say(d, level, buf_text(&text), buf_text(&fix));
    buf_release(&text);
    buf_release(&fix);
}

/* ---- The home ---- */

static void check_mode(struct doctor *d, const char *name)
{
    char path[HOME_PATH_MAX], text[TEXT_BYTES];
    struct stat found;
    struct fault f = {0};
    enum status st = home_path(d->call->home, name, path, &f);
    if (st == ST_OK && stat(path, &found) == 0 && (found.st_mode & OTHERS_BITS) != 0) {
        snprintf(text, sizeof text, tr("others on this machine can open %.700s"), path);
        say(d, "error", text, tr("chmod go= on it"));
    }
}

static void check_space(struct doctor *d)
{
    struct statvfs space;
    char text[TEXT_BYTES];
    if (statvfs(d->call->home, &space) != 0)
        return;
    unsigned long long mib = (unsigned long long)space.f_bavail * space.f_frsize / MIB;
    if (mib >= SPACE_MIN_MIB)
        return;
    snprintf(text, sizeof text, tr("only %llu MiB are free on the disk of this home"), mib);
    say(d, mib < SPACE_MIN_MIB / 4 ? "error" : "warning", text,
        tr("make room: with a full disk nothing can be written, though nothing is lost"));
}

static void check_settings(struct doctor *d)
{
    char path[HOME_PATH_MAX];
    struct fault f = {0};
    struct settings settings = {.peers = NULL};
    enum status st = home_path(d->call->home, "config", path, &f);
    if (st == ST_OK)
        st = settings_load(path, &settings, &f);
    if (st != ST_OK)
        say_fault(d, "error", &f);
    settings_release(&settings);
}

/* ---- What the daemon knows ---- */

static void on_status(void *user, struct bytes json)
{
    struct doctor *d = user;
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    const json_t *health = json_object_get(row, "health");
    for (size_t i = 0; i < json_array_size(health); i++) {
        const json_t *line = json_array_get(health, i);
        struct buf text = {0}, fix = {0};
        say(d, output_text(line, "level"), wording_text(output_text(line, "text"), &text),
            wording_text(output_text(line, "fix"), &fix));
        buf_release(&text);
        buf_release(&fix);
    }
    json_decref(row);
}

static void on_member(void *user, struct bytes json)
{
    struct doctor *d = user;
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    const json_t *rights = json_object_get(row, "rights");
    for (size_t i = 0; i < json_array_size(rights); i++) {
        const char *right = json_string_value(json_array_get(rights, i));
        d->admins += right != NULL && strcmp(right, "admin") == 0 ? 1 : 0;
    }
    json_decref(row);
}

static enum status ask_for(struct doctor *d, struct client *client, const char *verb,
                           void (*row)(void *user, struct bytes json), struct fault *f)
{
    struct control_request request = {.verb = bytes_of_text(verb)};
    struct client_end end;
    enum status st = client_run(client, &request, row, d, &end, f);
    if (st == ST_OK && end.exit != CALL_DONE && end.exit != CALL_NEEDS_PERSON)
        say(d, "error", end.text, end.fix); /* what needs a person is among the health lines */
    return st;
}

/* A row of `retention`: what has been kept for longer than the schema says. */
static void on_due(void *user, struct bytes json)
{
    struct doctor *d = user;
    char text[TEXT_BYTES], fix[TEXT_BYTES];
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    const json_t *ids = json_object_get(row, "ids");
    const char *first = json_string_value(json_array_get(ids, 0));
    struct buf shown = {0};
    output_value(ids, &shown);
    snprintf(text, sizeof text,
             tr("%s: %lld records were not touched since %s: their retention of %s is over (%s%s)"),
             output_text(row, "type"), (long long)json_integer_value(json_object_get(row, "count")),
             output_text(row, "before"), output_text(row, "retention"), buf_text(&shown),
             (size_t)json_integer_value(json_object_get(row, "count")) > json_array_size(ids)
                 ? ", ..."
                 : "");
    snprintf(fix, sizeof fix, tr("minga erase %.8s --reason TEXT, and likewise the others"),
             first != NULL ? first : "ID");
    say(d, "notice", text, fix);
    buf_release(&shown);
    json_decref(row);
}

/* A row of `erase --list`: somebody is asked to approve. */
static void on_order(void *user, struct bytes json)
{
    struct doctor *d = user;
    char text[TEXT_BYTES], fix[TEXT_BYTES];
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    if (strcmp(output_text(row, "state"), "proposed") == 0) {
        snprintf(text, sizeof text, tr("%s proposes to erase %s %.8s"), output_text(row, "office"),
                 output_text(row, "type"), output_text(row, "record"));
        snprintf(fix, sizeof fix, tr("another office: minga erase %.8s --approve"),
                 output_text(row, "record"));
        say(d, "notice", text, fix);
    }
    json_decref(row);
}

static enum status ask_orders(struct doctor *d, struct client *client, struct fault *f)
{
    struct control_request request = {.verb = BYTES("erase"), .option_count = 1};
    struct client_end end;
    request.options[0] = (struct control_option){BYTES("list"), BYTES("")};
    return client_run(client, &request, on_order, d, &end, f);
}

static void check_admins(struct doctor *d)
{
    char text[TEXT_BYTES];
    if (d->admins == 0 || d->admins >= ADMINS_ADVISED)
        return;
    snprintf(text, sizeof text,
             d->admins == 1 ? tr("%u member is an admin: the network is in one hand")
                            : tr("only %u members are admins"),
             d->admins);
    say(d, "notice", text,
        tr("three admins, or a paper key as one more, keep it safe when a key is lost"));
}

static void check_daemon(struct doctor *d)
{
    struct client *client = NULL;
    struct fault f = {0};
    enum status st = ask_open(d->call, &client, &f);
    if (st == ST_OK)
        st = ask_for(d, client, "status", on_status, &f);
    if (st == ST_OK)
        st = ask_for(d, client, "member", on_member, &f);
    if (st == ST_OK)
        st = ask_for(d, client, "retention", on_due, &f);
    if (st == ST_OK)
        st = ask_orders(d, client, &f);
    if (st != ST_OK)
        say_fault(d, st == ST_NO_DAEMON ? "warning" : "error", &f);
    else
        check_admins(d);
    client_close(client);
}

/* ---- What it says ---- */

static void print_json(const struct doctor *d)
{
    struct buf row = {0};
    json_t *object = json_pack("{s:b, s:O}", "ok", !d->error, "health", d->lines);
    output_value(object, &row);
    if (buf_status(&row) == ST_OK && object != NULL)
        call_row(d->call, buf_bytes(&row));
    json_decref(object);
    buf_release(&row);
}

static void print_text(const struct doctor *d)
{
    for (size_t i = 0; i < json_array_size(d->lines); i++) {
        const json_t *line = json_array_get(d->lines, i);
        const char *fix = output_text(line, "fix");
        output_line(stdout, "%s: %s", language_text(output_text(line, "level")),
                    output_text(line, "text"));
        if (fix[0] != '\0')
            output_line(stdout, "  %s", fix);
    }
    if (json_array_size(d->lines) == 0)
        output_line(stdout, "%s", tr("Everything is well."));
}

int doctor_run(struct call *c)
{
    struct doctor d = {.call = c, .lines = json_array()};
    struct fault f = {0};
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    enum status st = home_office(c->home, label, &network, &f);
    if (st == ST_NO_REPLICA) {
        json_decref(d.lines);
        return call_fail(c, &f);
    }
    if (st != ST_OK)
        say_fault(&d, "error", &f);
    check_mode(&d, "");
    check_mode(&d, "identity");
    check_space(&d);
    check_settings(&d);
    check_daemon(&d);
    if (c->json)
        print_json(&d);
    else
        print_text(&d);
    json_decref(d.lines);
    return d.error ? CALL_FAILED : CALL_DONE;
}
