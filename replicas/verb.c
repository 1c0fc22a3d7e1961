#include "replicas/verb.h"

#include "proto/check.h"
#include "proto/item.h"
#include "replicas/attestation.h"
#include "replicas/audit.h"
#include "replicas/conflict.h"
#include "replicas/courier.h"
#include "replicas/disclosure.h"
#include "replicas/download.h"
#include "replicas/edit.h"
#include "replicas/erase.h"
#include "replicas/fund.h"
#include "replicas/history.h"
#include "replicas/intake.h"
#include "replicas/invite.h"
#include "replicas/query.h"
#include "replicas/retention.h"
#include "replicas/roster.h"
#include "replicas/snapshot.h"
#include "replicas/trail.h"
#include "replicas/upload.h"

/* Page "exit codes" of docs/CLI.md. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_PARTLY = 3,
    EXIT_NEEDS_PERSON = 4,
    EXIT_NOT_VERIFIED = 5,
    EXIT_NO_REPLICA = 10,
    EXIT_LOCKED = 11,
    EXIT_WRONG_KEY = 12,
    EXIT_NO_DAEMON = 13,
    EXIT_UNREACHABLE = 14,
};

static const struct verb {
    const char *name;
    bool writes;
    enum status (*run)(const struct verb_call *call, struct fault *f);
} VERBS[] = {
    {"add", true, edit_add},
    {"attach", true, upload_attach},
    {"attest", true, attestation_verb},
    {"audit", false, audit_since_verb},
    {"bundle", true, courier_run},
    {"conflicts", false, conflict_list},
    {"disclose", true, disclosure_give},
    {"erase", true, erase_verb},
    {"explain", false, conflict_explain},
    {"fetch", true, download_fetch},
    {"find", false, query_find},
    {"fund", true, fund_run},
    {"import", true, intake_import},
    {"invite", false, invite_new},
    {"list", false, query_list},
    {"log", false, history_log},
    {"member", false, roster_member},
    {"resolve", true, edit_resolve},
    {"retention", false, retention_list},
    {"set", true, edit_set},
    {"show", false, query_show},
    {"snapshot", false, snapshot_verb},
    {"trail", false, trail_verb},
    {"whoami", false, roster_whoami},
};

static const struct verb *find(struct bytes name)
{
    for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++)
        if (bytes_equal_text(name, VERBS[i].name))
            return &VERBS[i];
    return NULL;
}

bool verb_known(struct bytes verb)
{
    return find(verb) != NULL;
}

bool verb_writes(struct bytes verb)
{
    const struct verb *found = find(verb);
    return found != NULL && found->writes;
}

/* "Name <mail>" as it stands; a bare name gets this office as its mail. */
static enum status author_of(const struct verb_call *call, struct buf *out, struct fault *f)
{
    struct bytes given = control_option(call->request, "author");
    if (!control_has(call->request, "author")) {
        buf_add_bytes(out, call->author);
        return buf_status(out);
    }
    buf_add_bytes(out, given);
    if (given.count > 0 && memchr(given.data, '<', given.count) == NULL)
        buf_add_format(out, " <%s@minga>", replica_label(call->replica));
    enum status status = buf_status(out);
    if (status == ST_OK && !ident_is_valid(buf_bytes(out))) {
        status = fault_set(f, ST_USAGE, "the author has to be a name, or \"Name <mail>\"");
        fault_fix(f, "as in --author \"ana <ana@example.org>\"; at most %d bytes", IDENT_BYTES_MAX);
    }
    return status;
}

/* A sentence that was cut to fit must not end in half a character. */
static void trim(char *text)
{
    size_t count = strlen(text);
    while (count > 0 && !bytes_are_utf8((struct bytes){(const uint8_t *)text, count}))
        count--;
    text[count] = '\0';
}

enum status verb_run(const struct verb_call *call, struct fault *f)
{
    CHECK(call->replica != NULL && call->request != NULL && call->row != NULL);
    const struct verb *verb = find(call->request->verb);
    if (verb == NULL)
        return fault_set(f, ST_USAGE, "no such command");
    struct buf author = {0};
    struct verb_call own = *call;
    enum status status = author_of(call, &author, f);
    own.author = buf_bytes(&author);
    if (status == ST_OK)
        status = verb->run(&own, f);
    if (status != ST_OK && f != NULL && (f->code != status || f->text[0] == '\0'))
        fault_set(f, status, "%s", status_text(status));
    if (status != ST_OK && f != NULL) {
        trim(f->text);
        trim(f->fix);
    }
    buf_release(&author);
    return status;
}

unsigned verb_exit(enum status code)
{
    switch (code) {
    case ST_OK:
        return EXIT_DONE;
    case ST_USAGE:
    case ST_NOT_SCHEMA:
    case ST_BAD_VALUE:
        return EXIT_USAGE;
    case ST_PARTLY:
        return EXIT_PARTLY;
    case ST_NEEDS_PERSON:
        return EXIT_NEEDS_PERSON;
    case ST_BAD_SIGNATURE:
    case ST_WRONG_ROOT:
    case ST_WRONG_DIGEST:
    case ST_CORRUPT:
        return EXIT_NOT_VERIFIED;
    case ST_NO_REPLICA:
        return EXIT_NO_REPLICA;
    case ST_LOCKED:
        return EXIT_LOCKED;
    case ST_WRONG_KEY:
        return EXIT_WRONG_KEY;
    case ST_NO_DAEMON:
        return EXIT_NO_DAEMON;
    case ST_TIMEOUT:
    case ST_STALLED:
    case ST_UNREACHABLE:
        return EXIT_UNREACHABLE;
    default:
        return EXIT_FAILED;
    }
}

enum status verb_send(const struct verb_call *call, const struct buf *row)
{
    CHECK(call->row != NULL);
    enum status status = buf_status(row);
    if (status == ST_OK)
        call->row(call->user, buf_bytes(row));
    return status;
}
