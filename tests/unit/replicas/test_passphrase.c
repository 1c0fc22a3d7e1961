/*
 * Passphrases from files and credentials, and what Argon2id makes of them. The terminal is asked
 * end to end, in tests/e2e/passphrase.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/id.h"
#include "replicas/passphrase.h"

static char folder[64], path[96];
static struct fault f;

static int begin(void **state)
{
    (void)state;
    memcpy(folder, "/tmp/minga-test-XXXXXX", 23);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/minga-passphrase", folder);
    f = (struct fault){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void put(const void *data, size_t count)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, count, file), count);
    fclose(file);
}

static void assert_read(const void *text, size_t count)
{
    struct passphrase p;
    assert_int_equal(passphrase_read(path, &p, &f), ST_OK);
    assert_int_equal(p.count, count);
    assert_memory_equal(p.text, text, count);
    passphrase_wipe(&p);
    assert_int_equal(p.count, 0);
    assert_int_equal(p.text[0], 0);
}

static void only_the_last_newline_goes(void **state)
{
    (void)state;
    put("clave larga\n", 12);
    assert_read("clave larga", 11);
    put("clave larga", 11);
    assert_read("clave larga", 11);
    put("a\nb\n\n", 5);
    assert_read("a\nb\n", 4);
    put(" a\0b ", 5);
    assert_read(" a\0b ", 5);
}

static void files_that_hold_none(void **state)
{
    struct passphrase p;
    char *large = test_malloc(PASSPHRASE_BYTES_MAX + 1);
    (void)state;
    assert_int_equal(passphrase_read(path, &p, &f), ST_USAGE);
    assert_non_null(strstr(f.text, path));
    put("", 0);
    assert_int_equal(passphrase_read(path, &p, &f), ST_USAGE);
    put("\n", 1);
    assert_int_equal(passphrase_read(path, &p, &f), ST_USAGE);
    memset(large, 'x', PASSPHRASE_BYTES_MAX + 1);
    put(large, PASSPHRASE_BYTES_MAX);
    assert_read(large, PASSPHRASE_BYTES_MAX);
    put(large, PASSPHRASE_BYTES_MAX + 1);
    assert_int_equal(passphrase_read(path, &p, &f), ST_USAGE);
    assert_int_equal(p.count, 0);
    test_free(large);
}

static void what_systemd_hands_over(void **state)
{
    struct passphrase p;
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(passphrase_credential(&p, &f), ST_NOT_FOUND);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_int_equal(passphrase_credential(&p, &f), ST_NOT_FOUND);
    put("clave larga\n", 12);
    assert_int_equal(passphrase_credential(&p, &f), ST_OK);
    assert_int_equal(p.count, 11);
    setenv("CREDENTIALS_DIRECTORY", "relative", 1);
    assert_int_equal(passphrase_credential(&p, &f), ST_NOT_FOUND);
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void a_new_one_is_long_enough(void **state)
{
    struct passphrase p = {.count = PASSPHRASE_BYTES_MIN};
    (void)state;
    assert_int_equal(passphrase_check(&p, &f), ST_OK);
    p.count--;
    assert_int_equal(passphrase_check(&p, &f), ST_USAGE);
    assert_non_null(strstr(f.fix, "longer"));
}

/* As OpenSSL's Argon2id has it. */
static void a_key_as_others_make_it(void **state)
{
    const struct passphrase_cost cheap = {.passes = 2, .memory_kib = 64};
    const struct passphrase_cost bad[] = {
        {0, 64}, {PASSPHRASE_PASSES_MAX + 1, 64}, {1, 7}, {1, PASSPHRASE_KIB_MAX + 1}};
    uint8_t salt[PASSPHRASE_SALT_BYTES], key[PASSPHRASE_KEY_BYTES], other[PASSPHRASE_KEY_BYTES];
    char hex[2 * PASSPHRASE_KEY_BYTES + 1];
    (void)state;
    memcpy(salt, "0123456789abcdef", sizeof salt);
    assert_int_equal(passphrase_key(BYTES("clave larga"), cheap, salt, key, &f), ST_OK);
    hex_encode(key, sizeof key, hex);
    assert_string_equal(hex, "aa54161d58114ef155746435198b57d7f23a1e3567a4fbdf61cee249677d816c");
    salt[0] ^= 1;
    assert_int_equal(passphrase_key(BYTES("clave larga"), cheap, salt, other, &f), ST_OK);
    assert_memory_not_equal(key, other, sizeof key);
    assert_int_equal(passphrase_key((struct bytes){NULL, 0}, cheap, salt, other, &f), ST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(passphrase_key(BYTES("clave larga"), bad[i], salt, key, &f), ST_BAD_VALUE);
    assert_true(passphrase_cost_is_valid(passphrase_cost_usual()));
    assert_in_range(passphrase_cost_usual().memory_kib, 64 * 1024, PASSPHRASE_KIB_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_the_last_newline_goes), TEST(files_that_hold_none),
        TEST(what_systemd_hands_over),    TEST(a_new_one_is_long_enough),
        TEST(a_key_as_others_make_it),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
