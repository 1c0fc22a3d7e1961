#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/iati.h"
#include "tests/unit/replicas/sample_book.h"

static const struct iati_options options = {"XX-TEST-1",
                                            "Vicar\xC3\xAD"
                                            "a",
                                            "", 5};

static const char *written(const struct sample *s, struct buf *out)
{
    uint32_t left_out;
    buf_reset(out);
    assert_int_equal(iati_write(&s->b, &options, &left_out, out), ST_OK);
    assert_int_equal(left_out, 0);
    return buf_text(out);
}

static void holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("it lacks:\n%s", part);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("it holds:\n%s", part);
}

static void one_activity(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_fill(&s);
    const char *text = written(&s, &out);
    holds(text, "<iati-activities version=\"2.03\">\n");
    holds(text, "<iati-identifier>XX-TEST-1-00");
    holds(text, "<reporting-org type=\"22\" ref=\"XX-TEST-1\"><narrative>Vicar\xC3\xAD"
                "a<");
    holds(text, "<title><narrative>&lt;a href='x'&gt;&amp;amp; ]]&gt; &lt;/a&gt;</narrative>");
    holds(text, "<activity-date type=\"1\" iso-date=\"2009-07-01\"/>\n"
                "  <activity-date type=\"3\" iso-date=\"2010-01-31\"/>\n");
    holds(text, "  <budget type=\"1\" status=\"2\">\n"
                "    <period-start iso-date=\"2009-07-01\"/>\n"
                "    <period-end iso-date=\"2010-01-31\"/>\n"
                "    <value currency=\"CLP\" value-date=\"2009-07-01\">5000000</value>\n");
    holds(text, "    <transaction-type code=\"1\"/>\n"
                "    <transaction-date iso-date=\"2009-07-01\"/>\n"
                "    <value currency=\"USD\" value-date=\"2009-07-01\">200000.00</value>\n"
                "    <provider-org><narrative>FOSIS</narrative></provider-org>\n");
    holds(text, "<value currency=\"KWD\" value-date=\"2009-08-01\">1.234</value>\n");
    holds(text, "    <transaction-type code=\"4\"/>\n"
                "    <transaction-date iso-date=\"2009-08-15\"/>\n"
                "    <value currency=\"CLP\" value-date=\"2009-08-15\">2400015</value>\n"
                "    <description><narrative>enterprises, 2009-08</narrative></description>\n");
    lacks(text, "E01");  /* the number of an enterprise */
    lacks(text, "0.01"); /* the grant that was reversed */
    buf_release(&out);
    sample_release(&s);
}

static void an_empty_book(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_close(&s);
    holds(written(&s, &out), "<activity-date type=\"2\" iso-date=\"1970-01-01\"/>");
    buf_release(&out);
    sample_release(&s);
}

static void a_country_by_its_code(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_programme(&s, "T")->country = sample_text(&s, "CL");
    sample_close(&s);
    holds(written(&s, &out), "<recipient-country code=\"CL\"><narrative>CL<");
    lacks(buf_text(&out), "<location>");
    s.b.programmes[0].country = sample_text(&s, "Chile");
    lacks(written(&s, &out), "<recipient-country");
    holds(buf_text(&out), "<location><name><narrative>Chile<");
    struct iati_options named = options;
    named.country = "CL";
    buf_reset(&out);
    assert_int_equal(iati_write(&s.b, &named, NULL, &out), ST_OK);
    holds(buf_text(&out), "<recipient-country code=\"CL\"><narrative>Chile<");
    buf_release(&out);
    sample_release(&s);
}

static void becomes(const char *text, const char *expected)
{
    struct buf out = {0};
    iati_text(text, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void texts(void **state)
{
    (void)state;
    becomes("\xC3\x91 <a b=\"c\"> & ]]>", "\xC3\x91 &lt;a b=&quot;c&quot;&gt; &amp; ]]&gt;");
    becomes("a\n\t\x01\x7F"
            "b",
            "a    b");
    becomes("a\xEF\xBF\xBF\xEF\xBF\xBE"
            "b\xEF\xBF\xBD",
            "a  b\xEF\xBF\xBD");
}

static void no_memory(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    sample_fill(&s);
    uint64_t n = 0;
    for (bool failed = true; failed;) {
        struct buf out = {0};
        mem_fail_at(++n);
        enum status st = iati_write(&s.b, &options, NULL, &out);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
    }
    assert_true(n > 5);
    sample_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_activity),
        cmocka_unit_test(an_empty_book),
        cmocka_unit_test(a_country_by_its_code),
        cmocka_unit_test(texts),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
