/*
 * judge_key: an Ed25519 key for stock tools: `name` and `name.pub` in the judge's folder, in
 * OpenSSH's forms, from a seed, so that each run signs the same.
 */
#ifndef TESTS_JUDGE_KEY_H
#define TESTS_JUDGE_KEY_H

#include <sodium.h>
#include <sys/stat.h>

#include "proto/bytes.h"
#include "proto/id.h"
#include "tests/unit/replicas/judge.h"

static inline void judge_add_string(struct buf *out, const void *data, size_t count)
{
    buf_add_u32be(out, (uint32_t)count);
    buf_add(out, data, count);
}

static inline int judge_key(struct judge *j, const char *name, uint8_t seed_byte,
                            struct key *key_out, uint8_t secret_out[static 64])
{
    uint8_t seed[32];
    memset(seed, seed_byte, sizeof seed);
    crypto_sign_seed_keypair(key_out->id, secret_out, seed);
    struct buf public_key = {0}, inner = {0}, outer = {0}, text = {0};
    judge_add_string(&public_key, "ssh-ed25519", 11);
    judge_add_string(&public_key, key_out->id, KEY_BYTES);
    buf_add(&inner, "12341234", 8);
    buf_add_bytes(&inner, buf_bytes(&public_key));
    judge_add_string(&inner, secret_out, 64);
    judge_add_string(&inner, "test", 4);
    for (uint8_t pad = 1; inner.count % 8 != 0; pad++)
        buf_add_byte(&inner, pad);
    buf_add(&outer, "openssh-key-v1", 15);
    judge_add_string(&outer, "none", 4);
    judge_add_string(&outer, "none", 4);
    judge_add_string(&outer, "", 0);
    buf_add_u32be(&outer, 1);
    judge_add_string(&outer, public_key.data, public_key.count);
    judge_add_string(&outer, inner.data, inner.count);
    char base64[1024], path[JUDGE_PATH_MAX + 64], public_name[64];
    sodium_bin2base64(base64, sizeof base64, outer.data, outer.count,
                      sodium_base64_VARIANT_ORIGINAL);
    buf_add_format(&text,
                   "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n"
                   "-----END OPENSSH PRIVATE KEY-----\n",
                   base64);
    int failed = judge_write(j, name, text.data, text.count);
    snprintf(path, sizeof path, "%s/%s", j->folder, name);
    failed |= chmod(path, 0600);
    buf_reset(&text);
    sodium_bin2base64(base64, sizeof base64, public_key.data, public_key.count,
                      sodium_base64_VARIANT_ORIGINAL);
    buf_add_format(&text, "ssh-ed25519 %s test\n", base64);
    snprintf(public_name, sizeof public_name, "%s.pub", name);
    failed |= judge_write(j, public_name, text.data, text.count);
    buf_release(&public_key);
    buf_release(&inner);
    buf_release(&outer);
    buf_release(&text);
    return failed;
}

#endif
