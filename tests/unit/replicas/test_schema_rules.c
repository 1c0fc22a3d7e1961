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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_types_and_fields_may_not_be_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
