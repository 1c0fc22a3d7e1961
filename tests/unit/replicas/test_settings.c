#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <git2.h>

#include "proto/bytes.h"
#include "replicas/settings.h"

static char path[64];

static void write_config(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **unused)
{
    (void)unused;
    snprintf(path, sizeof path, "/tmp/minga-config-XXXXXX");
    int fd = mkstemp(path);
    return fd >= 0 && close(fd) == 0 && git_libgit2_init() > 0 ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    git_libgit2_shutdown();
    return unlink(path);
}

static void a_missing_file_gives_the_defaults(void **unused)
{
    (void)unused;
    struct settings s;
    struct fault f;
    assert_int_equal(settings_load("/nonexistent/config", &s, &f), ST_OK);
    assert_string_equal(s.listen, "");
    assert_int_equal(s.links, LINKS_ACTIVE_DEFAULT);
    assert_int_equal(s.log_level, 6);
    assert_int_equal(s.peer_count, 0);
    settings_release(&s);
    settings_release(NULL);
}

static void every_key_is_read(void **unused)
{
    (void)unused;
    struct settings s;
    struct fault f;
    write_config(
        "[office]\n\tlisten = 127.0.0.1:0\n[peer \"iquique\"]\n\taddress = a.example:7717\n"
        "[peer \"alto-hospicio\"]\n\taddress = [::1]:1\n[gossip]\n\tlinks = 128\n"
        "[log]\n\tlevel = warning\n");
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    assert_string_equal(s.listen, "127.0.0.1:0");
    assert_int_equal(s.links, 128);
    assert_int_equal(s.log_level, 4);
    assert_int_equal(s.peer_count, 2);
    assert_string_equal(s.peers[0].label, "iquique");
    assert_string_equal(s.peers[0].address, "a.example:7717");
    assert_string_equal(s.peers[1].label, "alto-hospicio");
    settings_release(&s);
}

static void a_wrong_line_is_named_with_what_would_be_right(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *line, *key, *fix;
    } cases[] = {
        {"[office]\n\tlistne = 127.0.0.1:1\n", "line 2", "office.listne", "office.listen"},
        {"[office]\n\n\tlisten = 127.0.0.1\n", "line 3", "office.listen", "HOST:PORT"},
        {"[office]\n\tlisten = 127.0.0.1:65536\n", "line 2", "office.listen", "HOST:PORT"},
        {"[gossip]\n\tlinks = 0\n", "line 2", "gossip.links", "1 to 128"},
        {"[gossip]\n\tlinks = 129\n", "line 2", "gossip.links", "1 to 128"},
        {"[gossip]\n\tlinks = 4x\n", "line 2", "gossip.links", "1 to 128"},
        {"# one\n[log]\n\tlevel = loud\n", "line 3", "log.level", "debug"},
        {"[peer \"Iquique\"]\n\taddress = a:1\n", "line 2", "peer.Iquique.address", "member list"},
        {"[peer \"iquique\"]\n\taddress = nowhere\n", "line 2", "peer.iquique.address",
         "HOST:PORT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings s;
        struct fault f = {.code = ST_OK};
        write_config(cases[i].text);
        assert_int_equal(settings_load(path, &s, &f), ST_BAD_CONFIG);
        assert_non_null(strstr(f.text, path));
        assert_non_null(strstr(f.text, cases[i].line));
        assert_non_null(strstr(f.text, cases[i].key));
        assert_non_null(strstr(f.fix, cases[i].fix));
        assert_null(s.peers);
        assert_int_equal(s.links, 0);
    }
}

static void a_file_that_is_no_configuration_is_refused(void **unused)
{
    (void)unused;
    struct settings s;
    struct fault f = {.code = ST_OK};
    write_config("[office\nlisten");
    assert_int_equal(settings_load(path, &s, &f), ST_BAD_CONFIG);
    assert_true(strlen(f.fix) > 0);
}

static void setting_keeps_the_file_valid(void **unused)
{
    (void)unused;
    struct settings s;
    struct fault f;
    write_config("[gossip]\n\tlinks = 3\n");
    assert_int_equal(settings_set(path, "gossip.links", "none", &f), ST_BAD_CONFIG);
    assert_int_equal(settings_set(path, "gossip.limks", "5", &f), ST_BAD_CONFIG);
    assert_int_equal(settings_set(path, "peer.iquique.address", "a:1", &f), ST_OK);
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    assert_int_equal(s.links, 3);
    assert_int_equal(s.peer_count, 1);
    settings_release(&s);
    assert_int_equal(settings_set(path, "peer.iquique.address", NULL, &f), ST_OK);
    assert_int_equal(settings_set(path, "peer.iquique.address", NULL, &f), ST_NOT_FOUND);
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    assert_int_equal(s.peer_count, 0);
    settings_release(&s);
}

static void add_pair(void *user, const char *key, const char *value)
{
    buf_add_format(user, "%s=%s\n", key, value);
}

static void each_names_every_key_defaults_included(void **unused)
{
    (void)unused;
    struct settings s;
    struct fault f;
    struct buf text = {0};
    write_config("[peer \"iquique\"]\n\taddress = a:1\n");
    assert_int_equal(settings_load(path, &s, &f), ST_OK);
    settings_each(&s, add_pair, &text);
    assert_string_equal(buf_text(&text), "gossip.links=4\nlog.level=info\noffice.listen=\n"
                                         "peer.iquique.address=a:1\n");
    buf_release(&text);
    settings_release(&s);
}

static void addresses_have_a_host_and_a_port(void **unused)
{
    (void)unused;
    static const char *const good[] = {"a:0", "a.example:65535", "[::1]:7717", "127.0.0.1:7717"};
    static const char *const bad[] = {"",      "a",    ":1",   "a:",    "a:65536",  "a:-1", "a:1 ",
                                      "a b:1", "a:1x", "a:+1", "a=b:1", "a:123456", "a\n:1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(settings_address_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(settings_address_is_valid(bad[i]));
    char longest[ADDRESS_BYTES_MAX + 2];
    memset(longest, 'a', sizeof longest);
    memcpy(longest + ADDRESS_BYTES_MAX - 2, ":1", 3);
    assert_true(settings_address_is_valid(longest));
    memcpy(longest + ADDRESS_BYTES_MAX - 2, "a:1", 4);
    assert_false(settings_address_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_file_gives_the_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(a_wrong_line_is_named_with_what_would_be_right),
        cmocka_unit_test(a_file_that_is_no_configuration_is_refused),
        cmocka_unit_test(setting_keeps_the_file_valid),
        cmocka_unit_test(each_names_every_key_defaults_included),
        cmocka_unit_test(addresses_have_a_host_and_a_port),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
