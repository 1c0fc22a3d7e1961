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

static const char schema[] = "{\"types\":{\"gift\":" TYPE(CREDIT) ",\"loan\":" TYPE(
    DEBIT "," CREDIT) ",\"payment\":" TYPE(DEBIT) "}}";

const char *const network_labels[HISTORY_MEMBERS] = {"office-a", "office-b", "office-c"};

void network_found(struct network *n)
{
    uint8_t founder[crypto_sign_SECRETKEYBYTES] = {0};
    *n = (struct network){0};
    for (uint32_t i = 0; i < HISTORY_MEMBERS; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t)(i + 1)};
        uint8_t secret[crypto_sign_SECRETKEYBYTES];
        struct charter_member member = {.role = CHARTER_OFFICE, .admin = i == 0};
        struct buf file = {0};
        struct fault f = {0};
        crypto_sign_seed_keypair(n->keys[i].id, secret, seed);
        member.key = n->keys[i];
        memcpy(member.label, network_labels[i], strlen(network_labels[i]) + 1);
        if (i == 0)
            memcpy(founder, secret, sizeof founder);
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
