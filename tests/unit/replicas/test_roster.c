#include "replicas/roster.h"

#include "tests/unit/replicas/offices.h"

static void members_are_listed_and_shown(void **state)
{
    (void)state;
    struct office a, b;
    char fingerprint[ROSTER_FINGERPRINT_BYTES];
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_AUDITOR);
    office_run(&a, ST_OK, "member", "list", NULL);
    assert_int_equal(office_rows(&a), 2);
    assert_string_equal(office_text(&a, 0, "label"), "iquique");
    assert_string_equal(office_text(&a, 0, "role"), "auditor");
    assert_string_equal(office_text(&a, 1, "rights.0"), "admin");
    assert_true(json_is_true(office_at(&a, 1, "self")));
    office_run(&a, ST_OK, "member", "show", "iquique", NULL);
    roster_fingerprint(&replica_identity(b.replica)->key, fingerprint);
    assert_string_equal(office_text(&a, 0, "fingerprint"), fingerprint);
    office_run(&a, ST_NOT_FOUND, "member", "show", "iquiqe", NULL);
    assert_non_null(strstr(a.fault.fix, "'iquique'"));
    office_run(&a, ST_USAGE, "member", "greet", NULL);
    office_run(&b, ST_OK, "whoami", NULL);
    assert_string_equal(office_text(&b, 0, "network"), "reference");
    assert_string_equal(office_text(&b, 0, "office"), "iquique");
    assert_string_equal(office_text(&b, 0, "role"), "auditor");
    assert_string_equal(office_text(&b, 0, "fingerprint"), fingerprint);
    office_close(&a);
    office_close(&b);
}

/* As `ssh-keygen -l` has it for this key. */
static void fingerprints_are_those_of_ssh(void **state)
{
    (void)state;
    struct key key = {{0}};
    char text[ROSTER_FINGERPRINT_BYTES];
    roster_fingerprint(&key, text);
    assert_string_equal(text, "SHA256:kmYcvdi2GkPeWxB6XLjrZB8JHsy2Hm8luHMFp9GMvqk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_listed_and_shown),
        cmocka_unit_test(fingerprints_are_those_of_ssh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
