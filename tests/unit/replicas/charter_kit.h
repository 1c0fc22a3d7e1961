/*
 * charter_kit: persons of fixed keys, and charter versions of any content signed by any of them.
 */
#ifndef TESTS_CHARTER_KIT_H
#define TESTS_CHARTER_KIT_H

#include "tests/unit/replicas/programme.h"

#include <sodium.h>
#include <string.h>

#include "replicas/charter.h"
#include "replicas/charter_file.h"
#include "replicas/charter_sign.h"

#define SMALL                                                                                      \
    "{\"types\":{\"visit\":{\"fields\":{\"date\":{\"class\":\"open\",\"kind\":\"date\"}},"         \
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}"
#define GROWN                                                                                      \
    "{\"types\":{\"visit\":{\"fields\":{\"date\":{\"class\":\"open\",\"kind\":\"date\"},"          \
    "\"score\":{\"class\":\"open\",\"kind\":\"integer\"}},"                                        \
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}"
#define OTHER                                                                                      \
    "{\"types\":{\"visit\":{\"fields\":{\"score\":{\"class\":\"open\",\"kind\":\"date\"}},"        \
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}"

struct person {
    struct charter_member member;
    uint8_t secret[64];
};

/* A person of a fixed key. */
static inline struct person person(const char *label, uint8_t seed, enum charter_role role)
{
    struct person p = {.member = {.role = role}};
    uint8_t seed_bytes[crypto_sign_SEEDBYTES] = {seed};
    crypto_sign_seed_keypair(p.member.key.id, p.secret, seed_bytes);
    snprintf(p.member.label, sizeof p.member.label, "%s", label);
    snprintf(p.member.address, sizeof p.member.address, "127.0.0.1:%d", 7700 + seed);
    return p;
}

static inline struct person admin(const char *label, uint8_t seed)
{
    struct person p = person(label, seed, CHARTER_OFFICE);
    p.member.admin = true;
    p.member.treasurer = true;
    return p;
}

static inline struct charter_chain found(const struct person *founder, const char *schema)
{
    struct charter_chain chain = {0};
    struct buf file = {0};
    struct fault f = {0};
    assert_int_equal(charter_found("vicaría", &founder->member, bytes_of_text(schema),
                                   founder->secret, &file, &f),
                     ST_OK);
    if (charter_chain_add(&chain, buf_bytes(&file), NULL, &f) != ST_OK)
        fail_msg("%s", f.text);
    buf_release(&file);
    return chain;
}

/* A version of any content, signed by any of them under one ballot: what add_member() never makes.
 */
static inline struct buf sign(struct charter *c, const struct person *const *signers,
                              uint32_t count, const struct key *ballot_admin)
{
    struct charter_signature signatures[8] = {0};
    struct buf body = {0}, file = {0};
    charter_file_add_body(c, &body);
    charter_file_hash(buf_bytes(&body), &c->hash);
    for (uint32_t i = 0; i < count; i++) {
        signatures[i].key = signers[i]->member.key;
        signatures[i].admin = *ballot_admin;
        signatures[i].round = 3;
        charter_sign(c->version, &c->hash, signers[i]->secret, &signatures[i]);
    }
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i;
             j > 0 && memcmp(&signatures[j - 1].key, &signatures[j].key, sizeof(struct key)) > 0;
             j--) {
            struct charter_signature swap = signatures[j];
            signatures[j] = signatures[j - 1];
            signatures[j - 1] = swap;
        }
    c->signatures = signatures;
    c->signature_count = count;
    charter_file_add(c, buf_bytes(&body), &file);
    c->signatures = NULL;
    c->signature_count = 0;
    buf_release(&body);
    assert_int_equal(buf_status(&file), ST_OK);
    return file;
}

static inline enum status offer(struct charter_chain *chain, struct charter *c,
                                const struct person *const *signers, uint32_t count)
{
    struct fault f = {0};
    struct buf file = sign(c, signers, count, &signers[0]->member.key);
    enum status status = charter_chain_add(chain, buf_bytes(&file), NULL, &f);
    buf_release(&file);
    return status;
}

/* A copy of the newest version, as the next one, that borrows its lists. */
static inline struct charter next_of(const struct charter_chain *chain)
{
    struct charter next = *charter_newest(chain);
    next.previous = next.hash;
    next.version++;
    return next;
}

#endif
