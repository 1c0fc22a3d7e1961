/* fetch: what is loaded, sent, stored and acknowledged over one link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "puppet.h"

static const struct oid root = {{1}}, theirs = {{2}}, newer = {{3}}, other = {{4}};

static struct oid numbered(uint32_t n)
{
    struct oid id = {{0}};
    memcpy(id.id, &n, sizeof(n));
    return id;
}

static void commit(struct puppet *p, const struct oid *id, const struct oid *parent, link_id from)
{
    struct core_event e = {.kind = CORE_COMMITTED, .link = from, .bytes = BYTES("an item")};
    e.committed.id = *id;
    e.committed.parents = parent;
    e.committed.parent_count = parent != NULL;
    assert_int_equal(puppet_step(p, &e), ST_OK);
}

static bool is_durable(const struct puppet *p)
{
    struct core_peer peer;
    assert_true(core_peer(p->core, 0, &peer));
    return peer.durable;
}

static void say_summary(struct puppet *p, const struct oid *ids, uint32_t count)
{
    static struct message m;
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_SUMMARY;
    m.summary.id_count = count;
    if (count > 0)
        memcpy(m.summary.ids, ids, count * sizeof(ids[0]));
    puppet_say(p, &m);
}

static void equal_heads_need_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(&root, 1);
    assert_false(is_durable(p));
    puppet_say_heads(p, true, "alice", &root, 1);
    assert_int_equal(p->request_count, 0);
    assert_true(is_durable(p));
    puppet_tick(p, GOSSIP_MS * 2);
    assert_int_equal(p->said[MESSAGE_HEADS], 1); /* nor are they told again */
    puppet_free(p);
}

static void a_peer_that_lacks_is_sent_batch_after_batch(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(r.load, CORE_LOAD_LACKING);
    assert_int_equal(r.known_count, 1);
    puppet_loaded(p, &r, 100, 500, 10, true, false);
    assert_int_equal(p->items_said, 100);
    assert_true(p->items_more);
    assert_true(puppet_take(p, FX_LOAD, &r)); /* at once, not after STORED */
    assert_int_equal(r.known_count, 2 + 100); /* heads, the same as base, what is in flight */
    puppet_loaded(p, &r, 50, 500, 110, false, false);
    assert_int_equal(p->items_said, 150);
    assert_false(p->items_more);
    assert_int_equal(p->request_count, 0);
    assert_false(is_durable(p));
    puppet_say_stored(p, 149, &theirs, 1);
    assert_false(is_durable(p));
    const struct oid both[] = {root, theirs};
    puppet_say_stored(p, 150, both, 2);
    assert_true(is_durable(p));
    puppet_free(p);
}

static void what_is_under_way_is_not_loaded_twice(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 3, 10, 10, true, false);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 3, 10, 11, false, false); /* 11 and 12 again, and 13 */
    assert_int_equal(p->items_said, 4);
    puppet_free(p);
}

static void the_window_is_kept(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    uint32_t next = 10;
    while (puppet_take(p, FX_LOAD, &r)) {
        puppet_loaded(p, &r, 800, 100, next, true, false);
        next += 800;
        assert_true(next < 20000);
    }
    assert_true(p->items_said > WINDOW_ITEMS / 2 && p->items_said <= WINDOW_ITEMS);
    const struct oid last = numbered(10 + p->items_said - 1);
    puppet_say_stored(p, p->items_said, &last, 1);
    assert_true(puppet_take(p, FX_LOAD, &r)); /* room again */
    assert_true(r.known_count <= 3);          /* and the past is known by its head alone */
    puppet_free(p);
}

static void the_window_is_kept_in_bytes(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    uint32_t next = 10;
    while (puppet_take(p, FX_LOAD, &r)) {
        puppet_loaded(p, &r, 4, 60000, next, true, false);
        next += 4;
        assert_true(next < 1000);
    }
    assert_true(p->items_said * 60000 <= WINDOW_BYTES);
    assert_true(p->items_said * 60000 > WINDOW_BYTES / 2);
    puppet_free(p);
}

static void unknown_heads_wait_for_a_summary(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 100, 100, 10, true, true);
    assert_int_equal(p->items_said, 0);
    assert_true(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(r.load, CORE_LOAD_SUMMARY);
    puppet_loaded(p, &r, 7, 0, 10, false, false);
    assert_int_equal(p->last->kind, MESSAGE_SUMMARY);
    assert_int_equal(p->last->summary.id_count, 7);
    assert_int_equal(p->request_count, 0);
    struct core_peer peer;
    assert_true(core_peer(p->core, 0, &peer));
    assert_int_equal(peer.behind_heads, 1);
    say_summary(p, &other, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(r.load, CORE_LOAD_LACKING);
    assert_int_equal(r.known_count, 2);
    puppet_loaded(p, &r, 5, 100, 50, false, true);
    assert_int_equal(p->items_said, 5);
    puppet_free(p);
}

static void unknown_heads_that_arrive_need_no_summary(void **state)
{
    (void)state;
    struct puppet_request r, store;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 1, 100, 1, false, true);
    assert_true(puppet_take(p, FX_LOAD, &r)); /* the summary */
    puppet_say_items(p, 1, 100);
    assert_true(puppet_take(p, FX_STORE, &store));
    commit(p, &theirs, &root, p->link);
    puppet_heads(p, &theirs, 1);
    puppet_stored(p, &store, ST_OK, &theirs);
    assert_int_equal(p->stored->items, 1);
    assert_int_equal(p->stored->id_count, 1);
    assert_memory_equal(p->stored->ids[0].id, theirs.id, OID_BYTES);
    assert_true(is_durable(p));
    puppet_tick(p, 100);
    assert_int_equal(p->request_count, 0);
    assert_int_equal(p->items_said, 0);
    puppet_free(p);
}

static uint32_t behind_heads(struct puppet *p)
{
    struct core_peer peer;
    assert_true(core_peer(p->core, 0, &peer));
    return peer.behind_heads;
}

static void more_that_never_follows_ends_with_their_heads(void **state)
{
    (void)state;
    static struct message m;
    struct puppet_request r, store;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 0, 0, 1, false, false);
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_ITEM;
    m.item.more = true;
    assert_true(msg_item_add(&m.item, bytes_of_text("a commit")));
    puppet_say(p, &m);
    assert_true(puppet_take(p, FX_STORE, &store));
    assert_int_equal(behind_heads(p), 1);
    commit(p, &theirs, &root, p->link);
    puppet_stored(p, &store, ST_OK, &theirs);
    assert_int_equal(behind_heads(p), 1); /* stored, but not a head of ours yet */
    puppet_heads(p, &theirs, 1);
    assert_int_equal(behind_heads(p), 0);
    puppet_free(p);
}

static void a_commit_is_pushed_where_its_parents_are(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "alice", &root, 1);
    commit(p, &newer, &root, 0);
    assert_int_equal(p->items_said, 1);
    puppet_heads(p, &newer, 1);
    assert_false(is_durable(p));
    commit(p, &newer, &root, 0); /* once is enough */
    assert_int_equal(p->items_said, 1);
    commit(p, &other, &newer, 0); /* upon what is still in flight */
    assert_int_equal(p->items_said, 2);
    puppet_heads(p, &other, 1);
    const struct oid orphan = {{77}};
    commit(p, &orphan, &theirs, 0); /* who knows whether it has that parent? */
    assert_int_equal(p->items_said, 2);
    assert_true(puppet_take(p, FX_LOAD, &r) || !is_durable(p));
    puppet_say_stored(p, 2, &other, 1);
    assert_true(is_durable(p));
    puppet_free(p);
}

static void its_own_commit_is_not_sent_back(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "alice", &root, 1);
    commit(p, &newer, &root, p->link);
    puppet_heads(p, &newer, 1);
    puppet_tick(p, GOSSIP_MS + 100);
    assert_int_equal(p->items_said, 0);
    assert_int_equal(p->request_count, 0);
    assert_true(is_durable(p));
    puppet_free(p);
}

static void nothing_is_said_before_it_is_durable(void **state)
{
    (void)state;
    struct puppet_request first, second;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    puppet_say_items(p, 3, 50);
    puppet_say_items(p, 2, 50);
    assert_true(puppet_take(p, FX_STORE, &first));
    assert_true(puppet_take(p, FX_STORE, &second));
    puppet_tick(p, 1000);
    assert_int_equal(p->said[MESSAGE_STORED], 0);
    puppet_stored(p, &second, ST_OK, &newer); /* out of order: only what is complete counts */
    assert_int_equal(p->stored->items, 0);
    puppet_stored(p, &first, ST_OK, &other);
    assert_int_equal(p->stored->items, 5);
    puppet_free(p);
}

static void missing_parents_are_asked_for(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_items(p, 1, 50);
    assert_true(puppet_take(p, FX_STORE, &r));
    puppet_stored(p, &r, ST_WAITING, &other);
    assert_int_equal(p->said[MESSAGE_STORED], 1);
    assert_int_equal(p->stored->items, 1); /* judged, and not among the heads */
    assert_int_equal(p->stored->id_count, 1);
    assert_int_equal(p->last->kind, MESSAGE_WANT);
    assert_int_equal(p->last->want.id_count, 1);
    assert_memory_equal(p->last->want.ids[0].id, other.id, OID_BYTES);
    puppet_free(p);
}

static void what_is_wanted_is_sent(void **state)
{
    (void)state;
    static struct message m;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    m.kind = MESSAGE_WANT;
    m.want.id_count = 2;
    m.want.ids[0] = root;
    m.want.ids[1] = other;
    puppet_say(p, &m);
    puppet_say(p, &m); /* one at a time */
    assert_true(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(r.load, CORE_LOAD_BY_ID);
    assert_int_equal(r.known_count, 2);
    assert_int_equal(p->request_count, 0);
    puppet_loaded(p, &r, 1, 100, 1, false, false);
    assert_int_equal(p->items_said, 1);
    puppet_free(p);
}

static void a_refused_item_ends_the_link(void **state)
{
    (void)state;
    static const enum status reasons[] = {ST_WRONG_ROOT, ST_BAD_SIGNATURE, ST_OVERDRAWN,
                                          ST_MALFORMED, ST_DISK_FULL};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        struct puppet_request r;
        struct puppet *p = puppet_active(&root, 1);
        puppet_say_items(p, 1, 50);
        assert_true(puppet_take(p, FX_STORE, &r));
        puppet_stored(p, &r, reasons[i], &other);
        assert_true(p->closed);
        assert_int_equal(p->reason, reasons[i]);
        assert_int_equal(p->said[MESSAGE_STORED], 0);
        assert_int_equal(p->last->bye.code, msg_bye_of(reasons[i]));
        struct core_peer peer;
        assert_true(core_peer(p->core, 0, &peer));
        assert_int_equal(peer.last_error, reasons[i]);
        puppet_free(p);
    }
}

/* The relay may not know that we have enough of a key: no blame, and it hears what we left. */
static void what_is_over_the_quota_ends_no_link(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_items(p, 2, 50);
    assert_true(puppet_take(p, FX_STORE, &r));
    puppet_stored(p, &r, ST_OVER_QUOTA, &other);
    assert_false(p->closed);
    assert_int_equal(p->said[MESSAGE_STORED], 1);
    assert_int_equal(p->stored->items, 2);
    assert_int_equal(p->stored->dropped_count, 2);
    puppet_free(p);
}

/* What a peer dropped is not sent again, until it wants something. */
static void what_was_dropped_there_is_left_alone(void **state)
{
    (void)state;
    static struct message m;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 2, 100, 10, false, false);
    m = (struct message){.kind = MESSAGE_STORED, .stored = {.items = 2, .id_count = 1}};
    m.stored.ids[0] = theirs;
    m.stored.dropped_count = 2;
    m.stored.dropped[0] = numbered(10);
    m.stored.dropped[1] = numbered(11);
    puppet_say(p, &m);
    puppet_tick(p, 2 * GOSSIP_MS);
    assert_true(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(r.known_count, 1 + 1 + 2); /* heads, base, what was dropped */
    puppet_loaded(p, &r, 0, 100, 10, false, false);
    assert_true(is_durable(p)); /* there is nothing more to be done for it */
    m = (struct message){.kind = MESSAGE_WANT, .want = {.id_count = 1}};
    m.want.ids[0] = numbered(11);
    puppet_say(p, &m);
    assert_true(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(r.load, CORE_LOAD_BY_ID);
    assert_true(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(r.known_count, 2);
    puppet_free(p);
}

static void more_than_the_window_ends_the_link(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(&root, 1);
    uint32_t sent = 0;
    while (!p->closed && sent < 2 * WINDOW_ITEMS) {
        puppet_say_items(p, BATCH_ITEMS_MAX, 20);
        sent += BATCH_ITEMS_MAX;
    }
    assert_int_equal(sent, WINDOW_ITEMS + BATCH_ITEMS_MAX);
    assert_int_equal(p->reason, ST_TOO_LARGE);
    puppet_free(p);
    p = puppet_active(&root, 1);
    for (sent = 0; !p->closed && sent < 100; sent++)
        puppet_say_items(p, 4, 60000);
    assert_int_equal(sent, WINDOW_BYTES / 240000 + 1);
    assert_int_equal(p->reason, ST_TOO_LARGE);
    puppet_free(p);
}

static void stored_of_what_was_never_sent_ends_the_link(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "alice", &root, 1);
    puppet_say_stored(p, 0, &root, 1);
    assert_false(p->closed);
    puppet_say_stored(p, 1, &root, 1);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_PROTOCOL);
    puppet_free(p);
}

static void heads_may_change_by_label(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, false, "bob", &theirs, 1);
    assert_int_equal(p->reason, ST_PROTOCOL); /* nothing to change yet */
    puppet_free(p);
    p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 1, 10, 9, false, false);
    puppet_say_stored(p, 1, &theirs, 1);
    assert_false(is_durable(p));
    puppet_say_heads(p, false, "alice", &root, 1);
    assert_true(is_durable(p));
    puppet_free(p);
}

static void too_many_heads_end_the_link(void **state)
{
    (void)state;
    static struct oid ids[HEADS_MAX];
    for (uint32_t i = 0; i < HEADS_MAX; i++) {
        ids[i].id[0] = (uint8_t)(i >> 8);
        ids[i].id[1] = (uint8_t)i;
    }
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", ids, HEADS_MAX);
    assert_false(p->closed);
    puppet_say_heads(p, false, "carol", ids, 1);
    assert_int_equal(p->reason, ST_TOO_LARGE);
    puppet_free(p);
}

static void differing_heads_are_told_again(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 0, 0, 0, false, false); /* it lacks nothing, we lack what it never sends */
    assert_true(is_durable(p));
    assert_int_equal(core_deadline_ms(p->core), p->now_ms + GOSSIP_MS);
    for (uint32_t i = 0; i < 5; i++) {
        puppet_tick(p, GOSSIP_MS);
        assert_int_equal(p->said[MESSAGE_HEADS], 2 + i);
        assert_true(puppet_take(p, FX_LOAD, &r));
        puppet_loaded(p, &r, 0, 0, 0, false, false);
    }
    puppet_free(p);
}

static void who_asks_is_told_what_changed(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "alice", &root, 1);
    commit(p, &newer, &root, p->link);
    puppet_heads(p, &newer, 1); /* bob's own commit: nothing has to be said */
    assert_int_equal(p->said[MESSAGE_HEADS], 1);
    puppet_say_heads(p, false, "alice", &newer, 1);
    assert_int_equal(p->said[MESSAGE_HEADS], 2);
    assert_false(p->heads->whole);
    assert_memory_equal(p->heads->ids[0].id, newer.id, OID_BYTES);
    puppet_say_heads(p, false, "alice", &newer, 1);
    assert_int_equal(p->said[MESSAGE_HEADS], 2); /* told already */
    puppet_free(p);
}

static void what_was_judged_and_lost_is_sent_again(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 2, 100, 10, false, false);
    puppet_say_stored(p, 2, &theirs, 1); /* they waited over there, and were dropped */
    puppet_tick(p, GOSSIP_MS);
    assert_true(puppet_take(p, FX_LOAD, &r));
    puppet_loaded(p, &r, 2, 100, 10, false, false);
    assert_int_equal(p->items_said, 4);
    puppet_free(p);
}

static void a_load_that_fails_ends_the_link(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(&root, 1);
    puppet_say_heads(p, true, "bob", &theirs, 1);
    assert_true(puppet_take(p, FX_LOAD, &r));
    struct core_event e = {.kind = CORE_LOADED, .request = r.request, .status = ST_CORRUPT};
    assert_int_equal(puppet_step(p, &e), ST_OK);
    assert_true(p->closed);
    assert_int_equal(p->last->bye.code, BYE_INTERNAL);
    puppet_free(p);
}

static void answers_nobody_waits_for_change_nothing(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(&root, 1);
    const struct puppet_request r = {.request = 4711, .count = 1};
    puppet_stored(p, &r, ST_WRONG_ROOT, &root);
    puppet_loaded(p, &r, 3, 10, 1, true, true);
    assert_false(p->closed);
    assert_int_equal(p->items_said + p->said[MESSAGE_STORED], 0);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_heads_need_nothing),
        cmocka_unit_test(a_peer_that_lacks_is_sent_batch_after_batch),
        cmocka_unit_test(what_is_under_way_is_not_loaded_twice),
        cmocka_unit_test(the_window_is_kept),
        cmocka_unit_test(the_window_is_kept_in_bytes),
        cmocka_unit_test(unknown_heads_wait_for_a_summary),
        cmocka_unit_test(unknown_heads_that_arrive_need_no_summary),
        cmocka_unit_test(more_that_never_follows_ends_with_their_heads),
        cmocka_unit_test(a_commit_is_pushed_where_its_parents_are),
        cmocka_unit_test(its_own_commit_is_not_sent_back),
        cmocka_unit_test(nothing_is_said_before_it_is_durable),
        cmocka_unit_test(missing_parents_are_asked_for),
        cmocka_unit_test(what_is_wanted_is_sent),
        cmocka_unit_test(a_refused_item_ends_the_link),
        cmocka_unit_test(what_is_over_the_quota_ends_no_link),
        cmocka_unit_test(what_was_dropped_there_is_left_alone),
        cmocka_unit_test(more_than_the_window_ends_the_link),
        cmocka_unit_test(stored_of_what_was_never_sent_ends_the_link),
        cmocka_unit_test(heads_may_change_by_label),
        cmocka_unit_test(too_many_heads_end_the_link),
        cmocka_unit_test(differing_heads_are_told_again),
        cmocka_unit_test(who_asks_is_told_what_changed),
        cmocka_unit_test(what_was_judged_and_lost_is_sent_again),
        cmocka_unit_test(a_load_that_fails_ends_the_link),
        cmocka_unit_test(answers_nobody_waits_for_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
