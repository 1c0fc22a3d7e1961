#include "tests/unit/replicas/reach_book.h"

#include <jansson.h>
#include <string.h>

#include "cli/card.h"
#include "cli/card_json.h"
#include "cli/flowsheet.h"
#include "cli/language.h"
#include "cli/output.h"
#include "proto/mem.h"

static struct schema *schema;
static struct sample s;

static int set_up(void **state)
{
    (void)state;
    schema = programme_schema();
    reach_fill(&s);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reach_release(&s);
    schema_free(schema);
    return 0;
}

static struct indicators *count(const struct book *b, uint32_t k)
{
    struct indicators *all = NULL;
    struct indicator_options o = {schema, k};
    assert_int_equal(indicator_read(b, &o, &all), ST_OK);
    return all;
}

static struct report report_of(const struct book *b, const struct indicators *all)
{
    return (struct report){
        .book = b, .schema = schema, .reached = all, .network = "net", .k = all->k};
}

static json_t *json_of(const struct report *r)
{
    struct buf out = {0}, line = {0};
    card_json(r, &out);
    assert_int_equal(buf_status(&out), ST_OK);
    output_json("report", buf_bytes(&out), &line);
    json_t *card = json_loadb((const char *)line.data, line.count, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(card);
    buf_release(&out);
    buf_release(&line);
    return card;
}

static const json_t *indicator_of(const json_t *card, const char *name, const char *by,
                                  const char *value)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(card, "indicators"), i,
                       row) if (strcmp(output_text(row, "name"), name) == 0 &&
                                strcmp(output_text(row, "by"), by) == 0 &&
                                strcmp(output_text(row, "value"), value) == 0) return row;
    fail_msg("no %s by %s %s", name, by, value);
    return NULL;
}

static long long number(const json_t *row, const char *name)
{
    assert_true(json_is_integer(json_object_get(row, name)));
    return (long long)json_integer_value(json_object_get(row, name));
}

static void for_programs(void **state)
{
    (void)state;
    struct indicators *all = count(&s.b, 0);
    struct report r = report_of(&s.b, all);
    json_t *card = json_of(&r);
    assert_string_equal(output_text(card, "schema"), "minga.report/1");
    assert_int_equal(json_array_size(json_object_get(card, "indicators")), all->count);
    const json_t *programme = json_array_get(json_object_get(card, "programmes"), 0);
    assert_string_equal(output_text(programme, "title"), "Sowing");
    assert_true(json_is_null(json_object_get(programme, "line_idea")));
    assert_int_equal(number(programme, "families"), 10);
    const json_t *row = indicator_of(card, "families-visited", "", "");
    assert_int_equal(number(row, "numerator"), 3);
    assert_int_equal(number(row, "denominator"), 5);
    assert_int_equal(number(row, "missing"), 1);
    assert_int_equal(number(row, "percent"), 60);
    row = indicator_of(card, "contacts", "sector", "health");
    assert_true(json_is_null(json_object_get(row, "denominator")));
    assert_string_equal(output_text(row, "unit"), "contacts");
    row = indicator_of(card, "disbursed", "office", "north");
    assert_string_equal(output_text(row, "currency"), "CLP");
    size_t i;
    json_array_foreach(json_object_get(card, "indicators"), i, row) /* the same members in all */
        for (const char *const *m =
                 (const char *const[]){"name", "text", "unit", "numerator", "denominator",
                                       "missing", "percent", NULL};
             *m != NULL; m++) assert_non_null(json_object_get(row, *m));
    json_decref(card);
    indicator_free(all);
}

/* What is not shown is in none of the three. */
static void for_partners(void **state)
{
    (void)state;
    struct indicators *all = count(&s.b, 5);
    struct report r = report_of(&s.b, all);
    json_t *card = json_of(&r);
    const json_t *row = indicator_of(card, "enterprises", "", "");
    assert_true(json_is_null(json_object_get(row, "numerator")));
    assert_string_equal(output_text(json_object_get(row, "hidden"), "numerator"), "<5");
    assert_true(json_is_null(json_object_get(row, "percent")));
    json_decref(card);
    struct buf page = {0};
    card_html(&r, &page);
    assert_non_null(strstr(buf_text(&page), "&lt;5"));
    assert_non_null(strstr(buf_text(&page), "Counts below 5"));
    buf_release(&page);
    indicator_free(all);
}

/* ---- whatever people write ---- */

static const char *nasty(int i)
{
    static char longest[10001];
    memset(longest, 'W', sizeof longest - 1);
    static const char *const TEXTS[] = {
        "<script>alert(1)</script>",    "\"><img src=x onerror=alert(1)>", "' onload='x",
        "&lt;b&gt; &#60;b&#62;",        "]]><!-- --><style>*{}</style>",   "\x01\x02\x1b[31m\x7f",
        "\xe2\x80\xaetxet\xe2\x81\xa6", "\xef\xbf\xbf\xef\xbb\xbf",        "\xff\xfe invalid",
        "</title></style></svg></html>"};
    enum { TEXTS_COUNT = sizeof TEXTS / sizeof *TEXTS };
    return i % (TEXTS_COUNT + 1) == TEXTS_COUNT ? longest : TEXTS[i % (TEXTS_COUNT + 1)];
}

/* Tags that our own pages have; any other "<" came out of a record. */
static void check_tags(const struct buf *page)
{
    static const char *const OURS[] = {
        "!DOCTYPE", "html", "head",   "meta", "title", "style",   "body",  "main",  "h1",
        "h2",       "dl",   "dt",     "dd",   "table", "caption", "thead", "tbody", "tfoot",
        "tr",       "th",   "td",     "p",    "div",   "footer",  "svg",   "desc",  "defs",
        "pattern",  "rect", "circle", "path", "g",     "text",    "span"};
    for (size_t i = 0; i < page->count; i++) {
        uint8_t c = page->data[i];
        assert_true(c >= ' ' || c == '\n');
        if (c != '<')
            continue;
        const char *name = (const char *)page->data + i + 1;
        name += *name == '/' ? 1 : 0;
        size_t bytes = strcspn(name, " >\n/");
        bool ours = false;
        for (size_t o = 0; o < sizeof OURS / sizeof *OURS; o++)
            ours = ours || (strlen(OURS[o]) == bytes && strncmp(OURS[o], name, bytes) == 0);
        if (!ours)
            fail_msg("<%.*s>", (int)bytes, name);
    }
    assert_true(bytes_are_utf8(buf_bytes(page)));
}

static void fill_nasty(struct sample *n)
{
    int i = 0; /* each text in each place, round by round */
    for (int round = 0; round < 11; round++) {
        struct book_programme *p = sample_programme(n, nasty(i++));
        p->country = sample_text(n, nasty(i++));
        p->location = sample_text(n, nasty(i++));
        p->partners = sample_text(n, nasty(i++));
        p->themes = sample_text(n, nasty(i++));
        p->funding = sample_text(n, nasty(i++));
        p->stages = sample_text(n, nasty(i++));
        p->mpa_component = sample_text(n, nasty(i++));
        uint32_t g = sample_grant(n, "", "north", "2009-07-01", 1000, "CLP");
        n->b.entries[g].what = sample_text(n, nasty(i++));
        n->b.entries[g].to = sample_text(n, nasty(i++));
        reach_household(n, "", nasty(i++), 3);
        reach_enterprise(n, nasty(i), nasty(i + 1), nasty(i + 2));
        i++;
        sample_allot(n, "", "north", nasty(i), nasty(i + 3), 900, "CLP");
        reach_expense(n, nasty(i), nasty(i + 3), 500, "");
    }
    sample_close(n);
}

static void records_cannot_write_the_page(void **state)
{
    (void)state;
    struct sample n = {0};
    fill_nasty(&n);
    struct indicators *all = count(&n.b, 0);
    struct report r = report_of(&n.b, all);
    r.network = nasty(0);
    for (int l = 0; l < 2; l++) {
        struct buf card = {0}, sheet = {0};
        language_set(l == 0 ? LANGUAGE_ENGLISH : LANGUAGE_SPANISH);
        card_html(&r, &card);
        assert_int_equal(flowsheet_html(&r, &sheet), ST_OK);
        check_tags(&card);
        check_tags(&sheet);
        buf_release(&card);
        buf_release(&sheet);
    }
    language_set(LANGUAGE_ENGLISH);
    indicator_free(all);
    reach_release(&n);
}

static void the_other_language(void **state)
{
    (void)state;
    struct indicators *all = count(&s.b, 0);
    struct report r = report_of(&s.b, all);
    struct buf card = {0};
    language_set(LANGUAGE_SPANISH);
    card_html(&r, &card);
    json_t *json = json_of(&r); /* the same in every language */
    assert_string_equal(output_text(indicator_of(json, "families-reached", "", ""), "text"),
                        "families reached");
    json_decref(json);
    language_set(LANGUAGE_ENGLISH);
    static const char *const SAID[] = {"lang=\"es\"", "familias alcanzadas", "innovaci\xc3\xb3n",
                                       "CLP 80.000", "Comprometido y alcanzado"};
    for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++)
        if (strstr(buf_text(&card), SAID[i]) == NULL)
            fail_msg("not said: %s", SAID[i]);
    buf_release(&card);
    indicator_free(all);
}

static void survives_a_failed_allocation(void **state)
{
    (void)state;
    struct indicators *all = count(&s.b, 0);
    struct report r = report_of(&s.b, all);
    uint64_t n = 1;
    for (;; n += 3) {
        struct buf page = {0};
        mem_fail_at(n);
        card_html(&r, &page);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&page), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&page);
        if (!failed)
            break;
    }
    assert_true(n > 50);
    indicator_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for_programs),
        cmocka_unit_test(for_partners),
        cmocka_unit_test(records_cannot_write_the_page),
        cmocka_unit_test(the_other_language),
        cmocka_unit_test(survives_a_failed_allocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
