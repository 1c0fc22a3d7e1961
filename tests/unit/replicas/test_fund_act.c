#include "tests/unit/replicas/fund_kit.h"

#include "replicas/fund_act.h"

static const struct fund_act *act(const char *name)
{
    const struct fund_act *out = NULL;
    struct fault f = {0};
    if (fund_act_find(bytes_of_text(name), &out, &f) != ST_OK)
        fail_msg("%s: %s", name, f.text);
    assert_string_equal(out->name, name);
    return out;
}

/* Each makes an entry of the shipped schema, of fields that its type has. */
static void every_command_fits_the_schema(void **state)
{
    (void)state;
    static const char *const names[] = {"grant", "exchange", "allot",   "pass",     "award",
                                        "pay",   "purchase", "expense", "transfer", "reverse"};
    static const char *const options[] = {"from",    "to",       "date", "note",
                                          "receipt", "supplier", "ref",  "because"};
    struct schema *schema = programme_schema();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct fund_act *a = act(names[i]);
        const struct schema_type *type = schema_type(schema, bytes_of_text(a->type));
        assert_non_null(type);
        assert_true(type->entry);
        assert_string_equal(book_word(a->kind), a->type);
        assert_true(fund_act_words(a) >= 1 && fund_act_words(a) <= FUND_ACT_WORDS_MAX);
        for (uint32_t w = 0; w < fund_act_words(a); w++)
            assert_non_null(schema_field(type, bytes_of_text(a->words[w])));
        assert_non_null(schema_field(type, bytes_of_text(a->owner)));
        for (size_t k = 0; k < sizeof options / sizeof options[0]; k++) {
            const char *field = fund_act_field(a, bytes_of_text(options[k]));
            if (field != NULL)
                assert_non_null(schema_field(type, bytes_of_text(field)));
        }
        assert_true(strncmp(a->use, a->name, strlen(a->name)) == 0);
    }
    schema_free(schema);
}

static void the_nearest_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *fix;
    } cases[] = {{"exchang", "did you mean: minga fund exchange"},
                 {"balanc", "did you mean: minga fund balance"},
                 {"purchse", "did you mean: minga fund purchase"},
                 {"", "use: minga fund grant|"},
                 {"something else", "use: minga fund grant|"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct fund_act *out = NULL;
        struct fault f = {0};
        assert_int_equal(fund_act_find(bytes_of_text(cases[i].typed), &out, &f), ST_USAGE);
        assert_null(out);
        if (strstr(f.fix, cases[i].fix) == NULL)
            fail_msg("%s: %s", cases[i].typed, f.fix);
    }
}

static void options_are_fields_of_some(void **state)
{
    (void)state;
    assert_string_equal(fund_act_field(act("grant"), BYTES("from")), "funder");
    assert_string_equal(fund_act_field(act("grant"), BYTES("to")), "recipient");
    assert_string_equal(fund_act_field(act("pay"), BYTES("date")), "date");
    assert_null(fund_act_field(act("pay"), BYTES("receipt")));
    assert_null(fund_act_field(act("pay"), BYTES("dat")));
    assert_null(fund_act_field(act("reverse"), BYTES("date")));
    assert_null(fund_act_field(act("pay"), BYTES("")));
    assert_string_equal(fund_act_field(act("purchase"), BYTES("supplier")), "supplier");
}

static enum status options(const char *name, const char *option, struct fault *f)
{
    struct control_request q = {.option_count = 1,
                                .options = {{bytes_of_text(option), BYTES("x")}}};
    *f = (struct fault){0};
    return fund_act_options(act(name), &q, f);
}

static void each_takes_its_own_options(void **state)
{
    (void)state;
    struct fault f;
    assert_int_equal(options("pay", "date", &f), ST_OK);
    assert_int_equal(options("pay", "ref", &f), ST_OK);
    assert_int_equal(options("pay", "dry-run", &f), ST_OK);
    assert_int_equal(options("pay", "receipt", &f), ST_USAGE);
    assert_non_null(strstr(f.text, "fund pay has no option --receipt"));
    assert_non_null(strstr(f.fix, "use: minga fund pay ENTERPRISE CUR AMOUNT"));
    assert_int_equal(options("pay", "to-line", &f), ST_USAGE);
    assert_int_equal(options("pass", "to-line", &f), ST_OK);
    assert_int_equal(options("pay", "line", &f), ST_USAGE);
    assert_int_equal(options("reverse", "ref", &f), ST_USAGE);
    assert_int_equal(options("reverse", "because", &f), ST_OK);
    assert_int_equal(options("pay", "because", &f), ST_USAGE);
    assert_int_equal(options("grant", "from", &f), ST_OK);
    assert_int_equal(options("grant", "date", &f), ST_USAGE);
    assert_non_null(strstr(f.text, "fund grant needs --from FUNDER"));
    assert_int_equal(options("reverse", "anyway", &f), ST_USAGE);
    assert_non_null(strstr(f.text, "fund reverse needs --because TEXT"));
}

static void words_too_few_and_too_many(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    office_run(i, ST_USAGE, "fund", NULL);
    fund_kit_says(i, "", "use: minga fund grant|exchange");
    office_run(i, ST_USAGE, "fund", "pay", "E07", "CLP", NULL);
    fund_kit_says(i, "something is missing behind 'fund pay'", "use: minga fund pay ENTERPRISE");
    office_run(i, ST_USAGE, "fund", "pay", "E07", "CLP", "5", "6", NULL);
    fund_kit_says(i, "too many words behind 'fund pay'", "use: minga fund pay");
    office_run(i, ST_USAGE, "fund", "pay", "E07", "CLP", "5", "--supplier=x", NULL);
    fund_kit_end(&k);
}

static void lines_of_the_schema_and_of_accounts(void **state)
{
    (void)state;
    struct fund_kit k;
    struct book *b = NULL;
    struct fault f = {0};
    fund_kit_begin(&k);
    struct replica *r = k.iquique.replica;
    assert_int_equal(book_read(r, &b, &f), ST_OK);
    assert_int_equal(fund_act_line(r, b, BYTES("pool"), &f), ST_OK);
    assert_int_equal(fund_act_line(r, b, BYTES("workshops"), &f), ST_OK);
    assert_int_equal(fund_act_line(r, b, BYTES("reserv"), &f), ST_NOT_FOUND);
    assert_string_equal(f.fix, "did you mean 'reserve'?");
    f.fix[0] = '\0';
    assert_int_equal(fund_act_line(r, b, BYTES("quite another"), &f), ST_NOT_FOUND);
    assert_string_equal(f.fix, "");
    book_free(b);
    fund_kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_fits_the_schema),
        cmocka_unit_test(the_nearest_is_named),
        cmocka_unit_test(options_are_fields_of_some),
        cmocka_unit_test(each_takes_its_own_options),
        cmocka_unit_test(words_too_few_and_too_many),
        cmocka_unit_test(lines_of_the_schema_and_of_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
