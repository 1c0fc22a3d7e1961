#include "tests/unit/replicas/charter_kit.h"

#include "replicas/charter_parse.h"

static enum status parse_edited(const struct buf *file, const char *from, const char *to)
{
    struct buf text = {0}, edited = {0};
    struct charter *c = NULL;
    buf_add_bytes(&text, buf_bytes(file));
    const char *whole = buf_text(&text), *at = strstr(whole, from);
    assert_non_null(at);
    buf_add(&edited, whole, (size_t)(at - whole));
    buf_add_text(&edited, to);
    buf_add_text(&edited, at + strlen(from));
    enum status status = charter_parse(buf_bytes(&edited), &c, NULL);
    assert_true((status == ST_OK) == (c != NULL));
    charter_file_free(c);
    buf_release(&edited);
    buf_release(&text);
    return status;
}

static void one_spelling_and_every_rule_of_one_version(void **state)
{
    (void)state;
    struct person santiago = admin("santiago", 1);
    struct charter_chain chain = found(&santiago, SMALL);
    const struct buf *file = &charter_newest(&chain)->file;
    static const struct {
        const char *from, *to;
        enum status status;
    } cases[] = {
        {"\"limits\":{}", "\"limits\":{}", ST_OK},
        {"\"limits\":{}", "\"limits\":{\"parents_max\":16}", ST_OK},
        {"\"limits\":{}", "\"limits\":{\"parents_max\":0}", ST_MALFORMED},
        {"\"limits\":{}", "\"limits\":{\"parents_max\":\"x\"}", ST_MALFORMED},
        {"\"limits\":{}", "\"limits\":{ }", ST_MALFORMED},
        {"\"limits\":{}", "\"limits\":[]", ST_MALFORMED},
        {"[\"admin\",\"treasurer\"]", "[\"admin\"]", ST_OK},
        {"[\"admin\",\"treasurer\"]", "[\"treasurer\",\"admin\"]", ST_MALFORMED},
        {"[\"admin\",\"treasurer\"]", "[]", ST_MALFORMED},
        {"\"role\":\"office\"", "\"role\":\"auditor\"", ST_MALFORMED},
        {"\"role\":\"office\"", "\"role\":\"king\"", ST_MALFORMED},
        {"\"label\":\"santiago\"", "\"label\":\"main\"", ST_MALFORMED},
        {"\"label\":\"santiago\"", "\"label\":\"s\\u0061ntiago\"", ST_MALFORMED},
        {"127.0.0.1:7701", "127.0.0.1 7701", ST_MALFORMED},
        {"\"network\":\"vicar", "\"network\":\"\\nvicar", ST_MALFORMED},
        {"\"version\":1", "\"version\":0", ST_MALFORMED},
        {"\"version\":1", "\"version\":4097", ST_MALFORMED},
        {"\"version\":1", "\"version\":\"1\"", ST_MALFORMED},
        {"\"previous\":\"\"", "\"previous\":\"00\"", ST_MALFORMED},
        {"\"retired\":[]", "\"retired\":[\n\n]", ST_MALFORMED},
        {"\"round\":1", "\"round\":0", ST_MALFORMED},
        {"\"kind\":\"date\"", "\"kind\":\"fate\"", ST_NOT_SCHEMA},
        {"-----END", "-----FIN", ST_MALFORMED},
        {"\n]}\n", "\n]}", ST_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = parse_edited(file, cases[i].from, cases[i].to);
        bool malformed = cases[i].status == ST_MALFORMED &&
                         (status == ST_MALFORMED || status == ST_NOT_CANONICAL);
        if (status != cases[i].status && !malformed)
            fail_msg("%s: %s", cases[i].to, status_text(status));
    }
    static uint8_t longer[CHARTER_BYTES_MAX + 1];
    struct charter *c = NULL;
    assert_int_equal(charter_parse((struct bytes){longer, sizeof longer}, &c, NULL), ST_TOO_LARGE);
    charter_chain_release(&chain);
}

static void every_prefix_and_flip_is_refused(void **state)
{
    (void)state;
    struct person santiago = admin("santiago", 1), iquique = person("iquique", 2, CHARTER_OFFICE);
    struct charter_chain chain = found(&santiago, SMALL);
    struct buf file = {0};
    struct fault f = {0};
    assert_int_equal(charter_add_member(&chain, &iquique.member, santiago.secret, &file, &f),
                     ST_OK);
    for (size_t count = 0; count < file.count; count++)
        assert_int_not_equal(charter_chain_add(&chain, (struct bytes){file.data, count}, NULL, &f),
                             ST_OK);
    for (size_t i = 0; i < file.count; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            file.data[i] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_OK);
            file.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_OK);
    buf_add_byte(&file, '\n');
    assert_int_equal(charter_version_of(buf_bytes(&file)), 0);
    charter_chain_release(&chain);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_spelling_and_every_rule_of_one_version),
        cmocka_unit_test(every_prefix_and_flip_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
