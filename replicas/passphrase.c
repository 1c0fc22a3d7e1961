#include "replicas/passphrase.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "proto/check.h"

enum { KIB_BYTES = 1024, PATH_BYTES = 4096 };

static_assert((int)PASSPHRASE_SALT_BYTES == (int)crypto_pwhash_SALTBYTES, "libsodium's salt");
static_assert(PASSPHRASE_KIB_MIN * KIB_BYTES >= (int)crypto_pwhash_MEMLIMIT_MIN, "its least cost");

struct passphrase_cost passphrase_cost_usual(void)
{
    return (struct passphrase_cost){
        .passes = crypto_pwhash_OPSLIMIT_MODERATE,
        .memory_kib = crypto_pwhash_MEMLIMIT_MODERATE / KIB_BYTES,
    };
}

bool passphrase_cost_is_valid(struct passphrase_cost cost)
{
    return cost.passes >= 1 && cost.passes <= PASSPHRASE_PASSES_MAX &&
           cost.memory_kib >= PASSPHRASE_KIB_MIN && cost.memory_kib <= PASSPHRASE_KIB_MAX;
}

enum status passphrase_key(struct bytes text, struct passphrase_cost cost,
                           const uint8_t salt[static PASSPHRASE_SALT_BYTES],
                           uint8_t out[static PASSPHRASE_KEY_BYTES], struct fault *f)
{
    if (!passphrase_cost_is_valid(cost))
        return fault_set(f, ST_BAD_VALUE, "the cost of a passphrase is out of bounds");
    const char *secret = text.data != NULL ? (const char *)text.data : "";
    if (crypto_pwhash(out, PASSPHRASE_KEY_BYTES, secret, text.count, salt, cost.passes,
                      (size_t)cost.memory_kib * KIB_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0)
        return ST_OK;
    fault_set(f, ST_NO_MEMORY, "a passphrase takes %u MiB of memory, and there is not so much",
              cost.memory_kib / KIB_BYTES);
    fault_fix(f, "end other programs and try again");
    return ST_NO_MEMORY;
}

/* All of a descriptor, or up to the end of a line; one byte over the limit tells that it is over.
 * Byte by byte: what is behind the line stays there for the next question. */
static enum status take(int descriptor, bool line, struct passphrase *out, struct fault *f)
{
    uint8_t byte = 0;
    out->count = 0;
    for (;;) {
        ssize_t got = read(descriptor, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_errno(f, errno, "cannot read the passphrase");
        if (got == 0 || (line && byte == '\n'))
            break;
        if (out->count == sizeof out->text) {
            sodium_memzero(&byte, sizeof byte);
            return fault_set(f, ST_USAGE, "the passphrase is longer than %d bytes",
                             PASSPHRASE_BYTES_MAX - 1);
        }
        out->text[out->count++] = byte;
    }
    sodium_memzero(&byte, sizeof byte);
    if (!line && out->count > 0 && out->text[out->count - 1] == '\n')
        out->count--;
    return out->count > 0 ? ST_OK : fault_set(f, ST_USAGE, "the passphrase is empty");
}

enum status passphrase_read(const char *path, struct passphrase *out, struct fault *f)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        fault_set(f, ST_USAGE, "cannot read the passphrase from %s: %s", path, strerror(errno));
        fault_fix(f, "write it into a file that only you can read, and name that file");
        return ST_USAGE;
    }
    enum status st = take(descriptor, false, out, f);
    close(descriptor);
    if (st != ST_OK)
        passphrase_wipe(out);
    return st != ST_OK ? fault_context(f, st, "%s", path) : st;
}

enum status passphrase_credential(struct passphrase *out, struct fault *f)
{
    char path[PATH_BYTES];
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder == NULL || folder[0] != '/')
        return ST_NOT_FOUND;
    int used = snprintf(path, sizeof path, "%s/minga-passphrase", folder);
    if (used < 0 || (size_t)used >= sizeof path || access(path, F_OK) != 0)
        return ST_NOT_FOUND;
    return passphrase_read(path, out, f);
}

bool passphrase_can_ask(void)
{
    return isatty(STDIN_FILENO) == 1;
}

enum status passphrase_ask(const char *prompt, struct passphrase *out, struct fault *f)
{
    struct termios shown, hidden;
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return fault_set(f, ST_USAGE, "there is no terminal to ask for the passphrase on");
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ECHONL | ICANON;
    /* First of all: what was typed before the question is thrown away, what comes after is not. */
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0)
        return fault_errno(f, errno, "cannot hide what is typed");
    fputs(prompt, stderr);
    fflush(stderr);
    enum status st = take(STDIN_FILENO, true, out, f);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &shown) != 0 && st == ST_OK)
        st = fault_errno(f, errno, "cannot set the terminal back");
    if (st != ST_OK)
        passphrase_wipe(out);
    return st;
}

enum status passphrase_check(const struct passphrase *p, struct fault *f)
{
    if (p->count >= PASSPHRASE_BYTES_MIN)
        return ST_OK;
    fault_set(f, ST_USAGE, "the passphrase is shorter than %d characters", PASSPHRASE_BYTES_MIN);
    fault_fix(f, "choose a longer one: a few words that do not belong together");
    return ST_USAGE;
}

struct bytes passphrase_bytes(const struct passphrase *p)
{
    CHECK(p->count <= sizeof p->text);
    return (struct bytes){p->text, p->count};
}

void passphrase_wipe(struct passphrase *p)
{
    sodium_memzero(p, sizeof *p);
}
