#include "cli/council.h"

#include <string.h>

#include "cli/ask.h"
#include "cli/file.h"
#include "cli/language.h"
#include "cli/output.h"

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

/* A member of the row as text for people, in 'out'. */
static const char *text_of(const json_t *object, const char *name, struct buf *out)
{
    output_value(json_object_get(object, name), out);
    return buf_text(out);
}

static void print_audit(const json_t *change)
{
    const json_t *sessions = json_object_get(change, "sessions");
    output_line(stdout,
                tr("  an audit expects %lld group and %lld individual sessions, and hides groups "
                   "below %lld"),
                number(sessions, "group"), number(sessions, "individual"),
                number(change, "small_cell"));
}

static void print_change(const json_t *change)
{
    const char *kind = output_text(change, "change"), *label = output_text(change, "label");
    struct buf what = {0};
    if (strcmp(kind, "add") == 0)
        output_line(stdout, tr("  %s joins, as %s"), label,
                    language_text(output_text(change, "role")));
    else if (strcmp(kind, "remove") == 0)
        output_line(stdout, tr("  %s leaves: its key is retired; what it wrote until then stays"),
                    label);
    else if (strcmp(kind, "key") == 0)
        output_line(stdout, tr("  %s gets a new key; the old one is retired"), label);
    else if (strcmp(kind, "role") == 0)
        output_line(stdout, tr("  %s becomes %s"), label,
                    language_text(output_text(change, "role")));
    else if (strcmp(kind, "rights") == 0)
        output_line(stdout, tr("  %s has these rights: %s"), label,
                    text_of(change, "rights", &what));
    else if (strcmp(kind, "address") == 0)
        output_line(stdout, tr("  %s is at %s"), label, text_of(change, "address", &what));
    else if (strcmp(kind, "schema") == 0)
        output_line(stdout, tr("  the schema grows: %s"), text_of(change, "types", &what));
    else if (strcmp(kind, "audit") == 0)
        print_audit(change);
    else
        output_line(stdout, tr("  something of a kind that this version does not know"));
    buf_release(&what);
}

static void print_changes(const json_t *row)
{
    const json_t *changes = json_object_get(row, "changes");
    for (size_t i = 0; i < json_array_size(changes); i++)
        print_change(json_array_get(changes, i));
}

void council_motion(const json_t *row)
{
    struct buf signers = {0}, others = {0};
    output_line(stdout, tr("motion %lld, by %s, for charter %lld (%.16s):"), number(row, "motion"),
                output_text(row, "by"), number(row, "version"), output_text(row, "hash"));
    print_changes(row);
    const char *who = text_of(row, "signed", &signers);
    output_line(stdout, tr("  signed by: %s; waits for %lld of: %s"), who[0] != '\0' ? who : "-",
                number(row, "needed"), text_of(row, "waits_for", &others));
    buf_release(&signers);
    buf_release(&others);
}

static void on_outcome(void *user, const struct call *c, const json_t *row)
{
    bool in_force = json_is_true(json_object_get(row, "in_force"));
    const char *invite = output_text(row, "invite");
    (void)user;
    (void)c;
    if (in_force)
        output_line(stdout, tr("charter %lld is in force:"), number(row, "version"));
    else if (json_object_get(row, "motion") != NULL)
        output_line(stdout, tr("motion %lld is open:"), number(row, "motion"));
    print_changes(row);
    if (invite[0] != '\0') {
        output_line(stdout, "%s",
                    tr("With a loss the key goes: the label has none until its holder "
                       "joins again. Once this is in force:"));
        output_line(stdout, "  %s", invite);
    }
}

/* member schema FILE: the daemon gets its text. */
static int grow_schema(struct call *c)
{
    struct ask_view view = {.row = on_outcome};
    struct control_request request;
    struct buf text = {0};
    struct fault f = {0};
    ask_request(c, &request);
    enum status st = c->word_count == 2
                         ? file_read(c->words[1], CHARTER_BYTES_MAX, &text, &f)
                         : fault_set(&f, ST_USAGE, tr("use: minga %s"), "member schema FILE");
    if (st == ST_OK)
        st = file_check_utf8(buf_bytes(&text), 1, c->words[1], &f);
    if (st == ST_OK)
        request.words[1] = buf_bytes(&text);
    int exit = st == ST_OK ? ask_run(c, &request, &view) : call_fail(c, &f);
    buf_release(&text);
    return exit;
}

bool council_knows(const char *word)
{
    static const char *const words[] = {"approve", "change", "choose",
                                        "remove",  "rotate", "schema"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

int council_run(struct call *c)
{
    struct ask_view view = {.row = on_outcome};
    if (strcmp(c->words[0], "schema") == 0)
        return grow_schema(c);
    return ask_call(c, &view);
}
