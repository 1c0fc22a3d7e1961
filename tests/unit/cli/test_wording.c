/*
 * Sentences with names in them, in Spanish.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/wording.h"

static int spanish(void **state)
{
    (void)state;
    language_set(LANGUAGE_SPANISH);
    return 0;
}

static int english(void **state)
{
    (void)state;
    language_set(LANGUAGE_ENGLISH);
    return 0;
}

static void expect(const char *text, const char *wanted)
{
    struct buf room = {0};
    assert_string_equal(wording_text(text, &room), wanted);
    buf_release(&room);
}

static void names_are_carried_over(void **state)
{
    (void)state;
    expect("12 records hold an open conflict", "12 registros tienen un conflicto abierto");
    expect("iquique signed two commits of one number, 4: 0a1b2c3d and 99887766 (2026-05-01): both "
           "are kept, and joined since",
           "iquique firm\xc3\xb3 dos commits con un mismo n\xc3\xbamero, el 4: 0a1b2c3d y 99887766 "
           "(2026-05-01): se guardan los dos, y ya est\xc3\xa1n unidos");
    expect("the account workshops of arica holds 12.50 USD, which does not cover 13.00",
           "la cuenta workshops de arica tiene 12.50 USD, y no alcanza para 13.00");
    expect("this pass can be reversed by arica only, whose pool account gives the money back",
           "este registro (traspaso) solo lo puede reversar arica, cuya cuenta pool devuelve el "
           "dinero");
    expect("ask arica why; see: minga log --by calama",
           "pregunte a arica por qu\xc3\xa9; vea: minga log --by calama");
}

/* Of two that begin alike the one that is meant. */
static void the_whole_sentence_decides(void **state)
{
    (void)state;
    expect("3 commits of calama wait in quarantine and do not count, the first of 2026-05-01: its "
           "key was retired or frozen; more of them are not kept",
           "3 commits de calama esperan en cuarentena y no cuentan, el primero del 2026-05-01: su "
           "clave fue retirada o congelada; no se guardan m\xc3\xa1s");
    expect("3 commits of calama wait", "3 commits of calama wait");
    expect("", "");
}

static void what_is_named_may_be_a_sentence(void **state)
{
    (void)state;
    struct buf room = {0};
    const char *text = wording_text("iquique cannot be reached: timed out", &room);
    assert_non_null(strstr(text, "no se puede llegar a iquique: "));
    buf_release(&room);
}

static void english_stays(void **state)
{
    (void)state;
    language_set(LANGUAGE_ENGLISH);
    expect("12 records hold an open conflict", "12 records hold an open conflict");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_carried_over, spanish, english),
        cmocka_unit_test_setup_teardown(the_whole_sentence_decides, spanish, english),
        cmocka_unit_test_setup_teardown(what_is_named_may_be_a_sentence, spanish, english),
        cmocka_unit_test_setup_teardown(english_stays, spanish, english),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
