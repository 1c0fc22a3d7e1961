#include "cli/language.h"

#include <stdlib.h>
#include <string.h>

static enum language chosen = LANGUAGE_ENGLISH;

void language_set(enum language language)
{
    chosen = language;
}

enum language language_now(void)
{
    return chosen;
}

/* NULL: it is not in that table. */
static const char *find(const struct language_entry *entries, unsigned count, const char *english)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(entries[i].english, english) == 0)
            return entries[i].spanish;
    return NULL;
}

const char *language_text(const char *english)
{
    unsigned count, money_count, report_count;
    const struct language_entry *entries = spanish_entries(&count),
                                *money = spanish_money_entries(&money_count),
                                *report = spanish_report_entries(&report_count);
    if (chosen != LANGUAGE_SPANISH)
        return english;
    const char *found = find(entries, count, english);
    if (found == NULL)
        found = find(money, money_count, english);
    if (found == NULL)
        found = find(report, report_count, english);
    return found != NULL ? found : english;
}

/* Whether a locale's name ("es", "es_CL.UTF-8", "en:es") begins with this language. */
static bool speaks(const char *name, const char *code)
{
    return strncmp(name, code, 2) == 0 && strchr("_.:@-", name[2]) != NULL;
}

static bool is_set(const char *value)
{
    return value != NULL && value[0] != '\0';
}

enum language language_of(const char *language, const char *lc_all, const char *lc_messages,
                          const char *lang)
{
    const char *locale = is_set(lc_all) ? lc_all : is_set(lc_messages) ? lc_messages : lang;
    if (!is_set(locale))
        locale = "";
    if (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
        return LANGUAGE_ENGLISH;
    for (const char *at = is_set(language) ? language : NULL; at != NULL;) {
        if (speaks(at, "es"))
            return LANGUAGE_SPANISH;
        if (speaks(at, "en"))
            return LANGUAGE_ENGLISH;
        at = strchr(at, ':');
        at = at != NULL ? at + 1 : NULL;
    }
    return speaks(locale, "es") ? LANGUAGE_SPANISH : LANGUAGE_ENGLISH;
}

void language_choose(void)
{
    chosen =
        language_of(getenv("LANGUAGE"), getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"));
}
