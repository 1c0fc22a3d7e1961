/*
 * motion: a body proposed for the next charter version, with the promises and signatures that it
 * has gathered. It travels beside the history, in CHARTER, until a majority has signed.
 *
 * As bytes, canonical msgpack:
 *   [1, round, admin, body, [promise …], [signature …]]
 *   promise    [key, round, admin, hash, signature]   ascending by key; round 0 and zeros: no vote
 *   signature  [key, signature]                       ascending by key
 * round and admin are the ballot, for which all promises and signatures are. body is that of the
 * version, its exact bytes (charter.h). A signature is the one that will stand in the version's
 * file. A promise is an OpenSSH SSHSIG (namespace minga-promise) over
 *   "minga/promise/1 <network> <version> <previous> <round> <admin> <round> <admin> <hash>\n"
 * the ballot promised, then the greatest vote signed below it ("0 - -" for none); hashes and keys
 * in hex. A motion carries at least one word of its ballot's owner: nobody makes one for another.
 */
#ifndef REPLICAS_MOTION_H
#define REPLICAS_MOTION_H

#include "replicas/ballot.h"
#include "replicas/charter.h"

struct motion { /* owns everything */
    struct ballot ballot;
    struct charter *charter;         /* the body, parsed: charter->file holds its bytes */
    struct ballot_promise *promises; /* ascending by key */
    uint32_t promise_count;
    struct charter_signature *signatures; /* ascending by key */
    uint32_t signature_count;
};

void motion_release(struct motion *m);

/* motion_new(): of 'body' (copied) under a ballot, without a word of anybody yet.
 * Errors: as charter_parse_body() */
MUST_USE enum status motion_new(struct bytes body, const struct ballot *ballot, struct motion *out,
                                struct fault *f);

/*
 * motion_decode(): the exact bytes or nothing; no signature is verified. *out is the caller's.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE (over CHARTER_BYTES_MAX), ST_NOT_SCHEMA,
 *         ST_NO_MEMORY
 */
MUST_USE enum status motion_decode(struct bytes in, struct motion *out, struct fault *f);

/* motion_encode(): appended; check buf_status(). */
void motion_encode(const struct motion *m, struct buf *out);

/*
 * motion_check(): whether it may follow 'before': the body as charter_chain_check_body() has it,
 * every word an admin's and verified, at least one its owner's, round 1 the first admin's only.
 * Errors: ST_WRONG_CHARTER, ST_BAD_SIGNATURE, ST_NO_MEMORY
 */
MUST_USE enum status motion_check(const struct digest *network, const struct charter *before,
                                  const struct motion *m, struct fault *f);

/* motion_first(): the ballot that needs no promises: of the first admin in the list of members. */
struct ballot motion_first(const struct charter *before);

/* motion_join(): take the words of 'from' (same ballot, same body) into 'to'. grown_out: some were
 * new. Errors: ST_NO_MEMORY: 'to' as it was, or with some of them */
MUST_USE enum status motion_join(struct motion *to, const struct motion *from, bool *grown_out);

/* motion_promise(), motion_sign(): add a word by 'secret'; the caller has asked ballot.h and has
 * kept it on disk before it leaves. A word of that key that is there stays. */
MUST_USE enum status motion_promise(struct motion *m, const struct digest *network,
                                    const struct ballot_vote *vote,
                                    const uint8_t secret[static 64]);
MUST_USE enum status motion_sign(struct motion *m, const uint8_t secret[static 64]);

const struct ballot_promise *motion_promise_of(const struct motion *m, const struct key *key);
const struct charter_signature *motion_signature_of(const struct motion *m, const struct key *key);

/* motion_is_free(): whether its promises, or its being the first ballot, leave its body free. */
bool motion_is_free(const struct motion *m, const struct charter *before);

/* motion_version(): the charter file, appended, where a majority of the admins of 'before' signed;
 * else false and nothing. */
bool motion_version(const struct motion *m, const struct charter *before, struct buf *out);

#endif
