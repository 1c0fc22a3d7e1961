/*
 * audit and attest as a person types them: what the daemon answered in words and as JSON, and the
 * exit codes; without a daemon on a home that is none.
 */
#include "tests/unit/cli/shell.h"

#include <jansson.h>

#include "cli/language.h"

static struct shell shell;

#define OFFICES                                                                                    \
    "\"complete\":{\"iquique\":{\"seq\":0,\"last_contact\":null,\"head\":null,"                    \
    "\"role\":\"office\",\"member\":true,\"commits\":0,\"gaps\":0,\"quarantined\":0,"              \
    "\"silent\":true},\"santiago\":{\"seq\":16,\"last_contact\":\"2026-05-01T10:02:33Z\","         \
    "\"head\":\"829a959511cb7a77da8a6bdae0cd84e9f7f6db09\",\"role\":\"office\","                   \
    "\"member\":true,\"commits\":16,\"gaps\":0,\"quarantined\":0,\"silent\":false}},"              \
    "\"forks\":0,\"quarantined\":0,\"erasures\":{\"ordered\":0,\"open\":0}"

#define HEAD(verdict, errors, refused)                                                             \
    "{\"verdict\":\"" verdict "\",\"closed\":true,\"incremental\":true,"                           \
    "\"since\":\"c0d9f742c0d9f742c0d9f742c0d9f742c0d9f742\","                                      \
    "\"state\":\"1f5061672a6dbe1c019c35fa9d65a9103c733748\",\"network\":\"vicaria\","              \
    "\"network_id\":\"b995\",\"charter\":2,\"commits\":3,\"signatures\":3,"                        \
    "\"refused\":[" refused "],\"more\":0,\"unchecked\":\"\",\"errors\":" errors ","               \
    "\"warnings\":0,\"notices\":0,\"digest\":\"11da\"," OFFICES ","                                \
    "\"totals\":{\"CLP\":{\"granted\":5000000,\"balance\":1250}},\"entries\":{},\"reversed\":0,"   \
    "\"heads\":[\"829a959511cb7a77da8a6bdae0cd84e9f7f6db09\"],\"attestations\":[]}"

#define TWICE                                                                                      \
    "{\"finding\":{\"rule\":\"receipt-twice\",\"severity\":\"error\","                             \
    "\"records\":[\"3fa9c04be1d27788\",\"77aa00000000\"],\"text\":\"receipt 1 is used 2 times\","  \
    "\"since\":\"2026-05-01\",\"commit\":\"beef0000beef0000\"}}"

static void answer(struct fake *d, const char *head, const char *finding)
{
    fake_row(d, head);
    if (finding != NULL)
        fake_row(d, finding);
    fake_end(d, "ok", "", "", 0);
}

static void tells_findings_in_words(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    answer(&d, HEAD("findings", "1", ""), TWICE);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "audit", "--since", "last", NULL);
    assert_int_equal(shell.exit, CALL_NEEDS_PERSON);
    assert_string_equal(shell.out,
                        "network vicaria (b995), charter 2\n"
                        "3 commits verified, those since c0d9f742\n"
                        "state 1f5061672a6dbe1c019c35fa9d65a9103c733748\n"
                        "\n"
                        "error receipt-twice: receipt 1 is used 2 times\n"
                        "  since 2026-05-01, beef0000  3fa9c04b 77aa0000\n"
                        "\n"
                        "office    role    up to  commit    last heard of     gaps  waiting\n"
                        "iquique   office      0  -         -                    0        0\n"
                        "santiago  office     16  829a9595  2026-05-01 10:02     0        0\n"
                        "iquique has never been heard of\n"
                        "forks: 0, in quarantine: 0, erasures: 0 (0 open)\n"
                        "\n"
                        "CLP  granted  5,000,000\n"
                        "CLP  left         1,250\n"
                        "\n"
                        "The programme is closed: what is due by then was asked.\n"
                        "Verdict: findings (errors 1, warnings 0, notices 0).\n");
    fake_stop(&d);
}

static void tells_them_in_spanish(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    answer(&d, HEAD("findings", "1", ""), TWICE);
    fake_start(&d);
    language_set(LANGUAGE_SPANISH);
    shell_run(&shell, d.home, NULL, "audit", "--since", "last", "--close", NULL);
    language_set(LANGUAGE_ENGLISH);
    assert_non_null(strstr(shell.out, "Veredicto: hallazgos (errores 1,"));
    assert_non_null(strstr(shell.out, "nunca se ha sabido de iquique"));
    assert_non_null(strstr(shell.out, "CLP  donado  5.000.000"));
    struct bytes asked = buf_bytes(&d.requests[0]);
    assert_non_null(memmem(asked.data, asked.count, "language", 8));
    assert_non_null(memmem(asked.data, asked.count, "close", 5));
    fake_stop(&d);
}

static void prints_one_object(void **state)
{
    (void)state;
    struct fake d;
    json_t *row;
    fake_home(&d);
    answer(&d, HEAD("findings", "1", ""), TWICE);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "audit", "--since=last", "--json", NULL);
    assert_int_equal(shell.exit, CALL_NEEDS_PERSON);
    row = json_loads(shell.out, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(row);
    assert_string_equal(json_string_value(json_object_get(row, "schema")), "minga.audit/1");
    assert_int_equal(json_array_size(json_object_get(row, "findings")), 1);
    json_decref(row);
    fake_stop(&d);
}

static void clean_and_failed(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    answer(&d, HEAD("clean", "0", ""), NULL);
    answer(&d, HEAD("failed", "0", "{\"commit\":\"beef0000\",\"reason\":\"another tree\"}"), NULL);
    answer(&d, HEAD("failed", "0", ""), NULL);
    fake_end(&d, "not-found", "nobody has attested an audit yet", "audit", 2);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "audit", "--since=last", NULL);
    assert_int_equal(shell.exit, CALL_DONE);
    assert_non_null(strstr(shell.out, "\nVerdict: clean.\n"));
    shell_run(&shell, d.home, NULL, "audit", "--since=last", NULL);
    assert_int_equal(shell.exit, CALL_NOT_VERIFIED);
    assert_non_null(strstr(shell.out, "\n- beef0000: another tree\n"));
    assert_non_null(strstr(shell.err, "verdict: failed"));
    shell_run(&shell, d.home, NULL, "attest", "--since=last", NULL);
    assert_int_equal(shell.exit, CALL_NOT_VERIFIED);
    assert_non_null(strstr(shell.err, "nothing was attested"));
    shell_run(&shell, d.home, NULL, "audit", "--since=last", NULL);
    assert_true(shell.exit != CALL_DONE);
    assert_non_null(strstr(shell.err, "nobody has attested an audit yet"));
    fake_stop(&d);
}

static void attests_what_was_found(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    answer(&d, HEAD("findings", "1", ""), TWICE);
    fake_row(&d, "{\"id\":\"5bc699a600000000\",\"commit\":\"829a959500000000\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "attest", "--since", "last", NULL);
    assert_int_equal(shell.exit, CALL_DONE);
    assert_non_null(strstr(shell.out, "attested: findings, by commit 829a9595 (5bc699a6)\n"));
    struct bytes asked = buf_bytes(&d.requests[1]);
    assert_non_null(memmem(asked.data, asked.count, "attest", 6));
    assert_non_null(
        memmem(asked.data, asked.count, "829a959511cb7a77da8a6bdae0cd84e9f7f6db09", 40));
    assert_non_null(memmem(asked.data, asked.count, "11da", 4));
    fake_stop(&d);
}

static void refuses_what_does_not_go_together(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    shell_run(&shell, d.home, NULL, "audit", "--network=00", NULL);
    assert_int_equal(shell.exit, CALL_USAGE);
    shell_run(&shell, d.home, NULL, "audit", "--repo=/tmp", "--network=00", NULL);
    assert_int_equal(shell.exit, CALL_USAGE);
    shell_run(&shell, d.home, NULL, "audit", "--repo=/tmp", "--since=last", NULL);
    assert_int_equal(shell.exit, CALL_USAGE);
    shell_run(&shell, d.home, NULL, "audit", NULL);
    assert_int_equal(shell.exit, 10); /* no replica there */
    shell_run(&shell, "/tmp/there-is-none", NULL, "audit", "--since=last", NULL);
    assert_int_equal(shell.exit, 10);
    fake_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_findings_in_words),
        cmocka_unit_test(tells_them_in_spanish),
        cmocka_unit_test(prints_one_object),
        cmocka_unit_test(clean_and_failed),
        cmocka_unit_test(attests_what_was_found),
        cmocka_unit_test(refuses_what_does_not_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
