#include "tests/fuzz/founder.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/charter_file.h"
#include "replicas/charter_sign.h"

static const char schema_json[] =
    "{\"types\":{\"pay\":{\"fields\":{\"office\":{\"class\":\"open\",\"kind\":\"label\"}},"
    "\"shape\":\"entry\",\"writers\":[\"office\"]},"
    "\"visit\":{\"fields\":{\"date\":{\"class\":\"open\",\"kind\":\"date\"}},"
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}";

static struct key public;
static uint8_t secret[crypto_sign_SECRETKEYBYTES];
static struct charter_chain chain;

static void found(void)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {1};
    struct charter_member me = {.label = "santiago", .admin = true, .treasurer = true};
    struct buf file = {0};
    if (chain.count > 0)
        return;
    crypto_sign_seed_keypair(public.id, secret, seed);
    me.key = public;
    enum status status = charter_found("vicar\xc3\xad"
                                       "a",
                                       &me, bytes_of_text(schema_json), secret, &file, NULL);
    if (status == ST_OK)
        status = charter_chain_add(&chain, buf_bytes(&file), NULL, NULL);
    CHECK(status == ST_OK);
    buf_release(&file);
}

const uint8_t *founder_secret(void)
{
    found();
    return secret;
}

const struct key *founder_key(void)
{
    found();
    return &public;
}

const struct charter_chain *founder_chain(void)
{
    found();
    return &chain;
}

void founder_follow(struct charter *c)
{
    const struct charter *first = charter_newest(founder_chain());
    c->version = 2;
    c->previous = first->hash;
    memcpy(c->network, first->network, sizeof c->network);
}

void founder_sign(struct charter *c, struct buf *out)
{
    struct buf body = {0};
    struct digest hash;
    charter_file_add_body(c, &body);
    charter_file_hash(buf_bytes(&body), &hash);
    CHECK(c->signature_count > 0);
    c->signature_count = 1;
    c->signatures[0].key = c->signatures[0].admin = *founder_key();
    c->signatures[0].round = 1;
    charter_sign(c->version, &hash, founder_secret(), &c->signatures[0]);
    charter_file_add(c, buf_bytes(&body), out);
    buf_release(&body);
}
