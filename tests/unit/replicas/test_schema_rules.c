#include "tests/unit/replicas/schema_kit.h"

static void what_types_and_fields_may_not_be_together(void **state)
{
    (void)state;
    static const struct schema_refusal cases[] = {
        {SCHEMA(RECORD("a", "\"ref\":" TEXT)), "taken"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"kind\":\"choice\"}")),
         "needs \"choices\""},
        {SCHEMA(RECORD("a", "\"b\":{\"choices\":[\"x\",\"x\"],\"class\":\"open\",\"kind\":"
                            "\"choice\"}")),
         "twice"},
        {SCHEMA(RECORD("a", "\"b\":{\"choices\":[\"x\"],\"class\":\"open\",\"kind\":\"text\"}")),
         "only a choice or a set"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"internal\",\"kind\":\"set\"}")), "a set is"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"kind\":\"reference\",\"to\":\"c\"}")),
         "refers to a type that is not there"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"kind\":\"amount\"}")), "its currency"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"kind\":\"text\",\"required\":true}")),
         "only a field of an entry"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"is\":\"writer\",\"kind\":\"label\"}")),
         "the writer's"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"personal\",\"index\":true,\"kind\":\"text\"}")),
         "indexed"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "},\"key\":\"c\",\"shape\":\"record\",\"writers\":"
                "[\"office\"]}"),
         "names a field it has not"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "},\"postings\":[{\"account\":\"writer\",\"line\":"
                "\"pool\",\"sign\":1}],\"shape\":\"record\",\"writers\":[\"office\"]}"),
         "only an entry has postings"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "},\"postings\":[{\"account\":\"writer\",\"line\":"
                "\"pool\",\"sign\":1}],\"shape\":\"entry\",\"writers\":[\"office\"]}"),
         "a required amount"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "},\"postings\":[{\"account\":\"me\",\"line\":"
                "\"pool\",\"sign\":1}],\"shape\":\"entry\",\"writers\":[\"office\"]}"),
         "an account is"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "},\"postings\":[{\"account\":\"writer\",\"line\":"
                "\"pool\",\"sign\":2}],\"shape\":\"entry\",\"writers\":[\"office\"]}"),
         "a sign is"},
        {SCHEMA(
             "\"a\":{\"fields\":{\"b\":{\"class\":\"open\",\"kind\":\"label\",\"required\":true}},"
             "\"postings\":[{\"account\":{\"field\":\"b\"},\"line\":\"pool\",\"sign\":-1}],"
             "\"shape\":\"entry\",\"writers\":[\"office\"]}"),
         "only the writer's own account"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":{\"class\":\"personal\",\"kind\":\"text\"}},"
                "\"shape\":\"entry\",\"writers\":[\"office\"]}"),
         "class open only"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "},\"shape\":\"record\",\"writers\":[]}"),
         "no list of writers"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"kind\":\"file\"}")), "a file is of class"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "},\"retention\":\"5y\",\"shape\":\"entry\","
                "\"writers\":[\"office\"]}"),
         "kept for ever"},
    };
    schema_kit_refused(cases, sizeof cases / sizeof *cases);
}

#define ENTRY(name, fields, more)                                                                  \
    "\"" name "\":{\"fields\":{" fields "}," more "\"shape\":\"entry\",\"writers\":[\"office\"]}"
#define NEEDED(kind) "{\"class\":\"open\",\"kind\":\"" kind "\",\"required\":true}"
#define WRITER "{\"class\":\"open\",\"is\":\"writer\",\"kind\":\"label\",\"required\":true}"
#define BACK "\"b\":" NEEDED("text") ",\"c\":" WRITER
#define REVERSES "\"reverses\":\"b\","
#define POSTS(fields)                                                                              \
    "\"p\":{\"fields\":{\"amount\":{\"class\":\"open\",\"currency\":\"currency\",\"kind\":"        \
    "\"amount\",\"required\":true},\"currency\":" NEEDED("currency") fields                        \
        "},\"postings\":[{\"account\":\"writer\",\"line\":\"pool\",\"sign\":1}],\"shape\":"        \
        "\"entry\","                                                                               \
        "\"writers\":[\"office\"]}"

static void what_reverses(void **state)
{
    (void)state;
    static const struct schema_refusal cases[] = {
        {SCHEMA(ENTRY("a", BACK, "\"reverses\":7,")), "\"reverses\" names no field"},
        {SCHEMA(ENTRY("a", BACK, "\"reverses\":\"d\",")), "required text"},
        {SCHEMA(ENTRY("a", BACK, "\"reverses\":\"c\",")), "required text"},
        {SCHEMA(ENTRY("a", "\"b\":" TEXT ",\"c\":" WRITER, REVERSES)), "required text"},
        {SCHEMA(ENTRY("a", "\"b\":" NEEDED("text"), REVERSES)), "has two fields"},
        {SCHEMA(ENTRY("a", "\"b\":" NEEDED("text") ",\"c\":" NEEDED("label"), REVERSES)),
         "has two fields"},
        {SCHEMA(ENTRY("a", BACK ",\"d\":" TEXT, REVERSES)), "has two fields"},
        {SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "}," REVERSES
                "\"shape\":\"record\",\"writers\":[\"office\"]}"),
         "only an entry without postings"},
        {SCHEMA(ENTRY("a", BACK, REVERSES) "," POSTS("")), "type p: it posts to its writer's"},
        {SCHEMA(ENTRY("a", BACK, REVERSES) "," POSTS(",\"holder\":" NEEDED("label"))),
         "where entries can be reversed"},
        {SCHEMA(ENTRY("a", BACK, REVERSES) "," ENTRY("d", BACK, REVERSES)),
         "type d: only one type reverses"},
    };
    schema_kit_refused(cases, sizeof cases / sizeof *cases);
    static const char *const good[] = {
        SCHEMA(ENTRY("a", BACK, REVERSES) "," POSTS(",\"holder\":" WRITER)),
        SCHEMA(ENTRY("a", "\"b\":" WRITER ",\"c\":" NEEDED("text"), "\"reverses\":\"c\",")),
        SCHEMA(POSTS("")), /* of old: nothing in it is ever reversed */
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct schema *schema = NULL;
        struct fault f = {0};
        if (schema_parse(bytes_of_text(good[i]), &schema, &f) != ST_OK)
            fail_msg("%s: %s", good[i], f.text);
        schema_free(schema);
    }
}

/* What a type reverses is for good, as what it posts. */
static void what_reverses_stays(void **state)
{
    (void)state;
    struct schema *with = NULL, *without = NULL;
    assert_int_equal(schema_parse(BYTES(SCHEMA(ENTRY("a", BACK, REVERSES))), &with, NULL), ST_OK);
    assert_int_equal(schema_parse(BYTES(SCHEMA(ENTRY("a", BACK, ""))), &without, NULL), ST_OK);
    assert_int_equal(schema_grows(with, with, NULL), ST_OK);
    assert_int_equal(schema_grows(with, without, NULL), ST_NOT_SCHEMA);
    assert_int_equal(schema_grows(without, with, NULL), ST_NOT_SCHEMA);
    schema_free(with);
    schema_free(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_reverses),
        cmocka_unit_test(what_reverses_stays),
        cmocka_unit_test(what_types_and_fields_may_not_be_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
