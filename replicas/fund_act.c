#include "replicas/fund_act.h"

#include <string.h>

#include "replicas/nearest.h"
#include "replicas/words.h"

static const char POOL[] = "pool";

#define RECEIPT "[--receipt NUMBER] [--supplier NAME] [--date DATE] [--ref NUMBER] [--file FILE]"

static const struct fund_act ACTS[] = {
    {.name = "grant",
     .type = "grant",
     .kind = BOOK_GRANT,
     .words = {"currency", "amount"},
     .owner = "holder",
     .options = "from to date",
     .use = "grant CUR AMOUNT --from FUNDER [--to RECIPIENT] [--date DATE] [--ref NUMBER]"},
    {.name = "exchange",
     .type = "exchange",
     .kind = BOOK_EXCHANGE,
     .words = {"from_currency", "from_amount", "to_currency", "to_amount"},
     .owner = "holder",
     .options = "date note",
     .use = "exchange CUR AMOUNT CUR AMOUNT [--date DATE] [--note TEXT] [--ref NUMBER]"},
    {.name = "allot",
     .type = "allotment",
     .kind = BOOK_ALLOTMENT,
     .words = {"office", "budget_line", "currency", "amount"},
     .owner = "holder",
     .options = "date",
     .use = "allot OFFICE LINE CUR AMOUNT [--date DATE] [--ref NUMBER]"},
    {.name = "pass",
     .type = "pass",
     .kind = BOOK_PASS,
     .words = {"to", "budget_line", "currency", "amount"},
     .owner = "office",
     .options = "date note",
     .use = "pass OFFICE LINE CUR AMOUNT [--to-line LINE|pool] [--date DATE] [--note TEXT] "
            "[--ref NUMBER]",
     .same_line = true},
    {.name = "award",
     .type = "award",
     .kind = BOOK_AWARD,
     .words = {"enterprise", "currency", "amount"},
     .owner = "office",
     .options = "date note",
     .use = "award ENTERPRISE CUR AMOUNT [--date DATE] [--note TEXT] [--ref NUMBER]"},
    {.name = "pay",
     .type = "disbursement",
     .kind = BOOK_DISBURSEMENT,
     .words = {"enterprise", "currency", "amount"},
     .owner = "office",
     .options = "date",
     .use = "pay ENTERPRISE CUR AMOUNT [--date DATE] [--ref NUMBER] [--file FILE]"},
    {.name = "purchase",
     .type = "purchase",
     .kind = BOOK_PURCHASE,
     .words = {"enterprise", "currency", "amount", "item"},
     .owner = "office",
     .options = "receipt supplier date",
     .use = "purchase ENTERPRISE CUR AMOUNT ITEM " RECEIPT,
     .own_office = true},
    {.name = "expense",
     .type = "expense",
     .kind = BOOK_EXPENSE,
     .words = {"budget_line", "currency", "amount"},
     .owner = "office",
     .options = "receipt supplier date",
     .use = "expense LINE CUR AMOUNT " RECEIPT},
    {.name = "transfer",
     .type = "transfer",
     .kind = BOOK_TRANSFER,
     .words = {"purchase"},
     .owner = "office",
     .options = "date",
     .use = "transfer PURCHASE [--date DATE] [--ref NUMBER]",
     .names = BOOK_PURCHASE},
    {.name = "reverse",
     .type = "reversal",
     .kind = BOOK_REVERSAL,
     .words = {"entry"},
     .owner = "office",
     .options = "",
     .use = "reverse ENTRY --because TEXT",
     .names = BOOK_KINDS},
};
enum { ACT_COUNT = sizeof ACTS / sizeof ACTS[0] };

/* Options that are called otherwise than their fields. */
static const struct {
    const char *option, *field;
} FIELDS[] = {{"from", "funder"}, {"to", "recipient"}};

enum status fund_act_find(struct bytes name, const struct fund_act **out, struct fault *f)
{
    struct nearest n = {.wanted = name};
    for (size_t i = 0; i < ACT_COUNT; i++) {
        nearest_offer(&n, ACTS[i].name);
        if (bytes_equal_text(name, ACTS[i].name)) {
            *out = &ACTS[i];
            return ST_OK;
        }
    }
    nearest_offer(&n, "balance");
    (void)fault_set(f, ST_USAGE, "there is no 'fund %.*s'", words_shown(name),
                    name.count > 0 ? (const char *)name.data : "");
    if (name.count > 0 && n.best != NULL)
        fault_fix(f, "did you mean: minga fund %s", n.best);
    else
        fault_fix(f,
                  "use: minga fund grant|exchange|allot|pass|award|pay|purchase|expense|transfer|"
                  "reverse|balance");
    return ST_USAGE;
}

uint32_t fund_act_words(const struct fund_act *act)
{
    uint32_t count = 0;
    while (count < FUND_ACT_WORDS_MAX && act->words[count] != NULL)
        count++;
    return count;
}

/* Whether 'name' is one of the words of 'list'. */
static bool holds(const char *list, struct bytes name)
{
    for (const char *at = list; *at != '\0';) {
        size_t bytes = strcspn(at, " ");
        if (bytes == name.count && memcmp(at, name.data, bytes) == 0)
            return true;
        at += bytes + (at[bytes] == ' ' ? 1 : 0);
    }
    return false;
}

const char *fund_act_field(const struct fund_act *act, struct bytes option)
{
    static const char *const same[] = {"date", "note", "receipt", "supplier"};
    if (option.count == 0 || !holds(act->options, option))
        return NULL;
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++)
        if (bytes_equal_text(option, FIELDS[i].option))
            return FIELDS[i].field;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (bytes_equal_text(option, same[i]))
            return same[i];
    return NULL;
}

static bool is_taken(const struct fund_act *act, struct bytes option)
{
    static const char any[] = "today paper anyway dry-run author office";
    return holds(act->options, option) || holds(any, option) ||
           (bytes_equal_text(option, "ref") && act->kind != BOOK_REVERSAL) ||
           (bytes_equal_text(option, "because") && act->kind == BOOK_REVERSAL) ||
           (bytes_equal_text(option, "to-line") && act->same_line);
}

static enum status wants(const struct fund_act *act, const char *option, const char *value,
                         struct fault *f)
{
    (void)fault_set(f, ST_USAGE, "fund %s needs --%s %s", act->name, option, value);
    fault_fix(f, "use: minga fund %s", act->use);
    return ST_USAGE;
}

enum status fund_act_options(const struct fund_act *act, const struct control_request *q,
                             struct fault *f)
{
    for (uint32_t i = 0; i < q->option_count; i++) {
        struct bytes name = q->options[i].name;
        if (is_taken(act, name))
            continue;
        (void)fault_set(f, ST_USAGE, "fund %s has no option --%.*s", act->name, words_shown(name),
                        (const char *)name.data);
        fault_fix(f, "use: minga fund %s", act->use);
        return ST_USAGE;
    }
    if (act->kind == BOOK_REVERSAL && control_option(q, "because").count == 0)
        return wants(act, "because", "TEXT", f);
    if (act->kind == BOOK_GRANT && control_option(q, "from").count == 0)
        return wants(act, "from", "FUNDER", f);
    return ST_OK;
}

/* The choices of a pass: every line, and the pool. */
static const struct schema_field *lines_of(struct replica *r)
{
    const struct schema *schema = charter_newest(replica_charters(r))->schema;
    const struct schema_type *type = schema_type(schema, BYTES("pass"));
    return type != NULL ? schema_field(type, BYTES("to_line")) : NULL;
}

enum status fund_act_line(struct replica *r, const struct book *b, struct bytes line,
                          struct fault *f)
{
    const struct schema_field *lines = lines_of(r);
    struct nearest n = {.wanted = line};
    bool known = bytes_equal_text(line, POOL);
    nearest_offer(&n, POOL);
    for (uint32_t i = 0; lines != NULL && i < lines->choice_count; i++) {
        known = known || bytes_equal_text(line, lines->choices[i]);
        nearest_offer(&n, lines->choices[i]);
    }
    for (uint32_t i = 0; i < b->account_count; i++) {
        known = known || bytes_equal_text(line, book_text(b, b->accounts[i].line));
        nearest_offer(&n, book_text(b, b->accounts[i].line));
    }
    if (known)
        return ST_OK;
    (void)fault_set(f, ST_NOT_FOUND, "there is no budget line '%.*s'", words_shown(line),
                    line.count > 0 ? (const char *)line.data : "");
    if (n.best != NULL)
        fault_fix(f, "did you mean '%s'?", n.best);
    return ST_NOT_FOUND;
}
