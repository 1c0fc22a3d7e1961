/*
 * disclosure: some values of one record, given to an auditor who may not read their class.
 *
 * The history keeps who gave what to whom, and when, in a record of type `disclosure`: "record",
 * the set "fields", "to" (a label), the set "values" (names of items, hex) and "item": the name of
 * an item of the vault that only the auditor can open:
 *
 *   crypto_box_seal, to the X25519 form of its key, of canonical msgpack:
 *   [1, type, record, [[name (32), salt id (20), value key (32)], …]]
 *
 * at most DISCLOSURE_VALUES_MAX values. Its facts in the vault: class internal (every auditor may
 * hold such), record and type of what is disclosed, reader, and as salt the first 20 bytes of its
 * own name, so that erasing can refuse it. The items of the values travel as ever; members give
 * them to the auditor because "values" names them.
 */
#ifndef REPLICAS_DISCLOSURE_H
#define REPLICAS_DISCLOSURE_H

#include "replicas/sealed.h"
#include "replicas/vault.h"
#include "replicas/verb.h"

#define DISCLOSURE_TYPE "disclosure"

enum { DISCLOSURE_VALUES_MAX = 256 };

struct disclosure_value {
    struct digest name;
    struct seal_id salt;
    struct seal_key key;
};

struct disclosure { /* wipe it: disclosure_clear() */
    char type[NAME_BYTES_MAX + 1];
    char record[RECORD_ID_TEXT + 1];
    uint32_t count;
    struct disclosure_value values[DISCLOSURE_VALUES_MAX];
};

void disclosure_clear(struct disclosure *d);

/* disclosure_encode(): the plaintext of the item. disclosure_decode(): the exact inverse.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE; *out is then cleared */
void disclosure_encode(const struct disclosure *d, struct buf *out);
MUST_USE enum status disclosure_decode(struct bytes in, struct disclosure *out);

/* disclosure_facts(): of the item of that name, for 'reader'. */
void disclosure_facts(const struct disclosure *d, const struct digest *name,
                      const struct key *reader, struct vault_facts *out);

/*
 * disclosure_give(): disclose ID, with options fields (names with commas between them) and to (an
 * auditor's label); dry-run. Row: id (of the record of type disclosure), record, type, to, fields,
 * commit.
 * Errors: ST_NOT_ALLOWED  an office reads it anyway, a partner may not; not an office ourselves
 *         ST_USAGE        a field of class open; nothing there; ST_NOT_SCHEMA  no such field
 *         ST_WAITING      a value is not here; ST_NOT_FOUND  it was erased
 */
MUST_USE enum status disclosure_give(const struct verb_call *call, struct fault *f);

#endif
