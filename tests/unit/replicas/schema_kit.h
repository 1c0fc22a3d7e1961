/*
 * schema_kit: schemas as text, short enough for a table of what is refused.
 */
#ifndef TESTS_SCHEMA_KIT_H
#define TESTS_SCHEMA_KIT_H

#include <string.h>

#include "tests/unit/replicas/programme.h"

/* Types of a schema under test; one open text field each unless it says otherwise. */
#define RECORD(name, fields)                                                                       \
    "\"" name "\":{\"fields\":{" fields "},\"shape\":\"record\",\"writers\":[\"office\"]}"
#define TEXT "{\"class\":\"open\",\"kind\":\"text\"}"
#define SCHEMA(types) "{\"types\":{" types "}}"

struct schema_refusal {
    const char *json;
    const char *text; /* what the fault says of it, in part */
};

static inline void schema_kit_refused(const struct schema_refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct schema *schema = NULL;
        struct fault f = {0};
        enum status status = schema_parse(bytes_of_text(cases[i].json), &schema, &f);
        if (status != ST_NOT_SCHEMA || strstr(f.text, cases[i].text) == NULL)
            fail_msg("%s: %s: %s", cases[i].json, status_text(status), f.text);
        assert_null(schema);
        assert_int_equal(schema_parse(bytes_of_text(cases[i].json), &schema, NULL), ST_NOT_SCHEMA);
    }
}

#endif
