/*
 * home: one office's folder: identity, lock, places. Mode 0700; identity 0600.
 *
 *   config  identity  identity.pub  office  charters/  journal/  repo.git  index.db
 *   invitations/  control.sock (unless $XDG_RUNTIME_DIR/minga serves)
 *
 * identity: "minga-identity 1 plain <seed, hex>\n". office: "<label> <network id, hex>\n".
 */
#ifndef REPLICAS_HOME_H
#define REPLICAS_HOME_H

#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/disk.h"
#include "replicas/fault.h"

enum { HOME_SECRET_BYTES = 64, HOME_PATH_MAX = 4096 };

struct home_identity {
    uint8_t secret[HOME_SECRET_BYTES]; /* libsodium's Ed25519 form */
    struct key key;
};

/* home_make(): the folder with a fresh identity; entropy comes from libsodium. An identity that is
 * there stays (a join that is tried again keeps its key).
 * Errors: ST_EXISTS  a replica lives there already; ST_IO, ST_DISK_FULL */
MUST_USE enum status home_make(const char *home, struct home_identity *out, struct fault *f);

/* home_identity(): Errors: ST_NO_REPLICA, ST_CORRUPT, ST_IO. Wipe with sodium_memzero(). */
MUST_USE enum status home_identity(const char *home, struct home_identity *out, struct fault *f);

/* home_settle(): write "office" and identity.pub: from now on a replica lives here. */
MUST_USE enum status home_settle(const char *home, const char *label, const struct digest *network,
                                 struct fault *f);
/* home_office(): Errors: ST_NO_REPLICA (fix: init or join), ST_CORRUPT */
MUST_USE enum status home_office(const char *home, char label_out[static LABEL_BYTES_MAX + 1],
                                 struct digest *network_out, struct fault *f);

/* home_lock(): an exclusive lock for one process; fd_out holds it until closed.
 * Errors: ST_LOCKED (fault names the process id), ST_IO */
MUST_USE enum status home_lock(const char *home, int *fd_out, struct fault *f);

/* home_path(): "<home>/<name>" into out. ST_TOO_LARGE */
MUST_USE enum status home_path(const char *home, const char *name, char out[static HOME_PATH_MAX],
                               struct fault *f);

/* home_choose(): 'named' where somebody named one, else $MINGA_HOME, else $XDG_DATA_HOME/minga or
 * ~/.local/share/minga (is_default_out). Errors: ST_USAGE  there is no home directory */
MUST_USE enum status home_choose(const char *named, char out[static HOME_PATH_MAX],
                                 bool *is_default_out, struct fault *f);

/* home_socket(): where the daemon's control socket lies: in the home; of the home that nobody named
 * (is_default) at $XDG_RUNTIME_DIR/minga/control.sock, where that variable is set.
 * Errors: ST_TOO_LARGE  over the system's limit for a socket's path */
MUST_USE enum status home_socket(const char *home, bool is_default, char out[static HOME_PATH_MAX],
                                 struct fault *f);

#endif
