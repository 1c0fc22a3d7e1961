#include "tests/unit/replicas/book_kit.h"

#include <sodium.h>

#include "proto/mem.h"
#include "replicas/book_cache.h"

enum { SUM_BYTES = 32 };

static struct office office;
static struct book *book;
static struct buf good; /* its bytes */
static const struct book_cache_place place = {.network = {{1}}, .nodes = {{2}}};

static int make_book(void **state)
{
    (void)state;
    struct book_ids ids;
    book_small(&office, &ids);
    book = book_of(&office);
    assert_int_equal(book_cache_encode(book, &place, &good), ST_OK);
    return 0;
}

static int free_book(void **state)
{
    (void)state;
    buf_release(&good);
    book_free(book);
    office_close(&office);
    return 0;
}

static void what_comes_back_is_the_same(void **state)
{
    (void)state;
    struct book_cache_place back;
    struct book *b = NULL;
    struct buf again = {0};
    assert_int_equal(book_cache_decode(buf_bytes(&good), &back, &b), ST_OK);
    assert_memory_equal(&back, &place, sizeof back);
    assert_int_equal(book_cache_encode(b, &place, &again), ST_OK);
    assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&good)));
    assert_int_equal(b->entry_count, book->entry_count);
    for (uint32_t i = 0; i < b->entry_count; i++)
        assert_int_equal(book_find(b, book->entries[i].id), i);
    for (uint32_t i = 0; i < b->entry_count; i++)
        assert_int_equal(book_about(b, i, BOOK_REVERSAL, BOOK_NONE),
                         book_about(book, i, BOOK_REVERSAL, BOOK_NONE));
    assert_int_equal(book_follow(office.replica, &b, &office.fault), ST_OK);
    buf_reset(&again);
    assert_int_equal(book_cache_encode(b, &place, &again), ST_OK);
    assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&good)));
    buf_release(&again);
    book_free(b);
}

static void no_damage_goes_unseen(void **state)
{
    (void)state;
    struct book_cache_place back;
    struct book *b = NULL;
    for (size_t cut = 0; cut < good.count; cut++) /* every prefix */
        assert_int_equal(book_cache_decode((struct bytes){good.data, cut}, &back, &b),
                         ST_MALFORMED);
    for (size_t i = 0; i < good.count; i++) { /* every byte flipped */
        good.data[i] ^= 0x41;
        assert_int_equal(book_cache_decode(buf_bytes(&good), &back, &b), ST_MALFORMED);
        good.data[i] ^= 0x41;
    }
    buf_add_byte(&good, 0);
    assert_int_equal(book_cache_decode(buf_bytes(&good), &back, &b), ST_MALFORMED);
    good.count--;
    assert_null(b);
}

/* Bytes that somebody summed up again: refused, or a book that can be used. */
static void whatever_is_under_the_sum_is_safe(void **state)
{
    (void)state;
    struct buf bad = {0};
    unsigned refused = 0;
    for (size_t i = 0; i < good.count - SUM_BYTES; i++) {
        struct book_cache_place back;
        struct book *b = NULL;
        buf_reset(&bad);
        buf_add_bytes(&bad, buf_bytes(&good));
        bad.data[i] ^= i % 2 == 0 ? 0xff : 0x01;
        crypto_generichash(bad.data + bad.count - SUM_BYTES, SUM_BYTES, bad.data,
                           bad.count - SUM_BYTES, NULL, 0);
        enum status status = book_cache_decode(buf_bytes(&bad), &back, &b);
        assert_true(status == ST_OK || status == ST_MALFORMED);
        refused += status == ST_MALFORMED;
        for (uint32_t k = 0; b != NULL && k < b->entry_count; k++) {
            const struct book_entry *e = &b->entries[k];
            assert_non_null(book_text(b, e->ref));
            assert_true(e->about == BOOK_NONE || e->about < b->entry_count);
            assert_true(book_find(b, e->id) < b->entry_count);
        }
        book_free(b);
    }
    assert_true(refused > 100);
    buf_release(&bad);
}

static void it_survives_a_lack_of_memory(void **state)
{
    (void)state;
    struct book_cache_place back;
    for (uint64_t n = 1;; n++) {
        struct book *b = NULL;
        struct buf out = {0};
        mem_fail_at(n);
        enum status status = book_cache_decode(buf_bytes(&good), &back, &b);
        if (status == ST_OK)
            status = book_cache_encode(b, &place, &out);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
        book_free(b);
        if (!failed)
            break;
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_back_is_the_same),
        cmocka_unit_test(no_damage_goes_unseen),
        cmocka_unit_test(whatever_is_under_the_sum_is_safe),
        cmocka_unit_test(it_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, make_book, free_book);
}
