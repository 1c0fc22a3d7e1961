#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/confine.h"

#ifdef MINGA_UNCONFINED
enum { REFUSED_FILE = 0, REFUSED_CALL = 0 };
#else
enum { REFUSED_FILE = EACCES, REFUSED_CALL = EPERM };
#endif

static char folder[] = "/tmp/minga-confine.XXXXXX";
static char home[64], outside[64];

/* What a confined process is told when it tries: errno, 0 where it may. */
static int told(long code)
{
    return code < 0 ? errno : 0;
}

static int try_create(const char *name)
{
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    int error = told(fd);
    if (fd >= 0)
        close(fd);
    return error;
}

static int try_socket(int family, int type)
{
    int fd = socket(family, type, 0);
    int error = told(fd);
    if (fd >= 0)
        close(fd);
    return error;
}

static int try_map(int protection)
{
    void *at = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = at == MAP_FAILED ? errno : 0;
    if (at != MAP_FAILED)
        munmap(at, 4096);
    return error;
}

static int try_run_memory(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = told(mprotect(at, 4096, PROT_READ | PROT_EXEC));
    munmap(at, 4096);
    return error;
}

static int try_fork(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 ? errno : waitpid(child, NULL, 0) == child ? 0 : errno;
}

static void *nothing(void *user)
{
    return user;
}

static int try_thread(void)
{
    pthread_t thread;
    int code = pthread_create(&thread, NULL, nothing, NULL);
    return code != 0 ? code : pthread_join(thread, NULL);
}

static int try_name(void)
{
    struct addrinfo *found = NULL;
    int code = getaddrinfo("localhost", "7717", NULL, &found);
    if (code == 0)
        freeaddrinfo(found);
    return code;
}

static int try_rename(void)
{
    char from[96], to[96];
    snprintf(from, sizeof from, "%s/one", home);
    snprintf(to, sizeof to, "%s/in/one", home);
    int error = try_create(from);
    return error != 0 ? error : told(rename(from, to));
}

/* In a process of its own, as there is no way back; its exit code is the number of the first
 * question whose answer is another one. */
static int confined_process(void)
{
    struct fault f = {0};
    char socket_path[96], name[96];
    snprintf(socket_path, sizeof socket_path, "%s/control.sock", home);
    snprintf(name, sizeof name, "%s/file", outside);
    if (confine_process(home, socket_path, &f) != ST_OK)
        return 1;
    const struct {
        int is, expected;
    } answers[] = {
        {try_create(name), REFUSED_FILE},
        {told(rmdir(outside)), REFUSED_FILE == 0 ? ENOTEMPTY : REFUSED_FILE},
        {told(execl("/nowhere/sh", "sh", NULL)), REFUSED_CALL == 0 ? ENOENT : REFUSED_CALL},
        {try_fork(), REFUSED_CALL},
        {told(ptrace(PTRACE_TRACEME, 0, NULL, NULL)), REFUSED_CALL},
        {try_map(PROT_WRITE | PROT_EXEC), REFUSED_CALL},
        {try_run_memory(), REFUSED_CALL},
        {told(memfd_create("code", 0)), REFUSED_CALL},
        {try_socket(AF_PACKET, SOCK_RAW), REFUSED_CALL},
        {told(syscall(SYS_socket, (INT64_C(1) << 32) | AF_PACKET, SOCK_RAW, 0)), REFUSED_CALL},
        /* and what it goes on with */
        {try_map(PROT_READ | PROT_WRITE), 0},
        {try_thread(), 0},
        {try_name(), 0},
        {try_socket(AF_INET, SOCK_STREAM), 0},
        {try_socket(AF_UNIX, SOCK_STREAM), 0},
        {try_rename(), 0},
    };
    for (int i = 0; i < (int)(sizeof answers / sizeof *answers); i++)
        if (answers[i].is != answers[i].expected)
            return 10 + i;
    return 0;
}

static void gives_up_what_it_never_needs(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(confined_process());
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int make(void **state)
{
    char in[96];
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(home, sizeof home, "%s/home", folder);
    snprintf(outside, sizeof outside, "%s/outside", folder);
    snprintf(in, sizeof in, "%s/in", home);
    return mkdir(home, 0700) == 0 && mkdir(in, 0700) == 0 && mkdir(outside, 0700) == 0 ? 0 : -1;
}

static int clear(void **state)
{
    static const char *const names[] = {"/home/in/one",  "/home/in", "/home",
                                        "/outside/file", "/outside", ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s%s", folder, names[i]);
        remove(name);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_up_what_it_never_needs, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
