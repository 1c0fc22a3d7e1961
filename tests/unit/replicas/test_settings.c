/*
 * The configuration: defaults, every key, and each way to get a line wrong: told with file, line,
 * key and what would be valid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/mem.h"
#include "replicas/settings.h"

static char path[64];

static int begin(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/minga-settings-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void put(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    fclose(file);
}

static void kept(char *out, size_t bytes)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    out[fread(out, 1, bytes - 1, file)] = '\0';
    fclose(file);
}

static void defaults(void **state)
{
    struct settings s;
    struct fault f = {0};
    (void)state;
    unlink(path);
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    assert_string_equal(s.listen, "");
    assert_int_equal(s.peer_count, 0);
    assert_int_equal(s.links, LINKS_ACTIVE_DEFAULT);
    assert_int_equal(s.log_level, 6);
    settings_release(&s);
    settings_release(&s);
}

/* There may be a configuration: nothing else takes its place. */
static void what_cannot_be_looked_at_is_no_missing_file(void **state)
{
    (void)state;
    struct settings s;
    struct fault f = {0};
    unlink(path);
    assert_int_equal(symlink(path, path), 0); /* leads to itself */
    assert_int_equal(settings_load(path, &s, &f), ST_IO);
    assert_non_null(strstr(f.text, path));
}

static void every_key(void **state)
{
    struct settings s;
    struct fault f = {0};
    (void)state;
    put("# ours\n[office]\n  listen = 127.0.0.1:0\n[gossip]\n  links = 7\n[log]\n  level = debug\n"
        "[peer \"iquique\"]\n  address = iquique.example.org:7717\n"
        "[peer \"alto-hospicio\"]\n  address = [::1]:7718\n");
    if (settings_load(path, &s, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_string_equal(s.listen, "127.0.0.1:0");
    assert_int_equal(s.links, 7);
    assert_int_equal(s.log_level, 7);
    assert_int_equal(s.peer_count, 2);
    assert_string_equal(s.peers[0].label, "iquique");
    assert_string_equal(s.peers[0].address, "iquique.example.org:7717");
    assert_string_equal(s.peers[1].label, "alto-hospicio");
    assert_string_equal(s.peers[1].address, "[::1]:7718");
    settings_release(&s);
}

static void how_large_a_file_may_be(void **state)
{
    static const struct {
        const char *value;
        uint64_t bytes; /* 0: refused */
    } cases[] = {
        {"1", 1},
        {"20M", 20 * MIB},
        {"64k", 64 * KIB},
        {"127M", ATTACHMENT_BYTES_MAX},
        {"128M", 0},
        {"0", 0},
        {"M", 0},
        {"20MB", 0},
        {"-1", 0},
        {"20 M", 0},
        {"", 0},
        {"133169153", 0},
        {"99999999999k", 0},
        {"133169152", ATTACHMENT_BYTES_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings s;
        struct fault f = {0};
        char text[96];
        snprintf(text, sizeof text, "[office]\nattachment-max = %s\n", cases[i].value);
        put(text);
        enum status st = settings_load(path, &s, &f);
        if (st != (cases[i].bytes > 0 ? ST_OK : ST_BAD_CONFIG))
            fail_msg("%s: %s", cases[i].value, f.text);
        if (st == ST_OK)
            assert_int_equal(s.attachment_bytes_max, cases[i].bytes);
        settings_release(&s);
    }
}

static void the_last_word_holds(void **state)
{
    struct settings s;
    struct fault f = {0};
    (void)state;
    put("[peer \"iquique\"]\naddress = a:1\naddress = b:2\n[gossip]\nlinks = 3\nlinks = 5\n");
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    assert_int_equal(s.peer_count, 1);
    assert_string_equal(s.peers[0].address, "b:2");
    assert_int_equal(s.links, 5);
    settings_release(&s);
}

/* 'told' and 'fix': words that the fault has. */
static void broken(const char *text, const char *told, const char *fix)
{
    struct settings s = {.links = 99};
    struct fault f = {0};
    put(text);
    enum status st = settings_load(path, &s, &f);
    if (st != ST_BAD_CONFIG)
        fail_msg("%s where bad-config is due, for %s", status_word(st), text);
    if (strstr(f.text, path) == NULL || strstr(f.text, told) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f.text, told);
    if (strstr(f.fix, fix) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f.fix, fix);
    assert_int_equal(s.links, 0); /* as zeroed */
    assert_null(s.peers);
}

static void a_broken_line_is_named(void **state)
{
    (void)state;
    broken("[office]\n\tlisten = 127.0.0.1\n", "line 2: office.listen", "HOST:PORT");
    broken("[office]\n\n# x\nlisten = :7717\n", "line 4: office.listen", "HOST:PORT");
    broken("[office]\nlisten = host:70000\n", "line 2: office.listen", "HOST:PORT");
    broken("[gossip]\nlinks = none\n", "line 2: gossip.links", "1");
    broken("[gossip]\nlinks = 0\n", "line 2: gossip.links", "1");
    broken("[gossip]\nlinks = 129\n", "line 2: gossip.links", "128");
    broken("[log]\nlevel = loud\n", "line 2: log.level", "warning");
    broken("[peer \"iquique\"]\naddress = nowhere\n", "line 2: peer.iquique.address", "HOST:PORT");
    broken("[peer \"Iquique!\"]\naddress = a:1\n", "peer.Iquique!.address", "member list");
}

static void an_unknown_key_has_a_nearest(void **state)
{
    (void)state;
    broken("[office]\nlisten = a:1\nlistne = b:2\n", "line 3: office.listne",
           "did you mean office.listen?");
    broken("[gossip]\nlink = 3\n", "line 2: gossip.link", "did you mean gossip.links?");
    broken("[log]\nlevle = info\n", "line 2: log.levle", "did you mean log.level?");
    broken("[zzzzzzzzzzzz]\nqqqqqqqqqq = 1\n", "line 2: zzzzzzzzzzzz.qqqqqqqqqq", "valid keys:");
    broken("[peer \"iquique\"]\nadress = a:1\n", "line 2: peer.iquique.adress", "valid keys:");
}

static void no_configuration_at_all(void **state)
{
    (void)state;
    broken("[office\nlisten = a:1\n", "cannot be read", "git-config");
    broken("listen = a:1\n", "listen: no such key", "valid keys:");
    broken("[office]\nlisten = a\\q:1\n", "cannot be read", "git-config");
}

static void set_and_removed(void **state)
{
    struct settings s;
    struct fault f = {0};
    (void)state;
    unlink(path);
    assert_int_equal(settings_set(path, "peer.iquique.address", "127.0.0.1:7717", &f), ST_OK);
    assert_int_equal(settings_set(path, "gossip.links", "9", &f), ST_OK);
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    assert_int_equal(s.links, 9);
    assert_string_equal(s.peers[0].address, "127.0.0.1:7717");
    settings_release(&s);
    assert_int_equal(settings_set(path, "peer.iquique.address", NULL, &f), ST_OK);
    assert_int_equal(settings_set(path, "gossip.links", NULL, &f), ST_OK);
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    assert_int_equal(s.links, LINKS_ACTIVE_DEFAULT);
    assert_int_equal(s.peer_count, 0);
    settings_release(&s);
    assert_int_equal(settings_set(path, "log.level", NULL, &f), ST_NOT_FOUND);
    assert_int_equal(settings_set(path, "log.levle", NULL, &f), ST_BAD_CONFIG);
}

static void a_refused_set_changes_nothing(void **state)
{
    char before[256], after[256];
    struct fault f = {0};
    (void)state;
    put("[gossip]\n\tlinks = 3\n");
    kept(before, sizeof before);
    assert_int_equal(settings_set(path, "gossip.links", "many", &f), ST_BAD_CONFIG);
    assert_int_equal(settings_set(path, "gossip.lines", "3", &f), ST_BAD_CONFIG);
    assert_non_null(strstr(f.fix, "did you mean gossip.links?"));
    assert_int_equal(settings_set(path, "office.listen", "x", &f), ST_BAD_CONFIG);
    assert_int_equal(settings_set(path, "nodots", "x", &f), ST_BAD_CONFIG);
    kept(after, sizeof after);
    assert_string_equal(before, after);
}

static void collect(void *user, const char *key, const char *value)
{
    char *text = user;
    snprintf(text + strlen(text), 512 - strlen(text), "%s=%s;", key, value);
}

static void each_as_it_holds(void **state)
{
    char text[512] = "";
    struct settings s;
    struct fault f = {0};
    (void)state;
    put("[peer \"iquique\"]\naddress = a:1\n");
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    settings_each(&s, collect, text);
    assert_string_equal(
        text, "gossip.links=4;log.level=info;office.acknowledge=10m;"
              "office.attachment-max=127M;office.listen=;office.meet=3s;peer.iquique.address=a:1;");
    settings_release(&s);
}

static void addresses(void **state)
{
    char text[ADDRESS_BYTES_MAX + 8];
    (void)state;
    assert_true(settings_address_is_valid("a:0"));
    assert_true(settings_address_is_valid("[::1]:65535"));
    assert_false(settings_address_is_valid("a:65536"));
    assert_false(settings_address_is_valid("a:"));
    assert_false(settings_address_is_valid("a:1x"));
    assert_false(settings_address_is_valid("a b:1"));
    assert_false(settings_address_is_valid(":1"));
    assert_false(settings_address_is_valid("a=b:1"));
    assert_false(settings_address_is_valid(""));
    memset(text, 'a', sizeof text);
    snprintf(text + ADDRESS_BYTES_MAX - 2, 8, ":1");
    assert_true(settings_address_is_valid(text));
    snprintf(text + ADDRESS_BYTES_MAX - 1, 8, ":1");
    assert_false(settings_address_is_valid(text));
}

static void no_memory(void **state)
{
    struct settings s;
    struct fault f = {0};
    bool done = false;
    (void)state;
    put("[peer \"iquique\"]\naddress = a:1\n[peer \"arica\"]\naddress = b:1\n");
    for (uint64_t n = 1; !done; n++) {
        mem_fail_at(n);
        enum status st = settings_load(path, &s, &f);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
        assert_int_equal(s.peer_count, done ? 2 : 0);
        settings_release(&s);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults),
        TEST(what_cannot_be_looked_at_is_no_missing_file),
        TEST(every_key),
        TEST(how_large_a_file_may_be),
        TEST(the_last_word_holds),
        TEST(a_broken_line_is_named),
        TEST(an_unknown_key_has_a_nearest),
        TEST(no_configuration_at_all),
        TEST(set_and_removed),
        TEST(a_refused_set_changes_nothing),
        TEST(each_as_it_holds),
        TEST(addresses),
        TEST(no_memory),
    };
    if (git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
