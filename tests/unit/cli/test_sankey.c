#include "tests/unit/proto/codec.h"
#include "tests/unit/replicas/reach_book.h"

#include <math.h>
#include <string.h>

#include "cli/sankey.h"
#include "proto/mem.h"
#include "replicas/indicator.h"

static const double NEARLY = 1e-6; /* of the picture's height */

static bool near(double a, double b, const struct sankey *s)
{
    return fabs(a - b) <= NEARLY * s->height;
}

/* Ribbons are as wide as bars are high, nothing leaves the picture, nothing overlaps. */
static void check_picture(const struct flow *f)
{
    struct sankey s;
    assert_int_equal(sankey_lay(f, &s), ST_OK);
    assert_true(isfinite(s.height) && s.height > 0 && s.width > 0);
    for (uint32_t i = 0; i < f->node_count; i++) {
        double in = 0, out = 0;
        const struct sankey_bar *b = &s.bars[i];
        for (uint32_t l = 0; l < f->link_count; l++) {
            const struct sankey_ribbon *r = &s.ribbons[l];
            assert_true(isfinite(r->from_y) && isfinite(r->to_y) && r->width >= 0);
            if (f->links[l].to == i) {
                assert_true(near(r->to_y, b->y + in, &s));
                in += r->width;
            }
            if (f->links[l].from == i) {
                assert_true(near(r->from_y, b->y + out, &s));
                out += r->width;
            }
        }
        assert_true(in == 0 || near(in, b->height, &s));
        assert_true(out == 0 || near(out, b->height, &s));
        assert_true(b->y >= 0 && b->y + b->height <= s.height);
        assert_true(b->x >= 0 && b->x + SANKEY_BAR_WIDTH < s.width);
        for (uint32_t o = 0; o < i; o++) { /* labels have room */
            double a = s.bars[o].y + s.bars[o].height / 2, c = b->y + b->height / 2;
            assert_true(s.bars[o].x != b->x || fabs(a - c) >= SANKEY_LABEL_HEIGHT);
        }
    }
    sankey_release(&s);
}

static struct buf draw(const struct book *b, const char *currency)
{
    struct flow f;
    struct buf out = {0};
    assert_int_equal(flow_read(b, currency, &f), ST_OK);
    check_picture(&f);
    assert_int_equal(sankey_draw(&f, 0, &out), ST_OK);
    assert_null(strstr(buf_text(&out), "nan"));
    assert_null(strstr(buf_text(&out), "inf"));
    flow_release(&f);
    return out;
}

static void a_small_programme(void **state)
{
    (void)state;
    struct sample s = {0};
    reach_fill(&s);
    struct buf out = draw(&s.b, "CLP");
    static const char *const PARTS[] = {"role=\"img\"",
                                        "aria-labelledby=\"flow-0-title flow-0-desc\"",
                                        "<title id=\"flow-0-title\">",
                                        "<desc id=\"flow-0-desc\">",
                                        "url(#hatch-0)",
                                        "CLP 5,000",
                                        "handed over"};
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (strstr(buf_text(&out), PARTS[i]) == NULL)
            fail_msg("no %s", PARTS[i]);
    buf_release(&out);
    reach_release(&s);
}

static void sizes(int64_t unit, uint32_t offices)
{
    struct sample s = {0};
    char office[32];
    uint32_t g = sample_grant(&s, "", "north", "", 500 * unit, "CLP");
    s.b.entries[g].what = sample_text(&s, "<b>\"Who\"</b>");
    for (uint32_t i = 0; i < offices; i++) {
        snprintf(office, sizeof office, "office-%u", i);
        sample_allot(&s, "", "north", office, i % 2 == 0 ? "workshops" : "enterprises", unit,
                     "CLP");
        reach_expense(&s, office, i % 2 == 0 ? "workshops" : "enterprises", unit / 2 + 1,
                      i % 3 == 0 ? "" : "f");
    }
    sample_close(&s);
    struct buf out = draw(&s.b, "CLP");
    assert_null(strstr(buf_text(&out), "<b>"));
    assert_non_null(strstr(buf_text(&out), "&lt;b&gt;&quot;Who&quot;"));
    buf_release(&out);
    reach_release(&s);
}

static void one_office_and_sixty(void **state)
{
    (void)state;
    sizes(1000, 1);
    sizes(1000, 60);
    sizes(1, 12);
}

static void the_largest_sums(void **state)
{
    (void)state;
    sizes(INT64_MAX / 1000, 2);
    sizes(INT64_MAX / 1000, 60);
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct sample s = {0};
    sample_close(&s);
    struct buf out = draw(&s.b, "CLP");
    assert_non_null(strstr(buf_text(&out), "</svg>"));
    buf_release(&out);
    reach_release(&s);
}

/* One peso beside a billion is still there. */
static void very_unequal_sums(void **state)
{
    (void)state;
    struct sample s = {0};
    sample_grant(&s, "", "north", "", 1000000000, "CLP");
    sample_allot(&s, "", "north", "north", "workshops", 1, "CLP");
    reach_expense(&s, "north", "workshops", 1, "f");
    sample_close(&s);
    struct buf out = draw(&s.b, "CLP");
    assert_non_null(strstr(buf_text(&out), "CLP 1<"));
    buf_release(&out);
    reach_release(&s);
}

/* A name of 10,000 bytes is cut in the picture. */
static void long_names(void **state)
{
    (void)state;
    static char name[10001];
    struct sample s = {0};
    memset(name, 'x', sizeof name - 1);
    uint32_t g = sample_grant(&s, "", "north", "", 1000, "CLP");
    s.b.entries[g].what = sample_text(&s, name);
    sample_allot(&s, "", "north", "north", "workshops", 1000, "CLP");
    sample_close(&s);
    struct buf out = draw(&s.b, "CLP");
    const char *label = strstr(buf_text(&out), "<text");
    assert_non_null(label);
    const char *end = strstr(label, "</text>");
    assert_true(end != NULL && end - label < 200);
    buf_release(&out);
    reach_release(&s);
}

static void survives_a_failed_allocation(void **state)
{
    (void)state;
    struct sample s = {0};
    struct flow f;
    reach_fill(&s);
    assert_int_equal(flow_read(&s.b, "CLP", &f), ST_OK);
    uint64_t n = 1;
    for (;; n++) {
        struct buf out = {0};
        mem_fail_at(n);
        enum status st = sankey_draw(&f, 0, &out);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
        if (!failed)
            break;
    }
    assert_true(n > 20);
    flow_release(&f);
    reach_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_programme),
        cmocka_unit_test(one_office_and_sixty),
        cmocka_unit_test(the_largest_sums),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(very_unequal_sums),
        cmocka_unit_test(long_names),
        cmocka_unit_test(survives_a_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
