#include "cli/records.h"

#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/language.h"
#include "cli/network.h"
#include "cli/output.h"
#include "cli/story.h"
#include "cli/values.h"
#include "proto/mem.h"

/* ---- Writing ---- */

static void say_notes(const struct call *c, const json_t *row)
{
    const json_t *notes = json_object_get(row, "notes"), *commit = json_object_get(row, "commit");
    for (size_t i = 0; i < json_array_size(notes); i++) {
        const char *note = json_string_value(json_array_get(notes, i));
        call_say(c, "minga: %s", language_text(note != NULL ? note : ""));
    }
    if (json_is_true(json_object_get(row, "unchanged")))
        call_say(c, "%s", tr("Nothing to change: every value is there already."));
    else if (json_is_null(commit))
        call_say(c, "%s", tr("Nothing was written: this was a dry run."));
}

static void show_added(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    output_line(stdout, "%s", output_text(row, "id"));
    say_notes(c, row);
}

void records_show_written(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    const char *commit = output_text(row, "commit"), *id = output_text(row, "id");
    if (commit[0] != '\0')
        output_line(stdout, tr("%.*s: done, commit %.*s"), RECORDS_ID_DIGITS, id, RECORDS_ID_DIGITS,
                    commit);
    long long left = (long long)json_integer_value(json_object_get(row, "conflicts"));
    say_notes(c, row);
    if (left > 0)
        call_say(c, tr("%lld of its fields are still in conflict: minga explain %.*s"), left,
                 RECORDS_ID_DIGITS, id);
}

int records_write(struct call *c, void (*row)(void *user, const struct call *c, const json_t *row))
{
    struct control_request request;
    struct values values = {.words = NULL};
    struct ask_view view = {.row = row};
    struct fault f = {0};
    ask_request(c, &request);
    enum status st = values_fill(&values, &request, &f);
    int exit = st == ST_OK ? ask_run(c, &request, &view) : call_fail(c, &f);
    values_release(&values);
    return exit;
}

int records_add(struct call *c)
{
    return records_write(c, show_added);
}

int records_set(struct call *c)
{
    return records_write(c, records_show_written);
}

/* ---- show ---- */

/* A field's value, or why it is not shown. */
static void add_field(const json_t *charter, const json_t *row, const char *name, struct buf *out)
{
    const json_t *word = json_object_get(json_object_get(row, "sealed"), name);
    if (json_is_string(word))
        buf_add_text(out, network_unread(json_string_value(word)));
    else
        network_add_value(charter, output_text(row, "type"), json_object_get(row, "fields"), name,
                          out);
}

static void show_field(const json_t *charter, const json_t *row, const char *name, int width)
{
    const json_t *held = json_object_get(json_object_get(row, "conflicts"), name);
    struct buf text = {0};
    add_field(charter, row, name, &text);
    if (json_array_size(held) > 0)
        buf_add_format(&text, "   %s", tr("(in conflict)"));
    output_line(stdout, "  %-*s  %s", width, name, buf_text(&text));
    for (size_t i = 0; i < json_array_size(held); i++) {
        buf_reset(&text);
        story_add_value(json_array_get(held, i), &text);
        output_line(stdout, "  %-*s    - %s", width, "", buf_text(&text));
    }
    buf_release(&text);
}

static void show_files(const json_t *files)
{
    if (json_array_size(files) > 0)
        output_line(stdout, "%s", tr("files:"));
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        long long bytes = (long long)json_integer_value(json_object_get(file, "bytes"));
        const char *state = output_text(file, "state");
        bool named = json_is_string(json_object_get(file, "name"));
        output_line(stdout, tr("  %.*s  %s  %s, %lld bytes%s%s"), RECORDS_ID_DIGITS,
                    output_text(file, "id"), named ? output_text(file, "name") : "-",
                    output_text(file, "media"), bytes, strcmp(state, "read") == 0 ? "" : "  ",
                    strcmp(state, "read") == 0 ? "" : network_unread(state));
    }
}

static void show_record(void *user, const struct call *c, const json_t *row)
{
    const json_t *charter = user;
    const char *name;
    json_t *value, *fields = json_object_get(row, "fields");
    int width = 0;
    output_line(stdout, "%s %s", output_text(row, "type"), output_text(row, "id"));
    const json_t *at = json_object_get(row, "at");
    if (json_is_object(at)) {
        struct buf text = {0};
        story_when(output_text(at, "time"), &text);
        if (json_is_string(json_object_get(at, "commit")))
            buf_add_format(&text, " (%s)", output_text(at, "commit"));
        output_line(stdout, "  %s %s", tr("as of"), buf_text(&text));
        buf_release(&text);
    }
    json_object_foreach(fields, name, value) width =
        (int)strlen(name) > width ? (int)strlen(name) : width;
    json_object_foreach(fields, name, value) show_field(charter, row, name, width);
    if (json_object_size(json_object_get(row, "conflicts")) > 0)
        call_say(c, tr("In conflict: minga explain %.*s"), RECORDS_ID_DIGITS,
                 output_text(row, "id"));
    show_files(json_object_get(row, "attachments"));
    const json_t *history = json_object_get(row, "history");
    if (json_array_size(history) > 0)
        output_line(stdout, "%s", tr("history, newest first:"));
    for (size_t i = 0; i < json_array_size(history); i++)
        story_show_commit(NULL, c, json_array_get(history, i));
}

int records_show(struct call *c)
{
    json_t *charter = network_charter(c->home);
    struct ask_view view = {.row = show_record, .user = charter};
    int exit = ask_call(c, &view);
    json_decref(charter);
    return exit;
}

/* ---- list: columns are known once every row is there ---- */

struct listing {
    json_t *rows, *charter;
    const char *columns[OUTPUT_COLUMNS_MAX];
    uint32_t column_count;
    bool cut; /* to fit a terminal */
};

static void add_columns(struct listing *l, const json_t *row)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(row, "fields"), name, value)
    {
        uint32_t i = 0;
        while (i < l->column_count && strcmp(l->columns[i], name) != 0)
            i++;
        if (i == l->column_count && l->column_count + 1 < OUTPUT_COLUMNS_MAX)
            l->columns[l->column_count++] = name; /* lives in a row that is kept */
    }
}

static void keep_row(void *user, const struct call *c, const json_t *row)
{
    struct listing *l = user;
    (void)c;
    const json_t *count = json_object_get(row, "count");
    if (json_is_integer(count)) { /* --count */
        output_line(stdout, "%lld", (long long)json_integer_value(count));
        return;
    }
    json_t *copy = json_deep_copy(row);
    if (copy == NULL || json_array_append_new(l->rows, copy) != 0)
        return;
    add_columns(l, copy);
}

static void add_cell(struct listing *l, struct output_table *t, const json_t *row, const char *name)
{
    struct buf text = {0};
    const json_t *fields = json_object_get(row, "fields");
    if (json_object_get(fields, name) != NULL)
        add_field(l->charter, row, name, &text);
    if (json_object_get(json_object_get(row, "conflicts"), name) != NULL)
        buf_add_byte(&text, '!');
    output_table_add(t, buf_bytes(&text));
    buf_release(&text);
}

static void print_list(void *user, const struct call *c)
{
    struct listing *l = user;
    struct output_table t;
    bool marked = false;
    output_table_init(&t, l->column_count + 1);
    t.cell_columns_max = l->cut ? OUTPUT_CELL_COLUMNS_MAX : 0;
    size_t count = json_array_size(l->rows);
    if (count > 0)
        output_table_add(&t, BYTES("id"));
    for (uint32_t i = 0; i < l->column_count; i++)
        output_table_add(&t, bytes_of_text(l->columns[i]));
    for (size_t r = 0; r < count; r++) {
        const json_t *row = json_array_get(l->rows, r);
        struct bytes id = bytes_of_text(output_text(row, "id"));
        id.count = id.count > RECORDS_ID_DIGITS ? RECORDS_ID_DIGITS : id.count;
        output_table_add(&t, id);
        for (uint32_t i = 0; i < l->column_count; i++)
            add_cell(l, &t, row, l->columns[i]);
        marked = marked || json_object_size(json_object_get(row, "conflicts")) > 0;
    }
    output_table_print(&t, stdout);
    if (marked)
        call_say(c, "%s", tr("! in conflict: minga conflicts"));
}

int records_list(struct call *c)
{
    struct listing l = {
        .rows = json_array(),
        .charter = network_charter(c->home),
        .cut = isatty(STDOUT_FILENO) == 1,
    };
    struct ask_view view = {.row = keep_row, .done = print_list, .user = &l};
    int exit = ask_call(c, &view);
    json_decref(l.rows);
    json_decref(l.charter);
    return exit;
}

/* ---- find ---- */

static void show_found(void *user, const struct call *c, const json_t *row)
{
    const json_t *charter = user;
    (void)c;
    const char *name;
    json_t *value, *fields = json_object_get(row, "fields");
    struct buf line = {0};
    buf_add_format(&line, "%s %.*s ", output_text(row, "type"), RECORDS_ID_DIGITS,
                   output_text(row, "id"));
    json_object_foreach(fields, name, value)
    {
        buf_add_format(&line, " %s=", name);
        add_field(charter, row, name, &line);
    }
    output_line(stdout, "%s", buf_text(&line));
    buf_release(&line);
}

int records_find(struct call *c)
{
    json_t *charter = network_charter(c->home);
    struct ask_view view = {.row = show_found, .user = charter};
    int exit = ask_call(c, &view);
    json_decref(charter);
    return exit;
}
