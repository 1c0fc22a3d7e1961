/* link: what one connection allows, and what it answers, phase by phase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "puppet.h"

static const struct oid some = {{1}};

static struct message *blank(enum message_kind kind)
{
    static struct message m;
    memset(&m, 0, sizeof(m));
    m.kind = kind;
    if (kind == MESSAGE_HELLO)
        m.hello.version = MESSAGE_VERSION;
    if (kind == MESSAGE_HEADS)
        m.heads.whole = true;
    if (kind == MESSAGE_WANT) {
        m.want.id_count = 1;
        m.want.ids[0] = some;
    }
    if (kind == MESSAGE_SEALED_WANT)
        m.sealed_want.wish_count = 1;
    if (kind == MESSAGE_PAIR_REQUEST)
        m.pair_request.key.id[0] = 1;
    if (kind == MESSAGE_PAIR_ACCEPT) {
        m.pair_accept.label = BYTES("bob");
        m.pair_accept.version_count = 1;
        m.pair_accept.versions[0] = BYTES("v1");
    }
    return &m;
}

static void assert_ended(const struct puppet *p, enum status reason, enum bye_code code)
{
    assert_true(p->closed);
    assert_int_equal(p->reason, reason);
    assert_int_equal(p->last->kind, MESSAGE_BYE);
    assert_int_equal(p->last->bye.code, code);
}

static void a_member_is_greeted_in_order(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_heads(p, &some, 1);
    assert_int_equal(p->said[MESSAGE_HELLO], 0); /* the dialler speaks first */
    puppet_hello(p);
    assert_int_equal(p->said[MESSAGE_HELLO], 1);
    assert_int_equal(p->said[MESSAGE_CHARTER], 0);
    puppet_say_charter(p, 1);
    assert_int_equal(p->said[MESSAGE_CHARTER], 2); /* its version; its motions, none */
    assert_int_equal(p->said[MESSAGE_HEADS], 1);
    assert_true(p->heads->whole);
    assert_int_equal(p->heads->id_count, 1);
    assert_memory_equal(p->heads->ids[0].id, some.id, OID_BYTES);
    struct core_peer peer;
    assert_true(core_peer(p->core, 0, &peer));
    assert_string_equal(peer.label, "bob");
    assert_int_equal(peer.state, CORE_LINK_ACTIVE);
    assert_false(core_peer(p->core, 1, &peer));
    puppet_free(p);
}

static void every_message_out_of_place_ends_the_link(void **state)
{
    (void)state;
    for (int phase = 0; phase < 3; phase++) {
        for (enum message_kind kind = MESSAGE_HELLO; kind < MESSAGE_KIND_END; kind++) {
            if (kind == MESSAGE_SEALED || kind == MESSAGE_SEALED_GONE)
                continue; /* what was not asked for: test_lanes.c */
            struct puppet *p = puppet_new();
            puppet_charter(p, 1, true, 0, ST_OK);
            if (phase > 0)
                puppet_hello(p);
            if (phase > 1)
                puppet_say_charter(p, 1);
            bool pairing = kind == MESSAGE_PAIR_REQUEST || kind == MESSAGE_PAIR_ACCEPT;
            bool allowed = phase == 0   ? kind == MESSAGE_HELLO || kind == MESSAGE_BYE
                           : phase == 1 ? kind == MESSAGE_CHARTER || kind == MESSAGE_PING ||
                                              kind == MESSAGE_PONG || kind == MESSAGE_BYE
                                        : kind != MESSAGE_HELLO && !pairing;
            struct message *m = blank(kind);
            if (kind == MESSAGE_CHARTER) {
                m->charter.version = 1;
                m->charter.hash.id[0] = 1;
            }
            puppet_say(p, m);
            if (allowed)
                assert_int_equal(p->closed, kind == MESSAGE_BYE);
            else
                assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
            puppet_free(p);
        }
    }
}

static void another_version_is_refused(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    puppet_charter(p, 1, true, 0, ST_OK);
    struct message *m = blank(MESSAGE_HELLO);
    m->hello.version = MESSAGE_VERSION + 1;
    puppet_say(p, m);
    assert_ended(p, ST_PROTOCOL, BYE_VERSION);
    puppet_free(p);
}

static void who_is_no_member_hears_the_version_alone(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    puppet_charter(p, 3, false, 0, ST_OK);
    puppet_heads(p, &some, 1);
    puppet_hello(p);
    puppet_say_charter(p, 1);
    assert_ended(p, ST_NOT_MEMBER, BYE_NOT_MEMBER);
    assert_int_equal(p->said[MESSAGE_CHARTER], 1);
    assert_int_equal(p->charter_version, 3);
    assert_int_equal(p->charter_files, 0);
    assert_int_equal(p->said[MESSAGE_HEADS], 0);
    puppet_free(p);
}

static void another_charter_of_one_version_is_an_alarm(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    puppet_charter(p, 2, true, 0, ST_OK);
    puppet_hello(p);
    struct message *m = blank(MESSAGE_CHARTER);
    m->charter.version = 2;
    m->charter.hash.id[0] = 99;
    puppet_say(p, m);
    assert_false(p->closed); /* it gets ours, as proof, and may give its own */
    assert_int_equal(p->charter_files, 2);
    m = blank(MESSAGE_CHARTER);
    m->charter.version = 2;
    m->charter.hash.id[0] = 99;
    puppet_say(p, m);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_WRONG_CHARTER);
    puppet_free(p);
}

static void say_versions_from(struct puppet *p, uint32_t from, uint32_t to, bool more)
{
    static char texts[64][16];
    struct message *m = blank(MESSAGE_CHARTER);
    m->charter.version = 5;
    m->charter.hash.id[0] = 5;
    m->charter.more = more;
    for (uint32_t v = from; v <= to; v++) {
        snprintf(texts[v], sizeof(texts[v]), "v%u", v);
        assert_true(msg_charter_add(&m->charter, bytes_of_text(texts[v])));
    }
    puppet_say(p, m);
}

static void a_newer_charter_is_taken_before_the_verdict(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    struct puppet_request r;
    puppet_charter(p, 2, false, 0, ST_OK);
    puppet_heads(p, &some, 1);
    puppet_hello(p);
    puppet_say_charter(p, 5);
    assert_int_equal(p->said[MESSAGE_CHARTER], 1); /* the number and the hash of ours */
    assert_int_equal(p->last->charter.version, 2);
    assert_int_equal(p->last->charter.version_count, 0);
    say_versions_from(p, 3, 4, true);
    assert_true(puppet_take(p, FX_CHARTER, &r));
    assert_int_equal(r.count, 2);
    say_versions_from(p, 5, 5, false);          /* not read before the first was judged */
    puppet_say_heads(p, true, "bob", &some, 1); /* nor this */
    assert_int_equal(p->request_count, 0);
    puppet_charter(p, 4, false, r.request, ST_OK);
    assert_true(puppet_take(p, FX_CHARTER, &r));
    assert_int_equal(r.count, 1);
    assert_int_equal(p->said[MESSAGE_HEADS], 0);
    puppet_charter(p, 5, true, r.request, ST_OK);
    assert_int_equal(p->said[MESSAGE_HEADS], 1);
    assert_false(p->closed);
    puppet_free(p);
}

static void a_charter_that_leads_nowhere_is_refused(void **state)
{
    (void)state;
    for (int story = 0; story < 3; story++) {
        struct puppet *p = puppet_new();
        struct puppet_request r;
        puppet_charter(p, 2, true, 0, ST_OK);
        puppet_hello(p);
        puppet_say_charter(p, 5);
        say_versions_from(p, 3, 5, false);
        assert_true(puppet_take(p, FX_CHARTER, &r));
        if (story == 0) {
            puppet_charter(p, 2, true, r.request, ST_WRONG_CHARTER);
            assert_false(
                p->closed); /* it gets all of ours, as proof, and may give all of its own */
            assert_int_equal(p->charter_files, 2);
            say_versions_from(p, 3, 5, false);
            assert_true(puppet_take(p, FX_CHARTER, &r));
            puppet_charter(p, 2, true, r.request, ST_WRONG_CHARTER);
        } else if (story == 1)
            puppet_charter(p, 4, true, r.request, ST_OK); /* less than what was promised */
        else
            puppet_charter(p, 5, false, r.request, ST_OK); /* and it is no member in it */
        assert_true(p->closed);
        assert_int_equal(p->reason, story < 2 ? ST_WRONG_CHARTER : ST_NOT_MEMBER);
        assert_int_equal(p->said[MESSAGE_HEADS], 0);
        puppet_free(p);
    }
}

static void a_peer_behind_is_given_what_it_lacks(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    puppet_charter(p, 4, true, 0, ST_OK);
    puppet_hello(p);
    puppet_say_charter(p, 1);
    assert_int_equal(p->charter_files, 3);
    assert_int_equal(p->said[MESSAGE_CHARTER], 2);
    assert_int_equal(p->said[MESSAGE_HEADS], 1);
    puppet_charter(p, 6, true, 0, ST_OK); /* it grows while the link is open */
    assert_int_equal(p->last->kind, MESSAGE_CHARTER);
    assert_int_equal(p->last->charter.version, 6);
    assert_int_equal(p->last->charter.version_count, 2);
    puppet_charter(p, 7, false, 0, ST_OK); /* and loses bob */
    assert_int_equal(p->charter_files, 6);
    assert_ended(p, ST_RETIRED, BYE_RETIRED);
    puppet_free(p);
}

static void pings_are_answered_and_asked(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(NULL, 0);
    struct message *m = blank(MESSAGE_PING);
    m->ping.nonce = 42;
    puppet_say(p, m);
    assert_int_equal(p->last->kind, MESSAGE_PONG);
    assert_true(p->last->pong.nonce == 42);
    puppet_say_heads(p, true, "bob", NULL, 0);
    assert_true(core_deadline_ms(p->core) <= p->now_ms + PING_MS);
    puppet_tick(p, PING_MS - 1);
    assert_int_equal(p->said[MESSAGE_PING], 0);
    puppet_tick(p, 1);
    assert_int_equal(p->said[MESSAGE_PING], 1);
    puppet_tick(p, STALL_MS - PING_MS - 1);
    assert_false(p->closed);
    puppet_tick(p, 1);
    assert_ended(p, ST_STALLED, BYE_STALLED);
    puppet_free(p);
}

static void a_handshake_has_its_time(void **state)
{
    (void)state;
    struct puppet *p = puppet_new();
    puppet_charter(p, 1, true, 0, ST_OK);
    p->link = 0x80000010u;
    struct core_event e = {.kind = CORE_ACCEPTED, .link = p->link, .text = "192.0.2.2"};
    assert_int_equal(puppet_step(p, &e), ST_OK);
    puppet_tick(p, HANDSHAKE_MS - 1);
    assert_false(p->closed);
    puppet_tick(p, 1);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_STALLED);
    puppet_free(p);
}

static void messages_that_are_none_end_the_link(void **state)
{
    (void)state;
    static const uint8_t junk[] = {0x92, 0x01};
    static const uint8_t unknown_kind[] = {0x92, 0x11, 0x00};
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_raw(p, (struct bytes){junk, sizeof(junk)});
    assert_ended(p, ST_MALFORMED, BYE_MALFORMED);
    puppet_free(p);
    p = puppet_active(NULL, 0);
    puppet_say_raw(p, (struct bytes){unknown_kind, sizeof(unknown_kind)});
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    puppet_free(p);
}

static void flipped_bytes_on_the_wire_end_the_link(void **state)
{
    (void)state;
    struct buf raw = {0}, wire = {0};
    struct puppet *p = puppet_active(NULL, 0);
    message_encode(blank(MESSAGE_PING), &raw);
    assert_int_equal(channel_send(p->channel, buf_bytes(&raw), &wire), ST_OK);
    wire.data[wire.count - 1] ^= 1;
    puppet_wire(p, buf_bytes(&wire));
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_BAD_MAC);
    buf_release(&raw);
    buf_release(&wire);
    puppet_free(p);
}

static void a_bye_is_believed(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(NULL, 0);
    struct message *m = blank(MESSAGE_BYE);
    m->bye.code = BYE_REFUSED;
    puppet_say(p, m);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_WRONG_ROOT);
    assert_int_equal(p->said[MESSAGE_BYE], 0); /* not answered by another */
    puppet_free(p);
}

/* A great many small messages in few bytes: they are read in turns, and not for ever. */
static void a_flood_of_small_messages_is_cut_off(void **state)
{
    (void)state;
    struct buf raw = {0}, wire = {0};
    struct puppet *p = puppet_active(NULL, 0);
    message_encode(blank(MESSAGE_PONG), &raw);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(channel_send(p->channel, buf_bytes(&raw), &wire), ST_OK);
    puppet_wire(p, buf_bytes(&wire));
    assert_false(p->closed);
    assert_true(core_deadline_ms(p->core) == p->now_ms); /* more to do at once */
    for (int i = 0; i < 200 && !p->closed; i++)
        puppet_tick(p, 0);
    assert_ended(p, ST_TOO_LARGE, BYE_LIMIT);
    buf_release(&raw);
    buf_release(&wire);
    puppet_free(p);
}

static void what_was_said_before_the_end_counts(void **state)
{
    (void)state;
    struct buf raw = {0}, wire = {0};
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    struct message *m = blank(MESSAGE_ITEM);
    m->item.item_count = 1;
    m->item.items[0] = BYTES("a commit");
    message_encode(m, &raw);
    assert_int_equal(channel_send(p->channel, buf_bytes(&raw), &wire), ST_OK);
    assert_int_equal(channel_close(p->channel, &wire), ST_OK);
    puppet_wire(p, buf_bytes(&wire));
    assert_true(puppet_take(p, FX_STORE, &r));
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_CLOSED);
    puppet_stored(p, &r, ST_OK, &some); /* nobody waits for it any more */
    assert_int_equal(p->said[MESSAGE_STORED], 0);
    buf_release(&raw);
    buf_release(&wire);
    puppet_free(p);
}

/* Alice's charter 4, in which bob is retired. */
static struct puppet *retired_bob(void)
{
    struct puppet *p = puppet_new();
    p->retired = &p->keys[1];
    p->retired_count = 1;
    puppet_charter(p, 4, false, 0, ST_OK);
    puppet_heads(p, &some, 1);
    puppet_hello(p);
    return p;
}

static void a_retired_key_gets_charters_and_an_end(void **state)
{
    (void)state;
    const struct bytes motions[1] = {BYTES("a motion")};
    struct puppet *p = retired_bob();
    p->motions = motions;
    p->motion_count = 1;
    puppet_charter(p, 4, false, 0, ST_OK);
    puppet_say_charter(p, 1);
    assert_ended(p, ST_RETIRED, BYE_RETIRED);
    assert_int_equal(p->charter_files, 3);
    assert_int_equal(p->charter_version, 4);
    assert_int_equal(p->motions_said, 0);
    assert_int_equal(p->said[MESSAGE_HEADS], 0);
    puppet_free(p);
    p = retired_bob();
    puppet_say_charter(p, 4); /* it has them all */
    assert_ended(p, ST_RETIRED, BYE_RETIRED);
    assert_int_equal(p->charter_files, 0);
    assert_int_equal(p->said[MESSAGE_CHARTER], 1);
    puppet_free(p);
}

static void who_goes_on_talking_once_retired_is_not_heard(void **state)
{
    (void)state;
    static const enum message_kind kinds[] = {MESSAGE_HEADS,       MESSAGE_ITEM, MESSAGE_WANT,
                                              MESSAGE_SEALED_WANT, MESSAGE_KEPT, MESSAGE_STORED};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct puppet_request r;
        struct puppet *p = puppet_active(&some, 1);
        while (puppet_take(p, FX_LOAD, &r) || puppet_take(p, FX_GIVE, &r))
            ;
        p->retired = &p->keys[1];
        p->retired_count = 1;
        puppet_charter(p, 2, false, 0, ST_OK); /* on the open link */
        assert_ended(p, ST_RETIRED, BYE_RETIRED);
        uint32_t files = p->charter_files;
        assert_int_equal(files, 1); /* the proof of it */
        if (kinds[i] == MESSAGE_ITEM)
            puppet_say_items(p, 3, 100);
        else
            puppet_say(p, blank(kinds[i]));
        assert_false(puppet_take(p, FX_STORE, &r));
        assert_false(puppet_take(p, FX_LOAD, &r));
        assert_false(puppet_take(p, FX_GIVE, &r));
        puppet_free(p);
    }
}

static void before_the_verdict_a_retired_key_says_nothing_else(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = retired_bob();
    puppet_say_heads(p, true, "bob", &some, 1);
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    assert_false(puppet_take(p, FX_LOAD, &r));
    assert_int_equal(p->said[MESSAGE_CHARTER], 0);
    puppet_free(p);
}

static void a_former_member_tells_what_it_has_and_goes(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(); /* alice knows that she herself is out; bob does not yet */
    p->retired = &p->keys[0];
    p->retired_count = 1;
    puppet_charter(p, 4, true, 0, ST_OK);
    puppet_hello(p);
    puppet_say_charter(p, 2);
    assert_ended(p, ST_RETIRED, BYE_DONE);
    assert_int_equal(p->charter_files, 2);
    assert_int_equal(p->said[MESSAGE_HEADS], 0);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_is_greeted_in_order),
        cmocka_unit_test(every_message_out_of_place_ends_the_link),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(who_is_no_member_hears_the_version_alone),
        cmocka_unit_test(another_charter_of_one_version_is_an_alarm),
        cmocka_unit_test(a_newer_charter_is_taken_before_the_verdict),
        cmocka_unit_test(a_charter_that_leads_nowhere_is_refused),
        cmocka_unit_test(a_peer_behind_is_given_what_it_lacks),
        cmocka_unit_test(pings_are_answered_and_asked),
        cmocka_unit_test(a_handshake_has_its_time),
        cmocka_unit_test(messages_that_are_none_end_the_link),
        cmocka_unit_test(flipped_bytes_on_the_wire_end_the_link),
        cmocka_unit_test(a_bye_is_believed),
        cmocka_unit_test(a_flood_of_small_messages_is_cut_off),
        cmocka_unit_test(what_was_said_before_the_end_counts),
        cmocka_unit_test(a_retired_key_gets_charters_and_an_end),
        cmocka_unit_test(who_goes_on_talking_once_retired_is_not_heard),
        cmocka_unit_test(before_the_verdict_a_retired_key_says_nothing_else),
        cmocka_unit_test(a_former_member_tells_what_it_has_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
