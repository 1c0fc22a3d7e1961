/*
 * Joining by a link that is cut, expired or leads nowhere: said in JSON, with an exit code, and no
 * replica is left behind. That joining works is proven end to end.
 */
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <jansson.h>
#include <sodium.h>

#include "daemon/joiner.h"
#include "daemon/logger.h"
#include "replicas/invitation.h"

static struct home home;
static char said[8192];

static int begin(void **state)
{
    (void)state;
    home_folder(&home);
    return 0;
}

static int end(void **state)
{
    (void)state;
    homes_remove(home.folder);
    return 0;
}

/* joiner_run()'s exit code; its last line on standard error, read as JSON. */
static int join(const char *link, const char *listen, json_t **error_out)
{
    struct joiner_options o = {.home = home.home, .link = link, .listen = listen, .timeout_s = 1};
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_non_null(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    int code = joiner_run(&o);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    size_t bytes = fread(said, 1, sizeof said - 1, file);
    fclose(file);
    while (bytes > 0 && said[bytes - 1] == '\n')
        bytes--;
    said[bytes] = '\0';
    const char *last = strrchr(said, '\n');
    *error_out = json_loads(last != NULL ? last + 1 : said, 0, NULL);
    if (*error_out == NULL)
        fail_msg("no JSON: %s", said);
    assert_int_equal(json_integer_value(json_object_get(*error_out, "exit")), code);
    return code;
}

static const char *text_of(json_t *error, const char *member)
{
    return json_string_value(json_object_get(error, member));
}

static struct invitation good(void)
{
    struct invitation i = {.role = CHARTER_OFFICE, .expires = INT64_C(4102444800)};
    uint8_t seed[crypto_sign_SEEDBYTES] = {3}, secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(i.inviter.id, secret, seed);
    memcpy(i.label, "iquique", 8);
    memcpy(i.address, "127.0.0.1:1", 12);
    return i;
}

static void encode(const struct invitation *i, struct buf *link)
{
    invitation_encode(i, link);
    buf_add_byte(link, '\0');
    assert_int_equal(buf_status(link), ST_OK);
}

static void assert_no_replica(void)
{
    char label[LABEL_BYTES_MAX + 1];
    struct digest network;
    struct fault f = {0};
    assert_int_equal(home_office(home.home, label, &network, &f), ST_NO_REPLICA);
}

static void a_link_cut_short(void **state)
{
    struct invitation i = good();
    struct buf link = {0};
    json_t *error;
    (void)state;
    encode(&i, &link);
    for (size_t cut = link.count - 2; cut > 0; cut = cut > 10 ? cut - 7 : cut - 1) {
        link.data[cut] = '\0';
        assert_int_not_equal(join((const char *)link.data, NULL, &error), 0);
        assert_true(text_of(error, "text")[0] != '\0');
        json_decref(error);
    }
    buf_release(&link);
    assert_no_replica();
}

static void an_expired_link(void **state)
{
    struct invitation i = good();
    struct buf link = {0};
    json_t *error;
    (void)state;
    i.expires = 1000;
    encode(&i, &link);
    assert_int_not_equal(join((const char *)link.data, NULL, &error), 0);
    assert_string_equal(text_of(error, "error"), "expired");
    assert_non_null(strstr(text_of(error, "text"), "iquique"));
    assert_non_null(strstr(text_of(error, "fix"), "minga invite iquique"));
    json_decref(error);
    buf_release(&link);
    assert_no_replica();
}

static void an_address_that_is_none(void **state)
{
    struct invitation i = good();
    struct buf link = {0};
    json_t *error;
    (void)state;
    encode(&i, &link);
    assert_int_not_equal(join((const char *)link.data, "nowhere", &error), 0);
    assert_string_equal(text_of(error, "error"), "usage");
    json_decref(error);
    buf_release(&link);
    assert_no_replica();
}

/* Nobody answers: the key stays for another try with the same link. */
static void an_inviter_that_is_away(void **state)
{
    struct invitation i = good();
    struct buf link = {0};
    struct home_identity first, second;
    struct fault f = {0};
    json_t *error;
    (void)state;
    encode(&i, &link);
    assert_int_not_equal(join((const char *)link.data, NULL, &error), 0);
    assert_string_equal(text_of(error, "error"), "unreachable");
    assert_non_null(strstr(text_of(error, "fix"), "the link stays good"));
    json_decref(error);
    assert_int_equal(home_identity(home.home, &first, &f), ST_OK);
    assert_int_not_equal(join((const char *)link.data, NULL, &error), 0);
    json_decref(error);
    assert_int_equal(home_identity(home.home, &second, &f), ST_OK);
    assert_memory_equal(&first.key, &second.key, sizeof first.key);
    buf_release(&link);
    assert_no_replica();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_cut_short),
        TEST(an_expired_link),
        TEST(an_address_that_is_none),
        TEST(an_inviter_that_is_away),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    logger_set_level(LOGGER_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
