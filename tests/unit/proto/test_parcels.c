/* parcels: items in pieces, their window, and parts that other links began. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "proto/parcels.h"

static uint8_t block[SEALED_ITEM_BYTES_MAX];
static struct parcels_whole whole;

struct rig {
    struct common c;
    struct parcels p[2]; /* of links 1 and 2 */
};

static struct rig *rig_new(enum sealed_lane lane)
{
    struct rig *r = mem_alloc(sizeof(*r));
    assert_non_null(r);
    r->c.now_ms = 100000;
    assert_int_equal(outbox_init(&r->c.outbox), ST_OK);
    for (link_id i = 0; i < 2; i++)
        assert_int_equal(parcels_init(&r->p[i], lane, i + 1), ST_OK);
    whole.count = 0;
    whole.request = 77;
    return r;
}

static void rig_free(struct rig *r)
{
    parcels_release(&r->p[0]);
    parcels_release(&r->p[1]);
    freight_release(&r->c.freight);
    outbox_release(&r->c.outbox);
    mem_free(r);
}

static struct digest name_of(uint8_t n)
{
    return (struct digest){{9, n}};
}

static struct parcel *begin(struct rig *r, int link, uint8_t n)
{
    struct parcel *parcel;
    struct digest name = name_of(n);
    assert_true(parcels_may_begin(&r->p[link], &r->c));
    assert_int_equal(parcels_begin(&r->p[link], &r->c, &name, &parcel), ST_OK);
    return parcel;
}

static struct sealed_wish ask(struct rig *r, int link, struct parcel *parcel)
{
    struct sealed_wish wish;
    parcels_ask(&r->p[link], &r->c, parcel, &wish);
    return wish;
}

static enum status take(struct rig *r, int link, uint8_t n, uint32_t total, uint32_t offset)
{
    uint32_t rest = total - offset;
    struct sealed_piece piece = {
        name_of(n),
        total,
        offset,
        {block + offset, rest < SEALED_PIECE_BYTES ? rest : SEALED_PIECE_BYTES}};
    return parcels_take(&r->p[link], &r->c, &piece, &whole);
}

static void pieces_become_an_item(void **state)
{
    (void)state;
    struct rig *r = rig_new(SEALED_FILES);
    struct parcel *parcel = begin(r, 0, 1);
    uint32_t total = 2 * SEALED_PIECE_BYTES + 5;
    for (uint32_t at = 0; at < total; at += SEALED_PIECE_BYTES) {
        assert_int_equal(ask(r, 0, parcel).offset, at);
        assert_int_equal(whole.count, 0);
        assert_int_equal(take(r, 0, 1, total, at), ST_OK);
    }
    assert_int_equal(whole.count, 1);
    assert_int_equal(whole.items[0].count, total);
    assert_true(parcels_own(&r->p[0], 77));
    assert_null(parcels_begun(&r->p[0]));
    assert_int_equal(parcels_keep(&r->p[0], &r->c, &whole), ST_OK);
    assert_int_equal(r->c.outbox.count, 1);
    assert_int_equal(r->c.outbox.list[0].kind, FX_KEEP);
    assert_int_equal(r->c.outbox.list[0].items[0].count, total);
    parcels_remove(&r->p[0], &r->c, parcel, true);
    assert_int_equal(r->p[0].count, 0);
    assert_int_equal(r->c.freight.under_way[SEALED_FILES].count, 0);
    assert_int_equal(r->c.freight.freed[SEALED_FILES], 0);
    rig_free(r);
}

static void another_link_goes_on_where_one_was_cut(void **state)
{
    (void)state;
    struct rig *r = rig_new(SEALED_FILES);
    struct parcel *parcel = begin(r, 0, 1);
    ask(r, 0, parcel);
    assert_int_equal(take(r, 0, 1, 40000, 0), ST_OK);
    ask(r, 0, parcel); /* never answered */
    parcels_end(&r->p[0], &r->c);
    assert_int_equal(r->c.freight.under_way[SEALED_FILES].count, 0);
    assert_int_equal(r->c.freight.freed[SEALED_FILES], 1);
    parcel = begin(r, 1, 1);
    assert_int_equal(ask(r, 1, parcel).offset, SEALED_PIECE_BYTES);
    assert_int_equal(take(r, 1, 1, 40000, SEALED_PIECE_BYTES), ST_OK);
    ask(r, 1, parcel);
    assert_int_equal(take(r, 1, 1, 40000, 2 * SEALED_PIECE_BYTES), ST_OK);
    assert_int_equal(whole.count, 1);
    assert_true(parcel->mixed); /* nobody alone is to blame for it */
    rig_free(r);
}

static void a_part_that_does_not_fit_is_begun_anew(void **state)
{
    (void)state;
    struct rig *r = rig_new(SEALED_FILES);
    struct parcel *parcel = begin(r, 0, 1);
    ask(r, 0, parcel);
    assert_int_equal(take(r, 0, 1, 40000, 0), ST_OK);
    parcels_end(&r->p[0], &r->c);
    parcel = begin(r, 1, 1);
    ask(r, 1, parcel);
    assert_int_equal(take(r, 1, 1, 50000, SEALED_PIECE_BYTES), ST_OK); /* one of the two lied */
    assert_int_equal(r->p[1].count, 0);
    parcel = begin(r, 1, 1);
    assert_int_equal(ask(r, 1, parcel).offset, 0);
    assert_int_equal(take(r, 1, 1, 50000, 0), ST_OK);
    ask(r, 1, parcel);
    assert_int_equal(take(r, 1, 1, 40000, SEALED_PIECE_BYTES), ST_PROTOCOL); /* by itself alone */
    rig_free(r);
}

static struct digest name_among_many(uint32_t n)
{
    struct digest name = {{1}}; /* the first bytes are alike, as in a walk by name */
    memcpy(&name.id[8], &n, sizeof n);
    return name;
}

/* Many are being kept while others are asked for; each is found until it is over. */
static void what_is_kept_holds_up_nothing(void **state)
{
    (void)state;
    struct rig *r = rig_new(SEALED_VALUES);
    struct parcels *p = &r->p[0];
    uint32_t count = 0;
    for (; parcels_may_begin(p, &r->c); count++) {
        struct parcel *parcel;
        struct digest name = name_among_many(count);
        whole.count = 0;
        whole.request = 1 + count / 100;
        assert_int_equal(parcels_begin(p, &r->c, &name, &parcel), ST_OK);
        ask(r, 0, parcel);
        struct sealed_piece piece = {name, 5, 0, {block, 5}};
        assert_int_equal(parcels_take(p, &r->c, &piece, &whole), ST_OK);
        assert_int_equal(whole.count, 1);
    }
    assert_true(count >= 2 * SEALED_NAMES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct digest name = name_among_many(i * 7 % count);
        struct parcel *parcel = parcels_find(p, &name);
        uint32_t request = 1 + i * 7 % count / 100;
        assert_non_null(parcel);
        assert_true(parcels_own(p, request));
        parcels_remove(p, &r->c, parcel, true);
        assert_null(parcels_find(p, &name));
    }
    assert_int_equal(p->count, 0);
    for (uint32_t request = 1; request <= 1 + count / 100; request++)
        assert_false(parcels_own(p, request));
    rig_free(r);
}

static void patience_ends(void **state)
{
    (void)state;
    struct rig *r = rig_new(SEALED_VALUES);
    struct digest name = name_of(1);
    struct parcel *parcel = begin(r, 0, 1);
    ask(r, 0, parcel);
    assert_int_equal(parcels_deadline_ms(&r->p[0]), 130000);
    r->c.now_ms = 129999;
    parcels_lose_patience(&r->p[0], &r->c);
    assert_true(nameset_has(&r->c.freight.under_way[SEALED_VALUES], &name));
    r->c.now_ms = 130000;
    parcels_lose_patience(&r->p[0], &r->c);
    assert_false(nameset_has(&r->c.freight.under_way[SEALED_VALUES], &name));
    assert_int_equal(parcels_deadline_ms(&r->p[0]), UINT64_MAX);
    parcel = begin(r, 1, 1);
    ask(r, 1, parcel);
    assert_int_equal(take(r, 0, 1, 300, 0), ST_OK); /* late: no offence, and no use */
    assert_int_equal(whole.count, 0);
    assert_true(nameset_has(&r->c.freight.under_way[SEALED_VALUES], &name));
    assert_int_equal(take(r, 1, 1, 300, 0), ST_OK);
    assert_int_equal(whole.count, 1);
    rig_free(r);
}

static void the_window_grows_and_halves(void **state)
{
    (void)state;
    struct rig *r = rig_new(SEALED_FILES);
    assert_int_equal(r->p[0].window, 2 * SEALED_PIECE_BYTES);
    for (int turn = 0; turn < 40; turn++) {
        uint8_t n = 0;
        while (parcels_fits(&r->p[0], 0) && parcels_may_begin(&r->p[0], &r->c))
            ask(r, 0, begin(r, 0, n++));
        r->c.now_ms += turn < 20 ? 10 : 800;
        for (uint8_t i = 0; i < n; i++) {
            whole.count = 0;
            assert_int_equal(take(r, 0, i, 100, 0), ST_OK);
            parcels_remove(&r->p[0], &r->c, parcels_find(&r->p[0], &whole.names[0]), true);
        }
        if (turn == 19)
            assert_true(r->p[0].window >= 16 * SEALED_PIECE_BYTES);
        if (turn == 20)
            assert_true(r->p[0].window >= 8 * SEALED_PIECE_BYTES); /* once for all of a window */
    }
    assert_int_equal(r->p[0].window, SEALED_PIECE_BYTES);
    assert_int_equal(r->p[0].flight_bytes, 0);
    rig_free(r);
}

static void there_is_no_end_of_parts(void **state)
{
    (void)state;
    struct rig *r = rig_new(SEALED_VALUES);
    for (uint8_t n = 0; n < PARTIALS_MAX; n++) {
        ask(r, 0, begin(r, 0, n));
        assert_int_equal(take(r, 0, n, 40000, 0), ST_OK);
    }
    ask(r, 0, begin(r, 0, 200));
    assert_int_equal(take(r, 0, 200, 40000, 0), ST_NOT_FOUND);
    struct digest name = name_of(200);
    assert_null(parcels_find(&r->p[0], &name));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_become_an_item),
        cmocka_unit_test(another_link_goes_on_where_one_was_cut),
        cmocka_unit_test(a_part_that_does_not_fit_is_begun_anew),
        cmocka_unit_test(patience_ends),
        cmocka_unit_test(the_window_grows_and_halves),
        cmocka_unit_test(what_is_kept_holds_up_nothing),
        cmocka_unit_test(there_is_no_end_of_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
