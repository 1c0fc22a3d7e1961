#include "tests/unit/replicas/admins.h"

#include "replicas/assembly.h"

enum { WORDS = 4 };

struct said {
    struct buf rows;
    struct buf health;
};

static void keep_row(void *user, struct bytes json)
{
    struct said *s = user;
    buf_add_bytes(&s->rows, json);
    buf_add_byte(&s->rows, '\n');
}

static void keep_health(void *user, const char *level, const char *text, const char *fix)
{
    struct said *s = user;
    buf_add_format(&s->health, "%s: %s (%s)\n", level, text, fix);
}

/* "member WORDS" with one option at most, at an office. */
static enum status say(struct admins *a, struct one *at, struct said *s, const char *option,
                       const char *value, const char *const words[WORDS])
{
    static struct control_request q;
    memset(&q, 0, sizeof q);
    q.verb = BYTES("member");
    while (q.word_count < WORDS && words[q.word_count] != NULL) {
        q.words[q.word_count] = bytes_of_text(words[q.word_count]);
        q.word_count++;
    }
    if (option != NULL) {
        q.options[0].name = bytes_of_text(option);
        q.options[0].value = bytes_of_text(value);
        q.option_count = 1;
    }
    struct verb_call call = {.replica = at->replica,
                             .request = &q,
                             .author = members_author,
                             .listen = "",
                             .user = s,
                             .row = keep_row};
    buf_reset(&s->rows);
    memset(&a->f, 0, sizeof a->f);
    return verb_run(&call, &a->f);
}

#define SAY(at, option, value, ...)                                                                \
    say(a, at, &s, option, value, (const char *const[WORDS]){__VA_ARGS__})

static void asking_and_approving(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1];
    struct said s = {.rows = {0}};
    assert_int_equal(SAY(arica, NULL, NULL, "approve"), ST_NOT_FOUND);
    assert_int_equal(SAY(arica, NULL, NULL, "remove"), ST_USAGE);
    assert_int_equal(SAY(arica, NULL, NULL, "remove", "No Label"), ST_USAGE);
    assert_int_equal(SAY(arica, NULL, NULL, "change", "talca"), ST_USAGE);
    assert_int_equal(SAY(arica, "role", "king", "change", "talca"), ST_USAGE);
    assert_int_equal(SAY(arica, "rights", "all", "change", "talca"), ST_USAGE);
    assert_int_equal(SAY(arica, NULL, NULL, "rotate"), ST_NOT_ALLOWED); /* no home here */
    assert_int_equal(SAY(arica, NULL, NULL, "choose", "00112233"), ST_NOT_FOUND);
    assert_int_equal(SAY(arica, NULL, NULL, "schema", "{\"types\":"), ST_NOT_SCHEMA);
    assert_int_equal(SAY(arica, NULL, NULL, "remove", "talca"), ST_NEEDS_PERSON);
    assert_non_null(strstr(buf_text(&s.rows), "\"in_force\":false,\"motion\":1,\"needed\":1,"
                                              "\"waits_for\":[\"iquique\",\"santiago\"]"));
    assert_non_null(strstr(a->f.fix, "minga member approve"));
    admins_must_carry(a, arica, iquique);
    assert_int_equal(SAY(iquique, NULL, NULL, "list"), ST_NEEDS_PERSON);
    assert_non_null(strstr(buf_text(&s.rows), "\"by\":\"arica\",\"changes\":[{\"change\":"
                                              "\"remove\",\"label\":\"talca\",\"kept\":0}],"
                                              "\"signed\":[\"arica\"],\"needed\":1,"));
    assembly_health(iquique->replica, keep_health, &s);
    assert_non_null(strstr(buf_text(&s.health), "warning: a change of the charter waits for this"));
    assembly_health(arica->replica, keep_health, &s);
    assert_non_null(strstr(buf_text(&s.health), "waits for 1 of: iquique, santiago"));
    assert_int_equal(SAY(iquique, NULL, NULL, "approve", "2"), ST_NOT_FOUND);
    assert_int_equal(SAY(iquique, NULL, NULL, "approve", "x"), ST_USAGE);
    assert_int_equal(SAY(iquique, NULL, NULL, "approve", "1"), ST_OK);
    assert_non_null(strstr(buf_text(&s.rows), "{\"version\":3,\"in_force\":true"));
    assert_int_equal(SAY(iquique, NULL, NULL, "list"), ST_OK);
    buf_release(&s.rows);
    buf_release(&s.health);
    admins_stop(a);
}

/* Gains keep the key; a loss retires it, and says how its holder comes back. */
static void gains_and_losses(void **state)
{
    (void)state;
    struct admins *a = admins_start(1); /* arica; iquique is an office */
    struct one *arica = &a->of[0];
    struct said s = {.rows = {0}};
    assert_int_equal(SAY(arica, "rights", "treasurer", "change", "iquique"), ST_OK);
    assert_null(strstr(buf_text(&s.rows), "invite"));
    assert_int_equal(SAY(arica, "address", "127.0.0.1:1", "change", "iquique"), ST_OK);
    const struct charter *newest = charter_newest(replica_charters(arica->replica));
    assert_int_equal(newest->retired_count, 0);
    assert_int_equal(SAY(arica, "address", "127.0.0.1:1", "change", "iquique"), ST_NOTHING);
    assert_int_equal(SAY(arica, "rights", "none", "change", "iquique"), ST_OK);
    assert_non_null(strstr(buf_text(&s.rows), "\"invite\":\"minga invite iquique --role office\""));
    newest = charter_newest(replica_charters(arica->replica));
    assert_int_equal(newest->retired_count, 1);
    assert_null(charter_by_label(newest, BYTES("iquique")));
    buf_release(&s.rows);
    admins_stop(a);
}

static void the_schema_grows(void **state)
{
    (void)state;
    struct admins *a = admins_start(1);
    struct said s = {.rows = {0}};
    char text[sizeof members_schema + 128];
    snprintf(text, sizeof text,
             "%.*s,\"more\":{\"fields\":{\"x\":{\"class\":\"open\","
             "\"kind\":\"text\"}},\"shape\":\"record\",\"writers\":[\"office\"]}}}",
             (int)(sizeof members_schema - 3), members_schema);
    if (SAY(&a->of[0], NULL, NULL, "schema", text) != ST_OK)
        fail_msg("%s", a->f.text);
    assert_non_null(strstr(buf_text(&s.rows), "\"more\""));
    assert_int_equal(SAY(&a->of[0], NULL, NULL, "schema", text), ST_NOTHING);
    buf_release(&s.rows);
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asking_and_approving),
        cmocka_unit_test(gains_and_losses),
        cmocka_unit_test(the_schema_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
