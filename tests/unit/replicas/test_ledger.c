#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/ledger.h"
#include "tests/unit/replicas/sample_book.h"

static const char *written(const struct sample *s, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(ledger_write(&s->b, out), ST_OK);
    return buf_text(out);
}

static void holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("it lacks:\n%s", part);
}

static void each_entry_is_a_transaction(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_grant(&s, "G1", "santiago", "2009-07-01", 20000000, "USD");
    sample_exchange(&s, "X1", "santiago", "2009-07-03", sample_money(20000000, "USD"),
                    sample_money(108000000, "CLP"));
    uint32_t spent =
        sample_spend(&s, BOOK_EXPENSE, "S1", "santiago", "pool", "2009-07-04", 1000, "CLP");
    s.b.entries[spent].receipt = sample_text(&s, "factura 2837");
    sample_reverse(&s, spent);
    sample_close(&s);
    const char *text = written(&s, &out);
    holds(text, "commodity CLP\n    format CLP 1000.\ncommodity USD\n    format USD 1000.00\n");
    holds(text, "\npayee grant\n");
    holds(text, "\ntag receipt\n");
    holds(text, "\naccount Assets:santiago:pool\n");
    holds(text, "2009-07-01 * (G1) grant\n"
                "    ; entry: 000001a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\n"
                "    ; commit: 0101010101010101010101010101010101010101\n"
                "    ; office: santiago\n"
                "    Assets:santiago:pool  USD 200000.00\n"
                "    Income:grants  USD -200000.00\n\n");
    holds(text, "    Assets:santiago:pool  CLP 108000000 @@ USD 200000.00\n"
                "    Assets:santiago:pool  USD -200000.00\n\n");
    holds(text, "    ; receipt: factura 2837\n"
                "    ; reversed_by: 000004a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\n"
                "    Assets:santiago:pool  CLP -1000\n"
                "    Expenses:santiago:pool  CLP 1000\n\n");
    holds(text, "    ; reverses: 000003a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\n"
                "    Assets:santiago:pool  CLP 1000\n"
                "    Expenses:santiago:pool  CLP -1000\n\n");
    holds(text, "2009-07-04 * closing balances\n"
                "    Assets:santiago:pool  CLP 0 = CLP 108000000\n"
                "    Assets:santiago:pool  USD 0.00 = USD 0.00\n");
    buf_release(&out);
    sample_release(&s);
}

static void an_empty_book_is_a_journal(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_close(&s);
    assert_null(strstr(written(&s, &out), "closing balances\n   "));
    assert_null(strstr(buf_text(&out), "commodity"));
    buf_release(&out);
    sample_release(&s);
}

static void without_a_date_it_is_the_day_it_was_written(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_allot(&s, "A1", "santiago", "iquique", "workshops", 5, "CLP");
    sample_close(&s);
    holds(written(&s, &out), "2010-02-01 * (A1) allotment\n");
    holds(buf_text(&out), "    ; undated: the day it was written\n"
                          "    Assets:iquique:workshops  CLP 5\n"
                          "    Assets:santiago:pool  CLP -5\n\n");
    holds(buf_text(&out), "    Assets:santiago:pool  CLP 0 = CLP -5\n");
    buf_release(&out);
    sample_release(&s);
}

static void becomes(const char *text, const char *expected)
{
    struct buf out = {0};
    ledger_text(text, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void a_text_never_means_anything(void **state)
{
    (void)state;
    becomes("", "");
    becomes("factura 2837-b/9.1 #3 O'Higgins & co", "factura 2837-b/9.1 #3 O'Higgins & co");
    becomes("a\ninclude x", "a%0Ainclude x");
    becomes("; x: 1, date:2001-01-01 [2001] (a)",
            "%3B x%3A 1%2C date%3A2001-01-01 %5B2001%5D %28a%29");
    becomes("= * ! @ \" { } \t \r | % \\ ~ ^ $ ` < >",
            "%3D %2A %21 %40 %22 %7B %7D %09 %0D %7C %25 %5C %7E %5E %24 %60 %3C %3E");
    becomes("\xC3\x91u\xC3\xB1oa \xE2\x82\xAC", "\xC3\x91u\xC3\xB1oa \xE2\x82\xAC");
    becomes("\xC2\x85 \xE2\x80\xA8 \xE2\x80\xAE \xE2\x81\xA6 \xE2\x80\xA7",
            "%C2%85 %E2%80%A8 %E2%80%AE %E2%81%A6 \xE2\x80\xA7");
}

/* Whatever its texts, a book of one shape has as many lines, each of the same beginning. */
static void texts_cannot_add_a_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sample_nasty / sizeof sample_nasty[0]; i++) {
        struct sample s = {.made = 0};
        struct buf out = {0};
        uint32_t e = sample_grant(&s, sample_nasty[i], "santiago", "2009-07-01", 1, "USD");
        s.b.entries[e].what = sample_text(&s, sample_nasty[i]);
        s.b.entries[e].receipt = sample_text(&s, sample_nasty[i]);
        s.b.entries[e].supplier = sample_text(&s, sample_nasty[i]);
        sample_close(&s);
        uint32_t lines = 0;
        const char *at = strstr(written(&s, &out), "2009-07-01 * (");
        assert_non_null(at);
        for (const char *line = at; *line != '\0'; line = strchr(line, '\n') + 1) {
            lines++;
            assert_true(strncmp(line, "2009-07-01 * ", 13) == 0 ||
                        strncmp(line, "    ; ", 6) == 0 || strncmp(line, "    Assets:", 11) == 0 ||
                        strncmp(line, "    Income:", 11) == 0 || *line == '\n');
        }
        assert_int_equal(lines, 1 + 6 + 2 + 1 + 2);
        buf_release(&out);
        sample_release(&s);
    }
}

static void every_account_is_asserted(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_fill(&s);
    const char *at = strstr(written(&s, &out), "closing balances\n");
    assert_non_null(at);
    uint32_t found = 0;
    for (; *at != '\0'; at++)
        found += *at == '=' ? 1 : 0;
    assert_int_equal(found, s.b.account_count);
    holds(buf_text(&out), "    Assets:x9-y-z:own_line_2  CLP 0 = CLP -3\n");
    holds(buf_text(&out), "1400-01-01 * (S2) expense\n");
    holds(buf_text(&out), "    Assets:santiago:pool  KWD 0.000 = KWD 1.234\n");
    buf_release(&out);
    sample_release(&s);
}

/* What is written is what was posted: the lines of each account, read back, sum to its balance. */
static void ten_thousand_entries(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    int64_t told = 0, posted = 0;
    for (int i = 0; i < 10000; i++) {
        sample_spend(&s, BOOK_EXPENSE, "S", "iquique", "workshops", "2009-09-09", i + 1, "USD");
        posted -= i + 1;
    }
    sample_close(&s);
    static const char line[] = "    Assets:iquique:workshops  USD -";
    const char *text = written(&s, &out);
    for (const char *at = text; (at = strstr(at, line)) != NULL;) {
        char *end;
        at += sizeof line - 1;
        told -= strtoll(at, &end, 10) * 100;
        assert_int_equal(*end, '.');
        told -= strtoll(end + 1, NULL, 10);
    }
    assert_int_equal(told, posted);
    holds(text, "USD 0.00 = USD -500050.00\n");
    buf_release(&out);
    sample_release(&s);
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
        enum status st = ledger_write(&s.b, &out);
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
        cmocka_unit_test(each_entry_is_a_transaction),
        cmocka_unit_test(an_empty_book_is_a_journal),
        cmocka_unit_test(without_a_date_it_is_the_day_it_was_written),
        cmocka_unit_test(a_text_never_means_anything),
        cmocka_unit_test(texts_cannot_add_a_line),
        cmocka_unit_test(every_account_is_asserted),
        cmocka_unit_test(ten_thousand_entries),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
