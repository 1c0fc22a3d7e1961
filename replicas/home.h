/*
 * home: one office's folder: identity, lock, places. Mode 0700; identity 0600.
 *
 *   config  identity  identity.pub  office  charters/  journal/  repo.git  index.db  vault.db
 *   book.cache
 *   council  evidence/  invitations/  control.sock (unless $XDG_RUNTIME_DIR/minga serves)
 *
 * identity: as identity.h has it. office: "<label> <network id, hex>\n". Beside the identity may
 * stand another one that is to replace it (identity.next, identity.join), of the same form.
 */
#ifndef REPLICAS_HOME_H
#define REPLICAS_HOME_H

#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/disk.h"
#include "replicas/fault.h"
#include "replicas/identity.h"

enum { HOME_SECRET_BYTES = 64, HOME_PATH_MAX = 4096 };

struct home_identity {
    uint8_t secret[HOME_SECRET_BYTES]; /* libsodium's Ed25519 form */
    struct key key;
    struct identity_wrap wrap; /* how its file keeps it */
};

/* home_make(): the folder with a fresh identity without a passphrase; entropy comes from libsodium.
 * An identity that is there stays (a join that is tried again keeps its key).
 * Errors: ST_EXISTS  a replica lives there already; ST_WRONG_KEY  the identity that is there is
 *         under a passphrase; ST_IO, ST_DISK_FULL */
MUST_USE enum status home_make(const char *home, struct home_identity *out, struct fault *f);

/* home_make_wrapped(): the same under a passphrase (none where it is empty); an identity that is
 * there has to open with it, or gets it if it had none. 'cost' of a fresh one.
 * Errors: as home_make(), identity_read() */
MUST_USE enum status home_make_wrapped(const char *home, struct bytes passphrase,
                                       struct passphrase_cost cost, struct home_identity *out,
                                       struct fault *f);

/* home_make_beside(): the same for the file 'name' of a home that is there. */
MUST_USE enum status home_make_beside(const char *home, const char *name, struct bytes passphrase,
                                      struct passphrase_cost cost, struct home_identity *out,
                                      struct fault *f);

/* home_protect(): an identity into the file 'name' anew, under another passphrase or none (empty);
 * identity->wrap follows. Errors: as identity_wrap_make(), home_write_identity() */
MUST_USE enum status home_protect(const char *home, const char *name, struct bytes passphrase,
                                  struct passphrase_cost cost, struct home_identity *identity,
                                  struct fault *f);

/* home_identity(): one without a passphrase.
 * Errors: ST_NO_REPLICA, ST_CORRUPT, ST_IO; ST_WRONG_KEY  it is under a passphrase. Wipe with
 * sodium_memzero(). */
MUST_USE enum status home_identity(const char *home, struct home_identity *out, struct fault *f);

/* home_unlock(): either form. Errors: ST_NO_REPLICA, ST_CORRUPT, ST_IO, as identity_read() */
MUST_USE enum status home_unlock(const char *home, struct bytes passphrase,
                                 struct home_identity *out, struct fault *f);

/* home_public(): what the file 'name' ("identity", …) tells without a passphrase.
 * Errors: ST_NO_REPLICA  there is none; ST_CORRUPT, ST_IO */
MUST_USE enum status home_public(const char *home, const char *name, struct key *key_out,
                                 bool *wrapped_out, struct fault *f);

/* home_write_identity(): the file 'name' anew, atomically and durably, kept as 'wrap' says. */
MUST_USE enum status home_write_identity(const char *home, const char *name,
                                         const uint8_t seed[static IDENTITY_SEED_BYTES],
                                         const struct identity_wrap *wrap, struct fault *f);

/* home_read_next(): the identity in the file 'name', which was written with current->wrap.
 * Errors: ST_NOT_FOUND  there is none; ST_WRONG_KEY, ST_CORRUPT, ST_IO */
MUST_USE enum status home_read_next(const char *home, const char *name,
                                    const struct home_identity *current, struct home_identity *out,
                                    struct fault *f);

/* home_switch_identity(): the file 'name' becomes identity, in one step; then identity.pub follows.
 * Errors: ST_NOT_FOUND  no such file; ST_IO, ST_DISK_FULL. After a crash home_publish() does the
 * rest. */
MUST_USE enum status home_switch_identity(const char *home, const char *name, const char *label,
                                          struct fault *f);

/* home_publish(): identity.pub as identity has it; written only where it differs. */
MUST_USE enum status home_publish(const char *home, const char *label, struct fault *f);

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
