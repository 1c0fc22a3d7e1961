#include "cli/help.h"

#include <string.h>

#include "cli/language.h"
#include "cli/output.h"
#include "replicas/json.h"

static void heading(FILE *file, const char *text)
{
    fputc('\n', file);
    output_line(file, "%s", text);
}

void help_all(FILE *file)
{
    static const char *const groups[VERBS_GROUPS] = {
        trn("Begin"), trn("Records"),  trn("History and conflicts"),
        trn("Money"), trn("Exchange"), trn("Care"),
    };
    output_line(file, "%s",
                tr("minga keeps the records of several offices in one signed history."));
    heading(file, tr("Examples"));
    output_line(file, "  minga init vicaria --as santiago");
    output_line(file, "  minga import household households.csv --where office=santiago");
    output_line(file, "  minga list enterprise stage=workshop");
    output_line(file, "  minga set 3fa9c0 stage=purchase");
    output_line(file, "  minga status");
    for (int g = 0; g < VERBS_GROUPS; g++) {
        heading(file, language_text(groups[g]));
        const struct verbs_entry *v;
        for (uint32_t i = 0; (v = verbs_at(i)) != NULL; i++)
            if (v->group == (enum verbs_group)g)
                output_line(file, "  %-10s %s", v->name, language_text(v->summary));
    }
    heading(file, tr("Everywhere"));
    output_line(file, "  --home DIR   %s", tr("the office's folder (or MINGA_HOME)"));
    output_line(file, "  --json       %s", tr("answers and errors as JSON, one object a line"));
    output_line(file, "  --no-input   %s", tr("never ask"));
    output_line(file, "  --no-color   %s", tr("never colour"));
    output_line(file, "  -q, -v       %s", tr("say less, say more"));
    output_line(file, "  -h           %s", tr("help, behind any command too"));
    output_line(file, "  --version    %s", tr("the version"));
}

void help_verb(FILE *file, const struct verbs_entry *verb)
{
    output_line(file, "minga %s: %s", verb->name, language_text(verb->summary));
    heading(file, tr("Examples"));
    for (int i = 0; i < VERBS_EXAMPLES_MAX && verb->examples[i] != NULL; i++)
        output_line(file, "  minga %s", verb->examples[i]);
    heading(file, tr("Usage"));
    output_line(file, "  minga %s", verb->usage);
    char names[VERBS_OPTIONS_MAX][VERBS_OPTION_BYTES];
    uint32_t count = verbs_options(verb, names);
    struct buf line = {0};
    for (uint32_t i = 0; i < count; i++)
        buf_add_format(&line, "%s%s", i > 0 ? ", " : "", names[i]);
    if (count > 0)
        output_line(file, "  %s %s", tr("options:"), buf_text(&line));
    buf_release(&line);
    if (verb->details != NULL) {
        fputc('\n', file);
        output_line(file, "%s", language_text(verb->details));
    }
}

static int help_json(struct call *c)
{
    const struct verbs_entry *v;
    struct buf row = {0};
    for (uint32_t i = 0; (v = verbs_at(i)) != NULL; i++) {
        if (c->word_count > 0 && strcmp(c->words[0], v->name) != 0)
            continue;
        buf_reset(&row);
        buf_add_text(&row, "{\"command\":");
        json_add_text(&row, bytes_of_text(v->name));
        buf_add_text(&row, ",\"usage\":");
        json_add_text(&row, bytes_of_text(v->usage));
        buf_add_text(&row, ",\"summary\":");
        json_add_text(&row, bytes_of_text(language_text(v->summary)));
        buf_add_byte(&row, '}');
        if (buf_status(&row) == ST_OK)
            call_row(c, buf_bytes(&row));
    }
    buf_release(&row);
    return CALL_DONE;
}

int help_run(struct call *c)
{
    const struct verbs_entry *verb = c->word_count > 0 ? verbs_find(c->words[0]) : NULL;
    if (c->word_count > 0 && verb == NULL) {
        struct fault f = {0};
        const char *near = verbs_nearest(c->words[0]);
        fault_set(&f, ST_USAGE, tr("there is no command \"%s\""), c->words[0]);
        if (near != NULL)
            fault_fix(&f, tr("did you mean: minga %s"), near);
        return call_fail(c, &f);
    }
    if (c->json)
        return help_json(c);
    if (verb != NULL)
        help_verb(stdout, verb);
    else
        help_all(stdout);
    return CALL_DONE;
}
