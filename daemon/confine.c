#include "daemon/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "replicas/home.h"

#ifdef MINGA_UNCONFINED
enum { CONFINED = false };
#else
enum { CONFINED = true };
#endif

/* ---- files ---- */

enum {
    REFER_SINCE = 2, /* Landlock's version that allows renaming from one folder to another */
    READS = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITES = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
             LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER,
    NEVER = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
            LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK,
};

/* What the names of other machines are looked up in, and what the C library reads. */
static const char *const read_beneath[] = {"/etc", "/usr", "/lib",       "/lib64",
                                           "/run", "/dev", "/proc/self", "/sys/devices/system/cpu"};

static enum status refused(struct fault *f, const char *what)
{
    fault_set(f, ST_IO, "the daemon cannot confine itself: %s: %s", what, strerror(errno));
    fault_fix(f, "see what restricts this process beside itself (its unit, its container)");
    return ST_IO;
}

/* A folder that is not there needs no rule: nothing can be read of it. */
static enum status allow(int rules, const char *folder, uint64_t access, struct fault *f)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = access};
    beneath.parent_fd = open(folder, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0)
        return ST_OK;
    long code = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0u);
    close(beneath.parent_fd);
    return code == 0 ? ST_OK : refused(f, folder);
}

static enum status allow_socket(int rules, const char *socket_path, struct fault *f)
{
    char path[HOME_PATH_MAX];
    snprintf(path, sizeof path, "%s", socket_path);
    const char *folder = dirname(path);
    if (access(folder, F_OK) != 0)
        folder = dirname(path);
    return allow(rules, folder, READS | WRITES, f);
}

static enum status confine_files(const char *home, const char *socket_path, struct fault *f)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = READS | WRITES | NEVER};
    if (syscall(SYS_landlock_create_ruleset, NULL, 0u, LANDLOCK_CREATE_RULESET_VERSION) <
        REFER_SINCE)
        return ST_OK; /* a kernel without it */
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0u);
    if (rules < 0)
        return refused(f, "a set of rules");
    enum status st = allow(rules, home, READS | WRITES, f);
    if (st == ST_OK)
        st = allow_socket(rules, socket_path, f);
    for (size_t i = 0; st == ST_OK && i < sizeof read_beneath / sizeof *read_beneath; i++)
        st = allow(rules, read_beneath[i], READS, f);
    if (st == ST_OK && syscall(SYS_landlock_restrict_self, rules, 0u) != 0)
        st = refused(f, "its files");
    close(rules);
    return st;
}

/* ---- system calls ---- */

/* By name, as a kernel or a library may not know one. */
static const char *const never_called[] = {
    /* other programs and other processes */
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "pidfd_getfd", "kcmp", "setns", "unshare", "personality",
    /* who and where it is */
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "chroot",
    "pivot_root", "mount", "umount2", "fsopen", "fsmount", "move_mount", "open_tree", "chown",
    "lchown", "fchownat", "mknod", "mknodat", "truncate",
    /* the machine */
    "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "swapon", "swapoff", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
    "sethostname", "setdomainname", "iopl", "ioperm", "syslog", "acct", "quotactl",
    /* doors that were found open before */
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "memfd_create", "memfd_secret",
    "open_by_handle_at", "name_to_handle_at", "fanotify_init", "lookup_dcookie", "vmsplice"};

/* Where 'name' is called with an argument that fits. */
static int refuse_where(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp compare)
{
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(name),
                                  1, &compare);
}

/* Memory that is written and run; sockets of any kind but those of the network and of paths, by the
 * 32 bits of it that the kernel looks at; new processes, which are threads that share no memory. */
static int refuse_by_argument(scmp_filter_ctx filter)
{
    enum { THREAD = 0x00010000 }; /* CLONE_THREAD */
    int code = refuse_where(filter, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (code == 0)
        code = refuse_where(filter, "pkey_mprotect",
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (code == 0)
        code = refuse_where(
            filter, "mmap",
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC));
    if (code == 0)
        code = refuse_where(filter, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, THREAD, 0));
    for (int family = 0; code == 0 && family < AF_MAX; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6 && family != AF_NETLINK)
            code = refuse_where(filter, "socket",
                                SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)family));
    /* Its arguments lie in memory, where no filter looks: the C library takes clone() instead. */
    if (code == 0)
        code = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS),
                                      seccomp_syscall_resolve_name("clone3"), 0, NULL);
    return code;
}

static enum status confine_calls(struct fault *f)
{
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)
        return ST_OK; /* a kernel without it */
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int code = filter != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; code == 0 && i < sizeof never_called / sizeof *never_called; i++) {
        int number = seccomp_syscall_resolve_name(never_called[i]);
        if (number != __NR_SCMP_ERROR)
            code = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number, 0, NULL);
    }
    if (code == 0)
        code = refuse_by_argument(filter);
    if (code == 0) /* whatever threads a library may have started */
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (code == 0)
        code = seccomp_load(filter);
    seccomp_release(filter);
    if (code == 0)
        return ST_OK;
    errno = -code;
    return refused(f, "its system calls");
}

enum status confine_process(const char *home, const char *socket_path, struct fault *f)
{
    if (!CONFINED)
        return ST_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refused(f, "new privileges");
    enum status st = confine_files(home, socket_path, f);
    return st == ST_OK ? confine_calls(f) : st;
}
