/*
 * One running daemon: begun, told to reload, stopped, and what it refuses to begin on.
 */
#include "tests/unit/daemon/running.h"

static void it_stops_cleanly(void **state)
{
    struct running *r = *state;
    struct caller c;
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "add", "case", "a=one"), 0);
    caller_close(&c);
    running_stop(r);
    if (r->ended != ST_OK)
        fail_msg("%s", r->fault.text);
    assert_false(caller_open(&c, r)); /* the socket is gone, or nobody there */
    caller_close(&c);
    home_open(&r->homes->a);
    assert_int_equal(graph_count(replica_graph(r->homes->a.replica)), 3);
    assert_false(replica_wants_checkpoint(r->homes->a.replica, true)); /* a last one was made */
}

static void a_second_one_is_refused(void **state)
{
    struct running *r = *state;
    struct fault f = {0};
    struct caller c;
    char other[128];
    snprintf(other, sizeof other, "%s.other", r->socket_path);
    struct server_options o = {.home = r->homes->a.home, .socket_path = other};
    assert_int_equal(server_run(&o, &f), ST_LOCKED);
    assert_non_null(strstr(f.text, "in use by process"));
    assert_true(f.fix[0] != '\0');
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
    caller_close(&c);
}

static void a_broken_configuration(void **state)
{
    struct running *r = *state;
    struct caller c;
    struct fault f = {0};
    assert_true(caller_open(&c, r));
    running_config(r, "[office]\nlisten = 127.0.0.1:0\n[gossip]\nlimks = 3\n");
    assert_int_not_equal(caller_ask(&c, "reload", NULL, NULL), 0);
    assert_string_equal(c.code, "bad-config");
    assert_non_null(strstr(c.text, "line 4: gossip.limks"));
    assert_non_null(strstr(c.fix, "did you mean gossip.links?"));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0); /* by the old one */
    running_stop(r);
    caller_close(&c);
    struct server_options o = {.home = r->homes->a.home, .socket_path = r->socket_path};
    assert_int_equal(server_run(&o, &f), ST_BAD_CONFIG);
    running_config(r, "[office]\nlisten = 127.0.0.1:0\n[log]\nlevel = error\n");
}

static void no_home(void **state)
{
    struct running *r = *state;
    struct fault f = {0};
    struct server_options o = {.home = r->homes->a.folder, .socket_path = "/tmp/x"};
    assert_int_equal(server_run(&o, &f), ST_NO_REPLICA);
    assert_non_null(strstr(f.fix, "minga init"));
}

static void an_address_that_is_taken(void **state)
{
    struct running *r = *state;
    struct caller c;
    struct fault f = {0};
    char text[128], other[128];
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
    snprintf(text, sizeof text, "[office]\nlisten = %s\n[log]\nlevel = error\n",
             json_string_value(caller_row(&c, 0, "listen")));
    caller_close(&c);
    snprintf(other, sizeof other, "%s/config", r->homes->b.home);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    replica_drop(r->homes->b.replica);
    r->homes->b.replica = NULL;
    snprintf(other, sizeof other, "%s/socket", r->homes->b.folder);
    struct server_options o = {.home = r->homes->b.home, .socket_path = other};
    assert_int_equal(server_run(&o, &f), ST_USAGE);
    assert_non_null(strstr(f.text, "cannot listen on"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, running_begin, running_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_stops_cleanly), TEST(a_second_one_is_refused),  TEST(a_broken_configuration),
        TEST(no_home),          TEST(an_address_that_is_taken),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
