#include "tests/unit/proto/codec.h"

#include <string.h>

#include "cli/output.h"
#include "proto/mem.h"

enum { TRIALS = 20000, TEXT_MAX = 48 };

static const char *safe(struct bytes text)
{
    static struct buf out;
    buf_reset(&out);
    output_safe(text, &out);
    assert_int_equal(buf_status(&out), ST_OK);
    return buf_text(&out);
}

#define SAFE(literal) safe(BYTES(literal))

static void shows_what_would_act(void **state)
{
    (void)state;
    assert_string_equal(SAFE("Peñalolén"), "Peñalolén");
    assert_string_equal(SAFE("a\x1b[2Jb"), "a\\x1b[2Jb");
    assert_string_equal(SAFE("a\nb\tc\rd"), "a\\nb\\tc\\x0dd");
    assert_string_equal(SAFE("\xe2\x80\xae"
                             "gpj.exe"),
                        "\\u202egpj.exe");
    assert_string_equal(SAFE("\xc2\x9b"
                             "31m"),
                        "\\x9b31m");
    assert_string_equal(SAFE("\xff\xc3"), "\\xff\\xc3");
    assert_string_equal(safe((struct bytes){(const uint8_t *)"a\0b", 3}), "a\\x00b");
    assert_string_equal(SAFE("\xf3\xa0\x81\xa1"), "\\ue0061");
    assert_string_equal(SAFE("\xf0\x9f\x8c\xb1"), "\xf0\x9f\x8c\xb1");
}

/* A small generator: the same texts in every run. */
static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static size_t random_text(uint64_t *seed, uint8_t out[static TEXT_MAX])
{
    static const char *const pieces[] = {"\xe2\x80\xae", "\xe2\x81\xa6", "\x1b]0;", "\xc2\x9b",
                                         "\xd8\x9c",     "\xef\xbb\xbf", "ok",      "\"",
                                         "\\",           "\n",           "=1+1",    "\xc3\xb1"};
    size_t count = 0;
    while (count + 8 < TEXT_MAX && next(seed) % 9 != 0) {
        if (next(seed) % 2 == 0) {
            out[count++] = (uint8_t)next(seed);
            continue;
        }
        const char *piece = pieces[next(seed) % (sizeof pieces / sizeof pieces[0])];
        memcpy(out + count, piece, strlen(piece));
        count += strlen(piece);
    }
    return count;
}

static void assert_harmless(struct bytes text, bool newline_ends)
{
    assert_true(bytes_are_utf8(text));
    for (size_t i = 0; i < text.count; i++) {
        const uint8_t *at = text.data + i;
        size_t left = text.count - i;
        bool last_newline = newline_ends && left == 1 && *at == '\n';
        assert_true((*at >= ' ' && *at != 0x7f) || last_newline);
        assert_false(left > 1 && at[0] == 0xc2 && at[1] < 0xa0);
        assert_false(left > 1 && at[0] == 0xd8 && at[1] == 0x9c);
        assert_false(left > 2 && at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae);
        assert_false(left > 2 && at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0x8e && at[2] <= 0x8f);
        assert_false(left > 2 && at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa0 && at[2] <= 0xaf);
        assert_false(left > 2 && at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf);
    }
}

static void never_lets_anything_act(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint8_t raw[TEXT_MAX];
    struct buf out = {0};
    for (int i = 0; i < TRIALS; i++) {
        struct bytes text = {raw, random_text(&seed, raw)};
        buf_reset(&out);
        output_safe(text, &out);
        assert_harmless(buf_bytes(&out), false);
    }
    buf_release(&out);
}

/* What a JSON row holds is the same to a reader, and harmless to a terminal. */
static void keeps_the_meaning_of_json(void **state)
{
    (void)state;
    uint64_t seed = 11;
    uint8_t raw[TEXT_MAX];
    struct buf row = {0}, line = {0};
    for (int i = 0; i < TRIALS; i++) {
        struct bytes text = {raw, random_text(&seed, raw)};
        json_t *object = json_pack("{s:s%}", "value", raw, text.count);
        if (object == NULL)
            continue; /* not every run of bytes is text */
        buf_reset(&row);
        buf_reset(&line);
        output_value(object, &row);
        output_json("show", buf_bytes(&row), &line);
        assert_harmless(buf_bytes(&line), true);
        json_t *back = json_loadb((const char *)line.data, line.count, JSON_ALLOW_NUL, NULL);
        assert_non_null(back);
        assert_string_equal(output_text(back, "schema"), "minga.show/1");
        assert_true(json_equal(json_object_get(back, "value"), json_object_get(object, "value")));
        json_decref(back);
        json_decref(object);
    }
    buf_release(&row);
    buf_release(&line);
}

static void puts_the_schema_first(void **state)
{
    (void)state;
    struct buf line = {0};
    output_json("add", BYTES("{\"id\":\"a\"}"), &line);
    assert_string_equal(buf_text(&line), "{\"schema\":\"minga.add/1\",\"id\":\"a\"}\n");
    buf_reset(&line);
    output_json("add", BYTES("{}"), &line);
    assert_string_equal(buf_text(&line), "{\"schema\":\"minga.add/1\"}\n");
    buf_release(&line);
}

static const char *cell(const char *text)
{
    static struct buf out;
    buf_reset(&out);
    output_csv(bytes_of_text(text), &out);
    return buf_text(&out);
}

static void quotes_cells_and_formulas(void **state)
{
    (void)state;
    assert_string_equal(cell("plain text"), "plain text");
    assert_string_equal(cell(""), "");
    assert_string_equal(cell("a,b"), "\"a,b\"");
    assert_string_equal(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    assert_string_equal(cell("a\nb"), "\"a\nb\"");
    assert_string_equal(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
    assert_string_equal(cell("=A1,B1"), "\"'=A1,B1\"");
    assert_string_equal(cell("+cmd|' /C calc'!A0"), "'+cmd|' /C calc'!A0");
    assert_string_equal(cell("-2+3"), "'-2+3");
    assert_string_equal(cell("@SUM(A1)"), "'@SUM(A1)");
    assert_string_equal(cell("\tx"), "'\tx");
    assert_string_equal(cell("-12.50"), "-12.50");
    assert_string_equal(cell("-"), "'-");
}

static void shows_values(void **state)
{
    (void)state;
    json_t *object = json_pack("{s:s, s:i, s:[s,s], s:n, s:b}", "text", "a", "number", 7, "set",
                               "health", "housing", "none", "yes", 1);
    static const char *const cases[][2] = {
        {"text", "a"}, {"number", "7"}, {"set", "health, housing"}, {"none", "-"}, {"yes", "true"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = {0};
        output_value(json_object_get(object, cases[i][0]), &out);
        assert_string_equal(buf_text(&out), cases[i][1]);
        buf_release(&out);
    }
    assert_string_equal(output_text(object, "number"), "");
    assert_string_equal(output_text(object, "missing"), "");
    json_decref(object);
}

static const char *printed(struct output_table *t)
{
    static char text[512];
    FILE *file = fmemopen(text, sizeof text, "w");
    assert_non_null(file);
    output_table_print(t, file);
    fclose(file);
    return text;
}

static void aligns_columns_by_characters(void **state)
{
    (void)state;
    struct output_table t;
    output_table_init(&t, 2);
    output_table_add(&t, BYTES("Ñuñoa"));
    output_table_add(&t, BYTES("x"));
    output_table_add(&t, BYTES("Maipo!"));
    output_table_add(&t, BYTES("y\x1b"));
    output_table_add(&t, BYTES("half a row"));
    assert_string_equal(printed(&t), "Ñuñoa       x\nMaipo!      y\\x1b\n");
}

static void cuts_long_cells(void **state)
{
    (void)state;
    struct output_table t;
    output_table_init(&t, 1);
    t.cell_columns_max = 4;
    output_table_add(&t, BYTES("ñandú grande"));
    output_table_add(&t, BYTES("four"));
    assert_string_equal(printed(&t), "ñan\xe2\x80\xa6\nfour\n");
}

static void prints_lines_of_any_length(void **state)
{
    (void)state;
    static char long_text[5000], text[6000];
    memset(long_text, 'a', sizeof long_text - 1);
    FILE *file = fmemopen(text, sizeof text, "w");
    assert_non_null(file);
    output_line(file, "%s\x07", long_text);
    fclose(file);
    assert_int_equal(strlen(text), sizeof long_text - 1 + 5);
    assert_string_equal(text + sizeof long_text - 1, "\\x07\n");
}

/* What is said where there is no memory: whole, and known of. */
static void says_a_line_without_memory(void **state)
{
    (void)state;
    char line[64] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_false(mem_refused());
    mem_fail_at(1);
    output_line(file, "minga: %s\x1b[2J", "Peñalolén");
    mem_fail_at(1);
    void *none = mem_alloc(1);
    mem_fail_at(0);
    assert_null(none);
    assert_true(mem_refused());
    rewind(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "minga: Peñalolén\\x1b[2J\n");
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_would_act),
        cmocka_unit_test(never_lets_anything_act),
        cmocka_unit_test(keeps_the_meaning_of_json),
        cmocka_unit_test(puts_the_schema_first),
        cmocka_unit_test(quotes_cells_and_formulas),
        cmocka_unit_test(shows_values),
        cmocka_unit_test(aligns_columns_by_characters),
        cmocka_unit_test(cuts_long_cells),
        cmocka_unit_test(prints_lines_of_any_length),
        cmocka_unit_test(says_a_line_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
