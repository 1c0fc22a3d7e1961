#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/fold.h"

static void folds_to(const char *text, const char *expected)
{
    struct buf out = {0};
    fold_text(bytes_of_text(text), &out);
    assert_int_equal(buf_status(&out), ST_OK);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void case_and_accents_do_not_matter(void **state)
{
    (void)state;
    folds_to("", "");
    folds_to("Iquique 12", "iquique 12");
    folds_to("\xc3\x91u\xc3\xb1oa", "nunoa");
    folds_to("N\xcc\x83u\xcc\x83oa", "nuoa"); /* marks of their own */
    folds_to("Stra\xc3\x9f"
             "e",
             "strasse");
    folds_to("\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
             "\xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83");
    folds_to("a\xff"
             "B",
             "a\xff"
             "B"); /* no UTF-8: as it stands */
}

static void every_code_point_folds_within_bounds(void **state)
{
    (void)state;
    struct buf out = {0};
    for (uint32_t c = 0x80; c < 0x110000; c++) {
        uint8_t text[4];
        size_t count = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (c >= 0xd800 && c < 0xe000)
            continue;
        for (size_t i = count; i-- > 1;)
            text[i] = (uint8_t)(0x80 | (c >> 6 * (count - 1 - i) & 0x3f));
        text[0] = (uint8_t)((count == 2   ? 0xc0u
                             : count == 3 ? 0xe0u
                                          : 0xf0u) |
                            c >> 6 * (count - 1));
        buf_reset(&out);
        fold_text((struct bytes){text, count}, &out);
        assert_int_equal(buf_status(&out), ST_OK);
        assert_true(out.count == 0 || bytes_are_utf8(buf_bytes(&out)));
    }
    buf_release(&out);
}

static void out_of_memory_is_told(void **state)
{
    (void)state;
    static const char *const texts[] = {"abc", "\xc3\x91u"};
    for (size_t i = 0; i < 2; i++) {
        struct buf out = {0};
        mem_fail_at(1);
        fold_text(bytes_of_text(texts[i]), &out);
        mem_fail_at(0);
        assert_int_equal(buf_status(&out), ST_NO_MEMORY);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_and_accents_do_not_matter),
        cmocka_unit_test(every_code_point_folds_within_bounds),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
