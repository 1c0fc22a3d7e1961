/*
 * charter: the chain of signed versions: who is a member, in which role, under which schema.
 *
 * A version's file (charter/0001.json in every tree; canonical JSON but for these line breaks, so
 * that git log -p reads; one final newline):
 *
 *   {"body":{
 *   "limits":{…},                      names with whole numbers; {} where nothing is set
 *   "members":[
 *   {"address":"…","key":"<hex>","label":"…","rights":["admin","treasurer"],"role":"office"},
 *   …                                  ascending by label
 *   ],
 *   "network":"…",
 *   "previous":"<hash, hex>",          "" in version 1
 *   "retired":[                        [] on one line where empty
 *   {"kept":["<commit id>",…],"key":"<hex>","label":"…"},
 *   …                                  ascending by key
 *   ],
 *   "schema":{"types":{
 *   "allotment":{…},                   one type a line
 *   …
 *   }},
 *   "version":1
 *   },
 *   "signatures":[
 *   {"ballot":{"admin":"<key>","round":1},"key":"<key>","signature":"<SSHSIG with armour>"},
 *   …                                  ascending by key
 *   ]}
 *
 * The hash of a version is BLAKE2b-256 of its body's bytes, from its { to its }, line breaks and
 * all; the network id is the hash of the first. A signature is an OpenSSH SSHSIG (namespace
 * minga-charter) over "minga/charter/1 <version> <hash hex> <round> <admin key hex>\n".
 * A version needs signatures by a majority of the admins of the version before, under one ballot;
 * the first is signed by its only member. 'retired' lists every key ever retired, with the commits
 * of it that are kept; it and the schema only grow.
 */
#ifndef REPLICAS_CHARTER_H
#define REPLICAS_CHARTER_H

#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/fault.h"
#include "replicas/schema.h"

enum charter_role { CHARTER_OFFICE, CHARTER_AUDITOR, CHARTER_PARTNER };

struct charter_member {
    char label[LABEL_BYTES_MAX + 1];
    enum charter_role role;
    bool admin, treasurer;
    struct key key;
    char address[ADDRESS_BYTES_MAX + 1]; /* host:port or "" */
};

struct charter_retired {
    char label[LABEL_BYTES_MAX + 1];
    struct key key;
    struct oid *kept;
    uint32_t kept_count;
};

struct charter_signature {
    struct key key;
    struct key admin; /* the ballot: (round, admin) */
    uint64_t round;
    uint8_t signature[SIGNATURE_BYTES];
};

struct charter { /* one version, verified */
    uint32_t version;
    struct digest hash, previous;
    char network[NAME_BYTES_MAX + 1];
    struct charter_member *members; /* ascending by label */
    uint32_t member_count;
    struct charter_retired *retired;
    uint32_t retired_count;
    struct schema *schema;
    struct charter_signature *signatures; /* ascending by key */
    uint32_t signature_count;
    struct bytes limits_json; /* canonical, inside file */
    struct bytes schema_json; /* canonical, inside schema_text */
    struct buf schema_text;   /* owned: the schema on one line */
    struct buf file;          /* owned: the exact file */
};

struct charter_chain {
    struct digest network;     /* id: the hash of version 1 */
    struct charter **versions; /* [0] is version 1 */
    uint32_t count;
};

/* charter_found(): the first version's file, appended to 'out', signed by its founder.
 * schema_json: any JSON text. Errors: ST_NOT_SCHEMA, ST_BAD_VALUE, ST_NO_MEMORY */
MUST_USE enum status charter_found(const char *network, const struct charter_member *founder,
                                   struct bytes schema_json, const uint8_t secret[static 64],
                                   struct buf *out, struct fault *f);

/* charter_add_member(): the next version's file: one more member, signed by an admin alone.
 * Errors: ST_EXISTS (label or key taken, or key retired), ST_NOT_ALLOWED (signer no admin),
 *         ST_NEEDS_PERSON (more than one admin: a majority must sign), ST_BAD_VALUE (no member as
 *         the rules have them), ST_TOO_LARGE */
MUST_USE enum status charter_add_member(const struct charter_chain *chain,
                                        const struct charter_member *member,
                                        const uint8_t secret[static 64], struct buf *out,
                                        struct fault *f);

void charter_chain_release(struct charter_chain *c);

/*
 * charter_chain_add(): verify one version's file against the chain and append it. For version 1 the
 * chain is empty and 'expected' (may be NULL) is the network id it must have.
 * Errors: ST_EXISTS            the very version is there already (or other signatures of one body)
 *         ST_WAITING           versions between are missing
 *         ST_WRONG_NETWORK     version 1 is another network's
 *         ST_WRONG_CHARTER     another successor of a version we have; not grown; bad previous hash
 *         ST_BAD_SIGNATURE     no majority of valid signatures
 *         ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NOT_SCHEMA, ST_NO_MEMORY
 */
MUST_USE enum status charter_chain_add(struct charter_chain *c, struct bytes file,
                                       const struct digest *expected, struct fault *f);

/* charter_chain_renew(): the same, for a chain whose files are kept: ST_OK and *replaced_out where
 * the signatures of a version that is there gave way to smaller ones (charter_chain_add() does so
 * too, and says ST_EXISTS). 'expected' is the chain's own network. */
MUST_USE enum status charter_chain_renew(struct charter_chain *c, struct bytes file,
                                         bool *replaced_out, struct fault *f);

/* charter_chain_check_body(): whether 'next' may follow 'before', signatures apart;
 * charter_chain_check_next(): with them. Errors: ST_WRONG_CHARTER, ST_BAD_SIGNATURE, ST_NO_MEMORY
 */
MUST_USE enum status charter_chain_check_body(const struct charter *before,
                                              const struct charter *next, struct fault *f);
MUST_USE enum status charter_chain_check_next(const struct charter *before,
                                              const struct charter *next, struct fault *f);

/* charter_loses(): whether a member that is 'a' and would be 'b' loses a role, a right or its
 * label: its key is then retired. */
bool charter_loses(const struct charter_member *a, const struct charter_member *b);

/* charter_admins(): how many there are. charter_is_admin(): whether the key is one's. */
uint32_t charter_admins(const struct charter *c);
bool charter_is_admin(const struct charter *c, const struct key *key);

/* charter_chain_drop(): take the newest version off again: it could not be made durable. */
void charter_chain_drop(struct charter_chain *c);

/* charter_version_of(): the version number a file claims, unverified; 0 where it is no charter. */
uint32_t charter_version_of(struct bytes file);

const struct charter *charter_newest(const struct charter_chain *c);
const struct charter *charter_at(const struct charter_chain *c, uint32_t version); /* or NULL */
const struct charter_member *charter_by_label(const struct charter *c, struct bytes label);
const struct charter_member *charter_by_key(const struct charter *c, const struct key *key);
const struct charter_retired *charter_retired_key(const struct charter *c, const struct key *key);
const char *charter_role_text(enum charter_role role);
bool charter_role_parse(struct bytes text, enum charter_role *out);

#endif
