#include "cli/members.h"

#include <string.h>

#include "cli/ask.h"
#include "cli/council.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/story.h"

enum { MOTIONS_SHOWN = 16, CHANGES_SHOWN = 12 };

struct roll {
    struct output_table table;
    bool one;                       /* member show */
    json_t *motions[MOTIONS_SHOWN]; /* told below the table */
    size_t motion_count;
};

static void add_text(struct output_table *t, const char *text)
{
    output_table_add(t, bytes_of_text(text));
}

static void add_member(struct output_table *t, const json_t *row, const char *name)
{
    struct buf text = {0};
    output_value(json_object_get(row, name), &text);
    output_table_add(t, buf_bytes(&text));
    buf_release(&text);
}

/* ---- member ---- */

static void show_one(const json_t *row)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)row, name, value)
    {
        struct buf text = {0};
        if (strcmp(name, "quarantine") == 0)
            continue; /* told below, in words */
        output_value(value, &text);
        output_line(stdout, "  %-12s %s", name, buf_text(&text));
        buf_release(&text);
    }
}

static void show_changes(const json_t *changes)
{
    const size_t count = json_array_size(changes);
    for (size_t i = 0; i < count && i < CHANGES_SHOWN; i++) {
        struct buf text = {0};
        story_add_change(json_array_get(changes, i), &text);
        output_line(stdout, "    %s", buf_text(&text));
        buf_release(&text);
    }
    if (count > CHANGES_SHOWN)
        output_line(stdout, tr("    and %zu more"), count - CHANGES_SHOWN);
}

/* What a retired key wrote and does not count: how much, since when, what it changes. */
static void show_quarantine(const json_t *row)
{
    const json_t *quarantine = json_object_get(row, "quarantine");
    const json_t *newest = json_object_get(quarantine, "newest");
    const json_int_t commits = json_integer_value(json_object_get(quarantine, "commits"));
    struct buf since = {0};
    if (commits == 0)
        return;
    story_when(output_text(quarantine, "since"), &since);
    output_line(stdout, tr("%lld commits of this key wait and do not count, the first of %s:"),
                (long long)commits, buf_text(&since));
    for (size_t i = 0; i < json_array_size(newest); i++) {
        const json_t *commit = json_array_get(newest, i);
        struct buf when = {0};
        story_when(output_text(commit, "time"), &when);
        output_line(stdout, "  %s %s: %s (%.8s)", buf_text(&when), output_text(commit, "author"),
                    output_text(commit, "subject"), output_text(commit, "commit"));
        show_changes(json_object_get(commit, "changes"));
        buf_release(&when);
    }
    if (commits > (json_int_t)json_array_size(newest))
        output_line(stdout, tr("  and %lld older ones"),
                    (long long)(commits - (json_int_t)json_array_size(newest)));
    output_line(stdout, tr("to make them count: minga member adopt %s"), output_text(row, "label"));
    buf_release(&since);
}

static void on_adopted(void *user, const struct call *c, const json_t *row)
{
    (void)user;
    (void)c;
    output_line(stdout, tr("%lld commits of %s count from now on, by our commit %.8s"),
                (long long)json_integer_value(json_object_get(row, "adopted")),
                output_text(row, "label"), output_text(row, "commit"));
}

static void on_member(void *user, const struct call *c, const json_t *row)
{
    static const char *const columns[] = {trn("label"), trn("role"),    trn("rights"),
                                          trn("seq"),   trn("address"), trn("fingerprint")};
    struct roll *r = user;
    (void)c;
    if (r->one) {
        show_one(row);
        show_quarantine(row);
        return;
    }
    enum { COLUMNS = sizeof columns / sizeof columns[0] };
    if (json_object_get(row, "motion") != NULL) {
        if (r->motion_count < MOTIONS_SHOWN)
            r->motions[r->motion_count++] = json_incref((json_t *)(uintptr_t)row);
        return;
    }
    if (r->table.cells == 0) {
        output_table_init(&r->table, COLUMNS);
        for (size_t i = 0; i < COLUMNS; i++)
            add_text(&r->table, language_text(columns[i]));
    }
    for (size_t i = 0; i < COLUMNS; i++)
        add_member(&r->table, row, columns[i]);
}

static void print_roll(void *user, const struct call *c)
{
    struct roll *r = user;
    (void)c;
    if (r->table.cells > 0)
        output_table_print(&r->table, stdout);
    for (size_t i = 0; i < r->motion_count; i++) {
        council_motion(r->motions[i]);
        json_decref(r->motions[i]);
    }
    r->motion_count = 0;
}

/* Only the words that are said: everything else belongs to later versions. */
static bool is_one_of(const struct call *c, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c->word_count == 0 || strcmp(c->words[0], words[i]) == 0)
            return true;
    return false;
}

static int unknown_word(const struct call *c, const char *use)
{
    struct fault f = {0};
    fault_set(&f, ST_USAGE, tr("minga %s has no \"%s\""), use, c->words[0]);
    fault_fix(&f, tr("see: minga help %s"), use);
    return call_fail(c, &f);
}

int members_member(struct call *c)
{
    static const char *const words[] = {"list", "show", "adopt"};
    if (c->word_count > 0 && council_knows(c->words[0]))
        return council_run(c);
    if (!is_one_of(c, words, sizeof words / sizeof words[0]))
        return unknown_word(c, "member");
    if (c->word_count > 0 && strcmp(c->words[0], "adopt") == 0) {
        struct ask_view adopted = {.row = on_adopted};
        return ask_call(c, &adopted);
    }
    struct roll r = {.one = c->word_count > 0 && strcmp(c->words[0], "show") == 0};
    struct ask_view view = {.row = on_member, .done = print_roll, .user = &r};
    return ask_call(c, &view);
}

/* ---- peer ---- */

static void on_peer(void *user, const struct call *c, const json_t *row)
{
    static const char *const columns[] = {trn("label"),        trn("state"),     trn("address"),
                                          trn("behind"),       trn("bytes in"),  trn("bytes out"),
                                          trn("last contact"), trn("last error")};
    struct roll *r = user;
    struct buf when = {0};
    (void)c;
    enum { COLUMNS = sizeof columns / sizeof columns[0] };
    if (r->table.cells == 0) {
        output_table_init(&r->table, COLUMNS);
        for (size_t i = 0; i < COLUMNS; i++)
            add_text(&r->table, language_text(columns[i]));
    }
    add_member(&r->table, row, "label");
    add_text(&r->table, language_text(output_text(row, "state")));
    add_member(&r->table, row, "address");
    add_member(&r->table, row, "behind");
    add_member(&r->table, row, "bytes_in");
    add_member(&r->table, row, "bytes_out");
    story_when(output_text(row, "last_contact"), &when);
    output_table_add(&r->table, when.count > 0 ? buf_bytes(&when) : BYTES("-"));
    add_member(&r->table, row, "last_error");
    buf_release(&when);
}

int members_peer(struct call *c)
{
    static const char *const words[] = {"list", "add", "remove"};
    if (!is_one_of(c, words, sizeof words / sizeof words[0]))
        return unknown_word(c, "peer");
    struct roll r = {.one = false};
    struct ask_view view = {.row = on_peer, .done = print_roll, .user = &r};
    return ask_call(c, &view);
}
