#include "cli/arguments.h"

#include <string.h>

#include "cli/language.h"
#include "cli/verbs.h"
#include "replicas/nearest.h"

struct global {
    const char *name;
    size_t offset; /* of its flag in struct call; 0: --home */
};

static const struct global GLOBALS[] = {
    {"--help", offsetof(struct call, help)},
    {"-h", offsetof(struct call, help)},
    {"--home", 0},
    {"--json", offsetof(struct call, json)},
    {"--no-color", offsetof(struct call, no_color)},
    {"--no-input", offsetof(struct call, no_input)},
    {"--quiet", offsetof(struct call, quiet)},
    {"-q", offsetof(struct call, quiet)},
    {"--verbose", offsetof(struct call, verbose)},
    {"-v", offsetof(struct call, verbose)},
    {"--version", offsetof(struct call, version)},
};

struct parse {
    int argc;
    char *const *argv;
    int at;
    bool taken[VERBS_ARGUMENTS_MAX]; /* by the first pass */
    struct call *call;
    const char **home_out;
    struct fault *fault;
};

static enum status usage(struct parse *p)
{
    if (p->call->verb != NULL && p->fault != NULL && p->fault->fix[0] == '\0')
        fault_fix(p->fault, tr("use: minga %s"), p->call->verb->usage);
    return ST_USAGE;
}

/* The value of the option at p->at: behind its '=', or the next argument. NULL: there is none. */
static const char *value_of(struct parse *p, size_t name_bytes)
{
    const char *text = p->argv[p->at];
    if (text[name_bytes] == '=')
        return text + name_bytes + 1;
    if (p->at + 1 >= p->argc)
        return NULL;
    p->at++;
    p->taken[p->at] = true;
    return p->argv[p->at];
}

static enum status no_value(struct parse *p, const char *name)
{
    fault_set(p->fault, ST_USAGE, tr("%s wants a value behind it"), name);
    return usage(p);
}

/* Seconds, as the daemon reads them. */
static bool is_seconds(const char *text)
{
    enum { SECONDS_DIGITS_MAX = 6 };
    size_t digits = strspn(text, "0123456789");
    return text[digits] == '\0' && digits >= 1 && digits <= SECONDS_DIGITS_MAX;
}

static bool names(const char *text, size_t bytes, const char *name)
{
    return strlen(name) == bytes && strncmp(text, name, bytes) == 0;
}

/* Global options, wherever they stand; the verb is the first word. */
static enum status take_globals(struct parse *p)
{
    enum { GLOBAL_COUNT = sizeof GLOBALS / sizeof GLOBALS[0] };
    for (p->at = 0; p->at < p->argc; p->at++) {
        const char *text = p->argv[p->at];
        size_t bytes = strcspn(text, "="), i = 0;
        if (strcmp(text, "--") == 0)
            break;
        while (text[0] == '-' && i < GLOBAL_COUNT && !names(text, bytes, GLOBALS[i].name))
            i++;
        if (text[0] != '-' || i == GLOBAL_COUNT)
            continue;
        p->taken[p->at] = true;
        if (GLOBALS[i].offset == 0) {
            *p->home_out = value_of(p, bytes);
            if (*p->home_out == NULL || (*p->home_out)[0] == '\0')
                return no_value(p, "--home");
        } else if (text[bytes] == '=') {
            fault_set(p->fault, ST_USAGE, tr("%s takes no value"), GLOBALS[i].name);
            return usage(p);
        } else {
            *(bool *)((char *)p->call + GLOBALS[i].offset) = true;
        }
    }
    return ST_OK;
}

static enum status take_verb(struct parse *p)
{
    for (p->at = 0; p->at < p->argc; p->at++) {
        const char *text = p->argv[p->at];
        if (p->taken[p->at] || text[0] == '-')
            continue;
        p->taken[p->at] = true;
        p->call->verb = verbs_find(text);
        if (p->call->verb != NULL)
            return ST_OK;
        fault_set(p->fault, ST_USAGE, tr("there is no command \"%s\""), text);
        const char *near = verbs_nearest(text);
        if (near != NULL)
            fault_fix(p->fault, tr("did you mean: minga %s"), near);
        else
            fault_fix(p->fault, tr("minga help lists the commands"));
        return ST_USAGE;
    }
    for (p->at = 0; p->at < p->argc; p->at++) {
        if (p->taken[p->at])
            continue;
        fault_set(p->fault, ST_USAGE, tr("minga has no option %s"), p->argv[p->at]);
        fault_fix(p->fault, tr("minga help lists the commands"));
        return ST_USAGE;
    }
    return ST_OK; /* nothing but what is taken everywhere: help */
}

static enum status unknown(struct parse *p, const char *text, size_t bytes)
{
    struct nearest n = {.wanted = {(const uint8_t *)text, bytes}};
    char names_at[VERBS_OPTIONS_MAX][VERBS_OPTION_BYTES];
    uint32_t count = verbs_options(p->call->verb, names_at);
    for (uint32_t i = 0; i < count; i++)
        nearest_offer(&n, names_at[i]);
    for (size_t i = 0; i < sizeof GLOBALS / sizeof GLOBALS[0]; i++)
        if (GLOBALS[i].name[1] == '-')
            nearest_offer(&n, GLOBALS[i].name);
    fault_set(p->fault, ST_USAGE, tr("%s has no option %.*s"), p->call->verb->name, (int)bytes,
              text);
    if (n.best != NULL)
        fault_fix(p->fault, tr("did you mean %s?"), n.best);
    return usage(p);
}

static enum status take_option(struct parse *p)
{
    const char *text = p->argv[p->at];
    size_t bytes = strcspn(text, "=");
    bool wants_value = false;
    const char *name = verbs_option(p->call->verb, text, bytes, &wants_value);
    if (name == NULL)
        return unknown(p, text, bytes);
    const char *value = "";
    if (wants_value) {
        value = value_of(p, bytes);
        if (value == NULL)
            return no_value(p, text);
    } else if (text[bytes] == '=') {
        fault_set(p->fault, ST_USAGE, tr("--%s takes no value"), name);
        return usage(p);
    }
    if (strcmp(name, "timeout") == 0 && !is_seconds(value)) {
        fault_set(p->fault, ST_USAGE, tr("--timeout: \"%s\" is no number of seconds"), value);
        return usage(p);
    }
    if (call_has(p->call, name)) {
        fault_set(p->fault, ST_USAGE, tr("--%s is given twice"), name);
        return usage(p);
    }
    p->call->options[p->call->option_count++] = (struct call_option){name, value};
    return ST_OK;
}

static enum status take_rest(struct parse *p)
{
    bool only_words = false;
    for (p->at = 0; p->at < p->argc; p->at++) {
        const char *text = p->argv[p->at];
        if (p->taken[p->at])
            continue;
        if (!only_words && strcmp(text, "--") == 0) {
            only_words = true;
            continue;
        }
        bool number = text[0] == '-' && text[1] >= '0' && text[1] <= '9'; /* below zero */
        if (!only_words && text[0] == '-' && text[1] != '\0' && !number) {
            enum status st = take_option(p);
            if (st != ST_OK)
                return st;
            continue;
        }
        if (p->call->word_count == CONTROL_WORDS_MAX)
            return fault_set(p->fault, ST_USAGE, tr("more than %d words"), CONTROL_WORDS_MAX);
        p->call->words[p->call->word_count++] = text;
    }
    return ST_OK;
}

enum status arguments_parse(int argc, char *const *argv, struct call *out,
                            const char **given_home_out, struct fault *f)
{
    struct parse p = {
        .argc = argc, .argv = argv, .call = out, .home_out = given_home_out, .fault = f};
    *out = (struct call){.verb = NULL};
    *given_home_out = NULL;
    if (argc > VERBS_ARGUMENTS_MAX) { /* refused in the form that was asked for */
        for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
            out->json = out->json || strcmp(argv[i], "--json") == 0;
        return fault_set(f, ST_USAGE, tr("more than %d words"), VERBS_ARGUMENTS_MAX);
    }
    enum status st = take_globals(&p);
    if (st == ST_OK)
        st = take_verb(&p);
    if (st != ST_OK || out->help || out->version || out->verb == NULL)
        return st;
    st = take_rest(&p);
    if (st != ST_OK)
        return st;
    if (out->word_count < out->verb->words_min || out->word_count > out->verb->words_max) {
        fault_set(f, ST_USAGE,
                  out->word_count < out->verb->words_min
                      ? tr("something is missing behind minga %s")
                      : tr("too many words behind minga %s"),
                  out->verb->name);
        return usage(&p);
    }
    return ST_OK;
}
