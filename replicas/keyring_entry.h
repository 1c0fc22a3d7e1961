/*
 * keyring_entry: one classkey record as the keyring sees it: whose key, of which class, who made
 * it and who has a copy. Private to keyring.c; what the record means is in keyring.h.
 */
#ifndef REPLICAS_KEYRING_ENTRY_H
#define REPLICAS_KEYRING_ENTRY_H

#include "replicas/fault.h"
#include "replicas/home.h"
#include "replicas/op.h"
#include "replicas/seal.h"

enum {
    KEYRING_ENTRY_MEMO_BYTES = 16, /* of the hash by which a copy that failed is known */
    KEYRING_ENTRY_DROPS_MAX = 16,  /* of one record at a time */
};

/* Who opens copies: an identity's X25519 form. Wipe it. */
struct keyring_entry_reader {
    struct digest network;
    struct key self;
    uint8_t public[32], secret[32];
};

/* A class key that was opened, or made. */
struct keyring_entry_key {
    uint8_t record[RECORD_ID_BYTES];
    enum schema_class class;
    struct seal_id id;
    struct seal_key key;
};

struct keyring_entry {
    uint8_t record[RECORD_ID_BYTES];
    struct oid blob;
    bool recalled; /* the history was asked for a copy for us that is not in the set */
    bool named;    /* class and id are what the record's id was derived from */
    enum schema_class class;
    struct seal_id id;
    uint64_t epoch;                    /* 0: none that counts */
    char creator[LABEL_BYTES_MAX + 1]; /* the office of its first change */
    struct key *copies;                /* whose key has a copy; ascending, each once */
    uint32_t copy_count;
    uint8_t (*failed)[KEYRING_ENTRY_MEMO_BYTES]; /* copies for us that did not open */
    uint32_t failed_count, failed_capacity;
    struct op_list drops; /* that take some of those out again: with them nobody would give us a
                             good one */
};

/* keyring_entry_reader(): of an identity; one without a secret opens nothing. */
void keyring_entry_reader(const struct digest *network, const struct home_identity *identity,
                          struct keyring_entry_reader *out);

/* keyring_entry_record(): the id of the record of a class key. */
void keyring_entry_record(const struct digest *network, enum schema_class class,
                          const struct seal_id *id, uint8_t out[static RECORD_ID_BYTES]);

/*
 * keyring_entry_read(): the record in 'file'.
 *
 * held      the key of this record, where it is known already; else NULL.
 * before    the record's entry before, read by the same identity, or NULL: what failed then is not
 *           tried again.
 * out       freed with keyring_entry_free().
 * key_out   the key of the first copy that opens to one; *opened_out: there is one.
 * Errors: ST_CORRUPT  no record; ST_NO_MEMORY
 */
MUST_USE enum status keyring_entry_read(const struct keyring_entry_reader *reader,
                                        struct bytes file, const struct keyring_entry_key *held,
                                        const struct keyring_entry *before,
                                        struct keyring_entry **out,
                                        struct keyring_entry_key *key_out, bool *opened_out,
                                        struct fault *f);
void keyring_entry_free(struct keyring_entry *e);

/* keyring_entry_open(): the key out of one copy (JSON text) for us, of that record; false: it is
 * for another, or does not open. */
bool keyring_entry_open(const struct keyring_entry_reader *reader, const uint8_t *record,
                        struct bytes text, struct keyring_entry_key *key_out);

/* keyring_entry_has(): whether there is a copy for this key. */
bool keyring_entry_has(const struct keyring_entry *e, const struct key *key);

/* keyring_entry_copy(): a copy of 'key' for a member, as the set has it (JSON text), appended.
 * Errors: ST_BAD_VALUE  the member's key is no point to encrypt to; ST_NO_MEMORY */
MUST_USE enum status keyring_entry_copy(const struct seal_key *key, const struct key *member,
                                        struct buf *out);

#endif
