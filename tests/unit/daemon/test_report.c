/*
 * What status, peer and sync print, of a server whose only peer cannot be reached.
 */
#include "tests/unit/daemon/running.h"

static void status(void **state)
{
    struct running *r = *state;
    struct caller c;
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
    assert_int_equal(json_array_size(c.rows), 1);
    assert_string_equal(json_string_value(caller_row(&c, 0, "network")), "prueba");
    assert_string_equal(json_string_value(caller_row(&c, 0, "office")), "santiago");
    assert_memory_equal(json_string_value(caller_row(&c, 0, "listen")), "127.0.0.1:", 10);
    json_t *members = caller_row(&c, 0, "members");
    assert_int_equal(json_array_size(members), 2);
    json_t *iquique = json_array_get(members, 0), *self = json_array_get(members, 1);
    assert_string_equal(json_string_value(json_object_get(iquique, "label")), "iquique");
    assert_string_equal(json_string_value(json_object_get(iquique, "role")), "office");
    assert_true(json_is_null(json_object_get(iquique, "last_contact")));
    assert_true(json_is_false(json_object_get(iquique, "up_to_date")));
    assert_string_equal(json_string_value(json_object_get(self, "link")), "self");
    assert_true(json_is_true(json_object_get(self, "up_to_date")));
    assert_int_equal(json_integer_value(json_object_get(self, "seq")), 2);
    assert_true(json_is_array(caller_row(&c, 0, "health")));
    caller_close(&c);
}

static void peers(void **state)
{
    struct running *r = *state;
    struct caller c;
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "peer", NULL, NULL), 0);
    assert_int_equal(json_array_size(c.rows), 1);
    assert_string_equal(json_string_value(caller_row(&c, 0, "label")), "iquique");
    assert_string_equal(json_string_value(caller_row(&c, 0, "state")), "none");
    assert_int_equal(json_integer_value(caller_row(&c, 0, "bytes_in")), 0);
    assert_true(json_is_null(caller_row(&c, 0, "last_error")));
    caller_close(&c);
}

/* A peer whose address nobody answers at: told by peer, by sync and in status. */
static void a_peer_that_is_away(void **state)
{
    struct running *r = *state;
    struct caller c;
    assert_true(caller_open(&c, r));
    if (caller_ask(&c, "peer", "add", "iquique=127.0.0.1:1") != 0)
        fail_msg("%s", c.text);
    assert_int_not_equal(caller_ask(&c, "sync", NULL, NULL), 0);
    assert_string_equal(c.code, "unreachable");
    json_t *failed = caller_row(&c, 0, "failed");
    assert_int_equal(json_array_size(failed), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(failed, 0), "label")),
                        "iquique");
    assert_int_equal(json_array_size(caller_row(&c, 0, "synced")), 0);
    assert_int_equal(caller_ask(&c, "peer", NULL, NULL), 0);
    assert_string_equal(json_string_value(caller_row(&c, 0, "address")), "127.0.0.1:1");
    assert_true(json_is_string(caller_row(&c, 0, "last_error")));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
    char *health = json_dumps(caller_row(&c, 0, "health"), 0);
    assert_non_null(strstr(health, "iquique cannot be reached"));
    free(health);
    assert_int_equal(caller_ask(&c, "peer", "remove", "iquique"), 0);
    assert_int_not_equal(caller_ask(&c, "peer", "add", "iquique"), 0);
    assert_string_equal(c.code, "usage");
    caller_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, running_begin, running_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(status),
        TEST(peers),
        TEST(a_peer_that_is_away),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
