#include "replicas/assembly.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/check.h"
#include "replicas/agenda.h"
#include "replicas/branch.h"
#include "replicas/council.h"
#include "replicas/json.h"
#include "replicas/rotate.h"
#include "replicas/schema_system.h"
#include "replicas/words.h"

enum {
    COMMAND_BYTES = 256,
    SENTENCE_BYTES = 256,
    ADMINS_ADVISED = 3,
};

static const struct charter *newest_of(struct replica *r)
{
    return charter_newest(replica_charters(r));
}

static enum status usage(struct fault *f, const char *use)
{
    fault_set(f, ST_USAGE, "that is not how this command is used");
    fault_fix(f, "use: minga member %s", use);
    return ST_USAGE;
}

/* ---- Rows ---- */

static void add_labels(struct replica *r, const struct council_motion *m, bool of_signers,
                       struct buf *out)
{
    const struct charter *newest = newest_of(r);
    bool any = false;
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < newest->member_count; i++) {
        const struct charter_member *admin = &newest->members[i];
        bool has = motion_signature_of(m->greatest, &admin->key) != NULL;
        if (!admin->admin || has != of_signers)
            continue;
        buf_add_format(out, "%s\"%s\"", any ? "," : "", admin->label);
        any = true;
    }
    buf_add_byte(out, ']');
}

static uint32_t lacking(const struct council_motion *m)
{
    return m->needed > m->signed_count ? m->needed - m->signed_count : 0;
}

static enum status send_motion(const struct verb_call *call, uint32_t number,
                               const struct council_motion *m)
{
    struct replica *r = call->replica;
    const struct charter_member *owner = charter_by_key(newest_of(r), &m->owner);
    struct buf row = {.count = 0};
    char hash[2 * DIGEST_BYTES + 1];
    hex_encode(m->next->hash.id, DIGEST_BYTES, hash);
    buf_add_format(&row, "{\"motion\":%u,\"version\":%u,\"hash\":\"%s\",\"by\":\"%s\",\"changes\":",
                   number, m->next->version, hash, owner != NULL ? owner->label : "");
    agenda_changes(newest_of(r), m->next, &row);
    buf_add_text(&row, ",\"signed\":");
    add_labels(r, m, true, &row);
    buf_add_format(&row, ",\"needed\":%u,\"waits_for\":", lacking(m));
    add_labels(r, m, false, &row);
    buf_add_format(&row, ",\"approved\":%s,\"wanted\":%s}", m->approved ? "true" : "false",
                   m->wanted ? "true" : "false");
    enum status status = verb_send(call, &row);
    buf_release(&row);
    return status;
}

enum status assembly_list(const struct verb_call *call, struct fault *f)
{
    struct council_motion open[PROPOSALS_MAX];
    uint32_t count = council_ask_motions(call->replica, open), wanted = 0, which = 0;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < count && status == ST_OK; i++) {
        status = send_motion(call, i + 1, &open[i]);
        which = open[i].wanted && wanted == 0 ? i + 1 : which;
        wanted += open[i].wanted ? 1 : 0;
    }
    if (status != ST_OK || wanted == 0)
        return status;
    fault_set(f, ST_NEEDS_PERSON, "a change of the charter waits for this office: motion %u",
              which);
    fault_fix(f, "if it is right: minga member approve %u", which);
    return ST_NEEDS_PERSON;
}

/* How far the change of charter got: in force, or a motion. */
static enum status send_outcome(const struct verb_call *call, uint32_t before,
                                const struct digest *hash, const char *invite)
{
    struct replica *r = call->replica;
    struct council_motion open[PROPOSALS_MAX];
    struct buf row = {.count = 0};
    uint32_t count = council_ask_motions(r, open), at = 0;
    bool in_force = newest_of(r)->version > before;
    while (at < count && (hash == NULL || memcmp(&open[at].next->hash, hash, sizeof *hash) != 0))
        at++;
    if (hash == NULL && !in_force && count > 0)
        at = count - 1;
    buf_add_format(&row, "{\"version\":%u,\"in_force\":%s", newest_of(r)->version,
                   in_force ? "true" : "false");
    if (!in_force && at < count) {
        buf_add_format(&row, ",\"motion\":%u,\"needed\":%u,\"waits_for\":", at + 1,
                       lacking(&open[at]));
        add_labels(r, &open[at], false, &row);
        buf_add_text(&row, ",\"changes\":");
        agenda_changes(newest_of(r), open[at].next, &row);
    } else if (in_force) {
        buf_add_text(&row, ",\"needed\":0,\"waits_for\":[],\"changes\":");
        agenda_changes(charter_at(replica_charters(r), before), newest_of(r), &row);
    }
    if (invite[0] != '\0') {
        buf_add_text(&row, ",\"invite\":");
        json_add_text(&row, bytes_of_text(invite));
    }
    buf_add_byte(&row, '}');
    enum status status = verb_send(call, &row);
    buf_release(&row);
    return status;
}

static enum status ask(const struct verb_call *call, struct wish *w, const char *invite,
                       struct fault *f)
{
    uint32_t before = newest_of(call->replica)->version;
    enum status status = council_ask(call->replica, w, f);
    if (status != ST_OK && status != ST_NEEDS_PERSON)
        return status;
    enum status sent = send_outcome(call, before, NULL, invite);
    return sent != ST_OK ? sent : status;
}

/* ---- Words ---- */

static enum status read_label(struct bytes word, struct wish *w, struct fault *f)
{
    if (!label_is_valid(word)) {
        fault_set(f, ST_USAGE, "'%.*s' cannot be a label", words_shown(word),
                  word.count > 0 ? (const char *)word.data : "");
        fault_fix(f, "minga member list shows the members");
        return ST_USAGE;
    }
    memcpy(w->member.label, word.data, word.count);
    w->member.label[word.count] = '\0';
    return ST_OK;
}

static enum status remove_member(const struct verb_call *call, struct fault *f)
{
    struct wish w = {.kind = WISH_REMOVE};
    if (call->request->word_count != 2)
        return usage(f, "remove LABEL");
    enum status status = read_label(call->request->words[1], &w, f);
    if (status == ST_OK)
        status = ask(call, &w, "", f);
    wish_release(&w);
    return status;
}

static enum status read_rights(struct bytes text, struct wish *w, struct fault *f)
{
    w->what |= WISH_RIGHTS;
    w->member.admin = w->member.treasurer = false;
    while (text.count > 0) {
        const uint8_t *comma = memchr(text.data, ',', text.count);
        size_t count = comma != NULL ? (size_t)(comma - text.data) : text.count;
        struct bytes right = {text.data, count};
        if (bytes_equal_text(right, "admin"))
            w->member.admin = true;
        else if (bytes_equal_text(right, "treasurer"))
            w->member.treasurer = true;
        else if (!bytes_equal_text(right, "none") && count > 0) {
            fault_set(f, ST_USAGE, "there is no right '%.*s'", words_shown(right),
                      (const char *)right.data);
            fault_fix(f, "rights are admin and treasurer, or none");
            return ST_USAGE;
        }
        size_t step = comma != NULL ? count + 1 : count;
        text = (struct bytes){text.data + step, text.count - step};
    }
    return ST_OK;
}

static enum status read_change(const struct control_request *q, struct wish *w, struct fault *f)
{
    struct bytes role = control_option(q, "role"), address = control_option(q, "address");
    enum status status = read_label(q->words[1], w, f);
    if (status == ST_OK && control_has(q, "role")) {
        w->what |= WISH_ROLE;
        if (!charter_role_parse(role, &w->member.role)) {
            fault_set(f, ST_USAGE, "there is no role '%.*s'", words_shown(role),
                      role.count > 0 ? (const char *)role.data : "");
            fault_fix(f, "roles are office, auditor and partner");
            return ST_USAGE;
        }
    }
    if (status == ST_OK && control_has(q, "rights"))
        status = read_rights(control_option(q, "rights"), w, f);
    if (status == ST_OK && control_has(q, "address")) {
        if (address.count > ADDRESS_BYTES_MAX)
            return fault_set(f, ST_USAGE, "the address is longer than %d bytes", ADDRESS_BYTES_MAX);
        w->what |= WISH_ADDRESS;
        if (address.count > 0)
            memcpy(w->member.address, address.data, address.count);
        w->member.address[address.count] = '\0';
    }
    return status == ST_OK && w->what == 0
               ? usage(f, "change LABEL [--role R] [--rights admin,treasurer|none] [--address A]")
               : status;
}

/* What lets the holder of a label in again with what remains; "" where nothing is lost. */
static void say_invite(struct replica *r, const struct wish *w, char out[static COMMAND_BYTES])
{
    const struct charter_member *m = charter_by_label(newest_of(r), bytes_of_text(w->member.label));
    out[0] = '\0';
    if (m == NULL)
        return;
    struct charter_member after = *m;
    after.role = (w->what & WISH_ROLE) != 0 ? w->member.role : m->role;
    if ((w->what & WISH_RIGHTS) != 0) {
        after.admin = w->member.admin;
        after.treasurer = w->member.treasurer;
    }
    if (!charter_loses(m, &after))
        return;
    const char *rights = after.admin && after.treasurer ? " --rights admin,treasurer"
                         : after.admin                  ? " --rights admin"
                         : after.treasurer              ? " --rights treasurer"
                                                        : "";
    int used = snprintf(out, COMMAND_BYTES, "minga invite %s --role %s%s", m->label,
                        charter_role_text(after.role), rights);
    CHECK(used > 0 && used < COMMAND_BYTES);
}

static enum status change_member(const struct verb_call *call, struct fault *f)
{
    struct wish w = {.kind = WISH_CHANGE};
    char invite[COMMAND_BYTES];
    if (call->request->word_count != 2)
        return usage(f, "change LABEL [--role R] [--rights admin,treasurer|none] [--address A]");
    enum status status = read_change(call->request, &w, f);
    if (status == ST_OK) {
        say_invite(call->replica, &w, invite);
        status = ask(call, &w, invite, f);
    }
    wish_release(&w);
    return status;
}

static enum status rotate_key(const struct verb_call *call, struct fault *f)
{
    struct wish w = {.kind = WISH_ROTATE};
    if (call->request->word_count != 1)
        return usage(f, "rotate");
    enum status status = rotate_prepare(call->replica, &w.member.key, f);
    if (status == ST_OK)
        status = rotate_hand(call->replica, call->author, f);
    if (status == ST_OK) {
        snprintf(w.member.label, sizeof w.member.label, "%s", replica_label(call->replica));
        status = ask(call, &w, "", f);
    }
    wish_release(&w);
    return status;
}

static enum status grow_schema(const struct verb_call *call, struct fault *f)
{
    struct wish w = {.kind = WISH_SCHEMA};
    if (call->request->word_count != 2)
        return usage(f, "schema FILE");
    enum status status = schema_system_merge(call->request->words[1], &w.schema, f);
    if (status == ST_OK)
        status = ask(call, &w, "", f);
    wish_release(&w);
    return status;
}

/* ---- Approving ---- */

/* The motion that is meant: by its number, by the beginning of its hash, or the only one. */
static enum status choose_motion(const struct verb_call *call, const struct council_motion *open,
                                 uint32_t count, uint32_t *out, struct fault *f)
{
    const struct control_request *q = call->request;
    uint64_t number = 0;
    *out = 0;
    if (count == 0) {
        fault_set(f, ST_NOT_FOUND, "no change of the charter is open");
        fault_fix(f, "if somebody proposed one: minga sync, then minga member list");
        return ST_NOT_FOUND;
    }
    if (q->word_count == 1 && count == 1)
        return ST_OK;
    if (q->word_count == 1) {
        fault_set(f, ST_USAGE, "%u changes of the charter are open: say which", count);
        fault_fix(f, "minga member list shows them; then: minga member approve N");
        return ST_USAGE;
    }
    for (uint32_t i = 0; i < count && q->words[1].count >= 8; i++) {
        char hash[2 * DIGEST_BYTES + 1];
        hex_encode(open[i].next->hash.id, DIGEST_BYTES, hash);
        *out = i;
        if (q->words[1].count <= 2 * DIGEST_BYTES &&
            memcmp(hash, q->words[1].data, q->words[1].count) == 0)
            return ST_OK;
    }
    enum status status = words_count(q->words[1], "the motion", &number, f);
    if (status == ST_OK && (number < 1 || number > count)) {
        fault_set(f, ST_NOT_FOUND, "there is no motion %llu", (unsigned long long)number);
        fault_fix(f, "minga member list shows those that are open");
        status = ST_NOT_FOUND;
    }
    *out = status == ST_OK ? (uint32_t)number - 1 : 0;
    return status;
}

static enum status approve(const struct verb_call *call, struct fault *f)
{
    struct replica *r = call->replica;
    struct council_motion open[PROPOSALS_MAX];
    uint32_t count = council_ask_motions(r, open), at = 0, before = newest_of(r)->version;
    if (call->request->word_count > 2)
        return usage(f, "approve [N]");
    enum status status = choose_motion(call, open, count, &at, f);
    if (status != ST_OK)
        return status;
    struct digest hash = open[at].next->hash;
    status = council_ask_approve(r, &hash, f);
    if (status != ST_OK && status != ST_NEEDS_PERSON)
        return status;
    enum status sent = send_outcome(call, before, &hash, "");
    return sent != ST_OK ? sent : status;
}

static enum status choose(const struct verb_call *call, struct fault *f)
{
    uint32_t before = 0;
    if (call->request->word_count != 2)
        return usage(f, "choose HASH");
    enum status status = branch_choose(call->replica, call->request->words[1], f);
    if (status == ST_OK)
        before = newest_of(call->replica)->version - 1;
    return status == ST_OK ? send_outcome(call, before, NULL, "") : status;
}

static const struct {
    const char *word;
    enum status (*run)(const struct verb_call *call, struct fault *f);
} WORDS[] = {
    {"approve", approve},      {"change", change_member}, {"choose", choose},
    {"remove", remove_member}, {"rotate", rotate_key},    {"schema", grow_schema},
};

bool assembly_knows(struct bytes word)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (bytes_equal_text(word, WORDS[i].word))
            return true;
    return false;
}

enum status assembly_run(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (q->word_count > 0 && bytes_equal_text(q->words[0], WORDS[i].word))
            return WORDS[i].run(call, f);
    return usage(f, "[list | show LABEL]");
}

/* ---- What should be known ---- */

static void tell_motions(struct replica *r, assembly_health_fn each, void *user)
{
    struct council_motion open[PROPOSALS_MAX];
    uint32_t count = council_ask_motions(r, open), wanted = 0;
    char text[SENTENCE_BYTES];
    for (uint32_t i = 0; i < count; i++)
        wanted += open[i].wanted ? 1 : 0;
    if (wanted > 0)
        each(user, "warning", "a change of the charter waits for this office",
             "minga member list; if it is right: minga member approve");
    if (wanted == count)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct buf who = {.count = 0};
        if (open[i].wanted)
            continue;
        council_ask_waits_for(r, &open[i], &who);
        if (snprintf(text, sizeof text, "a change of the charter waits for %u of: %s",
                     lacking(&open[i]), buf_text(&who)) > 0)
            each(user, "notice", text, "there: minga member list, then minga member approve");
        buf_release(&who);
    }
}

void assembly_health(struct replica *r, assembly_health_fn each, void *user)
{
    const struct charter *newest = newest_of(r);
    char text[SENTENCE_BYTES];
    struct branch_pair pair;
    for (uint32_t i = 0; branch_at(r, i, &pair); i++) {
        char hash[2 * DIGEST_BYTES + 1];
        hex_encode(pair.other.id, DIGEST_BYTES, hash);
        snprintf(
            text, sizeof text,
            "charter %u exists twice, both signed by a majority: this office keeps its own and "
            "refuses the other, %.16s",
            pair.version, hash);
        each(user, "error", text,
             "ask the admins which one holds; to go over to the other: minga member choose HASH");
    }
    for (uint32_t i = 0; r->council != NULL && i < r->council->liar_count; i++) {
        const struct charter_member *liar = charter_by_key(newest, &r->council->liars[i]);
        snprintf(text, sizeof text,
                 "%s proposed two charters under one ballot: both are kept in the folder evidence",
                 liar != NULL ? liar->label : "a former admin");
        each(user, "error", text, "ask there whether a backup was restored, or the key was stolen");
    }
    if (council_is_silent(r) && charter_is_admin(newest, &replica_identity(r)->key))
        each(user, "warning",
             "this office was restored from a backup: it signs no charter before it has heard what "
             "it said before",
             "connect it to another member: minga sync");
    tell_motions(r, each, user);
}
