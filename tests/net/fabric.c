/*
 * fabric: the network between the members of a test, in user space: one TUN device in each of
 * their network namespaces, and between these packets that are late, lost, doubled, overtaken,
 * damaged and held by address translation, all by chance from one seed. usage:
 *
 *   fabric SEED NAMESPACE=ADDRESS[/OUTSIDE]...
 *
 * ADDRESS is what the device of that namespace has. With OUTSIDE the member stands behind address
 * translation: what it dials is seen to come from OUTSIDE, and nothing else reaches it. Packets to
 * 10.80.0.0/16 go to the last member, which may be as many strangers. Prints "ready" once the
 * devices (tun0) are there; then obeys lines on standard input, each answered by one line:
 *
 *   set NAME=NUMBER...   delay, jitter [ms]; loss, reorder, duplicate, corrupt, repaired [%];
 *                        rate [kbit/s a member and direction; 0: no limit]
 *   cut NAMESPACE        nothing comes or goes there; mend NAMESPACE
 *   forget               the translations: connections through them are dead, and nobody is told
 *   counts               what happened to how many packets, as JSON
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "proto/check.h"
#include "tests/net/nat.h"

enum {
    PACKETS_MAX = 16384,         /* under way; more are lost, as in any queue */
    QUEUE_US_MAX = 800 * 1000,   /* that a limited line makes a packet wait, then it is lost */
    LINE_BYTES_MAX = 512,        /* of a command */
    STRANGERS = 0x0a500000,      /* 10.80.0.0/16 */
    STRANGERS_MASK = 0xffff0000, /* of it */
};

struct packet {
    uint64_t due_us;
    uint64_t number; /* of equal times the earlier one first */
    uint32_t to;     /* member */
    uint32_t bytes;
    uint8_t data[NAT_PACKET_BYTES];
};

enum setting { DELAY, JITTER, LOSS, REORDER, DUPLICATE, CORRUPT, REPAIRED, RATE, SETTINGS };

static const char *const setting_names[SETTINGS] = {"delay",     "jitter",  "loss",     "reorder",
                                                    "duplicate", "corrupt", "repaired", "rate"};

enum count {
    FORWARDED,
    LOST,
    LATE,
    OVERTAKING,
    DOUBLED,
    CORRUPTED,
    FORGED,
    CUT,
    FULL,
    REFUSED,
    COUNTS
};

static const char *const count_names[COUNTS] = {"forwarded", "lost",      "late",     "overtaking",
                                                "doubled",   "corrupted", "repaired", "cut",
                                                "overflow",  "refused"};

struct end {
    const char *name;
    int tun;
    bool cut;
    uint64_t free_us[2]; /* when its line is free again: what it sends, what it is sent */
};

static struct fabric {
    struct end ends[NAT_MEMBERS_MAX];
    struct nat nat;
    uint32_t count;
    double settings[SETTINGS];
    uint64_t counts[COUNTS];
    uint64_t chance, number;
    struct packet packets[PACKETS_MAX];
    uint32_t heap[PACKETS_MAX], heap_count, spare[PACKETS_MAX], spare_count;
} fabric;

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("fabric: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- chance ---- */

static uint64_t draw(void)
{
    uint64_t z = fabric.chance += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static double share(void)
{
    return (double)(draw() >> 11) / 9007199254740992.0;
}

static bool happens(enum setting what, enum count counted)
{
    bool so = 100 * share() < fabric.settings[what];
    fabric.counts[counted] += so;
    return so;
}

/* ---- packets under way: a heap by the time when they are due ---- */

static bool before(uint32_t a, uint32_t b)
{
    const struct packet *p = &fabric.packets[a], *q = &fabric.packets[b];
    return p->due_us != q->due_us ? p->due_us < q->due_us : p->number < q->number;
}

static void swap(uint32_t a, uint32_t b)
{
    uint32_t kept = fabric.heap[a];
    fabric.heap[a] = fabric.heap[b];
    fabric.heap[b] = kept;
}

static void push(uint32_t packet)
{
    uint32_t at = fabric.heap_count++;
    fabric.heap[at] = packet;
    for (; at > 0 && before(fabric.heap[at], fabric.heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(at, (at - 1) / 2);
}

static uint32_t pop(void)
{
    CHECK(fabric.heap_count > 0);
    uint32_t first = fabric.heap[0];
    fabric.heap[0] = fabric.heap[--fabric.heap_count];
    for (uint32_t at = 0, child; (child = 2 * at + 1) < fabric.heap_count; at = child) {
        child +=
            child + 1 < fabric.heap_count && before(fabric.heap[child + 1], fabric.heap[child]);
        if (!before(fabric.heap[child], fabric.heap[at]))
            break;
        swap(child, at);
    }
    return first;
}

/* ---- what happens to one ---- */

/* When it has gone over a line of limited rate; 0: it does not fit the queue. */
static uint64_t over_line(uint64_t *free_us, uint64_t at_us, uint32_t bytes)
{
    if (fabric.settings[RATE] <= 0)
        return at_us;
    uint64_t start = *free_us > at_us ? *free_us : at_us;
    if (start - at_us > QUEUE_US_MAX)
        return 0;
    *free_us = start + (uint64_t)(8000.0 * bytes / fabric.settings[RATE]);
    return *free_us;
}

static void send_on(uint32_t from, uint32_t to, const uint8_t *data, uint32_t bytes, uint64_t now)
{
    bool overtakes = happens(REORDER, OVERTAKING);
    double late_ms =
        overtakes ? 0 : fabric.settings[DELAY] + fabric.settings[JITTER] * (2 * share() - 1);
    uint64_t due = over_line(&fabric.ends[from].free_us[0], now, bytes);
    if (due != 0)
        due = over_line(&fabric.ends[to].free_us[1], due, bytes);
    if (due == 0 || fabric.spare_count == 0) {
        fabric.counts[FULL]++;
        return;
    }
    fabric.counts[LATE] += late_ms > 0;
    uint32_t packet = fabric.spare[--fabric.spare_count];
    struct packet *p = &fabric.packets[packet];
    p->due_us = due + (late_ms > 0 ? (uint64_t)(1000 * late_ms) : 0);
    p->number = fabric.number++;
    p->to = to;
    p->bytes = bytes;
    memcpy(p->data, data, bytes);
    push(packet);
}

static void forward(uint32_t from, uint8_t *data, uint32_t bytes)
{
    uint64_t now = now_us();
    uint32_t address, to = NAT_MEMBERS_MAX;
    if (!nat_readable(data, bytes))
        return; /* what else a kernel says unasked */
    if (!nat_translate(&fabric.nat, from, data, bytes, draw(), &to)) {
        fabric.counts[REFUSED]++;
        return;
    }
    address = nat_destination(data);
    if (to == NAT_MEMBERS_MAX && (address & STRANGERS_MASK) == STRANGERS)
        to = fabric.count - 1;
    if (to == NAT_MEMBERS_MAX || fabric.ends[from].cut || fabric.ends[to].cut) {
        fabric.counts[CUT]++;
        return;
    }
    if (happens(LOSS, LOST))
        return;
    if (happens(CORRUPT, CORRUPTED))
        nat_damage(data, bytes, draw(), false);
    if (100 * share() < fabric.settings[REPAIRED])
        fabric.counts[FORGED] += nat_damage(data, bytes, draw(), true);
    send_on(from, to, data, bytes, now);
    if (happens(DUPLICATE, DOUBLED))
        send_on(from, to, data, bytes, now);
}

static void deliver(uint64_t now)
{
    while (fabric.heap_count > 0 && fabric.packets[fabric.heap[0]].due_us <= now) {
        uint32_t packet = pop();
        struct packet *p = &fabric.packets[packet];
        ssize_t written = write(fabric.ends[p->to].tun, p->data, p->bytes);
        fabric.counts[written == (ssize_t)p->bytes ? FORWARDED : FULL]++;
        fabric.spare[fabric.spare_count++] = packet;
    }
}

/* ---- commands ---- */

static struct end *end_named(const char *name)
{
    for (uint32_t i = 0; i < fabric.count; i++)
        if (strcmp(fabric.ends[i].name, name) == 0)
            return &fabric.ends[i];
    fail("there is no namespace %s", name);
}

static void set(const char *pair)
{
    const char *equals = strchr(pair, '=');
    for (int s = 0; equals != NULL && s < SETTINGS; s++)
        if (strlen(setting_names[s]) == (size_t)(equals - pair) &&
            strncmp(setting_names[s], pair, (size_t)(equals - pair)) == 0) {
            fabric.settings[s] = strtod(equals + 1, NULL);
            return;
        }
    fail("there is no setting %s", pair);
}

static void tell_counts(void)
{
    for (int i = 0; i < COUNTS; i++)
        printf("%s\"%s\":%llu", i == 0 ? "{" : ",", count_names[i],
               (unsigned long long)fabric.counts[i]);
    puts("}");
    fflush(stdout);
}

/* The next word of a line that is cut into them; NULL: there is none. */
static char *next_word(char **line)
{
    char *word;
    do
        word = strsep(line, " \n");
    while (word != NULL && *word == '\0');
    return word;
}

static void obey(char *line)
{
    char *word = next_word(&line);
    if (word == NULL)
        return;
    if (strcmp(word, "counts") == 0) {
        tell_counts();
        return;
    }
    if (strcmp(word, "forget") == 0)
        nat_forget(&fabric.nat);
    for (char *next = next_word(&line); next != NULL; next = next_word(&line)) {
        if (strcmp(word, "set") == 0)
            set(next);
        else
            end_named(next)->cut = strcmp(word, "cut") == 0;
    }
    puts("ok");
    fflush(stdout);
}

/* ---- devices ---- */

static int tun_in(const char *namespace)
{
    char path[256];
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(path, sizeof path, "/run/netns/%s", namespace);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0)
        fail("the network namespace %s cannot be entered: %s", namespace, strerror(errno));
    close(space);
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0)
        fail("/dev/net/tun: %s", strerror(errno));
    snprintf(request.ifr_name, sizeof request.ifr_name, "tun0");
    if (ioctl(tun, TUNSETIFF, &request) != 0)
        fail("a TUN device in %s: %s", namespace, strerror(errno));
    return tun;
}

static void begin(int words, char **word)
{
    if (words < 3 || words - 2 > NAT_MEMBERS_MAX)
        fail("usage: fabric SEED NAMESPACE=ADDRESS[/OUTSIDE]...");
    fabric.chance = strtoull(word[1], NULL, 10);
    for (int i = 2; i < words; i++) {
        struct end *e = &fabric.ends[fabric.count];
        char *equals = strchr(word[i], '=');
        if (equals == NULL || !nat_member(&fabric.nat, fabric.count, equals + 1))
            fail("what is %s?", word[i]);
        *equals = '\0';
        e->name = word[i];
        e->tun = tun_in(e->name);
        fabric.count++;
    }
    for (uint32_t i = 0; i < PACKETS_MAX; i++)
        fabric.spare[fabric.spare_count++] = i;
    puts("ready");
    fflush(stdout);
}

/* Until the next packet is due. */
static int patience_ms(void)
{
    if (fabric.heap_count == 0)
        return -1;
    uint64_t now = now_us(), due = fabric.packets[fabric.heap[0]].due_us;
    return due > now ? (int)((due - now + 999) / 1000) : 0;
}

int main(int words, char **word)
{
    static char line[LINE_BYTES_MAX];
    static uint8_t data[NAT_PACKET_BYTES];
    struct pollfd polled[NAT_MEMBERS_MAX + 1];
    begin(words, word);
    for (uint32_t i = 0; i < fabric.count; i++)
        polled[i] = (struct pollfd){.fd = fabric.ends[i].tun, .events = POLLIN};
    polled[fabric.count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        if (poll(polled, fabric.count + 1, patience_ms()) < 0 && errno != EINTR)
            fail("poll: %s", strerror(errno));
        for (uint32_t i = 0; i < fabric.count; i++)
            for (int some = 0; some < 64 && (polled[i].revents & POLLIN) != 0; some++) {
                ssize_t got = read(polled[i].fd, data, sizeof data);
                if (got <= 0)
                    break;
                forward(i, data, (uint32_t)got);
            }
        deliver(now_us());
        if ((polled[fabric.count].revents & (POLLIN | POLLHUP)) != 0) {
            if (fgets(line, sizeof line, stdin) == NULL)
                return 0;
            obey(line);
        }
    }
}
