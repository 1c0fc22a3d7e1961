#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/id.h"

static void test_hex(void **state)
{
    (void)state;
    static const uint8_t data[] = {0x00, 0x9a, 0xbc, 0xff};
    char text[2 * sizeof data + 1];
    uint8_t back[sizeof data];
    hex_encode(data, sizeof data, text);
    assert_string_equal(text, "009abcff");
    assert_int_equal(hex_decode(bytes_of_text(text), back, sizeof back), ST_OK);
    assert_memory_equal(back, data, sizeof data);
    hex_encode(data, 0, text);
    assert_string_equal(text, "");
    assert_int_equal(hex_decode(BYTES(""), back, 0), ST_OK);
}

static void test_hex_takes_one_form_only(void **state)
{
    (void)state;
    static const char *const bad[] = {"009ABCFF", "009abcf",  "009abcff0", "",        "009abcfg",
                                      "009abc f", "0x9abcff", "/09abcff",  ":09abcff"};
    uint8_t back[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(hex_decode(bytes_of_text(bad[i]), back, 4), ST_MALFORMED);
    assert_int_equal(hex_decode(BYTES("00\0abcff"), back, 4), ST_MALFORMED);
    assert_memory_equal(back, ((uint8_t[]){1, 2, 3, 4}), 4);
}

static void test_base32_by_hand(void **state)
{
    (void)state;
    /* Five bits a digit, the first bits first; the last digit's spare bits are zero. */
    static const struct {
        uint8_t data[5];
        size_t count;
        const char *text;
    } cases[] = {
        {{0}, 0, ""},
        {{0xff}, 1, "zw"},
        {{0x00}, 1, "00"},
        {{0xf8}, 1, "z0"},
        {{0x07, 0xc0}, 2, "0z00"},
        {{'f', 'o', 'o'}, 3, "csqpy"},
        {{'f', 'o', 'o', 'b'}, 4, "csqpyrg"},
        {{'f', 'o', 'o', 'b', 'a'}, 5, "csqpyrk1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[16];
        uint8_t back[5];
        base32_encode(cases[i].data, cases[i].count, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(base32_decode(bytes_of_text(text), back, cases[i].count), ST_OK);
        assert_memory_equal(back, cases[i].data, cases[i].count);
    }
}

static void test_base32_lengths_of_ours(void **state)
{
    (void)state;
    static const struct {
        size_t bytes, text;
    } sizes[] = {{CHANGE_BYTES, CHANGE_TEXT}, {DIGEST_BYTES, DIGEST_TEXT}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t data[DIGEST_BYTES], back[DIGEST_BYTES];
        char text[DIGEST_TEXT + 1];
        for (size_t k = 0; k < DIGEST_BYTES; k++)
            data[k] = (uint8_t)(k * 37 + 11);
        base32_encode(data, sizes[i].bytes, text);
        assert_int_equal(strlen(text), sizes[i].text);
        assert_int_equal(base32_decode(bytes_of_text(text), back, sizes[i].bytes), ST_OK);
        assert_memory_equal(back, data, sizes[i].bytes);
    }
}

/* Every character in every place: only the one text gives the bytes back. */
static void test_base32_has_one_text_for_each_value(void **state)
{
    (void)state;
    uint8_t data[6] = {1, 0x80, 0xfe, 3, 0x55, 0x9c}, back[6];
    char text[11];
    base32_encode(data, 6, text);
    for (size_t i = 0; i < 10; i++) {
        for (unsigned c = 0; c < 256; c++) {
            char changed[11];
            memcpy(changed, text, 11);
            changed[i] = (char)c;
            enum status status = base32_decode((struct bytes){(uint8_t *)changed, 10}, back, 6);
            if (status != ST_OK)
                continue;
            char again[11];
            base32_encode(back, 6, again);
            assert_string_equal(again, changed);
        }
    }
    assert_int_equal(base32_decode(BYTES("zx"), back, 1), ST_MALFORMED); /* spare bits */
    assert_int_equal(base32_decode(BYTES("ZW"), back, 1), ST_MALFORMED);
    assert_int_equal(base32_decode(BYTES("il"), back, 1), ST_MALFORMED); /* not in the alphabet */
    assert_int_equal(base32_decode(BYTES("zw0"), back, 1), ST_MALFORMED);
    assert_int_equal(base32_decode(BYTES("z"), back, 1), ST_MALFORMED);
}

static void test_base32_keeps_the_order(void **state)
{
    (void)state;
    char before[8], after[8];
    uint8_t data[2] = {0, 0};
    base32_encode(data, 2, before);
    for (unsigned n = 1; n < 65536; n += 7) {
        data[0] = (uint8_t)(n >> 8);
        data[1] = (uint8_t)n;
        base32_encode(data, 2, after);
        assert_true(strcmp(before, after) < 0);
        memcpy(before, after, sizeof before);
    }
}

static void test_ids(void **state)
{
    (void)state;
    struct oid a = {{0}}, b = {{[19] = 1}};
    struct digest d;
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        d.id[i] = (uint8_t)i;
    struct change c = change_of_digest(&d), first = {{0}};
    assert_true(oid_is_zero(&a));
    assert_false(oid_is_zero(&b));
    assert_true(oid_compare(&a, &b) < 0);
    assert_false(oid_equal(&a, &b));
    assert_memory_equal(c.id, d.id, CHANGE_BYTES);
    assert_true(change_compare(&c, &first) > 0);
    assert_int_equal(change_compare(&c, &c), 0);
}

static void test_labels_and_names(void **state)
{
    (void)state;
    static const char *const labels[] = {"iquique",       "ab", "a-",
                                         "alto-hospicio", "x9", "abcdefghijabcdefghijabcdefghijab"};
    static const char *const not_labels[] = {
        "",   "a",   "main", "Iquique", "9a",
        "-a", "a_b", "a b",  "ñu",      "abcdefghijabcdefghijabcdefghijabc"};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        assert_true(label_is_valid(bytes_of_text(labels[i])));
    for (size_t i = 0; i < sizeof not_labels / sizeof not_labels[0]; i++)
        assert_false(label_is_valid(bytes_of_text(not_labels[i])));
    assert_false(label_is_valid(BYTES("ab\0")));

    char name[66];
    memset(name, 'n', 65);
    name[65] = '\0';
    assert_true(name_is_valid(BYTES("a")));
    assert_true(name_is_valid(BYTES("enterprise_2")));
    assert_true(name_is_valid((struct bytes){(uint8_t *)name, 64}));
    assert_false(name_is_valid((struct bytes){(uint8_t *)name, 65}));
    assert_false(name_is_valid(BYTES("")));
    assert_false(name_is_valid(BYTES("_a")));
    assert_false(name_is_valid(BYTES("a-b")));
    assert_false(name_is_valid(BYTES("aB")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_hex_takes_one_form_only),
        cmocka_unit_test(test_base32_by_hand),
        cmocka_unit_test(test_base32_lengths_of_ours),
        cmocka_unit_test(test_base32_has_one_text_for_each_value),
        cmocka_unit_test(test_base32_keeps_the_order),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_labels_and_names),
    };
    return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
