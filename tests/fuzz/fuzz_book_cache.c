/*
 * book_cache_decode(): any bytes under a right sum end soon, in a book that can be used and written
 * again, or refused.
 */
#include <sodium.h>

#include "proto/check.h"
#include "replicas/book_cache.h"
#include "tests/fuzz/mutate.h"

static void use(const struct book *b)
{
    struct buf amount = {0};
    char day[BOOK_DAY_TEXT];
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        CHECK(book_find(b, e->id) < b->entry_count);
        CHECK(book_text(b, e->ref) != NULL && book_text(b, e->what) != NULL);
        CHECK(e->about == BOOK_NONE || e->about < b->entry_count);
        uint32_t next = book_about(b, i, BOOK_REVERSAL, BOOK_NONE);
        CHECK(next == BOOK_NONE || next < b->entry_count);
        buf_reset(&amount);
        book_amount(e->money.amount, e->money.currency, &amount);
        book_day_text(e->day, day);
    }
    for (uint32_t i = 0; i < b->posting_count; i++)
        CHECK(b->postings[i].account < b->account_count);
    for (uint32_t i = 0; i < b->enterprise_count; i++)
        (void)book_of_enterprise(b, i, BOOK_PURCHASE, BOOK_NONE);
    buf_release(&amount);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct book_cache_place place, again;
    struct book *b = NULL, *copy = NULL;
    struct buf in = {0}, out = {0};
    uint8_t sum[DIGEST_BYTES];
    crypto_generichash(sum, sizeof sum, data, size, NULL, 0);
    buf_add(&in, data, size);
    buf_add(&in, sum, sizeof sum);
    if (book_cache_decode(buf_bytes(&in), &place, &b) == ST_OK) {
        use(b);
        CHECK(book_cache_encode(b, &place, &out) == ST_OK);
        CHECK(book_cache_decode(buf_bytes(&out), &again, &copy) == ST_OK);
        CHECK(copy->entry_count == b->entry_count);
    }
    book_free(b);
    book_free(copy);
    buf_release(&in);
    buf_release(&out);
    return 0;
}

/* Numbers behind what says which version and network it is. */
static bool mutate_rows(struct bytes in, struct chance *c, struct buf *out)
{
    enum { HEAD = 12 };
    return mutate_behind(in, HEAD, mutate_words, c, out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_rows, data, size, room, seed);
}
