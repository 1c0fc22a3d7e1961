#include "cli/story.h"

#include <string.h>

#include "cli/ask.h"
#include "cli/language.h"
#include "cli/network.h"
#include "cli/output.h"
#include "cli/records.h"

enum { DAY_BYTES = 10, MINUTES_BYTES = 16, CHANGES_SHOWN = 12 };

void story_when(const char *time, struct buf *out)
{
    struct bytes text = bytes_of_text(time);
    if (text.count < MINUTES_BYTES) {
        buf_add_bytes(out, text);
        return;
    }
    buf_add(out, text.data, DAY_BYTES);
    buf_add_byte(out, ' ');
    buf_add(out, text.data + DAY_BYTES + 1, MINUTES_BYTES - DAY_BYTES - 1);
}

/* The name of an ident, without its mail. */
static void add_author(const char *ident, struct buf *out)
{
    size_t bytes = strcspn(ident, "<");
    while (bytes > 0 && ident[bytes - 1] == ' ')
        bytes--;
    buf_add(out, ident, bytes);
}

void story_add_value(const json_t *value, struct buf *out)
{
    const json_t *word = json_object_get(value, "sealed");
    if (json_is_string(word))
        buf_add_text(out, network_unread(json_string_value(word)));
    else
        output_value(json_object_get(value, "value"), out);
    buf_add_text(out, "  (");
    buf_add_text(out, output_text(value, "office"));
    buf_add_text(out, ", ");
    add_author(output_text(value, "author"), out);
    buf_add_text(out, ", ");
    story_when(output_text(value, "time"), out);
    buf_add_byte(out, ')');
}

/* ---- log ---- */

void story_add_change(const json_t *change, struct buf *out)
{
    const char *record = output_text(change, "record"), *name = output_text(change, "name");
    const json_t *field = json_object_get(change, "field");
    buf_add_text(out, output_text(change, "type"));
    if (record[0] != '\0')
        buf_add_byte(out, ' ');
    if (name[0] != '\0')
        buf_add_text(out, name);
    else
        buf_add(out, record, strnlen(record, RECORDS_ID_DIGITS));
    buf_add_text(out, ": ");
    if (!json_is_string(field)) { /* an entry, written whole */
        buf_add_text(out, tr("new entry"));
        return;
    }
    buf_add_text(out, json_string_value(field));
    buf_add_text(out, ": ");
    const json_t *before = json_object_get(change, "before");
    if (!json_is_null(before)) {
        output_value(before, out);
        buf_add_text(out, " \xe2\x86\x92 "); /* → */
    }
    const json_t *word = json_object_get(change, "sealed");
    if (json_is_string(word))
        buf_add_text(out, network_unread(json_string_value(word)));
    else
        output_value(json_object_get(change, "after"), out);
}

static long long number_in(const json_t *row, const char *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(json_object_get(row, object), name));
}

/* How far the commit has come, and what the others say of its time. */
static void show_standing(const json_t *row)
{
    struct buf before = {0}, after = {0};
    bool enough = json_is_true(json_object_get(json_object_get(row, "settled"), "enough"));
    story_when(output_text(row, "not_before"), &before);
    story_when(output_text(row, "not_after"), &after);
    output_line(stdout,
                enough ? tr("    settled: %lld of %lld offices have it below their own")
                       : tr("    not settled: %lld of %lld offices have it below their own"),
                number_in(row, "settled", "by"), number_in(row, "settled", "of"));
    if (before.count > 0)
        output_line(stdout, tr("    not before %s, say two other offices"), buf_text(&before));
    if (after.count > 0)
        output_line(stdout, tr("    not after %s, say two other offices"), buf_text(&after));
    buf_release(&before);
    buf_release(&after);
}

/* What stands behind a line: who has it, and what an auditor looks for. */
static void add_marks(const json_t *row, struct buf *out)
{
    if (number_in(row, "settled", "of") > 1)
        buf_add_format(out, "  [%lld/%lld]", number_in(row, "settled", "by"),
                       number_in(row, "settled", "of"));
    if (json_is_true(json_object_get(row, "back_dated")))
        buf_add_format(out, "  [%s]", tr("back-dated"));
    if (json_is_false(json_object_get(row, "counted")))
        buf_add_format(out, "  [%s]", tr("does not count"));
}

/* What 'field' of the record at 'at' became, among the 'count' changes from there; NULL: nothing.
 */
static const json_t *became(const json_t *changes, size_t at, size_t count, const char *field)
{
    for (size_t i = at; i < at + count; i++) {
        const json_t *change = json_array_get(changes, i);
        if (strcmp(output_text(change, "field"), field) == 0)
            return change;
    }
    return NULL;
}

static void add_became(const json_t *change, struct buf *out)
{
    const json_t *word = json_object_get(change, "sealed");
    if (json_is_string(word))
        buf_add_text(out, network_unread(json_string_value(word)));
    else
        output_value(json_object_get(change, "after"), out);
}

/* A class key in one line: its copies are long, and say nothing to a person. */
static bool sum_up_key(const json_t *changes, size_t at, size_t count, struct buf *out)
{
    const json_t *class = became(changes, at, count, "class"),
                 *epoch = became(changes, at, count, "epoch");
    long long copies = 0;
    for (size_t i = at; i < at + count; i++) {
        const json_t *change = json_array_get(changes, i);
        copies += strcmp(output_text(change, "field"), "copies") == 0 &&
                  json_is_string(json_object_get(change, "after"));
    }
    if (class != NULL && epoch != NULL) {
        add_became(class, out);
        buf_add_format(out, tr(", epoch %lld, "),
                       (long long)json_integer_value(json_object_get(epoch, "after")));
    }
    buf_add_format(out, tr("sealed to keys: %lld"), copies);
    return true;
}

static bool sum_up_file(const json_t *changes, size_t at, size_t count, struct buf *out)
{
    const json_t *name = became(changes, at, count, "name"),
                 *media = became(changes, at, count, "media"),
                 *bytes = became(changes, at, count, "bytes");
    if (name == NULL || media == NULL || bytes == NULL)
        return false;
    add_became(name, out);
    buf_add_text(out, ", ");
    add_became(media, out);
    buf_add_format(out, tr(", %lld bytes"),
                   (long long)json_integer_value(json_object_get(bytes, "after")));
    return true;
}

static bool sum_up_disclosure(const json_t *changes, size_t at, size_t count, struct buf *out)
{
    const json_t *record = became(changes, at, count, "record"),
                 *reader = became(changes, at, count, "to");
    struct buf fields = {0};
    if (record == NULL || reader == NULL)
        return false;
    for (size_t i = at; i < at + count; i++) {
        const json_t *change = json_array_get(changes, i);
        if (strcmp(output_text(change, "field"), "fields") != 0)
            continue;
        buf_add_text(&fields, fields.count > 0 ? ", " : "");
        add_became(change, &fields);
    }
    const char *of = output_text(record, "after");
    buf_add_format(out, tr("%s of %.*s, to %s"), buf_text(&fields), RECORDS_ID_DIGITS, of,
                   output_text(reader, "after"));
    buf_release(&fields);
    return true;
}

/* What Minga itself wrote for a record, in one line: how many changes that covers; 0: none. */
static size_t sum_up(const json_t *changes, size_t at, struct buf *out)
{
    const json_t *first = json_array_get(changes, at);
    const char *type = output_text(first, "type"), *record = output_text(first, "record");
    bool told = false;
    size_t count = 0;
    while (at + count < json_array_size(changes) &&
           strcmp(output_text(json_array_get(changes, at + count), "record"), record) == 0)
        count++;
    buf_add_format(out, "%s %.*s: ", type, RECORDS_ID_DIGITS, record);
    if (strcmp(type, "classkey") == 0)
        told = sum_up_key(changes, at, count, out);
    else if (strcmp(type, "attachment") == 0 || strcmp(type, "document") == 0)
        told = sum_up_file(changes, at, count, out);
    else if (strcmp(type, "disclosure") == 0)
        told = sum_up_disclosure(changes, at, count, out);
    return told ? count : 0;
}

void story_show_commit(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    const json_t *changes = json_object_get(row, "changes");
    size_t count = json_array_size(changes), shown = count > CHANGES_SHOWN ? 0 : count;
    struct buf head = {0}, line = {0}, marks = {0};
    story_when(output_text(row, "time"), &head);
    buf_add_byte(&head, ' ');
    add_marks(row, &marks);
    add_author(output_text(row, "author"), &head);
    buf_add_format(&head, "@%s", output_text(row, "office"));
    for (size_t i = 0, covered; i < (c->verbose ? count : shown); i += covered) {
        buf_reset(&line);
        covered = c->verbose ? 0 : sum_up(changes, i, &line);
        if (covered == 0) {
            buf_reset(&line);
            story_add_change(json_array_get(changes, i), &line);
            covered = 1;
        }
        output_line(stdout, "%s: %s%s", buf_text(&head), buf_text(&line), buf_text(&marks));
    }
    if (shown == 0 && !(c->verbose && count > 0))
        output_line(stdout, "%s: %s (%.*s)%s", buf_text(&head), output_text(row, "subject"),
                    RECORDS_ID_DIGITS, output_text(row, "commit"), buf_text(&marks));
    if (c->verbose && number_in(row, "settled", "of") > 0)
        show_standing(row);
    if (c->verbose)
        output_line(stdout, tr("    commit %s"), output_text(row, "commit"));
    buf_release(&marks);
    buf_release(&head);
    buf_release(&line);
}

int story_log(struct call *c)
{
    struct ask_view view = {.row = story_show_commit};
    return ask_call(c, &view);
}

/* ---- conflicts ---- */

static void show_conflict(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    (void)c;
    const json_t *values = json_object_get(row, "values");
    const char *name = output_text(row, "name");
    struct buf line = {0};
    story_when(output_text(row, "since"), &line);
    output_line(stdout, tr("%s %s (%.*s), %s, since %s:"), output_text(row, "type"), name,
                RECORDS_ID_DIGITS, output_text(row, "id"), output_text(row, "field"),
                buf_text(&line));
    for (size_t i = 0; i < json_array_size(values); i++) {
        buf_reset(&line);
        story_add_value(json_array_get(values, i), &line);
        output_line(stdout, "  - %s", buf_text(&line));
    }
    buf_release(&line);
}

int story_conflicts(struct call *c)
{
    struct ask_view view = {.row = show_conflict};
    return ask_call(c, &view);
}

/* ---- explain ---- */

static void add_quoted(const json_t *held, struct buf *out)
{
    const json_t *value = json_object_get(held, "value"), *word = json_object_get(held, "sealed");
    if (json_is_string(word)) {
        buf_add_text(out, network_unread(json_string_value(word)));
        return;
    }
    if (json_is_null(value)) {
        buf_add_text(out, "nada");
        return;
    }
    buf_add_text(out, "\xc2\xab"); /* « */
    output_value(value, out);
    buf_add_text(out, "\xc2\xbb");
}

/* Whether the values say the same: then a command with --equal is among those that settle it. */
static bool settled_as_equal(const json_t *row)
{
    const json_t *commands = json_object_get(row, "commands");
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const char *command = json_string_value(json_array_get(commands, i));
        if (command != NULL && strstr(command, " --equal") != NULL)
            return true;
    }
    return false;
}

/* The sentence that the daemon tells in English, told again from what it is made of. */
static void tell_spanish(const json_t *row)
{
    const json_t *values = json_object_get(row, "values");
    size_t count = json_array_size(values);
    struct buf text = {0};
    buf_add_format(&text, "%s de %s %s recibi\xc3\xb3 ", output_text(row, "field"),
                   output_text(row, "type"), output_text(row, "name"));
    for (size_t i = 0; i < count; i++) {
        const json_t *v = json_array_get(values, i);
        buf_add_text(&text, i == 0 ? "" : i + 1 == count ? " y " : ", ");
        add_quoted(v, &text);
        buf_add_format(&text, " de %s (", output_text(v, "office"));
        add_author(output_text(v, "author"), &text);
        buf_add_text(&text, ", ");
        story_when(output_text(v, "time"), &text);
        buf_add_byte(&text, ')');
    }
    buf_add_text(&text, " al mismo tiempo, sin saber unos de otros; ");
    if (settled_as_equal(row)) {
        buf_add_text(&text, "dicen lo mismo, bajo sellos distintos: --equal lo resuelve.");
    } else {
        buf_add_text(&text, "todos leen ");
        if (count > 0)
            add_quoted(json_array_get(values, count - 1), &text);
        buf_add_text(&text, " hasta que alguien lo resuelva.");
    }
    output_line(stdout, "%s", buf_text(&text));
    buf_release(&text);
}

static void show_explained(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    (void)c;
    const json_t *commands = json_object_get(row, "commands");
    bool conflict = json_array_size(json_object_get(row, "values")) > 0;
    if (conflict && language_now() == LANGUAGE_SPANISH)
        tell_spanish(row);
    else if (conflict)
        output_line(stdout, "%s", output_text(row, "text"));
    else
        output_line(stdout, tr("%s %.*s: nothing is in conflict."), output_text(row, "type"),
                    RECORDS_ID_DIGITS, output_text(row, "id"));
    if (json_array_size(commands) > 0)
        output_line(stdout, "%s", tr("Any of these settles it:"));
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const char *command = json_string_value(json_array_get(commands, i));
        output_line(stdout, "  %s", command != NULL ? command : "");
    }
}

int story_explain(struct call *c)
{
    struct ask_view view = {.row = show_explained};
    return ask_call(c, &view);
}

int story_resolve(struct call *c)
{
    return records_write(c, records_show_written);
}
