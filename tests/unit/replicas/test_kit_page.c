#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "replicas/kit_page.h"

static const struct kit_page_facts signed_facts = {"Programa", "00ff", "abcd", "alto-hospicio",
                                                   true};

static void has(const struct kit_page_facts *facts, const char *part, bool wanted)
{
    struct buf page = {0};
    kit_page(facts, &page);
    if ((strstr(buf_text(&page), part) != NULL) != wanted)
        fail_msg("%s: %s", part, buf_text(&page));
    buf_release(&page);
}

static void who_signed_it(void **state)
{
    (void)state;
    struct kit_page_facts nobody = signed_facts;
    nobody.signer = "";
    has(&signed_facts, "    ssh-keygen -Y verify -f allowed_signers -I alto-hospicio -n minga",
        true);
    has(&signed_facts, "signature for alto-hospicio with", true);
    has(&signed_facts, "    sha256sum SHA256SUMS\n", false);
    has(&nobody, "ssh-keygen -Y", false);
    has(&nobody, "    sha256sum SHA256SUMS\n", true);
}

static void what_it_is_of(void **state)
{
    (void)state;
    struct kit_page_facts some = signed_facts;
    some.iati_whole = false;
    has(&signed_facts, "How to check the books of Programa\n", true);
    has(&signed_facts, "    echo 00ff | cmp - ", true);
    has(&signed_facts, "  state    abcd\n", true);
    has(&signed_facts, "    told 4 >", true);
    has(&some, "    told 4 >", false);
    has(&some, "Some payments are not told there", true);
}

/* The list of digests is asked at the beginning and at the end, so that no one byte of the page
 * takes both away; the last command tells that all was done. */
static void its_own_bytes(void **state)
{
    (void)state;
    struct buf page = {0};
    kit_page(&signed_facts, &page);
    const char *text = buf_text(&page), *first, *second;
    static const char check[] = "\n    sha256sum --strict --quiet --check SHA256SUMS\n";
    first = strstr(text, check);
    assert_non_null(first);
    second = strstr(first + 1, check);
    assert_non_null(second);
    assert_non_null(strstr(second, "\n    echo 'Everything agrees.'\n"));
    assert_null(strstr(text, "rm "));
    assert_null(strchr(text, '\t'));
    buf_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_signed_it),
        cmocka_unit_test(what_it_is_of),
        cmocka_unit_test(its_own_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
