#include "cli/call.h"

#include <stdarg.h>
#include <string.h>

#include "cli/language.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "cli/wording.h"
#include "replicas/json.h"
#include "replicas/verb.h"

enum { SAY_BYTES = 2048, CODE_BYTES = 64, HELP_BYTES = 128 };

const char *call_option(const struct call *c, const char *name)
{
    for (uint32_t i = 0; i < c->option_count; i++)
        if (strcmp(c->options[i].name, name) == 0)
            return c->options[i].value;
    return NULL;
}

bool call_has(const struct call *c, const char *name)
{
    return call_option(c, name) != NULL;
}

/* A path or an error text of the system may be anything: JSON holds what can be shown. */
static void add_member(struct buf *out, const char *name, const char *text)
{
    struct buf safe = {0};
    output_safe(bytes_of_text(text), &safe);
    buf_add_format(out, ",\"%s\":", name);
    json_add_text(out, buf_bytes(&safe));
    buf_release(&safe);
}

static void end_json(const char *code, const char *text, const char *fix, int exit)
{
    struct buf row = {0}, safe = {0};
    buf_add_text(&row, "{\"error\":");
    json_add_text(&row, bytes_of_text(code));
    add_member(&row, "text", text);
    add_member(&row, "fix", fix);
    buf_add_format(&row, ",\"exit\":%d}", exit);
    if (buf_status(&row) == ST_OK)
        output_json("error", buf_bytes(&row), &safe);
    else
        buf_add_format(&safe, "{\"error\":\"failed\",\"text\":\"\",\"fix\":\"\",\"exit\":%d}\n",
                       exit);
    fputs(buf_text(&safe), stderr);
    buf_release(&row);
    buf_release(&safe);
}

/* The sentences of the daemon are English; in another language the class of the error leads. */
static const char *class_text(const char *word)
{
    char code[CODE_BYTES]; /* status_word() uses its memory again */
    snprintf(code, sizeof code, "%s", word);
    for (int s = 0; s < STATUS_COUNT; s++)
        if (strcmp(status_word((enum status)s), code) == 0)
            return status_text((enum status)s);
    return NULL;
}

int call_end(const struct call *c, const char *code, const char *text, const char *fix, int exit)
{
    char help[HELP_BYTES];
    if (exit == CALL_DONE)
        return exit;
    if (exit == CALL_USAGE && fix[0] == '\0' && c->verb != NULL) {
        snprintf(help, sizeof help, tr("see: minga help %s"), c->verb->name);
        fix = help;
    } else if (exit == CALL_USAGE && fix[0] == '\0') {
        fix = tr("minga help lists the commands");
    }
    if (c->json) {
        end_json(code, text, fix, exit);
        return exit;
    }
    struct buf said = {0}, advice = {0};
    const char *translated = wording_text(text, &said), *class = class_text(code);
    if (class != NULL && strcmp(language_text(class), text) == 0)
        class = NULL;
    if (language_now() != LANGUAGE_ENGLISH && translated == text && class != NULL)
        output_line(stderr, "minga: %s: %s", language_text(class), text);
    else
        output_line(stderr, "minga: %s", translated);
    if (fix[0] != '\0')
        output_line(stderr, "       %s", wording_text(fix, &advice));
    buf_release(&said);
    buf_release(&advice);
    return exit;
}

int call_fail(const struct call *c, const struct fault *f)
{
    enum status code = f->code != ST_OK ? f->code : ST_IO;
    const char *text = f->text[0] != '\0' ? f->text : status_text(code);
    return call_end(c, status_word(code), text, f->fix, (int)verb_exit(code));
}

void call_say(const struct call *c, const char *format, ...)
{
    if (c->quiet || c->json)
        return;
    char text[SAY_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fflush(stdout); /* on a terminal both arrive in order */
    output_line(stderr, "%s", text);
}

void call_row(const struct call *c, struct bytes json)
{
    struct buf line = {0};
    output_json(c->verb->name, json, &line);
    if (buf_status(&line) == ST_OK)
        fwrite(line.data, 1, line.count, stdout);
    buf_release(&line);
}
