/*
 * mingad: the daemon of one office. Runs in the foreground; see `mingad -h`.
 */
#include <git2.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/confine.h"
#include "daemon/joiner.h"
#include "daemon/logger.h"
#include "daemon/server.h"
#include "daemon/unlock.h"
#include "replicas/git.h"
#include "replicas/home.h"
#include "replicas/verb.h"

static const char usage[] =
    "usage: mingad [--home DIR] [--passphrase-file FILE]\n"
    "       mingad [--home DIR] --join LINK [--listen HOST:PORT] [--timeout SECONDS]\n"
    "              [--passphrase-file FILE]\n"
    "       mingad --version | -h\n"
    "\n"
    "Runs one office's daemon in the foreground and logs to standard error. SIGHUP reads the\n"
    "configuration again, SIGTERM stops it cleanly. With --join it pairs once and ends.\n"
    "A key under a passphrase is unlocked by the file, by the credential minga-passphrase of\n"
    "systemd, or by a person at the terminal.\n";

struct arguments {
    char *home, *link, *listen, *passphrase_file;
    unsigned timeout_s;
    bool help, version;
};

enum { JOIN_SECONDS = 120 };

static bool take_seconds(const char *text, unsigned *out)
{
    enum { SECONDS_DIGITS_MAX = 6 };
    size_t digits = strspn(text, "0123456789");
    *out = (unsigned)strtoul(text, NULL, 10);
    return text[digits] == '\0' && digits >= 1 && digits <= SECONDS_DIGITS_MAX;
}

/* Exit code 2 and a sentence on wrong usage; 0 otherwise. */
static int parse(int count, char **words, struct arguments *out)
{
    out->timeout_s = JOIN_SECONDS;
    for (int i = 1; i < count; i++) {
        char **value = NULL, *seconds = NULL;
        if (strcmp(words[i], "-h") == 0 || strcmp(words[i], "--help") == 0)
            out->help = true;
        else if (strcmp(words[i], "--version") == 0)
            out->version = true;
        else if (strcmp(words[i], "--home") == 0)
            value = &out->home;
        else if (strcmp(words[i], "--join") == 0)
            value = &out->link;
        else if (strcmp(words[i], "--listen") == 0)
            value = &out->listen;
        else if (strcmp(words[i], "--passphrase-file") == 0)
            value = &out->passphrase_file;
        else if (strcmp(words[i], "--timeout") == 0)
            value = &seconds;
        else {
            fprintf(stderr, "mingad: unknown argument \"%s\"\n%s", words[i], usage);
            return 2;
        }
        if (value == NULL)
            continue;
        if (i + 1 == count) {
            fprintf(stderr, "mingad: %s needs a value\n%s", words[i], usage);
            return 2;
        }
        *value = words[++i];
        if (seconds != NULL && !take_seconds(seconds, &out->timeout_s)) {
            fprintf(stderr, "mingad: --timeout: \"%s\" is no number of seconds\n%s", seconds,
                    usage);
            return 2;
        }
    }
    return 0;
}

/* For a person at the terminal, to whom a log's line is hard to read; a line is written whole. */
static void say_plainly(const char *before, const char *text)
{
    char line[FAULT_TEXT_BYTES + FAULT_FIX_BYTES];
    snprintf(line, sizeof line, "%s%s", before, text);
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    fprintf(stderr, "%s\n", line);
}

static int fail(enum status st, const struct fault *f)
{
    const char *text = f->text[0] != '\0' ? f->text : status_text(st);
    if (isatty(STDERR_FILENO)) {
        say_plainly("mingad: ", text);
        if (f->fix[0] != '\0')
            say_plainly("        ", f->fix);
        return (int)verb_exit(st);
    }
    logger_say(LOGGER_ERROR, "event=failed error=%s text=\"%s\"%s%s%s", status_word(st), text,
               f->fix[0] != '\0' ? " fix=\"" : "", f->fix, f->fix[0] != '\0' ? "\"" : "");
    return (int)verb_exit(st);
}

/* Nothing is asked of anyone before it is known that a replica lives here. */
static enum status serve(const char *home, const char *socket_path, const char *passphrase_file,
                         struct fault *f)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct home_identity identity = {.key = {{0}}};
    struct server_options o = {.home = home, .socket_path = socket_path, .identity = &identity};
    enum status st = home_office(home, label, &network, f);
    if (st == ST_OK)
        st = unlock_home(home, passphrase_file, &identity, f);
    if (st == ST_OK)
        st = confine_process(home, socket_path, f);
    if (st == ST_OK)
        st = server_run(&o, f);
    while (st == ST_AGAIN) { /* rotated: the file holds the new key, kept as the old one was */
        struct home_identity next = {.key = {{0}}};
        st = home_read_next(home, "identity", &identity, &next, f);
        identity = next;
        sodium_memzero(&next, sizeof next);
        if (st == ST_OK)
            st = server_run(&o, f);
    }
    sodium_memzero(&identity, sizeof identity);
    return st;
}

int main(int count, char **words)
{
    struct arguments a = {0};
    struct fault f = {0};
    char home[HOME_PATH_MAX], socket_path[HOME_PATH_MAX];
    int code = parse(count, words, &a);
    if (code != 0)
        return code;
    if (a.help || a.version) {
        fputs(a.help ? usage : "mingad " MINGA_VERSION "\n", stdout);
        return 0;
    }
    if (sodium_init() < 0 || git_libgit2_init() < 0) {
        fputs("mingad: a library could not be started\n", stderr);
        return 1;
    }
    git_thread_begin();
    /* One heap for all threads: what a thread's own would keep for ever after a large batch goes
     * back to the system. */
    mallopt(M_ARENA_MAX, 1);
    umask(077);
    setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0}); /* a core would hold keys in clear */
    signal(SIGPIPE, SIG_IGN);
    bool is_default;
    enum status st = home_choose(a.home, home, &is_default, &f);
    if (st == ST_OK && a.link != NULL) {
        struct joiner_options join = {.home = home,
                                      .link = a.link,
                                      .listen = a.listen,
                                      .passphrase_file = a.passphrase_file,
                                      .timeout_s = a.timeout_s};
        return joiner_run(&join);
    }
    if (st == ST_OK)
        st = home_socket(home, is_default, socket_path, &f);
    if (st == ST_OK)
        st = serve(home, socket_path, a.passphrase_file, &f);
    code = st == ST_OK ? 0 : fail(st, &f);
    git_libgit2_shutdown();
    return code;
}
