#include "tests/unit/proto/codec.h"

#include <string.h>

#include "cli/html.h"
#include "cli/language.h"

static const char *text_of(const char *text)
{
    static struct buf out;
    buf_reset(&out);
    html_text(&out, text);
    return buf_text(&out);
}

static void nothing_means_anything(void **state)
{
    (void)state;
    assert_string_equal(text_of("<script>alert('1')</script>"),
                        "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    assert_string_equal(text_of("\" onload=\"x"), "&quot; onload=&quot;x");
    assert_string_equal(text_of("a & b &amp; ]]>"), "a &amp; b &amp;amp; ]]&gt;");
    assert_string_equal(text_of("\x01\x1b[2J\x7f"), "\\x01\\x1b[2J\\x7f");
    assert_string_equal(text_of("a\xe2\x80\xaegpj.exe"), "a\\u202egpj.exe"); /* turned text */
    assert_string_equal(text_of("a\nb"), "a\\nb");
    assert_string_equal(text_of("\xff"), "\\xff");
    assert_string_equal(text_of("\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbd|\xef"),
                        "\\ufffe|\\uffff|\xef\xbf\xbd|\\xef"); /* no characters of XML */
    assert_string_equal(text_of("\xc3\x91u\xc3\xb1oa"), "\xc3\x91u\xc3\xb1oa");
}

static void cuts_between_characters(void **state)
{
    (void)state;
    struct buf out = {0};
    html_cut(&out, "\xc3\xb1\xc3\xb1\xc3\xb1\xc3\xb1", 3);
    assert_string_equal(buf_text(&out), "\xc3\xb1\xc3\xb1\xe2\x80\xa6");
    buf_reset(&out);
    html_cut(&out, "abc", 3);
    assert_string_equal(buf_text(&out), "abc");
    buf_reset(&out);
    html_cut(&out, "a<<<<", 3); /* what is cut is the text, not its escapes */
    assert_string_equal(buf_text(&out), "a&lt;\xe2\x80\xa6");
    buf_release(&out);
}

static void a_page_is_one_file(void **state)
{
    (void)state;
    static const char *const NEVER[] = {
        "<script", "http:", "https:", "src=", "@import", "url(", "<link", "onload"};
    static const char *const ALWAYS[] = {"<!DOCTYPE html>",
                                         "lang=\"en\"",
                                         "charset=\"utf-8\"",
                                         "default-src 'none'",
                                         "@page{size:A4",
                                         "<title>Caf\xc3\xa9",
                                         "</html>"};
    struct buf out = {0};
    html_begin(&out, "Caf\xc3\xa9 </title>", HTML_PORTRAIT);
    html_element(&out, "p", "class=\"lead\"", "x > y");
    html_end(&out);
    char *page = (char *)out.data; /* the name of XHTML is no address that anything is got from */
    assert_non_null(strstr(buf_text(&out), "xmlns=\"http://www.w3.org/1999/xhtml\""));
    memset(strstr(page, "http://www.w3.org/1999/xhtml"), ' ', 28);
    for (size_t i = 0; i < sizeof NEVER / sizeof *NEVER; i++)
        assert_null(strstr(page, NEVER[i]));
    for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
        assert_non_null(strstr(page, ALWAYS[i]));
    assert_non_null(strstr(page, "<p class=\"lead\">x &gt; y</p>"));
    buf_reset(&out);
    language_set(LANGUAGE_SPANISH);
    html_begin(&out, "", HTML_LANDSCAPE);
    language_set(LANGUAGE_ENGLISH);
    assert_non_null(strstr(buf_text(&out), "lang=\"es\""));
    assert_non_null(strstr(buf_text(&out), "A4 landscape"));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_means_anything),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(a_page_is_one_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
