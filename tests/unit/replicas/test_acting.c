#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "replicas/acting.h"

/* UTF-8 of a character; its bytes. */
static size_t encode(uint32_t c, uint8_t out[static 4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t count = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)((0xf00u >> count & 0xff) | c);
    return count;
}

static bool is_listed(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f) || c == 0x61c ||
           c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static void every_character_is_told(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t text[4];
        size_t count = encode(c, text);
        struct bytes one = {text, count};
        if (acting_bytes(one) != (is_listed(c) ? count : 0))
            fail_msg("U+%04x", (unsigned)c);
        assert_int_equal(acting_anywhere(one), is_listed(c));
    }
}

static void a_cut_character_shows(void **state)
{
    (void)state;
    assert_int_equal(acting_bytes(BYTES("\xe2\x80")), 0);
    assert_int_equal(acting_bytes(BYTES("\xe2")), 0);
    assert_int_equal(acting_bytes(BYTES("\xc2")), 0);
    assert_false(acting_anywhere(BYTES("")));
    assert_true(acting_anywhere(BYTES("a\x1b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_told),
        cmocka_unit_test(a_cut_character_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
