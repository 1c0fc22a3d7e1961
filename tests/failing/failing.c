/*
 * failing: preloaded into a program, makes one of its calls fail: the n-th allocation of any of its
 * libraries, or the n-th system call of one number, and as many after it as are asked for.
 *
 * Allocations are taken by the dynamic linker: this file defines malloc and its kin. System calls
 * are taken by a seccomp filter that raises SIGSYS for each, so that none is missed, not even those
 * inside the C library; the handler fails it or makes it again from an address that the filter lets
 * through. What is asked for, and what was seen, stands in a page that is shared with the driver
 * (faults.py): it counts, arms and disarms while the program runs.
 *
 * Memory and threads: the handler and the allocators touch only the page, by atomic operations.
 * For x86-64 and glibc.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    KINDS = 512,         /* system calls by number, which end at about 460 */
    ALLOCATION = 500,    /* the kind that is no system call */
    SHORT = 4096,        /* instead of an errno: half of the bytes are taken */
    LIBRARIES = 64,      /* in one program */
    NAME_BYTES = 64,     /* of a library's file */
    FRAMES = 24,         /* of the last call that failed, for whoever mends it */
    FRAME_BYTES = 96,    /* of one of them as text */
    EARLY_BYTES = 16384, /* for the dynamic linker, while the next allocator is looked for */
};

/* As faults.py reads and writes it. */
struct page {
    _Atomic uint32_t kind;  /* that fails; KINDS: none */
    _Atomic uint32_t error; /* an errno, or SHORT */
    _Atomic uint64_t first; /* the n-th since it was armed: 1 is the next */
    _Atomic uint64_t calls; /* how many fail */
    _Atomic uint64_t turn;  /* calls of the kind since it was armed */
    _Atomic uint64_t failed;
    _Atomic uint64_t seen[KINDS];
    _Atomic uint64_t allocated[LIBRARIES]; /* allocations by the library that asked for them */
    char library[LIBRARIES][NAME_BYTES];
    char frame[FRAMES][FRAME_BYTES];
};

static struct page unshared = {.kind = KINDS};
static struct page *page = &unshared;
static struct {
    uintptr_t from, to;
} text[LIBRARIES];
static size_t library_count;

/* ---- Whether this call fails ---- */

static void keep_stack(void)
{
    void *at[FRAMES];
    int count = backtrace(at, FRAMES);
    for (int i = 0; i < FRAMES; i++) {
        Dl_info info;
        page->frame[i][0] = '\0';
        if (i >= count || dladdr(at[i], &info) == 0 || info.dli_fname == NULL)
            continue;
        const char *slash = strrchr(info.dli_fname, '/');
        snprintf(page->frame[i], FRAME_BYTES, "%.70s+0x%lx",
                 slash != NULL ? slash + 1 : info.dli_fname,
                 (unsigned long)((uintptr_t)at[i] - (uintptr_t)info.dli_fbase));
    }
}

/* 0: it goes on. Else an errno, or SHORT. */
static uint32_t verdict(uint32_t kind)
{
    static _Thread_local bool keeping; /* what keeping the stack allocates is not counted */
    if (keeping)
        return 0;
    atomic_fetch_add(&page->seen[kind], 1);
    if (atomic_load(&page->kind) != kind)
        return 0;
    uint64_t turn = atomic_fetch_add(&page->turn, 1) + 1, first = atomic_load(&page->first);
    if (turn < first || turn - first >= atomic_load(&page->calls))
        return 0;
    atomic_fetch_add(&page->failed, 1);
    keeping = true;
    keep_stack();
    keeping = false;
    return atomic_load(&page->error);
}

/* ---- Allocations ---- */

/* What other code calls by the C library's names. */
void *taken_malloc(size_t bytes) __asm__("malloc");
void *taken_calloc(size_t count, size_t bytes_each) __asm__("calloc");
void *taken_realloc(void *block, size_t bytes) __asm__("realloc");
void *taken_reallocarray(void *block, size_t count, size_t bytes_each) __asm__("reallocarray");
void *taken_memalign(size_t alignment, size_t bytes) __asm__("memalign");
void *taken_aligned_alloc(size_t alignment, size_t bytes) __asm__("aligned_alloc");
int taken_posix_memalign(void **out, size_t alignment, size_t bytes) __asm__("posix_memalign");
void taken_free(void *block) __asm__("free");

static struct {
    void *(*fresh)(size_t);
    void *(*zeroed)(size_t, size_t);
    void *(*resized)(void *, size_t);
    void *(*aligned)(size_t, size_t);
    void (*drop)(void *);
} next;

static _Alignas(16) uint8_t early[EARLY_BYTES];
static size_t early_count;

static void find_next(void)
{
    static bool finding;
    if (next.drop != NULL || finding)
        return;
    finding = true;
    *(void **)&next.fresh = dlsym(RTLD_NEXT, "malloc");
    *(void **)&next.zeroed = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next.resized = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next.aligned = dlsym(RTLD_NEXT, "memalign");
    *(void **)&next.drop = dlsym(RTLD_NEXT, "free");
}

static void *take_early(size_t bytes)
{
    size_t whole = (bytes + 15) / 16 * 16;
    if (whole < bytes || whole > sizeof early - early_count)
        return NULL;
    void *block = early + early_count;
    early_count += whole;
    return block;
}

static bool is_early(const void *block)
{
    return (uintptr_t)block - (uintptr_t)early < sizeof early;
}

/* Whether an allocation that 'caller' asks for fails. */
static bool allocation_fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    for (size_t i = 0; i < library_count; i++)
        if (at >= text[i].from && at < text[i].to) {
            atomic_fetch_add(&page->allocated[i], 1);
            break;
        }
    if (verdict(ALLOCATION) == 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *taken_malloc(size_t bytes)
{
    find_next();
    if (next.fresh == NULL)
        return take_early(bytes);
    return allocation_fails(__builtin_return_address(0)) ? NULL : next.fresh(bytes);
}

void *taken_calloc(size_t count, size_t bytes_each)
{
    find_next();
    if (next.zeroed == NULL)
        return take_early(count * bytes_each); /* zero: taken once */
    return allocation_fails(__builtin_return_address(0)) ? NULL : next.zeroed(count, bytes_each);
}

static void *resize(void *block, size_t bytes, const void *caller)
{
    find_next();
    if (next.resized == NULL || is_early(block)) {
        void *fresh = next.fresh == NULL ? take_early(bytes) : next.fresh(bytes);
        size_t most = is_early(block) ? (size_t)(early + sizeof early - (uint8_t *)block) : 0;
        if (fresh != NULL && block != NULL)
            memcpy(fresh, block, bytes < most ? bytes : most);
        return fresh;
    }
    return allocation_fails(caller) ? NULL : next.resized(block, bytes);
}

void *taken_realloc(void *block, size_t bytes)
{
    return resize(block, bytes, __builtin_return_address(0));
}

void *taken_reallocarray(void *block, size_t count, size_t bytes_each)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, bytes_each, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(block, bytes, __builtin_return_address(0));
}

static void *aligned(size_t alignment, size_t bytes, const void *caller)
{
    find_next();
    return next.aligned == NULL || allocation_fails(caller) ? NULL : next.aligned(alignment, bytes);
}

void *taken_memalign(size_t alignment, size_t bytes)
{
    return aligned(alignment, bytes, __builtin_return_address(0));
}

void *taken_aligned_alloc(size_t alignment, size_t bytes)
{
    return aligned(alignment, bytes, __builtin_return_address(0));
}

int taken_posix_memalign(void **out, size_t alignment, size_t bytes)
{
    void *block = aligned(alignment, bytes, __builtin_return_address(0));
    if (block != NULL)
        *out = block;
    return block != NULL ? 0 : ENOMEM;
}

void taken_free(void *block)
{
    find_next();
    if (block != NULL && !is_early(block) && next.drop != NULL)
        next.drop(block);
}

/* ---- System calls ---- */

/* The one place from which the filter lets everything through. */
__asm__(".text\n"
        ".globl failing_syscall\n"
        ".hidden failing_syscall\n"
        "failing_syscall:\n" /* (number, a, b, c, d, e, f on the stack) */
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n"
        "    mov %r9, %r8\n"
        "    mov 8(%rsp), %r9\n"
        "    syscall\n"
        ".globl failing_after\n"
        ".hidden failing_after\n"
        "failing_after:\n"
        "    ret\n");
long failing_syscall(long number, long a, long b, long c, long d, long e, long f);
extern const char failing_after[];

/* Which argument counts bytes; -1: none does. */
static int counted(long number)
{
    switch (number) {
    case SYS_read:
    case SYS_write:
    case SYS_pread64:
    case SYS_pwrite64:
    case SYS_sendto:
    case SYS_recvfrom:
        return 2;
    case SYS_getrandom:
        return 1;
    default:
        return -1;
    }
}

static const uint64_t TRAP_BIT = 1ull << (SIGSYS - 1);

/* The handler's caller gets its mask back when the handler ends: there it is changed. */
static long change_mask(ucontext_t *u, const long *a)
{
    uint64_t mask, set;
    memcpy(&mask, &u->uc_sigmask, sizeof mask);
    if (a[2] != 0)
        memcpy((void *)a[2], &mask, sizeof mask);
    if (a[1] == 0)
        return 0;
    memcpy(&set, (const void *)a[1], sizeof set);
    if (a[0] == SIG_BLOCK)
        mask |= set;
    else if (a[0] == SIG_UNBLOCK)
        mask &= ~set;
    else
        mask = set;
    mask &= ~TRAP_BIT;
    memcpy(&u->uc_sigmask, &mask, sizeof mask);
    return 0;
}

/* As the kernel takes it. */
struct kernel_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

static long change_action(const long *a)
{
    struct kernel_action action;
    if (a[0] == SIGSYS && a[1] != 0)
        return 0; /* ours stays */
    if (a[1] == 0)
        return failing_syscall(SYS_rt_sigaction, a[0], 0, a[2], a[3], 0, 0);
    memcpy(&action, (const void *)a[1], sizeof action);
    action.mask &= ~TRAP_BIT;
    return failing_syscall(SYS_rt_sigaction, a[0], (long)&action, a[2], a[3], 0, 0);
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *r = u->uc_mcontext.gregs;
    long number = info->si_syscall;
    long a[6] = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]};
    (void)signal_number;
    if (number == SYS_rt_sigprocmask) {
        r[REG_RAX] = change_mask(u, a);
        return;
    }
    if (number == SYS_rt_sigaction) {
        r[REG_RAX] = change_action(a);
        return;
    }
    uint32_t error = number >= 0 && number < ALLOCATION ? verdict((uint32_t)number) : 0;
    int which = counted(number);
    if (error == SHORT && which >= 0 && a[which] > 1)
        a[which] /= 2;
    if (error == 0 || error == SHORT || number == SYS_close) {
        long result = failing_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        r[REG_RAX] = error != 0 && error != SHORT ? -(long)error : result; /* closed all the same */
    } else {
        r[REG_RAX] = -(long)error;
    }
}

/* Not trapped: what begins and ends threads and processes, which needs its own stack, and what
 * cannot fail and is called without end. */
static const uint32_t UNTRAPPED[] = {
    SYS_clone, SYS_clone3, SYS_fork,         SYS_vfork,  SYS_execve,      SYS_exit,
    SYS_futex, SYS_gettid, SYS_rt_sigreturn, SYS_getpid, SYS_sched_yield, SYS_exit_group,
};

static void install_filter(void)
{
    enum { UNTRAPPED_COUNT = sizeof UNTRAPPED / sizeof UNTRAPPED[0], HEAD = 6 };
    struct sock_filter code[HEAD + UNTRAPPED_COUNT + 2];
    uint64_t after = (uint64_t)(uintptr_t)failing_after;
    size_t n = 0;
    uint32_t ip = offsetof(struct seccomp_data, instruction_pointer);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip);
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)after, 0, 3);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 4);
    code[n++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(after >> 32), 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < UNTRAPPED_COUNT; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UNTRAPPED[i],
                                                 (uint8_t)(UNTRAPPED_COUNT - i), 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    action.sa_sigaction = on_trap;
    if (sigaction(SIGSYS, &action, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        fputs("failing: this system has no seccomp filters\n", stderr);
        _exit(99);
    }
}

/* ---- The start ---- */

static int add_library(struct dl_phdr_info *info, size_t bytes, void *user)
{
    (void)bytes;
    (void)user;
    for (int i = 0; i < info->dlpi_phnum && library_count < LIBRARIES; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0)
            continue;
        const char *slash = strrchr(info->dlpi_name, '/');
        text[library_count].from = info->dlpi_addr + p->p_vaddr;
        text[library_count].to = info->dlpi_addr + p->p_vaddr + p->p_memsz;
        snprintf(page->library[library_count], NAME_BYTES, "%.60s",
                 slash != NULL ? slash + 1 : info->dlpi_name);
        library_count++;
    }
    return 0;
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAILING_PAGE");
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *at = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (at == MAP_FAILED)
        return;
    void *warm[1];
    (void)backtrace(warm, 1); /* it loads a library the first time */
    page = at;
    dl_iterate_phdr(add_library, NULL);
    if (getenv("FAILING_SYSCALLS") != NULL)
        install_filter();
}
