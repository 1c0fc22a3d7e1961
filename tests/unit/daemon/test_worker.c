/*
 * The storage thread with a real replica: answers in order, durable before they come, news before
 * answers.
 */
#include "proto/mem.h"
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <pthread.h>
#include <sodium.h>

#include "daemon/logger.h"
#include "daemon/worker.h"

/* Woken by the worker's thread; waited for by the test's. */
struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t rung;
    unsigned count;
};

static struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void ring(void *context)
{
    struct bell *b = context;
    pthread_mutex_lock(&b->mutex);
    b->count++;
    pthread_cond_signal(&b->rung);
    pthread_mutex_unlock(&b->mutex);
}

/* The next finished job, waiting for it. */
static struct job *next(struct worker *w)
{
    for (;;) {
        struct job *j = worker_take(w);
        if (j != NULL)
            return j;
        pthread_mutex_lock(&bell.mutex);
        while (bell.count == 0)
            pthread_cond_wait(&bell.rung, &bell.mutex);
        bell.count = 0;
        pthread_mutex_unlock(&bell.mutex);
    }
}

/* The next of that kind; others on the way are dropped. */
static struct job *next_of(struct worker *w, enum job_kind kind)
{
    for (;;) {
        struct job *j = next(w);
        if (j->kind == kind)
            return j;
        job_free(j);
    }
}

struct bench {
    struct homes *homes;
    struct worker *worker; /* of home a */
};

static int begin(void **state)
{
    struct bench *b = mem_alloc(sizeof *b);
    homes_setup((void **)&b->homes);
    home_carry(&b->homes->a, &b->homes->b); /* before the replica goes to the thread */
    bell.count = 0;
    struct worker_options never = {0}; /* nothing unasked */
    assert_int_equal(worker_start(b->homes->a.replica, &never, ring, &bell, &b->worker), ST_OK);
    *state = b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;
    void *homes = b->homes;
    if (b->worker != NULL)
        b->homes->a.replica = worker_stop(b->worker);
    homes_teardown(&homes);
    mem_free(b);
    return 0;
}

static struct job *verb(const char *name, const char *const *words, uint32_t count)
{
    struct job *j = job_new(JOB_VERB);
    struct control_request q = {.verb = bytes_of_text(name), .word_count = count};
    struct buf wire = {0};
    struct bytes body;
    size_t used;
    for (uint32_t i = 0; i < count; i++)
        q.words[i] = bytes_of_text(words[i]);
    control_write_request(&q, &wire);
    assert_int_equal(control_take(buf_bytes(&wire), &body, &used), ST_OK);
    buf_add_bytes(&j->data, body);
    snprintf(j->author, sizeof j->author, "ana <ana@santiago>");
    buf_release(&wire);
    return j;
}

static struct job *store(struct bench *b, uint32_t node, bool spoil)
{
    struct job *j = job_new(JOB_STORE);
    struct item item;
    struct fault f = {0};
    assert_int_equal(replica_item(b->homes->b.replica, node, &j->data, &item, &f), ST_OK);
    buf_drop_front(&j->data, OID_BYTES);
    if (spoil)
        j->data.data[j->data.count - 1] ^= 1;
    j->items = mem_array(1, sizeof *j->items);
    j->items[0] = buf_bytes(&j->data);
    j->item_count = 1;
    j->link = 5;
    j->request = 77;
    return j;
}

static void it_begins_with_charter_and_heads(void **state)
{
    struct bench *b = *state;
    struct job *j = next(b->worker);
    assert_int_equal(j->kind, JOB_CHARTERS);
    assert_true(j->charter_grew);
    assert_int_equal(j->charter_version, 2);
    assert_int_equal(j->item_count, 2);
    assert_int_equal(j->member_count, 2);
    job_free(j);
    j = next(b->worker);
    assert_int_equal(j->kind, JOB_NEWS);
    assert_int_equal(j->commit_count, 0);
    assert_int_equal(j->head_count, 1);
    assert_string_equal(j->heads[0].label, "santiago");
    job_free(j);
    assert_false(worker_failed(b->worker, NULL));
}

static void a_verb_and_its_news(void **state)
{
    struct bench *b = *state;
    static const char *const words[] = {"case", "a=one"};
    worker_submit(b->worker, verb("add", words, 2));
    struct job *j = next(b->worker);
    for (; j->kind != JOB_VERB; j = next(b->worker)) { /* what the start had to tell */
        assert_int_equal(j->commit_count, 0);
        job_free(j);
    }
    if (j->status != ST_OK)
        fail_msg("%s", j->fault.text);
    assert_true(j->rows.count > 0);
    job_free(j);
    j = next(b->worker); /* a person's answer first, then the news, of ours */
    assert_int_equal(j->kind, JOB_NEWS);
    assert_int_equal(j->commit_count, 1);
    assert_int_equal(j->commits[0].source, 0);
    assert_string_equal(j->commits[0].label, "santiago");
    job_free(j);
}

static void a_wrong_verb_is_answered(void **state)
{
    struct bench *b = *state;
    static const char *const words[] = {"boat", "a=one"};
    worker_submit(b->worker, verb("add", words, 2));
    struct job *j = next_of(b->worker, JOB_VERB);
    assert_int_equal(j->status, ST_NOT_SCHEMA);
    assert_true(j->rows.count > 0); /* the end, with the reason */
    job_free(j);
    j = job_new(JOB_VERB);
    buf_add_text(&j->data, "garbage");
    worker_submit(b->worker, j);
    j = next_of(b->worker, JOB_VERB);
    assert_int_not_equal(j->status, ST_OK);
    job_free(j);
    assert_false(worker_failed(b->worker, NULL));
}

/* A peer's commit: a verdict, the news name where it came from; a spoilt one is refused alone. */
static void a_peers_commits(void **state)
{
    struct bench *b = *state;
    struct replica_commit c = home_set(&b->homes->b, 1, "a", "\"one\"");
    logger_set_level(LOGGER_ERROR);
    worker_submit(b->worker, store(b, c.node, true));
    struct job *j = next_of(b->worker, JOB_STORE);
    assert_int_equal(j->request, 77);
    assert_int_equal(status_class(j->verdicts[0]), STATUS_PEER);
    assert_int_equal(j->status, ST_OK);
    job_free(j);
    worker_submit(b->worker, store(b, c.node, false));
    bool told = false;
    for (j = next(b->worker); j->kind != JOB_STORE; j = next(b->worker)) {
        if (j->kind == JOB_NEWS && j->commit_count == 1) {
            told = true;
            assert_int_equal(j->commits[0].source, 5);
            assert_memory_equal(j->commits[0].id.id, c.id.id, OID_BYTES);
            assert_int_equal(j->commits[0].parent_count, 1);
        }
        job_free(j);
    }
    assert_true(told);
    assert_int_equal(j->verdicts[0], ST_OK);
    assert_memory_equal(j->ids[0].id, c.id.id, OID_BYTES);
    job_free(j);
    worker_submit(b->worker, store(b, c.node, false));
    j = next_of(b->worker, JOB_STORE);
    assert_int_equal(j->verdicts[0], ST_EXISTS);
    job_free(j);
    logger_set_level(LOGGER_INFO);
}

static void what_is_missing_is_named(void **state)
{
    struct bench *b = *state;
    struct replica_commit first = home_set(&b->homes->b, 1, "a", "\"one\"");
    struct replica_commit second = home_set(&b->homes->b, 1, "a", "\"two\"");
    worker_submit(b->worker, store(b, second.node, false));
    struct job *j = next_of(b->worker, JOB_STORE);
    assert_int_equal(j->verdicts[0], ST_WAITING);
    assert_int_equal(j->missing_count, 1);
    assert_memory_equal(j->missing[0].id, first.id.id, OID_BYTES);
    job_free(j);
}

static struct job *load(enum core_load_kind kind, const struct oid *ids, uint32_t count)
{
    struct job *j = job_new(JOB_LOAD);
    j->load = kind;
    j->ids = mem_array(count, sizeof *j->ids);
    if (count > 0)
        memcpy(j->ids, ids, count * sizeof *ids);
    j->id_count = count;
    j->bytes_max = BATCH_BYTES_MAX;
    return j;
}

static void what_a_peer_lacks(void **state)
{
    struct bench *b = *state;
    struct oid strange = {{9}}, head;
    worker_submit(b->worker, load(CORE_LOAD_LACKING, NULL, 0));
    struct job *j = next_of(b->worker, JOB_LOAD);
    assert_int_equal(j->status, ST_OK);
    assert_int_equal(j->item_count, 2); /* the first commit, and the member's */
    assert_false(j->more);
    assert_false(j->unknown);
    head = j->ids[1];
    job_free(j);
    worker_submit(b->worker, load(CORE_LOAD_LACKING, &head, 1));
    j = next_of(b->worker, JOB_LOAD);
    assert_int_equal(j->item_count, 0);
    job_free(j);
    worker_submit(b->worker, load(CORE_LOAD_LACKING, &strange, 1));
    j = next_of(b->worker, JOB_LOAD);
    assert_true(j->unknown);
    assert_int_equal(j->item_count, 2);
    job_free(j);
    worker_submit(b->worker, load(CORE_LOAD_SUMMARY, NULL, 0));
    j = next_of(b->worker, JOB_LOAD);
    assert_int_equal(j->id_count, 2);
    assert_memory_equal(j->ids[0].id, head.id, OID_BYTES);
    job_free(j);
    struct oid asked[2] = {strange, head};
    worker_submit(b->worker, load(CORE_LOAD_BY_ID, asked, 2));
    j = next_of(b->worker, JOB_LOAD);
    assert_int_equal(j->item_count, 1); /* what is not known is left out */
    assert_memory_equal(j->ids[0].id, head.id, OID_BYTES);
    job_free(j);
}

static void status_as_members_of_an_object(void **state)
{
    struct bench *b = *state;
    worker_submit(b->worker, job_new(JOB_STATUS));
    struct job *j = next_of(b->worker, JOB_STATUS);
    assert_int_equal(j->status, ST_OK);
    buf_add_byte(&j->rows, '\0');
    const char *text = (const char *)j->rows.data;
    assert_non_null(strstr(text, "\"network\":\"prueba\",\"office\":\"santiago\""));
    assert_non_null(strstr(text, "\"commits\":2"));
    assert_non_null(strstr(text, "\"frontier\":{\"iquique\":0,\"santiago\":2}"));
    assert_int_equal(j->member_count, 2);
    job_free(j);
}

/* What was submitted before the stop is done: nothing is half. */
static void a_stop_finishes_first(void **state)
{
    struct bench *b = *state;
    static const char *const words[] = {"case", "a=one"};
    for (int i = 0; i < 20; i++)
        worker_submit(b->worker, verb("add", words, 2));
    b->homes->a.replica = worker_stop(b->worker);
    b->worker = NULL;
    assert_int_equal(graph_count(replica_graph(b->homes->a.replica)), 22);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_begins_with_charter_and_heads), TEST(a_verb_and_its_news),
        TEST(a_wrong_verb_is_answered),         TEST(a_peers_commits),
        TEST(what_is_missing_is_named),         TEST(what_a_peer_lacks),
        TEST(status_as_members_of_an_object),   TEST(a_stop_finishes_first),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
