/*
 * settings: <home>/config, in git-config syntax, read with libgit2.
 *
 *   [office]
 *       listen = 127.0.0.1:7717     host:port; port 0 takes a free one; empty: do not listen
 *       acknowledge = 10m           others' commits wait so long to be acknowledged; 0s: never
 *       attachment-max = 127M       the largest file that attach takes; k and M: KiB, MiB
 *       meet = 3s                   the first write after a start waits so long for word of peers
 *   [peer "iquique"]
 *       address = iquique.example.org:7717
 *   [gossip]
 *       links = 4                   1 .. LINKS_MAX
 *   [log]
 *       level = info                error, warning, notice, info, debug
 *
 * An unknown section or key is an error that names file, line, key and the nearest valid one.
 */
#ifndef REPLICAS_SETTINGS_H
#define REPLICAS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/limits.h"
#include "replicas/fault.h"

enum { SETTINGS_PEERS_MAX = MEMBERS_MAX };

struct settings_peer {
    char label[LABEL_BYTES_MAX + 1];
    char address[ADDRESS_BYTES_MAX + 1];
};

struct settings {
    char listen[ADDRESS_BYTES_MAX + 1];
    struct settings_peer *peers;
    uint32_t peer_count;
    uint32_t links;
    uint64_t acknowledge_ms, meet_ms;
    uint64_t attachment_bytes_max; /* 1 .. ATTACHMENT_BYTES_MAX */
    int log_level;                 /* syslog's 3 .. 7 */
};

void settings_release(struct settings *s);

/* settings_load(): the file at 'path'; a missing one gives the defaults.
 * Errors: ST_BAD_CONFIG (file, line, key and what would be valid), ST_IO, ST_NO_MEMORY; *out is
 * then as zeroed. */
MUST_USE enum status settings_load(const char *path, struct settings *out, struct fault *f);

/* settings_each(): every key as it holds, defaults included, by name. */
void settings_each(const struct settings *s,
                   void (*each)(void *user, const char *key, const char *value), void *user);

/* settings_set(): one key in the file, checked as settings_load() would; value NULL removes it.
 * Errors: ST_BAD_CONFIG (the file is as before), ST_IO */
MUST_USE enum status settings_set(const char *path, const char *key, const char *value,
                                  struct fault *f);

/* settings_address_is_valid(): host:port, port 0 .. 65535, host not empty. */
bool settings_address_is_valid(const char *address);

#endif
