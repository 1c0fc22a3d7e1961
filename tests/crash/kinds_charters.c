/* Kinds of transaction: members, keys, votes, the charter. */
#include "tests/crash/kinds.h"

#include "replicas/invite.h"

static const struct passphrase_cost cheap = {.passes = 1, .memory_kib = PASSPHRASE_KIB_MIN};

/* Charters and open motions of one office to another, as CHARTER carries them. */
static void carry(struct office *from, struct office *to)
{
    const struct charter_chain *chain = replica_charters(from->replica);
    const struct bytes *lent;
    struct buf copies[PROPOSALS_MAX] = {{0}};
    struct bytes motions[PROPOSALS_MAX];
    bool grown;
    for (uint32_t v = 0; v < chain->count; v++) {
        struct bytes file = buf_bytes(&chain->versions[v]->file);
        if (replica_offer_charters(to->replica, &file, 1, &grown, &to->fault) != ST_OK)
            fail_msg("%s", to->fault.text);
    }
    uint32_t count = replica_motions(from->replica, &lent);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_bytes(&copies[i], lent[i]);
        motions[i] = buf_bytes(&copies[i]);
    }
    if (replica_offer_motions(to->replica, motions, count, &grown, &to->fault) != ST_OK)
        fail_msg("%s", to->fault.text);
    for (uint32_t i = 0; i < count; i++)
        buf_release(&copies[i]);
}

static void keep_invite(void *user, const struct invite *i)
{
    struct stage *s = user;
    buf_reset(&s->spare);
    buf_add(&s->spare, i->id, sizeof i->id);
}

/* The link that was given out is good. */
static void invite(struct stage *s)
{
    char name[64] = "home/invitations/";
    stage_do(s, "invite", "temuco");
    assert_int_equal(invite_each(s->o->replica, keep_invite, s, &s->o->fault), ST_OK);
    hex_encode(s->spare.data, s->spare.count, name + strlen(name));
    stage_promise_file(s, name);
}

static void invited(struct stage *s)
{
    kinds_plain(s);
    invite(s);
}

static void admit(struct stage *s)
{
    struct key key = {{1, 2, 3}};
    char label[LABEL_BYTES_MAX + 1];
    if (invite_admit(s->o->replica, buf_bytes(&s->spare), &key, BYTES("127.0.0.1:7719"), label,
                     &s->o->fault) != ST_OK)
        fail_msg("%s", s->o->fault.text);
    stage_told(s);
}

static void change(struct stage *s)
{
    stage_do(s, "member", "change", "iquique", "--address=127.0.0.1:7720");
    stage_do(s, "member", "change", "iquique", "--rights=treasurer");
}

static void schema(struct stage *s)
{
    struct buf json = programme_schema_json(), word = {0};
    json_t *whole = json_loadb((const char *)json.data, json.count, 0, NULL);
    json_t *more = json_pack("{s:{s:{s:s,s:s}},s:s,s:[s]}", "fields", "x", "class", "open", "kind",
                             "text", "shape", "record", "writers", "office");
    assert_non_null(more);
    json_object_set_new(json_object_get(whole, "types"), "more", more);
    char *text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    buf_add_text(&word, text);
    stage_do(s, "member", "schema", buf_text(&word));
    free(text);
    json_decref(whole);
    buf_release(&json);
    buf_release(&word);
}

static void rotate(struct stage *s)
{
    stage_do(s, "member", "rotate");
}

static void dismiss(struct stage *s)
{
    stage_do(s, "member", "remove", "iquique");
    stage_tend(s, s->subject);
}

/* Its commits beyond what is kept arrive late, and wait. */
static void dismissed(struct stage *s)
{
    kinds_plain(s);
    struct office *other = &s->kit.o[IQUIQUE];
    office_run(other, ST_OK, "add", "household", "commune=Antes", NULL);
    office_send(other, s->o);
    stage_do(s, "member", "remove", "iquique");
    office_run(other, ST_OK, "add", "household", "commune=Tarde", NULL);
    office_run(other, ST_OK, "add", "household", "commune=Muy tarde", NULL);
}

static void quarantine(struct stage *s)
{
    office_send(&s->kit.o[IQUIQUE], s->o);
    stage_told(s);
}

static void late(struct stage *s)
{
    dismissed(s);
    quarantine(s);
}

static void adopt(struct stage *s)
{
    stage_do(s, "member", "adopt", "iquique");
}

/* After a removal what is sealed needs a new class key. */
static void epoch(struct stage *s)
{
    char id[ENTRY_ID_TEXT + 1];
    stage_family(s, "Nueva", id);
    stage_tend(s, s->subject);
}

static void charters_grew(struct stage *s)
{
    stage_begin(s, 3, false, IQUIQUE);
    stage_family(s, "Ana Rojas", s->ids[0]);
    struct office *founder = &s->kit.o[SANTIAGO];
    office_run(founder, ST_OK, "member", "change", "talca", "--address=127.0.0.1:1", NULL);
    office_run(founder, ST_OK, "member", "change", "iquique", "--rights=treasurer", NULL);
    office_run(founder, ST_OK, "member", "remove", "talca", NULL);
}

static void hear_charters(struct stage *s)
{
    carry(&s->kit.o[SANTIAGO], s->o);
    stage_told(s);
}

/* SANTIAGO and IQUIQUE are admins, TALCA an office. */
static void two_admins(struct stage *s, uint32_t subject)
{
    stage_begin(s, 3, false, subject);
    stage_family(s, "Ana Rojas", s->ids[0]);
    office_run(&s->kit.o[SANTIAGO], ST_OK, "member", "change", "iquique", "--rights=admin", NULL);
    carry(&s->kit.o[SANTIAGO], &s->kit.o[IQUIQUE]);
    stage_told(s);
}

static void as_proposer(struct stage *s)
{
    two_admins(s, SANTIAGO);
}

static void propose(struct stage *s)
{
    office_run(s->o, ST_NEEDS_PERSON, "member", "remove", "talca", NULL);
    stage_told(s);
}

static void proposed(struct stage *s)
{
    two_admins(s, IQUIQUE);
    office_run(&s->kit.o[SANTIAGO], ST_NEEDS_PERSON, "member", "remove", "talca", NULL);
}

/* The second admin proposes too, so that rounds rise and promises are given. */
static void promise(struct stage *s)
{
    office_run(s->o, ST_NEEDS_PERSON, "member", "change", "talca", "--address=127.0.0.1:9", NULL);
    stage_told(s);
    carry(&s->kit.o[SANTIAGO], s->o);
    stage_told(s);
    carry(s->o, &s->kit.o[SANTIAGO]);
    carry(&s->kit.o[SANTIAGO], s->o);
    stage_told(s);
}

static void heard(struct stage *s)
{
    proposed(s);
    carry(&s->kit.o[SANTIAGO], s->o);
    stage_told(s);
}

/* It is not the owner of the first ballot, so promises go to and fro before it is in force. */
static void approve(struct stage *s)
{
    office_run(s->o, ST_NEEDS_PERSON, "member", "approve", NULL);
    stage_told(s);
    for (int i = 0; i < 2; i++) {
        carry(s->o, &s->kit.o[SANTIAGO]);
        carry(&s->kit.o[SANTIAGO], s->o);
        stage_told(s);
    }
    assert_null(charter_by_label(charter_newest(replica_charters(s->o->replica)), BYTES("talca")));
}

/* What the other admin approved comes back and is in force. */
static void approved(struct stage *s)
{
    as_proposer(s);
    propose(s);
    carry(s->o, &s->kit.o[IQUIQUE]);
    office_run(&s->kit.o[IQUIQUE], ST_NEEDS_PERSON, "member", "approve", NULL);
}

static void carried(struct stage *s)
{
    for (int i = 0; i < 2; i++) {
        carry(&s->kit.o[IQUIQUE], s->o);
        stage_told(s);
        carry(s->o, &s->kit.o[IQUIQUE]);
    }
    assert_null(charter_by_label(charter_newest(replica_charters(s->o->replica)), BYTES("talca")));
}

/* ---- homes ---- */

/* As `minga init` does it; once more where it was cut off. */
static void make_network(const struct stage *s, struct office *o)
{
    struct digest network;
    struct buf json = programme_schema_json();
    (void)s;
    if (replica_found(o->home, "again", "santiago", "127.0.0.1:7717", buf_bytes(&json), &network,
                      &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    buf_release(&json);
}

static void no_network(struct stage *s)
{
    kinds_plain(s);
    stage_empty(s);
    s->again = make_network;
}

static void found(struct stage *s)
{
    make_network(s, s->o);
    (void)stage_promise(s, PROMISE_HOME);
    office_open(s->o);
    stage_told(s);
}

/* As mingad --join does it, once the inviter has admitted the key. */
static void enter(struct stage *s, struct office *o)
{
    const struct charter_chain *chain = replica_charters(s->kit.o[SANTIAGO].replica);
    struct bytes files[64];
    struct home_identity identity;
    assert_int_equal(home_make(o->home, &identity, &o->fault), ST_OK);
    struct charter_member member = {.role = CHARTER_OFFICE, .label = "temuco"};
    member.key = identity.key;
    if (replica_add_member(s->kit.o[SANTIAGO].replica, &member, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    for (uint32_t i = 0; i < chain->count; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    if (replica_enter(o->home, "temuco", replica_network(s->kit.o[SANTIAGO].replica), files,
                      chain->count, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
}

static void no_member(struct stage *s)
{
    stage_begin(s, 2, false, IQUIQUE);
    office_run(&s->kit.o[SANTIAGO], ST_OK, "add", "household", "commune=Renca", NULL);
    stage_empty(s);
}

static void join(struct stage *s)
{
    enter(s, s->o);
    (void)stage_promise(s, PROMISE_HOME);
    office_open(s->o);
    stage_told(s);
    office_send(&s->kit.o[SANTIAGO], s->o);
    stage_told(s);
}

/* The key of this office under a passphrase. */
static void wrap(struct stage *s, const char *before, const char *after)
{
    struct home_identity identity;
    replica_drop(s->o->replica);
    s->o->replica = NULL;
    s->secrets[0] = before;
    s->secrets[1] = after;
    assert_int_equal(home_unlock(s->o->home, bytes_of_text(before), &identity, &s->o->fault),
                     ST_OK);
    assert_int_equal(
        home_protect(s->o->home, "identity", bytes_of_text(after), cheap, &identity, &s->o->fault),
        ST_OK);
    struct promise *p = stage_promise(s, PROMISE_SECRET);
    snprintf(p->value, sizeof p->value, "%s", after);
}

static void passphrase(struct stage *s)
{
    wrap(s, "", "correct horse");
}

static const struct kind all[] = {
    {"invite", kinds_plain, invite, false},
    {"admit", invited, admit, false},
    {"charter", kinds_plain, change, true},
    {"schema", kinds_plain, schema, false},
    {"rotate", kinds_plain, rotate, false},
    {"remove-member", kinds_plain, dismiss, false},
    {"quarantine", dismissed, quarantine, false},
    {"adopt", late, adopt, false},
    {"epoch", late, epoch, false},
    {"hear-charters", charters_grew, hear_charters, false},
    {"propose", as_proposer, propose, false},
    {"promise", proposed, promise, false},
    {"approve", heard, approve, false},
    {"carried", approved, carried, false},
    {"found", no_network, found, false},
    {"join", no_member, join, false},
    {"passphrase", kinds_plain, passphrase, false},
};

const struct kinds kinds_charters = {all, sizeof all / sizeof all[0]};
