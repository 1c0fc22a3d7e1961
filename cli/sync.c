#include "cli/sync.h"

#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/story.h"
#include "cli/wording.h"

/* ---- status ---- */

static long long number(const json_t *row, const char *name)
{
    return (long long)json_integer_value(json_object_get(row, name));
}

static void show_health(const json_t *row)
{
    const json_t *health = json_object_get(row, "health");
    struct buf room = {0};
    for (size_t i = 0; i < json_array_size(health); i++) {
        const json_t *line = json_array_get(health, i);
        const char *fix = output_text(line, "fix");
        output_line(stdout, "%s: %s", language_text(output_text(line, "level")),
                    wording_text(output_text(line, "text"), &room));
        if (fix[0] != '\0')
            output_line(stdout, "  %s", wording_text(fix, &room));
    }
    buf_release(&room);
    if (json_array_size(health) > 0)
        fputc('\n', stdout);
}

/* How a member stands to us, in a word or two. */
static const char *standing(const json_t *member)
{
    const char *link = output_text(member, "link");
    if (strcmp(link, "self") == 0)
        return tr("this office");
    if (number(member, "behind") > 0)
        return tr("has news for us");
    if (json_is_true(json_object_get(member, "up_to_date")))
        return tr("up to date");
    if (strcmp(link, "none") == 0)
        return tr("through others");
    return strcmp(link, "active") == 0 ? tr("receiving") : tr("waiting for contact");
}

static void show_members(const json_t *row)
{
    const json_t *members = json_object_get(row, "members");
    struct output_table t;
    const char *const heads[] = {tr("office"), tr("role"),         tr("link"),
                                 tr("state"),  tr("last contact"), tr("commits")};
    enum { COLUMNS = sizeof heads / sizeof heads[0] };
    output_table_init(&t, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        output_table_add(&t, bytes_of_text(heads[i]));
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *m = json_array_get(members, i);
        struct buf when = {0}, seq = {0};
        bool self = strcmp(output_text(m, "link"), "self") == 0;
        if (!self)
            story_when(output_text(m, "last_contact"), &when);
        if (when.count == 0)
            buf_add_text(&when, self ? "-" : tr("never"));
        buf_add_format(&seq, "%lld", number(m, "seq"));
        output_table_add(&t, bytes_of_text(output_text(m, "label")));
        output_table_add(&t, bytes_of_text(output_text(m, "role")));
        output_table_add(&t, bytes_of_text(self ? "-" : language_text(output_text(m, "link"))));
        output_table_add(&t, bytes_of_text(standing(m)));
        output_table_add(&t, buf_bytes(&when));
        output_table_add(&t, buf_bytes(&seq));
        buf_release(&when);
        buf_release(&seq);
    }
    output_table_print(&t, stdout);
}

static void show_status(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    const char *listen = output_text(row, "listen");
    show_health(row);
    output_line(stdout, tr("network %s, office %s (%s)"), output_text(row, "network"),
                output_text(row, "office"), output_text(row, "role"));
    output_line(stdout, tr("records: %lld, in conflict: %lld; height %lld, charter %lld"),
                number(row, "records"), number(row, "conflicts"), number(row, "height"),
                number(row, "charter"));
    output_line(stdout, tr("state %s"), output_text(row, "state"));
    if (number(row, "waiting_sealed") > 0)
        output_line(stdout, tr("%lld sealed items are on their way"),
                    number(row, "waiting_sealed"));
    if (number(row, "unsettled") > 0)
        output_line(stdout, tr("%lld of our commits wait until most offices have signed over them"),
                    number(row, "unsettled"));
    if (listen[0] != '\0')
        output_line(stdout, tr("listening at %s"), listen);
    if (c->verbose) {
        struct buf frontier = {0};
        output_value(json_object_get(row, "frontier"), &frontier);
        output_line(stdout, tr("frontier %s"), buf_text(&frontier));
        buf_release(&frontier);
    }
    fputc('\n', stdout);
    show_members(row);
}

int sync_status(struct call *c)
{
    struct ask_view view = {.row = show_status};
    return ask_call(c, &view);
}

/* ---- sync ---- */

static void show_sync(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    (void)c;
    const json_t *synced = json_object_get(row, "synced"), *failed = json_object_get(row, "failed");
    for (size_t i = 0; i < json_array_size(synced); i++) {
        const char *label = json_string_value(json_array_get(synced, i));
        output_line(stdout, tr("%s: up to date"), label != NULL ? label : "");
    }
    for (size_t i = 0; i < json_array_size(failed); i++) {
        const json_t *f = json_array_get(failed, i);
        output_line(stdout, "%s: %s", output_text(f, "label"),
                    language_text(output_text(f, "error")));
    }
}

int sync_now(struct call *c)
{
    struct ask_view view = {.row = show_sync};
    return ask_call(c, &view);
}

/* ---- watch ---- */

static void show_event(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    const char *name, *event = output_text(row, "event"), *text = output_text(row, "text");
    json_t *value;
    struct buf line = {0};
    char now[16];
    time_t seconds = time(NULL);
    struct tm parts;
    if (strcmp(event, "watching") == 0) {
        call_say(c, "%s", tr("Watching; Ctrl-C ends it."));
        return;
    }
    localtime_r(&seconds, &parts);
    strftime(now, sizeof now, "%H:%M:%S", &parts);
    buf_add_format(&line, "%s %s", now, event);
    if (text[0] != '\0')
        buf_add_format(&line, " %s", text);
    json_object_foreach((json_t *)(uintptr_t)row, name, value)
    {
        if (strcmp(name, "event") == 0 || strcmp(name, "text") == 0)
            continue;
        buf_add_format(&line, " %s=", name);
        output_value(value, &line);
    }
    output_line(stdout, "%s", buf_text(&line));
    fflush(stdout);
    buf_release(&line);
}

int sync_watch(struct call *c)
{
    struct ask_view view = {.row = show_event};
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* --json lines leave at once too */
    return ask_call(c, &view);
}
