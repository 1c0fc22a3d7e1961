#include "replicas/fund_balance.h"

#include "replicas/fund_act.h"
#include "replicas/lookup.h"
#include "replicas/words.h"

static enum status check_filters(struct replica *r, const struct control_request *q,
                                 const struct book *b, struct fault *f)
{
    struct bytes office = control_option(q, "office"), line = control_option(q, "line"),
                 currency = control_option(q, "currency");
    enum status status = ST_OK;
    if (control_has(q, "office"))
        status = lookup_label(r, office, f);
    if (status == ST_OK && control_has(q, "line"))
        status = fund_act_line(r, b, line, f);
    if (status == ST_OK && control_has(q, "currency")) {
        const struct schema_field field = {.name = "currency", .kind = SCHEMA_CURRENCY};
        struct buf json = {0};
        status = schema_value(&field, currency, (struct bytes){NULL, 0}, &json, f);
        buf_release(&json);
    }
    return status;
}

static bool is_wanted(const struct control_request *q, const char *option, const char *text)
{
    return !control_has(q, option) || bytes_equal_text(control_option(q, option), text);
}

static enum status send_account(const struct verb_call *call, const struct book *b,
                                const struct book_account *a)
{
    const struct control_request *q = call->request;
    const char *owner = book_text(b, a->owner), *line = book_text(b, a->line);
    if (!is_wanted(q, "office", owner) || !is_wanted(q, "line", line) ||
        !is_wanted(q, "currency", a->currency))
        return ST_OK;
    struct buf row = {0};
    buf_add_format(&row,
                   "{\"office\":\"%s\",\"line\":\"%s\",\"currency\":\"%s\",\"credited\":%lld,"
                   "\"debited\":%lld,\"balance\":%lld}",
                   owner, line, a->currency, (long long)a->credited, (long long)a->debited,
                   (long long)(a->credited - a->debited));
    enum status status = verb_send(call, &row);
    buf_release(&row);
    return status;
}

static bool is_filter(struct bytes option)
{
    return bytes_equal_text(option, "office") || bytes_equal_text(option, "line") ||
           bytes_equal_text(option, "currency") || bytes_equal_text(option, "author");
}

static enum status wrong_balance(struct bytes word, struct fault *f)
{
    (void)fault_set(f, ST_USAGE, "fund balance takes no '%.*s'", words_shown(word),
                    word.count > 0 ? (const char *)word.data : "");
    fault_fix(f, "use: minga fund balance [--office L] [--line L] [--currency C]");
    return ST_USAGE;
}

enum status fund_balance_run(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    const struct book *b = NULL;
    for (uint32_t i = 0; i < q->option_count; i++)
        if (!is_filter(q->options[i].name))
            return wrong_balance(q->options[i].name, f);
    if (q->word_count > 1)
        return wrong_balance(q->words[1], f);
    enum status status = replica_book(call->replica, &b, f);
    if (status == ST_OK)
        status = check_filters(call->replica, q, b, f);
    for (uint32_t i = 0; status == ST_OK && i < b->account_count; i++)
        status = send_account(call, b, &b->accounts[i]);
    return status;
}
