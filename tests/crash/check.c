#include "tests/crash/check.h"

#include <sys/stat.h>
#include <time.h>

#include "replicas/index.h"
#include "replicas/repair.h"
#include "replicas/verify.h"

static uint64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* For how long this process has waited for a processor that others had: it says nothing of it. */
static uint64_t waited_us(void)
{
    unsigned long long ran = 0, waited = 0;
    FILE *file = fopen("/proc/self/schedstat", "re");
    if (file != NULL && fscanf(file, "%llu %llu", &ran, &waited) != 2)
        waited = 0;
    if (file != NULL)
        fclose(file);
    return waited / 1000;
}

struct lap {
    uint64_t wall, waited, ran;
};

static struct lap lap_now(void)
{
    return (struct lap){clock_us(CLOCK_MONOTONIC), waited_us(), clock_us(CLOCK_PROCESS_CPUTIME_ID)};
}

/* What it took on a machine of its own: at least what it ran. */
static uint64_t lap_us(const struct lap *since)
{
    struct lap now = lap_now();
    uint64_t wall = now.wall - since->wall, waited = now.waited - since->waited;
    uint64_t ran = now.ran - since->ran, rest = wall > waited ? wall - waited : 0;
    return ran > rest ? ran : rest;
}

/* The key, as unlock.c has it before the replica opens. */
static enum status unlock(const struct stage *s, const char *home, struct home_identity *out,
                          struct fault *f)
{
    enum status st = ST_OK;
    for (int i = 0; i < 2; i++) {
        const char *secret = s->secrets[i] != NULL ? s->secrets[i] : "";
        st = home_unlock(home, bytes_of_text(secret), out, f);
        if (st != ST_WRONG_KEY)
            break;
    }
    return st;
}

static void repair(struct office *o, struct fault *f)
{
    struct repair_report report;
    if (repair_journal(o->home, &report, f) != ST_OK)
        fail_msg("repairing again: %s", f->text);
}

static bool open_as_daemon(const struct stage *s, struct office *o, struct check_result *out,
                           bool may_lack)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct home_identity identity = {.key = {{0}}};
    struct replica_options options = {
        .home = o->home, .index = true, .wall_seconds = office_tick, .identity = &identity};
    struct lap begun = lap_now();
    enum status st = home_office(o->home, label, &network, &o->fault);
    if (st == ST_NO_REPLICA || (st == ST_NOT_FOUND && may_lack)) {
        if (!may_lack)
            fail_msg("the home is gone: %s", o->fault.text);
        out->absent = true;
        return false;
    }
    if (st == ST_OK)
        st = unlock(s, o->home, &identity, &o->fault);
    if (st == ST_OK)
        st = replica_open(&options, &o->replica, &o->fault);
    if (st == ST_CORRUPT && s->rebuild) { /* a repair that was cut off is done again */
        repair(o, &o->fault);
        st = replica_open(&options, &o->replica, &o->fault);
    }
    if (st != ST_OK)
        fail_msg("it does not open: %s: %s (%s)", status_word(st), o->fault.text, o->fault.fix);
    uint64_t took = lap_us(&begun);
    out->recovery_us = took > out->recovery_us ? took : out->recovery_us;
    if (took > CHECK_RECOVERY_MS * 1000)
        fail_msg("opening took %llu ms", (unsigned long long)took / 1000);
    return true;
}

/* ---- promises ---- */

static void check_reads(struct office *o, const struct promise *p)
{
    char path[2 * STAGE_TEXT];
    office_run(o, ST_OK, "show", p->id, NULL);
    snprintf(path, sizeof path, "fields.%s", p->field);
    json_t *field = office_at(o, 0, path);
    const char *text = json_string_value(field);
    if (text == NULL || strcmp(text, p->value) != 0)
        fail_msg("%s of %s reads \"%s\", not \"%s\"", p->field, p->id,
                 text != NULL ? text : "(no text)", p->value);
}

static void check_vow(struct office *o, const struct promise *p)
{
    const struct council *now = o->replica->council, *then = p->vow;
    if (now->version != then->version)
        assert_true(now->version > then->version);
    else if (ballot_compare(&now->vow.promised, &then->vow.promised) < 0 ||
             ballot_compare(&now->vow.vote.ballot, &then->vow.vote.ballot) < 0)
        fail_msg("a vow for version %u is forgotten", now->version);
}

static uint32_t held(struct office *o, const struct promise *p)
{
    return kit_held(o, p->type, p->id);
}

static void check_charter(struct office *o, const struct promise *p)
{
    const struct charter *c = charter_at(replica_charters(o->replica), (uint32_t)p->number);
    if (c == NULL || memcmp(&c->hash, &p->digest, DIGEST_BYTES) != 0)
        fail_msg("charter %llu is gone", (unsigned long long)p->number);
}

static void check_file(const char *folder, const struct promise *p)
{
    char path[192];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", folder, p->value);
    if (stat(path, &about) != 0 || (uint64_t)about.st_size < p->number)
        fail_msg("the file %s is gone or short", p->value);
}

static void check_secret(const struct office *o, const struct promise *p)
{
    struct home_identity identity;
    struct key key;
    bool wrapped = false;
    struct fault f = {0};
    if (home_public(o->home, "identity", &key, &wrapped, &f) != ST_OK || !wrapped)
        fail_msg("the key is in the open again: %s", f.text);
    if (home_unlock(o->home, bytes_of_text(p->value), &identity, &f) != ST_OK)
        fail_msg("the passphrase does not open the key: %s", f.text);
}

static void check_one(struct office *o, const char *folder, const struct promise *p)
{
    switch (p->kind) {
    case PROMISE_COMMIT:
        if (graph_find(replica_graph(o->replica), &p->commit) == GRAPH_NONE)
            fail_msg("an acknowledged commit is lost");
        break;
    case PROMISE_READS:
        check_reads(o, p);
        break;
    case PROMISE_CHARTER:
        check_charter(o, p);
        break;
    case PROMISE_VOW:
        check_vow(o, p);
        break;
    case PROMISE_GONE:
        if (held(o, p) != 0)
            fail_msg("%s was erased, and %u of its items are back", p->id, held(o, p));
        break;
    case PROMISE_HOLDS:
        if (held(o, p) < p->number)
            fail_msg("of %s %u items are held, not %llu", p->id, held(o, p),
                     (unsigned long long)p->number);
        break;
    case PROMISE_KEY: /* see newest_key() */
    case PROMISE_HOME:
    case PROMISE_KINDS:
        break;
    case PROMISE_FILE:
        check_file(folder, p);
        break;
    case PROMISE_SECRET:
        check_secret(o, p);
        break;
    }
}

/* A key that was promised stays until a later one is there. */
static void check_key(const struct stage *s, struct office *o, size_t boundary)
{
    const struct key *now = &replica_identity(o->replica)->key;
    bool found = false, passed = false;
    for (uint32_t i = 0; i < s->promise_count; i++) {
        const struct promise *p = &s->promises[i];
        if (p->kind != PROMISE_KEY)
            continue;
        bool this = memcmp(&p->key, now, KEY_BYTES) == 0;
        if (p->from <= boundary && found && !this)
            passed = true;
        found = found || this;
        passed = passed && !this;
    }
    if (!found || passed)
        fail_msg("this office's key is another than it was");
}

static void check_promises(const struct stage *s, struct office *o, const char *folder,
                           size_t boundary, struct check_result *out)
{
    for (uint32_t i = 0; i < s->promise_count; i++) {
        const struct promise *p = &s->promises[i];
        if (p->from > boundary || boundary > p->until)
            continue;
        check_one(o, folder, p);
        out->promises++;
    }
    check_key(s, o, boundary);
}

/* ---- what is there ---- */

/* Every item can be read, and the state's records are those that the index lists. */
static void check_sound(struct office *o)
{
    struct graph *g = replica_graph(o->replica);
    struct buf bytes = {0};
    struct item item;
    for (uint32_t i = 0; i < graph_count(g); i++)
        if (replica_item(o->replica, i, &bytes, &item, &o->fault) != ST_OK)
            fail_msg("commit %u: %s", i, o->fault.text);
    buf_release(&bytes);
    office_run(o, ST_OK, "list", "household", NULL);
    json_t *rows = json_incref(o->rows);
    for (size_t i = 0; i < json_array_size(rows); i++)
        office_run(o, ST_OK, "show",
                   json_string_value(json_object_get(json_array_get(rows, i), "id")), NULL);
    json_decref(rows);
}

static void check_deep(const struct office *o)
{
    struct verify_report *report = mem_alloc(sizeof *report);
    struct fault f = {0};
    assert_non_null(report);
    if (verify_home(o->home, report, &f) != ST_OK)
        fail_msg("verify: %s", f.text);
    if (!report->ok)
        fail_msg("verify: %s", report->findings[0].text);
    mem_free(report);
}

static void quiet_moments(struct office *o)
{
    struct kit k = {.count = 1, .now_ms = 1000};
    k.o[0] = *o;
    kit_tend_init(&k, 0);
    kit_tend(&k, 0);
    *o = k.o[0];
}

static bool can_write(struct office *o)
{
    const struct charter *newest = charter_newest(replica_charters(o->replica));
    const struct charter_member *self = charter_by_key(newest, &replica_identity(o->replica)->key);
    return self != NULL && self->role == CHARTER_OFFICE;
}

static void close_or_kill(struct office *o, bool kill)
{
    if (kill)
        replica_drop(o->replica);
    else if (replica_close(o->replica, &o->fault) != ST_OK)
        fail_msg("closing: %s", o->fault.text);
    o->replica = NULL;
}

static void write_on(const struct stage *s, struct office *o, bool kill, struct check_result *out)
{
    char id[ENTRY_ID_TEXT + 1] = "";
    if (can_write(o)) {
        office_run(o, ST_OK, "add", "household", "commune=After", "head_name=Later", NULL);
        office_id(o, id);
    }
    quiet_moments(o);
    close_or_kill(o, kill);
    assert_true(open_as_daemon(s, o, out, false));
    if (id[0] != '\0') {
        office_run(o, ST_OK, "show", id, NULL);
        assert_string_equal(office_text(o, 0, "fields.commune"), "After");
        assert_string_equal(office_text(o, 0, "fields.head_name"), "Later");
    }
}

static bool is_made(const struct stage *s, size_t boundary)
{
    for (uint32_t i = 0; i < s->promise_count; i++)
        if (s->promises[i].kind == PROMISE_HOME && s->promises[i].from <= boundary)
            return true;
    return !s->made;
}

void check_image(const struct stage *s, const char *folder, size_t boundary, bool deep, bool kill,
                 struct check_result *out)
{
    struct office o = {.rows = json_array()};
    int used = snprintf(o.home, sizeof o.home, "%s/home", folder);
    assert_true(used > 0 && (size_t)used < sizeof o.home);
    out->deep = deep;
    bool there = open_as_daemon(s, &o, out, !is_made(s, boundary));
    if (!there && s->again == NULL)
        return;
    if (!there) {
        s->again(s, &o);
        assert_true(open_as_daemon(s, &o, out, false));
        write_on(s, &o, kill, out);
        close_or_kill(&o, false);
        return;
    }
    check_promises(s, &o, folder, boundary, out);
    check_sound(&o);
    write_on(s, &o, kill, out);
    check_promises(s, &o, folder, boundary, out);
    close_or_kill(&o, false);
    if (deep)
        check_deep(&o);
    json_decref(o.rows);
}
