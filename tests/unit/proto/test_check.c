#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/check.h"

static void test_what_holds_passes_and_is_looked_at_once(void **state)
{
    (void)state;
    int looks = 0;
    CHECK(++looks == 1);
    assert_int_equal(looks, 1);
}

/* In a child: the check fails, says which, and aborts. */
static void test_what_does_not_hold_aborts_and_says_so(void **state)
{
    (void)state;
    int ends[2], how = 0;
    char said[512] = {0};
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    size_t count = 0;
    ssize_t got;
    while ((got = read(ends[0], said + count, sizeof said - 1 - count)) > 0)
        count += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), SIGABRT);
    assert_non_null(strstr(said, "event=check_failed"));
    assert_non_null(strstr(said, "test_check.c:"));
    assert_non_null(strstr(said, "1 + 1 == 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_holds_passes_and_is_looked_at_once),
        cmocka_unit_test(test_what_does_not_hold_aborts_and_says_so),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
