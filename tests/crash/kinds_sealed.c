/* Kinds of transaction: sealed values, files, disclosures, erasing. */
#include "tests/crash/kinds.h"

#include "replicas/attachment.h"

enum { FILE_BYTES = 2 * ATTACHMENT_CHUNK_BYTES + 5000 };

static uint8_t data[FILE_BYTES];

/* What is held of a record now stays. */
static void hold(struct stage *s, const char *id)
{
    struct promise *p = stage_promise(s, PROMISE_HOLDS);
    snprintf(p->type, sizeof p->type, "household");
    snprintf(p->id, sizeof p->id, "%s", id);
    p->number = kit_held(s->o, "household", id);
    assert_true(p->number > 0);
}

static void gone(struct stage *s, const char *id)
{
    struct promise *p = stage_promise(s, PROMISE_GONE);
    snprintf(p->type, sizeof p->type, "household");
    snprintf(p->id, sizeof p->id, "%s", id);
}

/* IQUIQUE is the subject; it knows of SANTIAGO's families, and holds none of their values. */
static void wanting(struct stage *s)
{
    stage_begin(s, 2, false, IQUIQUE);
    kit_family(&s->kit, "Ana Rojas", s->ids[0]);
    kit_family(&s->kit, "Luz Soto", s->ids[1]);
    office_send(&s->kit.o[SANTIAGO], s->o);
    stage_told(s);
}

static void keep(struct stage *s)
{
    assert_true(office_send_sealed(&s->kit.o[SANTIAGO], s->o) >= 2);
    hold(s, s->ids[0]);
    hold(s, s->ids[1]);
    stage_reads(s, s->ids[0], "head_name", "Ana Rojas");
    stage_reads(s, s->ids[1], "head_name", "Luz Soto");
}

static void attach(struct stage *s)
{
    const size_t part = ATTACHMENT_CHUNK_BYTES;
    for (size_t at = 0; at < FILE_BYTES; at += part) {
        size_t count = FILE_BYTES - at < part ? FILE_BYTES - at : part;
        if (kit_part(s->o, s->ids[0], KIT_UPLOAD, FILE_BYTES, at, data + at, count, NULL) != ST_OK)
            fail_msg("%s", s->o->fault.text);
        stage_told(s);
    }
    hold(s, s->ids[0]);
    stage_tend(s, s->subject);
}

static void attached_elsewhere(struct stage *s)
{
    wanting(s);
    struct office *other = &s->kit.o[SANTIAGO];
    (void)office_send_sealed(other, s->o);
    for (size_t at = 0; at < FILE_BYTES; at += ATTACHMENT_CHUNK_BYTES) {
        size_t left = FILE_BYTES - at;
        assert_int_equal(kit_part(other, s->ids[0], KIT_UPLOAD, FILE_BYTES, at, data + at,
                                  left < ATTACHMENT_CHUNK_BYTES ? left : ATTACHMENT_CHUNK_BYTES,
                                  NULL),
                         ST_OK);
    }
    kit_tend(&s->kit, SANTIAGO);
    for (int i = 0; i < 2; i++) {
        office_send(other, s->o);
        (void)office_send_sealed(other, s->o);
        stage_told(s);
        stage_tend(s, s->subject);
    }
}

static void files(struct stage *s)
{
    assert_true(kit_send_files(&s->kit.o[SANTIAGO], s->o, 1) == 1);
    hold(s, s->ids[0]);
    assert_true(kit_send_files(&s->kit.o[SANTIAGO], s->o, UINT32_MAX) >= 2);
    hold(s, s->ids[0]);
}

static void mix(struct stage *s)
{
    kit_mix(&s->kit, 3);
    stage_told(s);
}

/* The subject meets the other office once, and has its quiet moments. */
static void meet(struct stage *s)
{
    struct office *other = &s->kit.o[IQUIQUE];
    office_send(s->o, other);
    kit_tend(&s->kit, IQUIQUE);
    office_send(other, s->o);
    stage_told(s);
    stage_tend(s, s->subject);
}

static void proposed(struct stage *s)
{
    kinds_plain(s);
    mix(s);
    office_run(&s->kit.o[IQUIQUE], ST_OK, "erase", s->ids[0], "--reason=asked", NULL);
    mix(s);
}

/* Approved, settled with the other office, carried out and confirmed. */
static void erase(struct stage *s)
{
    stage_changing(s, s->ids[0], "head_name");
    stage_do(s, "erase", s->ids[0], "--approve");
    meet(s);
    meet(s);
    assert_int_equal(kit_held(s->o, "household", s->ids[0]), 0);
    gone(s, s->ids[0]);
}

static void ordered(struct stage *s)
{
    kinds_plain(s);
    mix(s);
    stage_do(s, "erase", s->ids[0], "--reason=asked");
    mix(s);
    office_run(&s->kit.o[IQUIQUE], ST_OK, "erase", s->ids[0], "--approve", NULL);
    kit_tend(&s->kit, IQUIQUE);
}

/* The order comes from a peer; the vault and the index forget. */
static void purge(struct stage *s)
{
    stage_changing(s, s->ids[0], "head_name");
    meet(s);
    meet(s);
    assert_int_equal(kit_held(s->o, "household", s->ids[0]), 0);
    gone(s, s->ids[0]);
}

/* After it was erased the office works on, is killed, and is given the items again. */
static void erased(struct stage *s)
{
    ordered(s);
    purge(s);
}

static void erased_and_on(struct stage *s)
{
    char id[ENTRY_ID_TEXT + 1];
    stage_family(s, "Otra", id);
    assert_int_equal(replica_checkpoint(s->o->replica, &s->o->fault), ST_OK);
    mix(s);
}

static void audited(struct stage *s)
{
    stage_begin(s, 3, true, SANTIAGO);
    stage_family(s, "Ana Rojas", s->ids[0]);
    kit_mix(&s->kit, 15);
    stage_told(s);
}

static void disclose(struct stage *s)
{
    stage_do(s, "disclose", s->ids[0], "--fields=head_name", "--to=auditor");
}

static void disclosing(struct stage *s)
{
    stage_begin(s, 3, true, AUDITOR);
    kit_family(&s->kit, "Ana Rojas", s->ids[0]);
    kit_mix(&s->kit, 15);
    office_run(&s->kit.o[SANTIAGO], ST_OK, "disclose", s->ids[0], "--fields=head_name",
               "--to=auditor", NULL);
    stage_told(s);
}

static void disclosed(struct stage *s)
{
    kit_mix(&s->kit, 9);
    stage_told(s);
    stage_reads(s, s->ids[0], "head_name", "Ana Rojas");
}

static const struct kind all[] = {
    {"keep", wanting, keep, false},
    {"attach", kinds_plain, attach, false},
    {"files", attached_elsewhere, files, false},
    {"erase", proposed, erase, true},
    {"purge", ordered, purge, false},
    {"erased", erased, erased_and_on, false},
    {"disclose", audited, disclose, false},
    {"disclosed", disclosing, disclosed, false},
};

const struct kinds kinds_sealed = {all, sizeof all / sizeof all[0]};
