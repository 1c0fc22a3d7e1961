/*
 * courier_kit: two offices and an auditor of one network, and a bundle carried between them in
 * memory: the words of courier.h, asked as cli/bundle.c asks them.
 */
#ifndef TESTS_COURIER_KIT_H
#define TESTS_COURIER_KIT_H

#include "tests/unit/replicas/offices.h"

#include <sodium.h>

#include "replicas/bundle.h"
#include "replicas/courier.h"
#include "replicas/parcel.h"
#include "replicas/receipt.h"

struct carried { /* a bundle: its head, signed, and its chunks, plain */
    struct bundle_head head;
    struct buf chunks[64];
    uint32_t count, commits;
};

/* A member of the last row, in base64. */
static inline struct buf kit_bytes(const struct office *o, const char *name)
{
    struct buf out = {0};
    const char *text = office_text(o, 0, name);
    size_t count = 0, room = strlen(text) / 4 * 3 + 3;
    uint8_t *at = buf_reserve(&out, room);
    assert_non_null(at);
    assert_int_equal(sodium_base642bin(at, room, text, strlen(text), NULL, &count, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    out.count = count;
    return out;
}

/* "--name=<base64>", until the next of that name. */
static inline const char *kit_option(const char *name, struct bytes bytes)
{
    static char texts[4][2 * MIB];
    static unsigned next;
    char *text = texts[next++ % 4];
    int used = snprintf(text, sizeof texts[0], "--%s=", name);
    sodium_bin2base64(text + used, sizeof texts[0] - (size_t)used, bytes.data, bytes.count,
                      sodium_base64_VARIANT_ORIGINAL);
    return text;
}

static inline void kit_add(struct carried *c, struct office *o)
{
    struct buf chunk = kit_bytes(o, "chunk");
    if (chunk.count == 0) {
        buf_release(&chunk);
        return;
    }
    assert_true(c->count < 64);
    c->chunks[c->count++] = chunk;
}

static inline void carried_release(struct carried *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        buf_release(&c->chunks[i]);
    *c = (struct carried){.count = 0};
}

/* What 'from' writes for 'label'; since: "--since-last" or NULL. */
static inline void kit_write(struct office *from, const char *label, const char *since,
                             struct carried *out)
{
    char to[64], after[48], until[48];
    *out = (struct carried){.count = 0};
    snprintf(to, sizeof to, "--for=%s", label);
    office_run(from, ST_OK, "bundle", "plan", to, since, NULL);
    assert_int_equal(hex_decode(bytes_of_text(office_text(from, 0, "network")),
                                out->head.network.id, DIGEST_BYTES),
                     ST_OK);
    assert_int_equal(
        hex_decode(bytes_of_text(office_text(from, 0, "sender")), out->head.sender.id, KEY_BYTES),
        ST_OK);
    assert_int_equal(hex_decode(bytes_of_text(office_text(from, 0, "recipient")),
                                out->head.recipient.id, KEY_BYTES),
                     ST_OK);
    out->head.part = out->head.parts = 1;
    struct buf known = kit_bytes(from, "known"), tips = kit_bytes(from, "tips");
    snprintf(until, sizeof until, "--until=%lld", (long long)office_number(from, 0, "until"));
    snprintf(after, sizeof after, "--after=%lld", (long long)office_number(from, 0, "charter"));
    office_run(from, ST_OK, "bundle", "charters", after, NULL);
    kit_add(out, from);
    snprintf(after, sizeof after, "--after=0");
    for (bool more = true; more;) {
        office_run(from, ST_OK, "bundle", "history", kit_option("known", buf_bytes(&known)), after,
                   until, "--bytes=4096", NULL);
        kit_add(out, from);
        out->commits += (uint32_t)office_number(from, 0, "count");
        snprintf(after, sizeof after, "--after=%lld", (long long)office_number(from, 0, "next"));
        more = json_is_true(office_at(from, 0, "more"));
    }
    office_run(from, ST_OK, "bundle", "heads", NULL);
    kit_add(out, from);
    uint8_t key[BUNDLE_KEY_BYTES];
    assert_int_equal(bundle_seal(&out->head, key), ST_OK);
    struct buf head = {0};
    bundle_encode(&out->head, &head);
    office_run(from, ST_OK, "bundle", "sign", kit_option("head", buf_bytes(&head)), NULL);
    buf_release(&head);
    head = kit_bytes(from, "head");
    assert_int_equal(bundle_decode(buf_bytes(&head), &out->head), ST_OK);
    office_run(from, ST_OK, "bundle", "given", to, kit_option("tips", buf_bytes(&tips)), NULL);
    buf_release(&head);
    buf_release(&known);
    buf_release(&tips);
}

static inline const char *kit_head(const struct bundle_head *h)
{
    struct buf bytes = {0};
    bundle_encode(h, &bytes);
    const char *option = kit_option("head", buf_bytes(&bytes));
    buf_release(&bytes);
    return option;
}

/* One chunk, as what 'sender' wrote. */
static inline void kit_take(struct office *o, enum status wanted, const struct key *sender,
                            struct bytes chunk)
{
    char by[2 * KEY_BYTES + 16], hex[2 * KEY_BYTES + 1];
    hex_encode(sender->id, KEY_BYTES, hex);
    snprintf(by, sizeof by, "--sender=%s", hex);
    office_run(o, wanted, "bundle", "take", kit_option("chunk", chunk), by, NULL);
}

/* Reads it all; how many commits were new, and how many wait. */
static inline uint32_t kit_read(struct office *o, const struct carried *c, uint32_t *waiting_out)
{
    uint32_t fresh = 0;
    *waiting_out = 0;
    office_run(o, ST_OK, "bundle", "open", kit_head(&c->head), NULL);
    for (uint32_t i = 0; i < c->count; i++) {
        kit_take(o, ST_OK, &c->head.sender, buf_bytes(&c->chunks[i]));
        fresh += (uint32_t)office_number(o, 0, "new");
        *waiting_out += (uint32_t)office_number(o, 0, "waiting");
        assert_int_equal(office_number(o, 0, "refused_count"), 0);
    }
    return fresh;
}

static inline void kit_same_state(const struct office *a, const struct office *b)
{
    assert_memory_equal(replica_state(a->replica), replica_state(b->replica), OID_BYTES);
}

/* Some records by 'o'. */
static inline void kit_work(struct office *o, unsigned count, const char *mark)
{
    for (unsigned i = 0; i < count; i++) {
        char commune[64];
        snprintf(commune, sizeof commune, "commune=%s %u", mark, i);
        office_run(o, ST_OK, "add", "household", commune, "people=3", NULL);
    }
}

#endif
