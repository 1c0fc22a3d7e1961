#include "cli/network.h"

#include <stdio.h>
#include <string.h>

#include "cli/file.h"
#include "cli/language.h"
#include "cli/output.h"
#include "replicas/schema.h"

enum { TEN = 10 };

static json_t *body_of(struct bytes file)
{
    json_t *whole = json_loadb((const char *)file.data, file.count, 0, NULL);
    json_t *body = json_incref(json_object_get(whole, "body"));
    json_decref(whole);
    return body;
}

json_t *network_charter(const char *home)
{
    char name[32], path[HOME_PATH_MAX];
    struct buf newest = {0}, file = {0};
    for (unsigned version = 1; version <= CHARTER_VERSIONS_MAX; version++) {
        snprintf(name, sizeof name, "charters/%04u.json", version);
        buf_reset(&file);
        if (home_path(home, name, path, NULL) != ST_OK ||
            file_read(path, 2 * CHARTER_BYTES_MAX, &file, NULL) != ST_OK)
            break;
        struct buf before = newest;
        newest = file;
        file = before;
    }
    json_t *body = newest.count > 0 ? body_of(buf_bytes(&newest)) : NULL;
    buf_release(&newest);
    buf_release(&file);
    return body;
}

const json_t *network_member(const json_t *charter, const struct key *key)
{
    char hex[2 * KEY_BYTES + 1];
    const json_t *members = json_object_get(charter, "members");
    hex_encode(key->id, KEY_BYTES, hex);
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        if (strcmp(output_text(member, "key"), hex) == 0)
            return member;
    }
    return NULL;
}

/* Digits behind the point of an amount; 0 where the field is none. */
static int minor_digits(const json_t *charter, const char *type, const json_t *fields,
                        const char *name)
{
    const json_t *types = json_object_get(json_object_get(charter, "schema"), "types");
    const json_t *kinds = json_object_get(json_object_get(types, type), "fields");
    const json_t *field = json_object_get(kinds, name);
    if (strcmp(output_text(field, "kind"), "amount") != 0)
        return 0;
    const char *currency = output_text(fields, output_text(field, "currency"));
    int digits = schema_currency_digits(bytes_of_text(currency));
    return digits > 0 ? digits : 0;
}

void network_add_value(const json_t *charter, const char *type, const json_t *fields,
                       const char *name, struct buf *out)
{
    const json_t *value = json_object_get(fields, name);
    int digits = json_is_integer(value) ? minor_digits(charter, type, fields, name) : 0;
    if (digits == 0) {
        output_value(value, out);
        return;
    }
    long long amount = (long long)json_integer_value(value), unit = 1;
    for (int i = 0; i < digits; i++)
        unit *= TEN;
    long long whole = amount < 0 ? -amount : amount;
    buf_add_format(out, "%s%lld.%0*lld", amount < 0 ? "-" : "", whole / unit, digits, whole % unit);
}

const char *network_unread(const char *word)
{
    static const struct {
        const char *word, *text;
    } texts[] = {
        {"waiting", "(waiting for its content)"},
        {"not-entitled", "(not for this office)"},
        {"erased", "(erased)"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(word, texts[i].word) == 0)
            return language_text(texts[i].text);
    return tr("(damaged: minga verify)");
}
