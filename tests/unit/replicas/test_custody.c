/*
 * What an office wants of the vault's items, gives and keeps, by its role and the others'.
 */
#include "tests/unit/replicas/offices.h"

#include "proto/mem.h"
#include "replicas/council.h"
#include "replicas/sealed.h"
#include "replicas/vault.h"
#include "replicas/wish.h"

#define NAME "Xochiquetzal de prueba"

static uint64_t waiting(struct office *o)
{
    uint64_t values = 0, files = 0;
    assert_int_equal(custody_waiting(o->replica, &values, &files, &o->fault), ST_OK);
    return values;
}

static uint32_t wishes(struct office *o, struct office *of, struct digest *out, uint32_t max)
{
    struct digest start = {{0}};
    uint32_t count;
    bool more;
    assert_int_equal(custody_wishes(o->replica, CUSTODY_VALUES, &replica_identity(of->replica)->key,
                                    &start, max, out, &count, &more, &o->fault),
                     ST_OK);
    return count;
}

static void add_people(struct office *o, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        office_run(o, ST_OK, "add", "household", "commune=Pudahuel", "head_name=" NAME, NULL);
}

/* A newcomer wants what arrives, a few at a time, and nothing once it is here; for good. */
static void a_newcomer_gets_everything(void **state)
{
    (void)state;
    struct office a, b;
    struct digest names[3], start = {{0}};
    uint32_t count;
    bool more;
    office_found(&a, "santiago");
    add_people(&a, 5);
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_send(&a, &b);
    assert_int_equal(waiting(&b), 10);
    assert_int_equal(wishes(&b, &a, names, 3), 3);
    const struct key *from = &replica_identity(a.replica)->key;
    assert_int_equal(
        custody_wishes(b.replica, CUSTODY_VALUES, from, &names[2], 3, names, &count, &more, NULL),
        ST_OK);
    assert_int_equal(count, 3);
    assert_true(more);
    assert_int_equal(
        custody_wishes(b.replica, CUSTODY_FILES, from, &start, 3, names, &count, &more, NULL),
        ST_OK);
    assert_int_equal(count, 0);
    assert_false(more);
    assert_int_equal(office_send_sealed(&a, &b), 10);
    assert_int_equal(waiting(&b), 0);
    office_reopen(&b);
    assert_int_equal(waiting(&b), 0);
    office_run(&b, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&b), 5); /* by its own copy of the class key */
    office_close(&b);
    office_close(&a);
}

static void what_is_not_wanted_is_not_kept(void **state)
{
    (void)state;
    struct office a, b;
    struct digest names[8], unknown = {{7}};
    struct buf item = {0};
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    add_people(&a, 1);
    office_send(&a, &b);
    const struct key *to = &replica_identity(b.replica)->key;
    assert_int_equal(wishes(&b, &a, names, 8), 2);
    for (int i = 0; i < 2; i++) {
        buf_reset(&item);
        assert_int_equal(custody_give(a.replica, to, &names[i], &item, NULL), ST_OK);
        assert_int_equal(custody_keep(b.replica, &unknown, buf_bytes(&item), NULL), ST_NOT_FOUND);
        for (size_t at = 0; at < item.count; at++) { /* every byte flipped, every prefix */
            item.data[at] ^= 1;
            assert_int_equal(custody_keep(b.replica, &names[i], buf_bytes(&item), NULL),
                             ST_BAD_VALUE);
            item.data[at] ^= 1;
            assert_int_equal(
                custody_keep(b.replica, &names[i], (struct bytes){item.data, at}, NULL),
                ST_BAD_VALUE);
        }
        assert_int_equal(custody_keep(b.replica, &names[i], buf_bytes(&item), NULL), ST_OK);
        assert_int_equal(custody_keep(b.replica, &names[i], buf_bytes(&item), NULL), ST_NOT_FOUND);
    }
    assert_int_equal(replica_sync(b.replica, NULL), ST_OK);
    assert_int_equal(custody_give(a.replica, to, &unknown, &item, NULL), ST_NOT_FOUND);
    buf_release(&item);
    office_close(&b);
    office_close(&a);
}

/* Nobody learns from the answer whether an item is there that is not for it. */
static void by_the_role_of_who_asks(void **state)
{
    (void)state;
    struct office a, b, auditor, fosis;
    struct digest names[8];
    struct buf item = {0};
    struct key stranger = {{9}};
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_join(&auditor, &a, "auditor", CHARTER_AUDITOR);
    office_join(&fosis, &a, "fosis", CHARTER_PARTNER);
    add_people(&a, 1);
    office_send(&a, &b);
    assert_int_equal(wishes(&b, &auditor, names, 8), 0);
    assert_int_equal(wishes(&b, &fosis, names, 8), 0);
    assert_int_equal(wishes(&b, &a, names, 8), 2);
    const struct key *const others[] = {&replica_identity(auditor.replica)->key,
                                        &replica_identity(fosis.replica)->key, &stranger};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(custody_give(a.replica, others[i], &names[0], &item, NULL), ST_NOT_FOUND);
    assert_int_equal(item.count, 0);
    office_close(&fosis);
    office_close(&auditor);
    office_close(&b);
    office_close(&a);
    buf_release(&item);
}

/* An auditor reads what is internal, as reasons are, and nothing personal. */
static void an_auditor_reads_reasons(void **state)
{
    (void)state;
    struct office a, b, auditor;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_join(&auditor, &a, "auditor", CHARTER_AUDITOR);
    office_run(&a, ST_OK, "add", "household", "people=1", "head_name=" NAME, NULL);
    office_id(&a, id);
    office_send(&a, &b);
    office_run(&a, ST_OK, "set", id, "people=2", NULL);
    office_run(&b, ST_OK, "set", id, "people=3", NULL);
    office_send(&b, &a);
    office_run(&a, ST_OK, "resolve", id, "--keep=iquique", "--because=they counted", NULL);
    office_send(&a, &auditor);
    assert_int_equal(waiting(&auditor), 2);
    assert_int_equal(office_send_sealed(&a, &auditor), 2);
    office_run(&auditor, ST_OK, "find", "they counted", NULL);
    assert_int_equal(office_rows(&auditor), 1);
    assert_string_equal(office_text(&auditor, 0, "fields.record"), id);
    office_run(&auditor, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&auditor), 0);
    office_close(&auditor);
    office_close(&b);
    office_close(&a);
}

static void change_role(struct office *admin, const char *label, enum charter_role role)
{
    struct wish w = {.kind = WISH_CHANGE, .what = WISH_ROLE, .member = {.role = role}};
    snprintf(w.member.label, sizeof w.member.label, "%s", label);
    if (council_ask(admin->replica, &w, &admin->fault) != ST_OK)
        fail_msg("%s", admin->fault.text);
    wish_release(&w);
}

/* Who gains a class wants what was written before. */
static void a_partner_becomes_an_office(void **state)
{
    (void)state;
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "fosis", CHARTER_PARTNER);
    add_people(&a, 2);
    office_send(&a, &b);
    assert_int_equal(waiting(&b), 0);
    change_role(&a, "fosis", CHARTER_OFFICE);
    office_send(&a, &b);
    assert_int_equal(waiting(&b), 4);
    assert_int_equal(office_send_sealed(&a, &b), 4);
    office_run(&b, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&b), 2);
    office_close(&b);
    office_close(&a);
}

/* Who was removed keeps what it has read, as nobody could prevent, and wants nothing more. */
static void who_was_removed_wants_nothing(void **state)
{
    (void)state;
    struct office a, b;
    struct digest names[8];
    struct wish w = {.kind = WISH_REMOVE};
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    add_people(&a, 2);
    office_send(&a, &b);
    assert_int_equal(wishes(&b, &a, names, 8), 4);
    snprintf(w.member.label, sizeof w.member.label, "iquique");
    if (council_ask(a.replica, &w, &a.fault) != ST_OK)
        fail_msg("%s", a.fault.text);
    wish_release(&w);
    struct buf item = {0};
    const struct key *to = &replica_identity(b.replica)->key;
    assert_int_equal(custody_give(a.replica, to, &names[0], &item, NULL), ST_NOT_FOUND);
    office_send(&a, &b);
    assert_int_equal(waiting(&b), 0);
    buf_release(&item);
    office_close(&b);
    office_close(&a);
}

/* The vault's file is gone: what the state names is wanted again. */
static void a_lost_vault_fills_again(void **state)
{
    (void)state;
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    add_people(&a, 2);
    office_send(&a, &b);
    office_send_sealed(&a, &b);
    assert_int_equal(replica_close(b.replica, &b.fault), ST_OK);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char path[OFFICE_HOME_BYTES + 32];
        snprintf(path, sizeof path, "%s/vault.db%s", b.home, ends[i]);
        (void)unlink(path);
    }
    office_open(&b);
    assert_int_equal(waiting(&b), 4);
    replica_drop(b.replica); /* a crash: now the file is there, and says what is wanted */
    office_open(&b);
    assert_int_equal(waiting(&b), 4);
    office_run(&b, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&b), 0);
    assert_int_equal(office_send_sealed(&a, &b), 4);
    office_run(&b, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&b), 2);
    office_close(&b);
    office_close(&a);
}

/* A writer that dies once its vault is durable and its journal is not has an item too many, and no
 * commit that names one which nobody has. */
static void killed_between_vault_and_journal(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    struct control_request q = {.verb = BYTES("add"), .word_count = 2};
    q.words[0] = BYTES("household");
    q.words[1] = BYTES("head_name=" NAME);
    struct verb_call call = {.replica = o.replica,
                             .request = &q,
                             .author = BYTES("ana <ana@example.org>"),
                             .user = &o,
                             .row = office_row};
    for (int durable = 0; durable < 2; durable++) {
        uint32_t before = graph_count(replica_graph(o.replica));
        call.replica = o.replica;
        assert_int_equal(verb_run(&call, &o.fault), ST_OK);
        if (durable)
            assert_int_equal(vault_commit(replica_vault(o.replica), NULL), ST_OK);
        replica_drop(o.replica);
        office_open(&o);
        assert_int_equal(graph_count(replica_graph(o.replica)), before);
        assert_int_equal(waiting(&o), 0);
        office_run(&o, ST_OK, "find", NAME, NULL);
        assert_int_equal(office_rows(&o), 0);
    }
    office_run(&o, ST_OK, "add", "household", "head_name=" NAME, NULL); /* and it writes on */
    replica_drop(o.replica);
    office_open(&o);
    office_run(&o, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&o), 1);
    office_close(&o);
}

/* Wants are not durable before a checkpoint: after a crash the frames that named them are read
 * again. */
static void wants_survive_a_crash(void **state)
{
    (void)state;
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    add_people(&a, 3);
    office_send(&a, &b);
    assert_int_equal(waiting(&b), 6);
    replica_drop(b.replica);
    office_open(&b);
    assert_int_equal(waiting(&b), 6);
    assert_int_equal(replica_checkpoint(b.replica, NULL), ST_OK);
    replica_drop(b.replica);
    office_open(&b);
    assert_int_equal(waiting(&b), 6);
    assert_int_equal(office_send_sealed(&a, &b), 6);
    replica_drop(b.replica);
    office_open(&b);
    assert_int_equal(waiting(&b), 0); /* what came is durable when it is said so */
    office_run(&b, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&b), 3);
    office_close(&b);
    office_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newcomer_gets_everything),
        cmocka_unit_test(what_is_not_wanted_is_not_kept),
        cmocka_unit_test(by_the_role_of_who_asks),
        cmocka_unit_test(an_auditor_reads_reasons),
        cmocka_unit_test(a_partner_becomes_an_office),
        cmocka_unit_test(who_was_removed_wants_nothing),
        cmocka_unit_test(a_lost_vault_fills_again),
        cmocka_unit_test(killed_between_vault_and_journal),
        cmocka_unit_test(wants_survive_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
