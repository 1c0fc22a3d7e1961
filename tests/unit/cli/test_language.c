#include "tests/unit/proto/codec.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "cli/language.h"

enum { SOURCE_MAX = 128 * 1024, TEXT_MAX = 1024, SPECIFIERS_MAX = 64 };

static void chooses_by_the_environment(void **state)
{
    (void)state;
    assert_int_equal(language_of(NULL, NULL, NULL, NULL), LANGUAGE_ENGLISH);
    assert_int_equal(language_of(NULL, NULL, NULL, "es_CL.UTF-8"), LANGUAGE_SPANISH);
    assert_int_equal(language_of(NULL, NULL, NULL, "es"), LANGUAGE_SPANISH);
    assert_int_equal(language_of(NULL, NULL, NULL, "est_EE"), LANGUAGE_ENGLISH);
    assert_int_equal(language_of(NULL, NULL, "en_GB", "es_CL"), LANGUAGE_ENGLISH);
    assert_int_equal(language_of(NULL, "es_PE", "en_GB", "en_US"), LANGUAGE_SPANISH);
    assert_int_equal(language_of("es", NULL, NULL, NULL), LANGUAGE_SPANISH);
    assert_int_equal(language_of("pt:es:en", NULL, NULL, "en_US"), LANGUAGE_SPANISH);
    assert_int_equal(language_of("en:es", NULL, NULL, "es_CL"), LANGUAGE_ENGLISH);
    assert_int_equal(language_of("pt", NULL, NULL, "es_CL"), LANGUAGE_SPANISH);
    assert_int_equal(language_of("es", "C", NULL, NULL), LANGUAGE_ENGLISH);
    assert_int_equal(language_of("es", NULL, "", "POSIX"), LANGUAGE_ENGLISH);
    assert_int_equal(language_of("es", NULL, NULL, "C.UTF-8"), LANGUAGE_SPANISH);
    assert_int_equal(language_of("", "", "", ""), LANGUAGE_ENGLISH);
}

static void translates_or_keeps(void **state)
{
    (void)state;
    language_set(LANGUAGE_SPANISH);
    assert_string_equal(language_text("Examples"), "Ejemplos");
    assert_string_equal(language_text("no entry of that kind"), "no entry of that kind");
    language_set(LANGUAGE_ENGLISH);
    assert_string_equal(language_text("Examples"), "Examples");
}

/* The conversions of a format, one after the other: what printf reads from its arguments. */
static void specifiers(const char *format, char out[static SPECIFIERS_MAX])
{
    size_t count = 0;
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at, '%')) {
        size_t bytes = strcspn(at + 1, "sdiuxcp%") + 2;
        assert_true(count + bytes < SPECIFIERS_MAX);
        memcpy(out + count, at, bytes);
        count += bytes;
        at += bytes;
    }
    out[count] = '\0';
}

static const struct language_entry *find(const char *english)
{
    unsigned count;
    const struct language_entry *entries = spanish_entries(&count);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(entries[i].english, english) == 0)
            return &entries[i];
    entries = spanish_money_entries(&count);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(entries[i].english, english) == 0)
            return &entries[i];
    entries = spanish_report_entries(&count);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(entries[i].english, english) == 0)
            return &entries[i];
    return NULL;
}

static void check_entries(const struct language_entry *entries, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char english[SPECIFIERS_MAX], spanish[SPECIFIERS_MAX];
        specifiers(entries[i].english, english);
        specifiers(entries[i].spanish, spanish);
        assert_string_equal(english, spanish);
        assert_true(entries[i].spanish[0] != '\0');
        assert_ptr_equal(find(entries[i].english), &entries[i]); /* no sentence stands twice */
    }
}

static void keeps_what_formats_need(void **state)
{
    (void)state;
    unsigned count;
    const struct language_entry *entries = spanish_entries(&count);
    assert_true(count > 100);
    check_entries(entries, count);
    entries = spanish_money_entries(&count);
    assert_true(count > 30);
    check_entries(entries, count);
    entries = spanish_report_entries(&count);
    assert_true(count > 30);
    check_entries(entries, count);
}

static bool is_translated(const char *text)
{
    return find(text) != NULL;
}

static void every_status_is_translated(void **state)
{
    (void)state;
    for (int s = 0; s < STATUS_COUNT; s++)
        assert_true(is_translated(status_text((enum status)s)));
}

/* The literals behind "tr(", joined as the compiler joins them; NULL: no literal stands there. */
static const char *read_literals(const char *at, char out[static TEXT_MAX])
{
    size_t count = 0;
    at += strspn(at, " \n");
    if (*at != '"')
        return NULL;
    while (*at == '"') {
        for (at++; *at != '"'; at++) {
            if (*at == '\\')
                at++; /* only \" is used in these texts */
            assert_true(count + 1 < TEXT_MAX);
            out[count++] = *at;
        }
        at++;
        at += strspn(at, " \n");
    }
    out[count] = '\0';
    return at;
}

static unsigned check_source(const char *path)
{
    static char source[SOURCE_MAX];
    char text[TEXT_MAX];
    unsigned found = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t bytes = fread(source, 1, sizeof source - 1, file);
    fclose(file);
    assert_true(bytes < sizeof source - 1);
    source[bytes] = '\0';
    for (const char *at = strstr(source, "tr"); at != NULL; at = strstr(at + 1, "tr")) {
        const char *open = at + (at[2] == 'n' ? 3 : 2);
        bool whole = at == source || strchr(" (,\n\t{!=?:", at[-1]) != NULL;
        if (!whole || *open != '(' || read_literals(open + 1, text) == NULL)
            continue;
        if (!is_translated(text))
            fail_msg("%s: not in Spanish: %s", path, text);
        found++;
    }
    return found;
}

static void every_sentence_is_translated(void **state)
{
    (void)state;
    unsigned found = 0;
    char path[512];
    DIR *folder = opendir(SOURCE_DIR "/cli");
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        size_t bytes = strlen(entry->d_name);
        if (bytes < 3 || strcmp(entry->d_name + bytes - 2, ".c") != 0)
            continue;
        snprintf(path, sizeof path, "%s/cli/%s", SOURCE_DIR, entry->d_name);
        found += check_source(path);
    }
    closedir(folder);
    assert_true(found > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_by_the_environment),
        cmocka_unit_test(translates_or_keeps),
        cmocka_unit_test(keeps_what_formats_need),
        cmocka_unit_test(every_status_is_translated),
        cmocka_unit_test(every_sentence_is_translated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
