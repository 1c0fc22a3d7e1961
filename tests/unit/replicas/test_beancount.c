#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/beancount.h"
#include "tests/unit/replicas/sample_book.h"

static const char *written(const struct sample *s, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(beancount_write(&s->b, out), ST_OK);
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
    sample_grant(&s, "G1", "alto-hospicio", "2009-07-01", 20000000, "USD");
    sample_exchange(&s, "X1", "alto-hospicio", "2009-07-03", sample_money(20000000, "USD"),
                    sample_money(108000000, "CLP"));
    uint32_t spent =
        sample_spend(&s, BOOK_EXPENSE, "S1", "alto-hospicio", "pool", "2009-07-04", 1000, "CLP");
    s.b.entries[spent].receipt = sample_text(&s, "factura \"2837\"\\");
    sample_reverse(&s, spent);
    sample_close(&s);
    const char *text = written(&s, &out);
    holds(text, "option \"operating_currency\" \"CLP\"\noption \"operating_currency\" \"USD\"\n");
    holds(text, "2009-07-01 open Assets:Alto-hospicio:Pool\n"
                "2009-07-01 open Expenses:Alto-hospicio:Pool\n"
                "2009-07-01 open Income:Grants\n\n");
    holds(text, "2009-07-01 * \"grant\" \"G1\"\n"
                "  entry: \"000001a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\"\n"
                "  commit: \"0101010101010101010101010101010101010101\"\n"
                "  office: \"alto-hospicio\"\n"
                "  Assets:Alto-hospicio:Pool  200000.00 USD\n"
                "  Income:Grants  -200000.00 USD\n\n");
    holds(text, "  Assets:Alto-hospicio:Pool  108000000 CLP @@ 200000.00 USD\n"
                "  Assets:Alto-hospicio:Pool  -200000.00 USD\n\n");
    holds(text, "  receipt: \"factura \\\"2837\\\"\\\\\"\n"
                "  reversed_by: \"000004a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\"\n");
    holds(text, "2009-07-05 balance Assets:Alto-hospicio:Pool  108000000 ~ 0 CLP\n"
                "2009-07-05 balance Assets:Alto-hospicio:Pool  0.00 ~ 0 USD\n");
    buf_release(&out);
    sample_release(&s);
}

static void parts_of_an_account(void **state)
{
    (void)state;
    static const char *const parts[][2] = {{"santiago", "Santiago"},
                                           {"alto-hospicio", "Alto-hospicio"},
                                           {"own_line_2", "Own-line-2"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct buf out = {0};
        beancount_part(parts[i][0], &out);
        assert_string_equal(buf_text(&out), parts[i][1]);
        buf_release(&out);
    }
}

/* Whatever its texts, a book of one shape has as many lines, and quotes only where it puts them. */
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
        const char *at = strstr(written(&s, &out), "2009-07-01 * \"grant\"");
        assert_non_null(at);
        uint32_t lines = 0, quotes = 0;
        for (; *at != '\0'; at++) {
            lines += *at == '\n' ? 1 : 0;
            quotes += *at == '"' ? 1 : 0;
            if (*at == '\\')
                at++;
            assert_true((uint8_t)*at >= ' ' || *at == '\n');
        }
        assert_int_equal(lines, 1 + 6 + 2 + 1 + 1);
        assert_int_equal(quotes, 4 + 2 * 6);
        buf_release(&out);
        sample_release(&s);
    }
}

static void an_empty_book(void **state)
{
    (void)state;
    struct sample s = {.made = 0};
    struct buf out = {0};
    sample_close(&s);
    assert_null(strstr(written(&s, &out), "1970"));
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
        enum status st = beancount_write(&s.b, &out);
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
        cmocka_unit_test(parts_of_an_account),
        cmocka_unit_test(texts_cannot_add_a_line),
        cmocka_unit_test(an_empty_book),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
