#include "tests/funds/command.h"

#include <string.h>

static const struct form {
    const char *type, *name;
    const char *words[4]; /* the fields that stand as words, in this order */
    const char *owner;    /* the field that says whose it is: known there without being told */
    const char *dated;    /* a field without which the command would fill it in; or NULL */
} forms[] = {
    {"grant", "grant", {"currency", "amount"}, "holder", "date"},
    {"exchange",
     "exchange",
     {"from_currency", "from_amount", "to_currency", "to_amount"},
     "holder",
     "date"},
    {"allotment", "allot", {"office", "budget_line", "currency", "amount"}, "holder", "date"},
    {"pass", "pass", {"to", "budget_line", "currency", "amount"}, "office", "date"},
    {"award", "award", {"enterprise", "currency", "amount"}, "office", "date"},
    {"disbursement", "pay", {"enterprise", "currency", "amount"}, "office", "date"},
    {"purchase", "purchase", {"enterprise", "currency", "amount", "item"}, "office", "date"},
    {"expense", "expense", {"budget_line", "currency", "amount"}, "office", "date"},
    {"transfer", "transfer", {"purchase"}, "office", "date"},
    {"reversal", "reverse", {"entry"}, "office", NULL},
};

/* Fields that are options, and how they are called there. */
static const char *const options[][2] = {{"date", "date"},         {"ref", "ref"},
                                         {"funder", "from"},       {"receipt", "receipt"},
                                         {"supplier", "supplier"}, {"to_line", "to-line"}};

static const char *value_of(const struct act *a, const char *name)
{
    size_t bytes = strlen(name);
    for (uint32_t i = 2; i < a->count; i++)
        if (strncmp(a->text[i], name, bytes) == 0 && a->text[i][bytes] == '=')
            return a->text[i] + bytes + 1;
    return NULL;
}

static const struct form *form_of(const char *type)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i].type, type) == 0)
            return &forms[i];
    return NULL;
}

bool command_make(const struct act *entry, const char *label, bool anyway, struct act *out)
{
    const struct form *form = form_of(entry->text[1]);
    uint32_t told = 1; /* the owner */
    if (form == NULL)
        return false;
    const char *owner = value_of(entry, form->owner);
    if (owner == NULL || strcmp(owner, label) != 0 ||
        (form->dated != NULL && value_of(entry, form->dated) == NULL))
        return false;
    *out = (struct act){.count = 0};
    act_word(out, "fund");
    act_word(out, "%s", form->name);
    for (int i = 0; i < 4 && form->words[i] != NULL; i++) {
        const char *value = value_of(entry, form->words[i]);
        if (value == NULL)
            return false;
        act_word(out, "%s", value);
        told++;
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *value = value_of(entry, options[i][0]);
        bool given = form->dated != NULL || strcmp(options[i][0], "ref") != 0;
        told += value != NULL;
        if (value != NULL && given) /* a reversal's number is that of its entry */
            act_word(out, "--%s=%s", options[i][1], value);
    }
    if (form->dated == NULL)
        act_word(out, "--because=a mistake");
    if (anyway)
        act_word(out, "--anyway");
    act_word(out, "--today=2026-12-31");
    return told == entry->count - 2;
}
