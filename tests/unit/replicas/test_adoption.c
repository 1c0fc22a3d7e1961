/*
 * Quarantine and adoption: what a retired key wrote beyond what is kept waits, is told, and counts
 * once a member puts its name to it; an office with a new key adopts its old one's heads itself.
 */
#include "tests/unit/replicas/crowd.h"

#include "replicas/adoption.h"
#include "replicas/tend.h"

static struct bytes calama = {(const uint8_t *)"calama", 6};

static struct oid head_of(struct one *o)
{
    uint32_t count;
    const uint32_t *heads = graph_heads(replica_graph(o->replica), &count);
    assert_int_equal(count, 1);
    return graph_node(replica_graph(o->replica), heads[0])->id;
}

static uint32_t waiting(struct one *o)
{
    struct adoption_waiting w;
    adoption_waiting(o->replica, calama, &w);
    return w.commits;
}

static bool counts(struct one *o, const struct oid *id)
{
    uint32_t node = graph_find(replica_graph(o->replica), id);
    assert_int_not_equal(node, GRAPH_NONE);
    return graph_node(replica_graph(o->replica), node)->counted;
}

static void assert_value(struct members *m, struct one *o, uint8_t id, const char *json)
{
    struct record record;
    char hex[RECORD_ID_TEXT + 1];
    uint8_t raw[RECORD_ID_BYTES];
    memset(raw, id, sizeof raw);
    hex_encode(raw, sizeof raw, hex);
    enum status st =
        replica_record(o->replica, NULL, BYTES("case"), bytes_of_text(hex), &record, &m->f);
    assert_int_equal(st, json != NULL ? ST_OK : ST_NOT_FOUND);
    if (json == NULL)
        return;
    struct bytes is = record_reads(&record, record_field(&record, BYTES("a")))->json;
    assert_int_equal(is.count, strlen(json));
    assert_memory_equal(is.data, json, is.count);
    record_release(&record);
}

/* calama's key goes; its first commit is kept, two later ones of an offline laptop are not. */
static void retire_calama(struct members *m, const struct key *instead)
{
    struct one *a = &m->of[SANTIAGO], *d = &m->of[CALAMA];
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = head_of(a);
    members_set(m, d, 2, "a", "\"late\"");
    members_set(m, d, 3, "a", "\"later\"");
    crowd_retire(m, "calama", &kept, 1, instead);
    crowd_tell(m, a);
    members_carry(m, d, a); /* the old charter, the old past: accepted, and not counted */
}

static void waits_and_is_told(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct buf told = {0};
    retire_calama(m, NULL);
    assert_int_equal(waiting(a), 2);
    assert_value(m, a, 1, "\"kept\"");
    assert_value(m, a, 2, NULL);
    assert_int_equal(adoption_add(a->replica, calama, &told, &m->f), ST_OK);
    const char *text = buf_text(&told);
    assert_non_null(
        strstr(text, "\"quarantine\":{\"commits\":2,\"since\":\"2026-05-01T10:02:00Z\","));
    assert_non_null(strstr(text, "\"subject\":\"case: 1 written\""));
    buf_reset(&told);
    assert_int_equal(adoption_add(a->replica, BYTES("iquique"), &told, &m->f), ST_OK);
    assert_string_equal(buf_text(&told), "\"quarantine\":{\"commits\":0,\"since\":null,"
                                         "\"until\":null,\"newest\":[]}");
    buf_release(&told);
}

static void counts_once_adopted(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    uint32_t heads[8], count;
    retire_calama(m, NULL);
    members_set(m, a, 4, "a", "\"beside\"");
    adoption_heads(a->replica, calama, heads, 8, &count);
    assert_int_equal(count, 1); /* the second stands on the first */
    if (adoption_adopt(a->replica, heads, count, members_author, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(replica_sync(a->replica, &m->f), ST_OK);
    assert_int_equal(waiting(a), 0);
    assert_value(m, a, 2, "\"late\"");
    assert_value(m, a, 3, "\"later\"");
    assert_value(m, a, 4, "\"beside\"");
    crowd_mingle(m); /* and so for everybody, in whatever order it came */
    assert_value(m, b, 3, "\"later\"");
    assert_memory_equal(replica_state(a->replica)->id, replica_state(b->replica)->id, OID_BYTES);
    adoption_heads(a->replica, calama, heads, 8, &count);
    assert_int_equal(count, 0);
}

/* Where what is adopted has a counted head in its past, that head is no parent beside it. */
static void an_antichain_always(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *d = &m->of[CALAMA];
    uint32_t heads[8], count;
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    members_set(m, a, 2, "a", "\"a's\"");
    struct oid ours = head_of(a);
    members_carry(m, a, d);
    members_set(m, d, 3, "a", "\"on a's\"");
    struct oid kept = graph_node(replica_graph(a->replica), 0)->id;
    crowd_retire(m, "calama", &kept, 1, NULL);
    crowd_tell(m, a);
    members_carry(m, d, a);
    assert_memory_equal(head_of(a).id, ours.id, OID_BYTES);
    adoption_heads(a->replica, calama, heads, 8, &count);
    if (adoption_adopt(a->replica, heads, count, members_author, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    struct graph *g = replica_graph(a->replica);
    assert_int_equal(graph_node(g, graph_count(g) - 1)->parent_count, 1);
    assert_value(m, a, 3, "\"on a's\"");
}

/* Branches of one key, as many as do not freeze it, on node 0. */
static void branch(struct members *m, struct one *by)
{
    struct buf item = {0};
    struct replica_verdict v;
    uint32_t root = 0;
    for (uint8_t i = 0; i < GRAPH_FORKS_MAX; i++) {
        buf_reset(&item);
        crowd_forge(&m->of[SANTIAGO], &by->identity, by->member.label, (uint8_t)(10 + i), "\"x\"",
                    &root, 1, &item);
        if (crowd_give(m, &m->of[SANTIAGO], &item, &v) != ST_OK)
            fail_msg("%s", m->f.text);
    }
    buf_release(&item);
}

/* More heads than a commit may have parents: what counts is merged first. */
static void many_at_once(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *d = &m->of[CALAMA];
    uint32_t heads[GRAPH_OWN_MAX], count, lasting;
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = head_of(a);
    static const int others[] = {CALAMA, IQUIQUE, ARICA, SANTIAGO};
    for (int i = 0; i < 4; i++)
        branch(m, &m->of[others[i]]);
    graph_heads(replica_graph(a->replica), &lasting);
    assert_int_equal(lasting, 4 * GRAPH_FORKS_MAX);
    crowd_retire(m, "calama", &kept, 1, NULL);
    crowd_tell(m, a);
    adoption_heads(a->replica, calama, heads, GRAPH_OWN_MAX, &count);
    assert_int_equal(count, GRAPH_FORKS_MAX);
    if (adoption_adopt(a->replica, heads, count, members_author, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(waiting(a), 0);
    head_of(a); /* everything is below one head */
}

/* The heads that count are too many to stand beside what is adopted: they become one first. */
static void too_many_beside(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *d = &m->of[CALAMA], *b = &m->of[IQUIQUE];
    uint32_t heads[GRAPH_OWN_MAX], count, lasting;
    struct buf item = {0};
    struct replica_verdict v;
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = head_of(a);
    static const int others[] = {CALAMA, IQUIQUE, ARICA, SANTIAGO};
    for (int i = 0; i < 4; i++)
        branch(m, &m->of[others[i]]);
    uint32_t on = 1 + GRAPH_FORKS_MAX; /* iquique's first branch forks again */
    for (uint8_t i = 0; i < GRAPH_FORKS_MAX; i++) {
        buf_reset(&item);
        crowd_forge(a, &b->identity, "iquique", (uint8_t)(40 + i), "\"x\"", &on, 1, &item);
        if (crowd_give(m, a, &item, &v) != ST_OK)
            fail_msg("%s", m->f.text);
    }
    crowd_retire(m, "calama", &kept, 1, NULL);
    crowd_tell(m, a);
    graph_heads(replica_graph(a->replica), &lasting);
    adoption_heads(a->replica, calama, heads, GRAPH_OWN_MAX, &count);
    assert_true(lasting + count > PARENTS_MAX);
    if (adoption_adopt(a->replica, heads, count, members_author, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(waiting(a), 0);
    head_of(a);
    buf_release(&item);
}

static void run_tend(struct members *m, struct one *o, bool *wrote)
{
    struct tend t;
    uint64_t next_ms;
    tend_init(&t, &(struct tend_options){0});
    if (tend_run(&t, o->replica, 0, &next_ms, wrote, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
}

/* The office goes on under a new key in the same home: what it had not sent is not lost. */
static void a_rotated_key_adopts_its_own(void **state)
{
    struct members *m = *state;
    struct one *d = &m->of[CALAMA];
    bool wrote;
    retire_calama(m, &m->stranger.key);
    crowd_tell(m, d);
    d->identity = m->stranger;
    replica_drop(d->replica);
    members_open(m, d);
    assert_int_equal(waiting(d), 2);
    run_tend(m, d, &wrote);
    assert_true(wrote);
    assert_int_equal(waiting(d), 0);
    run_tend(m, d, &wrote);
    assert_false(wrote);
    assert_value(m, d, 3, "\"later\"");
    assert_int_equal(replica_sync(d->replica, &m->f), ST_OK);
    crowd_mingle(m);
    assert_value(m, &m->of[IQUIQUE], 3, "\"later\"");
}

/* Its first write does the same where nobody tended before. */
static void the_first_write_adopts_too(void **state)
{
    struct members *m = *state;
    struct one *d = &m->of[CALAMA];
    retire_calama(m, &m->stranger.key);
    crowd_tell(m, d);
    d->identity = m->stranger;
    replica_drop(d->replica);
    members_open(m, d);
    members_set(m, d, 5, "a", "\"new\"");
    assert_int_equal(waiting(d), 0);
    head_of(d);
    assert_value(m, d, 3, "\"later\"");
    assert_value(m, d, 5, "\"new\"");
}

/* Whoever was removed and comes again may have lost the old key to a thief in between. */
static void who_comes_again_adopts_nothing(void **state)
{
    struct members *m = *state;
    struct one *d = &m->of[CALAMA];
    bool wrote;
    retire_calama(m, NULL);
    crowd_admit(m, "calama", &m->stranger.key);
    crowd_tell(m, d);
    d->identity = m->stranger;
    replica_drop(d->replica);
    members_open(m, d);
    run_tend(m, d, &wrote);
    assert_false(wrote);
    members_set(m, d, 5, "a", "\"new\"");
    assert_int_equal(waiting(d), 2);
    assert_value(m, d, 3, NULL);
}

static void no_needless_adoption(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    uint32_t heads[8], count;
    bool wrote;
    members_set(m, &m->of[CALAMA], 1, "a", "\"x\"");
    members_carry(m, &m->of[CALAMA], a);
    struct oid kept = head_of(a);
    crowd_retire(m, "calama", &kept, 1, &m->stranger.key);
    crowd_tell(m, a);
    adoption_heads(a->replica, calama, heads, 8, &count);
    assert_int_equal(count, 0);
    assert_true(counts(a, &kept));
    assert_int_equal(adoption_own(a->replica, members_author, &wrote, &m->f), ST_OK);
    assert_false(wrote);
}

struct asked {
    struct buf row;
};

static void keep(void *user, struct bytes json)
{
    struct asked *k = user;
    buf_reset(&k->row);
    buf_add_bytes(&k->row, json);
}

static enum status ask_up_to(struct members *m, struct one *o, const char *label,
                             const char *commit, struct asked *k)
{
    struct control_request q = {.verb = BYTES("member"), .word_count = label != NULL ? 2 : 1};
    struct verb_call call = {
        .replica = o->replica, .request = &q, .author = members_author, .user = k, .row = keep};
    q.words[0] = BYTES("adopt");
    if (label != NULL)
        q.words[1] = bytes_of_text(label);
    if (commit != NULL)
        q.words[q.word_count++] = bytes_of_text(commit);
    memset(&m->f, 0, sizeof m->f);
    return verb_run(&call, &m->f);
}

static enum status ask(struct members *m, struct one *o, const char *label, struct asked *k)
{
    return ask_up_to(m, o, label, NULL, k);
}

static void asked_by_a_person(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct asked k = {{0}};
    retire_calama(m, NULL);
    assert_int_equal(ask(m, a, NULL, &k), ST_USAGE);
    assert_int_equal(ask(m, a, "calma", &k), ST_NOT_FOUND);
    assert_int_equal(ask(m, a, "iquique", &k), ST_NOTHING);
    assert_int_equal(ask(m, a, "calama", &k), ST_OK);
    assert_non_null(strstr(buf_text(&k.row), "{\"label\":\"calama\",\"adopted\":2,\"commit\":\""));
    assert_int_equal(ask(m, a, "calama", &k), ST_NOTHING);
    assert_int_equal(replica_sync(a->replica, &m->f), ST_OK);
    replica_drop(a->replica);
    members_open(m, a); /* and it is in the history, not in memory */
    assert_int_equal(waiting(a), 0);
    buf_release(&k.row);
}

/* The office's true last edit, and not what a thief built on it. */
static void up_to_a_commit(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct asked k = {{0}};
    uint32_t heads[GRAPH_OWN_MAX], count;
    char newest[OID_TEXT + 1], older[OID_TEXT + 1];
    retire_calama(m, NULL);
    adoption_heads(a->replica, BYTES("calama"), heads, GRAPH_OWN_MAX, &count);
    assert_int_equal(count, 1);
    struct graph *g = replica_graph(a->replica);
    const struct graph_node *top = graph_node(g, heads[0]);
    uint32_t below = graph_parent(g, top, 0);
    assert_false(graph_node(g, below)->counted);
    hex_encode(top->id.id, OID_BYTES, newest);
    hex_encode(graph_node(g, below)->id.id, OID_BYTES, older);
    assert_int_equal(ask_up_to(m, a, "iquique", older, &k), ST_NOTHING);
    assert_int_equal(ask_up_to(m, a, "calama", "ffffffff", &k), ST_NOT_FOUND);
    assert_int_equal(ask_up_to(m, a, "calama", older, &k), ST_OK);
    assert_non_null(strstr(buf_text(&k.row), "\"adopted\":1,"));
    assert_true(graph_node(g, below)->counted);
    assert_false(graph_node(g, heads[0])->counted);
    assert_int_equal(waiting(a), 1);
    assert_int_equal(ask_up_to(m, a, "calama", older, &k), ST_NOTHING);
    assert_int_equal(ask_up_to(m, a, "calama", newest, &k), ST_OK);
    assert_int_equal(waiting(a), 0);
    buf_release(&k.row);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waits_and_is_told),
        TEST(counts_once_adopted),
        TEST(an_antichain_always),
        TEST(many_at_once),
        TEST(too_many_beside),
        TEST(a_rotated_key_adopts_its_own),
        TEST(the_first_write_adopts_too),
        TEST(who_comes_again_adopts_nothing),
        TEST(no_needless_adoption),
        TEST(asked_by_a_person),
        TEST(up_to_a_commit),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
