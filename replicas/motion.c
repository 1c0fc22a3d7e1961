#include "replicas/motion.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/mp.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "replicas/charter_sign.h"
#include "replicas/sshsig.h"

enum {
    MOTION_ELEMENTS = 6,
    PROMISE_ELEMENTS = 5,
    SIGNATURE_ELEMENTS = 2,
    FORMAT_VERSION = 1,
    LINE_BYTES_MAX = 512,
};

static const char promise_namespace[] = "minga-promise";

void motion_release(struct motion *m)
{
    if (m == NULL)
        return;
    charter_file_free(m->charter);
    mem_free(m->promises);
    mem_free(m->signatures);
    *m = (struct motion){.charter = NULL};
}

enum status motion_new(struct bytes body, const struct ballot *ballot, struct motion *out,
                       struct fault *f)
{
    *out = (struct motion){.ballot = *ballot};
    return charter_parse_body(body, &out->charter, f);
}

/* ---- Bytes ---- */

static void read_promises(struct mp_reader *r, struct motion *m)
{
    uint32_t count = mp_read_array(r, 0, MEMBERS_MAX);
    m->promises = mem_array(count, sizeof *m->promises);
    if (m->promises == NULL)
        mp_fail(r, ST_NO_MEMORY);
    for (uint32_t i = 0; i < count && r->status == ST_OK; i++) {
        struct ballot_promise *p = &m->promises[i];
        static const struct ballot_vote none;
        mp_read_array(r, PROMISE_ELEMENTS, PROMISE_ELEMENTS);
        mp_read_fixed(r, p->key.id, KEY_BYTES);
        p->vote.ballot.round = mp_read_uint(r, BALLOT_ROUND_MAX);
        mp_read_fixed(r, p->vote.ballot.admin.id, KEY_BYTES);
        mp_read_fixed(r, p->vote.hash.id, DIGEST_BYTES);
        mp_read_fixed(r, p->signature, SIGNATURE_BYTES);
        if (i > 0 && memcmp(p[-1].key.id, p->key.id, KEY_BYTES) >= 0)
            mp_fail(r, ST_NOT_CANONICAL);
        if (p->vote.ballot.round == 0 && memcmp(&p->vote, &none, sizeof none) != 0)
            mp_fail(r, ST_NOT_CANONICAL);
        if (ballot_compare(&p->vote.ballot, &m->ballot) >= 0)
            mp_fail(r, ST_MALFORMED); /* a vote is reported below what is promised */
        m->promise_count = i + 1;
    }
}

static void read_signatures(struct mp_reader *r, struct motion *m)
{
    uint32_t count = mp_read_array(r, 0, MEMBERS_MAX);
    m->signatures = mem_array(count, sizeof *m->signatures);
    if (m->signatures == NULL)
        mp_fail(r, ST_NO_MEMORY);
    for (uint32_t i = 0; i < count && r->status == ST_OK; i++) {
        struct charter_signature *s = &m->signatures[i];
        mp_read_array(r, SIGNATURE_ELEMENTS, SIGNATURE_ELEMENTS);
        mp_read_fixed(r, s->key.id, KEY_BYTES);
        mp_read_fixed(r, s->signature, SIGNATURE_BYTES);
        s->admin = m->ballot.admin;
        s->round = m->ballot.round;
        if (i > 0 && memcmp(s[-1].key.id, s->key.id, KEY_BYTES) >= 0)
            mp_fail(r, ST_NOT_CANONICAL);
        m->signature_count = i + 1;
    }
}

enum status motion_decode(struct bytes in, struct motion *out, struct fault *f)
{
    struct mp_reader r;
    struct motion m = {.charter = NULL};
    *out = m;
    if (in.count > CHARTER_BYTES_MAX)
        return fault_set(f, ST_TOO_LARGE, "motion: longer than %u bytes",
                         (unsigned)CHARTER_BYTES_MAX);
    mp_read(&r, in);
    mp_read_array(&r, MOTION_ELEMENTS, MOTION_ELEMENTS);
    if (mp_read_uint(&r, FORMAT_VERSION) != FORMAT_VERSION)
        mp_fail(&r, ST_MALFORMED);
    m.ballot.round = mp_read_uint(&r, BALLOT_ROUND_MAX);
    mp_read_fixed(&r, m.ballot.admin.id, KEY_BYTES);
    struct bytes body = mp_read_binary(&r, CHARTER_BYTES_MAX);
    if (m.ballot.round == 0)
        mp_fail(&r, ST_MALFORMED);
    read_promises(&r, &m);
    read_signatures(&r, &m);
    enum status status = mp_end(&r);
    if (status != ST_OK)
        fault_set(f, status, "it is no motion for a charter");
    else
        status = charter_parse_body(body, &m.charter, f);
    if (status == ST_OK)
        *out = m;
    else
        motion_release(&m);
    return status;
}

void motion_encode(const struct motion *m, struct buf *out)
{
    mp_write_array(out, MOTION_ELEMENTS);
    mp_write_uint(out, FORMAT_VERSION);
    mp_write_uint(out, m->ballot.round);
    mp_write_binary(out, (struct bytes){m->ballot.admin.id, KEY_BYTES});
    mp_write_binary(out, buf_bytes(&m->charter->file));
    mp_write_array(out, m->promise_count);
    for (uint32_t i = 0; i < m->promise_count; i++) {
        const struct ballot_promise *p = &m->promises[i];
        mp_write_array(out, PROMISE_ELEMENTS);
        mp_write_binary(out, (struct bytes){p->key.id, KEY_BYTES});
        mp_write_uint(out, p->vote.ballot.round);
        mp_write_binary(out, (struct bytes){p->vote.ballot.admin.id, KEY_BYTES});
        mp_write_binary(out, (struct bytes){p->vote.hash.id, DIGEST_BYTES});
        mp_write_binary(out, (struct bytes){p->signature, SIGNATURE_BYTES});
    }
    mp_write_array(out, m->signature_count);
    for (uint32_t i = 0; i < m->signature_count; i++) {
        mp_write_array(out, SIGNATURE_ELEMENTS);
        mp_write_binary(out, (struct bytes){m->signatures[i].key.id, KEY_BYTES});
        mp_write_binary(out, (struct bytes){m->signatures[i].signature, SIGNATURE_BYTES});
    }
}

/* ---- What is signed ---- */

static struct bytes promise_line(const struct motion *m, const struct digest *network,
                                 const struct ballot_vote *vote, char out[static LINE_BYTES_MAX])
{
    char net[2 * DIGEST_BYTES + 1], previous[2 * DIGEST_BYTES + 1], admin[2 * KEY_BYTES + 1];
    char voter[2 * KEY_BYTES + 1] = "-", hash[2 * DIGEST_BYTES + 1] = "-";
    hex_encode(network->id, DIGEST_BYTES, net);
    hex_encode(m->charter->previous.id, DIGEST_BYTES, previous);
    hex_encode(m->ballot.admin.id, KEY_BYTES, admin);
    if (vote->ballot.round > 0) {
        hex_encode(vote->ballot.admin.id, KEY_BYTES, voter);
        hex_encode(vote->hash.id, DIGEST_BYTES, hash);
    }
    int used = snprintf(out, LINE_BYTES_MAX, "minga/promise/1 %s %u %s %llu %s %llu %s %s\n", net,
                        m->charter->version, previous, (unsigned long long)m->ballot.round, admin,
                        (unsigned long long)vote->ballot.round, voter, hash);
    CHECK(used > 0 && used < LINE_BYTES_MAX);
    return (struct bytes){(const uint8_t *)out, (size_t)used};
}

struct ballot motion_first(const struct charter *before)
{
    struct ballot first = {.round = 1};
    uint32_t at = 0;
    while (at < before->member_count && !before->members[at].admin)
        at++;
    CHECK(at < before->member_count);
    first.admin = before->members[at].key;
    return first;
}

static enum status check_words(const struct digest *network, const struct charter *before,
                               const struct motion *m, struct fault *f)
{
    char line[LINE_BYTES_MAX];
    for (uint32_t i = 0; i < m->promise_count; i++) {
        const struct ballot_promise *p = &m->promises[i];
        if (!charter_is_admin(before, &p->key))
            return fault_set(f, ST_BAD_SIGNATURE, "a promise of the motion is no admin's");
        if (sshsig_verify_as(promise_namespace, promise_line(m, network, &p->vote, line), &p->key,
                             p->signature) != ST_OK)
            return fault_set(f, ST_BAD_SIGNATURE, "a promise of the motion does not verify");
    }
    for (uint32_t i = 0; i < m->signature_count; i++) {
        const struct charter_signature *s = &m->signatures[i];
        if (!charter_is_admin(before, &s->key))
            return fault_set(f, ST_BAD_SIGNATURE, "a signature of the motion is no admin's");
        if (charter_sign_verify(m->charter->version, &m->charter->hash, s) != ST_OK)
            return fault_set(f, ST_BAD_SIGNATURE, "a signature of the motion does not verify");
    }
    return ST_OK;
}

enum status motion_check(const struct digest *network, const struct charter *before,
                         const struct motion *m, struct fault *f)
{
    struct ballot first = motion_first(before);
    enum status status = charter_chain_check_body(before, m->charter, f);
    if (status != ST_OK)
        return status;
    if (!charter_is_admin(before, &m->ballot.admin))
        return fault_set(f, ST_BAD_SIGNATURE, "the motion's ballot is no admin's");
    if (m->ballot.round == 1 && ballot_compare(&m->ballot, &first) != 0)
        return fault_set(f, ST_WRONG_CHARTER, "the motion's ballot is the first admin's only");
    if (motion_promise_of(m, &m->ballot.admin) == NULL &&
        motion_signature_of(m, &m->ballot.admin) == NULL)
        return fault_set(f, ST_BAD_SIGNATURE, "the motion bears no word of its ballot's owner");
    return check_words(network, before, m, f);
}

/* ---- Words ---- */

/* Where 'key' stands, or would, in an array of 'each' bytes an element that begin with a key. */
static uint32_t place_of(const void *array, uint32_t count, size_t each, const struct key *key,
                         bool *there_out)
{
    const uint8_t *at = array;
    uint32_t i = 0;
    while (i < count && memcmp(at + i * each, key->id, KEY_BYTES) < 0)
        i++;
    *there_out = i < count && memcmp(at + i * each, key->id, KEY_BYTES) == 0;
    return i;
}

static_assert(offsetof(struct ballot_promise, key) == 0, "place_of() looks there");
static_assert(offsetof(struct charter_signature, key) == 0, "place_of() looks there");

/* A fresh array with 'element' at its place, in place of *array; as it was where the key has one.
 */
static enum status insert(void **array, uint32_t *count, size_t each, const void *element,
                          bool *grown_out)
{
    bool there;
    uint32_t at = place_of(*array, *count, each, element, &there);
    if (there)
        return ST_OK;
    uint8_t *grown = mem_resize(*array, (*count + 1) * each);
    if (grown == NULL)
        return ST_NO_MEMORY;
    memmove(grown + (at + 1) * each, grown + at * each, (*count - at) * each);
    memcpy(grown + at * each, element, each);
    *array = grown;
    ++*count;
    *grown_out = true;
    return ST_OK;
}

static enum status insert_promise(struct motion *m, const struct ballot_promise *p, bool *grown_out)
{
    void *array = m->promises;
    enum status status = insert(&array, &m->promise_count, sizeof *p, p, grown_out);
    m->promises = array;
    return status;
}

static enum status insert_signature(struct motion *m, const struct charter_signature *s,
                                    bool *grown_out)
{
    void *array = m->signatures;
    enum status status = insert(&array, &m->signature_count, sizeof *s, s, grown_out);
    m->signatures = array;
    return status;
}

enum status motion_join(struct motion *to, const struct motion *from, bool *grown_out)
{
    CHECK(ballot_compare(&to->ballot, &from->ballot) == 0);
    CHECK(memcmp(&to->charter->hash, &from->charter->hash, sizeof to->charter->hash) == 0);
    enum status status = ST_OK;
    *grown_out = false;
    for (uint32_t i = 0; i < from->promise_count && status == ST_OK; i++)
        status = insert_promise(to, &from->promises[i], grown_out);
    for (uint32_t i = 0; i < from->signature_count && status == ST_OK; i++)
        status = insert_signature(to, &from->signatures[i], grown_out);
    return status;
}

enum status motion_promise(struct motion *m, const struct digest *network,
                           const struct ballot_vote *vote, const uint8_t secret[static 64])
{
    struct ballot_promise p = {.vote = *vote};
    char line[LINE_BYTES_MAX];
    bool grown = false;
    CHECK(ballot_compare(&vote->ballot, &m->ballot) < 0);
    memcpy(p.key.id, secret + KEY_BYTES, KEY_BYTES);
    sshsig_sign_as(promise_namespace, promise_line(m, network, vote, line), secret, p.signature);
    return insert_promise(m, &p, &grown);
}

enum status motion_sign(struct motion *m, const uint8_t secret[static 64])
{
    struct charter_signature s = {.admin = m->ballot.admin, .round = m->ballot.round};
    bool grown = false;
    memcpy(s.key.id, secret + KEY_BYTES, KEY_BYTES);
    charter_sign(m->charter->version, &m->charter->hash, secret, &s);
    return insert_signature(m, &s, &grown);
}

const struct ballot_promise *motion_promise_of(const struct motion *m, const struct key *key)
{
    bool there;
    uint32_t at = place_of(m->promises, m->promise_count, sizeof *m->promises, key, &there);
    return there ? &m->promises[at] : NULL;
}

const struct charter_signature *motion_signature_of(const struct motion *m, const struct key *key)
{
    bool there;
    uint32_t at = place_of(m->signatures, m->signature_count, sizeof *m->signatures, key, &there);
    return there ? &m->signatures[at] : NULL;
}

bool motion_is_free(const struct motion *m, const struct charter *before)
{
    struct ballot first = motion_first(before);
    return ballot_compare(&m->ballot, &first) == 0 ||
           ballot_frees(m->promises, m->promise_count, charter_admins(before), &m->charter->hash);
}

bool motion_version(const struct motion *m, const struct charter *before, struct buf *out)
{
    if (2 * m->signature_count <= charter_admins(before))
        return false;
    struct charter version = {.signatures = m->signatures, .signature_count = m->signature_count};
    charter_file_add(&version, buf_bytes(&m->charter->file), out);
    return true;
}
