/*
 * Readiness, to whoever listens on $NOTIFY_SOCKET: a path or an abstract name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/logger.h"
#include "daemon/notify.h"

static int bound(const char *name, bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t bytes = strlen(name);
    memcpy(address.sun_path, name, bytes);
    if (abstract)
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes)),
                     0);
    return fd;
}

static void assert_hears(int fd, const char *text)
{
    char got[64];
    ssize_t bytes = recv(fd, got, sizeof got, MSG_DONTWAIT);
    assert_int_equal(bytes, strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void by_path(void **state)
{
    char folder[] = "/tmp/minga-notify-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    int fd = bound(path, false);
    setenv("NOTIFY_SOCKET", path, 1);
    notify_send("READY=1");
    notify_send("STOPPING=1");
    assert_hears(fd, "READY=1");
    assert_hears(fd, "STOPPING=1");
    close(fd);
    unlink(path);
    rmdir(folder);
}

static void by_abstract_name(void **state)
{
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "@minga-test-%ld", (long)getpid());
    int fd = bound(name, true);
    setenv("NOTIFY_SOCKET", name, 1);
    notify_send("READY=1");
    assert_hears(fd, "READY=1");
    close(fd);
}

static void nobody_listens(void **state)
{
    char name[256];
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    setenv("NOTIFY_SOCKET", "", 1);
    notify_send("READY=1");
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    setenv("NOTIFY_SOCKET", name, 1); /* longer than a name may be */
    notify_send("READY=1");
    logger_set_level(LOGGER_ERROR);
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    notify_send("READY=1"); /* a warning, no more */
    logger_set_level(LOGGER_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_path),
        cmocka_unit_test(by_abstract_name),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
