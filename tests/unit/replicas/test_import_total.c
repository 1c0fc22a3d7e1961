#include "tests/unit/replicas/import_kit.h"

#include "proto/mem.h"
#include "replicas/import_total.h"

static enum status read_text(const char *text, struct import_total_list *out, size_t *bytes,
                             uint64_t *lines, struct fault *f)
{
    *f = (struct fault){0};
    return import_total_read(bytes_of_text(text), out, bytes, lines, f);
}

static void reads_what_the_rows_sum_to(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf# total CLP 12750002\r\n"
                               "\"#  total USD 200000.5 from_amount\",,\n"
                               "from_currency,from_amount\n";
    struct import_total_list list;
    struct fault f;
    size_t bytes = 0;
    uint64_t lines = 0;
    assert_int_equal(read_text(text, &list, &bytes, &lines, &f), ST_OK);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.list[0].currency, "CLP");
    assert_string_equal(list.list[0].column, "");
    assert_int_equal(list.list[0].amount, 12750002);
    assert_int_equal(list.list[0].line, 1);
    assert_string_equal(list.list[1].currency, "USD");
    assert_string_equal(list.list[1].column, "from_amount");
    assert_int_equal(list.list[1].amount, 20000050);
    assert_int_equal(lines, 2);
    assert_string_equal(text + bytes, "from_currency,from_amount\n");
}

static void a_file_that_says_nothing_is_left_as_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "amount,currency\n1,CLP\n",
                                        ("\xef\xbb\xbf"
                                         "amount\n"),
                                        "\n# total CLP 1\n", "note\n# total CLP 1\n"};
    struct import_total_list list;
    struct fault f;
    size_t bytes = 1;
    uint64_t lines = 1;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(read_text(texts[i], &list, &bytes, &lines, &f), ST_OK);
        assert_int_equal(list.count, 0);
        assert_int_equal(bytes, 0);
        assert_int_equal(lines, 0);
    }
}

static void a_malformed_line_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says, *fix;
    } cases[] = {
        {"# CLP 5\n", "line 1: '# CLP 5' says no total", "# total CLP 12750002"},
        {"#total CLP 5\n", "says no total", "# total CLP"},
        {"# total CLP\n", "says no total", ""},
        {"# total CLP 5 amount more\n", "says no total", ""},
        {"# total CLP 5,000\n", "says no total", ""}, /* a cell of its own */
        {"# total CLP 5,,x\n", "says no total", ""},
        {"# Total CLP 5\n", "says no total", ""},
        {"# total CLP 5\n# made by hand\n", "line 2: '# made by hand'", ""},
        {"# total CPL 5\n", "line 1: 'CPL' is no ISO 4217 currency", "did you mean 'CLP'?"},
        {"# total CLP 5.50\n", "line 1: total: \"5.50\" is no amount", "no minor unit"},
        {"# total USD 5.505\n", "line 1: total:", "without marks"},
        {"# total CLP 1.000.000\n", "line 1: total:", "without points or commas"},
        {"\"# total CLP 1,000\"\n", "line 1: total:", "without points or commas"},
        {"# total CLP 9007199254740992\n", "beyond 2^53 - 1", ""},
        {"# total CLP 5\n# total CLP 6\n", "line 2: the total of CLP is there twice", ""},
        {"# total CLP 5 a-b\n", "'a-b' is no name of a column", ""},
        {"# total CLP \"5\"\n", "says no total", ""},
    };
    struct import_total_list list;
    struct fault f;
    size_t bytes = 1;
    uint64_t lines = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = read_text(cases[i].text, &list, &bytes, &lines, &f);
        if (status != ST_BAD_VALUE || strstr(f.text, cases[i].says) == NULL ||
            strstr(f.fix, cases[i].fix) == NULL)
            fail_msg("%s: %s: %s (%s)", cases[i].text, status_word(status), f.text, f.fix);
        assert_int_equal(bytes, 0);
    }
}

static void too_many_totals(void **state)
{
    (void)state;
    struct buf text = {0};
    struct import_total_list list;
    struct fault f = {0};
    size_t bytes;
    uint64_t lines;
    for (int i = 0; i <= IMPORT_TOTALS_MAX; i++)
        buf_add_format(&text, "# total CLP 5 column%c\n", 'a' + i);
    assert_int_equal(import_total_read(buf_bytes(&text), &list, &bytes, &lines, &f), ST_BAD_VALUE);
    assert_non_null(strstr(f.text, "line 17: more than 16 totals"));
    buf_release(&text);
}

/* Every prefix, and every byte turned into every other one of a few: an answer, never a crash. */
static void whatever_stands_there(void **state)
{
    (void)state;
    static const char good[] = "# total CLP 12750002 amount\n\"# total USD 5.50\",,\namount\n";
    static const char others[] = "\"#\n\r ,0\xff\x80";
    char text[sizeof good];
    struct import_total_list list;
    struct fault f;
    size_t bytes;
    uint64_t lines;
    for (size_t count = 0; count < sizeof good; count++) {
        enum status status = import_total_read((struct bytes){(const uint8_t *)good, count}, &list,
                                               &bytes, &lines, &f);
        assert_true(status == ST_OK || status == ST_BAD_VALUE);
        assert_true(bytes <= count && list.count <= IMPORT_TOTALS_MAX);
    }
    for (size_t at = 0; at < sizeof good - 1; at++) {
        for (size_t i = 0; i < sizeof others; i++) {
            memcpy(text, good, sizeof good);
            text[at] = others[i];
            enum status status = import_total_read(
                (struct bytes){(const uint8_t *)text, sizeof good - 1}, &list, &bytes, &lines, &f);
            assert_true(status == ST_OK || status == ST_BAD_VALUE);
            assert_true(bytes < sizeof good);
        }
    }
}

static enum status sum(const char *type, const char *csv, struct import_total_list *sums,
                       uint64_t *unread, struct fault *first, struct fault *f)
{
    struct schema *schema = programme_schema();
    struct import_options o = {.schema = schema,
                               .type = schema_type(schema, bytes_of_text(type)),
                               .network = &network,
                               .writer = BYTES("santiago"),
                               .where_column = BYTES("office"),
                               .where_value = BYTES("iquique")};
    *first = *f = (struct fault){0};
    assert_non_null(o.type);
    sums->count = 0;
    enum status status = import_total_sum(&o, bytes_of_text(csv), sums, unread, first, f);
    schema_free(schema);
    return status;
}

static const char EXPENSES[] = "expense,office,date,budget_line,currency,amount,receipt\n"
                               "X1,santiago,2009-09-01,workshops,CLP,1000,a\n"
                               "X2,iquique,2009-09-01,workshops,CLP,234,b\n"
                               "X3,iquique,2009-09-01,workshops,USD,2.50,c\n";

static void sums_every_row_of_the_file(void **state)
{
    (void)state;
    struct import_total_list sums;
    struct fault first, f;
    uint64_t unread = 9;
    assert_int_equal(sum("expense", EXPENSES, &sums, &unread, &first, &f), ST_OK);
    assert_int_equal(unread, 0);
    assert_int_equal(sums.count, 2); /* --where passes nothing over */
    assert_string_equal(sums.list[0].column, "amount");
    assert_string_equal(sums.list[0].currency, "CLP");
    assert_int_equal(sums.list[0].amount, 1234);
    assert_string_equal(sums.list[1].currency, "USD");
    assert_int_equal(sums.list[1].amount, 250);
}

static void a_row_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct import_total_list sums;
    struct fault first, f;
    uint64_t unread = 0;
    assert_int_equal(sum("expense",
                         "expense,office,date,budget_line,currency,amount,receipt\n"
                         "X1,santiago,2009-09-01,workshops,CLP,1000,a\n"
                         "X2,santiago,2009-09-01,workshops,CLP,\"1,000\",b\n"
                         "X3,santiago,2009-09-01,workshops,CLP\n",
                         &sums, &unread, &first, &f),
                     ST_OK);
    assert_int_equal(unread, 2);
    assert_non_null(strstr(first.text, "line 3: amount: \"1,000\""));
    assert_int_equal(sums.list[0].amount, 1000);
    assert_int_equal(sum("expense", "expense,office\n", &sums, &unread, &first, &f), ST_BAD_VALUE);
}

static enum status compare(const char *said, const struct import_total_list *sums, struct fault *f)
{
    struct import_total_list list;
    size_t bytes;
    uint64_t lines;
    assert_int_equal(read_text(said, &list, &bytes, &lines, f), ST_OK);
    return import_total_compare(&list, sums, f);
}

static void expect_unequal(const char *said, const struct import_total_list *sums, const char *text,
                           const char *fix)
{
    struct fault f;
    assert_int_equal(compare(said, sums, &f), ST_BAD_VALUE);
    if (strstr(f.text, text) == NULL || strstr(f.fix, fix) == NULL)
        fail_msg("%s: %s (%s)", said, f.text, f.fix);
    assert_non_null(strstr(f.fix, "nothing was imported"));
}

static void compares_what_is_said_with_the_rows(void **state)
{
    (void)state;
    struct import_total_list sums = {.count = 0}, none = {.count = 0};
    struct fault f;
    assert_int_equal(import_total_add(&sums, "amount", BYTES("CLP"), 1000, &f), ST_OK);
    assert_int_equal(import_total_add(&sums, "amount", BYTES("CLP"), 234, &f), ST_OK);
    assert_int_equal(compare("# total CLP 1234\n", &sums, &f), ST_OK);
    assert_int_equal(compare("# total CLP 1234 amount\n", &sums, &f), ST_OK);
    expect_unequal("# total CLP 1235\n", &sums,
                   "line 1 says a total of CLP 1235, but the rows sum to CLP 1234", "correct the");
    expect_unequal("# total USD 5\n", &sums, "USD 5.00, but the rows sum to USD 0.00", "");
    assert_int_equal(import_total_add(&sums, "amount", BYTES("USD"), 250, &f), ST_OK);
    expect_unequal("# total CLP 1234\n", &sums, "the rows also sum to USD 2.50",
                   "# total USD 2.50 amount");
    assert_int_equal(compare("# total CLP 1234\n# total USD 2.50\n", &sums, &f), ST_OK);
    assert_int_equal(import_total_add(&sums, "other", BYTES("CLP"), 7, &f), ST_OK);
    expect_unequal("# total CLP 1234\n", &sums, "line 1: of which column is CLP the total?",
                   "name it behind the amount");
    assert_int_equal(compare("# total CLP 7 other\n", &sums, &f), ST_OK);
    assert_int_equal(compare("# total CLP 0\n", &none, &f), ST_OK); /* no rows at all */
    assert_int_equal(compare("# total CLP 9 third\n", &sums, &f), ST_BAD_VALUE);
    assert_string_equal(f.text, "line 1: there is no column of amounts 'third'");
}

static void sums_have_bounds(void **state)
{
    (void)state;
    struct import_total_list sums = {.count = 0};
    struct fault f = {0};
    char column[16];
    const int64_t most = (INT64_C(1) << 53) - 1;
    assert_int_equal(import_total_add(&sums, "amount", BYTES("CLP"), most, &f), ST_OK);
    assert_int_equal(import_total_add(&sums, "amount", BYTES("CLP"), 1, &f), ST_TOO_LARGE);
    sums.count = 0;
    for (int i = 0; i < IMPORT_SUMS_MAX; i++) {
        snprintf(column, sizeof column, "c%d", i);
        assert_int_equal(import_total_add(&sums, column, BYTES("CLP"), 1, &f), ST_OK);
    }
    assert_int_equal(import_total_add(&sums, "more", BYTES("CLP"), 1, &f), ST_TOO_LARGE);
}

static void without_memory(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    struct import_options o = {.schema = schema,
                               .type = schema_type(schema, BYTES("expense")),
                               .network = &network,
                               .writer = BYTES("santiago")};
    bool through = false;
    for (uint64_t n = 1; !through; n++) {
        struct import_total_list list = {.count = 0}, sums = {.count = 0};
        struct fault first = {0}, f = {0};
        size_t bytes;
        uint64_t lines, unread;
        mem_fail_at(n);
        enum status status =
            import_total_read(BYTES("# total CLP 5\namount\n"), &list, &bytes, &lines, &f);
        if (status == ST_OK)
            status = import_total_sum(&o, BYTES(EXPENSES), &sums, &unread, &first, &f);
        mem_fail_at(0);
        through = status == ST_OK;
        assert_true(through || status == ST_NO_MEMORY);
        assert_true(n < 1000);
    }
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_rows_sum_to),
        cmocka_unit_test(a_file_that_says_nothing_is_left_as_it_is),
        cmocka_unit_test(a_malformed_line_is_refused),
        cmocka_unit_test(too_many_totals),
        cmocka_unit_test(whatever_stands_there),
        cmocka_unit_test(sums_every_row_of_the_file),
        cmocka_unit_test(a_row_that_cannot_be_read_is_told),
        cmocka_unit_test(compares_what_is_said_with_the_rows),
        cmocka_unit_test(sums_have_bounds),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
