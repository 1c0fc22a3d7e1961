/*
 * backup: the file that `minga backup` makes: the files of one home under a passphrase. This is its
 * bytes; what goes in is snapshot's affair, what comes out restore's.
 *
 *   "minga-backup 1\n" | passes u32 | memory, KiB u32 | salt 16 | stream header 24
 *   then chunks of crypto_secretstream_xchacha20poly1305: 64 KiB of plaintext each, the last one
 *   less and tagged final; each bound to what stands before the stream header
 *
 * Key: Argon2id of passphrase and salt. Plaintext (numbers big endian):
 *
 *   1 | label, u8 length before it | network id 32 | made at u64 | own seq u64 | charter u32 |
 *   files u32, then each: u8 length, name | u64 length, content | BLAKE2b-256 of both
 *
 * Names ascend in byte order, are of a fixed pattern (backup_name_is_valid()) and never lead out of
 * the home. Nothing stands behind the last file.
 */
#ifndef REPLICAS_BACKUP_H
#define REPLICAS_BACKUP_H

#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/fault.h"
#include "replicas/passphrase.h"

enum {
    BACKUP_NAME_MAX = 200, /* bytes of a name, without its NUL */
    BACKUP_FILES_MAX = 1024 * 1024,
    BACKUP_CHUNK_BYTES = 64 * KIB,
};

struct backup_about {
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    uint64_t made;    /* seconds since 1970 */
    uint64_t seq;     /* of this office's key then; 0: it had written nothing */
    uint32_t charter; /* the newest version then, 1 .. */
    uint32_t files;   /* 0 .. BACKUP_FILES_MAX */
};

/* backup_name_is_valid(): a file of the home, or of one folder in it, in lower case; of repo.git
 * what a repository is made of, without hooks. */
bool backup_name_is_valid(struct bytes name);

/* ---- Writing ---- */

struct backup_writer;

/* Where the bytes go; anything but ST_OK ends it. */
typedef enum status (*backup_put_fn)(void *user, struct bytes data, struct fault *f);

/* backup_begin(): free the writer with backup_free(). Errors: as passphrase_key() and 'put' */
MUST_USE enum status backup_begin(struct bytes passphrase, struct passphrase_cost cost,
                                  const struct backup_about *about, backup_put_fn put, void *user,
                                  struct backup_writer **out, struct fault *f);

/* backup_file(): the next file; then exactly 'count' bytes by backup_data(). */
MUST_USE enum status backup_file(struct backup_writer *w, const char *name, uint64_t count,
                                 struct fault *f);
MUST_USE enum status backup_data(struct backup_writer *w, struct bytes data, struct fault *f);

/* backup_end(): after as many files as were announced. */
MUST_USE enum status backup_end(struct backup_writer *w, struct fault *f);
void backup_free(struct backup_writer *w); /* NULL too */

/* ---- Reading ---- */

struct backup_source {
    void *user;
    /* read(): up to 'count' bytes; *got_out less only at the end. */
    enum status (*read)(void *user, void *out, size_t count, size_t *got_out, struct fault *f);
};

/* Who is told, in order; anything but ST_OK ends it. What a file held is not known to be sound
 * before file_end(), and none of it before backup_read() returns. NULL: not told. */
struct backup_sink {
    void *user;
    enum status (*about)(void *user, const struct backup_about *about, struct fault *f);
    enum status (*file)(void *user, const char *name, uint64_t count, struct fault *f);
    enum status (*data)(void *user, struct bytes data, struct fault *f);
    enum status (*file_end)(void *user, struct fault *f);
};

/*
 * backup_read(): Errors: ST_MALFORMED  no backup, or of another version
 *         ST_WRONG_KEY  not that passphrase, or the first chunk is damaged
 *         ST_CORRUPT    damaged or cut short behind it
 *         ST_NO_MEMORY; as the source and the sink say
 */
MUST_USE enum status backup_read(const struct backup_source *source, struct bytes passphrase,
                                 const struct backup_sink *sink, struct fault *f);

#endif
