#include "replicas/finding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/mem.h"

/* The greatest parameter that a sentence names; 0: none. */
static unsigned greatest(const char *sentence)
{
    unsigned most = 0;
    for (const char *at = sentence; *at != '\0'; at++)
        if (*at == '%') {
            at++;
            assert_true(*at >= '1' && *at <= '9');
            most = (unsigned)(*at - '0') > most ? (unsigned)(*at - '0') : most;
        }
    return most;
}

static bool names(const char *sentence, unsigned which)
{
    for (const char *at = sentence; *at != '\0'; at++)
        if (*at == '%' && (unsigned)(at[1] - '0') == which)
            return true;
    return false;
}

/* Both languages of a sentence say the same things. */
static void test_table(void **state)
{
    (void)state;
    for (unsigned rule = 0; rule < FINDING_RULES; rule++) {
        const struct finding_facts *facts = finding_facts((enum finding_rule)rule);
        assert_non_null(facts->name);
        assert_int_equal(finding_rule_of(bytes_of_text(facts->name)), rule);
        assert_non_null(facts->sentence[0][FINDING_ENGLISH]);
        for (unsigned v = 0; v < FINDING_VARIANTS; v++) {
            const char *english = facts->sentence[v][FINDING_ENGLISH];
            const char *spanish = facts->sentence[v][FINDING_SPANISH];
            assert_true((english == NULL) == (spanish == NULL));
            if (english == NULL)
                continue;
            assert_int_equal(greatest(english), greatest(spanish));
            for (unsigned p = 1; p <= FINDING_TEXTS_MAX; p++)
                assert_int_equal(names(english, p), names(spanish, p));
            assert_true(bytes_are_utf8(bytes_of_text(spanish)));
        }
    }
    assert_int_equal(finding_rule_of(BYTES("no-such-rule")), FINDING_RULES);
    assert_string_equal(finding_level_word(FINDING_NOTICE), "notice");
    assert_string_equal(finding_level_word(FINDING_WARNING), "warning");
    assert_string_equal(finding_level_word(FINDING_ERROR), "error");
}

static void add(struct findings *f, enum finding_rule rule, uint8_t id, const char *text)
{
    finding_add(f, rule, 0);
    finding_record(f, &id, 1);
    for (unsigned i = 0; i < FINDING_TEXTS_MAX; i++)
        finding_text(f, text);
}

static void test_order(void **state)
{
    (void)state;
    struct findings f = {0};
    add(&f, FINDING_FORK, 1, "a");                     /* warning */
    add(&f, FINDING_UNKEPT, 1, "a");                   /* notice */
    add(&f, FINDING_RECEIPT_TWICE, 2, "a");            /* error */
    add(&f, FINDING_RECEIPT_TWICE, 1, "b");            /* lower id */
    add(&f, FINDING_RECEIPT_TWICE, 1, "a");            /* lower parameter */
    add(&f, FINDING_DISBURSEMENT_ABOVE_AWARD, 9, "a"); /* lower rule */
    assert_int_equal(finding_sort(&f), ST_OK);
    static const char *const expected[] = {"09", "01", "01", "02", "01", "01"};
    for (uint32_t i = 0; i < f.count; i++)
        assert_string_equal(f.records[f.list[i].record_first].id, expected[i]);
    assert_int_equal(f.list[0].rule, FINDING_DISBURSEMENT_ABOVE_AWARD);
    assert_string_equal((const char *)f.texts.data + f.list[1].text_first, "a");
    assert_string_equal((const char *)f.texts.data + f.list[2].text_first, "b");
    assert_int_equal(f.list[5].rule, FINDING_UNKEPT);
    finding_release(&f);
}

static void test_sentence(void **state)
{
    (void)state;
    struct findings f = {0};
    struct buf text = {0};
    finding_add(&f, FINDING_SESSIONS_MISSING, 1);
    finding_text(&f, "iquique");
    finding_number(&f, 3);
    finding_number(&f, 4);
    finding_sentence(&f, 0, FINDING_ENGLISH, &text);
    assert_string_equal(buf_text(&text), "iquique held 3 of 4 group sessions");
    buf_reset(&text);
    finding_sentence(&f, 0, FINDING_SPANISH, &text);
    assert_string_equal(buf_text(&text), "iquique hizo 3 de 4 sesiones de grupo");
    buf_release(&text);
    finding_release(&f);
}

/* A text that is too long is cut, never within a character. */
static void test_long_text(void **state)
{
    (void)state;
    struct findings f = {0};
    char text[2 * FINDING_TEXT_BYTES + 1] = "x";
    for (size_t i = 1; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xb1", 3);
    finding_add(&f, FINDING_GRANT_TWICE, 0);
    finding_text(&f, text);
    finding_text(&f, "next");
    const char *kept = (const char *)f.texts.data;
    assert_true(strlen(kept) < FINDING_TEXT_BYTES && strlen(kept) > FINDING_TEXT_BYTES - 3);
    assert_true(bytes_are_utf8(bytes_of_text(kept)));
    assert_string_equal(kept + strlen(kept) + 1, "next");
    finding_release(&f);
}

static void test_since_is_the_newest(void **state)
{
    (void)state;
    struct findings f = {0};
    struct oid first = {{1}}, second = {{2}};
    finding_add(&f, FINDING_GRANT_TWICE, 0);
    assert_int_equal(f.list[0].since, INT32_MIN);
    finding_since(&f, 20, &second);
    finding_since(&f, 10, &first);
    assert_int_equal(f.list[0].since, 20);
    finding_since(&f, 20, &first);
    assert_true(oid_equal(&f.list[0].commit, &second));
    finding_release(&f);
}

/* Whatever differs in a finding differs in the digest; the day it is aged by does not. */
static void test_digest(void **state)
{
    (void)state;
    struct findings f = {0};
    struct digest empty, one, other;
    finding_digest(&f, &empty);
    add(&f, FINDING_FORK, 1, "a");
    finding_digest(&f, &one);
    assert_memory_not_equal(&empty, &one, sizeof one);
    finding_level(&f, FINDING_NOTICE);
    finding_digest(&f, &other);
    assert_memory_not_equal(&one, &other, sizeof one);
    finding_level(&f, FINDING_WARNING);
    f.records[0].id[0] = '1';
    finding_digest(&f, &other);
    assert_memory_not_equal(&one, &other, sizeof one);
    f.records[0].id[0] = '0';
    f.texts.data[0] = 'b';
    finding_digest(&f, &other);
    assert_memory_not_equal(&one, &other, sizeof one);
    f.texts.data[0] = 'a';
    f.list[0].since = 7;
    finding_digest(&f, &other);
    assert_memory_equal(&one, &other, sizeof one);
    finding_release(&f);
}

static void test_without_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct findings f = {0};
        mem_fail_at(n);
        for (unsigned i = 0; i < 20; i++)
            add(&f, FINDING_FORK, (uint8_t)i, "a");
        enum status st = finding_sort(&f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        finding_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_sentence),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_since_is_the_newest),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
