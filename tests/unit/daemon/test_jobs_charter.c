/* What the storage thread tells and is offered of the charter, with real offices. */
#include "tests/unit/replicas/offices.h"

#include <sodium.h>

#include "daemon/jobs_charter.h"
#include "proto/mem.h"

/* A job as a peer's CHARTER with these files and motions makes it. */
static struct job *offer(const struct bytes *files, uint32_t file_count,
                         const struct bytes *motions, uint32_t motion_count)
{
    struct job *j = job_new(JOB_CHARTERS);
    size_t at = 0;
    assert_non_null(j);
    j->items = mem_array((size_t)file_count + motion_count, sizeof *j->items);
    for (uint32_t i = 0; i < file_count + motion_count; i++) {
        j->items[i] = i < file_count ? files[i] : motions[i - file_count];
        buf_add_bytes(&j->data, j->items[i]);
    }
    for (uint32_t i = 0; i < file_count + motion_count; i++) {
        j->items[i].data = j->data.data + at;
        at += j->items[i].count;
    }
    j->item_count = file_count;
    j->motion_count = motion_count;
    return j;
}

static void the_chain_is_told_whole(void **state)
{
    (void)state;
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_AUDITOR);
    struct job *j = job_new(JOB_CHARTERS);
    assert_int_equal(jobs_charter_fill(a.replica, j), ST_OK);
    assert_int_equal(j->charter_version, 2);
    assert_int_equal(j->item_count, 2);
    assert_int_equal(j->member_count, 2);
    assert_int_equal(j->motion_count, 0);
    assert_int_equal(j->key_count, 0);
    assert_true(j->charter_grew);
    assert_int_equal(charter_version_of(j->items[1]), 2);
    for (uint64_t n = 1; n <= 4; n++) { /* and again where there was no memory */
        mem_fail_at(n);
        enum status st = jobs_charter_fill(a.replica, j);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
    }
    assert_int_equal(jobs_charter_fill(a.replica, j), ST_OK);
    assert_int_equal(j->item_count, 2);
    job_free(j);
    office_close(&a);
    office_close(&b);
}

/* A charter that a commit brought is told before the sync at which our own key follows it: what is
 * told then must not pass for the same as what was told before. */
static void another_key_is_another_mark(void **state)
{
    (void)state;
    struct office a, b;
    struct digest one, other;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    assert_memory_equal(&charter_newest(replica_charters(a.replica))->hash,
                        &charter_newest(replica_charters(b.replica))->hash, DIGEST_BYTES);
    jobs_charter_mark(a.replica, &one);
    jobs_charter_mark(b.replica, &other);
    assert_memory_not_equal(&one, &other, DIGEST_BYTES);
    office_close(&a);
    office_close(&b);
}

static void versions_and_motions_are_offered(void **state)
{
    (void)state;
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    struct job *told = job_new(JOB_CHARTERS);
    assert_int_equal(jobs_charter_fill(a.replica, told), ST_OK);
    struct job *j = offer(told->items, told->item_count, NULL, 0);
    jobs_charter_offer(b.replica, j); /* it has them all */
    assert_int_equal(status_class(j->status), STATUS_OUTCOME);
    assert_int_equal(j->charter_version, 2);
    job_free(j);
    const struct bytes junk = BYTES("not a motion");
    j = offer(NULL, 0, &junk, 1);
    jobs_charter_offer(b.replica, j);
    assert_true(j->status == ST_MALFORMED || j->status == ST_NOT_CANONICAL);
    job_free(j);
    j = offer(NULL, 0, NULL, 0);
    j->heard = true;
    jobs_charter_offer(b.replica, j);
    assert_int_equal(status_class(j->status), STATUS_OUTCOME);
    assert_int_equal(j->charter_version, 2);
    job_free(j);
    job_free(told);
    office_close(&a);
    office_close(&b);
}

static void the_mark_tells_what_is_open_from_what_was(void **state)
{
    (void)state;
    struct office a, b;
    struct digest one, two;
    office_found(&a, "santiago");
    jobs_charter_mark(a.replica, &one);
    jobs_charter_mark(a.replica, &two);
    assert_memory_equal(one.id, two.id, DIGEST_BYTES);
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    jobs_charter_mark(a.replica, &two);
    assert_memory_not_equal(one.id, two.id, DIGEST_BYTES);
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_is_told_whole),
        cmocka_unit_test(another_key_is_another_mark),
        cmocka_unit_test(versions_and_motions_are_offered),
        cmocka_unit_test(the_mark_tells_what_is_open_from_what_was),
    };
    assert_true(sodium_init() >= 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
