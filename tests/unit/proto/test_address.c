#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "proto/address.h"

static void places_have_a_label_or_none(void **state)
{
    (void)state;
    struct address a;
    assert_int_equal(address_read("bob=10.0.0.1:7421", &a), ST_OK);
    assert_string_equal(a.label, "bob");
    assert_string_equal(a.place, "10.0.0.1:7421");
    assert_int_equal(address_read("[::1]:7421", &a), ST_OK);
    assert_string_equal(a.label, "");
    assert_string_equal(a.place, "[::1]:7421");
    assert_int_equal(address_read("", &a), ST_MALFORMED);
    assert_int_equal(address_read("bob=", &a), ST_MALFORMED);
    assert_int_equal(address_read("=x:1", &a), ST_MALFORMED);
    assert_int_equal(address_read("Bob=x:1", &a), ST_MALFORMED);
    char longer[ADDRESS_BYTES_MAX + 2];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(address_read(longer, &a), ST_TOO_LARGE);
    longer[sizeof(longer) - 2] = '\0';
    assert_int_equal(address_read(longer, &a), ST_OK);
    assert_string_equal(a.place, longer);
}

static void assert_ip(const char *text, const char *hex)
{
    char found[33];
    struct limiter_address a = address_of_stranger(text);
    hex_encode(a.ip, sizeof(a.ip), found);
    assert_string_equal(found, hex);
}

static void strangers_have_an_ip_address(void **state)
{
    (void)state;
    assert_ip("192.0.2.1", "00000000000000000000ffffc0000201");
    assert_ip("::ffff:192.0.2.1", "00000000000000000000ffffc0000201");
    assert_ip("2001:db8::7", "20010db8000000000000000000000007");
    assert_ip("::", "00000000000000000000000000000000");
    assert_ip("::1", "00000000000000000000000000000001");
    assert_ip("fe80::1%eth0", "fe800000000000000000000000000001");
    assert_ip("2001:db8:1:2:3:4:5:6", "20010db8000100020003000400050006");
    assert_ip("2001:db8:1:2:3:4:5::", "20010db8000100020003000400050000");
    assert_ip("2001:DB8::AF", "20010db80000000000000000000000af");
    assert_ip("::2:3", "00000000000000000000000000020003");
}

/* By a hash of their own, and so from each other. */
static void other_texts_are_told_apart(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "bob",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.256",
                                        "1.2..4",
                                        "1.2.3.a",
                                        "1.2.3.4 ",
                                        "1:2:3",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1:2:3:4:5:6:7:8::",
                                        "1:2:3:4:5:6:7:",
                                        "1::2::3",
                                        "::1::2",
                                        "g::1",
                                        "G::1",
                                        "12345::",
                                        ":1",
                                        "1:::2"};
    const size_t count = sizeof(texts) / sizeof(texts[0]);
    for (size_t i = 0; i < count; i++) {
        struct limiter_address a = address_of_stranger(texts[i]);
        struct limiter_address again = address_of_stranger(texts[i]);
        assert_memory_equal(&a, &again, sizeof(a));
        uint8_t hash[sizeof(a.ip)];
        crypto_generichash(hash, sizeof(hash), (const uint8_t *)texts[i], strlen(texts[i]), NULL,
                           0);
        assert_memory_equal(a.ip, hash, sizeof(hash));
        for (size_t n = 0; n < i; n++) {
            struct limiter_address b = address_of_stranger(texts[n]);
            assert_memory_not_equal(&a, &b, sizeof(a));
        }
    }
    (void)address_of_stranger(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_have_a_label_or_none),
        cmocka_unit_test(strangers_have_an_ip_address),
        cmocka_unit_test(other_texts_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
