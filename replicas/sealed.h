/*
 * sealed: values of class internal and personal, between a person and the history: what the history
 * holds of them, writing and reading them through keyring and vault.
 *
 * In a record: {"class":"personal","key":"<key id, hex>","salt":"<salt id, hex>",
 * "sealed":"<the item's name, hex>"}, canonical JSON. The plaintext is the field's value as
 * canonical JSON. A record has a salt of its own for each class; a value takes that of its record's
 * greatest change that has one which is held and not refused, else a fresh one.
 */
#ifndef REPLICAS_SEALED_H
#define REPLICAS_SEALED_H

#include "replicas/replica.h"
#include "replicas/seal.h"

struct sealed_value {
    enum schema_class class;
    struct seal_id key, salt;
    struct digest name;
};

/* sealed_parse(): false where 'json' is not exactly such a value. sealed_write(): its text. */
bool sealed_parse(struct bytes json, struct sealed_value *out);
void sealed_write(const struct sealed_value *value, struct buf *out);

const char *sealed_class_text(enum schema_class class); /* "open", "internal", "personal" */

/* sealed_readable(): whether this office may read a class, by the newest charter. */
bool sealed_readable(struct replica *r, enum schema_class class);

/* What is kept at hand between two values: salts. One a replica; wiped at its end, and forgotten
 * where something was erased or a class was lost. */
struct sealed_memo;
MUST_USE enum status sealed_memo_create(struct sealed_memo **out);
void sealed_memo_free(struct sealed_memo *m);
void sealed_memo_forget(struct sealed_memo *m);

struct sealed_target {
    struct bytes type, record; /* hex digits */
    const struct record *now;  /* as the state has it; empty or NULL for a new one */
    const struct schema_field *field;
};

/* sealed_ready(): the class key to seal with; one that has to be made is appended to 'ops', which
 * sealed_close() finds there again. Errors: as sealed_close() */
MUST_USE enum status sealed_ready(struct replica *r, enum schema_class class, struct op_list *ops,
                                  struct seal_id *id_out, struct fault *f);

/*
 * sealed_close(): 'plain' (canonical JSON, not null) becomes an item in the vault (durable with the
 * next replica_sync()), its text for the record is appended to 'json_out'; a class key that has to
 * be made is appended to 'ops', which must go into the same commit or an earlier one.
 * Errors: ST_NOT_ALLOWED  this office may not read the class; ST_TOO_LARGE, ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status sealed_close(struct replica *r, const struct sealed_target *target,
                                  struct bytes plain, struct op_list *ops, struct buf *json_out,
                                  struct fault *f);

enum sealed_state {
    SEALED_READ,         /* plain_out holds it */
    SEALED_WAITING,      /* its item, salt or class key is on its way */
    SEALED_NOT_ENTITLED, /* this office may not read the class */
    SEALED_ERASED,       /* its salt was erased */
    SEALED_DAMAGED,      /* hash, key or place do not fit: named in the fault, never a crash */
};
const char *sealed_state_text(enum sealed_state s); /* "read", "waiting", … : stable words */

/* sealed_open(): the value that 'json' (a sealed one) stands for in this record and field; its
 * canonical JSON appended to plain_out where SEALED_READ. Disclosed values open too.
 * Errors: LOCAL only */
MUST_USE enum status sealed_open(struct replica *r, const struct sealed_target *target,
                                 struct bytes json, struct buf *plain_out,
                                 enum sealed_state *state_out, struct fault *f);

#endif
