#include "tests/unit/replicas/courier_kit.h"

#include "proto/mem.h"
#include "replicas/cargo.h"

static struct office santiago, iquique, auditor;
static struct carried bundle;
static struct parcel *parcel; /* of the last chunk asked for */
static struct buf chunk;
static char records[2048];

static int setup(void **state)
{
    (void)state;
    uint32_t waiting;
    office_found(&santiago, "santiago");
    office_join(&iquique, &santiago, "iquique", CHARTER_OFFICE);
    office_join(&auditor, &santiago, "auditor", CHARTER_AUDITOR);
    parcel = mem_alloc(sizeof *parcel);
    snprintf(records, sizeof records, "--records=");
    for (unsigned i = 0; i < 3; i++) {
        char id[ENTRY_ID_TEXT + 1];
        office_run(&santiago, ST_OK, "add", "household", "head_name=una familia", "phone=12345",
                   "people=3", NULL);
        office_id(&santiago, id);
        size_t used = strlen(records);
        snprintf(records + used, sizeof records - used, "household %s\n", id);
    }
    kit_write(&santiago, "iquique", NULL, &bundle);
    (void)kit_read(&iquique, &bundle, &waiting); /* the history, and nothing sealed */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_release(&chunk);
    mem_free(parcel);
    carried_release(&bundle);
    office_close(&santiago);
    office_close(&iquique);
    office_close(&auditor);
    return 0;
}

static const char *to(const struct office *o)
{
    static char option[2 * KEY_BYTES + 8];
    char hex[2 * KEY_BYTES + 1];
    hex_encode(replica_identity(o->replica)->key.id, KEY_BYTES, hex);
    snprintf(option, sizeof option, "--to=%s", hex);
    return option;
}

/* The chunk of the last answer, decoded; how many items are in it. */
static uint32_t items(const struct office *o)
{
    buf_release(&chunk);
    chunk = kit_bytes(o, "chunk");
    if (chunk.count == 0)
        return 0;
    assert_int_equal(parcel_decode(buf_bytes(&chunk), parcel), ST_OK);
    assert_int_equal(parcel->kind, PARCEL_SEALED);
    return parcel->count;
}

static void refused(void *user, const struct digest *name, const char *reason)
{
    (void)name;
    assert_true(reason[0] != '\0');
    ++*(unsigned *)user;
}

static void items_go_to_whom_they_are_for(void **state)
{
    (void)state;
    office_run(&santiago, ST_OK, "bundle", "sealed", to(&iquique), records, NULL);
    assert_true(items(&santiago) >= 9); /* two values and a salt each */
    office_run(&santiago, ST_OK, "bundle", "sealed", to(&auditor), records, NULL);
    assert_int_equal(items(&santiago), 0);
    office_run(&santiago, ST_OK, "bundle", "sealed",
               "--to=0000000000000000000000000000000000000000000000000000000000000001", records,
               NULL);
    assert_int_equal(items(&santiago), 0);
}

static void pages_hold_one_at_least_and_lead_on(void **state)
{
    (void)state;
    char after[48] = "--after=0";
    uint32_t count = 0, pages = 0;
    office_run(&santiago, ST_OK, "bundle", "sealed", to(&iquique), records, NULL);
    uint32_t all = items(&santiago);
    for (bool more = true; more; pages++) {
        office_run(&santiago, ST_OK, "bundle", "sealed", to(&iquique), records, after, "--bytes=1",
                   NULL);
        count += items(&santiago);
        more = json_is_true(office_at(&santiago, 0, "more"));
        snprintf(after, sizeof after, "--after=%lld",
                 (long long)office_number(&santiago, 0, "next"));
    }
    assert_int_equal(count, all);
    assert_int_equal(pages, all);
}

static void what_comes_is_kept_once(void **state)
{
    (void)state;
    office_run(&santiago, ST_OK, "bundle", "sealed", to(&iquique), records, NULL);
    uint32_t all = items(&santiago);
    kit_take(&iquique, ST_OK, &bundle.head.sender, buf_bytes(&chunk));
    assert_int_equal(office_number(&iquique, 0, "sealed"), all);
    office_run(&iquique, ST_OK, "list", "household", NULL);
    assert_string_equal(office_text(&iquique, 0, "fields.head_name"), "una familia");
    kit_take(&iquique, ST_OK, &bundle.head.sender, buf_bytes(&chunk));
    assert_int_equal(office_number(&iquique, 0, "sealed"), 0);
    assert_int_equal(office_number(&iquique, 0, "unwanted"), 0);
    office_reopen(&iquique);
    office_run(&iquique, ST_OK, "list", "household", NULL);
    assert_string_equal(office_text(&iquique, 0, "fields.phone"), "12345");
}

static void what_nobody_names_is_not_kept(void **state)
{
    (void)state;
    uint32_t waiting;
    office_send(&santiago, &auditor);
    office_run(&santiago, ST_OK, "bundle", "sealed", to(&iquique), records, NULL);
    uint32_t all = items(&santiago);
    kit_take(&auditor, ST_OK, &bundle.head.sender, buf_bytes(&chunk));
    assert_int_equal(office_number(&auditor, 0, "sealed"), 0);
    assert_int_equal(office_number(&auditor, 0, "unwanted"), all);
    (void)kit_read(&iquique, &bundle, &waiting);
}

static void an_item_that_is_not_what_its_name_says_is_refused(void **state)
{
    (void)state;
    unsigned count = 0;
    struct cargo_kept kept = {.user = &count, .refuse = refused};
    office_run(&santiago, ST_OK, "bundle", "sealed", to(&iquique), records, NULL);
    uint32_t all = items(&santiago);
    struct bytes other = parcel->entries[0];
    parcel->entries[0] = parcel->entries[all - 1];
    parcel->entries[all - 1] = other;
    assert_int_equal(cargo_keep(iquique.replica, parcel, &kept, NULL), ST_OK);
    assert_int_equal(count, 2);
    assert_int_equal(kept.fresh, all - 2);
}

static void a_receipt_asks_for_what_is_missing(void **state)
{
    (void)state;
    struct buf wants = {0};
    assert_int_equal(cargo_wishes(iquique.replica, &bundle.head.sender, &wants, NULL), ST_OK);
    assert_true(wants.count >= 9 * DIGEST_BYTES);
    size_t asked = wants.count / DIGEST_BYTES;
    office_run(&santiago, ST_OK, "bundle", "wanted", to(&iquique), NULL);
    assert_int_equal(items(&santiago), 0); /* no receipt was read yet */
    office_run(&iquique, ST_OK, "bundle", "receipt", kit_head(&bundle.head), NULL);
    struct buf receipt = kit_bytes(&iquique, "receipt");
    office_run(&santiago, ST_OK, "bundle", "returned", kit_option("receipt", buf_bytes(&receipt)),
               NULL);
    assert_int_equal(office_number(&santiago, 0, "wants"), asked);
    office_run(&santiago, ST_OK, "bundle", "wanted", to(&iquique), NULL);
    assert_int_equal(items(&santiago), asked);
    kit_take(&iquique, ST_OK, &bundle.head.sender, buf_bytes(&chunk));
    buf_reset(&wants);
    assert_int_equal(cargo_wishes(iquique.replica, &bundle.head.sender, &wants, NULL), ST_OK);
    assert_int_equal(wants.count, 0);
    /* An auditor is asked for nothing that it may not hold. */
    assert_int_equal(
        cargo_wishes(iquique.replica, &replica_identity(auditor.replica)->key, &wants, NULL),
        ST_OK);
    assert_int_equal(wants.count, 0);
    buf_release(&receipt);
    buf_release(&wants);
}

static void wrong_options_are_told(void **state)
{
    (void)state;
    office_run(&santiago, ST_USAGE, "bundle", "sealed", "--to=short", records, NULL);
    office_run(&santiago, ST_USAGE, "bundle", "sealed", to(&iquique), "--records=../../x 1\n",
               NULL);
    office_run(&santiago, ST_USAGE, "bundle", "sealed", to(&iquique), "--after=x", NULL);
    office_run(&santiago, ST_OK, "bundle", "sealed", to(&iquique), "--records=no line", NULL);
    assert_int_equal(items(&santiago), 0);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct control_request q = {.verb = BYTES("bundle"),
                                    .word_count = 1,
                                    .words = {BYTES("sealed")},
                                    .option_count = 2};
        q.options[0] =
            (struct control_option){BYTES("to"), bytes_of_text(to(&iquique) + strlen("--to="))};
        q.options[1] = (struct control_option){BYTES("records"),
                                               bytes_of_text(records + strlen("--records="))};
        struct verb_call call = {.replica = santiago.replica,
                                 .request = &q,
                                 .author = BYTES("ana <ana@example.org>"),
                                 .user = &santiago,
                                 .row = office_row};
        mem_fail_at(n);
        enum status st = verb_run(&call, &santiago.fault);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
        assert_true(n < 1000);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(items_go_to_whom_they_are_for),
        TEST(pages_hold_one_at_least_and_lead_on),
        TEST(what_comes_is_kept_once),
        TEST(what_nobody_names_is_not_kept),
        TEST(an_item_that_is_not_what_its_name_says_is_refused),
        TEST(a_receipt_asks_for_what_is_missing),
        TEST(wrong_options_are_told),
        TEST(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
