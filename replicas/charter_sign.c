#include "replicas/charter_sign.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/sshsig.h"

enum { LINE_BYTES_MAX = 256 };

static const char namespace[] = "minga-charter";

static struct bytes signed_line(uint32_t version, const struct digest *hash,
                                const struct charter_signature *s, char out[static LINE_BYTES_MAX])
{
    char hash_hex[2 * DIGEST_BYTES + 1], admin_hex[2 * KEY_BYTES + 1];
    hex_encode(hash->id, DIGEST_BYTES, hash_hex);
    hex_encode(s->admin.id, KEY_BYTES, admin_hex);
    int used = snprintf(out, LINE_BYTES_MAX, "minga/charter/1 %u %s %llu %s\n", version, hash_hex,
                        (unsigned long long)s->round, admin_hex);
    CHECK(used > 0 && used < LINE_BYTES_MAX);
    return (struct bytes){(const uint8_t *)out, (size_t)used};
}

void charter_sign(uint32_t version, const struct digest *hash, const uint8_t secret[static 64],
                  struct charter_signature *s)
{
    char line[LINE_BYTES_MAX];
    CHECK(memcmp(s->key.id, secret + KEY_BYTES, KEY_BYTES) == 0);
    sshsig_sign_as(namespace, signed_line(version, hash, s, line), secret, s->signature);
}

enum status charter_sign_verify(uint32_t version, const struct digest *hash,
                                const struct charter_signature *s)
{
    char line[LINE_BYTES_MAX];
    return sshsig_verify_as(namespace, signed_line(version, hash, s, line), &s->key, s->signature);
}

void charter_sign_armour(const struct charter_signature *s, struct buf *out)
{
    sshsig_armour_as(namespace, &s->key, s->signature, out);
}

enum status charter_sign_read(struct bytes armour, struct charter_signature *s)
{
    return sshsig_parse_as(namespace, armour, &s->key, s->signature);
}
