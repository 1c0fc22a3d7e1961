#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "proto/mp.h"
#include "replicas/bundle.h"
#include "replicas/parcel.h"

static struct parcel out, back; /* too large for the stack of a test */

static struct buf encoded(void)
{
    struct buf bytes = {0};
    parcel_encode(&out, &bytes);
    assert_int_equal(buf_status(&bytes), ST_OK);
    return bytes;
}

static void fill(enum parcel_kind kind)
{
    struct digest name = {{7}};
    memset(&out, 0, sizeof out);
    out.kind = kind;
    assert_true(parcel_add(&out, kind == PARCEL_SEALED ? &name : NULL, BYTES("first")));
    name.id[0] = 9;
    assert_true(parcel_add(&out, kind == PARCEL_SEALED ? &name : NULL, BYTES("\x01")));
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    for (int kind = PARCEL_CHARTERS; kind <= PARCEL_SEALED; kind++) {
        fill((enum parcel_kind)kind);
        struct buf bytes = encoded();
        assert_int_equal(parcel_decode(buf_bytes(&bytes), &back), ST_OK);
        assert_int_equal(back.kind, kind);
        assert_int_equal(back.count, 2);
        assert_true(bytes_equal_text(back.entries[0], "first"));
        assert_true(bytes_equal_text(back.entries[1], "\x01"));
        if (kind == PARCEL_SEALED)
            assert_int_equal(back.names[1].id[0], 9);
        buf_release(&bytes);
    }
    uint8_t ids[2 * OID_BYTES] = {1};
    out = (struct parcel){.kind = PARCEL_HEADS, .charter = 12, .heads = {ids, sizeof ids}};
    struct buf bytes = encoded();
    assert_int_equal(parcel_decode(buf_bytes(&bytes), &back), ST_OK);
    assert_int_equal(back.charter, 12);
    assert_true(bytes_equal(back.heads, out.heads));
    buf_release(&bytes);
}

static void every_cut_and_every_flip_is_another_or_none(void **state)
{
    (void)state;
    for (int kind = PARCEL_CHARTERS; kind <= PARCEL_SEALED; kind++) {
        fill((enum parcel_kind)kind);
        struct buf bytes = encoded(), again = {0};
        for (size_t count = 0; count < bytes.count; count++)
            assert_int_not_equal(parcel_decode((struct bytes){bytes.data, count}, &back), ST_OK);
        for (size_t at = 0; at < bytes.count; at++) {
            bytes.data[at] ^= 0x11;
            if (parcel_decode(buf_bytes(&bytes), &back) == ST_OK) {
                out = back; /* what is taken has one spelling */
                buf_reset(&again);
                parcel_encode(&out, &again);
                assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&bytes)));
            }
            bytes.data[at] ^= 0x11;
        }
        buf_release(&again);
        buf_release(&bytes);
    }
}

static void is_full_by_number_and_by_bytes(void **state)
{
    (void)state;
    out = (struct parcel){.kind = PARCEL_ITEMS};
    for (unsigned i = 0; i < PARCEL_ENTRIES_MAX; i++)
        assert_true(parcel_add(&out, NULL, BYTES("x")));
    assert_false(parcel_add(&out, NULL, BYTES("x")));
    uint8_t *large = mem_alloc(ITEM_BYTES_MAX);
    assert_non_null(large);
    out = (struct parcel){.kind = PARCEL_ITEMS};
    assert_true(parcel_add(&out, NULL, (struct bytes){large, ITEM_BYTES_MAX}));
    assert_false(parcel_add(&out, NULL, (struct bytes){large, ITEM_BYTES_MAX}));
    struct buf bytes = encoded();
    assert_true(bytes.count <= BUNDLE_CHUNK_BYTES_MAX);
    buf_release(&bytes);
    mem_free(large);
}

static void refuse(void (*write)(struct buf *b), enum status wanted)
{
    struct buf bytes = {0};
    write(&bytes);
    assert_int_equal(parcel_decode(buf_bytes(&bytes), &back), wanted);
    buf_release(&bytes);
}

static void no_entries(struct buf *b)
{
    mp_write_array(b, 2);
    mp_write_uint(b, PARCEL_ITEMS);
    mp_write_array(b, 0);
}

static void an_empty_entry(struct buf *b)
{
    mp_write_array(b, 2);
    mp_write_uint(b, PARCEL_ITEMS);
    mp_write_array(b, 1);
    mp_write_binary(b, (struct bytes){NULL, 0});
}

static void a_name_alone(struct buf *b)
{
    uint8_t name[DIGEST_BYTES] = {0};
    mp_write_array(b, 2);
    mp_write_uint(b, PARCEL_SEALED);
    mp_write_array(b, 1);
    mp_write_binary(b, (struct bytes){name, sizeof name});
}

static void half_a_head(struct buf *b)
{
    mp_write_array(b, 3);
    mp_write_uint(b, PARCEL_HEADS);
    mp_write_uint(b, 1);
    mp_write_binary(b, BYTES("half"));
}

static void kind_zero(struct buf *b)
{
    mp_write_array(b, 2);
    mp_write_uint(b, 0);
    mp_write_array(b, 1);
    mp_write_binary(b, BYTES("x"));
}

static void too_many(struct buf *b)
{
    mp_write_array(b, 2);
    mp_write_uint(b, PARCEL_ITEMS);
    mp_write_array(b, PARCEL_ENTRIES_MAX + 1);
    for (unsigned i = 0; i <= PARCEL_ENTRIES_MAX; i++)
        mp_write_binary(b, BYTES("x"));
}

static void what_breaks_a_rule_is_refused(void **state)
{
    (void)state;
    refuse(no_entries, ST_MALFORMED);
    refuse(an_empty_entry, ST_MALFORMED);
    refuse(a_name_alone, ST_MALFORMED);
    refuse(half_a_head, ST_MALFORMED);
    refuse(kind_zero, ST_MALFORMED);
    refuse(too_many, ST_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(every_cut_and_every_flip_is_another_or_none),
        cmocka_unit_test(is_full_by_number_and_by_bytes),
        cmocka_unit_test(what_breaks_a_rule_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
