#include "cli/ask.h"

#include <string.h>

#include "cli/language.h"
#include "cli/verbs.h"

static enum status not_running(const struct call *c, struct fault *f)
{
    struct fault missing = {0};
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct key key;
    bool wrapped = false;
    if (home_office(c->home, label, &network, &missing) == ST_NO_REPLICA) {
        *f = missing;
        return ST_NO_REPLICA;
    }
    if (home_public(c->home, "identity", &key, &wrapped, &missing) != ST_OK)
        wrapped = false;
    if (wrapped && strcmp(c->home, "/var/lib/minga") != 0) /* behind an & it could not ask */
        fault_fix(
            f, tr("in a terminal of its own, for it asks for the passphrase: mingad --home %.200s"),
            c->home);
    else if (c->home_is_default)
        fault_fix(f, tr("start it: mingad &"));
    else if (strcmp(c->home, "/var/lib/minga") == 0)
        fault_fix(f, tr("start it: systemctl start mingad"));
    else
        fault_fix(f, tr("start it: mingad --home %.200s &"), c->home);
    return ST_NO_DAEMON;
}

enum status ask_open(const struct call *c, struct client **out, struct fault *f)
{
    char path[HOME_PATH_MAX];
    enum status st = home_socket(c->home, c->home_is_default, path, f);
    if (st == ST_OK)
        st = client_open(path, out, f);
    return st == ST_NO_DAEMON ? not_running(c, f) : st;
}

void ask_request(const struct call *c, struct control_request *out)
{
    *out = (struct control_request){
        .verb = bytes_of_text(c->verb->name),
        .word_count = c->word_count,
        .option_count = c->option_count,
    };
    for (uint32_t i = 0; i < c->word_count; i++)
        out->words[i] = bytes_of_text(c->words[i]);
    for (uint32_t i = 0; i < c->option_count; i++) {
        out->options[i].name = bytes_of_text(c->options[i].name);
        out->options[i].value = bytes_of_text(c->options[i].value);
    }
}

struct rows {
    const struct call *call;
    const struct ask_view *view;
};

static void on_row(void *user, struct bytes json)
{
    const struct rows *r = user;
    if (r->call->json) {
        call_row(r->call, json);
        return;
    }
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    if (row != NULL)
        r->view->row(r->view->user, r->call, row);
    json_decref(row);
}

int ask_run(const struct call *c, const struct control_request *request,
            const struct ask_view *view)
{
    struct client *client = NULL;
    struct fault f = {0};
    struct client_end end;
    struct rows rows = {c, view};
    enum status st = ask_open(c, &client, &f);
    if (st == ST_OK)
        st = client_run(client, request, on_row, &rows, &end, &f);
    client_close(client);
    if (!c->json && view->done != NULL)
        view->done(view->user, c);
    fflush(stdout);
    if (st != ST_OK)
        return call_fail(c, &f);
    return call_end(c, end.code, end.text, end.fix, end.exit);
}

int ask_call(const struct call *c, const struct ask_view *view)
{
    struct control_request request;
    ask_request(c, &request);
    return ask_run(c, &request, view);
}
