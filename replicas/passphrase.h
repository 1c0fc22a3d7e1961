/*
 * passphrase: what a person knows: asked for, read from a file, made into a key. Owns nothing;
 * whoever holds one wipes it (passphrase_wipe()).
 */
#ifndef REPLICAS_PASSPHRASE_H
#define REPLICAS_PASSPHRASE_H

#include <stdint.h>

#include "proto/bytes.h"
#include "replicas/fault.h"

enum {
    PASSPHRASE_BYTES_MAX = 1024,
    PASSPHRASE_BYTES_MIN = 8, /* of a new one: fewer are guessed whatever each guess costs */
    PASSPHRASE_SALT_BYTES = 16,
    PASSPHRASE_KEY_BYTES = 32,
    /* Bounds of a cost that a file names: reading one never takes over a GiB or a few seconds. */
    PASSPHRASE_PASSES_MAX = 16,
    PASSPHRASE_KIB_MIN = 8,
    PASSPHRASE_KIB_MAX = 1024 * 1024,
};

struct passphrase {
    uint8_t text[PASSPHRASE_BYTES_MAX];
    size_t count;
};

struct passphrase_cost { /* of one guess, Argon2id */
    uint32_t passes;     /* 1 .. PASSPHRASE_PASSES_MAX */
    uint32_t memory_kib; /* PASSPHRASE_KIB_MIN .. PASSPHRASE_KIB_MAX */
};

/* passphrase_cost_usual(): libsodium's "moderate": 256 MiB, under a second. */
struct passphrase_cost passphrase_cost_usual(void);
bool passphrase_cost_is_valid(struct passphrase_cost cost);

/*
 * passphrase_key(): Argon2id 1.3 over 'text' and 'salt'. Takes the same time for every text.
 * Errors: ST_BAD_VALUE  a cost out of bounds; ST_NO_MEMORY
 */
MUST_USE enum status passphrase_key(struct bytes text, struct passphrase_cost cost,
                                    const uint8_t salt[static PASSPHRASE_SALT_BYTES],
                                    uint8_t out[static PASSPHRASE_KEY_BYTES], struct fault *f);

/*
 * passphrase_read(): the content of the file at 'path' without its last newline. A pipe will do.
 * Errors: ST_USAGE  it is not there, empty or over PASSPHRASE_BYTES_MAX; ST_IO
 */
MUST_USE enum status passphrase_read(const char *path, struct passphrase *out, struct fault *f);

/*
 * passphrase_credential(): $CREDENTIALS_DIRECTORY/minga-passphrase, where systemd puts it.
 * Errors: ST_NOT_FOUND  there is none; as passphrase_read()
 */
MUST_USE enum status passphrase_credential(struct passphrase *out, struct fault *f);

/* passphrase_can_ask(): standard input is a terminal. */
bool passphrase_can_ask(void);

/*
 * passphrase_ask(): one line of the terminal on standard input, not shown while it is typed, after
 * 'prompt' on standard error. Blocks.
 * Errors: ST_USAGE  there is no terminal, an empty or overlong line, or its end; ST_IO
 */
MUST_USE enum status passphrase_ask(const char *prompt, struct passphrase *out, struct fault *f);

/* passphrase_check(): a new one is long enough. Errors: ST_USAGE */
MUST_USE enum status passphrase_check(const struct passphrase *p, struct fault *f);

struct bytes passphrase_bytes(const struct passphrase *p);
void passphrase_wipe(struct passphrase *p);

#endif
