/*
 * codec: what every decoder of a canonical form has to stand, written once for all their tests.
 */
#ifndef TESTS_CODEC_H
#define TESTS_CODEC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/mem.h"
#include "proto/message.h"

/* Decodes 'in' and, when that is well, encodes the result into 'again'. */
typedef enum status (*codec_again)(struct bytes in, struct buf *again);

enum { CODEC_SMALL = 256 }; /* up to here every other value of every byte is tried */

/* Whether a decoder takes 'in'; what it takes has to be the one spelling of what it read. */
static inline bool codec_accepts(codec_again again, struct bytes in)
{
    /* A block of its own, so that a sanitizer sees the first byte read too far. */
    uint8_t *block = mem_copy(in.data, in.count);
    struct buf out = {0};
    assert_non_null(block);
    enum status status = again((struct bytes){block, in.count}, &out);
    if (status == ST_OK) {
        assert_int_equal(out.count, in.count);
        if (in.count > 0)
            assert_memory_equal(out.data, in.data, in.count);
    } else {
        assert_int_equal(status_class(status), STATUS_PEER);
    }
    buf_release(&out);
    mem_free(block);
    return status == ST_OK;
}

/* The whole is taken; no beginning of it is, nor it with a byte behind; no flip is misread. */
static inline void codec_check(codec_again again, struct bytes whole)
{
    static const uint8_t flips[] = {0x01, 0x10, 0x80, 0xff};
    struct buf copy = {0};
    assert_true(codec_accepts(again, whole));
    for (size_t i = 0; i < whole.count; i++)
        assert_false(codec_accepts(again, (struct bytes){whole.data, i}));
    buf_add_bytes(&copy, whole);
    buf_add_byte(&copy, 0xc0);
    assert_int_equal(buf_status(&copy), ST_OK);
    assert_false(codec_accepts(again, buf_bytes(&copy)));
    copy.count--;
    for (size_t i = 0; i < whole.count; i++) {
        size_t tries = whole.count <= CODEC_SMALL ? UINT8_MAX : sizeof flips;
        for (size_t k = 0; k < tries; k++) {
            uint8_t flip = tries == UINT8_MAX ? (uint8_t)(k + 1) : flips[k];
            copy.data[i] ^= flip;
            codec_accepts(again, buf_bytes(&copy));
            copy.data[i] ^= flip;
        }
    }
    buf_release(&copy);
}

static inline enum status codec_again_message(struct bytes in, struct buf *again)
{
    static struct message m;
    enum status status = message_decode(in, &m);
    if (status == ST_OK)
        message_encode(&m, again);
    return status;
}

/* Each allocation of the encoder fails in turn; the buffer says so and the next try is good. */
static inline void codec_check_memory(const struct message *m)
{
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        struct buf out = {0};
        mem_fail_at(n);
        message_encode(m, &out);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&out), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
    }
    assert_true(n > 2);
}

static inline void codec_check_message(const struct message *m)
{
    struct buf wire = {0};
    assert_int_equal(message_validate(m), ST_OK);
    message_encode(m, &wire);
    assert_int_equal(buf_status(&wire), ST_OK);
    assert_true(wire.count <= MESSAGE_BYTES_MAX);
    codec_check(codec_again_message, buf_bytes(&wire));
    codec_check_memory(m);
    buf_release(&wire);
}

/* The message's bytes, decoded into '*out', which borrows from 'wire'. */
static inline void codec_pass(const struct message *m, struct buf *wire, struct message *out)
{
    message_encode(m, wire);
    assert_int_equal(buf_status(wire), ST_OK);
    assert_int_equal(message_decode(buf_bytes(wire), out), ST_OK);
    assert_int_equal(out->kind, m->kind);
}

/* A seed of the fuzz corpus, which another encoder wrote; 'path' is below tests/fuzz/corpus/. */
static inline void codec_seed(const char *path, struct buf *out)
{
    struct buf name = {0};
    char block[4096];
    buf_add_format(&name, "%s/tests/fuzz/corpus/%s", SOURCE_DIR, path);
    FILE *file = fopen(buf_text(&name), "rb");
    assert_non_null(file);
    buf_reset(out);
    buf_add(out, block, fread(block, 1, sizeof block, file));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(buf_status(out), ST_OK);
    assert_true(out->count > 0);
    buf_release(&name);
}

/* An id whose bytes ascend with 'n'. */
static inline struct oid codec_oid(uint32_t n)
{
    struct oid id = {{0}};
    for (unsigned i = 0; i < 4; i++)
        id.id[i] = (uint8_t)(n >> (8 * (3 - i)));
    id.id[OID_BYTES - 1] = 0x5a;
    return id;
}

#define CODEC_SAME(run, literal)                                                                   \
    do {                                                                                           \
        struct bytes same_ = (run);                                                                \
        assert_int_equal(same_.count, sizeof(literal) - 1);                                        \
        assert_memory_equal(same_.data, literal, sizeof(literal) - 1);                             \
    } while (0)

#endif
