/* What the storage thread answers about sealed items, with real offices. */
#include "tests/unit/replicas/offices.h"

#include <sodium.h>

#include "daemon/jobs_sealed.h"
#include "proto/mem.h"

static const struct key *key_of(const struct office *o)
{
    return &replica_identity(o->replica)->key;
}

static struct job *wish(struct office *o, const struct office *of, const struct digest *after,
                        uint32_t max)
{
    struct job *j = job_new(JOB_WISH);
    assert_non_null(j);
    j->key = *key_of(of);
    j->name_count = 1;
    j->name_max = max;
    j->names = mem_copy(after, sizeof *after);
    jobs_sealed_wish(o->replica, j);
    assert_int_equal(j->status, ST_OK);
    return j;
}

static struct job *give(struct office *o, const struct office *to, const struct job *wishes,
                        uint32_t offset)
{
    struct job *j = job_new(JOB_GIVE);
    assert_non_null(j);
    j->key = *key_of(to);
    j->bytes_max = 64 * KIB;
    j->wish_count = wishes->name_count;
    j->wishes = mem_array(wishes->name_count, sizeof *j->wishes);
    for (uint32_t i = 0; i < wishes->name_count; i++)
        j->wishes[i] = (struct sealed_wish){wishes->names[i], offset};
    jobs_sealed_give(o->replica, j);
    assert_int_equal(j->status, ST_OK);
    return j;
}

static struct job *keep(struct office *o, const struct job *given)
{
    struct job *j = job_new(JOB_KEEP);
    assert_non_null(j);
    j->names = mem_array(given->piece_count, sizeof *j->names);
    j->items = mem_array(given->piece_count, sizeof *j->items);
    for (uint32_t i = 0; i < given->piece_count; i++) {
        assert_int_equal(given->pieces[i].total, given->pieces[i].bytes.count);
        j->names[i] = given->pieces[i].name;
        j->items[i] = given->pieces[i].bytes; /* borrowed */
    }
    j->name_count = j->item_count = given->piece_count;
    jobs_sealed_keep(o->replica, j);
    return j;
}

static uint64_t waiting(struct office *o)
{
    uint64_t counts[SEALED_LANES];
    struct fault f = {0};
    assert_int_equal(jobs_sealed_waiting(o->replica, counts, &f), ST_OK);
    assert_int_equal(counts[SEALED_FILES], 0);
    return counts[SEALED_VALUES];
}

/* Santiago with some people; Iquique, which has heard of them; a partner, which may not read. */
static struct office a, b, c;

static int begin(void **state)
{
    (void)state;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_join(&c, &a, "donor", CHARTER_PARTNER);
    for (int i = 0; i < 5; i++)
        office_run(&a, ST_OK, "add", "household", "commune=Pudahuel", "head_name=Nombre", NULL);
    office_send(&a, &b);
    office_send(&a, &c);
    return 0;
}

static int end(void **state)
{
    (void)state;
    office_close(&a);
    office_close(&b);
    office_close(&c);
    return 0;
}

static void wanted_items_are_given_and_kept(void **state)
{
    (void)state;
    struct digest start = {{0}};
    struct fault f = {0};
    uint64_t before = waiting(&b);
    assert_true(before >= 5);
    assert_int_equal(waiting(&a), 0);
    struct job *w = wish(&b, &a, &start, 3);
    assert_int_equal(w->name_count, 3);
    assert_true(w->more);
    struct job *g = give(&a, &b, w, 0);
    assert_int_equal(g->piece_count, 3);
    struct job *k = keep(&b, g);
    assert_int_equal(k->status, ST_OK);
    assert_true(k->writes);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(k->verdicts[i], ST_OK);
    assert_int_equal(replica_sync(b.replica, &f), ST_OK);
    assert_int_equal(waiting(&b), before - 3);
    struct job *behind = wish(&b, &a, &w->names[2], 512);
    assert_int_equal(behind->name_count, before - 3);
    assert_false(behind->more);
    struct job *again = keep(&b, g); /* wanted no more */
    assert_int_equal(again->status, ST_OK);
    assert_int_equal(again->verdicts[0], ST_NOT_FOUND);
    job_free(w);
    job_free(g);
    job_free(k);
    job_free(behind);
    job_free(again);
}

static void what_is_not_for_a_member_is_gone(void **state)
{
    (void)state;
    struct digest start = {{0}};
    assert_int_equal(waiting(&c), 0);
    struct job *w = wish(&b, &a, &start, 512);
    struct job *g = give(&a, &c, w, 0); /* the partner has learnt the names, of commits */
    assert_int_equal(g->piece_count, w->name_count);
    for (uint32_t i = 0; i < g->piece_count; i++)
        assert_int_equal(g->pieces[i].total, 0);
    assert_int_equal(g->data.count, 0);
    job_free(g);
    g = give(&b, &a, w, 0); /* nor has Iquique them yet */
    assert_int_equal(g->pieces[0].total, 0);
    job_free(g);
    g = give(&a, &b, w, SEALED_PIECE_BYTES); /* nothing stands there */
    assert_int_equal(g->pieces[0].total, 0);
    job_free(g);
    job_free(w);
}

static void what_its_name_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct digest start = {{0}};
    struct job *w = wish(&b, &a, &start, 2);
    struct job *g = give(&a, &b, w, 0);
    uint64_t before = waiting(&b);
    g->data.data[g->pieces[0].bytes.count - 1] ^= 1;
    struct job *k = keep(&b, g);
    assert_int_equal(k->status, ST_OK);
    assert_int_equal(k->verdicts[0], ST_BAD_VALUE);
    assert_int_equal(k->verdicts[1], ST_OK);
    assert_int_equal(waiting(&b), before - 1);
    job_free(w);
    job_free(g);
    job_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wanted_items_are_given_and_kept, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_for_a_member_is_gone, begin, end),
        cmocka_unit_test_setup_teardown(what_its_name_does_not_fit_is_refused, begin, end),
    };
    assert_true(sodium_init() >= 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
