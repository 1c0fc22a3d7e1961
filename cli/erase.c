#include "cli/erase.h"

#include <string.h>

#include "cli/ask.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/records.h"
#include "cli/story.h"

enum { TITLE_WIDTH = 11 };

/* printf counts bytes, and a letter with an accent has two: the width that makes columns even. */
static int wide(const char *title)
{
    int width = TITLE_WIDTH;
    for (const char *at = title; *at != '\0'; at++)
        width += ((unsigned char)*at & 0xc0) == 0x80;
    return width;
}

/* "2026-05-01 10:02  iquique  (ana)  commit 3fa9c0…" */
static void show_event(const char *what, const json_t *event)
{
    struct buf when = {0};
    if (!json_is_object(event))
        return;
    story_when(output_text(event, "time"), &when);
    output_line(stdout, tr("  %-*s %-16s %s  %s  (commit %.*s)"), wide(what), what,
                output_text(event, "office"), buf_text(&when), output_text(event, "author"),
                RECORDS_ID_DIGITS, output_text(event, "commit"));
    buf_release(&when);
}

static void show_missing(const json_t *row)
{
    const json_t *missing = json_object_get(row, "missing"),
                 *gone = json_object_get(row, "cannot_confirm");
    for (size_t i = 0; i < json_array_size(missing); i++) {
        const json_t *one = json_array_get(missing, i);
        output_line(stdout, tr("  %-*s %-16s %s"), wide(tr("missing")), tr("missing"),
                    output_text(one, "office"), output_text(one, "role"));
    }
    for (size_t i = 0; i < json_array_size(gone); i++) {
        const json_t *one = json_array_get(gone, i);
        output_line(stdout, tr("  %-*s %-16s its key %.16s was retired: it cannot confirm"),
                    wide(tr("retired")), tr("retired"), output_text(one, "office"),
                    output_text(one, "key"));
    }
}

static const char *state_text(const char *state)
{
    static const struct {
        const char *state, *text;
    } texts[] = {
        {"none", trn("nobody has proposed to erase it")},
        {"proposed", trn("proposed: another office has to approve it")},
        {"approved", trn("approved: it waits until a majority of the offices has the order")},
        {"settled", trn("permanent: some members have not confirmed yet")},
        {"done", trn("erased, and confirmed by every member")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(state, texts[i].state) == 0)
            return tr(texts[i].text);
    return state;
}

/* A row of --list. */
static void show_waiting(const json_t *row)
{
    output_line(stdout, tr("%s %.*s: %s, by %s (%lld of %lld offices)"), output_text(row, "type"),
                RECORDS_ID_DIGITS, output_text(row, "record"),
                state_text(output_text(row, "state")), output_text(row, "office"),
                (long long)json_integer_value(json_object_get(row, "by")),
                (long long)json_integer_value(json_object_get(row, "of")));
}

static void show_order(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    if (call_has(c, "list")) {
        show_waiting(row);
        return;
    }
    const json_t *settled = json_object_get(row, "settled"),
                 *confirmed = json_object_get(row, "confirmed");
    const char *because = output_text(row, "because");
    bool would = json_is_true(json_object_get(row, "dry_run")) && call_has(c, "reason") &&
                 strcmp(output_text(row, "state"), "none") == 0;
    output_line(stdout, "%s %s: %s", output_text(row, "type"), output_text(row, "record"),
                would ? tr("this would propose to erase it")
                      : state_text(output_text(row, "state")));
    show_event(tr("proposed"), json_object_get(row, "proposed"));
    if (because[0] != '\0')
        output_line(stdout, "  %-*s %s", wide(tr("because")), tr("because"), because);
    show_event(tr("approved"), json_object_get(row, "approved"));
    if (json_is_object(json_object_get(row, "approved")))
        output_line(stdout, tr("  %-*s with %lld of %lld offices"), wide(tr("settled")),
                    tr("settled"), (long long)json_integer_value(json_object_get(settled, "by")),
                    (long long)json_integer_value(json_object_get(settled, "of")));
    for (size_t i = 0; i < json_array_size(confirmed); i++)
        show_event(tr("confirmed"), json_array_get(confirmed, i));
    if (call_has(c, "status") && json_is_object(json_object_get(row, "proposed")))
        show_missing(row);
    if (json_is_true(json_object_get(row, "dry_run")))
        call_say(c, "%s", tr("Nothing was written: this was a dry run."));
    else if (call_has(c, "reason") && strcmp(output_text(row, "state"), "proposed") == 0)
        call_say(c, tr("Another office approves it: minga erase %.*s --approve"), RECORDS_ID_DIGITS,
                 output_text(row, "record"));
}

int erase_run(struct call *c)
{
    struct ask_view view = {.row = show_order};
    return ask_call(c, &view);
}

static void show_disclosed(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    struct buf fields = {0};
    output_value(json_object_get(row, "fields"), &fields);
    if (json_is_true(json_object_get(row, "dry_run")))
        call_say(c, "%s", tr("Nothing was written: this was a dry run."));
    else
        output_line(stdout, tr("%s %.*s: %s disclosed to %s, commit %.*s"),
                    output_text(row, "type"), RECORDS_ID_DIGITS, output_text(row, "record"),
                    buf_text(&fields), output_text(row, "to"), RECORDS_ID_DIGITS,
                    output_text(row, "commit"));
    buf_release(&fields);
}

int erase_disclose(struct call *c)
{
    struct ask_view view = {.row = show_disclosed};
    return ask_call(c, &view);
}
