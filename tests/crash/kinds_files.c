/* Kinds of transaction: what a home writes beside itself, and what is made anew. */
#include "tests/crash/kinds.h"

#include "replicas/export.h"
#include "replicas/repair.h"
#include "replicas/restore.h"
#include "replicas/snapshot.h"
#include "tests/crash/image.h"
#include "tests/unit/replicas/courier_kit.h"

static const struct passphrase_cost cheap = {.passes = 1, .memory_kib = PASSPHRASE_KIB_MIN};
static const struct bytes secret = {(const uint8_t *)"correct horse", 13};

static void must(struct stage *s, enum status st)
{
    if (st != ST_OK)
        fail_msg("%s: %s (%s)", status_word(st), s->o->fault.text, s->o->fault.fix);
}

static void snapshot(struct stage *s)
{
    must(s, snapshot_take(s->o->replica, &s->o->fault));
    must(s, snapshot_clear(s->o->home, &s->o->fault));
}

static void backup(struct stage *s)
{
    struct backup_about about;
    char path[128];
    stage_path(s, "backup", path);
    must(s, snapshot_take(s->o->replica, &s->o->fault));
    must(s, snapshot_write(s->o->home, secret, cheap, path, &about, &s->o->fault));
    stage_promise_file(s, "backup");
    must(s, snapshot_clear(s->o->home, &s->o->fault));
}

static void restore_it(const struct stage *s, struct office *o)
{
    struct backup_about about;
    char path[128];
    (void)s;
    int used = snprintf(path, sizeof path, "%.*sbackup", (int)(strlen(o->home) - 4), o->home);
    assert_true(used > 0 && (size_t)used < sizeof path);
    if (restore_home(o->home, path, secret, 1777629720, &about, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
}

static void backed_up(struct stage *s)
{
    kinds_plain(s);
    backup(s);
    stage_empty(s);
    s->again = restore_it;
}

static void restore(struct stage *s)
{
    restore_it(s, s->o);
    (void)stage_promise(s, PROMISE_HOME);
    office_open(s->o);
    stage_told(s);
    stage_reads(s, s->ids[0], "head_name", "Ana Rojas");
}

static void write_bundle(struct stage *s)
{
    struct carried c;
    kit_write(s->o, "iquique", NULL, &c);
    assert_int_equal(replica_sync(s->o->replica, &s->o->fault), ST_OK);
    stage_told(s);
    carried_release(&c);
}

static struct carried carried;

static void carried_here(struct stage *s)
{
    kinds_plain(s);
    kit_work(&s->kit.o[IQUIQUE], 6, "Norte");
    kit_write(&s->kit.o[IQUIQUE], "santiago", NULL, &carried);
}

static void read_bundle(struct stage *s)
{
    uint32_t waiting;
    assert_true(kit_read(s->o, &carried, &waiting) >= 6);
    assert_int_equal(replica_sync(s->o->replica, &s->o->fault), ST_OK);
    stage_told(s);
    carried_release(&carried);
}

static void stop(struct stage *s)
{
    replica_drop(s->o->replica);
    s->o->replica = NULL;
}

static void stopped(struct stage *s)
{
    kinds_plain(s);
    stop(s);
}

static void repaired_index(struct stage *s)
{
    struct repair_report report;
    must(s, repair_index(s->o->home, &report, &s->o->fault));
}

static void repaired_refs(struct stage *s)
{
    struct repair_report report;
    must(s, repair_refs(s->o->home, &report, &s->o->fault));
}

static void repaired_vault(struct stage *s)
{
    struct repair_report report;
    must(s, repair_vault(s->o->home, &report, &s->o->fault));
}

/* All is in the packs, so nothing may be lost. */
static void packed(struct stage *s)
{
    kinds_plain(s);
    assert_int_equal(replica_checkpoint(s->o->replica, &s->o->fault), ST_OK);
    stop(s);
    s->rebuild = true;
}

static void repaired_journal(struct stage *s)
{
    struct repair_report report;
    must(s, repair_journal(s->o->home, &report, &s->o->fault));
}

static void exported(struct stage *s)
{
    struct export_report report;
    char path[128];
    stage_path(s, "export", path);
    must(s, export_git(s->o->home, path, &report, &s->o->fault));
    stage_promise_file(s, "export/minga.bundle");
    stage_promise_file(s, "export/allowed_signers");
}

static const struct kind all[] = {
    {"snapshot", kinds_plain, snapshot, false},
    {"backup", kinds_plain, backup, false},
    {"restore", backed_up, restore, false},
    {"bundle-write", kinds_plain, write_bundle, false},
    {"bundle-read", carried_here, read_bundle, false},
    {"repair-index", stopped, repaired_index, false},
    {"repair-refs", stopped, repaired_refs, false},
    {"repair-vault", stopped, repaired_vault, false},
    {"repair-journal", packed, repaired_journal, false},
    {"export-git", kinds_plain, exported, false},
};

const struct kinds kinds_files = {all, sizeof all / sizeof all[0]};
