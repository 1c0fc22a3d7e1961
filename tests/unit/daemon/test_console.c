/*
 * The control socket: requests in, rows out, for one user, whatever is sent.
 */
#include "tests/unit/daemon/running.h"

#include <sys/stat.h>

enum { CROWD = 100, PIPELINED = 50 };

static void its_rights(void **state)
{
    struct running *r = *state;
    struct stat about;
    assert_int_equal(stat(r->socket_path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void a_verb_about_records(void **state)
{
    struct running *r = *state;
    struct caller c;
    assert_true(caller_open(&c, r));
    if (caller_ask(&c, "add", "case", "a=one") != 0)
        fail_msg("%s", c.text);
    assert_int_equal(json_array_size(c.rows), 1);
    assert_int_equal(caller_ask(&c, "list", "case", NULL), 0);
    assert_int_equal(json_array_size(c.rows), 1);
    assert_int_equal(caller_ask(&c, "log", NULL, NULL), 0);
    assert_true(json_array_size(c.rows) >= 3);
    char *log = json_dumps(c.rows, 0);
    assert_non_null(strstr(log, "@santiago")); /* whoever owns the other end is the author */
    free(log);
    caller_close(&c);
}

static void what_is_wrong_is_said(void **state)
{
    struct running *r = *state;
    struct caller c;
    assert_true(caller_open(&c, r));
    assert_int_not_equal(caller_ask(&c, "add", "boat", "a=one"), 0);
    assert_string_equal(c.code, "not-schema");
    assert_non_null(strstr(c.text, "boat"));
    assert_int_not_equal(caller_ask(&c, "dance", NULL, NULL), 0);
    assert_string_equal(c.code, "usage");
    assert_true(c.fix[0] != '\0');
    assert_int_not_equal(caller_ask(&c, "sync", "nowhere", NULL), 0);
    assert_string_equal(c.code, "not-found");
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0); /* and it goes on */
    caller_close(&c);
}

static void garbage_ends_the_connection_only(void **state)
{
    struct running *r = *state;
    struct caller c;
    enum control_kind kind;
    static const uint8_t huge[4] = {0x7f, 0xff, 0xff, 0xff}, small[] = {0, 0, 0, 3, 'a', 'b', 'c'};
    struct bytes parts[] = {{huge, sizeof huge}, {small, sizeof small}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(caller_open(&c, r));
        caller_put(&c, parts[i]);
        while (caller_next(&c, &kind))
            assert_int_equal(kind, CONTROL_END);
        caller_close(&c);
    }
    assert_true(caller_open(&c, r));
    caller_put(&c, BYTES("\0\0")); /* half a length, and gone */
    caller_close(&c);
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
    caller_close(&c);
}

static void requests_in_a_row_are_answered_in_order(void **state)
{
    struct running *r = *state;
    struct caller c;
    enum control_kind kind;
    assert_true(caller_open(&c, r));
    for (int i = 0; i < PIPELINED; i++)
        caller_say(&c, i % 2 == 0 ? "status" : "dance", NULL, NULL);
    for (int i = 0; i < PIPELINED; i++) {
        do
            assert_true(caller_next(&c, &kind));
        while (kind != CONTROL_END);
        assert_string_equal(c.code, i % 2 == 0 ? "ok" : "usage");
    }
    caller_close(&c);
}

/* More than it takes at once: who waits is served when others leave. */
static void a_crowd(void **state)
{
    struct running *r = *state;
    static struct caller crowd[CROWD];
    struct caller c;
    int open = 0;
    while (open < 80 && caller_open(&crowd[open], r))
        open++;
    assert_true(open > 64);
    for (int i = 0; i < open; i++)
        caller_close(&crowd[i]);
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
    caller_close(&c);
}

static void who_leaves_before_the_answer(void **state)
{
    struct running *r = *state;
    struct caller c;
    for (int i = 0; i < 20; i++) {
        assert_true(caller_open(&c, r));
        caller_say(&c, "status", NULL, NULL);
        caller_close(&c);
    }
    assert_true(caller_open(&c, r));
    assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
    caller_close(&c);
}

static void who_watches_sees_commits(void **state)
{
    struct running *r = *state;
    struct caller watcher, writer;
    enum control_kind kind;
    assert_true(caller_open(&watcher, r));
    assert_true(caller_open(&writer, r));
    caller_say(&watcher, "watch", NULL, NULL);
    assert_true(caller_next(&watcher, &kind));
    assert_string_equal(json_string_value(caller_row(&watcher, 0, "event")), "watching");
    assert_int_equal(caller_ask(&writer, "add", "case", "a=one"), 0);
    do
        assert_true(caller_next(&watcher, &kind));
    while (
        strcmp(json_string_value(caller_row(&watcher, json_array_size(watcher.rows) - 1, "event")),
               "commit") != 0);
    assert_string_equal(
        json_string_value(caller_row(&watcher, json_array_size(watcher.rows) - 1, "office")),
        "santiago");
    caller_close(&watcher);
    caller_close(&writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, running_begin, running_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_rights),
        TEST(a_verb_about_records),
        TEST(what_is_wrong_is_said),
        TEST(garbage_ends_the_connection_only),
        TEST(requests_in_a_row_are_answered_in_order),
        TEST(a_crowd),
        TEST(who_leaves_before_the_answer),
        TEST(who_watches_sees_commits),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
