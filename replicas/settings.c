#include "replicas/settings.h"

#include <ctype.h>
#include <errno.h>
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/id.h"
#include "proto/mem.h"
#include "replicas/git.h"
#include "replicas/nearest.h"

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

enum {
    LEVEL_FIRST = 3, /* syslog's number of "error" */
    LEVEL_COUNT = 5,
    LINE_BYTES = 1024,
    KEY_BYTES_MAX = 128,
    ACKNOWLEDGE_MS = 10 * 60 * 1000, /* a quiet office answers within the quarter of an hour */
    MEET_MS = 3000,                  /* a peer nearby tells its heads in far less */
    DURATION_DAYS_MAX = 30,
};

static const char *const known_keys[] = {
    "gossip.links",  "log.level",   "office.acknowledge", "office.attachment-max",
    "office.listen", "office.meet", "peer.LABEL.address"};

static void set_defaults(struct settings *s)
{
    *s = (struct settings){.links = LINKS_ACTIVE_DEFAULT,
                           .acknowledge_ms = ACKNOWLEDGE_MS,
                           .meet_ms = MEET_MS,
                           .attachment_bytes_max = ATTACHMENT_BYTES_MAX,
                           .log_level = 6};
}

void settings_release(struct settings *s)
{
    if (s == NULL)
        return;
    mem_free(s->peers);
    *s = (struct settings){0};
}

bool settings_address_is_valid(const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t bytes = strlen(address);
    if (colon == NULL || colon == address || bytes > ADDRESS_BYTES_MAX)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (!isgraph((unsigned char)address[i]) || address[i] == '=')
            return false;
    size_t digits = strspn(colon + 1, "0123456789");
    return digits >= 1 && digits <= 5 && colon[1 + digits] == '\0' &&
           strtoul(colon + 1, NULL, 10) <= UINT16_MAX;
}

/* The number of the line in which the last part of 'key' is set, within its section; 0: not found.
 * libgit2 tells names, not lines. */
static unsigned find_line(const char *path, const char *key)
{
    char line[LINE_BYTES], section[KEY_BYTES_MAX] = "";
    const char *dot = strrchr(key, '.');
    if (dot == NULL)
        return 0;
    size_t section_bytes = (size_t)(dot - key), name_bytes = strlen(dot + 1);
    unsigned number = 0, found = 0;
    FILE *file = fopen(path, "re");
    while (file != NULL && found == 0 && fgets(line, sizeof line, file) != NULL) {
        const char *at = line + strspn(line, " \t");
        number++;
        if (*at == '[') { /* [peer "iquique"] reads peer.iquique */
            size_t used = 0;
            for (at++; *at != '\0' && *at != ']' && used + 1 < sizeof section; at++)
                if (*at == ' ' && used > 0 && section[used - 1] != '.')
                    section[used++] = '.';
                else if (*at != '"' && *at != ' ')
                    section[used++] = *at;
            section[used] = '\0';
        } else if (strlen(section) == section_bytes &&
                   strncasecmp(section, key, section_bytes) == 0 &&
                   strncasecmp(at, dot + 1, name_bytes) == 0 &&
                   !isalnum((unsigned char)at[name_bytes])) {
            found = number;
        }
    }
    if (file != NULL)
        fclose(file);
    return found;
}

static enum status bad(const char *path, const char *key, struct fault *f, const char *what,
                       const char *fix)
{
    unsigned line = find_line(path, key);
    if (line > 0)
        fault_set(f, ST_BAD_CONFIG, "%s, line %u: %s: %s", path, line, key, what);
    else
        fault_set(f, ST_BAD_CONFIG, "%s: %s: %s", path, key, what);
    fault_fix(f, "%s", fix);
    return ST_BAD_CONFIG;
}

static enum status unknown(const char *path, const char *key, struct fault *f)
{
    char fix[FAULT_FIX_BYTES];
    struct nearest nearest = {.wanted = bytes_of_text(key)};
    for (size_t i = 0; i < sizeof known_keys / sizeof *known_keys; i++)
        nearest_offer(&nearest, known_keys[i]);
    const char *near = nearest.best;
    snprintf(fix, sizeof fix,
             "%s%s%svalid keys: gossip.links, log.level, office.acknowledge, "
             "office.attachment-max, office.listen, office.meet, peer.LABEL.address",
             near != NULL ? "did you mean " : "", near != NULL ? near : "",
             near != NULL ? "? " : "");
    return bad(path, key, f, "no such key", fix);
}

static enum status take_peer(struct settings *s, const char *path, const char *key,
                             const char *value, struct fault *f)
{
    const char *label = key + strlen("peer.");
    size_t bytes = (size_t)(strrchr(key, '.') - label);
    if (!label_is_valid((struct bytes){(const uint8_t *)label, bytes}))
        return bad(path, key, f, "no valid label",
                   "[peer \"iquique\"], as `minga member list` shows");
    if (!settings_address_is_valid(value))
        return bad(path, key, f, "no address", "write HOST:PORT, as in iquique.example.org:7717");
    for (uint32_t i = 0; i < s->peer_count; i++)
        if (strlen(s->peers[i].label) == bytes && memcmp(s->peers[i].label, label, bytes) == 0) {
            snprintf(s->peers[i].address, sizeof s->peers[i].address, "%s", value);
            return ST_OK; /* said again: the last holds, as everywhere in such files */
        }
    if (s->peer_count == SETTINGS_PEERS_MAX)
        return bad(path, key, f, "too many peers", "at most 256");
    void *fresh = mem_resize(s->peers, (s->peer_count + 1) * sizeof *s->peers);
    if (fresh == NULL)
        return ST_NO_MEMORY;
    s->peers = fresh;
    struct settings_peer *p = &s->peers[s->peer_count++];
    *p = (struct settings_peer){0};
    memcpy(p->label, label, bytes);
    snprintf(p->address, sizeof p->address, "%s", value);
    return ST_OK;
}

static enum status take_links(struct settings *s, const char *path, const char *value,
                              struct fault *f)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || n < 1 || n > LINKS_MAX)
        return bad(path, "gossip.links", f, "no number in range", "write 1 to 128");
    s->links = (uint32_t)n;
    return ST_OK;
}

/* "20M": a whole number of bytes, with k or M behind it of KiB or MiB. */
static enum status take_attachment_max(struct settings *s, const char *path, const char *value,
                                       struct fault *f)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    unsigned long unit = *end == 'k' ? KIB : *end == 'M' ? MIB : 1;
    bool whole = isdigit((unsigned char)value[0]) && end[*end != '\0' && unit > 1] == '\0';
    if (!whole || n < 1 || n > ATTACHMENT_BYTES_MAX / unit)
        return bad(path, "office.attachment-max", f, "no size in range",
                   "write bytes, or k or M behind a number, as in 20M; at most 127M");
    s->attachment_bytes_max = n * unit;
    return ST_OK;
}

/* "10m": a whole number and its unit, s, m, h or d. */
static enum status take_duration(const char *path, const char *key, const char *value,
                                 uint64_t *out_ms, struct fault *f)
{
    static const struct {
        char unit;
        uint64_t ms;
    } units[] = {{'s', 1000}, {'m', 60 * 1000}, {'h', 3600 * 1000}, {'d', 24 * 3600 * 1000}};
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (isdigit((unsigned char)value[0]) && end[0] == units[i].unit && end[1] == '\0' &&
            n <= DURATION_DAYS_MAX * units[3].ms / units[i].ms) {
            *out_ms = n * units[i].ms;
            return ST_OK;
        }
    return bad(path, key, f, "no duration", "write a number and s, m, h or d, as in 10m");
}

static void tell_duration(void (*each)(void *user, const char *key, const char *value), void *user,
                          const char *key, uint64_t ms)
{
    char text[KEY_BYTES_MAX];
    uint64_t seconds = ms / 1000;
    bool minutes = seconds >= 60 && seconds % 60 == 0;
    snprintf(text, sizeof text, "%llu%c", (unsigned long long)(minutes ? seconds / 60 : seconds),
             minutes ? 'm' : 's');
    each(user, key, text);
}

static enum status take(struct settings *s, const char *path, const char *key, const char *value,
                        struct fault *f)
{
    const char *last = strrchr(key, '.');
    if (strcmp(key, "office.listen") == 0) {
        if (value[0] != '\0' && !settings_address_is_valid(value))
            return bad(path, key, f, "no address", "write HOST:PORT, as in 0.0.0.0:7717");
        snprintf(s->listen, sizeof s->listen, "%s", value);
        return ST_OK;
    }
    if (strcmp(key, "gossip.links") == 0)
        return take_links(s, path, value, f);
    if (strcmp(key, "office.acknowledge") == 0)
        return take_duration(path, key, value, &s->acknowledge_ms, f);
    if (strcmp(key, "office.attachment-max") == 0)
        return take_attachment_max(s, path, value, f);
    if (strcmp(key, "office.meet") == 0)
        return take_duration(path, key, value, &s->meet_ms, f);
    if (strcmp(key, "log.level") == 0) {
        for (int i = 0; i < LEVEL_COUNT; i++)
            if (strcmp(value, level_names[i]) == 0) {
                s->log_level = LEVEL_FIRST + i;
                return ST_OK;
            }
        return bad(path, key, f, "no such level", "error, warning, notice, info or debug");
    }
    if (strncmp(key, "peer.", strlen("peer.")) == 0 && last > key + strlen("peer.") &&
        strcmp(last, ".address") == 0)
        return take_peer(s, path, key, value, f);
    return unknown(path, key, f);
}

static enum status syntax(const char *path, struct fault *f)
{
    const git_error *e = git_error_last();
    if (e != NULL && (e->klass == GIT_ERROR_NOMEMORY || e->klass == GIT_ERROR_OS))
        return git_fault(f, GIT_ERROR, "%s cannot be read", path);
    fault_set(f, ST_BAD_CONFIG, "%s cannot be read: %s", path,
              e != NULL && e->message != NULL ? e->message : "syntax error");
    fault_fix(f, "the syntax is git-config's: [section], then key = value");
    return ST_BAD_CONFIG;
}

enum status settings_load(const char *path, struct settings *out, struct fault *f)
{
    git_config *config = NULL;
    git_config_iterator *iterator = NULL;
    git_config_entry *entry;
    struct settings s;
    enum status st = ST_OK;
    *out = (struct settings){0};
    set_defaults(&s);
    if (access(path, F_OK) == 0) {
        int failed = git_config_open_ondisk(&config, path);
        if (failed == 0)
            failed = git_config_iterator_new(&iterator, config);
        if (failed < 0)
            st = syntax(path, f);
        while (st == ST_OK && (failed = git_config_next(&entry, iterator)) == 0)
            st = take(&s, path, entry->name, entry->value != NULL ? entry->value : "", f);
        if (st == ST_OK && failed < 0 && failed != GIT_ITEROVER)
            st = syntax(path, f);
    } else if (errno != ENOENT && errno != ENOTDIR) { /* there may be one: no defaults instead */
        st = fault_errno(f, errno, "%s cannot be read", path);
    }
    git_config_iterator_free(iterator);
    git_config_free(config);
    if (st == ST_OK)
        *out = s;
    else
        settings_release(&s);
    return st;
}

void settings_each(const struct settings *s,
                   void (*each)(void *user, const char *key, const char *value), void *user)
{
    char text[KEY_BYTES_MAX];
    snprintf(text, sizeof text, "%u", s->links);
    each(user, "gossip.links", text);
    each(user, "log.level", level_names[s->log_level - LEVEL_FIRST]);
    tell_duration(each, user, "office.acknowledge", s->acknowledge_ms);
    bool mib = s->attachment_bytes_max % MIB == 0;
    snprintf(text, sizeof text, "%llu%s",
             (unsigned long long)(mib ? s->attachment_bytes_max / MIB : s->attachment_bytes_max),
             mib ? "M" : "");
    each(user, "office.attachment-max", text);
    each(user, "office.listen", s->listen);
    tell_duration(each, user, "office.meet", s->meet_ms);
    for (uint32_t i = 0; i < s->peer_count; i++) {
        snprintf(text, sizeof text, "peer.%s.address", s->peers[i].label);
        each(user, text, s->peers[i].address);
    }
}

enum status settings_set(const char *path, const char *key, const char *value, struct fault *f)
{
    git_config *config = NULL;
    struct settings trial;
    set_defaults(&trial);
    /* What is removed needs a value that fits its key, so that only the key is looked at. */
    const char *some = strcmp(key, "gossip.links") == 0            ? "1"
                       : strcmp(key, "log.level") == 0             ? "info"
                       : strcmp(key, "office.acknowledge") == 0    ? "1s"
                       : strcmp(key, "office.attachment-max") == 0 ? "1"
                       : strcmp(key, "office.meet") == 0           ? "1s"
                                                                   : "host:1";
    enum status st = take(&trial, path, key, value != NULL ? value : some, f);
    settings_release(&trial);
    if (st != ST_OK)
        return st;
    int failed = git_config_open_ondisk(&config, path);
    if (failed == 0)
        failed = value != NULL ? git_config_set_string(config, key, value)
                               : git_config_delete_entry(config, key);
    if (failed == GIT_ENOTFOUND)
        st = fault_set(f, ST_NOT_FOUND, "%s is not set in %s", key, path);
    else if (failed < 0)
        st = syntax(path, f);
    git_config_free(config);
    return st;
}
