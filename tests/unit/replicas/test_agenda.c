#include "tests/unit/replicas/admins.h"

#include "replicas/agenda.h"

static void it_names_every_change(void **state)
{
    (void)state;
    struct admins *a = admins_start(3); /* arica, iquique, santiago; talca */
    const struct charter *before = charter_newest(&a->chain);
    struct charter next = admins_next(&a->chain);
    struct charter_member members[ADMINS_MAX];
    struct oid kept = {{1}};
    struct charter_retired retired[] = {
        {.label = "talca", .key = a->of[3].identity.key, .kept = &kept, .kept_count = 1}};
    struct buf text = {0};
    struct schema schema;
    agenda_changes(before, &next, &text);
    assert_string_equal(buf_text(&text), "[]");
    memcpy(members, next.members, next.member_count * sizeof members[0]);
    members[0].treasurer = !members[0].treasurer;
    members[1].key.id[0] ^= 1;
    members[2].role = CHARTER_AUDITOR;
    snprintf(members[2].address, sizeof members[2].address, "host:1");
    snprintf(members[3].label, sizeof members[3].label, "temuco");
    next.members = members;
    next.retired = retired;
    next.retired_count = 1;
    next.limits_json = BYTES("{\"days\":1}");
    next.schema_json = BYTES("{\"types\":{\"new\":{}}}");
    schema = *next.schema;
    schema.audit.small_cell = 9;
    next.schema = &schema;
    buf_reset(&text);
    agenda_changes(before, &next, &text);
    assert_string_equal(buf_text(&text),
                        "[{\"change\":\"rights\",\"label\":\"arica\",\"rights\":[\"admin\","
                        "\"treasurer\"]},"
                        "{\"change\":\"key\",\"label\":\"iquique\",\"kept\":0},"
                        "{\"change\":\"role\",\"label\":\"santiago\",\"role\":\"auditor\"},"
                        "{\"change\":\"address\",\"label\":\"santiago\",\"address\":\"host:1\"},"
                        "{\"change\":\"remove\",\"label\":\"talca\",\"kept\":1},"
                        "{\"change\":\"add\",\"label\":\"temuco\",\"role\":\"office\","
                        "\"rights\":[]},"
                        "{\"change\":\"schema\",\"types\":[\"new\"]},"
                        "{\"change\":\"audit\",\"sessions\":{\"group\":4,\"individual\":4},"
                        "\"small_cell\":9},"
                        "{\"change\":\"limits\"}]");
    buf_release(&text);
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_names_every_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
