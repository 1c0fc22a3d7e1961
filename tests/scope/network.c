#include "tests/scope/network.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"

#define SUM                                                                                        \
    "\"amount\":{\"class\":\"open\",\"currency\":\"currency\",\"kind\":\"amount\","                \
    "\"required\":true},\"currency\":{\"class\":\"open\",\"kind\":\"currency\","                   \
    "\"required\":true},\"office\":{\"class\":\"open\",\"kind\":\"label\",\"required\":true}"
#define CREDIT "{\"account\":{\"field\":\"office\"},\"line\":\"pool\",\"sign\":1}"
#define DEBIT "{\"account\":\"writer\",\"line\":\"pool\",\"sign\":-1}"
#define TYPE(postings)                                                                             \
    "{\"fields\":{" SUM "},\"postings\":[" postings                                                \
    "],\"shape\":\"entry\",\"writers\":[\"office\"]}"

static const char schema[] =
    "{\"types\":{\"case\":{\"fields\":{\"a\":{\"class\":\"open\",\"kind\":\"text\"}},"
    "\"shape\":\"record\",\"writers\":[\"office\"]},\"gift\":" TYPE(CREDIT) ",\"loan\":" TYPE(
        DEBIT "," CREDIT) ",\"payment\":" TYPE(DEBIT) "}}";

const char *const network_labels[NETWORK_MEMBERS] = {"office-a", "office-b", "office-c",
                                                     "office-d"};

void network_found(struct network *n)
{
    *n = (struct network){0};
    for (uint32_t i = 0; i < NETWORK_MEMBERS; i++) {
        struct home_identity *own = &n->identities[i];
        const uint8_t *founder = n->identities[0].secret;
        uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t)(i + 1)};
        struct charter_member member = {.role = CHARTER_OFFICE, .admin = i == 0};
        struct buf file = {0};
        struct fault f = {0};
        crypto_sign_seed_keypair(own->key.id, own->secret, seed);
        member.key = own->key;
        memcpy(member.label, network_labels[i], strlen(network_labels[i]) + 1);
        enum status st =
            i == 0 ? charter_found("scope", &member, bytes_of_text(schema), founder, &file, &f)
                   : charter_add_member(&n->chain, &member, founder, &file, &f);
        if (st == ST_OK)
            st = charter_chain_add(&n->chain, buf_bytes(&file), NULL, &f);
        CHECK(st == ST_OK);
        buf_release(&file);
    }
}

void network_release(struct network *n)
{
    charter_chain_release(&n->chain);
}
