#include "tests/unit/replicas/courier_kit.h"

#include "proto/mem.h"

static struct office santiago, iquique, other;
static struct carried bundle;

static int setup(void **state)
{
    (void)state;
    office_found(&santiago, "santiago");
    office_join(&iquique, &santiago, "iquique", CHARTER_OFFICE);
    office_found(&other, "curico");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    carried_release(&bundle);
    office_close(&santiago);
    office_close(&iquique);
    office_close(&other);
    return 0;
}

static void two_offices_reach_one_state(void **state)
{
    (void)state;
    uint32_t waiting;
    kit_work(&santiago, 40, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    assert_true(bundle.commits >= 40 && bundle.count > 3);
    assert_true(kit_read(&iquique, &bundle, &waiting) >= 40);
    assert_int_equal(waiting, 0);
    kit_same_state(&santiago, &iquique);
    carried_release(&bundle);
    kit_work(&iquique, 3, "Pica");
    kit_write(&iquique, "santiago", NULL, &bundle); /* santiago's bundle said what it holds */
    assert_int_equal(bundle.commits, 3);
    assert_int_equal(kit_read(&santiago, &bundle, &waiting), 3);
    kit_same_state(&santiago, &iquique);
}

static void reading_again_changes_nothing(void **state)
{
    (void)state;
    uint32_t waiting;
    kit_work(&santiago, 5, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    assert_true(kit_read(&iquique, &bundle, &waiting) > 0);
    struct oid before = *replica_state(iquique.replica);
    assert_int_equal(kit_read(&iquique, &bundle, &waiting), 0);
    office_reopen(&iquique);
    assert_int_equal(kit_read(&iquique, &bundle, &waiting), 0);
    assert_memory_equal(&before, replica_state(iquique.replica), sizeof before);
}

/* What builds on commits that are not there waits, and is taken once they are. */
static void chunks_too_early_wait(void **state)
{
    (void)state;
    uint32_t waiting;
    kit_work(&santiago, 40, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    struct bytes early = buf_bytes(&bundle.chunks[bundle.count - 2]);
    kit_take(&iquique, ST_OK, &bundle.head.sender, early);
    assert_int_equal(office_number(&iquique, 0, "new"), 0);
    assert_true(office_number(&iquique, 0, "waiting") > 0);
    assert_true(kit_read(&iquique, &bundle, &waiting) >= 40);
    assert_int_equal(waiting, 0);
    kit_same_state(&santiago, &iquique);
}

static void for_somebody_else_or_of_another_network(void **state)
{
    (void)state;
    kit_write(&santiago, "iquique", NULL, &bundle);
    office_run(&santiago, ST_WRONG_KEY, "bundle", "open", kit_head(&bundle.head), NULL);
    assert_non_null(strstr(santiago.fault.text, "for iquique"));
    office_run(&other, ST_WRONG_NETWORK, "bundle", "open", kit_head(&bundle.head), NULL);
    office_run(&other, ST_WRONG_NETWORK, "bundle", "receipt", kit_head(&bundle.head), NULL);
    office_run(&iquique, ST_OK, "bundle", "open", kit_head(&bundle.head), NULL);
    assert_string_equal(office_text(&iquique, 0, "label"), "santiago");
    assert_string_equal(office_text(&iquique, 0, "standing"), "member");
    /* Changed after it was signed. */
    struct bundle_head h = bundle.head;
    h.body_bytes++;
    office_run(&iquique, ST_BAD_SIGNATURE, "bundle", "open", kit_head(&h), NULL);
    h = bundle.head;
    h.signature[0] ^= 1;
    office_run(&iquique, ST_BAD_SIGNATURE, "bundle", "open", kit_head(&h), NULL);
    /* Signed by its sender, but with a key that was sealed to somebody else. */
    h = bundle.head;
    h.sealed_key[40] ^= 1;
    bundle_sign(&h, replica_identity(santiago.replica)->secret);
    office_run(&iquique, ST_WRONG_KEY, "bundle", "open", kit_head(&h), NULL);
    office_run(&iquique, ST_MALFORMED, "bundle", "open", "--head=bm9uZQ==", NULL);
    office_run(&iquique, ST_MALFORMED, "bundle", "open", "--head=%%%", NULL);
}

/* A key that never was a member's brings charters at most; they prove themselves. */
static void a_stranger_brings_nothing(void **state)
{
    (void)state;
    kit_work(&santiago, 3, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    struct oid before = *replica_state(iquique.replica);
    struct key stranger = {{9}};
    for (uint32_t i = 0; i < bundle.count; i++) {
        struct parcel *p = mem_alloc(sizeof *p);
        assert_int_equal(parcel_decode(buf_bytes(&bundle.chunks[i]), p), ST_OK);
        enum status wanted = p->kind == PARCEL_CHARTERS ? ST_OK : ST_NOT_MEMBER;
        kit_take(&iquique, wanted, &stranger, buf_bytes(&bundle.chunks[i]));
        mem_free(p);
    }
    assert_memory_equal(&before, replica_state(iquique.replica), sizeof before);
}

/* Two newer members: the one that is behind learns of the other from its own bundle. */
static void a_new_member_proves_itself(void **state)
{
    (void)state;
    struct office arica;
    uint32_t waiting;
    office_join(&arica, &santiago, "arica", CHARTER_OFFICE);
    office_send(&santiago, &arica);
    kit_work(&arica, 2, "Putre");
    kit_write(&arica, "iquique", NULL, &bundle);
    office_run(&iquique, ST_OK, "bundle", "open", kit_head(&bundle.head), NULL);
    assert_string_equal(office_text(&iquique, 0, "standing"), "unknown");
    assert_true(kit_read(&iquique, &bundle, &waiting) >= 2);
    assert_int_equal(waiting, 0);
    kit_same_state(&arica, &iquique);
    office_run(&iquique, ST_OK, "bundle", "open", kit_head(&bundle.head), NULL);
    assert_string_equal(office_text(&iquique, 0, "standing"), "member");
    office_close(&arica);
}

static void a_commit_that_is_no_good_is_named(void **state)
{
    (void)state;
    kit_work(&santiago, 1, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    struct parcel *p = mem_alloc(sizeof *p);
    struct buf chunk = {0}, bad = {0};
    assert_int_equal(parcel_decode(buf_bytes(&bundle.chunks[bundle.count - 2]), p), ST_OK);
    assert_int_equal(p->kind, PARCEL_ITEMS);
    buf_add_bytes(&bad, p->entries[p->count - 1]);
    bad.data[bad.count - 1] ^= 1; /* within its operations */
    p->entries[p->count - 1] = buf_bytes(&bad);
    parcel_encode(p, &chunk);
    for (uint32_t i = 0; i + 2 < bundle.count; i++)
        kit_take(&iquique, ST_OK, &bundle.head.sender, buf_bytes(&bundle.chunks[i]));
    kit_take(&iquique, ST_OK, &bundle.head.sender, buf_bytes(&chunk));
    assert_int_equal(office_number(&iquique, 0, "refused_count"), 1);
    assert_true(office_text(&iquique, 0, "refused.0.reason")[0] != '\0');
    buf_release(&chunk);
    buf_release(&bad);
    mem_free(p);
}

static struct buf receipt_of(struct office *o)
{
    office_run(o, ST_OK, "bundle", "receipt", kit_head(&bundle.head), NULL);
    return kit_bytes(o, "receipt");
}

static void a_receipt_makes_the_next_one_smaller(void **state)
{
    (void)state;
    uint32_t waiting;
    kit_work(&santiago, 9, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    uint32_t all = bundle.commits;
    (void)kit_read(&iquique, &bundle, &waiting);
    struct buf receipt = receipt_of(&iquique);
    carried_release(&bundle);
    kit_write(&santiago, "iquique", NULL, &bundle);
    assert_int_equal(bundle.commits, all); /* nobody said that it arrived */
    office_run(&santiago, ST_OK, "bundle", "returned", kit_option("receipt", buf_bytes(&receipt)),
               NULL);
    assert_string_equal(office_text(&santiago, 0, "label"), "iquique");
    assert_int_equal(office_number(&santiago, 0, "unknown"), 0);
    kit_work(&santiago, 2, "Pica");
    office_reopen(&santiago); /* it is kept */
    carried_release(&bundle);
    kit_write(&santiago, "iquique", NULL, &bundle);
    assert_int_equal(bundle.commits, 2);
    (void)kit_read(&iquique, &bundle, &waiting);
    kit_same_state(&santiago, &iquique);
    buf_release(&receipt);
}

static void receipts_are_refused_by_their_reason(void **state)
{
    (void)state;
    uint32_t waiting;
    kit_write(&santiago, "iquique", NULL, &bundle);
    (void)kit_read(&iquique, &bundle, &waiting);
    struct buf good = receipt_of(&iquique), bad = {0};
    const char *option = kit_option("receipt", buf_bytes(&good));
    office_run(&iquique, ST_WRONG_KEY, "bundle", "returned", option, NULL);
    office_run(&other, ST_WRONG_NETWORK, "bundle", "returned", option, NULL);
    /* Forged: somebody else's signature under iquique's name; and by no member at all. */
    struct receipt r;
    uint8_t public[KEY_BYTES], secret[64];
    crypto_sign_keypair(public, secret);
    assert_int_equal(receipt_read(buf_bytes(&good), &r), ST_OK);
    assert_int_equal(receipt_write(&r, secret, &bad), ST_OK);
    option = kit_option("receipt", buf_bytes(&bad));
    office_run(&santiago, ST_BAD_SIGNATURE, "bundle", "returned", option, NULL);
    memcpy(r.from.id, public, KEY_BYTES);
    buf_reset(&bad);
    assert_int_equal(receipt_write(&r, secret, &bad), ST_OK);
    option = kit_option("receipt", buf_bytes(&bad));
    office_run(&santiago, ST_NOT_MEMBER, "bundle", "returned", option, NULL);
    option = kit_option("receipt", (struct bytes){good.data, good.count - 1});
    office_run(&santiago, ST_MALFORMED, "bundle", "returned", option, NULL);
    buf_release(&good);
    buf_release(&bad);
}

static void wrong_words_are_told(void **state)
{
    (void)state;
    struct key key = {{1}};
    office_run(&santiago, ST_USAGE, "bundle", NULL);
    office_run(&santiago, ST_USAGE, "bundle", "steal", NULL);
    office_run(&santiago, ST_USAGE, "bundle", "plan", "sign", NULL);
    office_run(&santiago, ST_USAGE, "bundle", "take", "--sender=short", NULL);
    kit_take(&santiago, ST_MALFORMED, &key, BYTES("no parcel"));
}

/* Every allocation in turn: the chunk is told as not taken, and taken at the next try. */
static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    kit_work(&santiago, 2, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    const char *option = kit_head(&bundle.head);
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct control_request q = {
            .verb = BYTES("bundle"), .word_count = 1, .words = {BYTES("open")}, .option_count = 1};
        q.options[0] =
            (struct control_option){BYTES("head"), bytes_of_text(option + strlen("--head="))};
        struct verb_call call = {.replica = iquique.replica,
                                 .request = &q,
                                 .author = BYTES("ana <ana@example.org>"),
                                 .user = &iquique,
                                 .row = office_row};
        mem_fail_at(n);
        enum status st = verb_run(&call, &iquique.fault);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
        assert_true(n < 1000);
    }
}

/* The same for what a bundle brings: what was taken before stays, the rest comes with the next try.
 */
static void a_chunk_that_met_the_end_of_memory_comes_again(void **state)
{
    (void)state;
    char by[2 * KEY_BYTES + 1];
    kit_work(&santiago, 2, "Renca");
    kit_write(&santiago, "iquique", NULL, &bundle);
    hex_encode(bundle.head.sender.id, KEY_BYTES, by);
    for (uint32_t i = 0; i < bundle.count; i++) {
        const char *option = kit_option("chunk", buf_bytes(&bundle.chunks[i]));
        bool done = false;
        for (uint64_t n = 1; !done; n++) {
            struct control_request q = {.verb = BYTES("bundle"),
                                        .word_count = 1,
                                        .words = {BYTES("take")},
                                        .option_count = 2};
            q.options[0] =
                (struct control_option){BYTES("chunk"), bytes_of_text(option + strlen("--chunk="))};
            q.options[1] = (struct control_option){BYTES("sender"), bytes_of_text(by)};
            struct verb_call call = {.replica = iquique.replica,
                                     .request = &q,
                                     .author = BYTES("ana <ana@example.org>"),
                                     .user = &iquique,
                                     .row = office_row};
            mem_fail_at(n);
            enum status st = verb_run(&call, &iquique.fault);
            done = !mem_failed();
            mem_fail_at(0);
            assert_true(st == ST_OK || (st == ST_NO_MEMORY && !done));
            /* Behind the journal it is fatal, as everywhere: the daemon would be started again. */
            if (st != ST_OK && replica_sync(iquique.replica, NULL) != ST_OK)
                office_reopen(&iquique);
            assert_true(n < 100000);
        }
    }
    assert_int_equal(replica_sync(iquique.replica, NULL), ST_OK);
    kit_same_state(&santiago, &iquique);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_offices_reach_one_state),
        TEST(reading_again_changes_nothing),
        TEST(chunks_too_early_wait),
        TEST(for_somebody_else_or_of_another_network),
        TEST(a_stranger_brings_nothing),
        TEST(a_new_member_proves_itself),
        TEST(a_commit_that_is_no_good_is_named),
        TEST(a_receipt_makes_the_next_one_smaller),
        TEST(receipts_are_refused_by_their_reason),
        TEST(wrong_words_are_told),
        TEST(every_failed_allocation_is_told),
        TEST(a_chunk_that_met_the_end_of_memory_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
